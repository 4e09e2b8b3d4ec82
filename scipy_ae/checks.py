"""Checks of derivatives that tell right from wrong by a slope, not by one tolerance.

The Taylor error |f(theta + h v) - f(theta) - h g'v| of a right gradient falls as h^2, with the right Hessian's term
h^2 v'Hv / 2 taken off as h^3; a wrong one leaves h^1 or h^2. (As in the diagnostics of manifold optimisation packages;
Boumal 2023, section 4.8.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.problem import Problem

_STEPS = np.logspace(-1, -8, 29)


@dataclass(frozen=True)
class Check:
    """One verdict: what was checked, what was measured and what a right derivative gives."""

    name: str
    measured: float
    expected: str
    passed: bool


def taylor_slope(
    problem: Problem, theta: np.ndarray, rng: np.random.Generator, order: int = 1, about: float | None = None
) -> float:
    """The slope of log error over log h along one random direction: 2 for a right ``jac``, 3 for ``hessp`` as well.

    Parameters
    ----------
    problem : Problem
    theta : ndarray of shape (n,)
    rng : numpy.random.Generator
        Draws the direction.
    order : {1, 2}
        1 uses ``fun`` and ``jac``; 2 also ``hessp``.
    about : float, optional
        Length of the direction; by default that of theta, or 1 where theta is 0.

    Returns
    -------
    float
        Infinity where the error stays within rounding: the function is its own expansion.
    """
    v = rng.normal(size=theta.size)
    v *= (about or float(np.linalg.norm(theta)) or 1.0) / np.linalg.norm(v)
    start, gradient = problem.fun_and_jac(theta)
    slope_term = float(gradient @ v)
    bend = float(v @ problem.hessp(theta, v)) if order == 2 else 0.0
    values = np.array([problem.fun(theta + h * v) for h in _STEPS])
    error = np.abs(values - start - _STEPS * slope_term - 0.5 * _STEPS**2 * bend)
    rounding = 200 * np.finfo(float).eps * max(abs(start), float(np.abs(values).max()))
    return _steady_slope(_STEPS, error, rounding)


def _steady_slope(steps: np.ndarray, error: np.ndarray, rounding: float) -> float:
    """The slope over the straightest run of the curve above rounding."""
    seen = error > rounding
    stop = int(np.argmin(seen)) if not seen.all() else len(steps)
    x, y = np.log(steps[:stop]), np.log(error[:stop])
    window = 5
    if stop < window:
        return float("inf")
    fits = []
    for first in range(stop - window + 1):
        line, residuals, *_ = np.polyfit(x[first : first + window], y[first : first + window], 1, full=True)
        fits.append((float(residuals[0]) if len(residuals) else 0.0, -first, float(line[0])))
    return min(fits)[2]


def hessian_symmetry(problem: Problem, theta: np.ndarray, rng: np.random.Generator, name: str = "hessp") -> float:
    """|u'Hv - v'Hu| over its size, for random u and v: the dot test of a symmetric product."""
    product: Callable = getattr(problem, name)
    u, v = rng.normal(size=theta.size), rng.normal(size=theta.size)
    left, right = float(u @ product(theta, v)), float(v @ product(theta, u))
    return abs(left - right) / max(abs(left), abs(right), np.finfo(float).tiny)


def jacobian_error(problem: Problem, theta: np.ndarray) -> float:
    """Largest relative difference between 2 J'r and the gradient."""
    gradient = problem.jac(theta)
    worked = 2.0 * (problem.residual_jac(theta).T @ problem.residual(theta))
    return float(np.abs(worked - gradient).max() / max(np.abs(gradient).max(), np.finfo(float).tiny))


def check_problem(problem: Problem, theta: np.ndarray, rng: np.random.Generator) -> list[Check]:
    """Every check that the problem's offers allow, at one point."""
    checks = []

    def slope(name: str, order: int) -> None:
        measured = taylor_slope(problem, theta, rng, order)
        checks.append(Check(name, measured, f"slope {order + 1}", measured > order + 0.9))

    def small(name: str, measured: float, limit: float) -> None:
        checks.append(Check(name, measured, f"at most {limit:g}", measured <= limit))

    if "jac" in problem.offers:
        slope("jac: Taylor error", 1)
    if "hessp" in problem.offers:
        slope("hessp: Taylor error", 2)
        small("hessp: u'Hv = v'Hu", hessian_symmetry(problem, theta, rng), 1e-8)
    if "gauss_newton_p" in problem.offers:
        small("gauss_newton_p: u'Gv = v'Gu", hessian_symmetry(problem, theta, rng, "gauss_newton_p"), 1e-8)
    if {"jac", "residual", "residual_jac"} <= problem.offers:
        small("residual_jac: 2 J'r = jac", jacobian_error(problem, theta), 1e-9)
    return checks
