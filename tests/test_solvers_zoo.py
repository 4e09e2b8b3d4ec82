"""Every solver on every problem that suits it."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from zoo import SQUARES, ZOO, Animal

from scipy_ae import solvers

LARGE = {
    "BFGS",
    "L-BFGS",
    "trust-krylov",
    "scipy.trust-krylov",
    "Newton-CG",
    "Levenberg-Marquardt",
    "Gauss-Newton",
}  # quick enough in 200 dimensions
SLOW = {"COBYLA", "COBYQA"}  # milliseconds of their own for each evaluation
#: How far above the minimum a method with its own default tolerances may end.
WITHIN = {"Nelder-Mead": 1e-5, "COBYLA": 1e-4, "TNC": 1e-5, "SLSQP": 1e-4}
FIRST_ORDER = {
    "gradient-descent": {"eta": 0.1},
    "momentum": {"eta": 0.02},
    "adaptive-eta": {"eta": 0.01},
    "Adam": {"eta": 0.05},
    "Rprop": {"eta": 0.03},
}


def suits(name: str, animal: Animal) -> bool:
    if "residual" in solvers.get(name).needs or not animal.problem.offers & {"hess", "hessp"}:
        return animal in SQUARES and offered(name, animal)
    derivative_free = "jac" not in solvers.get(name).needs
    if name in FIRST_ORDER:
        return animal.name in ("himmelblau", "max-entropy", "quadratic-5")
    if name == "dogleg":
        return animal.convex or animal.name == "rosenbrock-2"
    if name in SLOW:
        return animal.name in ("beale", "himmelblau", "max-entropy")
    return animal.size <= (5 if derivative_free else 30) or name in LARGE


def offered(name: str, animal: Animal) -> bool:
    """Whether the solver takes the animal for what it is: a sum of squares."""
    solver = solvers.get(name)
    return "residual" in solver.needs or bool(solver.curvatures & animal.problem.offers)


PAIRS = [(name, animal) for name in solvers.names() for animal in ZOO + SQUARES if suits(name, animal)]


@pytest.mark.parametrize(("name", "animal"), PAIRS, ids=lambda part: str(part))
def test_reaches_the_minimum(name, animal):
    options = FIRST_ORDER.get(name, {})
    solver = solvers.get(name, **options, **({"guard": True} if options else {}))
    result = solver.solve(animal.problem, animal.start)
    assert result.fun - animal.minimum <= WITHIN.get(name, 1e-6 if name not in FIRST_ORDER else 1e-4)
    assert result.fun == animal.problem.fun(result.x)


@pytest.mark.parametrize("animal", ZOO, ids=str)
def test_derivatives_of_the_zoo_are_right(animal):
    x = animal.start + 0.1
    jac, hess = animal.problem.jac(x), animal.problem.hess(x)
    np.testing.assert_allclose(approx_fprime(x, animal.problem.fun, 1e-7), jac, atol=1e-5 * np.abs(jac).max())
    np.testing.assert_allclose(approx_fprime(x, animal.problem.jac, 1e-7), hess, atol=1e-5 * np.abs(hess).max())


@pytest.mark.parametrize("animal", SQUARES, ids=str)
def test_derivatives_of_the_squares_are_right(animal):
    x = animal.start + 0.1
    jac, slope = animal.problem.jac(x), animal.problem.residual_jac(x)
    np.testing.assert_allclose(approx_fprime(x, animal.problem.fun, 1e-7), jac, atol=1e-5 * np.abs(jac).max())
    np.testing.assert_allclose(approx_fprime(x, animal.problem.residual, 1e-7), slope, atol=1e-5 * np.abs(slope).max())


def test_no_solver_is_left_out():
    assert {name for name, _ in PAIRS} == set(solvers.names())
