"""Nonlinear conjugate gradients, on the engine of the quasi-Newton methods."""

import math
from typing import Any

import numpy as np

from scipy_ae.errors import unknown
from scipy_ae.kernels import conjugate
from scipy_ae.kernels.quasi_newton import clear_vector, dot
from scipy_ae.solvers.base import End, Report, Solver
from scipy_ae.solvers.directions import Directions
from scipy_ae.solvers.quasi_newton import Rules, checked, descend
from scipy_ae.solvers.watched import Point, Watched

_FORMS = {"polak-ribiere": conjugate.POLAK_RIBIERE, "hager-zhang": conjugate.HAGER_ZHANG}


class Conjugate(Directions):
    """The last direction and gradient; 16 n bytes.

    Directions are stretched so that the whole of one is the step to try first: the one that would change the value as
    much, to first order, as the last step did (Nocedal & Wright 2006, section 3.5).
    """

    def __init__(self, size: int, form: int) -> None:
        self.size, self.pairs, self._form = size, 0, form
        self._p, self._g = np.empty(0), np.empty(0)
        self._scale = self._gain = 1.0

    @property
    def nbytes(self) -> int:
        return self._p.nbytes + self._g.nbytes

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        if self.pairs > 0:  # as if a step had led here: most of what lies between is one
            p, slope = self._next(g)
            if slope < 0.0:
                return p, slope
        self._p, self._g, self._scale = -g, g, 1.0
        return self._p, -dot(g, g)

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        self._gain = alpha * dot(p, g_old)
        self.pairs += 1
        return self._next(g_new)

    def _next(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        out = clear_vector(self.size)
        slope = conjugate.conjugate_advance(self._form, self._scale, self._p, self._g, g, out)
        scale = self._gain / slope if slope < 0.0 else 1.0
        self._scale = scale if math.isfinite(scale) and scale > 0.0 else 1.0
        out *= self._scale
        self._p, self._g = out, g
        return out, slope * self._scale


class CG(Solver):
    """Nonlinear conjugate gradients: O(n) a step, two vectors of memory.

    Parameters
    ----------
    gtol, norm, xrtol, c1, c2 : float
        As in SciPy's CG; see :class:`Rules`.
    beta : "hager-zhang" or "polak-ribiere"
        How much of the last direction goes into the next: Hager & Zhang (2005), or Polak & Ribière, never below 0, as in
        SciPy.
    """

    name = "CG"
    about = "smooth problems of any size with the memory of two vectors: more steps than L-BFGS, cheaper ones"
    carries = True

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
