"""Look: how one row of data is shown, as a picture of pixels, a closed curve, or a line of a heat map."""

from dataclasses import dataclass

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from scipy_ae.errors import InputError, unknown
from scipy_ae.metrics import is_binary
from scipy_ae.report.reader import KINDS
from scipy_ae.report.sheet import FAINT, INK


@dataclass(frozen=True)
class Look:
    """How rows (n, p) are drawn.

    An ``image`` has an ``image_shape`` (h, w); values go from ``low`` to ``high``. With ``ink`` (letters, 0 and 1)
    they go from paper to ink, without it (photographs) from black to white; with three ``channels``, one plane of
    pixels behind the other, they are red, green and blue. A row of ``circles`` is a closed curve x1, y1, x2, y2...; a
    ``table`` is drawn as a heat map.
    """

    kind: str = "image"
    image_shape: tuple[int, int] | None = None
    low: float = 0.0
    high: float = 1.0
    ink: bool = True
    channels: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown("kind of data", self.kind, KINDS)
        if self.kind == "image" and self.image_shape is None:
            raise InputError("a picture needs image_shape, such as (7, 5)")
        if self.channels not in (1, 3):
            raise InputError(f"channels: got {self.channels}; a picture is drawn with 1 (shades) or 3 (colours)")

    @classmethod
    def of(cls, kind: str, rows: np.ndarray, image_shape: tuple[int, int] | None = None) -> "Look":
        """The look that suits these rows: ink for values that are only 0 and 1, else their own range."""
        if is_binary(rows):
            return cls(kind, image_shape)
        return cls(kind, image_shape, float(rows.min()), float(rows.max()), ink=False)

    @classmethod
    def around(cls, *rows: np.ndarray) -> "Look":
        """The look of circles, with room for all of these rows and (0, 0) in the middle."""
        reach = max(float(np.abs(one).max()) for one in rows) or 1.0
        return cls("circles", None, -reach, reach)

    def grid(self, row: np.ndarray) -> np.ndarray:
        """The values of one row as they lie in the picture, (h, w), in colour (h, w, 3)."""
        assert self.image_shape is not None
        if self.channels == 1:
            return np.asarray(row, float).reshape(self.image_shape)
        return np.asarray(row, float).reshape(self.channels, *self.image_shape).transpose(1, 2, 0)

    @property
    def colours(self) -> LinearSegmentedColormap:
        """The colours of the values from ``low`` to ``high``, for Matplotlib."""
        return LinearSegmentedColormap.from_list("scipy-ae", (FAINT, INK) if self.ink else ("#000000", "#ffffff"))

    def pixels(self, row: np.ndarray, width: float, height: float) -> np.ndarray:
        """One row as a picture (h, w, 3) of bytes, as large as fits the box at whole dots for each pixel."""
        assert self.image_shape is not None
        h, w = self.image_shape
        values = self.grid(row)
        shrink = int(np.ceil(max(h / height, w / width)))
        if shrink > 1:
            values = _mean_of_blocks(values, shrink)
        grow = self.cell(width, height)
        return np.kron(self._colours(values), np.ones((grow, grow, 1), np.uint8))

    def cell(self, width: float, height: float) -> int:
        """Side of one pixel in dots when a picture fills a box (1 also where the picture must shrink)."""
        assert self.image_shape is not None
        h, w = self.image_shape
        return max(1, int(min(height // h, width // w)))

    def into_box(self, curve: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
        """A curve (m, 2) in dots of a box (x, y, width, height) that holds ``low`` to ``high`` with a margin.

        What lies further out is drawn on the edge of the box.
        """
        x, y, w, h = box
        part = (curve - self.low) / max(self.high - self.low, 1e-300)
        part = np.clip(0.06 + 0.88 * part, 0.0, 1.0)
        return np.stack([x + part[:, 0] * w, y + (1 - part[:, 1]) * h], axis=1)

    def _colours(self, values: np.ndarray) -> np.ndarray:
        span = self.high - self.low
        part = np.clip((values - self.low) / (span if span > 0 else 1.0), 0.0, 1.0)
        if self.channels == 3:
            return np.round(255 * part).astype(np.uint8)
        part = part[..., None]
        none, full = (_rgb(FAINT), _rgb(INK)) if self.ink else (np.zeros(3), np.full(3, 255.0))
        return np.round(none + part * (full - none)).astype(np.uint8)


def curves(rows: np.ndarray) -> np.ndarray:
    """Rows (n, 2m) of points x1, y1, x2, y2... as closed curves (n, m + 1, 2)."""
    points = np.asarray(rows, float).reshape(len(rows), -1, 2)
    return np.concatenate([points, points[:, :1]], axis=1)


def _mean_of_blocks(values: np.ndarray, side: int) -> np.ndarray:
    h, w, *channels = values.shape
    padded = np.pad(values, ((0, -h % side), (0, -w % side), *((0, 0) for _ in channels)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side, *channels)
    return blocks.mean(axis=(1, 3))


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)
