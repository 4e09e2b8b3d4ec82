"""The objective against a plain NumPy network, and every derivative by the slope of its Taylor error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import plain_loss
from scipy.optimize import minimize

import scipy_ae
from scipy_ae.activations import Activation, names
from scipy_ae.checks import check_problem, hessian_symmetry, jacobian_error, taylor_slope
from scipy_ae.errors import InputError, UnsupportedError

KINKED = {"step", "relu", "leaky-relu", "parametric-relu", "elu", "saturating-linear"}
OUTPUTS = [(name, "squared-error") for name in names()] + [("logistic", "cross-entropy"), ("softmax", "cross-entropy")]


def setup(spec="6-5-2-4-6", activation="tanh", output="logistic", loss=None, rows=9, seed=0, l2=0.0, weight=None):
    rng = np.random.default_rng(seed)
    net = scipy_ae.Network.parse(spec, activation, output)
    target = rng.random((rows, net.outputs))
    batch = scipy_ae.Batch(rng.normal(size=(rows, net.inputs)), target=target, weight=weight)
    penalties = (scipy_ae.L2(l2),) if l2 else ()
    return scipy_ae.Objective(net, batch, loss, penalties), net.initialize(rng, std=0.6), rng


@pytest.mark.parametrize("activation", names())
@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
def test_value_is_that_of_a_plain_numpy_network(activation, output, loss):
    objective, theta, _ = setup(activation=activation, output=output, loss=loss, l2=0.03)
    assert objective.fun(theta) == pytest.approx(plain_loss(objective, theta), rel=1e-12)
    assert objective.fun_and_jac(theta)[0] == pytest.approx(plain_loss(objective, theta), rel=1e-12)


@pytest.mark.parametrize("activation", [name for name in names() if name != "step"])
@pytest.mark.parametrize(("output", "loss"), [pair for pair in OUTPUTS if pair[0] != "step"])
def test_gradient_is_the_central_difference_of_the_value(activation, output, loss):
    objective, theta, rng = setup(activation=activation, output=output, loss=loss, l2=0.03, seed=5)
    gradient, h = objective.jac(theta), 1e-6
    for _ in range(4):
        v = rng.normal(size=theta.size)
        rise = (objective.fun(theta + h * v) - objective.fun(theta - h * v)) / (2 * h)
        assert gradient @ v == pytest.approx(rise, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("activation", [name for name in names() if name not in KINKED])
@pytest.mark.parametrize(("output", "loss"), [pair for pair in OUTPUTS if pair[0] not in KINKED])
def test_taylor_slopes_of_gradient_and_hessian(activation, output, loss):
    objective, theta, rng = setup(activation=activation, output=output, loss=loss, l2=0.01)
    assert taylor_slope(objective, theta, rng, order=1) > 1.9
    assert taylor_slope(objective, theta, rng, order=2) > 2.9


@pytest.mark.parametrize("activation", ["leaky-relu", "parametric-relu", "elu"])
def test_hessian_product_of_kinked_activations_is_the_difference_of_gradients(activation):
    objective, theta, rng = setup(activation=activation, output=activation, loss="squared-error", seed=1)
    v, h = rng.normal(size=theta.size), 1e-6
    change = (objective.jac(theta + h * v) - objective.jac(theta - h * v)) / (2 * h)
    np.testing.assert_allclose(objective.hessp(theta, v), change, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
def test_products_are_symmetric_and_gauss_newton_is_never_negative(output, loss):
    objective, theta, rng = setup(output=output, loss=loss, l2=0.02)
    for name in ("hessp", "gauss_newton_p"):
        assert hessian_symmetry(objective, theta, rng, name) < 1e-10
    for _ in range(20):
        v = rng.normal(size=theta.size)
        assert v @ objective.gauss_newton_p(theta, v) >= -1e-12


@pytest.mark.parametrize("activation", names())
@pytest.mark.parametrize("output", ["tanh", "softmax", "parametric-relu"])
def test_residuals_and_their_jacobian(activation, output):
    objective, theta, rng = setup(activation=activation, output=output, loss="squared-error", l2=0.05)
    r, jacobian = objective.residual(theta), objective.residual_jac(theta)
    assert r @ r == pytest.approx(objective.fun(theta), rel=1e-12)
    assert jacobian_error(objective, theta) < 1e-11
    v = rng.normal(size=theta.size)
    np.testing.assert_allclose(
        2 * jacobian.T @ (jacobian @ v), objective.gauss_newton_p(theta, v), rtol=1e-9, atol=1e-11
    )


def test_gauss_newton_is_the_hessian_of_a_network_that_is_linear_in_theta():
    """With one layer on each side and a fixed decoder direction, the curvature of squared error is all Gauss-Newton."""
    objective, theta, rng = setup("4-2-4", "identity", "identity", "squared-error")
    views = objective.network.layout.views(v := np.zeros_like(theta))
    views["decoder.0.weight"][...] = rng.normal(size=(2, 4))
    views["decoder.0.bias"][...] = rng.normal(size=4)
    np.testing.assert_allclose(v @ objective.hessp(theta, v), v @ objective.gauss_newton_p(theta, v), rtol=1e-12)


@settings(max_examples=15)
@given(widths=st.lists(st.integers(1, 7), min_size=1, max_size=3), rows=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_any_depth_width_and_number_of_rows(widths, rows, seed):
    spec = [9, *widths, 1, *widths[::-1], 9]
    objective, theta, rng = setup(spec, rows=rows, seed=seed)
    assert objective.fun(theta) == pytest.approx(plain_loss(objective, theta), rel=1e-11)
    assert taylor_slope(objective, theta, rng) > 1.9


def test_wide_layers_take_the_other_path_of_the_products():
    """Above a size the product with a transpose is left to BLAS; both paths must agree with plain NumPy."""
    objective, theta, rng = setup("160-130-3-130-160", rows=12)
    assert objective.fun(theta) == pytest.approx(plain_loss(objective, theta), rel=1e-11)
    assert taylor_slope(objective, theta, rng) > 1.9


def test_row_weights_count_rows_as_often_as_they_say():
    rng = np.random.default_rng(3)
    net = scipy_ae.Network.parse("5-2-5")
    x, theta = rng.random((4, 5)), net.initialize(rng)
    weighted = scipy_ae.Objective(net, scipy_ae.Batch(x, weight=[1, 2, 0, 3]))
    repeated = scipy_ae.Objective(net, scipy_ae.Batch(x[[0, 1, 1, 3, 3, 3]]))
    assert weighted.fun(theta) == pytest.approx(repeated.fun(theta), rel=1e-13)
    np.testing.assert_allclose(weighted.jac(theta), repeated.jac(theta), rtol=1e-11, atol=1e-14)


def test_cross_entropy_keeps_its_digits_where_the_output_saturates():
    net = scipy_ae.Network.parse("3-1-3")
    theta = np.zeros(net.size)
    net.layout.views(theta)["decoder.0.bias"][...] = 800.0
    one, none = (
        scipy_ae.Objective(net, scipy_ae.Batch(np.zeros((1, 3)), target=np.full((1, 3), t))) for t in (1.0, 0.0)
    )
    assert one.fun(theta) == 0.0
    assert none.fun(theta) == pytest.approx(2400.0)
    assert np.isfinite(none.jac(theta)).all()


def test_parts_sum_to_the_value():
    objective, theta, _ = setup(l2=0.1)
    parts = objective.parts(theta)
    assert set(parts) == {"cross-entropy", "L2"}
    assert sum(parts.values()) == pytest.approx(objective.fun(theta), rel=1e-13)
    weights = [view for name, view in objective.network.layout.views(theta).items() if name.endswith("weight")]
    assert parts["L2"] == pytest.approx(0.1 * sum((w**2).sum() for w in weights))


def test_each_gradient_is_a_fresh_array_and_a_new_batch_leaves_the_old_objective_as_it_was():
    objective, theta, rng = setup()
    first = objective.jac(theta)
    kept = first.copy()
    objective.jac(theta + 1)
    np.testing.assert_array_equal(first, kept)
    value = objective.fun(theta)
    other = objective.on(scipy_ae.Batch(rng.normal(size=(30, 6)), target=rng.random((30, 6))))
    assert other.fun(theta) != value
    assert objective.fun(theta) == value
    np.testing.assert_array_equal(objective.jac(theta), kept)


def test_single_precision_carries_about_six_digits():
    objective, theta, _ = setup(l2=0.01)
    single = scipy_ae.Objective(objective.network, objective.batch, penalties=objective.penalties, dtype=np.float32)
    value, gradient = single.fun_and_jac(theta)
    assert gradient.dtype == np.float64
    assert value == pytest.approx(objective.fun(theta), rel=1e-5)
    assert np.abs(gradient - objective.jac(theta)).max() < 1e-5 * np.abs(gradient).max()
    v = np.ones_like(theta)
    for name in ("hessp", "gauss_newton_p"):
        exact = getattr(objective, name)(theta, v)
        assert np.abs(getattr(single, name)(theta, v) - exact).max() < 1e-4 * np.abs(exact).max()


def test_a_linear_autoencoder_reaches_the_subspace_of_pca():
    """Baldi and Hornik (1989): the best linear autoencoder projects on the first principal components."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6)) * [3.0, 2.0, 1.0, 0.5, 0.3, 0.1] @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    x -= x.mean(axis=0)
    net = scipy_ae.Network.parse("6-2-6", activation="identity", output="identity")
    objective = scipy_ae.Objective(net, scipy_ae.Batch(x))
    start = net.initialize(rng, init="fan-in")
    theta = minimize(objective.fun_and_jac, start, jac=True, method=scipy_ae.solvers.bfgs).x
    _, singular, axes = np.linalg.svd(x, full_matrices=False)
    assert objective.fun(theta) == pytest.approx((singular[2:] ** 2).sum() / 60, rel=1e-6)
    np.testing.assert_allclose(net.reconstruct(theta, x), x @ axes[:2].T @ axes[:2], atol=1e-4)


def test_scipy_minimises_it_with_second_derivatives():
    objective, theta, _ = setup("6-3-6", l2=0.01)
    result = minimize(objective.fun, theta, jac=objective.jac, hessp=objective.hessp, method="trust-ncg")
    assert result.success
    assert np.abs(objective.jac(result.x)).max() < 1e-4


def test_check_problem_passes_here_and_fails_on_a_wrong_gradient():
    objective, theta, rng = setup(output="tanh", loss="squared-error", l2=0.01)
    checks = check_problem(objective, theta, rng)
    assert len(checks) == 5
    assert all(check.passed for check in checks)

    class Wrong(scipy_ae.Problem):
        offers = objective.offers

        def fun(self, point):
            return objective.fun(point)

        def jac(self, point):
            return 1.001 * objective.jac(point)

        def hessp(self, point, v):
            return 1.01 * objective.hessp(point, v)

        gauss_newton_p = hessp
        residual = staticmethod(objective.residual)
        residual_jac = staticmethod(objective.residual_jac)

    failed = {check.name for check in check_problem(Wrong(), theta, rng) if not check.passed}
    assert failed >= {"jac: Taylor error", "hessp: Taylor error", "residual_jac: 2 J'r = jac"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loss": "cross-entropy", "output": "tanh"}, "cross-entropy needs an output within (0, 1)"),
        ({"loss": "crossentropy"}, "did you mean 'cross-entropy'?"),
        ({"l2": -1.0}, "L2: a weight of -1.0"),
    ],
)
def test_what_does_not_go_together_is_refused(change, words):
    with pytest.raises(InputError) as refused:
        setup(**change)
    assert words in str(refused.value)


def test_data_that_does_not_fit_is_refused():
    net = scipy_ae.Network.parse("5-2-5")
    with pytest.raises(InputError, match="5-2-5 does not fit a x of 4 columns"):
        scipy_ae.Objective(net, scipy_ae.Batch(np.ones((3, 4)), target=np.ones((3, 5))))
    with pytest.raises(InputError, match=r"targets within \[0, 1\]"):
        scipy_ae.Objective(net, scipy_ae.Batch(np.full((3, 5), 2.0)))
    with pytest.raises(InputError, match=r"row 1, column 2 is nan"):
        scipy_ae.Batch(np.array([[1.0, 2, 3], [4, 5, np.nan]]))
    with pytest.raises(InputError, match="no rows"):
        scipy_ae.Batch(np.empty((0, 5)))


def test_what_is_not_offered_is_refused_by_name():
    objective, theta, _ = setup()
    assert "residual" not in objective.offers
    with pytest.raises(
        UnsupportedError,
        match="does not offer residual; it offers fun, jac, hessp, gauss_newton, gauss_newton_diagonal",
    ):
        objective.residual(theta)


def test_slope_of_hidden_activations_is_beta():
    net = scipy_ae.Network.parse("4-2-4", Activation("tanh", beta=0.2), "identity")
    theta = net.initialize(np.random.default_rng(0))
    views = net.layout.views(theta)
    x = np.ones((1, 4))
    expected = np.tanh(0.2 * (x @ views["encoder.0.weight"] + views["encoder.0.bias"]))
    np.testing.assert_allclose(net.encode(theta, x), expected, rtol=1e-14)
