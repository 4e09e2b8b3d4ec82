"""BFGS and L-BFGS: one engine, which differs only in how the inverse Hessian is kept."""

import math
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.solvers.base import End, Report, Solver, number
from scipy_ae.solvers.descent import Rules, checked, descend
from scipy_ae.solvers.inverse_hessian import DenseMatrix, DirectionSum, InverseHessian, PairRing
from scipy_ae.solvers.watched import Point, Watched


class BFGS(Solver):
    """BFGS with SciPy's iterates, at O(k n) for step k in place of O(n^3).

    The inverse Hessian starts as the identity and is kept as a sum over the directions taken, 8 k n bytes; once these
    would take more room than the matrix, at k = n, they are folded into it, and a step costs O(n^2). Where SciPy ends
    for loss of precision this forgets what it has learned and goes on, as long as that pays.

    Parameters
    ----------
    gtol, norm, xrtol, c1, c2 : float
        As in SciPy's BFGS; see :class:`Rules`.
    hess_inv0 : ndarray of shape (n, n), optional
        An inverse Hessian to start from; it is then kept as a matrix from the start.
    h0 : "identity", "first-pair" or float
        What H starts from: the identity, as in SciPy; the identity times y . s / y . y of the first step, set when that
        is known (Nocedal & Wright 2006, eq. 6.20); or the identity times a number above 0. Networks whose loss is a
        mean over samples are flat in most directions, and learn much faster from some 100 than from the other two.
    max_memory : int
        Bytes that H may take, 1 GiB unless told. Folding needs rows and matrix at once, 16 n^2 bytes (n = 8192 for
        1 GiB). Where that is too much H is kept as pairs of step and change of gradient, 16 n bytes each, and when
        the next pair would be over the limit the oldest is dropped: from then on this is L-BFGS with
        ``max_memory / 16 n`` pairs (at least one), scaled by the newest.
    """

    name = "BFGS"
    about = "smooth problems up to some 10 000 weights: fast at the end, SciPy's iterates without its n^3 cost"
    carries = True
    brisk = True

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        c1: float = 1e-4,
        c2: float = 0.9,
        hess_inv0: np.ndarray | None = None,
        h0: str | float = "identity",
        max_memory: int = 2**30,
    ) -> None:
        self._rules = Rules(gtol, norm, xrtol, 0.0, c1, c2)
        if isinstance(h0, str) and h0 not in ("identity", "first-pair"):
            raise InputError(f"h0: got {h0!r}; accepted are 'identity', 'first-pair' and a number above 0")
        if hess_inv0 is not None and h0 != "identity":
            raise InputError("h0: contradicts hess_inv0; give one of them")
        self._hess_inv0, self._from_first = hess_inv0, h0 == "first-pair"
        self._scale = 1.0 if isinstance(h0, str) else number("h0", h0, 0.0, open_low=True)
        self._max_memory = number("max_memory", max_memory, 1)

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        learned = checked(self.name, memory, size, InverseHessian)
        if learned is None and self._hess_inv0 is not None:
            learned = DenseMatrix.given(self._hess_inv0, size)
        limit = 200 * size if maxiter is None else maxiter
        return descend(watched, start, learned, lambda: self._empty(size), self._rules, limit, report)

    def _empty(self, size: int) -> InverseHessian:
        if 16 * size**2 <= self._max_memory:
            return DirectionSum(size, self._scale, self._from_first)
        rows = max(1, int(self._max_memory // (16 * size)))
        return PairRing(size, rows, "first" if self._from_first else "fixed", self._scale)


class LBFGS(Solver):
    """Limited-memory BFGS: the last ``maxcor`` pairs, O(maxcor n) a step (Nocedal 1980; Liu & Nocedal 1989).

    Parameters
    ----------
    maxcor : int
        Pairs kept, 10 unless told, as in SciPy.
    gtol, norm, xrtol, ftol, c1, c2 : float
        See :class:`Rules`. Unlike SciPy's L-BFGS-B, ``ftol`` is 0 unless given: it does not stop early.
    """

    name = "L-BFGS"
    about = "smooth problems of any size: little memory, more steps than BFGS"
    carries = True
    brisk = True

    def __init__(
        self,
        maxcor: int = 10,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        ftol: float = 0.0,
        c1: float = 1e-4,
        c2: float = 0.9,
    ) -> None:
        self._rules = Rules(gtol, norm, xrtol, ftol, c1, c2)
        if number("maxcor", maxcor, 1) != int(maxcor):
            raise InputError(f"maxcor: got {maxcor!r}; accepted is a whole number of at least 1")
        self._maxcor = int(maxcor)

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        learned = checked(self.name, memory, size, PairRing)
        limit = 15000 if maxiter is None else maxiter
        return descend(watched, start, learned, lambda: PairRing(size, self._maxcor), self._rules, limit, report)
