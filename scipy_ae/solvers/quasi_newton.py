"""BFGS and L-BFGS: one engine for all that follow directions, and two ways to keep the inverse Hessian."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import line_search as search
from scipy_ae.kernels.quasi_newton import dot, largest
from scipy_ae.solvers.base import (
    CONVERGED,
    MAXITER,
    NON_FINITE,
    STOPPED,
    STUCK,
    End,
    Report,
    Solver,
    number,
)
from scipy_ae.solvers.directions import Directions
from scipy_ae.solvers.inverse_hessian import DenseMatrix, DirectionSum, InverseHessian, PairRing
from scipy_ae.solvers.watched import Point, Watched

#: The relative decrease that another start from scratch must have brought.
_WORTH = 1e-6


@dataclass(frozen=True)
class Rules:
    """When a run stops, and which steps it accepts.

    Parameters
    ----------
    gtol : float
        Converged when the norm of the gradient is at most this.
    norm : float
        Order of that norm; inf is the largest entry.
    xrtol : float
        Converged when a step is no longer than ``xrtol * (xrtol + |theta|)``.
    ftol : float
        Converged when a step lowers fun by at most ``ftol * max(|fun before|, |fun after|, 1)``; 0 asks nothing.
    c1, c2 : float
        Of the strong Wolfe conditions, 0 < c1 < c2 < 1.
    """

    gtol: float
    norm: float
    xrtol: float
    ftol: float
    c1: float
    c2: float

    def __post_init__(self) -> None:
        for name in ("gtol", "xrtol", "ftol"):
            number(name, getattr(self, name), 0.0)
        if not 0.0 < self.c1 < self.c2 < 1.0:
            raise InputError(f"c1, c2: got {self.c1} and {self.c2}; accepted is 0 < c1 < c2 < 1")

    def size(self, g: np.ndarray) -> float:
        """The norm of the gradient ``g``."""
        if self.norm == math.inf:
            return largest(g)
        return float(np.linalg.norm(g, self.norm))

    def reached(self, before: Point, step: float, after: Point) -> str:
        """Why the step of that length from ``before`` to ``after`` was the last; empty where it was not."""
        if self.size(after.jac) <= self.gtol:
            return f"converged: the norm of the gradient is at most gtol = {self.gtol:g}"
        if self.xrtol > 0.0 and step <= self.xrtol * (self.xrtol + np.linalg.norm(after.theta)):
            return f"converged: the last step is within xrtol = {self.xrtol:g}"
        small = self.ftol * max(abs(before.fun), abs(after.fun), 1.0)
        if self.ftol > 0.0 and before.fun - after.fun <= small:
            return f"converged: the last decrease is within ftol = {self.ftol:g}"
        return ""


def descend(
    watched: Watched,
    here: Point,
    learned: Directions | None,
    fresh: Callable[[], Directions],
    rules: Rules,
    maxiter: int,
    report: Report,
) -> End:
    """Steps along directions from ``here``, with the curvature ``learned``, or none.

    Steps satisfy the strong Wolfe conditions, and each teaches where to go next. Without curvature from an
    earlier run the first trial step is that of SciPy's BFGS, of length about 1 / |g|; with it, the whole direction.

    Where a direction gives no descent, or no acceptable step, SciPy ends. Here what was learned is forgotten and the run goes on
    from scratch: it may have lost its precision, or come from another problem. It ends when that fails at once, or has
    brought no relative decrease of ``_WORTH`` since the time before.
    """
    curvature = learned if learned is not None else fresh()
    if rules.size(here.jac) <= rules.gtol:
        message = f"converged: the norm of the gradient is at most gtol = {rules.gtol:g}"
        return End(CONVERGED, message, curvature, success=True)
    p, slope = curvature.direction(here.jac)
    f_before = math.inf if curvature.pairs > 0 else here.fun + float(np.linalg.norm(here.jac)) / 2
    state, forgot_at = np.zeros(search.STATE_SIZE), math.inf
    while report.nit < maxiter:
        found = _along(watched, here, p, slope, f_before, rules, state) if slope < 0.0 else None
        if found is None and curvature.pairs > 0 and forgot_at - here.fun > _WORTH * abs(here.fun):
            curvature, forgot_at = fresh(), here.fun
            p, slope = curvature.direction(here.jac)
            f_before = here.fun + float(np.linalg.norm(here.jac)) / 2
            continue
        if found is None:
            return _stuck(state, curvature)
        alpha, there = found
        curvature = curvature.roomy()
        step = alpha * math.sqrt(dot(p, p)) if rules.xrtol > 0.0 else 0.0
        p, slope = curvature.advance(alpha, p, here.jac, there.jac)
        reason = rules.reached(here, step, there)
        here, f_before = there, here.fun
        if report(here.theta, here.fun, here.jac):
            return End(STOPPED, "", curvature)
        if reason:
            return End(CONVERGED, reason, curvature, success=True)
    return End(MAXITER, f"maxiter = {maxiter} iterations are done", curvature)


def _along(
    watched: Watched,
    here: Point,
    p: np.ndarray,
    slope: float,
    f_before: float,
    rules: Rules,
    state: np.ndarray,
) -> tuple[float, Point] | None:
    """An acceptable step along ``p`` and the point that it leads to, or None."""
    alpha = search.search_begin(state, here.fun, f_before, slope, rules.c1, rules.c2)
    while alpha > 0.0:
        theta = here.theta + alpha * p
        value, gradient = watched.fun_and_jac(theta)
        verdict = search.search_next(state, value, dot(gradient, p))
        if verdict == search.ACCEPTED:
            return alpha, Point(theta, value, gradient)
        if verdict == search.FAILED:
            return None
        alpha = float(state[search.STEP])
    return None  # the last step changed nothing, so there is no length to go by


def _stuck(state: np.ndarray, curvature: Directions) -> End:
    if state[search.WALLS] > 0:
        return End(
            NON_FINITE, "the objective is not finite along the search direction, however short the step", curvature
        )
    return End(STUCK, "no step along the search direction lowers fun: its precision is used up", curvature)


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
        Bytes that H may take, 256 MiB unless told. Folding needs rows and matrix at once, 16 n^2 bytes (n = 4096 for
        256 MiB). Where that is too much H is kept as pairs of step and change of gradient, 16 n bytes each, and when
        the next pair would be over the limit the oldest is dropped: from then on this is L-BFGS with
        ``max_memory / 16 n`` pairs (at least one), scaled by the newest.
    """

    name = "BFGS"
    about = "smooth problems up to some 10 000 weights: fast at the end, SciPy's iterates without its n^3 cost"
    carries = True

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        c1: float = 1e-4,
        c2: float = 0.9,
        hess_inv0: np.ndarray | None = None,
        h0: str | float = "identity",
        max_memory: int = 256 * 2**20,
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
        Pairs kept.
    gtol, norm, xrtol, ftol, c1, c2 : float
        See :class:`Rules`. Unlike SciPy's L-BFGS-B, ``ftol`` is 0 unless given: it does not stop early.
    """

    name = "L-BFGS"
    about = "smooth problems of any size: little memory, more steps than BFGS"
    carries = True

    def __init__(
        self,
        maxcor: int = 20,
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


def checked(name: str, memory: Any, size: int, kind: Any) -> Any:
    """``memory`` of a run before, refused where it is of another solver or size; None where there is none."""
    if memory is None:
        return None
    if not isinstance(memory, kind) or memory.size != size:
        raise InputError(f"memory: not from a run of {name} with {size} weights; accepted is that, or None")
    return memory
