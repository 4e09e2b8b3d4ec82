"""Rows held out: what a page says of the losses on them."""

from scipy_ae.report.blocks import KeyFigure
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words


def held_out_key(run: Run, words: Words) -> list[KeyFigure]:
    """The losses on validation and test rows, where there were such."""
    if run.split is None:
        return []
    return [
        KeyFigure(words.number(loss), words(f"key.{part}"), words("key.held_out_remark", n=run.split.rows.get(part, 0)))
        for part, loss in run.split.loss.items()
        if part in ("validation", "test")
    ]


def held_out_lines(run: Run, words: Words) -> list[tuple[str, str]]:
    """Rows of each part."""
    if run.split is None:
        return []
    return [
        (words(f"run.rows_{part}"), words.whole(rows))
        for part, rows in run.split.rows.items()
        if part in ("train", "validation", "test")
    ]


def curve_notes(run: Run, words: Words) -> list[str]:
    """What the curve of validation rows is, and what losses on ever more rows are."""
    notes = []
    if any(record.validation is not None for record in run.history):
        notes.append(words("figure.curve.validation"))
    rows = sorted({record.rows for record in run.history if record.rows is not None})
    if len(rows) > 1:
        notes.append(words("figure.curve.rows", first=rows[0], last=rows[-1]))
    return notes
