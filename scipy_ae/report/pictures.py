"""Pictures of rows of data: a strip of them, rows before and after the network, a heat map.

Each function takes arrays and a :class:`~scipy_ae.report.look.Look` and returns a Matplotlib figure; or what ``paper``
makes of it, which is told the height in dots and lays a :class:`~scipy_ae.report.sheet.Sheet` or the like.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scipy_ae.report.look import Look, curves
from scipy_ae.report.sheet import ACCENT, ALERT, COLUMN, LINE, MUTED, SMALL, Sheet, fitted, text_width

GUTTER = 44  # dots between groups
NAME = 32  # dots below a group for its name
MOST_NAME = 180  # dots; longer names are cut
NOTE = 24  # dots for each further line of small print

#: Lays a sheet of so many dots of height.
Paper = Callable[[int], Any]


@dataclass(frozen=True)
class _Grid:
    """Groups of tiles in rows and columns, each tile (h, w) dots, ``between`` dots from the next in its group."""

    count: int
    columns: int
    tiles: int
    h: int
    w: int
    between: int
    head: int  # dots above the first row
    foot: int  # dots below each row, for names

    @property
    def height(self) -> int:
        rows = -(-self.count // self.columns)
        return self.head + rows * (self.h + self.foot)

    def tile(self, group: int, tile: int) -> tuple[int, int]:
        """Top left corner of a tile."""
        row, column = divmod(group, self.columns)
        left = self.pitch * column + (self.pitch - self.width) / 2
        return round(left) + tile * (self.w + self.between), self.head + row * (self.h + self.foot)

    @property
    def pitch(self) -> float:
        """Width that a group may take."""
        return COLUMN / self.columns

    @property
    def width(self) -> int:
        """Width of a group."""
        return self.tiles * self.w + (self.tiles - 1) * self.between

    def middle(self, group: int) -> float:
        return self.tile(group, 0)[0] + self.width / 2


def strip(
    rows: np.ndarray,
    look: Look,
    names: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    columns: int | None = None,
) -> Figure:
    """Rows (n, p) side by side, each with its name and some lines of small print below it; wrapped to the column."""
    if look.kind == "table":
        return heat_map({"": rows}, look, names)
    lines = [line for note in notes or () for line in note.split("\n")]
    deepest = max((note.count("\n") + 1 for note in notes or ()), default=0)
    wide = [text_width(line, SMALL) for line in lines] + [min(text_width(name), MOST_NAME) for name in names or ()]
    foot = (NAME if names else 8) + NOTE * deepest + (18 if lines or names else 4)
    most = columns or max(1, min(10, int(COLUMN / (max(wide, default=0.0) + 14))))
    grid = _grid(len(rows), 1, look, most, head=6, foot=foot)
    sheet = Sheet(grid.height)
    _draw_rows(sheet, rows, look, [(*grid.tile(i, 0), grid.w, grid.h) for i in range(len(rows))])
    for i in range(len(rows)):
        below = grid.tile(i, 0)[1] + grid.h
        if names and names[i]:
            sheet.text(grid.middle(i), below + 26, fitted(names[i], grid.pitch - 8), va="baseline")
        if notes:
            y = below + (NAME + 6 if names else 10)
            sheet.text(grid.middle(i), y, notes[i], SMALL, color=MUTED, va="top", linespacing=1.25)
    return sheet.done()


def pairs(
    columns: dict[str, np.ndarray],
    look: Look,
    names: Sequence[str],
    wrong: np.ndarray | None = None,
    paper: Paper = Sheet,
) -> Figure:
    """The same rows in several states, side by side: what went in, what came out...

    ``columns`` maps a short heading to rows (n, p). With ``wrong``, (n, p) of bool, these pixels are outlined in the
    last state and counted beside the name.
    """
    if look.kind == "table":
        return heat_map(columns, look, names, paper)
    if look.kind == "circles":
        return _nested(columns, look, names, paper)
    count = len(names)
    grid = _grid(count, len(columns), look, 6, head=36, foot=NAME + 24)
    sheet = paper(grid.height)
    widest = max(text_width(heading, SMALL) for heading in columns)
    size = SMALL * min(1.0, (grid.w + grid.between - 8) / widest)
    for k, (heading, rows) in enumerate(columns.items()):
        _draw_rows(sheet, rows, look, [(*grid.tile(i, k), grid.w, grid.h) for i in range(count)])
        for i in range(min(count, grid.columns)):
            sheet.text(grid.tile(i, k)[0] + grid.w / 2, 18, heading, size, color=MUTED)
    squares = []
    for i in range(count):
        bad = 0
        if wrong is not None and wrong[i].any():
            bad = int(wrong[i].sum())
            squares += _outlines(wrong[i], look, grid.tile(i, len(columns) - 1), grid)
        tail = f" · {bad}" if bad else ""
        words = fitted(names[i], grid.pitch - 16 - text_width(tail)) + tail
        style: dict[str, Any] = {"color": ALERT, "weight": "bold"} if bad else {}
        sheet.text(grid.middle(i), grid.tile(i, 0)[1] + grid.h + 26, words, va="baseline", **style)
    sheet.lines(squares, ALERT, 1.3, joinstyle="miter")
    return sheet.done()


def heat_map(
    columns: dict[str, np.ndarray], look: Look, names: Sequence[str] | None = None, paper: Paper = Sheet
) -> Figure:
    """Tables (n, p) as heat maps side by side on one scale of colours, a row of data on each line."""
    tables = [np.atleast_2d(rows) for rows in columns.values()]
    n = len(tables[0])
    top, bottom, left = 34, 70, 130 if names else 30
    height = int(np.clip(n * 22, 90, 760)) + top + bottom
    sheet = paper(height)
    pitch = (COLUMN - left) / len(tables)
    for k, (heading, table) in enumerate(zip(columns, tables)):
        axes = sheet.axes(left + k * pitch, top, left + (k + 1) * pitch - 22, height - bottom)
        picture = axes.imshow(
            table, cmap="cividis", aspect="auto", interpolation="nearest", vmin=look.low, vmax=look.high
        )
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        sheet.text(left + k * pitch + (pitch - 22) / 2, top - 16, heading, SMALL, color=MUTED)
    if names:
        every = -(-n * 22 // (height - top - bottom))
        for i in range(0, n, every):
            y = top + (i + 0.5) * (height - top - bottom) / n
            if names[i]:
                sheet.text(left - 10, y, fitted(names[i], left - 14, SMALL), SMALL, ha="right")
    scale = sheet.axes(left, height - 44, COLUMN - 22, height - 32)
    sheet.figure.colorbar(picture, cax=scale, orientation="horizontal")
    scale.tick_params(colors=MUTED, length=0)
    scale.spines[:].set_visible(False)
    return sheet.done()


def _grid(count: int, tiles: int, look: Look, most: int, head: int, foot: int) -> _Grid:
    """As many columns as leave the tiles large enough, and rows as even as they come."""
    h, w = look.image_shape if look.kind == "image" and look.image_shape else (1, 1)
    tallest = 150
    narrowest = float(np.clip(w, 60 if tiles > 1 and count <= 16 else 42, 120))
    for columns in range(max(1, min(most, count)), 0, -1):
        columns = -(-count // -(-count // columns))
        room = (COLUMN / columns - GUTTER) / (tiles + (tiles - 1) * 0.25)
        scale = min(room / w, tallest / h)
        if scale * w >= narrowest or scale == tallest / h:
            break
    if scale >= 1 and look.kind == "image":
        scale = int(scale)
    tile_h, tile_w = max(1, round(h * scale)), max(1, round(w * scale))
    return _Grid(count, columns, tiles, tile_h, tile_w, max(6, round(0.25 * tile_w)), head, foot)


def _draw_rows(sheet: Sheet, rows: np.ndarray, look: Look, boxes: Sequence[tuple[float, float, float, float]]) -> None:
    """Each row in its box (x, y, width, height)."""
    if look.kind == "image":
        for row, box in zip(rows, boxes):
            sheet.picture(row, look, box)
        return
    frames = [_box(*box) for box in boxes]
    sheet.lines(frames, LINE, 0.8)
    sheet.lines([look.into_box(curve, box) for curve, box in zip(curves(rows), boxes)], ACCENT, 1.4)


def _box(x: float, y: float, w: float, h: float) -> np.ndarray:
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]])


def _outlines(wrong: np.ndarray, look: Look, corner: tuple[int, int], grid: _Grid) -> list[np.ndarray]:
    """A square around each wrong pixel of one tile."""
    assert look.image_shape is not None
    h, w = look.image_shape
    cell_h, cell_w = grid.h / h, grid.w / w
    return [
        _box(corner[0] + column * cell_w, corner[1] + row * cell_h, cell_w, cell_h)
        for row, column in zip(*np.nonzero(wrong.reshape(h, w)))
    ]


def _nested(columns: dict[str, np.ndarray], look: Look, names: Sequence[str], paper: Paper) -> Figure:
    """Curves in several states over each other in one box: the first dashed and grey, the last in colour."""
    grid = _grid(len(names), 1, look, 6, head=6, foot=NAME + 12)
    sheet = paper(grid.height)
    boxes = [(*grid.tile(i, 0), grid.w, grid.h) for i in range(len(names))]
    sheet.lines([_box(*box) for box in boxes], LINE, 0.8)
    states = list(columns.values())
    for k, rows in enumerate(states):
        last = k == len(states) - 1
        lines = [look.into_box(curve, box) for curve, box in zip(curves(rows), boxes)]
        sheet.lines(lines, ACCENT if last else MUTED, 1.4, linestyles="solid" if last else "dashed")
    for i, name in enumerate(names):
        sheet.text(grid.middle(i), grid.tile(i, 0)[1] + grid.h + 26, fitted(name, grid.pitch - 8), va="baseline")
    return sheet.done()
