"""Sheet: the house style of all figures, and a figure laid out in dots, on which small pictures stay crisp.

Figures of reports are made with Matplotlib's objects, never with pyplot: no global state, no window, quick to import.
All are one column wide, so that their lettering has one size and can be read on a telephone too. What is drawn in the
axes of a user is in :mod:`scipy_ae.report.pane`.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path
from matplotlib.ticker import Formatter, FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Affine2D

from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

if TYPE_CHECKING:
    from scipy_ae.report.look import Look

DPI = 160
#: Width of every figure, in dots: 5 inches.
COLUMN = 800

PAPER = "#ffffff"
INK = "#1c2733"
MUTED = "#5a6775"
LINE = "#cfd6dd"
FAINT = "#e8ecf0"
#: Blue and vermilion, told apart by every kind of colour vision, and dark enough to be read as lettering on white.
ACCENT = "#0a64a4"
ALERT = "#c8420b"
#: Colours of classes (Okabe and Ito, 2008), after ACCENT and ALERT.
CLASSES = (ACCENT, ALERT, "#00845f", "#b0528a", "#8a6d00", "#3b9bd1", "#d98e00", "#4a4a4a")

SMALL, NORMAL = 8.5, 9.5  # points


class Sheet:
    """A figure whose coordinates are dots, from the top left corner, ``width`` x ``height``.

    Small pictures are pasted dot by dot, so that no pixel of them is blurred; lines and lettering lie above them.
    """

    def __init__(self, height: int, width: int = COLUMN) -> None:
        self.width, self.height = width, int(height)
        self.figure = Figure(figsize=(width / DPI, self.height / DPI), dpi=DPI, facecolor=PAPER)
        self._dots = np.zeros((self.height, width, 4), np.uint8)  # transparent until something is pasted
        inches = Affine2D().scale(1 / DPI, -1 / DPI).translate(0, self.height / DPI)
        self._from_dots = inches + self.figure.dpi_scale_trans

    def done(self) -> Figure:
        """The figure, with all that was pasted; to be called once, at the end."""
        self.figure.add_artist(_Dots(self._dots))
        return self.figure

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Ordinary axes below the pasted pictures, in a box given in dots."""
        box = (left / self.width, 1 - bottom / self.height)
        size = ((right - left) / self.width, (bottom - top) / self.height)
        return plain(self.figure.add_axes((*box, *size), zorder=0))

    def paste(self, pixels: np.ndarray, x: float, y: float, frame: int = 0) -> None:
        """A picture (h, w, 3) of bytes with its top left corner at dot (x, y), inside a frame of white dots."""
        h, w = pixels.shape[:2]
        x, y = round(x), round(y)
        if frame:
            self._dots[y - frame : y + h + frame, x - frame : x + w + frame] = 255
        self._dots[y : y + h, x : x + w, :3] = pixels
        self._dots[y : y + h, x : x + w, 3] = 255

    def picture(self, row: np.ndarray, look: "Look", box: tuple[float, float, float, float]) -> None:
        """One row as a picture in the middle of a box (x, y, width, height)."""
        x, y, w, h = box
        pixels = look.pixels(row, w, h)
        self.paste(pixels, x + (w - pixels.shape[1]) // 2, y + (h - pixels.shape[0]) // 2)

    def text(self, x: float, y: float, words: str, size: float = NORMAL, **style: Any) -> None:
        style = {"ha": "center", "va": "center", "color": INK} | style
        self.figure.text(x, y, words, fontsize=size, parse_math=False, transform=self._from_dots, **style)

    def lines(self, segments: Any, colour: str = LINE, width: float = 0.8, **style: Any) -> None:
        """Many lines, each (m, 2), as one artist; ``width`` in points."""
        drawn: dict[str, Any] = {"colors": colour, "linewidths": width, "zorder": 2, "transform": self._from_dots}
        self.figure.add_artist(LineCollection(segments, **(drawn | style)))

    def patch(self, patch: Patch) -> None:
        """A filled shape given in dots."""
        patch.set_transform(self._from_dots)
        self.figure.add_artist(patch)


class _Dots(Artist):
    """An image as large as the figure, drawn as it is: ``figimage`` would first resample it, at 80 ms a figure."""

    def __init__(self, dots: np.ndarray) -> None:
        Artist.__init__(self)
        self.set_zorder(1)
        self._dots = dots

    def draw(self, renderer: RendererBase) -> None:
        # a notebook may show the figure at its own resolution
        scale = round(renderer.get_canvas_width_height()[1]) / len(self._dots)
        dots = self._dots
        if scale != 1:
            rows, columns = (np.arange(round(side * scale)) / scale for side in dots.shape[:2])
            dots = dots[rows.astype(int)][:, columns.astype(int)]
        renderer.draw_image(renderer.new_gc(), 0, 0, np.ascontiguousarray(dots[::-1]))


def plain(axes: Axes) -> Axes:
    """Quiet axes: no box, faint grid, small ticks."""
    axes.set_facecolor("none")
    axes.tick_params(labelsize=SMALL, colors=MUTED, length=0, pad=4)
    axes.grid(True, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    return axes


def name_axes(axes: Axes, x: str = "", y: str = "") -> None:
    for axis, words in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.set_label_text(words, fontsize=SMALL, color=MUTED, parse_math=False)


def with_point(figure: Figure, point: str) -> Figure:
    """The figure with that mark before the decimals of the numbers at its axes; to be called at the end."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) if point != "."):
        axis.set_major_formatter(_Pointed(axis.get_major_formatter(), point))
    return figure


class _Pointed(Formatter):
    """What another formatter writes, with another mark before the decimals."""

    def __init__(self, formatter: Formatter, point: str) -> None:
        self._formatter, self._point = formatter, point

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self._formatter(x, pos).replace(".", self._point)

    def format_ticks(self, values: list[float]) -> list[str]:
        return [text.replace(".", self._point) for text in self._formatter.format_ticks(values)]

    def get_offset(self) -> str:
        return self._formatter.get_offset().replace(".", self._point)


def log_scale(axes: Axes, values: np.ndarray) -> None:
    """A logarithmic y axis with numbers in plain writing; a linear one where a value is not positive."""
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.min() <= 0:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        return
    axes.set_yscale("log")
    decades = np.log10(finite.max() / finite.min())
    subs = (1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    pad = max(0.06 * decades, 0.05)
    axes.set_ylim(finite.min() * 10**-pad, finite.max() * 10**pad)


def shown(label: str) -> str:
    """A label fit for one line of lettering: blanks made visible, control characters dropped."""
    label = "".join(mark if mark.isprintable() else " " for mark in str(label))
    return label if label.strip() else "␣" * len(label) or "–"


def fitted(label: str, width: float, size: float = NORMAL) -> str:
    """A label as it is :func:`shown`, cut where it would be wider than ``width`` dots."""
    label = shown(label)
    if text_width(label, size) <= width:
        return label
    while label and text_width(label + "…", size) > width:
        label = label[:-1]
    return label + "…"


def text_width(words: str, size: float = NORMAL) -> float:
    """Width in dots of lettering of ``size`` points."""
    return sum(map(_mark_width, words)) * size / _MEASURE


_MEASURE = 10.0  # points


@lru_cache(maxsize=4096)
def _mark_width(mark: str) -> float:
    """Width in dots of one mark of 10 points."""
    with _lacking_glyphs():
        points = text_to_path.get_text_width_height_descent(mark, FontProperties(size=_MEASURE), False)[0]
    return points * DPI / 72


@contextmanager
def _lacking_glyphs() -> Iterator[None]:
    """A label in a script that the font lacks shows as boxes: no reason to warn, and the page has the words."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    return encoded(pixels(figure))


def pixels(figure: Figure) -> np.ndarray:
    """The figure's red, green and blue, (height, width, 3) of whole numbers up to 255."""
    canvas = FigureCanvasAgg(figure)
    with _lacking_glyphs():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def encoded(pixels: np.ndarray) -> bytes:
    """Such numbers as a PNG file."""
    height, width = pixels.shape[:2]
    # each line begins with its filter: none, which suits flat colours and takes half the time of Pillow's choosing
    lines = np.zeros((height, 1 + 3 * width), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # eight bits of red, green and blue
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure to a PNG file, aside and then renamed; returns the path."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise InputError(f"pictures are written as .png, not '{path.name}'")
    data = png(figure)
    write_aside(path, lambda aside: aside.write_bytes(data))
    return path
