"""Networks of layers on images as functions of theta, beside the same networks in torch."""

from math import prod

import numpy as np
import pytest
import scipy.optimize
import torch
from image_models import applied, enlarged
from torch.nn import functional as F

import scipy_ae
import scipy_ae.layers
from scipy_ae import Batch, Network, Objective, solvers, threads
from scipy_ae.checks import taylor_slope
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.layers import AddInput, BatchNorm
from scipy_ae.objective import ChunkedObjective
from scipy_ae.objective.images import ImageObjective
from scipy_ae.solvers.stepping import FirstOrder

#: Text, input shape, target shape (None: as the input), output activation, loss.
NETWORKS = [
    ("conv4k3-tanh-avgpool2-conv3k3-softplus : upsample2-conv4k3-elu-conv1k3", (1, 8, 6), None, "logistic", None),
    ("conv4k3-relu-pool2-dense7-tanh", (2, 8, 6), None, "identity", None),
    ("conv5k5s2-arctan-conv4k3p0-tanh", (1, 9, 10), None, "logistic", "squared-error"),
    ("conv6k4s2p1-bn-tanh-conv4k3 : convt6k4s2-bn-softplus-conv1k1", (1, 10, 8), None, "logistic", None),
    ("conv4k3-gn2-tanh-pool3s2 : convt4k3s2p0-gn4-tanh-conv3k3-input", (3, 7, 7), None, "identity", None),
    ("conv8k3-parametric-relu : conv12k3-tanh-shuffle2-input", (1, 5, 6), (3, 10, 12), "identity", None),
    ("conv4k3-softmax-conv2k3-tanh : bilinear2-conv3k3-leaky-relu(0.2)-conv1k3", (1, 6, 6), (1, 12, 12), "tanh", None),
    ("dense20-tanh-dense3 : dense48-tanh-reshape3x4x4-conv1k3", (1, 4, 4), None, "logistic", None),
    ("bn-conv4k3-tanh-dense5-bn : dense32-bn-tanh-reshape2x4x4-conv1k3", (1, 4, 4), None, "logistic", None),
    ("pool2-conv4k3-logistic*2 : upsample2-conv1k3", (1, 6, 8), None, "identity", None),
]


def made(case, n=11, dtype=np.float64):
    """Objective and a theta away from special places."""
    text, shape, goal, output, loss = case
    network = Network.parse(text, "tanh", output, "identity", input_shape=shape, target_shape=goal)
    rng = np.random.default_rng(prod(shape))
    x = rng.random((n, network.inputs))
    batch = Batch(x) if goal is None else Batch(x, rng.random((n, network.outputs)))
    theta = network.initialize(rng, init="fan-in") + 0.1 * rng.normal(size=network.size)
    return Objective(network, batch, loss, [scipy_ae.L2(1e-3)], dtype), theta


def swept(network, theta, x):
    """What enters the last activation, and what leaves it, in torch."""
    views = {name: theta[place].reshape(shape) for name, (place, shape) in network.layout.entries.items()}
    start = y = x.reshape(-1, *network.input_shape)
    for name, layer in network.named_layers():
        own = {kind: views[f"{name}.{kind}"] for kind, _ in layer.parameters()}
        if isinstance(layer, AddInput):
            y = y + enlarged(start, y.shape[2:])
        elif isinstance(layer, BatchNorm):
            y = F.batch_norm(y, None, None, own["weight"], own["bias"], training=True)
            y = applied(scipy_ae.layers.Elementwise(layer.activation), y, {}, [])
        else:
            y = applied(layer, y, own, [])
    return y.flatten(1)


def value_in_torch(objective, theta):
    batch, y = objective.batch, swept(objective.network, theta, torch.tensor(objective.batch.x))
    t, weight = torch.tensor(batch.target), torch.tensor(batch.weight)
    if objective.loss.name == "squared-error":
        each = (y - t) ** 2
    else:
        each = -t * torch.log(y) - (1 - t) * torch.log(1 - y)
    decays = [v for name, v in objective.network.layout.views(np.ones(objective.size)).items() if "weight" in name]
    assert decays
    mask = torch.tensor(objective.network.layout.mask("weight"))
    return weight @ each.sum(dim=1) + sum(one.weight for one in objective.penalties) * (mask * theta**2).sum()


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case[0])
def test_value_and_gradient_are_torchs(case):
    objective, theta = made(case)
    there = torch.tensor(theta, requires_grad=True)
    wanted = value_in_torch(objective, there)
    wanted.backward()
    value, gradient = objective.fun_and_jac(theta)
    assert value == pytest.approx(wanted.item(), rel=1e-12)
    assert objective.fun(theta) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(gradient, there.grad.numpy(), rtol=0, atol=1e-10 * np.abs(gradient).max())
    assert sum(objective.parts(theta).values()) == pytest.approx(value, rel=1e-12)


def smooth(case):
    """The same without kinks, which a step could cross."""
    text = case[0].replace("parametric-relu", "tanh").replace("leaky-relu(0.2)", "elu").replace("-relu-", "-elu-")
    return (text.replace("-pool", "-avgpool"), *case[1:])


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case[0])
def test_the_error_of_the_gradient_falls_as_the_square_of_the_step(case):
    objective, theta = made(smooth(case))
    assert taylor_slope(objective, theta, np.random.default_rng(0), about=0.5) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case[0])
def test_gauss_newton_products_are_those_of_torchs_jacobian(case):
    objective, theta = made(case)
    x, weight = torch.tensor(objective.batch.x), torch.tensor(objective.batch.weight)
    v = np.random.default_rng(1).normal(size=objective.size)
    there, logits = torch.tensor(theta, requires_grad=True), objective.loss.name == "cross-entropy"
    y = swept(objective.network, there, x)
    y = torch.logit(y) if logits else y
    u = torch.zeros_like(y, requires_grad=True)  # J v is the derivative of v'J'u by u
    pulled = torch.autograd.grad(y, there, u, create_graph=True)[0]
    moved = torch.autograd.grad(pulled @ torch.tensor(v), u, retain_graph=True)[0]
    bend = torch.sigmoid(y) * (1 - torch.sigmoid(y)) if logits else torch.full_like(y, 2.0)
    wanted = torch.autograd.grad(y, there, (weight[:, None] * bend * moved).detach())[0].numpy()
    wanted = wanted + 2e-3 * objective.network.layout.mask("weight") * v
    product = objective.gauss_newton_p(theta, v)
    np.testing.assert_allclose(product, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
    other = np.random.default_rng(2).normal(size=objective.size)
    assert other @ product == pytest.approx(v @ objective.gauss_newton_p(theta, other), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("case", NETWORKS[1:6], ids=lambda case: case[0])
def test_single_precision_is_the_same_to_its_digits(case):
    (double, theta), (single, _) = made(case), made(case, dtype=np.float32)
    (f, g), (value, gradient) = double.fun_and_jac(theta), single.fun_and_jac(theta)
    assert gradient.dtype == np.float64
    assert value == pytest.approx(f, rel=1e-5)
    np.testing.assert_allclose(gradient, g, rtol=0, atol=2e-4 * np.abs(g).max())


@pytest.mark.parametrize("case", [NETWORKS[0], NETWORKS[3]], ids=lambda case: case[0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_number_of_threads_gives_the_same_bytes(case, dtype, monkeypatch):
    found = []
    for count in (1, 2, 3):
        monkeypatch.setattr(threads, "useful", lambda work, count=count: count)
        objective, theta = made((case[0], (1, 48, 40), *case[2:]), n=60, dtype=dtype)
        value, gradient = objective.fun_and_jac(theta)
        found.append((value, gradient.tobytes()))
    assert objective.chunks > 3
    assert len(set(found)) == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_in_a_file_are_read_where_they_lie(tmp_path, dtype):
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (70, 96), dtype=np.uint8)
    np.save(tmp_path / "pictures.npy", pictures)
    left = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    network = Network.parse("conv4k3-tanh-pool2-conv2k3", input_shape=(2, 8, 6))
    theta = network.initialize(rng, init="fan-in")
    stored = Objective(network, Batch.stored(left, scale=1 / 255), None, (), dtype)
    held = Objective(network, Batch(pictures / 255), None, (), dtype)
    f, g = held.fun_and_jac(theta)
    value, gradient = stored.fun_and_jac(theta)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert value == pytest.approx(f, rel=tolerance)
    np.testing.assert_allclose(gradient, g, rtol=0, atol=tolerance * np.abs(g).max())
    chunked = ChunkedObjective(network, Batch.stored(left, scale=1 / 255), None, (), dtype, rows=16)
    value, gradient = chunked.fun_and_jac(theta)
    assert value == pytest.approx(f, rel=10 * tolerance)
    np.testing.assert_allclose(gradient, g, rtol=0, atol=10 * tolerance * np.abs(g).max())


def test_batch_norms_are_of_all_rows_and_no_sum_over_chunks():
    objective, _ = made(NETWORKS[3])
    with pytest.raises(InputError, match=r"batch norm.* all rows"):
        ChunkedObjective(objective.network, objective.batch, rows=4)


def test_a_batch_norm_at_work_takes_the_statistics_of_its_training():
    objective, theta = made(NETWORKS[3], n=40)
    network, x = objective.network, objective.batch.x
    statistics = objective.statistics(theta)
    before = dict(zip([name for name, _ in network.named_layers()], network.activations(theta, x)))
    entered = before["encoder.0"].reshape(40, 6, -1)
    np.testing.assert_allclose(statistics["encoder.1"][0], entered.mean(axis=(0, 2)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(statistics["encoder.1"][1], entered.var(axis=(0, 2)), rtol=1e-9)
    working = network.with_statistics(statistics)
    np.testing.assert_allclose(working.reconstruct(theta, x), network.reconstruct(theta, x), rtol=1e-8)
    alone = np.concatenate([working.reconstruct(theta, row[None]) for row in x])
    np.testing.assert_allclose(alone, working.reconstruct(theta, x), rtol=1e-12)
    assert not np.allclose(network.reconstruct(theta, x[:1]), alone[:1])


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case[0])
def test_outputs_are_torchs_and_codes_lie_between(case):
    objective, theta = made(case, n=5)
    network, x = objective.network, objective.batch.x
    wanted = swept(network, torch.tensor(theta), torch.tensor(x)).numpy()
    np.testing.assert_allclose(network.reconstruct(theta, x), wanted, rtol=1e-10, atol=1e-12)
    codes = network.encode(theta, x)
    assert codes.shape == (5, prod(network.code_shape)) == (5, network.latent_dim)
    behind = network.activations(theta, x)
    assert [values.shape[1] for values in behind] == [prod(shape) for shape in network.shapes[1:]]
    np.testing.assert_array_equal(behind[len(network.encoder) - 1], codes)
    np.testing.assert_array_equal(behind[-1], network.reconstruct(theta, x))
    if "input" not in case[0] and not network.normalises_batches:
        np.testing.assert_allclose(network.decode(theta, codes), wanted, rtol=1e-10, atol=1e-12)


def test_a_decoder_that_adds_the_input_decodes_no_code_alone():
    objective, theta = made(NETWORKS[4])
    with pytest.raises(UnsupportedError, match=r"decode: .* adds its input"):
        objective.network.decode(theta, objective.network.encode(theta, objective.batch.x))


@pytest.mark.parametrize("method", ["L-BFGS", "CG", "Newton-CG", "adam"])
def test_solvers_move_such_a_vector(method):
    objective, theta = made(NETWORKS[0])
    result = solvers.get(method).solve(objective, theta, maxiter=60)
    assert result.fun < 0.95 * objective.fun(theta)


def test_scipy_moves_it_too():
    objective, theta = made(NETWORKS[1])
    result = scipy.optimize.minimize(objective.fun_and_jac, theta, jac=True, method="L-BFGS-B", options={"maxiter": 20})
    assert result.fun < 0.95 * objective.fun(theta)


def test_another_batch_is_another_objective():
    objective, theta = made(NETWORKS[0])
    rng = np.random.default_rng(4)
    other = objective.on(Batch(rng.random((7, objective.network.inputs))))
    before = objective.fun(theta)
    alone = Objective(objective.network, other.batch, None, objective.penalties)
    assert other.fun(theta) == alone.fun(theta)
    assert objective.fun(theta) == before
    sizes = [Batch(rng.random((n, objective.network.inputs))) for n in range(1, 9)]
    assert [objective.on(batch).fun(theta) for batch in sizes] == [
        Objective(objective.network, batch, None, objective.penalties).fun(theta) for batch in sizes
    ]


def test_what_it_does_not_offer_is_said():
    objective, theta = made(NETWORKS[0])
    assert objective.offers == {"fun", "jac", "gauss_newton_p"}
    with pytest.raises(UnsupportedError, match="trust-ncg needs"):
        solvers.get("trust-ncg").check(objective)
    with pytest.raises(UnsupportedError, match=r"penalties: L1 sparsity is for networks of dense layers"):
        Objective(objective.network, objective.batch, penalties=[scipy_ae.L1Sparsity(0.1)])
    with pytest.raises(UnsupportedError, match=r"bottleneck: variational is for networks of dense layers"):
        Network.parse("conv4-pool2", input_shape=(1, 8, 8), bottleneck="variational")
    with pytest.raises(InputError, match=r"layers: 'conv4-pool2' is for images; their shape is needed"):
        Network.parse("conv4-pool2")
    with pytest.raises(InputError, match="does not fit a x of 5 columns; it takes 48"):
        Objective(objective.network, Batch(np.ones((3, 5))))
    with pytest.raises(InputError, match=r"theta: expected shape"):
        objective.fun(theta[1:])


def trained(dtype, single_passes, monkeypatch, raises=None):
    """Three passes of Adam over mini-batches; what was evaluated, and where it came to."""
    if not single_passes:
        monkeypatch.setattr(FirstOrder, "judged", True)
    objective, theta = made(NETWORKS[0], n=23, dtype=dtype)
    evaluate, calls = ImageObjective.fun_and_jac, []

    def counted(self, theta):
        calls.append(len(self.batch))
        if raises is not None and len(calls) == raises:
            raise KeyboardInterrupt
        return evaluate(self, theta)

    monkeypatch.setattr(ImageObjective, "fun_and_jac", counted)
    schedule = scipy_ae.Every(0, between=solvers.get("adam", eta=0.01, guard=False))
    rng = np.random.default_rng(5)
    return list(scipy_ae.train(objective, theta, schedule, iterations=3, batch_size=5, rng=rng)), calls


def test_a_step_on_a_mini_batch_costs_one_evaluation_and_goes_where_it_would(monkeypatch):
    with monkeypatch.context() as patch:
        records, calls = trained(np.float64, True, patch)
    assert calls == [23, *([5, 5, 5, 5, 3, 23] * 3)]
    assert [record.evaluations for record in records] == [1, 7, 13, 19]
    with monkeypatch.context() as patch:
        plain, more = trained(np.float64, False, patch)
    assert len(more) > len(calls)
    np.testing.assert_allclose(records[-1].theta, plain[-1].theta, rtol=1e-12)


def test_ctrl_c_within_a_pass_comes_through(monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        trained(np.float64, True, monkeypatch, raises=4)
