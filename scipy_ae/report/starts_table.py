"""What became of the starts of which a run is the best."""

from typing import Any

from scipy_ae.report.blocks import Table
from scipy_ae.report.reader import Starts
from scipy_ae.report.words import Words

MOST_STARTS = 32


def starts_table(starts: Starts, words: Words) -> Table:
    """A line for each start, those that went furthest and ended best first."""
    rows = sorted(starts.rows, key=_merit)[:MOST_STARTS]
    rows.sort(key=lambda row: row["seed"] != starts.winner)  # an interrupted search keeps one of an earlier rung
    counted = any(row["wrong_pixels"] is not None for row in rows)
    columns = ["rung", "iterations", "loss", *(["wrong"] if counted else []), "seconds"]
    if not starts.halving:
        columns.remove("rung")
    note = words("starts.best", winner=str(starts.winner))
    if starts.halving:
        note += " " + words("starts.halving")
    if len(rows) < len(starts.rows):
        note += " " + words("starts.shown", shown=len(rows), n=len(starts.rows))
    headings = [words(f"starts.{name}") for name in ("seed", *columns)]
    lines = [[str(row["seed"]), *(_cell(row, name, words) for name in columns)] for row in rows]
    return Table(words("starts.title"), headings, lines, note=note)


def _merit(row: dict[str, Any]) -> tuple:
    lost = row["loss"] is None
    return lost, -row["rung"], row["wrong_pixels"] or 0, 0.0 if lost else row["loss"], row["seed"]


def _cell(row: dict[str, Any], name: str, words: Words) -> str:
    if name in ("rung", "iterations"):
        return words.whole(row[name])
    if name == "seconds":
        return words.fixed(row["seconds"], 2)
    if row["loss"] is None:
        return words("starts.dropped") if name == "loss" else ""
    return words.whole(row["wrong_pixels"]) if name == "wrong" else words.number(row["loss"])
