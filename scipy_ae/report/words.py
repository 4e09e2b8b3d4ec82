"""Words: every sentence of a report, from one catalogue for each language (``templates/<language>.toml``)."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

TEMPLATES = Path(__file__).parent / "templates"


class Words:
    """The catalogue of one language.

    ``words("outcome.letters.clean", n=10, ...)`` fills the sentence of that key. A key with ``one`` and ``other`` has a
    singular and a plural, chosen by ``n``.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._table = tomllib.loads((TEMPLATES / f"{language}.toml").read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: Any) -> str:
        entry: Any = self._table
        for part in key.split("."):
            entry = entry[part]
        if isinstance(entry, dict):
            entry = entry["one" if values.get("n") == 1 else "other"]
        text = {name: self._plain(value) for name, value in values.items()}
        return entry.strip().format(**text)

    def has(self, key: str) -> bool:
        table, _, name = key.rpartition(".")
        return name in self._table.get(table, {})

    def group(self, key: str) -> dict[str, str]:
        """All words of one table, such as the lettering of a figure."""
        entry: Any = self._table
        for part in key.split("."):
            entry = entry[part]
        return dict(entry)

    def count(self, n: int) -> str:
        """A small number in words, a large one in figures."""
        small = self._table["number"]["small"]
        return small[n] if 0 <= n < len(small) else self.whole(n)

    def whole(self, n: int) -> str:
        return f"{n:,}".replace(",", self._table["number"]["thousands"])

    def number(self, x: float | None, digits: int = 3) -> str:
        """A number with so many significant digits."""
        if x is None or not np.isfinite(x):
            return self("number.not_finite")
        return f"{x:.{digits}g}".replace(".", self._table["number"]["point"]).replace("-", "−")

    def fixed(self, x: float, decimals: int = 3) -> str:
        """A number with so many digits behind the point, for columns."""
        return f"{x:.{decimals}f}".replace(".", self._table["number"]["point"]).replace("-", "−")

    def percent(self, ratio: float) -> str:
        return self("number.percent", x=self.number(100 * ratio, 2)) if np.isfinite(ratio) else self.number(ratio)

    def share(self, ratio: float) -> str:
        """A share in percent with one digit behind the point, where shares near 100 % are to be told apart."""
        return self("number.percent", x=self.fixed(100 * ratio, 1))

    def seconds(self, seconds: float) -> str:
        if not np.isfinite(seconds):
            return self.number(seconds)
        if seconds < 60:
            return self("number.seconds", x=self.number(seconds))
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return self("number.hours", hours=self.whole(minutes // 60), minutes=minutes % 60)
        return self("number.minutes", minutes=self.whole(minutes), seconds=rest)

    def _plain(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return self.whole(value)
        return self.number(value) if isinstance(value, float) else str(value)


def sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
