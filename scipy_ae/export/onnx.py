"""ONNX files of encoder, decoder and both."""

from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import __version__
from scipy_ae.errors import InputError, UnsupportedError, unknown
from scipy_ae.export.onnx_images import APPLIED, resized_input
from scipy_ae.export.steps import (
    Added,
    Affine,
    Applied,
    Curve,
    First,
    Images,
    Rows,
    Step,
    decoder_steps,
    encoder_steps,
)
from scipy_ae.network import Network
from scipy_ae.records import write_aside

#: Which operators an ONNX file is written with: of 2020, which runtimes of all kinds know.
OPSET, IR_VERSION = 13, 7
PRECISIONS = ("float64", "float32")
#: The name of the network's input in every file that needs it.
INPUT = "x"
#: Bytes of a file of protocol buffers at most, less what else stands in it.
_LARGEST = 2**31 - 2**20
#: Halvings of the angle and terms of the series by which an arctangent of doubles is put together.
_HALVINGS, _TERMS = 3, 12


def write_onnx(network: Network, theta: np.ndarray, folder: Path, precision: str = "float64") -> list[Path]:
    """``encoder.onnx`` (x to z), ``decoder.onnx`` (z to y) and ``autoencoder.onnx`` (x to y) in a folder.

    Any number of rows can be given to each, those of images with their channels one behind the other. The folder is
    made if need be, and files of these names are replaced. Where the network adds its input to its output, the decoder
    has x as its second input. Batch norms have the statistics of the training set.

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
    InputError
        The network has more than 2 GB of weights, the folder cannot be written, or the statistics of a batch norm are
        not known.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if 8 * network.size > _LARGEST:
        raise InputError(
            f"an ONNX file holds at most 2 GB; this network has {8 * network.size / 1e9:.1f} GB of weights"
        )
    encoder, decoder = encoder_steps(network, theta), decoder_steps(network, theta)
    x, z, y = (INPUT, network.inputs), ("z", network.latent_dim), ("y", network.outputs)
    made = {
        "encoder": onnx_model("encoder", encoder, x, z, precision),
        "decoder": onnx_model("decoder", decoder, z, y, precision),
        "autoencoder": onnx_model("autoencoder", encoder + decoder, x, y, precision),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder '{folder}': {error.strerror or error}") from None
    paths = []
    for name, data in made.items():
        paths.append(folder / f"{name}.onnx")
        write_aside(paths[-1], partial(Path.write_bytes, data=data))
    return paths


def onnx_model(name: str, steps: list[Step], start: tuple[str, int], end: tuple[str, int], precision: str) -> bytes:
    """The file of some steps, from an input to an output, each of a name and a width."""
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
    inputs = dict([start, *((INPUT, prod(step.input_shape)) for step in steps if isinstance(step, Added))])
    first, final = (
        [helper.make_tensor_value_info(label, kind, ["n", width]) for label, width in ends.items()]
        for ends in (inputs, dict([end]))
    )
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
        self.type = np.dtype(precision)
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
        array = array if array.dtype == np.int64 else array.astype(self.type)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def step(self, step: Step, x: str) -> str:
        if isinstance(step, Affine):
            return self.op("Gemm", x, step.weight, step.bias)
        if isinstance(step, First):
            bounds = [np.array([bound], dtype=np.int64) for bound in (0, step.count, 1)]
            return self.op("Slice", x, *bounds)
        if isinstance(step, Images):
            return self.reshaped(x, *step.shape)
        if isinstance(step, Rows):
            return self.reshaped(x, step.width)
        if isinstance(step, Added):
            return self.op("Add", x, resized_input(self, INPUT, step))
        if isinstance(step, Applied):
            return APPLIED[step.layer.kind](self, x, step)
        return _CURVES[step.name](self, x, step)

    def reshaped(self, x: str, *shape: int) -> str:
        """Any number of rows in another shape."""
        return self.op("Reshape", x, np.array([-1, *shape], np.int64))

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
        if self.type == np.float32:
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
    "softmax": lambda graph, z, _: graph.op("Softmax", z, axis=1),
}
