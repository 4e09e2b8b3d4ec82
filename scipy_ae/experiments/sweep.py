"""Sweep: parameters varied on the command line, on a grid or at random, as a study that no file describes."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, unknown
from scipy_ae.experiments.fields import option
from scipy_ae.experiments.recipe import OF_STARTS, SEEDS, Recipe
from scipy_ae.experiments.spec import Spec

#: What a sweep cannot vary: the starts are its own.
_NOT_VARIED = (*OF_STARTS, "solver_options")
#: Digits of numbers drawn at random, so that a label tells the whole of them.
_DIGITS = 4
_ACCEPTED = "NAME=VALUE,VALUE,... or NAME=LOW:HIGH:COUNT, with :log for equal ratios, is"


class Axis:
    """One varied field and its values: a list, or a range of numbers."""

    def __init__(self, text: str) -> None:
        name, equals, words = text.partition("=")
        self.name = name.strip().replace("-", "_")
        known = {one.name: str(getattr(one.type, "__name__", one.type)) for one in fields(Spec)}
        names = [option(one) for one in known if one not in _NOT_VARIED]
        if not equals or not words.strip():
            raise InputError(f"vary: '{text}' is not accepted; {_ACCEPTED}")
        if option(self.name) not in names:
            raise unknown("field to vary", option(self.name), sorted(names))
        self._text, self._kind = text, known[self.name].replace(" | None", "")
        ends = words.split(":")
        self._range = self._as_range(ends) if self._kind in ("int", "float") and len(ends) > 1 else None
        self._values = [] if self._range else [self._value(word.strip()) for word in words.split(",")]
        if len(set(map(str, self._values))) < len(self._values):
            raise InputError(f"vary: '{text}' names a value twice; each one once is accepted")

    def values(self) -> list[Any]:
        """All of them, for a grid."""
        if self._range is None:
            return self._values
        low, high, count, log = self._range
        if count is None:
            raise InputError(f"vary: '{self._text}' does not say how many; {_ACCEPTED}, and LOW:HIGH with --random")
        spaced = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
        return list(dict.fromkeys(map(self._number, spaced.tolist())))

    def draw(self, rng: np.random.Generator) -> Any:
        """One of them, or any number of the range."""
        if self._range is None:
            return self._values[rng.integers(len(self._values))]
        low, high, _, log = self._range
        if self._kind == "int" and not log:
            return int(rng.integers(round(low), round(high) + 1))
        return self._number(float(np.exp(rng.uniform(np.log(low), np.log(high))) if log else rng.uniform(low, high)))

    def _as_range(self, words: Sequence[str]) -> tuple[float, float, int | None, bool]:
        log, rest = words[-1] == "log", [*words[: -1 if words[-1] == "log" else None]]
        try:
            low, high = float(rest[0]), float(rest[1])
            count = int(rest[2]) if len(rest) == 3 else None
        except (ValueError, IndexError):
            raise InputError(f"vary: '{self._text}' is not accepted; {_ACCEPTED}") from None
        if len(rest) > 3 or (count is not None and count < 2):
            raise InputError(f"vary: '{self._text}' is not accepted; {_ACCEPTED}")
        if not (np.isfinite([low, high]).all() and low < high and (low > 0 or not log)):
            span = "two numbers above 0" if log else "two finite numbers"
            raise InputError(f"vary: '{self._text}' is not accepted; {span}, the lower one first, are")
        return low, high, count, log

    def _number(self, value: float) -> float | int:
        return round(value) if self._kind == "int" else float(f"{value:.{_DIGITS}g}")

    def _value(self, word: str) -> Any:
        casts: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "bool": _truth}
        try:
            return casts.get(self._kind, str)(word)
        except ValueError:
            kinds = {"int": "whole numbers", "float": "numbers", "bool": "true and false"}
            raise InputError(f"vary: '{word}' in '{self._text}' is not accepted; {kinds[self._kind]} are") from None


def sweep(varied: Sequence[str], *, random: int | None = None, seed: int = 0, starts: int | None = None) -> Recipe:
    """The study of all combinations of the axes' values, or of ``random`` draws from them.

    Parameters
    ----------
    varied : sequence of str
        ``"every=1,4,10"``, ``"std=0.2:1.2:6"`` (six numbers, evenly), ``"eta=1e-4:1e-1:4:log"`` (by equal ratios);
        for random draws also ``"std=0.2:1.2"``.
    random : int, optional
        Combinations drawn instead of a grid (Bergstra & Bengio 2012, "Random search for hyper-parameter optimization",
        JMLR 13): the same for the same ``seed``.
    starts : int, optional
        Of each value.

    Raises
    ------
    InputError
        An axis that is not accepted.
    """
    axes = [Axis(text) for text in varied]
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise InputError(f"vary: {option(max(names, key=names.count))} is named twice; each field once is accepted")
    if random is None:
        combined = [dict(zip(names, values)) for values in product(*(axis.values() for axis in axes))]
    else:
        rng = np.random.default_rng(seed)
        drawn = [{axis.name: axis.draw(rng) for axis in axes} for _ in range(random)]
        combined = list({str(fields): fields for fields in drawn}.values())
    return Recipe(
        name="sweep-" + "-".join(option(name) for name in names),
        path=Path("sweep"),
        title=" × ".join(option(name) for name in names),
        about="",
        claim="",
        source="",
        run={},
        vary=names[0] if len(names) == 1 else "",
        variants=tuple((_label(fields), fields) for fields in combined),
        seeds=starts or SEEDS,
    )


def _label(fields: dict[str, Any]) -> str:
    told = {name: f"{value:.12g}" if isinstance(value, float) else str(value) for name, value in fields.items()}
    return next(iter(told.values())) if len(told) == 1 else ", ".join(f"{option(k)} {text}" for k, text in told.items())


def _truth(word: str) -> bool:
    if word not in ("true", "false"):
        raise ValueError(word)
    return word == "true"
