"""SciPy's ``least_squares``, and ``root`` by MINPACK, behind the promises of :class:`Solver`."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, least_squares, root

from scipy_ae.errors import InputError, NonFiniteError, UnsupportedError
from scipy_ae.solvers.base import MAXITER, End, Report
from scipy_ae.solvers.scipy_base import ByRecipe, worse
from scipy_ae.solvers.watched import Point, Watched

#: What the options of ours are called in ``root``.
_IN_ROOT = {"maxfev": "maxiter"}


class ScipySquares(ByRecipe):
    """A method of SciPy's that works on residuals and their derivative.

    As :class:`~scipy_ae.solvers.scipy_methods.ScipyMethod`: nothing is asked for twice, the result is the best point
    seen, a value that is not finite is shown to the method as a bad one. An iteration is an evaluation of the
    derivative after the first, since these methods take one at each point that they accept.
    """

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        if memory is not None:
            raise InputError(
                f"memory: not from a run of {self.name} with {start.theta.size} weights; accepted is None, it has none"
            )
        bridge = _Bridge(watched, start, report, maxiter)
        m, n = bridge.size, start.theta.size
        if m < n and self._recipe.method.endswith("lm"):
            raise UnsupportedError(
                f"{self.name} needs at least as many residuals as weights; this objective has {m} residuals and {n} "
                f"weights: use {self._recipe.alternative}"
            )
        self._refuse_large(self._recipe.matrices, m, n)
        try:
            found = self._minimised(bridge, start.theta.copy())
        except StopIteration:
            return End(MAXITER, f"maxiter = {maxiter} iterations are done")
        return End(int(found.status), str(found.message), success=bool(found.success))

    def _minimised(self, bridge: "_Bridge", theta: np.ndarray) -> OptimizeResult:
        with warnings.catch_warnings():
            for category in (RuntimeWarning, UserWarning):
                warnings.simplefilter("ignore", category)
            if self._recipe.method == "root-lm":
                options = {_IN_ROOT.get(name, name): value for name, value in self._options.items()}
                return root(bridge.residual, theta, jac=bridge.residual_jac, method="lm", options=options)
            return least_squares(
                bridge.residual, theta, bridge.residual_jac, method=self._recipe.method, **self._options
            )


class _Bridge:
    """Residuals as SciPy asks for them, at arrays that it writes into afterwards; the last are kept."""

    def __init__(self, watched: Watched, start: Point, report: Report, limit: int | None) -> None:
        self._watched, self._report, self._limit = watched, report, limit
        self._at, self._r = start.theta, watched.residual(start.theta)
        self._worst, self._slope_at = start.fun, np.empty(0)
        self.size = self._r.size
        if not np.isfinite(self._r).all():
            raise NonFiniteError("the residuals are not finite at the start")

    def residual(self, x: np.ndarray) -> np.ndarray:
        if not np.array_equal(x, self._at):
            theta = np.array(x, dtype=float)
            r = self._watched.residual(theta) if np.isfinite(theta).all() else np.array([np.nan])
            self._at, self._r = theta, self._shown(r)
        return self._r.copy()

    def residual_jac(self, x: np.ndarray) -> np.ndarray:
        theta = np.array(x, dtype=float)
        if self._slope_at.size and not np.array_equal(theta, self._slope_at):
            r = self.residual(theta)
            if self._report.one(theta, float(r @ r), None) or self._report.nit == self._limit:
                raise StopIteration
        self._slope_at = theta
        J = self._watched.residual_jac(theta)
        best = self._watched.best
        if np.array_equal(best.theta, theta):
            self._watched.best = replace(best, jac=2.0 * (J.T @ self.residual(theta)))
        return J

    def _shown(self, r: np.ndarray) -> np.ndarray:
        """Themselves, or in place of what is not finite residuals worse than all so far."""
        value = float(r @ r)
        if r.size == self.size and np.isfinite(value):
            self._worst = max(self._worst, value)
            return r
        return np.full(self.size, np.sqrt(worse(self._worst) / self.size))
