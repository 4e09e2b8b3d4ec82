"""What every solver is: a name, what it needs, and ``solve``, which keeps the promises that all of them make."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scipy_ae.errors import InputError, NonFiniteError, UnsupportedError
from scipy_ae.problem import Problem, listed
from scipy_ae.solvers.result import Result
from scipy_ae.solvers.watched import ObjectiveRaised, Point, Watched

#: ``status`` of a result, as far as SciPy's own methods do not bring their own codes.
CONVERGED, MAXITER, STUCK, NON_FINITE, RAISED, STOPPED = 0, 1, 2, 3, 4, 99

Callback = Callable[[Result], None]
#: Seconds within which a run should look up.
_HEARD = 0.1


@dataclass(frozen=True)
class End:
    """How a run ended.

    ``memory`` is for the next run; ``last`` is the point to return where that is not the best one seen.
    """

    status: int
    message: str
    memory: Any = None
    last: Point | None = None
    success: bool = False
    nit: int | None = None


class Report:
    """Counts the iterations and tells the caller of each one."""

    def __init__(self, watched: Watched, callback: Callback | None, stride: int) -> None:
        self._watched, self._callback, self._stride = watched, callback, stride
        self._patience, self._since = 1, time.perf_counter()
        self.nit = 0
        self.stopped = False

    def ahead(self, limit: int) -> int:
        """How many iterations may be made at once, of ``limit`` in all.

        Up to the next of which the caller wants to be told; where none is, about as many as take a tenth of a second,
        so that Ctrl-C is heard.
        """
        if self._callback is not None:
            return min(limit - self.nit, self._stride - self.nit % self._stride)
        now = time.perf_counter()
        taken, self._since = now - self._since, now
        self._patience = max(1, self._patience // 2) if taken > _HEARD else 2 * self._patience
        return min(limit - self.nit, self._patience)

    def due(self, limit: int) -> bool:
        """Whether the caller wants to be told of iteration ``nit``, of ``limit`` in all."""
        return self.nit % self._stride == 0 or self.nit == limit

    def one(self, theta: np.ndarray, fun: float, jac: np.ndarray | None) -> bool:
        """One more iteration ended at ``theta``; True when the callback asks to stop."""
        self.nit += 1
        return self.nit % self._stride == 0 and self(theta, fun, jac)

    def __call__(self, theta: np.ndarray, fun: float, jac: np.ndarray | None) -> bool:
        """Iteration ``nit`` ended at ``theta``; True when the callback asks to stop."""
        if self._callback is None:
            return False
        # copies: what the caller does with them must not reach the solver
        result = Result(x=theta.copy(), fun=fun, nit=self.nit, nfev=self._watched.nfev)
        if jac is not None:
            result.jac = jac.copy()
        try:
            self._callback(result)
        except StopIteration:
            self.stopped = True
        return self.stopped


class Solver(ABC):
    """A way to move theta downhill.

    Attributes
    ----------
    name : str
        As :func:`scipy_ae.solvers.get` knows it.
    needs : frozenset of str
        What it asks of a problem; where it needs ``hess``, ``hessp`` will do and the other way round.
    curvatures : frozenset of str
        Where it needs ``hessp``, any of these will do.
    about : str
        One line: what it is good for.
    carries : bool
        Whether a result brings a ``memory`` that the next run can go on with.
    first_order : bool
        Whether it takes plain gradient steps, which is what mini-batches are for.
    brisk : bool
        Whether an iteration takes an evaluation or two, so that looking at each would cost as much.
    """

    name: str
    about: str
    needs: frozenset[str] = frozenset({"fun", "jac"})
    carries: bool = False
    first_order: ClassVar[bool] = False
    brisk: ClassVar[bool] = False
    curvatures: ClassVar[frozenset[str]] = frozenset()

    def solve(
        self,
        problem: Problem,
        theta: np.ndarray,
        *,
        maxiter: int | None = None,
        memory: Any = None,
        callback: Callback | None = None,
        stride: int = 1,
    ) -> Result:
        """Minimise ``problem`` from ``theta``.

        Parameters
        ----------
        problem : Problem
            Must offer what ``needs`` names.
        theta : array-like of shape (n,)
            The start; not written into.
        maxiter : int, optional
            Bound on the iterations; each method's own default otherwise.
        memory : optional
            ``result.memory`` of an earlier run of the same solver, to go on with what it had learned. It may be
            changed and returned again: copy it first where the old one is still wanted. The problem may have changed
            in between: no value or gradient is remembered.
        callback : callable, optional
            ``callback(intermediate_result)`` after each iteration, a :class:`Result` with ``x``, ``fun``, ``nit``,
            ``nfev``, and ``jac`` where known. Raising StopIteration ends the run, whatever the method.
        stride : int
            Of a method that is ``brisk``, call it after every so many iterations only: between them it stays in
            compiled code where the problem is machine code (``problem.native``).

        Returns
        -------
        Result
            ``x`` is the lowest finite point seen, never above the start, and ``fun`` and ``jac`` (where known) are
            taken there; first-order methods without guard return their last iterate instead, as published.
            ``nit``, ``nfev``, ``njev``, ``nhev``, ``status``, ``success``, ``message``; ``memory``, or None.

        Raises
        ------
        UnsupportedError
            The problem does not offer what the method needs.
        NonFiniteError
            Value or gradient are not finite at the start.
        """
        self.check(problem)
        start = _start(theta)
        whole = isinstance(maxiter, int | np.integer) and not isinstance(maxiter, bool)
        if maxiter is not None and (not whole or maxiter < 0):
            raise InputError(f"maxiter: got {maxiter!r}; accepted is a whole number of at least 0, or None")
        watched = Watched(problem)
        report = Report(watched, callback, stride if self.brisk else 1)
        # values that are not finite are dealt with here, so NumPy need not warn of them
        with watched.threads(), np.errstate(all="ignore"):
            point = watched.begin(start, "jac" in self.needs)
            if maxiter == 0:
                end = End(MAXITER, "no iteration was asked for", memory)
            else:
                try:
                    end = self._run(watched, point, maxiter, memory, report)
                except ObjectiveRaised as raised:
                    report.nit += raised.steps
                    end = End(RAISED, f"the objective raised {raised}; x is the best point before")
        if report.stopped:
            end = End(STOPPED, "stopped by the callback", end.memory, end.last)
        return _result(watched, report, end)

    @abstractmethod
    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        """Iterate from ``start``, already evaluated, telling ``report`` of each iteration."""

    def check(self, problem: Problem) -> None:
        """Refuse a problem that does not offer what the method needs (UnsupportedError)."""
        either = {"hess", "hessp"}
        offers = problem.offers | (either if problem.offers & (either | self.curvatures) else frozenset())
        if self.needs - offers:
            lacking = self.needs - offers
            others = lacking & either and self.curvatures - lacking
            raise UnsupportedError(
                f"{self.name} needs {listed(lacking)}; this objective offers {listed(problem.offers)}"
                + (f"; any of {listed(others)} will do as well" if others else "")
            )

    def __repr__(self) -> str:
        return f"<solver {self.name}>"


def _start(theta: np.ndarray) -> np.ndarray:
    start = np.array(theta, dtype=float)
    if start.ndim != 1 or start.size == 0:
        raise InputError(f"theta: got shape {start.shape}; accepted is one non-empty row of numbers, (n,)")
    if not np.isfinite(start).all():
        bad = np.flatnonzero(~np.isfinite(start))
        raise NonFiniteError(f"theta is not finite at the start: entry {bad[0]} is {start[bad[0]]}")
    return start


def _result(watched: Watched, report: Report, end: End) -> Result:
    point = end.last or watched.best
    result = Result(
        x=point.theta,
        fun=point.fun,
        nit=report.nit if end.nit is None else end.nit,
        nfev=watched.nfev,
        njev=watched.njev,
        nhev=watched.nhev,
        status=end.status,
        success=end.success,
        message=end.message,
        memory=end.memory,
    )
    if point.jac is not None:
        result.jac = point.jac
    return result


def number(name: str, value: float, low: float, high: float = math.inf, *, open_low: bool = False) -> float:
    """``value`` as a float, refused unless low <= value <= high (low < value where ``open_low``) and finite."""
    try:
        got = float(value)
    except (TypeError, ValueError):
        got = math.nan
    if not math.isfinite(got) or got < low or got > high or (open_low and got == low):
        span = f"{'above' if open_low else 'of at least'} {low:g}"
        limit = "" if high == math.inf else f" and at most {high:g}"
        raise InputError(f"{name}: got {value!r}; accepted is a finite number {span}{limit}")
    return got
