"""Markdown: paragraphs and tables, and cells that tables share."""

from collections.abc import Iterable
from typing import Any


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; the first column is set to the left, the others to the right."""
    head = list(head)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def title(row: dict[str, Any]) -> str:
    return f"{row['case']}: {row['layers']}, {row['rows']} rows"


def measured(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that hold numbers."""
    return [row for row in rows if "left_out" not in row]


def left_out(rows: list[dict[str, Any]]) -> str:
    """The sentences in place of what could not be measured."""
    return " ".join(row["left_out"] for row in rows if "left_out" in row)
