"""Noise around lit pixels, as a published study put it on letters."""

import math
from dataclasses import dataclass

import numpy as np

from scipy_ae.corruptions.base import Corruption, check_size, check_unit, log_of, summed
from scipy_ae.errors import InputError

#: Rows and columns to which the neighbourhood of a lit pixel reaches, and the mean of what is added there.
SPREAD, MEAN = 1, 1.0


@dataclass(frozen=True)
class Neighbourhood(Corruption):
    """The published noise on letters: to every pixel around a lit one N(1, 1) * intensity / 2 is added.

    Around a lit pixel are the eight at most one row and one column from it (spread 1); itself it counts only as a
    neighbour of another. Each pixel is changed once, however many lit ones it touches, and nothing is cut off. Images
    in [0, 1].

    Parameters
    ----------
    intensity : float
        0.1, 0.3 and 0.5 in the study.
    image_shape : (int, int)
        Height and width in pixels.
    """

    intensity: float
    image_shape: tuple[int, int]
    kind = "neighbourhood"
    about = (
        "neighbourhood:0.3 is the published one: N(1, 1) · 0.3 / 2 is added to each pixel next to a lit one, diagonals"
        " included"
    )

    def __post_init__(self) -> None:
        check_size("an intensity", self.intensity)

    @property
    def amount(self) -> str:
        return f"{self.intensity:g}"

    @property
    def meaning(self) -> str:
        return (
            "to each pixel next to a lit one, diagonals included, a normal random number of mean 1 and"
            f" standard deviation 1, times {self.intensity / 2:g}, is added"
        )

    def check(self, x: np.ndarray) -> None:
        check_unit(x, self)
        if math.prod(self.image_shape) != x.shape[1]:
            raise InputError(f"noise: an image of {self.image_shape} does not fit rows of {x.shape[1]} pixels")

    def _noisy(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        added = 0.5 * self.intensity * rng.normal(MEAN, 1.0, x.shape)
        return np.where(self.around(x), x + added, x)

    def around(self, x: np.ndarray) -> np.ndarray:
        """Which pixels have a lit one next to them, (n, p) of bool."""
        h, w = self.image_shape
        lit = np.zeros((len(x), h + 2 * SPREAD, w + 2 * SPREAD), dtype=bool)
        lit[:, SPREAD:-SPREAD, SPREAD:-SPREAD] = (np.asarray(x) > 0.5).reshape(-1, h, w)
        near = np.zeros((len(x), h, w), dtype=bool)
        for down in range(2 * SPREAD + 1):
            for right in range(2 * SPREAD + 1):
                if (down, right) != (SPREAD, SPREAD):
                    near |= lit[:, down : down + h, right : right + w]
        return near.reshape(len(x), h * w)

    def log_likelihood(self, noisy: np.ndarray, x: np.ndarray) -> np.ndarray:
        scale = 0.5 * self.intensity
        if scale == 0:
            return summed(noisy, x, lambda row: log_of(noisy == row))

        def of(row: np.ndarray) -> np.ndarray:
            # a pixel that is changed is never exactly what it was, and one that is not always is
            same, near = noisy == row, self.around(row[None])[0]
            density = -0.5 * ((noisy - row) / scale - MEAN) ** 2
            return np.where(same == near, -np.inf, np.where(near, density, 0.0))

        return summed(noisy, x, of)
