"""How far each row came back from what was wanted, in the measure that suits the data."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.metrics import circle_geometry, wrong_pixels
from scipy_ae.report.blocks import Table
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words

MOST_ROWS, MOST_CIRCLES = 40, 20


@dataclass(frozen=True)
class Errors:
    """Errors of each row, (n,); what does not suit the data is None."""

    rms: np.ndarray  # root mean square over the values of a row
    farthest: np.ndarray  # largest single distance
    wrong: np.ndarray | None  # values on the wrong side of one half
    roundness: np.ndarray | None
    new_roundness: np.ndarray | None  # of the new circles, (m,)


def measure(run: Run) -> Errors:
    away = np.abs(run.output - run.target)
    circles = run.kind == "circles"
    return Errors(
        rms=np.sqrt((away**2).mean(axis=1)),
        farthest=away.max(axis=1),
        wrong=wrong_pixels(run.output, run.target) if run.binary and not circles else None,
        roundness=circle_geometry(run.output).roundness_error if circles else None,
        new_roundness=circle_geometry(run.new.output).roundness_error if circles and run.new else None,
    )


def errors_table(run: Run, errors: Errors, things: str, words: Words) -> Table:
    """A line for each row, or for the worst ones of many, and one for all together."""
    if errors.wrong is not None:
        columns, foot, order, note = _binary(run, errors, words)
    elif errors.roundness is not None:
        columns, foot, order, note = _circles(run, errors, words)
    else:
        columns, foot, order, note = _values(errors, words)
    n = len(run.labels)
    rows = np.arange(n)
    most = MOST_CIRCLES if run.kind == "circles" else MOST_ROWS
    if n > most:
        rows = np.argsort(-order, kind="stable")[:most]
        note += " " + words("errors.most_wrong", shown=most, n=n)
    lines = [[run.labels[i], *(cells[i] for cells in columns.values())] for i in rows]
    bad = errors.wrong if errors.wrong is not None else np.zeros(n)
    marked = frozenset(int(k) for k in np.flatnonzero(bad[rows]))
    headings = [words("errors.name"), *columns]
    return Table(words(f"errors.title_{things}"), headings, lines, foot, note, marked)


_Columns = tuple[dict[str, list[str]], list[str], np.ndarray, str]


def _binary(run: Run, errors: Errors, words: Words) -> _Columns:
    assert errors.wrong is not None
    heading = words("errors.wrong_values" if run.kind == "table" else "errors.wrong")
    columns = {
        heading: [words.whole(int(count)) for count in errors.wrong],
        words("errors.farthest"): [words.fixed(value) for value in errors.farthest],
    }
    total = words.whole(int(errors.wrong.sum()))
    foot = [words("errors.total"), total, words.fixed(errors.farthest.max())]
    return columns, foot, errors.wrong + errors.farthest / 1e3, words("errors.note_binary")


def _values(errors: Errors, words: Words) -> _Columns:
    columns = {
        words("errors.rms"): _numbers(errors.rms, words),
        words("errors.farthest"): _numbers(errors.farthest, words),
    }
    total = words.number(float(np.sqrt((errors.rms**2).mean())))
    foot = [words("errors.total"), total, words.number(float(errors.farthest.max()))]
    return columns, foot, errors.rms, words("errors.note_values")


def _circles(run: Run, errors: Errors, words: Words) -> _Columns:
    inside, outside = circle_geometry(run.target), circle_geometry(run.output)
    columns = {
        words("errors.radius_in"): [words.fixed(radius) for radius in inside.radius],
        words("errors.radius_out"): [words.fixed(radius) for radius in outside.radius],
        words("errors.roundness"): [words.percent(float(error)) for error in outside.roundness_error],
        words("errors.offset"): [words.fixed(offset, 4) for offset in outside.centre_offset],
    }
    means = [words.fixed(values.mean()) for values in (inside.radius, outside.radius)]
    round_error = words.percent(float(np.nanmean(outside.roundness_error)))
    foot = [words("errors.mean"), *means, round_error, words.fixed(outside.centre_offset.mean(), 4)]
    return columns, foot, np.nan_to_num(outside.roundness_error, nan=np.inf), words("errors.note_circles")


def _numbers(values: np.ndarray, words: Words) -> list[str]:
    return [words.number(float(value)) for value in values]
