"""Newton-CG and trust-krylov in compiled code: machine code for products, and the same steps as by asking for them."""

import numpy as np
import pytest

from scipy_ae import solvers
from scipy_ae.batches import Batch
from scipy_ae.kernels import second_order
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2
from scipy_ae.problem import Problem
from scipy_ae.solvers import operators
from scipy_ae.solvers.krylov import Operator, Stop, conjugate_gradients
from scipy_ae.solvers.watched import Watched

NAMES = ["Newton-CG", "trust-krylov"]
both = pytest.mark.parametrize("name", NAMES)
products = pytest.mark.parametrize("product", ["gauss_newton_p", "hessp"])


def objective(output="logistic", activation="tanh", loss=None, dtype=np.float64):
    rng = np.random.default_rng(4)
    network = Network.parse("12-7-2-7-12", activation, output)
    batch = Batch((rng.random((9, 12)) > 0.5) * 1.0)
    return Objective(network, batch, loss, [L2(1e-3)], dtype), network.initialize(rng, init="fan-in")


def by_code(problem, product, theta, v, fresh=1):
    out = np.empty(theta.size)
    second_order.product(problem.native.product(product), problem.native.context, fresh, theta, v, out)
    return out


class Asked(Problem):
    """The same problem with nothing to call by address, which counts what is asked; products always of a new theta."""

    def __init__(self, problem):
        self._problem, self.products, self.evaluations = problem, 0, 0
        self.offers = frozenset({"fun", "jac", "hessp", "gauss_newton_p", "gauss_newton_diagonal"})

    def fun(self, theta):
        return self.fun_and_jac(theta)[0]

    def fun_and_jac(self, theta):
        self.evaluations += 1
        return self._problem.fun_and_jac(theta)

    def hessp(self, theta, v):
        self.products += 1
        return by_code(self._problem, "hessp", theta, v)

    def gauss_newton_p(self, theta, v):
        self.products += 1
        return by_code(self._problem, "gauss_newton_p", theta, v)

    def gauss_newton_diagonal(self, theta):
        self.products += 1
        return self._problem.gauss_newton_diagonal(theta)


@products
@pytest.mark.parametrize(
    ("output", "activation", "loss"),
    [
        ("logistic", "tanh", None),
        ("softmax", "softmax", "cross-entropy"),
        ("parametric-relu", "parametric-relu", "squared-error"),
    ],
)
def test_machine_code_gives_the_products(product, output, activation, loss):
    problem, theta = objective(output, activation, loss)
    rng = np.random.default_rng(1)
    for fresh in (1, 0, 0):
        v = rng.normal(size=theta.size)
        # asked of another objective, whose work arrays are its own
        expected = getattr(objective(output, activation, loss)[0], product)(theta, v)
        np.testing.assert_allclose(by_code(problem, product, theta, v, fresh), expected, rtol=1e-11, atol=1e-13)


@products
def test_after_an_evaluation_elsewhere_theta_is_new(product):
    problem, theta = objective()
    v = np.random.default_rng(1).normal(size=theta.size)
    first = by_code(problem, product, theta, v)
    problem.fun_and_jac(theta + 1.0)
    assert np.abs(by_code(problem, product, theta, v, fresh=0) - first).max() > 1e-3
    np.testing.assert_array_equal(by_code(problem, product, theta, v), first)


@both
@pytest.mark.parametrize("curvature", ["gauss-newton", "hessian"])
@pytest.mark.parametrize("precondition", ["none", "diagonal"])
def test_compiled_runs_take_the_steps_of_those_that_ask(name, curvature, precondition):
    problem, theta = objective()
    plain = Asked(problem)
    solver = solvers.get(name, curvature=curvature, precondition=precondition)
    told, asked_told = [], []
    ours = solver.solve(problem, theta, maxiter=20, callback=told.append)
    theirs = solver.solve(plain, theta, maxiter=20, callback=asked_told.append)
    np.testing.assert_array_equal(ours.x, theirs.x)
    np.testing.assert_array_equal(ours.jac, theirs.jac)
    for field in ("fun", "nit", "nfev", "njev", "nhev", "status", "message", "success"):
        assert ours[field] == theirs[field]
    assert ours.nfev == ours.njev == plain.evaluations
    assert ours.nhev == plain.products > ours.nit
    assert [state.nit for state in told] == list(range(1, 21))
    for mine, other in zip(told, asked_told, strict=True):
        np.testing.assert_array_equal(mine.x, other.x)
        assert (mine.fun, mine.nfev) == (other.fun, other.nfev)


@both
def test_to_the_end_of_its_digits_both_ways_are_one(name):
    problem, theta = objective("identity", loss="squared-error")
    options = {"curvature": "hessian", "gtol": 0.0}
    ours = solvers.get(name, **options).solve(problem, theta, maxiter=400)
    theirs = solvers.get(name, **options).solve(Asked(problem), theta, maxiter=400)
    assert ours.status == solvers.STUCK
    np.testing.assert_array_equal(ours.x, theirs.x)
    assert (ours.message, ours.nfev, ours.nhev) == (theirs.message, theirs.nfev, theirs.nhev)


@both
@pytest.mark.parametrize("stop", ["progress", "forcing"])
def test_how_often_somebody_looks_changes_nothing(name, stop, monkeypatch):
    problem, theta = objective()
    solver = solvers.get(name, **({"stop": stop} if name == "Newton-CG" else {}))
    alone = solver.solve(problem, theta, maxiter=25)
    monkeypatch.setattr(operators, "HEARD", 0.0)  # one product at a time
    watched = solver.solve(problem, theta, maxiter=25, callback=lambda state: None)
    np.testing.assert_array_equal(alone.x, watched.x)
    assert (alone.nit, alone.nfev, alone.nhev) == (watched.nit, watched.nfev, watched.nhev)


@both
def test_memory_goes_from_one_kind_of_run_to_the_other(name):
    problem, theta = objective()
    solver = solvers.get(name)
    first, again = (solver.solve(Asked(problem), theta, maxiter=8) for _ in range(2))
    second = solver.solve(problem, first.x, maxiter=8, memory=first.memory)
    other = solver.solve(Asked(problem), again.x, maxiter=8, memory=again.memory)
    np.testing.assert_array_equal(second.x, other.x)
    cold = solver.solve(problem, first.x, maxiter=8)
    assert not np.array_equal(cold.x, second.x)


@both
def test_work_arrays_that_grow_under_a_run_do_no_harm(name):
    problem, theta = objective()
    more = problem.on(Batch(np.tile(problem.batch.x, (50, 1))))

    def disturb(state):
        more.gauss_newton_p(state.x + 1.0, state.x)

    disturbed = solvers.get(name).solve(problem, theta, maxiter=15, callback=disturb)
    np.testing.assert_array_equal(disturbed.x, solvers.get(name).solve(objective()[0], theta, maxiter=15).x)


@both
def test_single_precision_trains_too(name):
    problem, theta = objective(dtype=np.float32)
    result = solvers.get(name).solve(problem, theta, maxiter=10)
    assert result.fun < 0.8 * problem.fun(theta)
    assert result.nhev > 10


def test_levenberg_marquardt_by_products_makes_them_in_compiled_code():
    problem, theta = objective("identity", loss="squared-error")
    plain = Asked(problem)
    ours = solvers.get("lm", form="products").solve(problem, theta, maxiter=6)
    theirs = solvers.get("lm", form="products").solve(plain, theta, maxiter=6)
    np.testing.assert_array_equal(ours.x, theirs.x)
    assert ours.nhev == theirs.nhev == plain.products


@products
def test_conjugate_gradients_solve_the_damped_system(product):
    problem, theta = objective("identity", loss="squared-error")
    watched, mu, b = Watched(problem), 0.7, np.random.default_rng(2).normal(size=theta.size)
    A = np.array([getattr(problem, product)(theta, unit) for unit in np.eye(theta.size)])
    mu += max(0.0, -np.linalg.eigvalsh(A)[0])
    operator = Operator(operators.Operators(watched, product), theta)
    solved = conjugate_gradients(
        operator, b, np.ones(theta.size), np.full(theta.size, 2.0), Stop("forcing", 999, 0, 1e-10), mu
    )
    np.testing.assert_allclose(A @ solved.x + mu * solved.x, b, atol=1e-8)
    assert watched.nhev > 10
