"""Baselines: what well-kept libraries make of the same images, to be held beside an autoencoder.

Each has a ``name`` and ``apply(x)``, from inputs, rows of c*h*w values, to rows of what the output should be, cut off
at 0 and 1, which never makes them worse. None sees a row that it is judged by before it is judged.
"""

import io
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from scipy_ae.corruptions.images import Shape, as_rows
from scipy_ae.corruptions.resizing import resize
from scipy_ae.errors import InputError
from scipy_ae.quantiser import MOST_BITS, Quantiser

#: Rows that principal components are fitted on at most, at even distances: they change little from there on.
MOST_FITTED = 10_000
#: Rounds of the randomised solver: the library's own four may cost a fiftieth of a decibel.
POWER = 7
#: Sides of the median filter's window.
WINDOWS = (3, 5)
#: JPEG's qualities; its library advises against more than 95, whose files grow and gain nothing. Among the lowest
#: a file of higher quality may be the smaller one.
QUALITIES, LOWEST = (1, 95), range(1, 9)


class Baseline(ABC):
    """What all baselines offer."""

    name: ClassVar[str]

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Outputs for inputs ``x`` (n, p), float64 (n, q) within [0, 1]."""
        return np.clip(self._made(np.asarray(x, dtype=np.float64)), 0, 1)

    @abstractmethod
    def _made(self, x: np.ndarray) -> np.ndarray:
        """Outputs before they are cut off."""

    @property
    def bits(self) -> float | None:
        """Bits in which it keeps an image, in the mean over those seen last; None where it keeps none."""
        return None

    @property
    def notes(self) -> dict[str, Any]:
        """What else is to be told of it, as JSON has it."""
        return {}


class PCA(Baseline):
    """Principal components of the training rows, as many as a code has values: the best that is linear.

    By scikit-learn; where rows and columns are many it estimates them by random projections, drawn by the seed (Halko,
    Martinsson and Tropp 2011). The components belong to the model, as an autoencoder's weights do.

    Parameters
    ----------
    train : ndarray, shape (n, p)
        Clean rows. Of more than 10 000, that many are used.
    values : int
        Components; as many as rows or columns where those are fewer.
    code_bits : int
        Bits in which each value of the code is kept, as :class:`~scipy_ae.quantiser.Quantiser` has it.
    seed : int
    """

    name = "pca"

    def __init__(self, train: np.ndarray, values: int, code_bits: int = MOST_BITS, seed: int = 0) -> None:
        from sklearn import decomposition

        rows = np.asarray(train[evenly(len(train), MOST_FITTED)], dtype=np.float64)
        if values < 1:
            raise InputError(f"values: {values} components are not accepted; a whole number of at least 1 is")
        pca = decomposition.PCA(min(values, *rows.shape), iterated_power=POWER, random_state=seed)
        with np.errstate(invalid="ignore"):  # the variance of a single row
            self.components = pca.fit(rows)
        self._quantiser = Quantiser.fit(self.components.transform(rows), code_bits)

    def _made(self, x: np.ndarray) -> np.ndarray:
        return self.components.inverse_transform(self._quantiser.rounded(self.components.transform(x)))

    @property
    def bits(self) -> float:
        return float(self.components.n_components_ * self._quantiser.bits)

    @property
    def notes(self) -> dict[str, Any]:
        return {"components": int(self.components.n_components_)}


class JPEG(Baseline):
    """Each image as the best JPEG file of at most so many bits, its header counted.

    Of qualities 1 to 95 it takes the highest whose file is within the budget, found by bisection as if files always
    grew with quality (now and then they do not, by a few bytes); where even the smallest file is larger, that one,
    which is told by ``notes``: ``over`` is the share of such images, and ``header`` the mean bits of a file that say
    nothing of the picture (tables and frames; a small image has little else). Huffman tables are made for each
    image (Pillow's ``optimize``), colours kept at half the resolution, as is the library's default.

    Parameters
    ----------
    shape : (c, h, w)
        c is 1 or 3.
    budget : float
        Bits of one image.
    """

    name = "jpeg"

    def __init__(self, shape: Shape, budget: float) -> None:
        if len(shape) != 3 or shape[0] not in (1, 3):
            raise InputError(f"jpeg: images of {tuple(shape)} are not accepted; those of 1 or 3 channels are")
        self.shape, self.budget = tuple(shape), budget
        self.sizes = np.zeros(0)  # bits of the file of each image seen last
        self._headers = np.zeros(0)

    def _made(self, x: np.ndarray) -> np.ndarray:
        c, h, w = self.shape
        pixels = as_rows(x, self.shape, "jpeg").reshape(-1, c, h, w).transpose(0, 2, 3, 1)
        pixels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
        files = [self._best(image[:, :, 0] if c == 1 else image) for image in pixels]
        self.sizes = np.array([8 * len(file) for file in files])
        self._headers = np.array([8 * _header(file) for file in files])
        return np.stack([_decoded(file, c) for file in files]).reshape(len(x), -1) if files else x

    def _best(self, image: np.ndarray) -> bytes:
        """The file of the highest quality within the budget, else the smallest."""
        low, high = QUALITIES
        best = min((_encoded(image, quality) for quality in LOWEST), key=len)
        while low < high:
            middle = (low + high + 1) // 2
            file = _encoded(image, middle)
            if 8 * len(file) <= self.budget:
                low, best = middle, file
            else:
                high = middle - 1
        return best

    @property
    def bits(self) -> float | None:
        return float(self.sizes.mean()) if self.sizes.size else None

    @property
    def notes(self) -> dict[str, Any]:
        if not self.sizes.size:
            return {}
        return {"over": float(np.mean(self.sizes > self.budget)), "header": float(self._headers.mean())}


def _encoded(image: np.ndarray, quality: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def _decoded(file: bytes, channels: int) -> np.ndarray:
    """The picture in a file, (c, h, w) within [0, 1]."""
    from PIL import Image

    with Image.open(io.BytesIO(file)) as image:
        pixels = np.asarray(image, dtype=np.float64) / 255
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _header(file: bytes) -> int:
    """Bytes before the coded picture: those up to the end of the marker "start of scan" (ITU-T T.81, B.2.3), and two
    that end the file."""
    place = 2
    while file[place + 1] != 0xDA:
        place += 2 + int.from_bytes(file[place + 2 : place + 4], "big")
    return place + 2 + int.from_bytes(file[place + 2 : place + 4], "big") + 2


class Median(Baseline):
    """The median of a window around each pixel, channel by channel, by scipy.ndimage.

    Parameters
    ----------
    x, target : ndarray, shape (n, c*h*w)
        Validation rows: of windows of 3x3 and 5x5 pixels, that of the smaller squared error on them is taken.
    shape : (c, h, w)
    """

    name = "median"

    def __init__(self, x: np.ndarray, target: np.ndarray, shape: Shape) -> None:
        self.shape = tuple(shape)
        errors = [np.square(np.clip(self._filtered(x, side), 0, 1) - target).mean() for side in WINDOWS]
        self.side = WINDOWS[int(np.argmin(errors))]

    def _made(self, x: np.ndarray) -> np.ndarray:
        return self._filtered(x, self.side)

    def _filtered(self, x: np.ndarray, side: int) -> np.ndarray:
        from scipy.ndimage import median_filter

        images = as_rows(x, self.shape, self.name).reshape(-1, *self.shape[1:])
        return np.stack([median_filter(image, side) for image in images]).reshape(len(x), -1)

    @property
    def notes(self) -> dict[str, Any]:
        return {"window": self.side}


class Bicubic(Baseline):
    """The small image made larger by Pillow's bicubic kernel.

    Parameters
    ----------
    small, large : (c, h, w)
        Shapes of input and target.
    """

    name = "bicubic"

    def __init__(self, small: Shape, large: Shape) -> None:
        if len(small) != 3 or len(large) != 3 or small[0] != large[0]:
            raise InputError(
                f"bicubic: from images of {tuple(small)} to {tuple(large)} is not accepted; equal channels are"
            )
        self.small, self.large = tuple(small), tuple(large)

    def _made(self, x: np.ndarray) -> np.ndarray:
        return resize(as_rows(x, self.small, self.name), self.small, self.large[1], self.large[2])


class Grey(Baseline):
    """The grey image in each of the target's channels: no colour at all.

    Parameters
    ----------
    channels : int
        Of the target.
    """

    name = "grey"

    def __init__(self, channels: int) -> None:
        self.channels = channels

    def _made(self, x: np.ndarray) -> np.ndarray:
        return np.tile(x, (1, self.channels))


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many of 0 ... n - 1, at even distances, the first and last among them."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)
