"""Solvers that run in compiled code: the same steps with and without a way back through Python."""

import math

import numpy as np
import pytest
from numba import cfunc, types

from scipy_ae import solvers
from scipy_ae.batches import Batch
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2
from scipy_ae.problem import FunctionProblem, Native, Problem

COMPILED = ["BFGS", "L-BFGS", "CG", "gradient-descent", "momentum", "adaptive-eta", "Adam", "Rprop"]
OPTIONS = {"Adam": {"eta": 0.01}, "momentum": {"eta": 0.02}, "gradient-descent": {"eta": 0.05}}


def objective(output="logistic", activation="tanh", scale=1.0):
    rng = np.random.default_rng(4)
    network = Network.parse("12-7-2-7-12", activation, output)
    x = (rng.random((9, 12)) > 0.5) * scale
    return Objective(network, Batch(x), penalties=[L2(1e-3)]), network.initialize(rng, init="fan-in")


def asked(native: Objective):
    """The same function with no machine code to it, and a list that grows with each evaluation."""
    seen: list[np.ndarray] = []

    def fun(theta):
        seen.append(theta)
        return native.fun_and_jac(theta)

    return FunctionProblem(fun, True), seen


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("stride", [1, 7])
def test_compiled_runs_take_the_steps_of_those_that_ask(name, stride):
    problem, theta = objective()
    plain, seen = asked(problem)
    solver, told, asked_told = solvers.get(name, **OPTIONS.get(name, {})), [], []
    ours = solver.solve(problem, theta, maxiter=40, callback=told.append, stride=stride)
    theirs = solver.solve(plain, theta, maxiter=40, callback=asked_told.append, stride=stride)
    np.testing.assert_array_equal(ours.x, theirs.x)
    np.testing.assert_array_equal(ours.jac, theirs.jac)
    for field in ("fun", "nit", "nfev", "njev", "status", "message", "success"):
        assert ours[field] == theirs[field]
    assert ours.nfev == ours.njev == len(seen)
    assert [state.nit for state in told] == [k for k in range(1, 41) if k % stride == 0 or k == 40]
    for mine, other in zip(told, asked_told, strict=True):
        np.testing.assert_array_equal(mine.x, other.x)
        assert (mine.fun, mine.nfev) == (other.fun, other.nfev)


@pytest.mark.parametrize("name", COMPILED)
def test_how_often_somebody_looks_changes_nothing(name):
    problem, theta = objective()
    solver = solvers.get(name, **OPTIONS.get(name, {}))
    alone = solver.solve(problem, theta, maxiter=60)
    watched = solver.solve(problem, theta, maxiter=60, callback=lambda state: None)
    np.testing.assert_array_equal(alone.x, watched.x)
    assert (alone.nit, alone.nfev, alone.message) == (watched.nit, watched.nfev, watched.message)


@pytest.mark.parametrize("name", COMPILED)
def test_memory_goes_from_one_kind_of_run_to_the_other(name):
    problem, theta = objective()
    plain, _ = asked(problem)
    solver = solvers.get(name, **OPTIONS.get(name, {}))
    first = solver.solve(plain, theta, maxiter=15)
    second = solver.solve(problem, first.x, maxiter=15, memory=first.memory)
    again = solver.solve(plain, theta, maxiter=15)
    other = solver.solve(plain, again.x, maxiter=15, memory=again.memory)
    np.testing.assert_array_equal(second.x, other.x)


@pytest.mark.parametrize("name", COMPILED)
def test_callback_ends_a_compiled_run(name):
    def stop(state):
        if state.nit == 14:
            raise StopIteration

    problem, theta = objective()
    solver = solvers.get(name, **OPTIONS.get(name, {}))
    result = solver.solve(problem, theta, maxiter=100, callback=stop, stride=7)
    assert (result.nit, result.status) == (14, solvers.STOPPED)


class Barrier(Problem):
    """sum of (x - 3)^2 - log(1 - x^2): machine code of somebody else's, not finite beyond 1."""

    offers = frozenset({"fun", "jac"})

    def __init__(self, size):
        signature = types.float64(types.CPointer(types.intp), *2 * [types.CPointer(types.float64)])
        code = cfunc(signature)(self.evaluate)
        self._code = Native(code.address, np.array([size], dtype=np.intp), code)

    @property
    def native(self):
        return self._code

    @staticmethod
    def evaluate(context, x, gradient):
        value = 0.0
        for i in range(context[0]):
            room = 1.0 - x[i] * x[i]
            value += (x[i] - 3.0) ** 2 - (math.log(room) if room > 0.0 else math.nan)
            gradient[i] = 2.0 * (x[i] - 3.0) + (2.0 * x[i] / room if room > 0.0 else math.nan)
        return value

    def fun(self, theta):
        return self.evaluate([theta.size], theta, np.empty(theta.size))

    def jac(self, theta):
        gradient = np.empty(theta.size)
        self.evaluate([theta.size], theta, gradient)
        return gradient


@pytest.mark.parametrize("name", ["BFGS", "L-BFGS", "CG", "Adam"])
def test_any_machine_code_will_do_and_its_walls_are_met(name):
    problem, start = Barrier(6), np.linspace(-0.9, 0.9, 6)
    solver = solvers.get(name, eta=0.2, guard=True) if name == "Adam" else solvers.get(name)
    result = solver.solve(problem, start, maxiter=200)
    # 2 (x - 3) (1 - x^2) + 2 x = 0
    assert result.fun == problem.fun(result.x)
    np.testing.assert_allclose(result.x, min(np.roots([-1, 3, 2, -3]), key=lambda r: abs(r - 0.8)), atol=1e-3)
    plain = FunctionProblem(problem.fun, problem.jac)
    np.testing.assert_allclose(solver.solve(plain, start, maxiter=200).x, result.x, atol=1e-3)


def test_divergence_in_compiled_code_ends_at_the_last_finite_point():
    problem, theta = objective("identity", "identity", scale=100.0)
    result = solvers.get("gradient-descent", eta=10.0).solve(problem, theta)
    assert result.status == solvers.NON_FINITE
    assert np.isfinite(result.fun)
    assert np.isfinite(result.x).all()


def test_work_arrays_that_grow_under_a_run_do_no_harm():
    """A callback that evaluates a larger batch of the same family makes the shared arrays move."""
    problem, theta = objective()
    more = problem.on(Batch(np.tile(problem.batch.x, (50, 1))))
    plain, _ = asked(objective()[0])
    disturbed = solvers.get("BFGS").solve(problem, theta, maxiter=30, callback=lambda state: more.fun(state.x))
    np.testing.assert_array_equal(disturbed.x, solvers.get("BFGS").solve(plain, theta, maxiter=30).x)
