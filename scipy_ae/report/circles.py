"""Pictures of closed curves: what went in beside what came out, and one over the other."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from scipy_ae.metrics import circle_geometry
from scipy_ae.report.look import curves
from scipy_ae.report.sheet import ALERT, COLUMN, LINE, MUTED, SMALL, Sheet, text_width


def side_by_side(columns: dict[str, np.ndarray]) -> Figure:
    """All circles (n, 2m) of each state in a panel of its own, coloured by the radius that the first state has."""
    left, gap, top, bottom = 70, 52, 44, 44
    side = (COLUMN - left - 16 - gap * (len(columns) - 1)) / len(columns)
    sheet = Sheet(round(top + side + bottom))
    states = list(columns.values())
    radius = circle_geometry(states[0]).radius
    span = float(np.ptp(radius)) or 1.0
    # the lightest yellow of the map would be lost on white
    colours = colormaps["cividis"](0.85 * (radius - radius.min()) / span)
    limit = _limit(states)
    for k, (heading, rows) in enumerate(columns.items()):
        x = left + k * (side + gap)
        axes = _panel(sheet, x, top, side, limit)
        axes.add_collection(LineCollection(list(curves(rows)), colors=colours, linewidths=_width(rows)), autolim=False)
        sheet.text(x + side / 2, 20, heading, SMALL, color=MUTED)
        if k:
            axes.set_yticklabels([])
    return sheet.done()


def overlaid(under: np.ndarray, over: np.ndarray, words: tuple[str, str] = ("in", "out")) -> Figure:
    """All circles of one state (n, 2m), thin and vermilion, over all of another, broad and grey."""
    left, top, bottom = 76, 44, 44
    side = COLUMN - left - 20
    sheet = Sheet(round(top + side + bottom))
    axes = _panel(sheet, left, top, side, _limit([under, over]))
    axes.grid(False)
    axes.add_collection(LineCollection(list(curves(under)), colors=LINE, linewidths=2.6 * _width(under)), autolim=False)
    axes.add_collection(LineCollection(list(curves(over)), colors=ALERT, linewidths=_width(over)), autolim=False)
    x = left + 10.0
    for label, colour, width in zip(words, (LINE, ALERT), (2.6, 1.2)):
        sheet.lines([[(x, 20), (x + 30, 20)]], colour, width)
        sheet.text(x + 40, 20, label, SMALL, ha="left", color=MUTED if colour == LINE else colour)
        x += 72 + text_width(label, SMALL)
    return sheet.done()


def _panel(sheet: Sheet, x: float, y: float, side: float, limit: float) -> Axes:
    axes = sheet.axes(x, y, x + side, y + side)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit))
    axes.locator_params(nbins=5)
    return axes


def _width(rows: np.ndarray) -> float:
    """Line width, in points, that leaves paper between many circles."""
    return float(np.clip(40 / len(rows), 0.45, 1.2))


def _limit(states: list[np.ndarray]) -> float:
    return 1.06 * max(float(np.abs(rows).max()) for rows in states) or 1.0
