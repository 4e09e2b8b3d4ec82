"""Which rows of a dataset a short text names: a count, a range or a list (see ``Dataset.select``)."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from scipy_ae.errors import InputError


def chosen_rows(choice: str | int | Iterable[str | int], labels: Sequence[str], name: str) -> list[int]:
    """Row numbers for ``choice``, without repeats; ``name`` is the dataset's, for the error."""
    if isinstance(choice, str):
        text = choice.strip()
        if _is_number(text):
            return _counted(int(text), labels, name)
        whole = _labelled(text, labels) or _range(text, labels, name)
        items: list[str | int] = [text] if whole else [item for item in re.split(r"[,\s]+", text) if item]
    elif isinstance(choice, int | np.integer):
        return _counted(int(choice), labels, name)
    else:
        items = list(choice)
    if not items:
        raise InputError(f"choice {choice!r} names no row of '{name}': {_accepted(labels)}")
    return list(dict.fromkeys(row for item in items for row in _item(item, labels, name)))


def _counted(count: int, labels: Sequence[str], name: str) -> list[int]:
    """``count`` rows, those of letters and digits first, in the order of the dataset."""
    if not 1 <= count <= len(labels):
        raise InputError(f"cannot choose {count} rows of '{name}': {_accepted(labels)}")

    def is_sign(row: int) -> bool:
        return not (len(labels[row]) == 1 and labels[row].isalnum())

    return sorted(sorted(range(len(labels)), key=is_sign)[:count])


def _item(item: str | int, labels: Sequence[str], name: str) -> list[int]:
    """One item of a list: a label, a range, a row number, or several one-character labels in a row."""
    text = str(item)
    rows = [] if isinstance(item, int | np.integer) else _labelled(text, labels) or _range(text, labels, name)
    if not rows and _is_row(text, labels):
        rows = [int(text)]
    if not rows and isinstance(item, str) and all(_labelled(character, labels) for character in item):
        rows = [row for character in item for row in _labelled(character, labels)]
    if not rows:
        raise InputError(f"'{item}' names no row of '{name}': {_accepted(labels)}")
    return rows


def _labelled(text: str, labels: Sequence[str]) -> list[int]:
    return [row for row, label in enumerate(labels) if label == text]


def _range(text: str, labels: Sequence[str], name: str) -> list[int]:
    """Rows from one end to the other; none where ``text`` is no range.

    Every dash is tried as the divider, since a label may hold one itself; labels go before row numbers.
    """
    dashes = [index for index, character in enumerate(text) if character == "-"]
    ends = [(text[:index].strip(), text[index + 1 :].strip()) for index in dashes]
    for first, last in ends:
        if _labelled(first, labels) and _labelled(last, labels):
            return _span(_labelled(first, labels)[0], _labelled(last, labels)[-1], text, name)
    for first, last in ends:
        if _is_row(first, labels) and _is_row(last, labels):
            return _span(int(first), int(last), text, name)
    return []


def _span(first: int, last: int, text: str, name: str) -> list[int]:
    if first > last:
        raise InputError(f"the range '{text}' runs backwards in '{name}': give its first row first")
    return list(range(first, last + 1))


def _is_row(text: str, labels: Sequence[str]) -> bool:
    return _is_number(text) and int(text) < len(labels)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def _accepted(labels: Sequence[str]) -> str:
    known = list(dict.fromkeys(labels))
    if len(known) > 40:
        known = [*known[:3], "...", known[-1]]
    return (
        f"accepted are a count from 1 to {len(labels)}, or a range or list of row numbers "
        f"(0 to {len(labels) - 1}) or of the labels {' '.join(known)}"
    )
