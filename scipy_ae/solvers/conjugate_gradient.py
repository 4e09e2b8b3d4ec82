"""Nonlinear conjugate gradients, on the engine of the quasi-Newton methods."""

import math
from typing import Any

import numpy as np

from scipy_ae.errors import unknown
from scipy_ae.kernels import conjugate, curvature
from scipy_ae.kernels.curvature import BETA, GAIN, SCALE
from scipy_ae.kernels.quasi_newton import clear_vector, dot
from scipy_ae.solvers.base import End, Report, Solver
from scipy_ae.solvers.descent import Rules, checked, descend
from scipy_ae.solvers.directions import Directions
from scipy_ae.solvers.watched import Point, Watched

_FORMS = {"polak-ribiere": conjugate.POLAK_RIBIERE, "hager-zhang": conjugate.HAGER_ZHANG}


class Conjugate(Directions):
    """The last direction and gradient; 16 n bytes."""

    form = curvature.CONJUGATE

    def __init__(self, size: int, beta: int) -> None:
        super().__init__(size)
        self.reals[SCALE], self.whole[BETA] = 1.0, beta
        self.last: tuple[np.ndarray, np.ndarray] | None = None

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        if self.last is not None:  # as if a step had led here: most of what lies between is one
            (p, old), out = self.last, clear_vector(self.size)
            slope = conjugate.conjugate_advance(self.whole[BETA], self.reals[SCALE], p, old, g, out)
            scale = self.reals[GAIN] / slope if slope < 0.0 else 0.0
            if math.isfinite(scale) and scale > 0.0:
                self.reals[SCALE] = scale
                return scale * out, scale * slope
        self.reals[SCALE] = 1.0
        return -g, -dot(g, g)

    def rest(self, p: np.ndarray, g: np.ndarray) -> None:
        self.last = p.copy(), g.copy()


class CG(Solver):
    """Nonlinear conjugate gradients: O(n) a step, two vectors of memory.

    Parameters
    ----------
    gtol, norm, xrtol, c1, c2 : float
        As in SciPy's CG; see :class:`Rules`.
    beta : "hager-zhang" or "polak-ribiere"
        How much of the last direction goes into the next: Hager & Zhang (2005), or Polak & Ribière, never below 0, as
        in SciPy.
    """

    name = "CG"
    about = "smooth problems of any size with the memory of two vectors: more steps than L-BFGS, cheaper ones"
    carries = True
    brisk = True

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        c1: float = 1e-4,
        c2: float = 0.4,
        beta: str = "hager-zhang",
    ) -> None:
        self._rules = Rules(gtol, norm, xrtol, 0.0, c1, c2)
        if beta not in _FORMS:
            raise unknown("beta", beta, list(_FORMS))
        self._form = _FORMS[beta]

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        learned = checked(self.name, memory, size, Conjugate)
        limit = 200 * size if maxiter is None else maxiter
        return descend(watched, start, learned, lambda: Conjugate(size, self._form), self._rules, limit, report)
