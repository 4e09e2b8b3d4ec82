"""Pane: the drawing code of the reports in the axes of somebody else, such as a notebook's.

:func:`plane_on` and :func:`curve_on` draw in ordinary axes, with the data's own coordinates; a :class:`Pane` is the
sheet of :mod:`scipy_ae.report.pictures`, laid into axes. Only :func:`new_axes` uses pyplot, and only when it is called:
its figure obeys the backend that the user has chosen.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, OffsetBox, OffsetImage

from scipy_ae.errors import InputError
from scipy_ae.records import Record
from scipy_ae.report.curves import CurveWords, draw_loss, draw_wrong_pixels, legend, stroke
from scipy_ae.report.look import Look, curves
from scipy_ae.report.placing import edge, place
from scipy_ae.report.planes import Labels, draw_dots, labelled_rows, plane_points, set_limits, size_in_dots
from scipy_ae.report.sheet import ACCENT, COLUMN, DPI, INK, LINE, MUTED, NORMAL, PAPER, SMALL, name_axes, plain

POINT = 72 / DPI  # points in a dot
#: Side in dots of a plane whose labels have their full size.
FULL = 600.0


def new_axes(height: float | None = None) -> Axes:
    """Axes of a new figure of pyplot's, as high as a sheet of so many dots of ``height`` needs, if one is meant."""
    from matplotlib import pyplot

    if height is None:
        return pyplot.subplots()[1]
    width, title, rim = rcParams["figure.figsize"][0], 0.4, 0.06  # inches
    total = (width - 2 * rim) * height / COLUMN + title + rim
    figure, axes = pyplot.subplots(figsize=(width, total))
    if figure.get_layout_engine() is None:
        figure.subplots_adjust(rim / width, rim / total, 1 - rim / width, 1 - title / total)
    return axes


def checked(axes: object) -> Axes:
    """The axes that a caller gave."""
    if not isinstance(axes, Axes):
        several = "; of the array that plt.subplots makes, one is" if isinstance(axes, np.ndarray) else ""
        raise InputError(f"ax: {type(axes).__name__} is not accepted; one matplotlib.axes.Axes is{several}")
    return axes


def pane(axes: Axes | None) -> Callable[[int], "Pane"]:
    """Lays a sheet of a height in these axes, or in new ones that suit it."""
    return lambda height: Pane(new_axes(height) if axes is None else axes, height)


class Pane:
    """A :class:`~scipy_ae.report.sheet.Sheet` laid into axes, whose coordinates become its dots; it can be resized."""

    def __init__(self, axes: Axes, height: float) -> None:
        self._axes, self._height = axes, height
        wide, high = size_in_dots(axes)
        #: Lettering keeps its share of the sheet.
        self._scale = float(max(min(wide / COLUMN, high / height), 0.05))
        axes.set(xlim=(0, COLUMN), ylim=(height, 0), aspect="equal")
        axes.set_axis_off()

    @property
    def figure(self) -> Figure | SubFigure:
        return self._axes.figure

    def done(self) -> Axes:
        return self._axes

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Ordinary axes in a box given in dots."""
        corner = (left / COLUMN, 1 - bottom / self._height)
        size = ((right - left) / COLUMN, (bottom - top) / self._height)
        inner = plain(self._axes.inset_axes((*corner, *size)))
        inner.tick_params(labelsize=SMALL * self._scale)
        return inner

    def picture(self, row: np.ndarray, look: Look, box: tuple[float, float, float, float]) -> None:
        """One row as a picture that fills a box (x, y, width, height)."""
        x, y, w, h = box
        values = look.grid(row)
        large = self._scale * w * POINT * self.figure.dpi / 72 >= values.shape[1]
        image = self._axes.imshow(
            values,
            cmap=look.colours,
            vmin=look.low,
            vmax=look.high,
            interpolation="nearest" if large else "antialiased",
            extent=(x, x + w, y + h, y),
        )
        image.set_clip_on(False)
        self._axes.set(xlim=(0, COLUMN), ylim=(self._height, 0))

    def text(self, x: float, y: float, words: str, size: float = NORMAL, **style: Any) -> None:
        style = {"ha": "center", "va": "center", "color": INK} | style
        self._axes.text(x, y, words, fontsize=size * self._scale, parse_math=False, **style)

    def lines(self, segments: Any, colour: str = LINE, width: float = 0.8, **style: Any) -> None:
        """Many lines, each (m, 2), as one collection; ``width`` in points."""
        drawn: dict[str, Any] = {"colors": colour, "linewidths": width * self._scale, "zorder": 2, "clip_on": False}
        self._axes.add_collection(LineCollection(segments, **(drawn | style)), autolim=False)


def plane_on(axes: Axes, codes: np.ndarray, rows: np.ndarray, look: Look, names: Sequence[str], axis: str) -> None:
    """The plane of codes (n, d) in these axes, as :func:`scipy_ae.report.latent_plane` draws it on a page.

    Each label hangs at a distance from its code, in points: it stays with the code when the axes are zoomed. Names
    that are all empty are left out.
    """
    line, points = codes.shape[1] == 1, plane_points(codes)
    plain(axes)
    named = look.kind != "table" or any(names)
    chosen = labelled_rows(points, look, names) if named else np.empty(0, int)
    scale = float(np.clip(size_in_dots(axes).min() / FULL, 0.3, 1.0))
    labels = Labels([rows[i] for i in chosen], look, [names[i] for i in chosen], scale)
    half = labels.sizes.max(axis=0) / 2 if named else np.zeros(2)
    set_limits(axes, points, half, line)
    draw_dots(axes, points, names, pictures=len(chosen) == len(points))
    name_axes(axes, axis.format(1), "" if line else axis.format(2))
    if named:
        _hang(axes, labels, points, chosen, look, line)


def _hang(axes: Axes, labels: Labels, points: np.ndarray, chosen: np.ndarray, look: Look, line: bool) -> None:
    """Each label where there is room for it, tied to its code."""
    wide, high = size_in_dots(axes)
    x, y = axes.transAxes.inverted().transform(axes.transData.transform(points)).T
    dots = np.column_stack([x * wide, (1 - y) * high])  # from the top left of the axes
    bounds = (6.0, 6.0, wide - 6.0, high - (56.0 if line else 6.0))
    others = dots[:: len(dots) // 1500 + 1]
    centres = place(dots[chosen], labels.sizes, bounds, points=others, beside=look.kind == "table")
    for k, centre in enumerate(centres):
        if np.isnan(centre).any():
            continue
        anchor, moved = dots[chosen[k]], (centre - dots[chosen[k]]) * (POINT, -POINT)
        at: dict[str, Any] = {"xy": points[chosen[k]], "xycoords": "data"}
        if edge(centre, labels.sizes[k], anchor) is not None:
            at["arrowprops"] = {"arrowstyle": "-", "color": MUTED, "lw": 0.7, "shrinkA": 0, "shrinkB": 0}
        if look.kind == "table":
            style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "fontsize": SMALL}
            text = axes.annotate(labels.names[k], xytext=moved, textcoords="offset points", **at, **style)
            text.set_parse_math(False)
            continue
        frame = {"edgecolor": LINE, "linewidth": 0.8, "facecolor": PAPER}
        box = _glyph(labels, k, look, axes.figure.dpi)
        axes.add_artist(AnnotationBbox(box, xybox=moved, boxcoords="offset points", pad=0.12, bboxprops=frame, **at))


def _glyph(labels: Labels, k: int, look: Look, dpi: float) -> OffsetBox:
    """The picture or the curve that stands for a row."""
    if look.kind == "circles":
        w, h = labels.sizes[k]
        path = look.into_box(curves(labels.rows[k : k + 1])[0], (0.0, 0.0, w, h))
        area = DrawingArea(w * POINT, h * POINT)
        area.add_artist(Line2D(path[:, 0] * POINT, (h - path[:, 1]) * POINT, color=ACCENT, linewidth=1.2))
        return area
    values = look.grid(labels.rows[k])
    cell = labels.tiles[k].shape[0] / len(values) * dpi / DPI  # pixels of the screen
    zoom = (max(1, round(cell)) if cell >= 1 else cell) * 72 / dpi
    image = OffsetImage(values, zoom=zoom, cmap=look.colours, interpolation="nearest" if cell >= 1 else "antialiased")
    image.image.set_clim(look.low, look.high)
    return image


def curve_on(axes: Axes, records: Sequence[Record], over: str, show: str, best: int | None, words: CurveWords) -> None:
    """The ``loss`` or the ``wrong_pixels`` of records in these axes, as the report draws them."""
    plain(axes)
    name_axes(axes, getattr(words, over), words.loss if show == "loss" else words.wrong)
    if show == "wrong_pixels":
        draw_wrong_pixels(axes, records, over)
        return
    ringed = draw_loss(axes, records, over, best)
    ring: dict[str, Any] = {"marker": "o", "linestyle": "none", "markerfacecolor": PAPER, "markeredgewidth": 1.6}
    handles = [
        Line2D(
            [], [], color=colour, label=label, **(ring if is_ring else {"linewidth": 2.2, "linestyle": stroke(colour)})
        )
        for label, colour, is_ring in legend(records, words, ringed)
    ]
    axes.legend(handles=handles, fontsize=SMALL, labelcolor=[handle.get_color() for handle in handles], frameon=False)


def head(axes: Axes, words: str) -> Axes:
    """The axes with a title, in the lettering of the reports."""
    axes.set_title(words, fontsize=NORMAL + 1, color=INK, parse_math=False)
    return axes
