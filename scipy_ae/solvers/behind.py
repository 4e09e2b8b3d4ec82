"""The problem behind the arguments of ``minimize``: curvature, residuals, or a whole problem of ours."""

from collections.abc import Callable
from typing import Any

from scipy_ae.errors import InputError
from scipy_ae.problem import FunctionProblem, LeastSquares, Problem


def with_curvature(
    name: str,
    fun: Callable,
    jac: Callable | bool | None,
    hess: Any,
    hessp: Any,
    given: dict[str, Any],
    args: tuple,
) -> Problem:
    """What a solver of second order is to work on; ``given`` has the options ``residual`` and ``residual_jac``."""
    for keyword, derivative in (("hess", hess), ("hessp", hessp)):
        if derivative is not None and not callable(derivative):
            raise InputError(f"{keyword}: got {derivative!r}; {name} takes a function, or None")
    residual, residual_jac = given["residual"], given["residual_jac"]
    if (residual is None) != (residual_jac is None):
        raise InputError("residual, residual_jac: got one without the other; both are accepted, or none")
    if residual is not None:
        return LeastSquares(residual, residual_jac, args)
    found = problem_behind(fun, jac)
    if found is not None and hess is None and hessp is None and not args:
        return found
    return FunctionProblem(fun, jac, hess, hessp, args)


def problem_behind(fun: Callable, jac: Callable | bool | None) -> Problem | None:
    """The problem whose own value, and gradient where one is given, these are."""
    if getattr(jac, "__self__", None) is fun:  # minimize(jac=True) keeps the two of one evaluation apart
        fun, jac = getattr(fun, "fun", fun), True
    owner = getattr(fun, "__self__", None)
    if not isinstance(owner, Problem):
        return None
    if jac is True:
        return owner if fun == owner.fun_and_jac else None
    return owner if fun == owner.fun and jac in (None, owner.jac) else None
