"""Levenberg-Marquardt and Gauss-Newton as machine code take the steps that they take when they have to ask."""

import numpy as np
import pytest

import scipy_ae
from scipy_ae import solvers
from scipy_ae.kernels import cholesky, quadratic
from scipy_ae.problem import Problem
from scipy_ae.solvers import curvature
from scipy_ae.solvers.watched import Point, Watched

BOTH = ("Levenberg-Marquardt", "Gauss-Newton")


class Asked(Problem):
    """The same problem with nothing to call by address, which counts what is asked."""

    def __init__(self, problem):
        self._problem, self.offers = problem, problem.offers
        self.evaluations = self.curvatures = 0

    def fun(self, theta):
        return self._problem.fun(theta)

    def fun_and_jac(self, theta):
        self.evaluations += 1
        return self._problem.fun_and_jac(theta)

    def gauss_newton(self, theta):
        self.curvatures += 1
        return self._problem.gauss_newton(theta)

    def gauss_newton_root(self, theta):
        self.curvatures += 1
        return self._problem.gauss_newton_root(theta)


def objective(output="logistic", loss=None, rows=30, l2=0.0, activation="tanh", spec="8-5-2-5-8", dtype=np.float64):
    rng = np.random.default_rng(0)
    net = scipy_ae.Network.parse(spec, activation=activation, output=output)
    x = 1 / (1 + np.exp(-rng.normal(size=(rows, 2)) @ rng.normal(size=(2, net.inputs))))
    if loss == "cross-entropy" and output == "softmax":
        x /= x.sum(axis=1, keepdims=True)
    batch = scipy_ae.Batch(x, weight=rng.uniform(0.5, 2.0, size=rows))
    penalties = (scipy_ae.L2(l2),) if l2 else ()
    return scipy_ae.Objective(net, batch, loss, penalties, dtype), net.initialize(rng, init="fan-in")


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("rows", [4, 30])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize(
    ("output", "loss", "activation"),
    [
        ("logistic", "cross-entropy", "tanh"),
        ("logistic", "squared-error", "tanh"),
        ("softmax", "cross-entropy", "tanh"),
        ("softmax", "squared-error", "parametric-relu"),
        ("identity", "squared-error", "parametric-relu"),
    ],
)
def test_machine_code_takes_the_steps_of_those_that_ask(name, rows, l2, output, loss, activation):
    problem, theta = objective(output, loss, rows, l2, activation)
    plain = Asked(problem)
    # well damped: where mu is tiny rounding alone decides between the two
    options = {"tau": 0.1} if name == BOTH[0] else {"regularisation": 1e-2}
    ours = solvers.get(name, **options).solve(problem, theta, maxiter=8)
    theirs = solvers.get(name, **options).solve(plain, theta, maxiter=8)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-8, atol=1e-10)
    assert ours.fun < problem.fun(theta) - 0.1
    assert (ours.nit, ours.nfev, ours.njev) == (theirs.nit, theirs.nfev, theirs.njev)
    assert theirs.nfev == plain.evaluations
    assert theirs.nhev == plain.curvatures
    # those that ask have asked for a root once to see how large it is
    assert ours.nhev == ours.nit == theirs.nhev - (rows > 4)


@pytest.mark.parametrize("options", [{"scaling": "marquardt"}, {"update": "nielsen"}, {"form": "primal"}], ids=str)
def test_so_it_does_by_other_rules(options):
    problem, theta = objective(loss="squared-error", rows=10)
    ours, theirs = (
        solvers.get(BOTH[0], tau=0.1, **options).solve(each, theta, maxiter=6) for each in (problem, Asked(problem))
    )
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.memory.mu, theirs.memory.mu, rtol=1e-7)
    if "scaling" in options:
        np.testing.assert_allclose(ours.memory.scale, theirs.memory.scale, rtol=1e-7)


@pytest.mark.parametrize("name", BOTH)
def test_damping_goes_on_from_run_to_run(name):
    problem, theta = objective(rows=10)
    solver = solvers.get(name)
    whole = solver.solve(problem, theta, maxiter=9)
    part = solver.solve(problem, theta, maxiter=4)
    rest = solver.solve(problem, part.x, maxiter=5, memory=part.memory)
    np.testing.assert_array_equal(rest.x, whole.x)


@pytest.mark.parametrize("name", BOTH)
def test_float32_sweeps_are_asked_by_their_address_too(name):
    problem, theta = objective(loss="squared-error", dtype=np.float32)
    assert problem.native.model is not None
    result = solvers.get(name).solve(problem, theta, maxiter=15)
    double = objective(loss="squared-error")[0]
    assert double.fun(result.x) < 0.8 * double.fun(theta)


@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("form", ["primal", "dual"])
def test_the_model_is_that_of_the_matrix(form, l2):
    problem, theta = objective(loss="cross-entropy", rows=4, l2=l2)
    model = problem.native.model(form)  # which holds the arrays
    address, context = model.code()
    g, step, scale = problem.jac(theta), np.empty(theta.size), np.ones(theta.size)
    largest = call(address, context, quadratic.BUILD, theta, g, 0.0, scale, step)
    matrix = problem.gauss_newton(theta)
    if form == "primal":
        np.testing.assert_allclose(step, matrix.diagonal(), rtol=1e-12)
        np.testing.assert_allclose(largest, matrix.diagonal().max(), rtol=1e-12)
    for mu in (1.0, 1e-3):  # and back again from a smaller one
        fall = call(address, context, quadratic.TRIAL, theta, g, mu, scale, step)
        expected = -np.linalg.solve(matrix + mu * np.eye(theta.size), g)
        np.testing.assert_allclose(step, expected, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(fall, -(g @ expected + expected @ matrix @ expected / 2), rtol=1e-6)


def call(address, context, what, theta, g, mu, scale, step):
    """By its C signature, as another language would."""
    import ctypes

    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (context, theta, g, scale, step)]
    numbers = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(
        ctypes.c_double, numbers, ctypes.c_ssize_t, numbers, numbers, ctypes.c_double, numbers, numbers
    )(address)
    return function(pointers[0], what, pointers[1], pointers[2], mu, pointers[3], pointers[4])


def test_dual_form_is_taken_where_residuals_are_fewer():
    for rows, order in ((4, 32), (30, 120)):
        problem, theta = objective(rows=rows)
        watched = Watched(problem)
        choice = curvature.choose("lm", watched, Point(theta, *problem.fun_and_jac(theta)), "auto", True)
        assert choice.order == order == min(8 * rows, theta.size)
        assert watched.nhev == 0


def test_systems_are_those_of_numpy_and_what_is_not_definite_is_refused():
    rng = np.random.default_rng(0)
    for n in (1, 2, 40, 300):
        root = rng.normal(size=(n, n + 2))
        matrix, scale, b = root @ root.T, rng.uniform(1, 2, size=n), rng.normal(size=n)
        x, room = b.copy(), np.empty((n, n))
        assert cholesky.solved(*cholesky.lapack(), matrix, 0.5, scale, room, x)
        np.testing.assert_allclose(x, np.linalg.solve(matrix + 0.5 * np.diag(scale), b), rtol=1e-6, atol=1e-9)
        assert not cholesky.solved(*cholesky.lapack(), -matrix, 0.0, scale, room, b.copy())
        assert not cholesky.solved(*cholesky.lapack(), matrix, 0.5, scale, room, np.full(n, np.nan))
