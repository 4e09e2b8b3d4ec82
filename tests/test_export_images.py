"""Layers of images in other programs: torch's functions, onnxruntime and our modules give the same outputs."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from image_models import KINDS, Chain, colour, deep, restoring, small

from scipy_ae import activations
from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.export.onnx import onnx_model
from scipy_ae.export.steps import chain_steps
from scipy_ae.export.torch import torch_module, torch_network
from scipy_ae.layers import AddInput, BatchNorm, Conv2D, Elementwise, Flatten

CURVED = {
    f"{kind} {place}": small(
        Conv2D(2, 3, 3, activation=kind) if place == "conv" else Elementwise(kind),
        Conv2D(3 if place == "conv" else 2, 1, 1),
    )
    for place in ("conv", "alone")
    for kind in (*activations.names(), Activation("elu", beta=0.6, alpha=2.5), Activation("softmax", beta=3.0))
    if place == "conv" or str(kind) != "parametric-relu"
}
CHAINS = {**KINDS, **CURVED, "deep": deep(), "colour": colour()}


def steps(chain: Chain, part: str):
    shape = chain.input_shape if part == "encoder" else chain.code_shape
    return chain_steps(chain.named(part), chain.arrays, shape, chain.statistics, chain.input_shape)


def rows(chain: Chain, n: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, int(np.prod(chain.input_shape))))


def ran(data: bytes, **inputs: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    (output,) = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, inputs)
    return output


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_other_programs_give_the_outputs_of_the_formulas(chain):
    x = rows(chain)
    z = chain.encode(x)
    y = chain.decode(z)
    assert np.ptp(y) > 0
    for part, start, end in (("encoder", x, z), ("decoder", z, y)):
        made = steps(chain, part)
        names = ("i", start.shape[1]), ("o", end.shape[1])
        np.testing.assert_allclose(ran(onnx_model(part, made, *names, "float64"), i=start), end, rtol=1e-11, atol=1e-12)
        single = ran(onnx_model(part, made, *names, "float32"), i=start.astype(np.float32))
        if "step" not in str([layer.activation for _, layer in chain.named(part)]):
            np.testing.assert_allclose(single, end, rtol=1e-4, atol=1e-5)
        module = torch.nn.Sequential(*map(torch_module, made)).eval()
        with torch.no_grad():
            np.testing.assert_allclose(module(torch.tensor(start)).numpy(), end, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_input_is_added_in_the_end(channels, precision):
    chain = restoring(channels)
    x = rows(chain).astype(precision)
    z = chain.encode(x).astype(precision)
    y = chain.decode(z, np.asarray(x, float))
    encoder, decoder = (steps(chain, part) for part in ("encoder", "decoder"))
    ends = ("z", z.shape[1]), ("y", y.shape[1])
    close = {"rtol": 1e-11, "atol": 1e-12} if precision == "float64" else {"atol": 1e-5}
    file = onnx_model("decoder", decoder, *ends, precision)
    np.testing.assert_allclose(ran(file, z=z, x=x), y, **close)
    whole = onnx_model("autoencoder", encoder + decoder, ("x", x.shape[1]), ends[1], precision)
    np.testing.assert_allclose(ran(whole, x=x), y, **close)
    module = torch_network(torch.nn.Sequential(*map(torch_module, encoder)), decoder)
    with torch.no_grad():
        theirs = module(torch.tensor(x, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(theirs, y, **close)


def test_the_input_of_vectors_is_added_as_it_is():
    chain = Chain((6,), [Elementwise("tanh")], [Elementwise("relu"), AddInput()])
    x = np.random.default_rng(0).normal(size=(3, 6))
    whole = steps(chain, "encoder") + steps(chain, "decoder")
    wanted = np.maximum(np.tanh(x), 0) + x
    np.testing.assert_allclose(ran(onnx_model("m", whole, ("x", 6), ("y", 6), "float64"), x=x), wanted, rtol=1e-12)
    module = torch_network(torch.nn.Sequential(*map(torch_module, steps(chain, "encoder"))), steps(chain, "decoder"))
    np.testing.assert_allclose(module(torch.tensor(x)).numpy(), wanted, rtol=1e-12)


def test_a_module_of_torch_holds_our_weights_and_trains():
    chain = deep()
    module = torch.nn.Sequential(*map(torch_module, steps(chain, "decoder")))
    held = [array for kind, array in chain.arrays.items() if kind.startswith("decoder")]
    assert [tuple(array.shape) for array in module.parameters()] == [array.shape for array in held]
    for theirs, ours in zip(module.parameters(), held):
        np.testing.assert_array_equal(theirs.detach().numpy(), ours)
    before = [array.copy() for array in held]
    module(torch.tensor(chain.encode(rows(chain)))).sum().backward()
    torch.optim.SGD(module.parameters(), lr=0.1).step()
    assert not np.array_equal(next(module.parameters()).detach().numpy(), held[0])
    for array, copy in zip(held, before):
        np.testing.assert_array_equal(array, copy)


def test_a_batch_norm_without_statistics_is_named():
    chain = small(Flatten(), BatchNorm(50))
    with pytest.raises(InputError, match=r"statistics: those of the batch norm 'decoder\.1' .* are not known"):
        chain_steps(chain.named("decoder"), chain.arrays, chain.code_shape)
