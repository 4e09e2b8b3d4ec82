"""Noise on each value by itself: salt and pepper, masking, Gaussian."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.corruptions.base import Chance, Corruption, check_size, check_unit, log_of, summed


@dataclass(frozen=True)
class SaltPepper(Chance):
    """Each pixel is, with this probability, set to 0 or to 1, each half the time, whatever it was. Data in [0, 1].

    Of black-and-white pixels half of those set are what they were, so that ``salt-pepper:20%`` inverts as many as
    ``flip:10%``.
    """

    kind = "salt-pepper"
    about = "salt-pepper:0.2 sets each pixel with that probability to 0 or 1 at random, whatever it was"
    fate = "set to 0 or 1 at random, whatever it was,"

    def check(self, x: np.ndarray) -> None:
        check_unit(x, self)

    def _struck(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(0, 2, x.shape).astype(np.float64)

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        p = self.probability
        ends = 0.5 * p * ((noisy == 0) | (noisy == 1))
        return summed(noisy, x, lambda row: log_of(ends + (1.0 - p) * (noisy == row)))


@dataclass(frozen=True)
class Mask(Chance):
    """Each pixel is set to 0 with this probability ("masking noise"; Vincent et al. 2008, section 2.3)."""

    kind = "mask"
    about = "mask:0.2 sets each pixel with that probability to 0"
    fate = "set to 0"

    def _struck(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros_like(x)

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        p = self.probability
        return summed(noisy, x, lambda row: log_of(p * (noisy == 0) + (1.0 - p) * (noisy == row)))


@dataclass(frozen=True)
class Gaussian(Corruption):
    """N(0, std^2) is added to each value; nothing is cut off."""

    std: float
    kind = "gaussian"
    about = "gaussian:0.3 adds N(0, 0.3²) to each value and cuts nothing off"

    def __post_init__(self) -> None:
        check_size("a standard deviation", self.std)

    @property
    def amount(self) -> str:
        return f"{self.std:g}"

    @property
    def meaning(self) -> str:
        return f"to each value a normal random number of mean 0 and standard deviation {self.std:g} is added"

    def _noisy(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return x + self.std * rng.standard_normal(x.shape)

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        if self.std == 0:
            return summed(noisy, x, lambda row: log_of(noisy == row))
        cross = noisy @ x.T  # |noisy|^2 is the same for all x
        return (cross - 0.5 * np.square(x).sum(axis=1)) / self.std**2
