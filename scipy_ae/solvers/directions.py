"""Where a line search is to go next: what the methods that follow directions have in common."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from scipy_ae.kernels import curvature
from scipy_ae.kernels.native import data_of
from scipy_ae.kernels.quasi_newton import clear_vector

#: Room for as many steps as one likes.
ENDLESS = 2**62


class Directions(ABC):
    """Gives a direction at each point, and learns from each step along it.

    What it knows lies in plain arrays, which compiled code goes on with: see :mod:`scipy_ae.kernels.curvature`.

    Attributes
    ----------
    form : int
        How the arrays are to be read.
    size : int
        n.
    """

    form: ClassVar[int]

    def __init__(self, size: int) -> None:
        self.size = size
        self.A, self.B, self.v = np.empty((0, size)), np.empty((0, 2)), np.empty(0)
        self.reals = np.zeros(curvature.REALS_SIZE)
        self.whole = np.zeros(curvature.WHOLE_SIZE, dtype=np.int64)

    @property
    def pairs(self) -> int:
        """How many steps it has learned from, as far as it still knows of them."""
        return int(self.whole[curvature.PAIRS])

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.A.nbytes + self.B.nbytes + self.v.nbytes

    @abstractmethod
    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        """The direction at a point with gradient ``g`` that no step led to, and its slope."""

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        """Learn from a step ``alpha p`` along the direction last given; the next direction and its slope."""
        out = clear_vector(self.size)
        return out, curvature.learn(*self.native(), alpha, p, g_old, g_new, out)

    def native(self) -> tuple[int, np.ndarray]:
        """Address and context for compiled code, good until the arrays are exchanged."""
        context = np.array([self.size, len(self.A), self.B.shape[1], 0, 0, 0, 0, 0], dtype=np.intp)
        context[curvature.A :] = [data_of(array) for array in (self.A, self.B, self.v, self.reals, self.whole)]
        return curvature.address_of(self.form), context

    @property
    def room(self) -> int:
        """How many more steps it can learn from as it is."""
        return ENDLESS

    def roomy(self) -> "Directions":
        """Itself with room for one more step, or the form that has it."""
        return self

    def rest(self, p: np.ndarray, g: np.ndarray) -> None:  # noqa: B027 - most have nothing to note
        """The run is over with ``p`` the direction to go next, at a point with gradient ``g``."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.pairs} pairs for {self.size} weights>"
