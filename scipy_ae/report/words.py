"""Words: every sentence of a report, from one catalogue for each language (``templates/<language>.toml``)."""

import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import unknown
from scipy_ae.report.told import Told

TEMPLATES = Path(__file__).parent / "templates"


def languages() -> list[str]:
    """The languages that there is a catalogue for."""
    return sorted(path.stem for path in TEMPLATES.glob("*.toml"))


@lru_cache(maxsize=4)
def catalogue(language: str) -> Mapping[str, Any]:
    """The catalogue of a language as a nested table; read once."""
    if language not in languages():
        raise unknown("lang", language, languages())
    return tomllib.loads((TEMPLATES / f"{language}.toml").read_text(encoding="utf-8"))


class Noun(str):
    """A noun in a sentence: ``{thing}``, its plural ``{thing:s}``, or ``{thing:el|la}``, which of two words its gender
    asks for."""

    __slots__ = ("feminine", "plural")

    feminine: bool
    plural: str

    def __new__(cls, singular: str, plural: str, feminine: bool) -> "Noun":
        noun = super().__new__(cls, singular)
        noun.plural, noun.feminine = plural, feminine
        return noun

    def __format__(self, form: str) -> str:
        masculine, bar, feminine = form.partition("|")
        if bar:
            return feminine if self.feminine else masculine
        return self.plural if form == "s" else str(self)


class Count(str):
    """A count in a sentence: ``{count}``, or ``{count:f}`` where what is counted is feminine."""

    __slots__ = ("feminine",)

    feminine: str

    def __new__(cls, text: str, feminine: str) -> "Count":
        count = super().__new__(cls, text)
        count.feminine = feminine
        return count

    def __format__(self, form: str) -> str:
        return self.feminine if form == "f" else str(self)


class Words:
    """The catalogue of one language.

    ``words("outcome.letters.clean", n=10, ...)`` fills the sentence of that key. A key with ``one`` and ``other`` has a
    singular and a plural, chosen by ``n``. ``words.told(text)`` says an English text of a run folder in this language.

    Raises
    ------
    InputError
        There is no catalogue for the language.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._table = catalogue(language)
        self._number, self._grammar = self._table["number"], self._table.get("grammar", {})

    def __call__(self, key: str, **values: Any) -> str:
        entry: Any = self._table
        for part in key.split("."):
            entry = entry[part]
        if isinstance(entry, dict):
            entry = entry["one" if values.get("n") == 1 else "other"]
        return entry.strip().format(**{name: self._plain(value) for name, value in values.items()})

    @cached_property
    def told(self) -> Told:
        """Says English texts of a run folder in this language."""
        return Told(self._table.get("told", {}), self.point, self._number["percent"])

    @property
    def point(self) -> str:
        """What stands before the decimals of a number."""
        return self._number["point"]

    @property
    def between(self) -> str:
        """What stands between the numbers of a code."""
        return self._number["between"]

    def has(self, key: str) -> bool:
        entry: Any = self._table
        for part in key.split("."):
            if not isinstance(entry, Mapping) or part not in entry:
                return False
            entry = entry[part]
        return True

    def group(self, key: str) -> dict[str, str]:
        """All words of one table, such as the lettering of a figure."""
        entry: Any = self._table
        for part in key.split("."):
            entry = entry[part]
        return dict(entry)

    def noun(self, key: str) -> Noun:
        """What one row is called, by the key of its kind."""
        forms = self.group(f"thing.{key}")
        return Noun(forms["one"], forms["other"], key in self._grammar.get("feminine", ()))

    def count(self, n: int) -> Count:
        """A small number in words, a large one in figures."""
        masculine = self._number["small"]
        feminine = self._grammar.get("small_feminine", masculine)
        if 0 <= n < len(masculine):
            return Count(masculine[n], feminine[n])
        return Count(self.whole(n), self.whole(n))

    def whole(self, n: int) -> str:
        if abs(n) < self._number["grouped_from"]:
            return str(n)
        return f"{n:,}".replace(",", self._number["thousands"])

    def number(self, x: float | None, digits: int = 3) -> str:
        """A number with so many significant digits."""
        if x is None or not np.isfinite(x):
            return self("number.not_finite")
        return self.spelt(f"{x:.{digits}g}")

    def fixed(self, x: float, decimals: int = 3) -> str:
        """A number with so many digits behind the point, for columns."""
        return self.spelt(f"{x:.{decimals}f}")

    def spelt(self, number: str) -> str:
        """A number as Python writes it, with the point and the minus sign of the page."""
        return number.replace(".", self.point).replace("-", "−")

    def percent(self, ratio: float) -> str:
        return self("number.percent", x=self.number(100 * ratio, 2)) if np.isfinite(ratio) else self.number(ratio)

    def share(self, ratio: float) -> str:
        """A share in percent with one digit behind the point, where shares near 100 % are to be told apart."""
        return self("number.percent", x=self.fixed(100 * ratio, 1))

    def code(self, numbers: Any) -> str:
        """A code in brackets, each number with two significant digits."""
        return "(" + self.between.join(self.number(float(number), 2) for number in numbers) + ")"

    def seconds(self, seconds: float | None) -> str:
        if seconds is None or not np.isfinite(seconds):
            return self.number(seconds)
        if seconds < 60:
            return self("number.seconds", x=self.number(seconds))
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return self("number.hours", hours=self.whole(minutes // 60), minutes=minutes % 60)
        return self("number.minutes", minutes=self.whole(minutes), seconds=rest)

    def partly(self, text: str, **values: Any) -> str:
        """A sentence with some of its {names} filled in, for a page that fills in the others."""
        return text.format_map(_Partly({name: self._plain(value) for name, value in values.items()}))

    def _plain(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return self.whole(value)
        return self.number(value) if isinstance(value, float) else str(value)


class _Partly(dict[str, str]):
    """Gives back the {names} that it does not know."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
