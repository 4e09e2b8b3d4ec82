"""Every local method of ``scipy.optimize.minimize``, behind the promises of :class:`Solver`."""

import warnings
from typing import Any

import numpy as np
import scipy
from scipy.optimize import OptimizeResult, OptimizeWarning, minimize

from scipy_ae.errors import InputError
from scipy_ae.solvers.base import MAXITER, End, Report
from scipy_ae.solvers.krylov import columns
from scipy_ae.solvers.operators import Operators
from scipy_ae.solvers.scipy_base import ByRecipe, worse
from scipy_ae.solvers.scipy_recipes import Recipe
from scipy_ae.solvers.watched import Point, Watched


class ScipyMethod(ByRecipe):
    """One of SciPy's methods of ``minimize``, run by SciPy.

    What differs from calling ``minimize``: value and gradient come from one evaluation and are not asked for twice;
    the result is the best point seen; StopIteration in the callback ends every method; a value that is not finite is
    shown to the method as a bad one; its warnings are not passed on, and what they say is in ``message``; ``status``
    is the method's own. Only SciPy's BFGS carries a memory, its matrix.
    """

    def __init__(self, recipe: Recipe, name: str, **options: Any) -> None:
        super().__init__(recipe, name, **options)
        self.carries = recipe.method == "BFGS"

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        n, matrices = start.theta.size, self._recipe.matrices
        if self._recipe.uses and not watched.offers & {"hess", "hessp"}:
            matrices += self._recipe.matrices_alone
        self._refuse_large(matrices, n, n)
        bridge = _Bridge(watched, start, report, None if self._recipe.bounded else maxiter)
        options = dict(self._options)
        if memory is not None:
            options["hess_inv0"] = self._checked(memory, n)
        if maxiter is not None and self._recipe.bounded:
            options["maxiter"] = int(maxiter)
        elif maxiter is not None:  # stopped by the callback, so its bound on evaluations must not come first
            options.setdefault("maxfun", max(100, 10 * n, 100 * int(maxiter)))
        found = _minimize(start.theta, self._recipe.method, options, bridge.answers(self._recipe))
        if found is None and not report.stopped:
            return End(MAXITER, f"maxiter = {maxiter} iterations are done")
        if found is None:
            return End(MAXITER, "")
        carried = np.array(found.hess_inv, dtype=float) if self.carries else None
        return End(
            int(found.status),
            str(found.message),
            carried if carried is not None and _positive_definite(carried) else None,
            success=bool(found.success),
            nit=found.get("nit"),
        )

    def _checked(self, memory: Any, n: int) -> np.ndarray:
        if not (self.carries and isinstance(memory, np.ndarray) and memory.shape == (n, n)):
            raise InputError(f"memory: not from a run of {self.name} with {n} weights; accepted is that, or None")
        return memory


def _positive_definite(matrix: np.ndarray) -> bool:
    """Whether SciPy will take the matrix back: it asks for symmetry to the last bit; symmetrised in place."""
    matrix += matrix.T.copy()
    matrix *= 0.5
    if not np.isfinite(matrix).all():
        return False
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _minimize(theta: np.ndarray, method: str, options: dict, answers: dict) -> OptimizeResult | None:
    """Run SciPy; None where the callback ended the run by an exception."""
    with warnings.catch_warnings():
        for category in (RuntimeWarning, UserWarning, DeprecationWarning):
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("error", "Unknown solver options", OptimizeWarning)
        try:
            return minimize(x0=theta.copy(), method=method, options=options, **answers)
        except StopIteration:
            return None
        except OptimizeWarning as warning:
            raise InputError(f"SciPy {scipy.__version__} does not know this option of {method}: {warning}") from None


class _Bridge:
    """The problem as SciPy asks for it: value and gradient apart, at arrays that SciPy writes into afterwards.

    The last evaluation is kept, so that the gradient at a point whose value was asked costs nothing more. A value
    that is not finite is shown as one worse than all seen so far, with no slope: an infinite one makes the
    interpolations of line searches undefined, a huge one makes them retreat to nothing.
    """

    def __init__(self, watched: Watched, start: Point, report: Report, limit: int | None) -> None:
        self._watched, self._report, self._limit = watched, report, limit
        self._last, self._worst = start, start.fun

    def answers(self, recipe: Recipe) -> dict:
        """The keywords for ``minimize``."""
        asked: dict[str, Any] = {"fun": self.value, "callback": self.callback}
        if "jac" in recipe.needs:
            asked |= {"fun": self.value_and_gradient, "jac": self.gradient}
        offers = self._watched.offers
        if "hess" in recipe.needs:
            asked["hess"] = self.hess if "hess" in offers else self.hess_by_columns
        elif recipe.uses and offers & {"hess", "hessp"}:
            asked["hessp"] = self.hessp if "hessp" in offers else self.hessp_by_matrix
        return asked

    def value(self, x: np.ndarray) -> float:
        if not np.array_equal(x, self._last.theta):
            theta = np.array(x, dtype=float)
            value = self._watched.fun(theta) if np.isfinite(theta).all() else np.nan
            self._last = Point(theta, self._shown(value))
        return self._last.fun

    def value_and_gradient(self, x: np.ndarray) -> float:
        if not np.array_equal(x, self._last.theta):
            theta = np.array(x, dtype=float)
            value, gradient = np.nan, theta
            if np.isfinite(theta).all():
                value, gradient = self._watched.fun_and_jac(theta)
            shown = self._shown(value)
            self._last = Point(theta, shown, gradient if shown == value else np.zeros(theta.size))
        return self._last.fun

    def gradient(self, x: np.ndarray) -> np.ndarray:
        self.value_and_gradient(x)
        return self._last.jac.copy()

    def hess(self, x: np.ndarray) -> np.ndarray:
        return self._watched.hess(np.array(x, dtype=float))

    def hess_by_columns(self, x: np.ndarray) -> np.ndarray:
        return columns(Operators(self._watched, "hessp"), np.array(x, dtype=float))

    def hessp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self._watched.hessp(np.array(x, dtype=float), np.array(v, dtype=float))

    def hessp_by_matrix(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.hess(x) @ v

    def callback(self, intermediate_result: OptimizeResult | np.ndarray) -> None:
        """Told by SciPy after each iteration: a result, or (TNC) the bare point."""
        if isinstance(intermediate_result, np.ndarray):
            # TNC's point differs by rounding from the one evaluated; its descent is monotone, so that is the best
            here = self._watched.best
            theta, value, gradient = here.theta, here.fun, here.jac
        else:
            theta, value = np.array(intermediate_result.x, dtype=float), float(intermediate_result.fun)
            known = self._last if np.array_equal(theta, self._last.theta) else self._watched.best
            gradient = known.jac if np.array_equal(theta, known.theta) else None
        if self._report.one(theta, value, gradient) or self._report.nit == self._limit:
            raise StopIteration

    def _shown(self, value: float) -> float:
        if np.isfinite(value):
            self._worst = max(self._worst, value)
            return value
        return worse(self._worst)
