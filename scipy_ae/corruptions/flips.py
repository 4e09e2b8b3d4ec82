"""Flips: pixels of 0 and 1 inverted, a number of them in each row or each with a probability."""

import math
from dataclasses import dataclass

import numpy as np

from scipy_ae.corruptions.base import Chance, Corruption, refuse_first
from scipy_ae.errors import InputError


@dataclass(frozen=True)
class FlipCount(Corruption):
    """Exactly ``count`` pixels of each row, drawn without replacement, are inverted: x becomes 1 - x. For 0 and 1."""

    count: int
    kind = "flip"
    about = "flip inverts pixels of 0 and 1: flip:2 two pixels of each row, flip:10% each pixel with that probability"

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, (int, np.integer)) or self.count < 0:
            raise InputError(f"noise: {self.count!r} pixels to flip are not accepted; a whole number of at least 0 is")

    @property
    def amount(self) -> str:
        return str(self.count)

    @property
    def meaning(self) -> str:
        one = self.count == 1
        return f"{self.count} pixel{'' if one else 's'} of each row, drawn at random, {'is' if one else 'are'} inverted"

    def check(self, x: np.ndarray) -> None:
        _check_binary(x, self)
        if self.count > x.shape[1]:
            raise InputError(f"noise: {self} inverts more pixels than a row has; at most {x.shape[1]} are accepted")

    def _noisy(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noisy = x.copy()
        if self.count == 0:
            return noisy
        chosen = rng.random(noisy.shape).argpartition(self.count - 1, axis=1)[:, : self.count]
        np.put_along_axis(noisy, chosen, 1.0 - np.take_along_axis(noisy, chosen, axis=1), axis=1)
        return noisy

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.where(_differing(noisy, x) == self.count, 0.0, -np.inf)


@dataclass(frozen=True)
class FlipChance(Chance):
    """Each pixel is inverted with this probability, independent of all others (the binary symmetric channel). Data of 0
    and 1."""

    kind = "flip"
    about = FlipCount.about
    fate = "inverted"

    def check(self, x: np.ndarray) -> None:
        _check_binary(x, self)

    def _struck(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return 1.0 - x

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        return _bernoulli(_differing(noisy, x), x.shape[1], self.probability)


def _check_binary(x: np.ndarray, noise: Corruption) -> None:
    refuse_first(x, (x != 0) & (x != 1), f"{noise} inverts pixels of 0 and 1")


def _differing(noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Pixels in which rows of 0 and 1 differ, (m, n); sums of zeros and ones are exact in floating point."""
    return noisy.sum(axis=1)[:, None] + x.sum(axis=1) - 2.0 * noisy @ x.T


def _bernoulli(changed: np.ndarray, of: int, probability: float) -> np.ndarray:
    """Log-probability that just these were changed of so many, each with that probability."""
    if probability in (0.0, 1.0):
        return np.where(changed == of * probability, 0.0, -np.inf)
    return changed * math.log(probability) + (of - changed) * math.log1p(-probability)
