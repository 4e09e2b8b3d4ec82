"""A problem under watch: evaluations counted, the best point kept, failures turned into what a solver can use."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, NonFiniteError, ScipyAEError
from scipy_ae.problem import Native, Problem, Root


@dataclass(frozen=True, slots=True)
class Point:
    """A place that was evaluated: ``theta`` (n,), its value, its gradient (n,), None where that was not asked."""

    theta: np.ndarray
    fun: float
    jac: Any = None


class ObjectiveRaised(Exception):  # noqa: N818 - it carries an error, it is none
    """Carries an exception out of an evaluation, through whatever method is running, back to the solver.

    ``steps`` is how many iterations a kernel had done that nobody has counted yet.
    """

    steps = 0


class Watched(Problem):
    """The problem as a solver sees it.

    - ``nfev``, ``njev``, ``nhev`` count the evaluations; ``fun_and_jac`` is one of each of the first two, and
      ``nhev`` counts Hessians, Gauss-Newton matrices, their roots and products with one alike.
    - ``best`` is the lowest point so far whose value and gradient are finite.
    - A value that is not finite, or an :class:`ArithmeticError`, comes out as NaN; so does a finite value with a
      gradient that is not. Any other exception comes out as :class:`ObjectiveRaised`. At the start both are the
      caller's business and come out as they are.

    ``theta`` arrays given to it are kept, not copied: the caller must not write into them afterwards.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.offers = problem.offers
        self.nfev = self.njev = self.nhev = 0
        self.best = Point(np.empty(0), math.inf)

    @property
    def native(self) -> Native | None:
        """The problem's machine code: who calls it counts for himself, and keeps ``best``."""
        return self._problem.native

    def threads(self) -> AbstractContextManager:
        return self._problem.threads()

    def begin(self, theta: np.ndarray, with_jac: bool) -> Point:
        """Evaluate the start, which must be finite; it becomes ``best``."""
        self.nfev += 1
        if with_jac:
            self.njev += 1
            value, gradient = self._problem.fun_and_jac(theta)
            gradient = _shaped("jac", np.ascontiguousarray(gradient, dtype=float), theta.shape)
        else:
            value, gradient = self._problem.fun(theta), None
        if not math.isfinite(value):
            raise NonFiniteError(f"the objective is {float(value)} at the start")
        if gradient is not None and not np.isfinite(gradient).all():
            bad = np.flatnonzero(~np.isfinite(gradient))
            raise NonFiniteError(
                f"the gradient is not finite at the start: {bad.size} of its {gradient.size} entries, "
                f"the first at index {bad[0]} ({gradient[bad[0]]})"
            )
        self.best = Point(theta, float(value), gradient)
        return self.best

    def fun(self, theta: np.ndarray) -> float:
        self.nfev += 1
        try:
            value = float(self._problem.fun(theta))
        except Exception as error:
            value = _as_nan(error)
        if value < self.best.fun and value != -math.inf:
            self.best = Point(theta, value)
        return value

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        self.nfev += 1
        self.njev += 1
        try:
            value, gradient = self._problem.fun_and_jac(theta)
        except Exception as error:
            return _as_nan(error), np.full(theta.size, math.nan)
        value, gradient = float(value), _shaped("jac", np.ascontiguousarray(gradient, dtype=float), theta.shape)
        if not math.isfinite(value) or not math.isfinite(gradient.dot(gradient)):
            return math.nan, gradient
        if value < self.best.fun:
            self.best = Point(theta, value, gradient)
        return value, gradient

    def jac(self, theta: np.ndarray) -> np.ndarray:
        self.njev += 1
        return _shaped("jac", self._ask(self._problem.jac, theta), theta.shape)

    def hess(self, theta: np.ndarray) -> np.ndarray:
        self.nhev += 1
        return _shaped("hess", self._ask(self._problem.hess, theta), 2 * theta.shape)

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.nhev += 1
        return _shaped("hessp", self._ask(self._problem.hessp, theta, v), theta.shape)

    def gauss_newton_diagonal(self, theta: np.ndarray) -> np.ndarray:
        self.nhev += 1
        return _shaped("gauss_newton_diagonal", self._ask(self._problem.gauss_newton_diagonal, theta), theta.shape)

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.nhev += 1
        return _shaped("gauss_newton_p", self._ask(self._problem.gauss_newton_p, theta, v), theta.shape)

    def gauss_newton(self, theta: np.ndarray) -> np.ndarray:
        self.nhev += 1
        return _shaped("gauss_newton", self._ask(self._problem.gauss_newton, theta), 2 * theta.shape)

    def gauss_newton_root(self, theta: np.ndarray) -> Root:
        self.nhev += 1
        return self._ask(self._problem.gauss_newton_root, theta)

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Residuals, whose sum of squares is a value like any other; one NaN where there are none to be had."""
        self.nfev += 1
        try:
            r = np.array(self._problem.residual(theta), dtype=float).reshape(-1)
        except Exception as error:
            return np.array([_as_nan(error)])
        value = float(r @ r)
        if value < self.best.fun:
            self.best = Point(theta, value)
        return r

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        self.njev += 1
        return self._ask(self._problem.residual_jac, theta)

    @staticmethod
    def _ask(question: Callable, *arguments: np.ndarray) -> Any:
        try:
            return question(*arguments)
        except Exception as error:
            raise _carried(error) from error


def _shaped(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array, refused where it is of another shape: compiled code checks no index."""
    if np.shape(array) != shape:
        raise InputError(f"{name}: got shape {np.shape(array)}; accepted is {shape}, for theta of shape {shape[:1]}")
    return array


def _as_nan(error: Exception) -> float:
    # numpy's overflow warnings are exceptions where the user has asked for that
    if isinstance(error, ArithmeticError | RuntimeWarning):
        return math.nan
    raise _carried(error) from error


def _carried(error: Exception) -> Exception:
    """What to raise for ``error``: our own sentences and a full memory are nobody's bad point."""
    if isinstance(error, ScipyAEError | MemoryError):
        return error
    return ObjectiveRaised(f"{type(error).__name__}: {error}")
