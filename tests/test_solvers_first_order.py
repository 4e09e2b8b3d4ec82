"""Gradient descent and its relatives: the published steps, the guard, and what is carried."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der
from zoo import Counted, quadratic

from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.problem import FunctionProblem
from scipy_ae.solvers.base import NON_FINITE
from scipy_ae.solvers.first_order import Moments, Rate, Velocity

ROSEN = FunctionProblem(rosen, rosen_der)
START = np.array([-1.2, 1.0, 0.5])


def descent(steps, eta):
    x = START.copy()
    for _ in range(steps):
        x = x - eta * rosen_der(x)
    return x


def momentum(steps, eta, part):
    x, v = START.copy(), np.zeros(3)
    for _ in range(steps):
        v = part * v - eta * rosen_der(x)
        x = x + v
    return x


def adam(steps, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    x, m, v = START.copy(), np.zeros(3), np.zeros(3)
    for t in range(1, steps + 1):
        g = rosen_der(x)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        x = x - eta * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return x


def rprop(steps, eta, up, down, longest):
    x, last, length = START.copy(), np.zeros(3), np.full(3, eta)
    for _ in range(steps):
        g = rosen_der(x)
        for i in range(3):
            if g[i] * last[i] > 0:
                length[i] = min(length[i] * up, longest)
            elif g[i] * last[i] < 0:
                length[i] *= down
                g[i] = 0.0
        x, last = x - np.sign(g) * length, g
    return x


def adaptive(steps, eta, up, down, patience):
    x, streak = START.copy(), 0
    for _ in range(steps):
        new = x - eta * rosen_der(x)
        streak = streak + 1 if rosen(new) < rosen(x) else 0
        if rosen(new) >= rosen(x):
            eta *= down
        elif streak >= patience:
            eta, streak = eta * up, 0
        x = new
    return x


@pytest.mark.parametrize(
    ("name", "options", "published"),
    [
        ("gradient-descent", {"eta": 1e-3}, lambda n: descent(n, 1e-3)),
        ("momentum", {"eta": 1e-4, "momentum": 0.8}, lambda n: momentum(n, 1e-4, 0.8)),
        ("Adam", {"eta": 0.02}, lambda n: adam(n, 0.02)),
        (
            "Adam",
            {"eta": 0.05, "beta1": 0.5, "beta2": 0.9, "eps": 0.1},
            lambda n: adam(n, 0.05, 0.5, 0.9, 0.1),
        ),
        (
            "Rprop",
            {"eta": 0.05, "up": 1.2, "down": 0.4, "longest": 0.08},
            lambda n: rprop(n, 0.05, 1.2, 0.4, 0.08),
        ),
        (
            "adaptive-eta",
            {"eta": 1e-3, "up": 1.3, "down": 0.5, "patience": 2},
            lambda n: adaptive(n, 1e-3, 1.3, 0.5, 2),
        ),
    ],
)
@pytest.mark.parametrize("steps", [1, 2, 25])
def test_steps_are_the_published_ones(name, options, published, steps):
    result = solvers.get(name, **options).solve(ROSEN, START, maxiter=steps)
    np.testing.assert_allclose(result.x, published(steps), rtol=1e-12)
    assert result.fun == rosen(result.x)
    assert result.nit == steps


@pytest.mark.parametrize("name", ["gradient-descent", "momentum", "Adam", "Rprop", "adaptive-eta"])
@pytest.mark.parametrize("guard", [False, True])
def test_bursts_with_carry_are_one_long_run(name, guard):
    solver = solvers.get(name, eta=0.004, guard=guard)
    long = solver.solve(ROSEN, START, maxiter=24)
    theta, memory = START, None
    for steps in (1, 5, 1, 10, 7):
        result = solver.solve(ROSEN, theta, maxiter=steps, memory=memory)
        theta, memory = result.x, result.memory
    np.testing.assert_allclose(theta, long.x, rtol=1e-12)


def test_what_is_carried():
    assert solvers.get("gd").solve(ROSEN, START, maxiter=3).memory is None
    assert isinstance(solvers.get("momentum").solve(ROSEN, START, maxiter=3).memory, Velocity)
    assert solvers.get("Adam").solve(ROSEN, START, maxiter=3).memory.t == 3
    assert isinstance(solvers.get("Adam").solve(ROSEN, START, maxiter=3).memory, Moments)
    rate = solvers.get("adaptive-eta", eta=1e-4, up=2.0, patience=2).solve(ROSEN, START, maxiter=5).memory
    assert rate == Rate(3, 4e-4, 1)


def test_one_step_costs_two_evaluations():
    for name in ("gradient-descent", "momentum", "Adam", "Rprop", "adaptive-eta"):
        counted = Counted(ROSEN)
        result = solvers.get(name, eta=1e-4).solve(counted, START, maxiter=1)
        assert counted.calls["fun"] == counted.calls["jac"] == result.nfev == 2


def test_unguarded_steps_may_rise_and_the_last_one_is_returned():
    result = solvers.get("gradient-descent", eta=0.01).solve(ROSEN, START, maxiter=1)
    assert result.fun > rosen(START)
    np.testing.assert_allclose(result.x, descent(1, 0.01))


@pytest.mark.parametrize("name", ["gradient-descent", "momentum", "Adam", "Rprop", "adaptive-eta"])
def test_guarded_steps_never_rise(name):
    values = [rosen(START)]
    solver = solvers.get(name, eta=0.5, guard=True)
    result = solver.solve(ROSEN, START, maxiter=60, callback=lambda state: values.append(state.fun))
    assert np.all(np.diff(values) <= 0)
    assert result.fun == values[-1] < values[0]


def test_guarded_step_is_halved_until_it_does_not_rise():
    bowl = FunctionProblem(lambda x: float(x @ x), lambda x: 2 * x)
    result = solvers.get("gradient-descent", eta=3.0, guard=True).solve(bowl, np.array([1.0]), maxiter=1)
    # 1 - 6/2^k: the first that is not above the start in size is k = 2, at -0.5
    assert result.x == pytest.approx([-0.5])
    assert result.nfev == 4


def test_guard_forgets_what_leads_uphill():
    uphill = Velocity(5.0 * rosen_der(START))
    result = solvers.get("momentum", eta=1e-4, guard=True).solve(ROSEN, START, maxiter=5, memory=uphill)
    assert result.nit == 5
    assert result.fun < rosen(START)


def test_velocity_is_the_step_that_was_taken():
    result = solvers.get("momentum", eta=0.1, guard=True).solve(ROSEN, START, maxiter=1)
    assert result.nfev > 2
    np.testing.assert_allclose(result.memory.step, result.x - START)


def test_guard_stays_where_nothing_helps():
    wrong = FunctionProblem(lambda x: float(x @ x), lambda x: -2 * x)
    for name in ("gradient-descent", "momentum", "Adam", "Rprop", "adaptive-eta"):
        result = solvers.get(name, guard=True).solve(wrong, np.array([3.0, 4.0]))
        assert (result.status, result.nit) == (solvers.STUCK, 0)
        np.testing.assert_array_equal(result.x, [3.0, 4.0])


@pytest.mark.parametrize("name", ["gradient-descent", "momentum", "adaptive-eta"])
def test_divergence_ends_at_the_last_finite_point(name):
    result = solvers.get(name, eta=10.0).solve(ROSEN, START)
    assert result.status == solvers.NON_FINITE
    assert np.isfinite(result.fun)
    assert np.isfinite(result.x).all()
    assert result.memory is None
    assert result.nit < 20


def test_eta_adapts_until_it_fits():
    rising = solvers.get("adaptive-eta", eta=1e-7, up=1.2).solve(quadratic(5, 10.0), np.ones(5), maxiter=50)
    falling = solvers.get("adaptive-eta", eta=0.25, down=0.5).solve(quadratic(5, 10.0), np.ones(5), maxiter=9)
    assert rising.memory.eta == pytest.approx(1e-7 * 1.2**50)
    assert falling.memory.eta < 0.2


def test_converged_start_costs_one_evaluation():
    result = solvers.get("Adam").solve(ROSEN, np.ones(3))
    assert (result.nit, result.nfev, result.success) == (0, 1, True)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("gd", "eta", -0.1),
        ("gd", "eta", np.nan),
        ("gd", "eta", "fast"),
        ("gd", "gtol", -1e-9),
        ("momentum", "momentum", 1.0),
        ("momentum", "momentum", -0.1),
        ("Adam", "beta1", 1.0),
        ("Adam", "beta2", np.inf),
        ("Adam", "eps", -1.0),
        ("Rprop", "up", 0.9),
        ("Rprop", "longest", 0.0),
        ("adaptive", "up", 0.9),
        ("adaptive", "down", 0.0),
        ("adaptive", "down", 1.1),
        ("adaptive", "patience", 0),
    ],
)
def test_bad_options_are_refused(name, option, value):
    with pytest.raises(InputError, match=f"^{option}: got"):
        solvers.get(name, **{option: value})


@pytest.mark.parametrize("name", ["gradient-descent", "momentum", "Adam", "Rprop"])
def test_steps_across_functions_are_those_on_one_after_the_other(name):
    problems = [Counted(quadratic(5, condition)) for condition in range(2, 9)]
    flat = FunctionProblem(lambda x: (1.0, np.zeros(5)), jac=True)
    solver, x, memory = solvers.get(name, eta=0.03), np.linspace(-1.0, 2.0, 5), None
    found = solver.across([*problems[:3], flat, *problems[3:]], x, None)
    assert [(problem.calls["fun"], problem.calls["jac"]) for problem in problems] == [(1, 1)] * 7
    for problem in problems:
        result = solver.solve(problem, x, maxiter=1, memory=memory)
        x, memory = result.x, result.memory
    np.testing.assert_array_equal(found.x, x)
    assert (found.nit, found.nfev) == (7, 8)
    more = solver.across(problems[:1], found.x, found.memory)
    np.testing.assert_array_equal(more.x, solver.solve(problems[0], x, maxiter=1, memory=memory).x)


def test_steps_across_functions_end_before_the_one_that_led_out():
    wall = FunctionProblem(lambda x: (np.nan, x), jac=True)
    solver = solvers.get("Adam", eta=0.1)
    before, found = solver.across([ROSEN, ROSEN], START), solver.across([ROSEN, ROSEN, ROSEN, wall, ROSEN], START)
    assert (found.nit, found.nfev, found.status, found.memory) == (3, 4, NON_FINITE, None)
    np.testing.assert_array_equal(found.x, before.x)
    assert solver.across([wall], START).x.tolist() == START.tolist()
