"""The Gauss-Newton matrix and its square root against its products and the derivative of the residuals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

import scipy_ae
from scipy_ae import gauss_newton
from scipy_ae.activations import names

OUTPUTS = [
    ("logistic", "cross-entropy"),
    ("softmax", "cross-entropy"),
    ("tanh", "squared-error"),
    ("softmax", "squared-error"),
    ("parametric-relu", "squared-error"),
]


def setup(widths=(6, 5, 2, 4, 6), activation="tanh", output="tanh", loss="squared-error", rows=9, seed=0, l2=0.0):
    rng = np.random.default_rng(seed)
    net = scipy_ae.Network.parse(list(widths), activation, output)
    batch = scipy_ae.Batch(rng.normal(size=(rows, widths[0])), rng.random((rows, widths[-1])), rng.random(rows))
    objective = scipy_ae.Objective(net, batch, loss, (scipy_ae.L2(l2),) if l2 else ())
    return objective, net.initialize(rng, std=0.6)


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def by_products(objective, theta):
    return np.array([objective.gauss_newton_p(theta, unit) for unit in np.eye(theta.size)])


def rows_of(root, theta):
    return np.array([root.times(unit) for unit in np.eye(theta.size)]).T


@pytest.mark.parametrize("activation", names())
@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
def test_matrix_is_that_of_the_products(activation, output, loss):
    objective, theta = setup(activation=activation, output=output, loss=loss, l2=0.03)
    matrix = objective.gauss_newton(theta)
    close(matrix, by_products(objective, theta))
    np.testing.assert_array_equal(matrix, matrix.T)
    close(objective.gauss_newton_diagonal(theta), matrix.diagonal())


@settings(max_examples=20)
@given(
    hidden=st.lists(st.integers(1, 12), min_size=0, max_size=2),
    width=st.integers(2, 20),
    rows=st.integers(1, 12),
    activation=st.sampled_from(["tanh", "softmax", "parametric-relu"]),
    seed=st.integers(0, 10**6),
)
def test_matrix_is_twice_j_transposed_j(hidden, width, rows, activation, seed):
    widths = [width, *hidden, 1, *hidden[::-1], width]
    objective, theta = setup(widths, activation, activation, rows=rows, seed=seed, l2=0.01)
    J = objective.residual_jac(theta)
    close(objective.gauss_newton(theta), 2 * J.T @ J)


@settings(max_examples=20)
@given(
    width=st.integers(2, 12),
    rows=st.integers(1, 12),
    activation=st.sampled_from(["tanh", "softmax", "parametric-relu"]),
    seed=st.integers(0, 10**6),
    mu=st.floats(1e-6, 1e3),
)
def test_gram_matrix_is_j_j_transposed(width, rows, activation, seed, mu):
    objective, theta = setup([width, 3, 1, 4, width], activation, activation, rows=rows, seed=seed)
    J = objective.residual_jac(theta)
    close(objective.gauss_newton_root(theta).gram(mu), 2 * J @ J.T / mu)


@pytest.mark.parametrize("l2", [0.0, 0.05])
@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
def test_root_gives_matrix_gradient_and_gram(output, loss, l2):
    objective, theta = setup(output=output, loss=loss, l2=l2)
    root, other = objective.gauss_newton_root(theta), theta + 1.0
    objective.gauss_newton(other)  # what is asked at another place must not reach the root
    objective.jac(other)
    decay, pull = root.penalty or (np.zeros(theta.size), np.zeros(theta.size))
    R = rows_of(root, theta)
    close(R.T @ R + np.diag(decay), objective.gauss_newton(theta))
    close(root.back(root.residual) + pull, objective.jac(theta))
    close(root.gram(0.3), R / (decay + 0.3) @ R.T)
    w = np.linspace(-1, 1, len(R))
    close(root.back(w), R.T @ w)


def test_residual_jac_is_the_difference_of_the_residuals():
    objective, theta = setup(activation="parametric-relu", output="softmax", l2=0.05)
    differences = approx_fprime(theta, objective.residual, 1e-7)
    np.testing.assert_allclose(objective.residual_jac(theta), differences, atol=1e-6)


def test_matrix_does_not_depend_on_how_the_rows_are_split(monkeypatch):
    objective, theta = setup(rows=23, output="logistic", loss="cross-entropy")
    whole, whole_jac = objective.gauss_newton(theta), setup(rows=23)[0].residual_jac(theta)
    monkeypatch.setattr(gauss_newton, "_AT_ONCE", 2000)
    close(objective.gauss_newton(theta), whole)
    close(setup(rows=23)[0].residual_jac(theta), whole_jac)


def test_wide_layers_are_summed_by_blas():
    objective, theta = setup([40, 45, 2, 40, 40], rows=60)
    J = objective.residual_jac(theta)
    close(objective.gauss_newton(theta), 2 * J.T @ J)


def test_single_precision_objective_gives_the_matrix_in_double():
    objective, theta = setup()
    single = scipy_ae.Objective(objective.network, objective.batch, "squared-error", dtype=np.float32)
    np.testing.assert_array_equal(single.gauss_newton(theta), objective.gauss_newton(theta))


def test_sure_outputs_of_cross_entropy_leave_the_root_finite():
    net = scipy_ae.Network.parse("3-1-3")
    theta = np.zeros(net.size)
    net.layout.views(theta)["decoder.0.bias"][...] = [800.0, -800.0, 0.0]
    objective = scipy_ae.Objective(net, scipy_ae.Batch(np.ones((2, 3)), target=np.tile([0.0, 0.0, 1.0], (2, 1))))
    root = objective.gauss_newton_root(theta)
    assert np.isfinite(root.residual).all()
    close(root.back(root.residual), objective.jac(theta))


def test_rows_of_no_weight_count_nothing():
    rng = np.random.default_rng(2)
    net = scipy_ae.Network.parse("5-2-5")
    x, theta = rng.random((4, 5)), net.initialize(rng)
    some = scipy_ae.Objective(net, scipy_ae.Batch(x, weight=[1, 0, 2, 0]))
    fewer = scipy_ae.Objective(net, scipy_ae.Batch(x[[0, 2]], weight=[1, 2]))
    close(some.gauss_newton(theta), fewer.gauss_newton(theta))
    assert np.isfinite(some.gauss_newton_root(theta).residual).all()
