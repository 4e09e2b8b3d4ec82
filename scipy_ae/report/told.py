"""Told: the English texts of a run folder, said in another language.

A run folder holds what its training had to say in English, whatever the language of its report: why it stopped, what to
try next, what the data are. A catalogue names such a text, or a pattern of such texts, as the key of its translation:
``"target loss {x} reached" = "pérdida de {x} alcanzada"``. English itself needs none, and neither does a text of the
user's own, which stays as it is.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

_NAME = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)( ?%| m?s)?")


class Told:
    """Says English texts in the language of a catalogue.

    Parameters
    ----------
    table : mapping
        English texts and their translations; tables within it are read as well. What a {name} stands for in the English
        text takes its place in the translation: told in its turn, unless the name begins with "name".
    point : str
        What stands before the decimals of a number.
    percent : str
        How a share {x} is written.
    """

    def __init__(self, table: Mapping[str, Any], point: str, percent: str = "{x} %") -> None:
        self._texts = dict(_flat(table))
        self._point, self._percent = point, percent

    def __call__(self, text: str) -> str:
        """The text in this language, or the text itself where the catalogue does not know it."""
        if not self._texts:
            return text
        translation = self._known(text)
        return text if translation is None else translation

    def _known(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        if _NUMBER.fullmatch(text):
            return self.number(text)
        if (translation := self._matched(text, within_clause=True)) is not None:
            return translation
        clauses, stop = text.removesuffix(".").split("; "), "." if text.endswith(".") else ""
        if len(clauses) > 1 or stop:
            known = [self._known(clause) for clause in clauses]
            if None not in known:
                return "; ".join(map(str, known)) + stop
        return self._matched(text, within_clause=False)

    def _matched(self, text: str, within_clause: bool) -> str | None:
        """By the first pattern that fits; ``within_clause`` lets a {name} stand for nothing with a semicolon in it."""
        for pattern, translation in self._patterns:
            parts = found.groupdict() if (found := pattern.fullmatch(text)) else None
            if parts is not None and not (within_clause and any("; " in part for part in parts.values())):
                return translation.format(**{name: self._part(name, part) for name, part in parts.items()})
        return None

    def number(self, text: str) -> str:
        """A number as Python writes it with the point and the minus sign of the language; any other text as it is."""
        found = _NUMBER.fullmatch(text)
        if self._point == "." or found is None:
            return text
        number, unit = found[1].replace(".", self._point).replace("-", "−"), found[2] or ""
        return self._percent.format(x=number) if "%" in unit else number + unit

    def _part(self, name: str, text: str) -> str:
        return text if name.startswith("name") else self(text)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Those with {names}, the most words first: a pattern must not take what another knows better."""
        patterned = [text for text in self._texts if _NAME.search(text)]
        patterned.sort(key=lambda text: -len(_NAME.sub("", text)))
        return [(_pattern(text), self._texts[text]) for text in patterned]


def _flat(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, entry in table.items():
        pairs += [(key, entry)] if isinstance(entry, str) else _flat(entry)
    return pairs


def _pattern(text: str) -> re.Pattern[str]:
    """What the texts of a pattern look like."""
    pieces = _NAME.split(text)
    known = (re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>.+?)" for place, piece in enumerate(pieces))
    return re.compile("".join(known))
