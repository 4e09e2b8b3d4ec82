"""The loss of every solver over seconds, the best of them told apart by colour and named at their ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from scipy_ae.report.sheet import (
    CLASSES,
    COLUMN,
    LINE,
    MUTED,
    SMALL,
    Sheet,
    fitted,
    log_scale,
    name_axes,
)

EMPHASISED = 5
_TOP, _BOTTOM, _LEFT, _ROOM = 20, 560, 106, 236  # dots
_GAP = 26.0  # dots between two names


@dataclass(frozen=True)
class Curve:
    """One solver: ``points`` (m, 2) are seconds and the lowest loss so far, the first at 0 s.

    A ``band`` (m, 2) is drawn around it, from its first column to its second.
    """

    name: str
    points: np.ndarray
    band: np.ndarray | None = None


def bench_curves(
    curves: Sequence[Curve],
    seconds: float,
    words: dict[str, str],
    target: float | None = None,
    most: int = EMPHASISED,
) -> Figure:
    """Loss over seconds, both on logarithmic scales.

    Parameters
    ----------
    curves : sequence of Curve
        The best first; the first ``most`` are drawn in colour and named, the others in grey.
    seconds : float
        The end of the time axis.
    words : dict
        Lettering: "seconds", "loss", "others", "target".
    target : float, optional
        A loss to be marked.
    most : int
        As many as there are colours for classes at most.
    """
    sheet = Sheet(_BOTTOM + 70)
    axes = sheet.axes(_LEFT, _TOP, COLUMN - _ROOM, _BOTTOM)
    begin = _begin(curves, seconds)
    axes.set_xscale("log")
    axes.set_xlim(begin, seconds)
    axes.xaxis.set_major_locator(LogLocator(numticks=7))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    values = [curve.points[:, 1] for curve in curves]
    log_scale(axes, np.concatenate([*values, [] if target is None else [target]]))
    for i in reversed(range(len(curves))):
        top = i < most
        style: dict[str, Any] = (
            {"color": CLASSES[i], "linewidth": 2.0, "zorder": 5 - 0.1 * i} if top else {"color": LINE, "zorder": 2}
        )
        times, losses = _drawn(curves[i].points, begin, seconds)
        axes.plot(times, losses, drawstyle="steps-post", **({"linewidth": 1.2} | style))
        if top and (band := curves[i].band) is not None:
            low, high = (_drawn(np.column_stack([curves[i].points[:, 0], edge]), begin, seconds)[1] for edge in band.T)
            axes.fill_between(times, low, high, step="post", color=CLASSES[i], alpha=0.16, linewidth=0, zorder=3)
    if target is not None:
        axes.axhline(target, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "bottom"}
        axes.text(0.01, target, words["target"], fontsize=SMALL, color=MUTED, **where)
    name_axes(axes, words["seconds"], words["loss"])
    _names(sheet, axes, curves, seconds, words["others"], most)
    return sheet.done()


def _begin(curves: Sequence[Curve], seconds: float) -> float:
    """Where the time axis begins: shortly before the first step that any solver has made."""
    first = [curve.points[1, 0] for curve in curves if len(curve.points) > 1 and curve.points[1, 0] > 0]
    return min(min(first, default=seconds / 10) / 1.5, seconds / 10)


def _drawn(points: np.ndarray, begin: float, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """The points with the start at the left edge and the end at the right one."""
    times = np.concatenate([[begin], np.maximum(points[1:, 0], begin), [seconds]])
    return times, np.concatenate([points[:, 1], points[-1:, 1]])


def _names(sheet: Sheet, axes: Axes, curves: Sequence[Curve], seconds: float, others: str, most: int) -> None:
    """The names of the best to the right of their ends, moved apart where these are near each other."""
    named = [(curve.name, CLASSES[i], curve.points[-1, 1]) for i, curve in enumerate(curves[:most])]
    if len(curves) > most:
        rest = [curve.points[-1, 1] for curve in curves[most:]]
        named.append((others, MUTED, float(np.median(rest))))
    at = np.array([sheet.height - axes.transData.transform((seconds, loss))[1] for _, _, loss in named])
    places = _apart(at)
    left = COLUMN - _ROOM
    for (name, colour, _), end, place in zip(named, at, places):
        sheet.lines([[(left + 2, end), (left + 14, place)]], colour, 0.8)
        sheet.text(left + 19, place, fitted(name, _ROOM - 24), ha="left", color=colour)


def _apart(at: np.ndarray) -> np.ndarray:
    """Places in the order of ``at``, ``_GAP`` apart or more, as near to it as can be and within the axes."""
    order = np.argsort(at, kind="stable")
    places = at[order]
    groups = [[place] for place in places]
    # neighbours that are too near become one group around their common middle, until none are
    merged = True
    while merged:
        merged = False
        for i in range(len(groups) - 1):
            if _span(groups[i])[1] + _GAP > _span(groups[i + 1])[0]:
                groups[i : i + 2] = [groups[i] + groups[i + 1]]
                merged = True
                break
    spread = np.concatenate([_span(group)[0] + _GAP * np.arange(len(group)) for group in groups])
    result = np.empty(len(at))
    result[order] = spread
    return result


def _span(group: list[float]) -> tuple[float, float]:
    """First and last place of a group, kept within the axes."""
    half = _GAP * (len(group) - 1) / 2
    middle = min(max(float(np.mean(group)), _TOP + 8 + half), _BOTTOM - 8 - half)
    return middle - half, middle + half
