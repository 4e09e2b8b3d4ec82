"""Our solvers as callables for ``scipy.optimize.minimize(method=...)``."""

import inspect
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from scipy_ae.errors import InputError, unknown
from scipy_ae.problem import FunctionProblem, LeastSquares, Problem
from scipy_ae.solvers.base import Solver, number
from scipy_ae.solvers.behind import with_curvature
from scipy_ae.solvers.inverse_hessian import InverseHessian
from scipy_ae.solvers.registry import build, options_of
from scipy_ae.solvers.result import Result

if TYPE_CHECKING:  # SciPy is imported where a method is called: by then it is there
    from scipy.optimize import OptimizeResult
    from scipy.sparse.linalg import LinearOperator

#: Options that belong to the call and not to a solver.
_OF_THE_CALL = ("maxiter", "tol", "disp", "return_all", "eps", "memory")
_OF_SECOND_ORDER = ("residual", "residual_jac")
_STEP = float(np.finfo(float).eps) ** 0.5


class ForwardDifferences(Problem):
    """A value without a gradient, completed by forward differences of absolute step ``eps``, as SciPy does.

    ``nfev`` counts the evaluations of the value, n of them for each gradient.
    """

    offers = frozenset({"fun", "jac"})

    def __init__(self, problem: Problem, eps: float | np.ndarray) -> None:
        self._problem, self._eps = problem, eps
        self.nfev = 0

    def fun(self, theta: np.ndarray) -> float:
        self.nfev += 1
        return self._problem.fun(theta)

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return self.fun_and_jac(theta)[1]

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        value = self.fun(theta)
        moved = theta + self._eps
        gradient = np.empty(theta.size)
        for i in range(theta.size):
            there = theta.copy()
            there[i] = moved[i]
            gradient[i] = (self.fun(there) - value) / (moved[i] - theta[i])
        return value, gradient


def as_method(solver: type[Solver]) -> "Callable[..., OptimizeResult]":
    """``solver`` as a callable for ``minimize(method=...)``, which can be called by itself as well.

    Options are those of the solver, and ``maxiter``, ``disp``, ``return_all``, ``eps`` (step of forward differences
    where no gradient is given) and ``memory``; ``tol`` is ``gtol``, of Powell ``xtol`` and ``ftol``. The result is that
    of ``Solver.solve``, and has ``hess_inv`` (an operator) where there is one, ``allvecs`` where asked.

    A solver of second order also takes ``hess``, ``hessp``, and as options ``residual`` and ``residual_jac``, functions
    r(x, *args) of shape (m,) and J(x, *args) of shape (m, n) with fun = sum(r**2). Where ``fun`` is ``fun_and_jac`` or
    ``fun`` of a :class:`~scipy_ae.problem.Problem` it takes from there all that the problem offers.
    """

    def method(
        fun: Callable,
        x0: np.ndarray,
        args: tuple = (),
        jac: Callable | bool | None = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable | None = None,
        **options: Any,
    ) -> "OptimizeResult":
        from scipy.optimize import OptimizeResult

        curved = {"hess": hess, "hessp": hessp}
        _refuse(solver.name, **({} if solver.curvatures else curved), bounds=bounds, constraints=constraints)
        call, rest = _split(solver, options)
        start = np.atleast_1d(np.asarray(x0, dtype=float)).ravel()
        args = args if isinstance(args, tuple) else (args,)
        problem: Problem
        if solver.curvatures:
            problem = with_curvature(solver.name, fun, jac, hess, hessp, call, args)
        else:
            problem = FunctionProblem(fun, jac, args=args)
        if "jac" in solver.needs - problem.offers and not solver.curvatures:
            problem = ForwardDifferences(problem, _step_of(call["eps"], start))
        visited = [start.copy()]
        result = build(solver, rest).solve(
            problem,
            start,
            maxiter=call["maxiter"],
            memory=call["memory"],
            callback=_told(callback, visited if call["return_all"] else None),
        )
        if isinstance(problem, ForwardDifferences):
            result.nfev = problem.nfev
        if isinstance(problem, LeastSquares):
            result.nfev, result.njev = problem.nfev, problem.njev
        if isinstance(result.memory, InverseHessian):
            result.hess_inv = _operator(result.memory)
        if call["return_all"]:
            result.allvecs = visited
        if call["disp"]:
            sys.stdout.write(_summary(result))
        return OptimizeResult(result)

    method.__name__ = method.__qualname__ = solver.name.lower().replace("-", "_")
    method.__doc__ = f"{solver.name} for ``scipy.optimize.minimize(method=...)``.\n\n{inspect.getdoc(solver)}"
    return method


def _refuse(name: str, **given: Any) -> None:
    for keyword, value in given.items():
        if value is not None and not (isinstance(value, tuple | list) and not value):
            raise InputError(f"{keyword}: {name} cannot use it; leave it out or take another method")


def _split(solver: type[Solver], options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the call, with None for those not given, and those of the solver."""
    own = options_of(solver)
    of_the_call = _OF_THE_CALL + (_OF_SECOND_ORDER if solver.curvatures else ())
    accepted = [*own, *(name for name in of_the_call if name not in own)]
    for option in options:
        if option not in accepted:
            raise unknown(f"option of {solver.name}", option, accepted)
    # Adam has an eps of its own, which is not a step of differences
    call = {name: None if name in own else options.get(name) for name in of_the_call}
    rest = {name: value for name, value in options.items() if name in own}
    if call["tol"] is not None:
        for name in ("gtol",) if "gtol" in own else ("xtol", "ftol"):  # as SciPy does for Powell
            rest.setdefault(name, call["tol"])
    if call["eps"] is not None and np.ndim(call["eps"]) == 0:
        number("eps", call["eps"], 0.0, open_low=True)
    return call, rest


def _step_of(eps: Any, start: np.ndarray) -> float | np.ndarray:
    """The step of forward differences: one for all entries, or one for each."""
    if eps is None or np.ndim(eps) == 0:
        return _STEP if eps is None else eps
    steps = np.asarray(eps)
    if steps.shape != start.shape or steps.dtype.kind not in "iuf" or not (np.isfinite(steps) & (steps != 0)).all():
        raise InputError(
            f"eps: got {steps.dtype} of shape {steps.shape}; accepted is a number, or {start.size} that are finite "
            "and not 0"
        )
    return steps


def _told(callback: Callable | None, visited: list | None) -> Callable | None:
    """SciPy's two forms of callback as ours: of a point, or of an argument named ``intermediate_result``."""
    if callback is None and visited is None:
        return None
    from scipy.optimize import OptimizeResult

    asked = set(inspect.signature(callback).parameters) if callback is not None else set()

    def told(result: Result) -> None:
        if visited is not None:
            visited.append(result.x.copy())
        if callback is None:
            return
        if asked == {"intermediate_result"}:
            callback(intermediate_result=OptimizeResult(result))
        else:
            callback(result.x)

    return told


def _operator(memory: InverseHessian) -> "LinearOperator":
    from scipy.sparse.linalg import LinearOperator

    def product(v: np.ndarray) -> np.ndarray:
        return memory.matvec(np.ascontiguousarray(v, dtype=float).ravel())

    return LinearOperator((memory.size, memory.size), matvec=product, rmatvec=product, dtype=float)


def _summary(result: Result) -> str:
    return (
        f"{result.message}\n"
        f"         Current function value: {result.fun:f}\n"
        f"         Iterations: {result.nit}\n"
        f"         Function evaluations: {result.nfev}\n"
        f"         Gradient evaluations: {result.njev}\n"
    )
