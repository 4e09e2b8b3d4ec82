"""Networks in other programs: the same outputs in onnxruntime and in torch, for every activation."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from scipy_ae import activations
from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.export.onnx import onnx_model
from scipy_ae.export.steps import Affine, First
from scipy_ae.export.torch import torch_module
from scipy_ae.network import Network
from scipy_ae.persistence import Model

KINDS = [
    *activations.names(),
    *(Activation(name, beta=1.7) for name in activations.names()),
    "leaky-relu(0.3)",
    Activation("elu", beta=0.6, alpha=2.5),
]


def model(activation, output="identity"):
    net = Network.parse("7-6-3-5-7", activation, output)
    return Model(net, net.initialize(np.random.default_rng(3), std=0.9), {})


def rows(n=40):
    """Some near 0, where the formulas change, and some far out, where exponentials overflow."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 7)) * 10.0 ** rng.integers(-9, 3, size=(n, 1))
    x[0] = 0.0
    x[1] = 1e4
    return x


def ran(path, **inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (output,) = session.run(None, inputs)
    return output


@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_onnxruntime_gives_our_outputs(tmp_path, activation):
    made, x = model(activation), rows()
    paths = made.to_onnx(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["encoder.onnx", "decoder.onnx", "autoencoder.onnx"]
    for path in paths:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    z, y = made.encode(x), made.reconstruct(x)
    assert np.ptp(y) > 0
    np.testing.assert_allclose(ran(paths[0], x=x), z, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ran(paths[1], z=z), y, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ran(paths[2], x=x), y, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ran(paths[2], x=x[:1]), y[:1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activation", [name for name in activations.names() if name != "step"])
def test_single_precision_carries_six_digits(tmp_path, activation):
    made, x = model(activation, "logistic"), np.random.default_rng(0).normal(size=(30, 7))
    whole = made.to_onnx(tmp_path, "float32")[2]
    (entry,) = onnx.load(whole).graph.input
    assert entry.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    output = ran(whole, x=x.astype(np.float32))
    assert output.dtype == np.float32
    np.testing.assert_allclose(output, made.reconstruct(x), atol=2e-6)


def test_the_files_tell_names_widths_and_who_made_them(tmp_path):
    encoder, decoder, _ = map(onnx.load, model("tanh").to_onnx(tmp_path))
    for file, start, end in ((encoder, ("x", 7), ("z", 3)), (decoder, ("z", 3), ("y", 7))):
        for value, (name, width) in ((file.graph.input[0], start), (file.graph.output[0], end)):
            first, second = value.type.tensor_type.shape.dim
            assert (value.name, first.dim_param, second.dim_value) == (name, "n", width)
        assert (file.producer_name, file.opset_import[0].version) == ("scipy-ae", 13)


@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_torch_gives_our_outputs(activation):
    made, x = model(activation), rows()
    theirs = made.to_torch()
    assert isinstance(theirs, torch.nn.Sequential)
    with torch.no_grad():
        z = theirs.encoder(torch.from_numpy(x))
        y = theirs(torch.from_numpy(x))
    assert y.dtype == torch.float64
    np.testing.assert_allclose(z.numpy(), made.encode(x), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(y.numpy(), made.reconstruct(x), rtol=1e-11, atol=1e-12)


def test_a_torch_module_holds_our_weights_and_trains_without_touching_them():
    made = model("tanh")
    before = made.theta.copy()
    theirs = made.to_torch()
    held = made.network.layout.views(made.theta)
    np.testing.assert_array_equal(theirs.encoder[0].weight.detach().numpy().T, held["encoder.0.weight"])
    np.testing.assert_array_equal(theirs.decoder[2].bias.detach().numpy(), held["decoder.1.bias"])
    assert sum(array.numel() for array in theirs.parameters()) == made.network.size
    x = torch.from_numpy(rows())
    ((theirs(x) - x) ** 2).sum().backward()
    torch.optim.SGD(theirs.parameters(), lr=0.1).step()
    assert made.theta.tobytes() == before.tobytes()


def test_a_code_that_is_only_the_first_columns(tmp_path):
    """What an encoder of means and further numbers needs."""
    steps = [Affine(np.eye(4), np.arange(4.0)), First(2)]
    (tmp_path / "m.onnx").write_bytes(onnx_model("m", steps, ("x", 4), ("z", 2), "float64"))
    x = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_array_equal(ran(tmp_path / "m.onnx", x=x), x[:, :2] + [0.0, 1.0])
    module = torch.nn.Sequential(*(torch_module(step) for step in steps))
    np.testing.assert_array_equal(module(torch.from_numpy(x)).detach().numpy(), x[:, :2] + [0.0, 1.0])


def test_what_cannot_be_exported_is_told(tmp_path):
    with pytest.raises(InputError, match=r"unknown precision 'float16'.*float64, float32"):
        model("tanh").to_onnx(tmp_path, "float16")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        model("tanh").to_onnx(tmp_path / "file")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("package", "call"), [("onnx", "to_onnx('.')"), ("torch", "to_torch()")])
def test_a_missing_package_is_named(tmp_path, package, call):
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import numpy as np, scipy_ae\n"
        "net = scipy_ae.Network.parse('3-2-3')\n"
        f"try:\n    scipy_ae.Model(net, np.zeros(net.size)).{call}\n"
        "except scipy_ae.errors.UnsupportedError as error: print(error)"
    )
    code = code.replace("import numpy as np, scipy_ae\n", "import numpy as np, scipy_ae, scipy_ae.errors\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.endswith(
        f"need{'s' if package == 'torch' else ''} the package {package}: pip install scipy-ae[{package}]\n"
    )
