"""Powell's method: minima along one direction after another, no derivative asked."""

from typing import Any

import numpy as np

from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.kernels import powell as kernel
from scipy_ae.kernels.machine import EVALUATIONS, F_NEW, X_NEW, X
from scipy_ae.solvers.base import CONVERGED, MAXITER, STOPPED, End, Report, Solver, number
from scipy_ae.solvers.descent import checked
from scipy_ae.solvers.free_memory import free_bytes
from scipy_ae.solvers.machine import Machine
from scipy_ae.solvers.watched import Point, Watched

#: Directions searched between two looks at the world.
_LINES = 256


class Powell(Solver):
    """Powell's direction set method (Powell 1964, Computer Journal 7, 155-162; Press et al. 2007, section 10.7).

    Directions begin as the unit vectors and are kept as such until replaced: n directions take no n^2 numbers, and
    where the objective is a network's a step along one of them works out again only what that weight touches. ``nfev``
    counts such values like any other, and the one of each step that is taken. The first step along a direction is as
    long as the last one that was taken there, which saves most of SciPy's bracketing.

    Parameters
    ----------
    xtol : float
        Of each line search, a hundred times as coarse: its minimum is found to ``100 xtol`` of the step's length.
    ftol : float
        Converged when a round over all directions lowers fun by no more than this part of it.
    maxfev : int, optional
        Bound on the evaluations.
    direc : ndarray of shape (n, n), optional
        Directions to begin with, one in each row.
    """

    name = "Powell"
    about = "no gradient: a round over n weights costs some 5 n values, each a fraction of an evaluation on networks"
    needs = frozenset({"fun"})

    def __init__(
        self,
        xtol: float = 1e-4,
        ftol: float = 1e-4,
        maxfev: int | None = None,
        direc: np.ndarray | None = None,
    ) -> None:
        self._xtol, self._ftol = number("xtol", xtol, 0.0), number("ftol", ftol, 0.0)
        self._maxfev = 2**62 if maxfev is None else int(number("maxfev", maxfev, 1))
        self._direc = direc

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        checked(self.name, memory, start.theta.size, type(None))
        machine = _Machine(watched, start, 100.0 * self._xtol, self._maxfev)
        directions = _Directions(start.theta.size, self._direc)
        limit = 1000 * start.theta.size if maxiter is None else maxiter
        while report.nit < limit:
            x, value = machine.x.copy(), machine.fun
            spent = machine.search(directions)
            report.nit += 1
            small = self._ftol * (abs(value) + abs(machine.fun)) + 1e-20
            done = not spent and 2.0 * (value - machine.fun) <= small  # a round cut short tells nothing
            if not (done or spent):
                machine.extrapolate(directions, x, value)
            if report.due(limit) and report(machine.x, machine.fun, None):
                return End(STOPPED, "")
            if done:
                message = f"converged: the last round lowered fun by at most ftol = {self._ftol:g} of it"
                return End(CONVERGED, message, success=True)
            if spent:
                return End(MAXITER, f"maxfev = {self._maxfev} evaluations are made")
        return End(MAXITER, f"maxiter = {limit} iterations are done")


class _Directions:
    """n directions, most of them unit vectors; and how far to go first along each."""

    def __init__(self, size: int, given: np.ndarray | None) -> None:
        self.which = -1 - np.arange(size)
        self.lengths = np.ones(size + 1)
        self.rows = np.empty((0, size))
        if given is not None:
            rows = np.array(given, dtype=float)
            if rows.shape != (size, size) or not np.isfinite(rows).all():
                raise InputError(f"direc: got shape {rows.shape}; accepted are ({size}, {size}) finite numbers")
            self.rows, self.which = rows, np.arange(size)

    def replace(self, biggest: int, row: np.ndarray) -> None:
        """Give up the direction of the largest decrease for the average one, which becomes the last."""
        freed = int(self.which[biggest])
        self.which[biggest], self.lengths[biggest] = self.which[-1], self.lengths[-2]
        if freed < 0:
            self._refuse_large()
            freed, self.rows = len(self.rows), np.vstack([self.rows, row])
        self.rows[freed], self.which[-1], self.lengths[-2] = row, freed, 1.0

    def _refuse_large(self) -> None:
        needed, free = 2 * self.rows.nbytes, free_bytes()
        if free is not None and needed > free:
            raise UnsupportedError(
                f"Powell would need {needed / 1e9:.1f} GB for its directions, {free / 1e9:.1f} GB are free;"
                " use L-BFGS, which needs jac"
            )


class _Machine(Machine):
    """The kernel :func:`scipy_ae.kernels.powell.search` as Python drives it."""

    def __init__(self, watched: Watched, start: Point, tol: float, most: int) -> None:
        begun = Point(start.theta, start.fun, np.zeros(start.theta.size))
        super().__init__(kernel.search, watched, begun, kernel.VECTORS, kernel.REALS, kernel.WHOLE)
        self.reals[kernel.TOL], self._most, self._start = tol, most, watched.nfev

    @property
    def x(self) -> np.ndarray:
        """Where it is; borrowed."""
        return self.row(X)

    def search(self, directions: _Directions) -> bool:
        """One round over all directions; True where the evaluations ran out."""
        self.whole[kernel.NEXT], self.reals[kernel.DROP], self.whole[kernel.BIGGEST] = 0, 0.0, 0
        count = directions.which.size
        for last in range(min(_LINES, count), count + _LINES, _LINES):
            if self._lines(directions.rows, directions.which, directions.lengths, min(last, count)):
                return True
        return False

    def extrapolate(self, directions: _Directions, x: np.ndarray, value: float) -> None:
        """After a round from ``x``: go on along its average direction where that pays, and take it up."""
        move, here, drop = self.x - x, self.fun, float(self.reals[kernel.DROP])
        if not move.any():
            return
        beyond = self._watched.fun(self.x + move)
        if not beyond < value:
            return
        # products, since a power of Python's raises where it overflows
        rest, fall = value - here - drop, value - beyond
        if 2.0 * (value + beyond - 2.0 * here) * rest * rest >= drop * fall * fall:
            return
        directions.replace(int(self.whole[kernel.BIGGEST]), move)
        self.whole[kernel.NEXT] = 0
        self._lines(move[None, :], np.zeros(1, dtype=np.int64), np.ones(1), 1)

    def _lines(self, rows: np.ndarray, which: np.ndarray, lengths: np.ndarray, last: int) -> bool:
        code = self._watched.native
        address, context = (0, np.zeros(0, dtype=np.intp)) if code is None else (code.address, code.context)
        probe = code.probe() if code is not None and code.probe is not None else 0
        while True:
            before = int(self.whole[EVALUATIONS])
            verdict = kernel.search(
                address, context, probe, rows, which, lengths,
                self._vectors, self.reals, self.whole, self.size, last, self._most - self._watched.nfev + before,
            )  # fmt: skip
            self._watched.nfev += int(self.whole[EVALUATIONS]) - before
            if verdict != kernel.ASK:
                break
            self.reals[F_NEW] = self._watched.fun(self.row(X_NEW).copy())
        if address != 0 and self.fun < self._watched.best.fun:
            self._watched.fun(self.x.copy())  # to the last bit, where values were put together from parts
        return bool(verdict == kernel.SPENT)
