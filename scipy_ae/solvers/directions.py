"""Where a line search is to go next: what the methods that follow directions have in common."""

from abc import ABC, abstractmethod

import numpy as np


class Directions(ABC):
    """Gives a direction at each point, and learns from each step along it.

    ``size`` is n; ``pairs`` counts the steps that it has learned from; ``nbytes`` is what its arrays take.
    """

    size: int
    pairs: int

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of its arrays."""

    @abstractmethod
    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        """The direction at a point with gradient ``g`` that no step led to, and its slope."""

    @abstractmethod
    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        """Learn from a step ``alpha p`` along the direction last given; the next direction and its slope."""

    def roomy(self) -> "Directions":
        """Itself with room for one more step, or the form that has it."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.pairs} pairs for {self.size} weights>"
