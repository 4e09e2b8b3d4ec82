"""A matrix of numbers as a picture: one cell for each pair of row and column, shaded by its value."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle

from scipy_ae.report.sheet import ACCENT, COLUMN, FAINT, INK, MUTED, NORMAL, PAPER, SMALL, Sheet, fitted, text_width

CELL, HEAD = 46, 70  # dots: height of a row; above the first one, for what all columns are and their names


def matrix(
    cells: Sequence[Sequence[str]],
    shades: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    over: str,
    marked: Sequence[bool] | None = None,
):
    """Cells of lettering on shades.

    ``shades`` (rows, columns) go from 0, paper, to 1, full colour; ``over`` stands above all columns; ``marked`` rows
    are named in bold.
    """
    widest = 1.12 * max(text_width(row, SMALL) for row in rows) + 24  # bold lettering is wider
    left = int(min(widest, COLUMN * 0.45))
    pitch = (COLUMN - left) / len(columns)
    tall = any(text_width(name, SMALL) > pitch - 4 for name in columns)
    head = HEAD + (22 if tall else 0)
    sheet = Sheet(head + CELL * len(rows) + 8)
    sheet.text(COLUMN / 2, 16, over, SMALL * min(1.0, (COLUMN - 16) / text_width(over, SMALL)), color=MUTED)
    for column, name in enumerate(columns):
        wide = text_width(name, SMALL) > pitch - 4
        lines = name.partition(":") if wide else (name, "", "")  # a noise and its amount, one below the other
        words = "\n".join(fitted(line, pitch - 4, SMALL) for line in (lines[0] + lines[1], lines[2]) if line)
        sheet.text(left + (column + 0.5) * pitch, head - (30 if tall else 22), words, SMALL, linespacing=1.1)
    for row, name in enumerate(rows):
        y = head + CELL * row
        style = {"weight": "bold"} if marked is not None and marked[row] else {}
        sheet.text(left - 12, y + CELL / 2, fitted(name, left - 16, SMALL), SMALL, ha="right", **style)
        for column in range(len(columns)):
            x, shade = left + column * pitch, float(np.clip(np.nan_to_num(shades[row, column]), 0.0, 1.0))
            sheet.patch(Rectangle((x + 2, y + 2), pitch - 4, CELL - 4, facecolor=_blend(shade), edgecolor="none"))
            colour = PAPER if shade > 0.55 else INK
            sheet.text(x + pitch / 2, y + CELL / 2, cells[row][column], NORMAL, color=colour)
    return sheet.done()


def _blend(shade: float) -> tuple[float, ...]:
    low, high = (np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255 for colour in (FAINT, ACCENT))
    return tuple(low + shade * (high - low))
