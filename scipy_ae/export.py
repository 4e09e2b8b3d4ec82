"""Trained networks for other programs: ONNX files and a torch module, with the same outputs as ours.

Both are made from the same steps. A layer is y = f(x W + b), with the slope beta of its activation multiplied into W
and b: f(beta a) = f(x (beta W) + beta b). onnx and torch are imported where they are needed, and only there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import __version__
from scipy_ae.errors import InputError, UnsupportedError, unknown
from scipy_ae.layers import Dense
from scipy_ae.network import Network, as_theta
from scipy_ae.records import write_aside

#: Which operators an ONNX file is written with: of 2020, which runtimes of all kinds know.
OPSET, IR_VERSION = 13, 7
PRECISIONS = ("float64", "float32")
#: Bytes of a file of protocol buffers at most, less what else stands in it.
_LARGEST = 2**31 - 2**20
#: Halvings of the angle and terms of the series by which an arctangent of doubles is put together.
_HALVINGS, _TERMS = 3, 12


@dataclass(frozen=True)
class Affine:
    """x W + b, with weight (p, q) and bias (q,)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Curve:
    """An activation without its beta; ``slope`` is one number or (units,), where it has one below 0."""

    name: str
    alpha: float = 0.0
    slope: np.ndarray | None = None


@dataclass(frozen=True)
class First:
    """The first so many columns: the means of a bottleneck whose encoder tells more of the code than where it is."""

    count: int


Step = Affine | Curve | First


def encoder_steps(network: Network, theta: np.ndarray) -> list[Step]:
    """From x (n, inputs) to z (n, latent_dim)."""
    steps = list(_of_layers(network, theta, "encoder"))
    if network.encoder[-1].outputs != network.latent_dim:
        steps.append(First(network.latent_dim))
    return steps


def decoder_steps(network: Network, theta: np.ndarray) -> list[Step]:
    """From z (n, latent_dim) to y (n, outputs)."""
    return list(_of_layers(network, theta, "decoder"))


def _of_layers(network: Network, theta: np.ndarray, part: str) -> Iterator[Step]:
    arrays = network.layout.views(as_theta(theta, network.size))
    for name, layer in network.named_layers():
        if name.partition(".")[0] == part:
            yield from _of_layer(layer, {kind: arrays[f"{name}.{kind}"] for kind, _ in layer.parameters()})


def _of_layer(layer: Dense, arrays: dict[str, np.ndarray]) -> Iterator[Step]:
    f = layer.activation
    yield Affine(f.beta * arrays["weight"], f.beta * arrays["bias"])
    slope = {"relu": 0.0, "leaky-relu": f.alpha, "parametric-relu": arrays.get("slope")}.get(f.name)
    yield Curve(f.name, f.alpha or 0.0, None if slope is None else np.array(slope))


# ------------------------------------------------------------------------------------------ ONNX


def write_onnx(network: Network, theta: np.ndarray, folder: Path, precision: str = "float64") -> list[Path]:
    """``encoder.onnx`` (x to z), ``decoder.onnx`` (z to y) and ``autoencoder.onnx`` (x to y) in a folder.

    Any number of rows can be given to each. The folder is made if need be, and files of these names are replaced.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n,)
    folder : Path
    precision : {"float64", "float32"}
        Of inputs, weights and outputs. In float64, that of theta, outputs are ours to about twelve digits; float32 is
        for runtimes that know nothing else, and carries some six.

    Raises
    ------
    UnsupportedError
        The package onnx is not there.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if 8 * network.size > _LARGEST:
        raise InputError(
            f"an ONNX file holds at most 2 GB; this network has {8 * network.size / 1e9:.1f} GB of weights"
        )
    encoder, decoder = encoder_steps(network, theta), decoder_steps(network, theta)
    x, z, y = ("x", network.inputs), ("z", network.latent_dim), ("y", network.outputs)
    made = {
        "encoder": _onnx_model("encoder", encoder, x, z, precision),
        "decoder": _onnx_model("decoder", decoder, z, y, precision),
        "autoencoder": _onnx_model("autoencoder", encoder + decoder, x, y, precision),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder '{folder}': {error.strerror or error}") from None
    paths = []
    for name, data in made.items():
        paths.append(folder / f"{name}.onnx")
        write_aside(paths[-1], lambda aside, data=data: aside.write_bytes(data))  # type: ignore[misc]
    return paths


def _onnx_model(name: str, steps: list[Step], start: tuple[str, int], end: tuple[str, int], precision: str) -> bytes:
    try:
        from onnx import TensorProto, helper
    except ImportError:
        raise UnsupportedError("ONNX files need the package onnx: pip install scipy-ae[onnx]") from None
    graph = _Graph(precision)
    last = start[0]
    for step in steps:
        last = graph.step(step, last)
    graph.op("Identity", last, to=end[0])
    kind = TensorProto.DOUBLE if precision == "float64" else TensorProto.FLOAT
    first, final = ([helper.make_tensor_value_info(label, kind, ["n", width])] for label, width in (start, end))
    made = helper.make_graph(graph.nodes, name, first, final, graph.constants)
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
        producer_name="scipy-ae", producer_version=__version__,
    )  # fmt: skip
    return model.SerializeToString()


class _Graph:
    """Nodes and constants of an ONNX graph as they come.

    Only operators that onnxruntime knows for doubles too: it has none of LeakyRelu, PRelu, Elu, Softplus and Atan.
    """

    def __init__(self, precision: str) -> None:
        self._type = np.dtype(precision)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def op(self, kind: str, *inputs: Any, to: str = "", **attributes: Any) -> str:
        """A node; inputs are names, or numbers and arrays, which become constants. The name of its output."""
        from onnx import helper

        names = [each if isinstance(each, str) else self._constant(each) for each in inputs]
        output = to or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def _constant(self, value: Any) -> str:
        from onnx import numpy_helper

        array = np.asarray(value)
        array = array if array.dtype == np.int64 else array.astype(self._type)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def step(self, step: Step, x: str) -> str:
        if isinstance(step, Affine):
            return self.op("Gemm", x, step.weight, step.bias)
        if isinstance(step, First):
            bounds = [np.array([bound], dtype=np.int64) for bound in (0, step.count, 1)]
            return self.op("Slice", x, *bounds)
        return _CURVES[step.name](self, x, step)

    def positive(self, z: str) -> str:
        return self.op("Relu", z)

    def negative(self, z: str) -> str:
        """max(0, -z)."""
        return self.op("Relu", self.op("Neg", z))

    def bent(self, z: str, curve: Curve) -> str:
        """z above 0, slope times z below."""
        return self.op("Sub", self.positive(z), self.op("Mul", self.negative(z), curve.slope))

    def elu(self, z: str, curve: Curve) -> str:
        below = self.op("Sub", self.op("Exp", self.op("Neg", self.negative(z))), 1.0)
        return self.op("Add", self.positive(z), self.op("Mul", below, curve.alpha))

    def softplus(self, z: str, curve: Curve) -> str:
        """max(0, z) + log(1 + exp(-|z|))."""
        rest = self.op("Log", self.op("Add", self.op("Exp", self.op("Neg", self.op("Abs", z))), 1.0))
        return self.op("Add", self.positive(z), rest)

    def arctan(self, z: str, curve: Curve) -> str:
        """arctan z = 2 arctan(z / (1 + sqrt(1 + z^2))) again and again, then its series at 0."""
        if self._type == np.float32:
            return self.op("Atan", z)
        t = self.op("Clip", z, -1e150, 1e150)  # so that its square is finite; the arctangent is the same
        for _ in range(_HALVINGS):
            root = self.op("Sqrt", self.op("Add", self.op("Mul", t, t), 1.0))
            t = self.op("Div", t, self.op("Add", root, 1.0))
        square = self.op("Mul", t, t)
        terms = [(-1.0) ** k / (2 * k + 1) for k in range(_TERMS)]
        total: Any = terms.pop()
        while terms:
            total = self.op("Add", self.op("Mul", square, total), terms.pop())
        return self.op("Mul", self.op("Mul", t, total), 2.0**_HALVINGS)

    def step_function(self, z: str, curve: Curve) -> str:
        return self.op("Where", self.op("GreaterOrEqual", z, 0.0), 1.0, 0.0)


_CURVES: dict[str, Callable[[_Graph, str, Curve], str]] = {
    "identity": lambda graph, z, _: graph.op("Identity", z),
    "step": _Graph.step_function,
    "logistic": lambda graph, z, _: graph.op("Sigmoid", z),
    "tanh": lambda graph, z, _: graph.op("Tanh", z),
    "arctan": _Graph.arctan,
    "relu": lambda graph, z, _: graph.op("Relu", z),
    "leaky-relu": _Graph.bent,
    "parametric-relu": _Graph.bent,
    "elu": _Graph.elu,
    "softplus": _Graph.softplus,
    "saturating-linear": lambda graph, z, _: graph.op("Clip", z, 0.0, 1.0),
    "softmax": lambda graph, z, _: graph.op("Softmax", z, axis=-1),
}


# ------------------------------------------------------------------------------------------ torch


def to_torch(network: Network, theta: np.ndarray) -> Any:
    """The network as a ``torch.nn.Sequential`` of its ``encoder`` and ``decoder``, in double precision, trainable.

    Where beta is 1 each ``Linear`` holds the layer's own weights, transposed as torch has them; else beta times these.

    Raises
    ------
    UnsupportedError
        The package torch is not there.
    """
    try:
        from torch import nn
    except ImportError:
        raise UnsupportedError("to_torch needs the package torch: pip install scipy-ae[torch]") from None
    whole = nn.Sequential()
    for name, steps in (("encoder", encoder_steps(network, theta)), ("decoder", decoder_steps(network, theta))):
        whole.add_module(name, nn.Sequential(*(_torch_module(step) for step in steps)))
    return whole


def _torch_module(step: Step) -> Any:
    import torch
    from torch import nn

    if isinstance(step, Affine):
        linear = nn.utils.skip_init(nn.Linear, *step.weight.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(step.weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(step.bias.copy()))
        return linear
    if isinstance(step, First):
        return _torch_function(lambda z: z[:, : step.count])
    if step.name == "parametric-relu" and step.slope is not None:
        bent = nn.PReLU(len(step.slope), dtype=torch.float64)
        with torch.no_grad():
            bent.weight.copy_(torch.from_numpy(step.slope.copy()))
        return bent
    made: dict[str, Callable[[], Any]] = {
        "identity": nn.Identity,
        "step": lambda: _torch_function(lambda z: (z >= 0).to(z.dtype)),
        "logistic": nn.Sigmoid,
        "tanh": nn.Tanh,
        "arctan": lambda: _torch_function(torch.atan),
        "relu": nn.ReLU,
        "leaky-relu": lambda: nn.LeakyReLU(step.alpha),
        "elu": lambda: nn.ELU(step.alpha),
        "softplus": lambda: nn.Softplus(threshold=40.0),  # torch's own 20 is for single precision
        "saturating-linear": lambda: nn.Hardtanh(0.0, 1.0),
        "softmax": lambda: nn.Softmax(dim=-1),
    }
    return made[step.name]()


def _torch_function(function: Callable[[Any], Any]) -> Any:
    """A module of one function, where torch has none."""
    from torch import nn

    class Function(nn.Module):
        def forward(self, z: Any) -> Any:
            return function(z)

    return Function()
