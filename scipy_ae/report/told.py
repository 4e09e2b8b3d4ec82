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
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?( ?%| m?s)?")


class Told:
    """Says English texts in the language of a catalogue.

    Parameters
    ----------
    table : mapping
        English texts and their translations; tables within it are read as well. What a {name} stands for in the English
        text takes its place in the translation: told in its turn, unless the name begins with "name".
    point : str
        What stands before the decimals of a number.
    """

    def __init__(self, table: Mapping[str, Any], point: str) -> None:
        self._texts = dict(_flat(table))
        self._point = point

    def __call__(self, text: str) -> str:
        """The text in this language, or the text itself where the catalogue does not know it."""
        if not self._texts:
            return text
        if text in self._texts:
            return self._texts[text]
        if _NUMBER.fullmatch(text):
            return self.number(text)
        for pattern, translation in self._patterns:
            if found := pattern.fullmatch(text):
                return translation.format(**{name: self._part(name, part) for name, part in found.groupdict().items()})
        # several clauses, which the catalogue may know one by one
        return "; ".join(map(self, text.split("; "))) if "; " in text else text

    def number(self, text: str) -> str:
        """A number as Python writes it, or several of them, with the point and the minus sign of the language."""
        return text if self._point == "." else re.sub(r"-(?=\d)", "−", text.replace(".", self._point))

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
