"""Powell's method: its line searches against Brent's of SciPy, and its parts of evaluations against whole ones."""

import numpy as np
import pytest
from scipy.optimize import brent, rosen
from test_solvers_native import asked, objective

from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.kernels.line_minimum import F_XMIN, SIZE, STEP, XMIN, minimum_begin, minimum_next
from scipy_ae.problem import FunctionProblem

LINES = {
    "parabola": lambda t: (t - 3.0) ** 2 + 1.0,
    "steep": lambda t: np.cosh(t + 40.0),
    "crooked": lambda t: np.log1p((t - 0.01) ** 2),
    "quartic": lambda t: (t + 1.0) ** 4 - 2.0,
}


def minimum(fun, step, tol=1e-8):
    state, trials = np.empty(SIZE), [0.0]
    minimum_begin(state, fun(0.0), step)
    while True:
        trials.append(float(state[STEP]))
        if not minimum_next(state, fun(trials[-1]), tol):
            return float(state[XMIN]), float(state[F_XMIN]), trials


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("step", [1.0, -0.1, 1e-6])
def test_line_search_finds_the_minimum_that_brent_finds(name, step):
    fun = LINES[name]
    at, value, trials = minimum(fun, step)
    expected = brent(fun, tol=1e-8)
    assert value == min(map(fun, trials)) == fun(at)
    assert value <= fun(expected) + 1e-12 * (1 + abs(value))
    assert at == pytest.approx(expected, abs=1e-3 if name == "quartic" else 1e-5)
    assert len(trials) <= 61


def test_line_search_stays_where_nothing_is_lower():
    at, value, _ = minimum(lambda t: abs(t), 0.5)
    assert abs(at) < 1e-8
    assert value < 1e-8
    at, value, _ = minimum(lambda t: np.nan if t else 7.0, 0.5)
    assert (at, value) == (0.0, 7.0)


def test_line_search_goes_no_farther_where_a_slope_levels_out():
    at, value, _ = minimum(lambda t: 1.0 + np.exp(-t), 1.0)
    assert value == pytest.approx(1.0, abs=1e-9)
    assert at < 100


def test_line_search_that_knows_how_far_needs_few_trials():
    fun = LINES["parabola"]
    assert len(minimum(fun, 3.0, 0.01)[2]) < len(minimum(fun, 1e-3, 0.01)[2])


@pytest.mark.parametrize(("output", "activation"), [("logistic", "tanh"), ("identity", "softplus")])
def test_parts_of_evaluations_take_the_steps_of_whole_ones(output, activation):
    problem, theta = objective(output, activation)
    plain, _ = asked(problem)
    plain.offers = frozenset({"fun"})
    for rounds in (1, 2):
        ours = solvers.get("Powell").solve(problem, theta, maxiter=rounds)
        theirs = solvers.get("Powell").solve(plain, theta, maxiter=rounds)
        if activation == "tanh":  # softplus is level where it is 0, so that rounding decides how far to go
            np.testing.assert_allclose(ours.x, theirs.x, atol=1e-4)
        assert ours.fun == pytest.approx(theirs.fun, rel=1e-7 if activation == "tanh" else 0.05)
        assert ours.fun == problem.fun(ours.x)
    assert ours.fun < 0.8 * problem.fun(theta)


def test_evaluations_are_bounded_and_counted():
    problem, theta = objective()
    for limit in (1, 50, 400):
        result = solvers.get("Powell", maxfev=limit).solve(problem, theta)
        assert limit <= result.nfev <= limit + 65  # a line search that is begun is ended
        assert result.status == solvers.MAXITER
        assert f"maxfev = {limit}" in result.message


def test_directions_may_be_given():
    problem, start = FunctionProblem(rosen), np.array([-1.2, 1.0, 0.5])
    alone = solvers.get("Powell").solve(problem, start)
    given = solvers.get("Powell", direc=np.eye(3)).solve(problem, start)
    np.testing.assert_array_equal(alone.x, given.x)
    turned = solvers.get("Powell", direc=np.array([[1.0, 1, 0], [1, -1, 0], [0, 0, 1]])).solve(problem, start)
    assert turned.fun < 1e-8
    assert turned.nfev != alone.nfev
    with pytest.raises(InputError, match=r"direc: got shape \(2, 2\); accepted are \(3, 3\)"):
        solvers.get("Powell", direc=np.eye(2)).solve(problem, start)
