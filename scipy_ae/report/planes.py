"""The plane of the codes: where each row of the data lies, and what the decoder makes of every place."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scipy_ae.report.look import Look, curves
from scipy_ae.report.placing import edge, place, spread
from scipy_ae.report.sheet import (
    ACCENT,
    ALERT,
    CLASSES,
    COLUMN,
    DPI,
    INK,
    LINE,
    MUTED,
    PAPER,
    SMALL,
    Sheet,
    fitted,
    name_axes,
    text_width,
)

#: More rows than this are dots, with labels on some of them.
MOST_LABELS = 40
LEFT, TOP, RIGHT, BOTTOM = 106, 14, COLUMN - 12, 66  # dots around the plane; BOTTOM is counted from below


def latent_plane(
    codes: np.ndarray, rows: np.ndarray, look: Look, names: Sequence[str], axis: str = "code number {}"
) -> Figure:
    """The codes (n, d) of the rows (n, p), each with its own small picture (or its name, for a table) beside it.

    A picture that has room lies on its code; in a crowd it is moved, and a thin line leads to a dot at the code. Of
    more than :data:`MOST_LABELS` rows, all have a dot and some, far from each other, a picture. The first two
    numbers of a code are its place; a code of one number lies on a line.
    """
    line = codes.shape[1] == 1
    height = 420 if line else TOP + (RIGHT - LEFT) + BOTTOM
    sheet = Sheet(height)
    axes = sheet.axes(LEFT, TOP, RIGHT, height - BOTTOM)
    bounds = (LEFT + 6.0, TOP + 6.0, RIGHT - 6.0, height - BOTTOM - (56.0 if line else 6.0))
    points = plane_points(codes)
    labelled = labelled_rows(points, look, names)
    labels = Labels([rows[i] for i in labelled], look, [names[i] for i in labelled])
    set_limits(axes, points, labels.sizes.max(axis=0) / 2, line)
    draw_dots(axes, points, names, pictures=len(labelled) == len(points))
    dots = _to_dots(axes, points, height)
    centres = place(
        dots[labelled], labels.sizes, bounds, points=dots[:: len(dots) // 1500 + 1], beside=look.kind == "table"
    )
    labels.draw(sheet, centres, dots[labelled])
    name_axes(axes, axis.format(1), "" if line else axis.format(2))
    return sheet.done()


def decoded_plane(
    x: np.ndarray,
    y: np.ndarray,
    output: np.ndarray,
    look: Look,
    codes: np.ndarray | None = None,
    new_codes: np.ndarray | None = None,
    axis: str = "code number {}",
    value: str = "value {}",
) -> Figure:
    """The decoder over a grid of the plane: output (k * k, p) for ``x`` and ``y`` (k,), rows from the top down.

    Dots are the codes (n, d) of the data, diamonds those of ``new_codes``. Of a table the first values are shown,
    each as a map of colours of its own.
    """
    if look.kind == "table":
        return _value_maps(x, y, output, look, codes, axis, value)
    wide, high = len(x), len(y)
    pitch = (RIGHT - LEFT) / wide
    tile_h, tile_w = pitch, pitch
    if look.kind == "image" and look.image_shape:
        h, w = look.image_shape
        cell = int(min((pitch - 4) // w, (pitch - 4) // h))
        tile_h, tile_w = (cell * h, cell * w) if cell else (pitch * h / max(h, w) - 1, pitch * w / max(h, w) - 1)
    row_pitch = round(max(tile_h + 4, pitch))
    height = TOP + high * row_pitch + BOTTOM
    sheet = Sheet(height)
    axes = sheet.axes(LEFT, TOP, RIGHT, height - BOTTOM)
    half_x, half_y = _half_step(x), _half_step(y)
    axes.set(xlim=(x[0] - half_x, x[-1] + half_x), ylim=(y[0] - half_y, y[-1] + half_y))
    axes.grid(False)
    corners = [
        (LEFT + (i % wide) * pitch + (pitch - tile_w) / 2, TOP + (i // wide) * row_pitch + (row_pitch - tile_h) / 2)
        for i in range(wide * high)
    ]
    _fill(sheet, output, look, corners, (tile_w, tile_h))
    _markers(sheet, axes, height, codes, new_codes)
    name_axes(axes, axis.format(1), axis.format(2))
    return sheet.done()


class Labels:
    """What stands for each row in the plane: its picture, its curve or its name."""

    def __init__(self, rows: Sequence[np.ndarray], look: Look, names: Sequence[str], scale: float = 1.0) -> None:
        self.look, self.names = look, [fitted(name, 160, SMALL) for name in names]
        self.rows = np.array(rows)
        side = scale * (88.0 if len(rows) <= 12 else 64.0 if len(rows) <= 24 else 52.0)
        if look.kind == "image":
            self.tiles = [look.pixels(row, side, side) for row in rows]
            self.sizes = np.array([(tile.shape[1] + 8, tile.shape[0] + 8) for tile in self.tiles], float)
        elif look.kind == "circles":
            self.sizes = np.full((len(rows), 2), side)
        else:
            self.sizes = np.array([(text_width(name, SMALL) + 10, 26.0) for name in self.names])

    def draw(self, sheet: Sheet, centres: np.ndarray, anchors: np.ndarray) -> None:
        leaders, ends = [], []
        for centre, size, anchor in zip(centres, self.sizes, anchors):
            end = None if np.isnan(centre).any() else edge(centre, size, anchor)
            if end is not None:
                leaders.append(np.array([anchor, end]))
                ends.append(anchor)
        sheet.lines(leaders, MUTED, 0.7, zorder=0.5)
        placed = np.flatnonzero(np.isfinite(centres).all(axis=1))
        frames = [_frame(centres[i], self.sizes[i]) for i in placed]
        if self.look.kind == "table":
            for i in placed:
                sheet.text(centres[i, 0], centres[i, 1], self.names[i], SMALL, va="center_baseline")
            return
        sheet.lines(frames, LINE, 0.8)
        for i in placed:
            x, y = centres[i] - self.sizes[i] / 2
            if self.look.kind == "image":
                sheet.paste(self.tiles[i], x + 4, y + 4, frame=4)
        if self.look.kind == "circles":
            boxes = [(*(centres[i] - self.sizes[i] / 2), *self.sizes[i]) for i in placed]
            lines = [self.look.into_box(curve, box) for curve, box in zip(curves(self.rows[placed]), boxes)]
            sheet.lines(lines, ACCENT, 1.2)


def labelled_rows(points: np.ndarray, look: Look, names: Sequence[str]) -> np.ndarray:
    """The rows that get a label: all, or some far from each other; one of each class where names repeat."""
    if len(points) <= MOST_LABELS and look.kind != "circles":
        return np.arange(len(points))
    if look.kind == "table" and len(set(names)) <= MOST_LABELS:
        classes = np.array(names)
        middle = []
        for name in dict.fromkeys(names):
            members = np.flatnonzero(classes == name)
            centre = np.median(points[members], axis=0)
            middle.append(members[np.argmin(((points[members] - centre) ** 2).sum(axis=1))])
        return np.array(middle)
    return spread(points, 14 if look.kind == "circles" else MOST_LABELS // 2)


def plane_points(codes: np.ndarray) -> np.ndarray:
    """The place (n, 2) of each code: its first two numbers, or its only one on a line."""
    if codes.shape[1] == 1:
        return np.column_stack([codes[:, 0], np.zeros(len(codes))])
    return codes[:, :2]


def set_limits(axes: Axes, points: np.ndarray, half_label: np.ndarray, line: bool) -> None:
    """A range that leaves room for labels around the outermost codes."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    low, high = np.where(high > low, low, low - span / 2), np.where(high > low, high, high + span / 2)
    room = np.minimum((half_label + 24) / size_in_dots(axes), 0.35)
    pad = (high - low) * room / (1 - 2 * room)
    axes.set_xlim(low[0] - pad[0], high[0] + pad[0])
    if line:
        axes.set_ylim(-0.06, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    else:
        axes.set_ylim(low[1] - pad[1], high[1] + pad[1])


def size_in_dots(axes: Axes) -> np.ndarray:
    """Width and height of the axes, in dots of a sheet, whatever the resolution of their figure."""
    box = axes.get_window_extent()
    return np.array([box.width, box.height]) * DPI / axes.figure.dpi


def draw_dots(axes: Axes, points: np.ndarray, names: Sequence[str], pictures: bool) -> None:
    """A dot at each code, coloured by class where a few names repeat."""
    size = 5.0 if len(points) <= 100 else 3.5
    style: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "markersize": size,
        "markeredgewidth": 0,
        "clip_on": False,
    }
    kinds = list(dict.fromkeys(names))
    if pictures or not 1 < len(kinds) <= len(CLASSES) or len(kinds) == len(points):
        axes.plot(*points.T, color=ACCENT, **style)
        return
    classes = np.array(names)
    for kind, colour in zip(kinds, CLASSES):
        axes.plot(*points[classes == kind].T, color=colour, label=str(kind).replace("$", r"\$"), **style)


def _to_dots(axes: Axes, points: np.ndarray, height: int) -> np.ndarray:
    """Places in the axes as dots from the top left of the sheet."""
    x, y = axes.transData.transform(points).T
    return np.column_stack([x, height - y])


def _frame(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    x, y = size / 2
    return centre + np.array([(-x, -y), (x, -y), (x, y), (-x, y), (-x, -y)])


def _half_step(values: np.ndarray) -> float:
    return float(values[1] - values[0]) / 2 if len(values) > 1 else 0.5


def _fill(
    sheet: Sheet,
    rows: np.ndarray,
    look: Look,
    corners: Sequence[tuple[float, float]],
    size: tuple[float, float],
) -> None:
    if look.kind == "image":
        for row, (x, y) in zip(rows, corners):
            sheet.paste(look.pixels(row, *size), x, y)
        return
    boxes = [(*corner, *size) for corner in corners]
    sheet.lines([look.into_box(curve, box) for curve, box in zip(curves(rows), boxes)], INK, 0.8)


def _markers(sheet: Sheet, axes: Axes, height: int, codes: np.ndarray | None, new_codes: np.ndarray | None) -> None:
    """Codes of the data as dots and new ones as diamonds, above the pasted pictures and clear of them by a rim."""
    front = sheet.axes(LEFT, TOP, RIGHT, height - BOTTOM)
    front.set(xlim=axes.get_xlim(), ylim=axes.get_ylim(), zorder=3)
    front.set_axis_off()
    rim: dict[str, Any] = {"linestyle": "none", "markeredgecolor": PAPER, "markeredgewidth": 1.0}
    if codes is not None:
        size = 6.5 if len(codes) <= 50 else 4
        front.plot(codes[:, 0], codes[:, 1], marker="o", markersize=size, color=ACCENT, **rim)
    if new_codes is not None:
        front.plot(new_codes[:, 0], new_codes[:, 1], marker="D", markersize=6.5, color=ALERT, **rim)


def _value_maps(
    x: np.ndarray,
    y: np.ndarray,
    output: np.ndarray,
    look: Look,
    codes: np.ndarray | None,
    axis: str,
    value: str,
) -> Figure:
    """Each of the first values of a row as a map of colours over the plane."""
    count = min(output.shape[1], 6)
    columns = min(count, 2 if count in (2, 4) else 3)
    rows = -(-count // columns)
    pitch, side = (COLUMN - LEFT) / columns, (COLUMN - LEFT) / columns - 26
    sheet = Sheet(round(rows * (side + 74) + 20))
    extent = (x[0] - _half_step(x), x[-1] + _half_step(x), y[0] - _half_step(y), y[-1] + _half_step(y))
    for k in range(count):
        left, top = LEFT + (k % columns) * pitch, 30 + (k // columns) * (side + 74)
        axes = sheet.axes(left, top, left + side, top + side)
        values = output[:, k].reshape(len(y), len(x))
        axes.imshow(values, cmap="cividis", extent=extent, aspect="auto", vmin=look.low, vmax=look.high, zorder=0)
        axes.grid(False)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        if k % columns:
            axes.set_yticklabels([])
        if codes is not None:
            axes.plot(codes[:, 0], codes[:, 1], ".", color=PAPER, markersize=2.5)
        axes.set(xlim=extent[:2], ylim=extent[2:])
        sheet.text(left + side / 2, top - 16, value.format(k + 1), SMALL, color=MUTED)
        name_axes(axes, axis.format(1) if k >= count - columns else "", "" if k % columns else axis.format(2))
    return sheet.done()
