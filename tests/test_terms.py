"""Sparse, contractive and variational terms: values from their formulas, derivatives by slopes and against torch."""

from itertools import pairwise

import numpy as np
import pytest
import torch_reference
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import plain_loss, plain_output

import scipy_ae
from scipy_ae import solvers
from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Plain, Variational
from scipy_ae.checks import check_problem, hessian_symmetry, taylor_slope
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity
from scipy_ae.problem import FunctionProblem

SMOOTH = ["identity", "logistic", "tanh", "arctan", "softplus", "softmax"]
#: Of the encoder; the derivative of a step is 0 everywhere, in torch it has none.
ALL = [*SMOOTH, "relu", "leaky-relu(0.2)", "parametric-relu", "elu(0.7)", "saturating-linear"]
TERMS = {
    "l1": (L1Sparsity(0.3, "all"),),
    "kl": (KLSparsity(0.4, 0.2, "encoder.0"),),
    "contractive": (Contractive(0.3),),
    "probes": (Contractive(0.3, probes=1),),
    "l2": (L2(0.05),),
}


def network(encoder, decoder, activation="tanh", output="logistic", bottleneck=None, code=None, beta=1.0):
    """From the widths input to code and code to output; encoder.0 and the code are logistic unless asked otherwise."""
    part = Plain() if bottleneck is None else bottleneck
    kind = Activation(activation, beta)
    ends = [*encoder[1:-1], part.outputs(encoder[-1])]
    layers = [scipy_ae.Dense(p, q, kind) for p, q in zip(encoder, ends)]
    if code is not None:
        layers[-1] = scipy_ae.Dense(layers[-1].inputs, layers[-1].outputs, code)
    after = [scipy_ae.Dense(p, q, kind) for p, q in pairwise(decoder)]
    after[-1] = scipy_ae.Dense(after[-1].inputs, after[-1].outputs, output)
    return scipy_ae.Network(layers, after, part)


def setup(net, penalties=(), loss=None, rows=7, draws=2, seed=0, weighted=True):
    rng = np.random.default_rng(seed)
    weight = rng.random(rows) + 0.1 if weighted else None
    batch = scipy_ae.Batch(rng.normal(size=(rows, net.inputs)), rng.random((rows, net.outputs)), weight)
    if isinstance(net.bottleneck, Variational):
        batch = batch.with_eps(rng, net.latent_dim, draws)
    count = next((one.probes for one in penalties if isinstance(one, Contractive)), None)
    if count is not None:
        batch = batch.with_probes(rng, net.latent_dim, count)
    return scipy_ae.Objective(net, batch, loss, penalties), net.initialize(rng, 0.6), rng


def close(ours, theirs, rel=1e-10):
    assert np.linalg.norm(ours - theirs) <= rel * np.linalg.norm(theirs) + 1e-13


def agrees_with_torch(objective, theta, rng):
    value, gradient = torch_reference.value_and_gradient(objective, theta)
    assert objective.fun(theta) == pytest.approx(value, rel=1e-10)
    ours, slope = objective.fun_and_jac(theta)
    assert ours == pytest.approx(value, rel=1e-10)
    assert sum(objective.parts(theta).values()) == pytest.approx(value, rel=1e-10)
    close(slope, gradient)
    if "hessp" in objective.offers:
        v = rng.normal(size=theta.size)
        close(objective.hessp(theta, v), torch_reference.hessian_product(objective, theta, v))


@st.composite
def objectives(draw, activations=tuple(ALL)):
    """Networks of any widths and depths, narrowing or not, with any of the terms."""
    width = st.integers(1, 8)
    encoder = [draw(width) for _ in range(draw(st.integers(2, 4)))]
    decoder = [encoder[-1], *(draw(width) for _ in range(draw(st.integers(1, 3))))]
    bottleneck = draw(st.sampled_from([None, Variational(0.6), Variational(0.0)]))
    output, loss = draw(st.sampled_from([("logistic", None), ("tanh", "squared-error"), ("logistic", "squared-error")]))
    chosen = draw(st.sets(st.sampled_from(["l1", "contractive", "probes", "l2", "kl"])))
    if "contractive" in chosen or encoder[-1] < 2:
        chosen.discard("probes")
    activation = draw(st.sampled_from(["logistic", "tanh"] if "kl" in chosen else list(activations)))
    code = "tanh" if "kl" in chosen else draw(st.sampled_from([None, "identity"]))
    net = network(encoder, decoder, activation, output, bottleneck, code, draw(st.sampled_from([1.0, 0.4])))
    penalties = [one for name in sorted(chosen) for one in TERMS[name]]
    return setup(net, penalties, loss, draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(0, 10**6)))


@settings(max_examples=120)
@given(objectives())
def test_derivatives_are_those_of_torch_on_any_network(case):
    agrees_with_torch(*case)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("bottleneck", [None, Variational(0.7)])
def test_each_term_alone_is_that_of_torch(name, activation, bottleneck):
    """Every activation in every layer, the code included; 6-5 narrows, 5-7 widens."""
    activation = activation if name != "kl" else "tanh"
    for encoder in ([6, 5, 4, 3], [5, 7, 3]):
        net = network(encoder, [3, 4, 6], activation, bottleneck=bottleneck)
        agrees_with_torch(*setup(net, TERMS[name], draws=3))


@settings(max_examples=25)
@given(objectives(activations=("logistic", "softplus", "arctan")))
def test_taylor_errors_fall_as_they_must(case):
    objective, theta, rng = case
    # |a| has a kink wherever a changes its sign: only those that never do are smooth
    sizes = [one for one in objective.penalties if not isinstance(one, L1Sparsity)]
    objective = scipy_ae.Objective(objective.network, objective.batch, objective.loss, sizes)
    assert taylor_slope(objective, theta, rng) > 1.9
    if "hessp" in objective.offers:
        assert taylor_slope(objective, theta, rng, order=2) > 2.9
        assert hessian_symmetry(objective, theta, rng) < 1e-10


@pytest.mark.parametrize("bottleneck", [None, Variational(0.7)])
@pytest.mark.parametrize(
    "names", [["l1"], ["kl"], ["contractive"], ["l1", "kl", "l2"], ["l1", "kl", "contractive", "l2"]]
)
def test_check_problem_passes_for_terms_and_their_combinations(names, bottleneck):
    net = network([6, 5, 3], [3, 4, 6], "logistic", bottleneck=bottleneck)
    objective, theta, rng = setup(net, [one for name in names for one in TERMS[name]])
    checks = check_problem(objective, theta, rng)
    assert len(checks) == (1 if "contractive" in names else 3)
    assert [check.name for check in checks if not check.passed] == []


def test_l1_is_the_sum_of_sizes_and_leaves_a_unit_at_zero_alone():
    net = network([4, 3, 2], [2, 3, 4], "tanh")
    objective, theta, _ = setup(net, [L1Sparsity(0.5, ["encoder.0", "decoder.0"])])
    x, weight = objective.batch.x, objective.batch.weight
    views = net.layout.views(theta)
    first = np.tanh(x @ views["encoder.0.weight"] + views["encoder.0.bias"])
    code = np.tanh(first @ views["encoder.1.weight"] + views["encoder.1.bias"])
    last = np.tanh(code @ views["decoder.0.weight"] + views["decoder.0.bias"])
    expected = 0.5 * weight @ (np.abs(first).sum(axis=1) + np.abs(last).sum(axis=1))
    assert objective.parts(theta)["L1 sparsity"] == pytest.approx(expected, rel=1e-13)

    silent = np.zeros_like(theta)
    plain, _, _ = setup(net)
    np.testing.assert_array_equal(objective.jac(silent), plain.jac(silent))


@pytest.mark.parametrize(("activation", "beta"), [("logistic", 1.0), ("tanh", 1.0), ("tanh", 0.3), ("logistic", 2.5)])
def test_kl_is_that_of_two_coins(activation, beta):
    net = network([5, 4, 2], [2, 5], activation, beta=beta)
    objective, theta, _ = setup(net, [KLSparsity(0.7, 0.15, "encoder.0")])
    views, weight = net.layout.views(theta), objective.batch.weight
    z = beta * (objective.batch.x @ views["encoder.0.weight"] + views["encoder.0.bias"])
    lit = 1 / (1 + np.exp(-z)) if activation == "logistic" else (np.tanh(z) + 1) / 2
    m = weight @ lit
    expected = 0.7 * (0.15 * np.log(0.15 / m) + 0.85 * np.log(0.85 / (1 - m))).sum()
    assert objective.parts(theta)["KL sparsity"] == pytest.approx(expected, rel=1e-12)


def test_kl_is_zero_where_the_mean_is_rho_and_finite_where_a_unit_never_fires():
    net = network([5, 4, 2], [2, 5], "logistic")
    objective, theta, _ = setup(net, [KLSparsity(1.0, 0.2, "encoder.0")])
    views = net.layout.views(theta)
    views["encoder.0.weight"][...] = 0.0
    views["encoder.0.bias"][...] = np.log(0.2 / 0.8)
    assert objective.parts(theta)["KL sparsity"] == pytest.approx(0.0, abs=1e-14)
    views["encoder.0.bias"][...] = -800.0
    value, gradient = objective.fun_and_jac(theta)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("widths", [[9, 5, 3], [9, 12, 6, 4], [4, 9, 3], [3, 4, 6], [6, 3]])
@pytest.mark.parametrize("bottleneck", [None, Variational()])
def test_contractive_is_the_square_of_a_jacobian_by_differences(widths, bottleneck):
    net = network(widths, [widths[-1], 4], "tanh", bottleneck=bottleneck)
    objective, theta, _ = setup(net, [Contractive(0.5)], rows=5)
    x, h, squares = objective.batch.x, 1e-5, 0.0
    for j in range(net.inputs):
        step = h * np.eye(net.inputs)[j]
        slope = (net.encode(theta, x + step) - net.encode(theta, x - step)) / (2 * h)
        squares = squares + (slope**2).sum(axis=1)
    assert objective.parts(theta)["contractive"] == pytest.approx(0.5 * objective.batch.weight @ squares, rel=1e-8)


def test_contractive_of_many_rows_is_the_sum_over_them():
    """More rows than are taken together, and products large enough for BLAS."""
    net = network([60, 50, 24], [24, 60], "tanh")
    objective, theta, rng = setup(net, [Contractive(0.5)], rows=150)
    alone = [objective.on(objective.batch.rows([i])).parts(theta)["contractive"] for i in range(150)]
    assert objective.parts(theta)["contractive"] == pytest.approx(objective.batch.weight @ alone, rel=1e-12)
    assert taylor_slope(objective, theta, rng) > 1.9
    value, gradient = torch_reference.value_and_gradient(objective, theta)
    assert objective.fun(theta) == pytest.approx(value, rel=1e-10)
    close(objective.jac(theta), gradient)


def test_the_estimate_of_the_contractive_term_is_right_on_average():
    net = network([8, 6, 5], [5, 8], "tanh")
    exact, theta, rng = setup(net, [Contractive(1.0)], rows=6)
    rows = np.repeat(exact.batch.x, 2000, axis=0)
    weight = np.repeat(exact.batch.weight, 2000)
    batch = scipy_ae.Batch(rows, np.zeros((len(rows), 8)), weight).with_probes(rng, 5, 2)
    estimate = scipy_ae.Objective(net, batch, penalties=[Contractive(1.0, probes=2)])
    assert estimate.parts(theta)["contractive"] == pytest.approx(exact.parts(theta)["contractive"], rel=0.02)
    assert estimate.parts(theta)["contractive"] == estimate.parts(theta)["contractive"]


def test_a_linear_encoder_has_the_squared_norm_of_its_matrix():
    net = network([5, 4, 3], [3, 5], "identity")
    objective, theta, _ = setup(net, [Contractive(1.0)])
    views = net.layout.views(theta)
    whole = views["encoder.0.weight"] @ views["encoder.1.weight"]
    assert objective.parts(theta)["contractive"] == pytest.approx((whole**2).sum(), rel=1e-12)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("draws", [1, 4])
def test_variational_value_is_the_mean_over_draws_and_the_closed_divergence(loss, draws):
    net = network([5, 4, 2], [2, 4, 5], "tanh", bottleneck=Variational(0.3), code="identity")
    objective, theta, _ = setup(net, (), loss, draws=draws)
    batch, encoded = objective.batch, net.encoded(theta, objective.batch.x)
    mean, logvar = encoded[:, :2], encoded[:, 2:]
    losses = []
    for k in range(draws):
        y = net.decode(theta, mean + np.exp(logvar / 2) * batch.eps[:, k])
        t = batch.target
        rows = (y - t) ** 2 if loss == "squared-error" else -t * np.log(y) - (1 - t) * np.log(1 - y)
        losses.append(batch.weight @ rows.sum(axis=1))
    parts = objective.parts(theta)
    assert parts[loss] == pytest.approx(np.mean(losses), rel=1e-12)
    divergence = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    assert parts["KL divergence"] == pytest.approx(0.3 * batch.weight @ divergence, rel=1e-12)


def test_divergence_is_what_monte_carlo_finds():
    net = network([3, 2], [2, 3], bottleneck=Variational(1.0), code="identity")
    objective, theta, rng = setup(net, rows=1)
    mean, logvar = np.split(net.encoded(theta, objective.batch.x)[0], 2)
    eps = rng.standard_normal((400_000, 2))
    z = mean + np.exp(logvar / 2) * eps
    ratio = (-0.5 * eps**2 - logvar / 2 + 0.5 * z**2).sum(axis=1)
    error = ratio.std() / np.sqrt(len(ratio))
    assert error < 0.01
    assert objective.parts(theta)["KL divergence"] == pytest.approx(ratio.mean(), abs=5 * error)


def test_without_spread_a_variational_network_is_the_plain_one():
    net = network([5, 4, 2], [2, 4, 5], "tanh", bottleneck=Variational(0.0), code="identity")
    objective, theta, _ = setup(net, draws=3)
    views = net.layout.views(theta)
    views["encoder.1.weight"][:, 2:] = 0.0
    views["encoder.1.bias"][2:] = -800.0
    plain = network([5, 4, 2], [2, 4, 5], "tanh", code="identity")
    arrays = {name: view[..., :2] if name.startswith("encoder.1") else view for name, view in views.items()}
    same = plain.layout.pack(arrays)
    batch = scipy_ae.Batch(objective.batch.x, objective.batch.target, objective.batch.weight)
    assert objective.fun(theta) == pytest.approx(plain_loss(scipy_ae.Objective(plain, batch), same), rel=1e-12)
    np.testing.assert_allclose(net.reconstruct(theta, batch.x), plain_output(plain, same, batch.x), rtol=1e-12)
    assert net.encode(theta, batch.x).shape == (7, 2)


def combined(seed=0):
    """Sparse, denoising, contractive and beta-variational at once."""
    rng = np.random.default_rng(seed)
    net = scipy_ae.Network.parse("12-9-3-9-12", bottleneck=Variational(0.5))
    clean = (rng.random((20, 12)) > 0.5).astype(float)
    batch = scipy_ae.Batch(clean + 0.2 * rng.normal(size=clean.shape), clean).with_eps(rng, 3, 2)
    penalties = [L1Sparsity(0.01), KLSparsity(0.05, 0.3, "encoder.0"), Contractive(0.05), L2(1e-3)]
    return scipy_ae.Objective(net, batch, penalties=penalties), net.initialize(rng, init="fan-in")


@pytest.mark.parametrize("name", ["BFGS", "L-BFGS", "CG", "Adam", "scipy.BFGS", "scipy.L-BFGS-B", "scipy.CG"])
def test_solvers_minimise_all_terms_at_once_and_compiled_ones_take_the_same_steps(name):
    objective, theta = combined()
    asked = FunctionProblem(objective.fun_and_jac, True)
    options = {"eta": 0.02} if name == "Adam" else {}
    ours = solvers.get(name, **options).solve(objective, theta, maxiter=60)
    with objective.threads():  # which a run on the objective has by itself, and which bits of BLAS depend on
        theirs = solvers.get(name, **options).solve(asked, theta, maxiter=60)
    np.testing.assert_array_equal(ours.x, theirs.x)
    before, after = objective.parts(theta), objective.parts(ours.x)
    assert ours.fun == pytest.approx(objective.fun(ours.x), rel=1e-12)
    assert ours.fun < 0.75 * objective.fun(theta)
    assert after["cross-entropy"] < before["cross-entropy"]


def test_newton_uses_the_exact_products_of_a_sparse_variational_objective():
    net = scipy_ae.Network.parse("8-6-2-6-8", bottleneck=Variational(0.5))
    rng = np.random.default_rng(0)
    batch = scipy_ae.Batch(rng.random((15, 8))).with_eps(rng, 2)
    objective = scipy_ae.Objective(net, batch, penalties=[KLSparsity(0.1, 0.2, "encoder.0"), L2(1e-3)])
    result = solvers.get("scipy.trust-ncg", gtol=1e-5).solve(
        objective, net.initialize(rng, init="fan-in"), maxiter=1000
    )
    assert np.abs(objective.jac(result.x)).max() < 1e-4


def test_larger_batches_on_the_way_change_no_bit():
    objective, theta = combined()
    value, gradient = objective.fun_and_jac(theta)
    native = objective.native
    more = scipy_ae.Batch(np.tile(objective.batch.x, (30, 1)), np.tile(objective.batch.target, (30, 1)))
    larger = objective.on(objective.drawn(np.random.default_rng(1), more))
    larger.fun_and_jac(theta)
    assert larger.batch.eps.shape == (600, 2, 3)
    again, slope = objective.fun_and_jac(theta)
    assert again == value
    np.testing.assert_array_equal(slope, gradient)
    assert native.keep is not objective.native.keep
    fresh = scipy_ae.Objective(objective.network, objective.batch, penalties=objective.penalties)
    np.testing.assert_array_equal(fresh.jac(theta), gradient)


def test_a_part_of_the_rows_takes_its_own_draws_along():
    objective, theta = combined()
    index = [3, 8, 11]
    part = objective.batch.rows(index)
    np.testing.assert_array_equal(part.eps, objective.batch.eps[index])
    first = scipy_ae.Batch(part.x, part.target, part.weight, part.eps)
    assert objective.on(part).fun(theta) == objective.on(first).fun(theta)
    redrawn = objective.on(objective.drawn(np.random.default_rng(5)))
    assert redrawn.fun(theta) != objective.fun(theta)
    assert redrawn.fun(theta) == objective.on(objective.drawn(np.random.default_rng(5))).fun(theta)


def test_a_copy_of_an_objective_has_arrays_of_its_own():
    import pickle

    objective, theta = combined()
    other = pickle.loads(pickle.dumps(objective))
    np.testing.assert_array_equal(other.jac(theta), objective.jac(theta))
    assert other.native.context[-1] == objective.native.context[-1]
    assert (other.native.context[:-1] != objective.native.context[:-1]).any()


def test_a_plain_objective_goes_its_old_way():
    net = network([5, 4, 2], [2, 4, 5])
    plain, theta, _ = setup(net, [L2(0.1)])
    assert plain.native.probe is not None
    assert "gauss_newton" in plain.offers
    terms = scipy_ae.Objective(net, plain.batch, penalties=[L2(0.1), L1Sparsity(0.0)])
    assert terms.native.probe is None
    assert terms.fun(theta) == pytest.approx(plain.fun(theta), rel=1e-14)
    np.testing.assert_allclose(terms.jac(theta), plain.jac(theta), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(terms.hessp(theta, theta), plain.hessp(theta, theta), rtol=1e-12, atol=1e-14)


def test_what_terms_do_not_offer_is_refused():
    net = network([5, 4, 2], [2, 4, 5], output="tanh")
    objective, theta, _ = setup(net, [Contractive(0.1)], "squared-error")
    assert objective.offers == {"fun", "jac"}
    for name in ("gauss_newton", "gauss_newton_diagonal", "gauss_newton_root", "residual", "residual_jac"):
        with pytest.raises(UnsupportedError, match=f"does not offer {name}; it offers fun, jac"):
            getattr(objective, name)(theta)
    for name in ("hessp", "gauss_newton_p"):
        with pytest.raises(UnsupportedError, match=f"does not offer {name}"):
            getattr(objective, name)(theta, theta)
    with pytest.raises(UnsupportedError, match="Newton-CG needs hessp"):
        solvers.get("Newton-CG").check(objective)
    sparse, _, _ = setup(net, [L1Sparsity(0.1)], "squared-error")
    assert sparse.offers == {"fun", "jac", "hessp"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: L1Sparsity(-1), "L1Sparsity: a weight of -1 is not accepted"),
        (lambda: L1Sparsity(float("nan")), "L1Sparsity: a weight of nan"),
        (lambda: L1Sparsity("much"), "L1Sparsity: a weight of much"),
        (lambda: L1Sparsity(1.0, ""), "layers: ''"),
        (lambda: L1Sparsity(1.0, [3]), "layers: [3]"),
        (lambda: KLSparsity(float("inf")), "KLSparsity: a weight of inf"),
        (lambda: KLSparsity(1.0, 0.0), "rho: 0.0 is not accepted; a number above 0 and below 1 is"),
        (lambda: KLSparsity(1.0, 1.0), "rho: 1.0"),
        (lambda: KLSparsity(1.0, float("nan")), "rho: nan"),
        (lambda: Contractive(-0.1), "Contractive: a weight of -0.1"),
        (lambda: Contractive(1.0, probes=0), "probes: 0 is not accepted; a whole number"),
        (lambda: Contractive(1.0, probes=1.5), "probes: 1.5"),
        (lambda: Variational(-1.0), "Variational: a beta of -1.0"),
        (lambda: Variational(float("inf")), "Variational: a beta of inf"),
        (lambda: Variational(None), "Variational: a beta of None"),
        (lambda: scipy_ae.Network.parse("4-2-4", bottleneck="gaussian"), "bottleneck: 'gaussian' is not accepted"),
        (
            lambda: scipy_ae.Network([scipy_ae.Dense(4, 3)], [scipy_ae.Dense(3, 4)], Variational()),
            "layers: an encoder of 3 outputs does not go with a variational bottleneck",
        ),
        (
            lambda: scipy_ae.Network([scipy_ae.Dense(4, 4)], [scipy_ae.Dense(4, 4)], Variational()),
            "one of 2 outputs is followed by one of 4 inputs",
        ),
    ],
)
def test_terms_that_mean_nothing_are_refused(make, words):
    with pytest.raises(InputError) as refused:
        make()
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("penalties", "bottleneck", "words"),
    [
        ([KLSparsity(1.0)], Variational(), "encoder.1 has the activation identity; logistic and tanh are accepted"),
        ([L1Sparsity(1.0, "encoder.7")], None, "unknown layer 'encoder.7': did you mean 'encoder."),
        ([L1Sparsity(1.0, "decoder.1")], None, "decoder.1 is the output"),
        ([Contractive(1.0), Contractive(2.0)], None, "2 Contractive are not accepted"),
        ([Contractive(1.0, probes=2)], None, "probes: 2 for a code of 2 is not accepted; fewer than 2"),
        (["L2"], None, "penalties: 'L2' is not accepted"),
    ],
)
def test_terms_that_do_not_fit_the_network_are_refused(penalties, bottleneck, words):
    net = network([5, 4, 2], [2, 4, 5], bottleneck=bottleneck, code=None if bottleneck is None else "identity")
    batch = scipy_ae.Batch(np.ones((3, 5))).with_eps(np.random.default_rng(0), 2)
    with pytest.raises(InputError) as refused:
        scipy_ae.Objective(net, batch, penalties=penalties)
    assert words in str(refused.value)


def test_a_batch_without_the_chance_that_is_needed_is_refused():
    rng, x = np.random.default_rng(0), np.ones((3, 5))
    net = network([5, 4, 3], [3, 5], bottleneck=Variational())
    with pytest.raises(
        InputError, match=r"needs eps of shape \(3, draws, 3\), got none; batch\.with_eps\(rng, 3, draws\)"
    ):
        scipy_ae.Objective(net, scipy_ae.Batch(x))
    with pytest.raises(InputError, match=r"needs eps of shape \(3, draws, 3\), got shape \(3, 1, 2\)"):
        scipy_ae.Objective(net, scipy_ae.Batch(x).with_eps(rng, 2))
    plain = network([5, 4, 3], [3, 5])
    with pytest.raises(
        InputError, match=r"Contractive\(probes=2\) needs probes of shape \(3, 2, 3\), got shape \(3, 1, 3\)"
    ):
        scipy_ae.Objective(plain, scipy_ae.Batch(x).with_probes(rng, 3, 1), penalties=[Contractive(1.0, 2)])
    for drawn in (np.ones((3, 2)), np.ones((2, 1, 3)), np.full((3, 1, 3), np.nan), "noise"):
        with pytest.raises(InputError, match=r"eps: finite numbers of shape \(3, draws, latent_dim\) are accepted"):
            scipy_ae.Batch(x, eps=drawn)
    with pytest.raises(InputError, match="draws: 0 is not accepted"):
        scipy_ae.Batch(x).with_eps(rng, 3, 0)
    with pytest.raises(InputError, match="float32 is for a loss and L2 alone"):
        scipy_ae.Objective(plain, scipy_ae.Batch(x), penalties=[L1Sparsity(1.0)], dtype=np.float32)
