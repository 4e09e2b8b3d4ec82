"""Corruption: what all kinds of noise offer, and what they check alike."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scipy_ae.errors import InputError


class Corruption(ABC):
    """What all corruptions offer. Rows are (n, p)."""

    kind: ClassVar[str]
    about: ClassVar[str]  # what it does, for any amount

    @property
    @abstractmethod
    def amount(self) -> str:
        """As it stands behind the colon of ``KIND:AMOUNT``."""

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What it does, in one sentence."""

    def check(self, x: np.ndarray) -> None:  # noqa: B027
        """Refuse data that it is not defined for; any real numbers will do unless a kind says otherwise."""

    def corrupt(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A noisy copy of ``x``, (n, p) float64; ``x`` stays as it is."""
        self.check(x)
        return self._noisy(np.asarray(x, dtype=np.float64), rng)

    @abstractmethod
    def _noisy(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A noisy copy of rows that are accepted."""

    @abstractmethod
    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the probability (or density) of each noisy row (m, p) given each clean one (n, p).

        Shape (m, n), but for a constant of each noisy row; ``-inf`` where the clean row cannot have become the noisy
        one.
        """

    def __str__(self) -> str:
        return f"{self.kind}:{self.amount}"


@dataclass(frozen=True)
class Chance(Corruption):
    """What strikes each pixel with a probability, independent of all others; a subclass says what becomes of it.

    Parameters
    ----------
    probability : float
        From 0 to 1.
    """

    probability: float
    fate: ClassVar[str]  # what becomes of a pixel, in words: "each pixel is ..."

    def __post_init__(self) -> None:
        check_probability(self.probability)

    @property
    def amount(self) -> str:
        return percent_text(self.probability)

    @property
    def meaning(self) -> str:
        return f"each pixel is {self.fate} with a probability of {percent_text(self.probability, ' %')}"

    def _noisy(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        struck = rng.random(x.shape) < self.probability
        return np.where(struck, self._struck(x, rng), x)

    @abstractmethod
    def _struck(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What each pixel would become, (n, p)."""


def check_probability(value: float) -> None:
    if not 0 <= value <= 1:  # NaN included
        raise InputError(f"noise: a probability of {value:g} is not accepted; one from 0 to 1 (0 % to 100 %) is")


def check_size(what: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"noise: {what} of {value:g} is not accepted; a finite number of at least 0 is")


def check_unit(x: np.ndarray, noise: Corruption) -> None:
    refuse_first(x, ~((x >= 0) & (x <= 1)), f"{noise} is for values from 0 to 1")


def refuse_first(x: np.ndarray, bad: np.ndarray, what: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(f"noise: {what}, and row {row}, column {column} of the data is {x[row, column]:g}")


def percent_text(probability: float, sign: str = "%") -> str:
    return f"{100 * probability:.6g}{sign}"


def log_of(probability: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(probability, dtype=np.float64)


def summed(noisy: np.ndarray, x: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """For each clean row the sum over pixels of ``of(row)``, (m, p): one row after the other, to save memory."""
    total = np.empty((len(noisy), len(x)))
    for column, row in enumerate(x):
        total[:, column] = of(row).sum(axis=1)
    return total
