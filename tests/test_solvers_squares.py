"""SciPy's methods on residuals: their own way, behind the promises of every solver."""

import numpy as np
import pytest
from scipy.optimize import least_squares, root
from zoo import SQUARES, ZOO, Counted

import scipy_ae
from scipy_ae import solvers
from scipy_ae.errors import InputError, NonFiniteError, UnsupportedError
from scipy_ae.problem import LeastSquares, Problem
from scipy_ae.solvers import scipy_base
from scipy_ae.solvers.scipy_recipes import SQUARES as RECIPES

ROSENBROCK = SQUARES[0]
NAMES = [f"scipy.{recipe.method}" for recipe in RECIPES]
every = pytest.mark.parametrize("name", NAMES)


class Walled(Problem):
    """(log x)^2 and (x - 1)^2 of each entry, not a number, or an error, where an x is not above 0."""

    offers = frozenset({"fun", "residual", "residual_jac"})

    def __init__(self, error=None):
        self._error = error

    def residual(self, x):
        if x.min() <= 0:
            if self._error is not None:
                raise self._error("outside")
            return np.full(2 * x.size, np.nan)
        return np.concatenate([np.log(x), x - 1])

    def residual_jac(self, x):
        return np.concatenate([np.diag(1 / x), np.eye(x.size)])

    def fun(self, x):
        r = self.residual(x)
        return float(r @ r)


def rosen_with(residual):
    return LeastSquares(residual, ROSENBROCK.problem.residual_jac)


@every
def test_counters_are_the_truth(name):
    counted = Counted(ROSENBROCK.problem)
    result = solvers.get(name).solve(counted, ROSENBROCK.start, maxiter=8)
    assert result.nfev == counted.calls["fun"] > 1
    assert result.njev == counted.calls["jac"] > 1
    assert result.nhev == 0


@every
def test_result_is_the_lowest_point_seen(name):
    values = []
    problem = rosen_with(lambda x: values.append(ROSENBROCK.problem.fun(x)) or ROSENBROCK.problem.residual(x))
    result = solvers.get(name).solve(problem, ROSENBROCK.start, maxiter=6)
    assert result.fun == min(values) == ROSENBROCK.problem.fun(result.x)
    if "jac" in result:
        np.testing.assert_allclose(result.jac, ROSENBROCK.problem.jac(result.x))


@every
def test_ends_where_scipy_ends(name):
    result = solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start)
    residual, jac = ROSENBROCK.problem.residual, ROSENBROCK.problem.residual_jac
    if name == "scipy.root-lm":
        theirs = root(residual, ROSENBROCK.start, jac=jac, method="lm")
    else:
        theirs = least_squares(residual, ROSENBROCK.start, jac, method=name.removeprefix("scipy."))
    assert result.success
    np.testing.assert_allclose(result.x, theirs.x, rtol=1e-9)
    assert result.status == theirs.status


@every
def test_callback_sees_each_iteration_and_stops_it(name):
    seen = []
    result = solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, callback=seen.append)
    assert [state.nit for state in seen] == list(range(1, result.nit + 1))
    for state in seen:
        assert state.fun == pytest.approx(ROSENBROCK.problem.fun(state.x), rel=1e-12)

    def stop(state):
        if state.nit == 2:
            raise StopIteration

    stopped = solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, callback=stop)
    assert (stopped.nit, stopped.status, stopped.message) == (2, solvers.STOPPED, "stopped by the callback")


@every
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_other_exceptions_of_the_callback_pass_through(name, error):
    def fail(state):
        raise error("mine")

    with pytest.raises(error, match="mine"):
        solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, callback=fail)


@every
def test_maxiter_is_kept(name):
    result = solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, maxiter=3)
    assert (result.nit, result.status, result.success) == (3, solvers.MAXITER, False)
    none = solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, maxiter=0)
    assert (none.nit, none.nfev, none.njev) == (0, 1, 0)


@every
@pytest.mark.parametrize("error", [None, FloatingPointError, RuntimeWarning])
def test_finds_its_way_round_a_wall(name, error):
    result = solvers.get(name).solve(Walled(error), np.array([0.2, 7.0]))
    assert np.isfinite(result.x).all()
    assert result.fun < 1e-6


@every
def test_residuals_that_raise_end_it_at_the_last_good_point(name):
    values = []

    def residual(x):
        if len(values) == 5:
            raise OSError("the disk is full")
        values.append(ROSENBROCK.problem.fun(x))
        return ROSENBROCK.problem.residual(x)

    result = solvers.get(name).solve(rosen_with(residual), ROSENBROCK.start)
    assert (result.status, result.success) == (solvers.RAISED, False)
    assert "OSError: the disk is full" in result.message
    assert result.fun == min(values)


@every
def test_start_that_is_not_finite_is_named(name):
    with pytest.raises(NonFiniteError, match="the objective is nan at the start"):
        solvers.get(name).solve(Walled(), -np.ones(2))


@every
def test_what_is_lacking_or_unknown_is_refused(name):
    with pytest.raises(UnsupportedError, match=f"^{name} needs residual, residual_jac; this objective offers fun, jac"):
        solvers.get(name).solve(ZOO[0].problem, ZOO[0].start)
    with pytest.raises(InputError, match=f"unknown option of {name} 'gtoll': did you mean 'gtol'"):
        solvers.get(name, gtoll=1)
    with pytest.raises(InputError, match=f"memory: not from a run of {name}"):
        solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start, memory=1)


@every
def test_too_large_derivatives_are_refused_with_number_and_alternative(monkeypatch, name):
    monkeypatch.setattr(scipy_base, "free_bytes", lambda: 50)
    words = f"^{name} would need 0.0 GB for its matrices of 2 x 2, 0.0 GB are free; use Levenberg-Marquardt$"
    with pytest.raises(UnsupportedError, match=words):
        solvers.get(name).solve(ROSENBROCK.problem, ROSENBROCK.start)


@pytest.mark.parametrize("name", ["scipy.lm", "scipy.root-lm"])
def test_too_few_residuals_are_refused(name):
    problem = LeastSquares(lambda x: x[:1], lambda x: np.eye(3)[:1])
    with pytest.raises(UnsupportedError, match="1 residuals and 3 weights: use Levenberg-Marquardt"):
        solvers.get(name).solve(problem, np.ones(3))


@every
def test_each_option_is_known_to_scipy(name):
    values = {"x_scale": 1.0, "tr_solver": "exact", "max_nfev": 40, "maxfev": 40, "factor": 10.0, "diag": [1.0, 1.0]}
    recipe = next(recipe for recipe in RECIPES if name.endswith(f".{recipe.method}"))
    for option in recipe.options:
        solver = solvers.get(name, **{option: values.get(option, 1e-6)})
        assert solver.solve(ROSENBROCK.problem, ROSENBROCK.start).fun < 1e-6


@every
def test_network_is_trained(name):
    rng = np.random.default_rng(0)
    net = scipy_ae.Network.parse("6-3-2-3-6")
    objective = scipy_ae.Objective(net, scipy_ae.Batch(rng.random((20, 6))), "squared-error")
    theta = net.initialize(rng, init="fan-in")
    result = solvers.get(name).solve(objective, theta, maxiter=25)
    assert result.fun < 0.8 * objective.fun(theta)
    assert result.fun == pytest.approx(objective.fun(result.x), rel=1e-12)
