"""How the training went: the loss over iterations or seconds, solver bursts told apart from single steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scipy_ae.records import Record
from scipy_ae.report.sheet import ACCENT, ALERT, COLUMN, INK, PAPER, SMALL, Sheet, log_scale, name_axes, text_width

#: The colour of the loss on rows held out.
HELD_OUT = "#00795c"


@dataclass(frozen=True)
class CurveWords:
    """The lettering of the curves."""

    iteration: str = "iteration"
    seconds: str = "seconds"
    loss: str = "loss"
    wrong: str = "wrong pixels"
    step: str = "single steps"
    burst: str = "solver bursts"
    best: str = "best"
    validation: str = "validation"


def loss_curve(
    records: Sequence[Record],
    over: str = "iteration",
    best_iteration: int | None = None,
    words: CurveWords | None = None,
) -> Figure:
    """The loss of each record ``over`` "iteration" or "seconds", and the wrong pixels below it where they are known.

    Each iteration is a piece of line from the loss it found to the loss it left: blue for single steps, vermilion
    for bursts of a solver. The loss on validation rows, where there are such, is dashed and green. A loss that is not
    finite leaves a gap.
    """
    words = words or CurveWords()
    counted = counts_pixels(records)
    height, split = (590, 386) if counted else (450, 384)
    sheet = Sheet(height)
    axes = sheet.axes(106, 42, COLUMN - 16, split)
    best = draw_loss(axes, records, over, best_iteration)
    name_axes(axes, "" if counted else getattr(words, over), words.loss)
    _legend(sheet, legend(records, words, best))
    if counted:
        below = sheet.axes(106, split + 26, COLUMN - 16, height - 66)
        draw_wrong_pixels(below, records, over)
        name_axes(below, getattr(words, over), words.wrong)
        axes.set_xticklabels([])
    return sheet.done()


def counts_pixels(records: Sequence[Record]) -> bool:
    """Whether any record knows how many pixels are wrong."""
    return any(record.wrong_pixels is not None for record in records)


def draw_loss(axes: Axes, records: Sequence[Record], over: str, best_iteration: int | None) -> bool:
    """The loss of the records in these axes; whether the ring of the best one is among what was drawn."""
    x = np.array([getattr(record, over) for record in records], float)
    loss = np.array([record.loss for record in records], float)
    held_out = np.array([np.nan if r.validation is None else r.validation for r in records], float)
    _draw_pieces(axes, records, x, loss)
    if np.isfinite(held_out).any():
        marker = "." if len(x) == 1 else ""
        axes.plot(x, held_out, color=HELD_OUT, linewidth=1.6, linestyle=stroke(HELD_OUT), marker=marker, zorder=3)
    log_scale(axes, np.concatenate([loss, held_out]))
    best = next((i for i, r in enumerate(records) if r.iteration == best_iteration), None)
    if best is not None and np.isfinite(held_out[best]):
        loss = held_out  # by which it was chosen
    ringed = best is not None and bool(np.isfinite(loss[best]))
    if ringed:
        style: dict[str, Any] = {
            "markersize": 8,
            "markerfacecolor": PAPER,
            "markeredgewidth": 1.6,
            "markeredgecolor": INK,
        }
        axes.plot(x[best], loss[best], "o", zorder=5, clip_on=False, **style)
    _span(axes, x)
    return ringed


def draw_wrong_pixels(axes: Axes, records: Sequence[Record], over: str) -> None:
    """The wrong pixels of the records in these axes."""
    x = np.array([getattr(record, over) for record in records], float)
    wrong = np.array([np.nan if r.wrong_pixels is None else r.wrong_pixels for r in records], float)
    axes.plot(x, wrong, color=INK, linewidth=1.2, drawstyle="steps-post", marker="." if len(x) == 1 else "")
    axes.fill_between(x, wrong, step="post", color=INK, alpha=0.12, linewidth=0)
    axes.set_ylim(0, max(1.0, float(np.nanmax(wrong)) * 1.08))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _span(axes, x)


def legend(records: Sequence[Record], words: CurveWords, best: bool) -> list[tuple[str, str, bool]]:
    """What a curve of these records has in it: label, colour, and whether it is a ring and no line."""
    phases = {record.phase for record in records}
    known = (("step", ACCENT, words.step), ("burst", ALERT, words.burst))
    ring = [(words.best, INK, True)] if best else []
    held_out = [(words.validation, HELD_OUT, False)] if any(r.validation is not None for r in records) else []
    return [(label, colour, False) for phase, colour, label in known if phase in phases] + held_out + ring


def stroke(colour: str) -> Any:
    """How a line of that colour is drawn: dashes let the line be seen that they lie on."""
    return (0, (2.5, 1.5)) if colour == HELD_OUT else "solid"


def _draw_pieces(axes: Axes, records: Sequence[Record], x: np.ndarray, loss: np.ndarray) -> None:
    """A piece of line for each record, from where it began to where it ended."""
    begin = np.concatenate([x[:1], x[:-1]])
    before = np.concatenate([loss[:1], loss[:-1]])
    told = np.array([np.nan if record.before is None else record.before for record in records], float)
    before = np.where(np.isfinite(told), told, before)
    pieces = np.stack([np.column_stack([begin, before]), np.column_stack([x, loss])], axis=1)
    burst = np.array([record.phase == "burst" for record in records])
    whole = np.isfinite(pieces).all(axis=(1, 2))
    for chosen, colour, width in ((burst & whole, ALERT, 2.2), (~burst & whole, ACCENT, 1.4)):
        axes.add_collection(LineCollection(pieces[chosen], colors=colour, linewidths=width), autolim=False)
    if burst.sum() <= 40:
        axes.plot(x[burst], loss[burst], "o", color=ALERT, markersize=3, markeredgewidth=0)
    axes.plot(x[:1], loss[:1], "o", color=ACCENT, markersize=4, markeredgewidth=0)


def _span(axes: Axes, x: np.ndarray) -> None:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    high = high if high > low else low + 1
    room = 0.02 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=high - low >= 5))


def _legend(sheet: Sheet, entries: Sequence[tuple[str, str, bool]]) -> None:
    """What is in the picture, above it and from left to right; from further left, and smaller, where words are long."""
    wide = sum(text_width(label, SMALL) for label, _, _ in entries)
    marks = 66.0 * sum(not ring for _, _, ring in entries) + (24.0 if any(ring for _, _, ring in entries) else -32.0)
    x = float(np.clip(COLUMN - 8 - marks - wide, 8, 112))
    size = SMALL * min(1.0, (COLUMN - 8 - marks - x) / max(wide, 1.0))
    for label, colour, ring in entries:
        if ring:
            angle = np.linspace(0, 2 * np.pi, 25)
            sheet.lines([np.column_stack([x + 8 + 7 * np.cos(angle), 20 + 7 * np.sin(angle)])], colour, 1.6)
            sheet.text(x + 24, 20, label, size, ha="left")
            continue
        sheet.lines([[(x, 20), (x + 26, 20)]], colour, 2.2, linestyles=[stroke(colour)])
        sheet.text(x + 34, 20, label, size, ha="left", color=colour)
        x += 66 + text_width(label, size)
