"""ImageNetwork: a network whose layers work on images, (channels, height, width), as a function of theta."""

from collections.abc import Mapping, Sequence
from copy import copy
from math import prod
from typing import Any

import numpy as np

from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Bottleneck
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.kernels import tape as T
from scipy_ae.layers import chain_text, shape_lines, shape_table
from scipy_ae.layers.normalisation import EPSILON
from scipy_ae.layout import Layout
from scipy_ae.network.dense import Network, as_theta
from scipy_ae.network.machine import Machine
from scipy_ae.network.nodes import RESHAPING, Node, is_compiled
from scipy_ae.network.tape import Tape
from scipy_ae.threads import one_thread

#: Rows that inference takes at a time.
_AT_ONCE = 1024


class ImageNetwork(Network):
    """An autoencoder of layers on images; made by ``Network(...)`` where any layer is not dense.

    Parameters
    ----------
    encoder, decoder : sequence of layers
    bottleneck : Plain or None
    input_shape : (int, int, int) or (int,)
        Channels, height and width of an input, or its length.

    Attributes
    ----------
    input_shape, code_shape, output_shape : tuple of int
    shapes : list of tuple of int
        The input's, then that behind each layer.
    rows : list of Row
        Of each layer its name, text, shapes and number of parameters.
    statistics : dict or None
        Mean and variance of each channel, (channels,) both, by the name of each layer of batch normalisation, over the
        training set; None where they are still those of the rows at hand.
    """

    on_images = True

    def __init__(
        self,
        encoder: Sequence[Any],
        decoder: Sequence[Any],
        bottleneck: str | Bottleneck | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        self._take_parts(encoder, decoder, bottleneck)
        if self.bottleneck.name != "plain":
            raise UnsupportedError("bottleneck: variational is for networks of dense layers; plain is accepted here")
        if input_shape is None:
            raise InputError("input_shape: a network of layers on images needs it, as (channels, height, width)")
        self.rows = shape_table(self.named_layers(), input_shape)
        self.input_shape, self.output_shape = self.rows[0].input_shape, self.rows[-1].output_shape
        self.inputs, self.latent_dim, self.outputs = map(prod, (self.input_shape, self.code_shape, self.output_shape))
        self.layout = Layout(
            (f"{name}.{kind}", shape) for name, layer in self.named_layers() for kind, shape in layer.parameters()
        )
        self.size = self.layout.size
        if not self.size:
            raise InputError("layers: not one of them has weights; at least one convolution or dense layer is needed")
        self.units = sum(prod(shape) for shape in self.shapes[1:])
        self.normalises_batches = any(layer.kind == "batch-norm" for layer in self.layers)
        self.statistics: dict[str, tuple[np.ndarray, np.ndarray]] | None = None

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [self.input_shape, *(row.output_shape for row in self.rows)]

    @property
    def code_shape(self) -> tuple[int, ...]:
        return self.shapes[len(self.encoder)]

    @property
    def output_activation(self) -> Activation:
        """That of the last layer which does more than reshape."""
        return next(layer.activation for layer in reversed(self.layers) if layer.kind not in RESHAPING)

    @property
    def spec(self) -> str:
        return chain_text(self.encoder, self.decoder)

    def nodes(self, first: int = 0, last: int | None = None) -> list[Node]:
        """The layers in their places, for a tape of their own."""
        named = self.named_layers()
        return [
            Node(
                layer, self.shapes[k], self.shapes[k + 1],
                {kind: self.layout.offset(f"{name}.{kind}") for kind, _ in layer.parameters()}, name,
            )
            for k, (name, layer) in enumerate(named[first:last], start=first)
        ]  # fmt: skip

    def initialize(self, rng: np.random.Generator, std: float | None = None, init: str = "gaussian") -> np.ndarray:
        theta = super().initialize(rng, std, init)
        views = self.layout.views(theta)
        for name, layer in self.named_layers():
            if layer.kind in ("batch-norm", "group-norm"):
                views[f"{name}.weight"][:], views[f"{name}.bias"][:] = 1.0, 0.0
        if init != "gaussian" and self._last_before_input is not None:
            # a network that adds its input starts as what it adds, as Goyal et al. (2017), section 5.1, start theirs
            views[f"{self._last_before_input}.weight"][:] = 0.0
        return theta

    @property
    def _last_before_input(self) -> str | None:
        """The last convolution or dense layer of a network that ends by adding its input; None where there is none."""
        if self.layers[-1].kind != "add-input":
            return None
        weighted = [name for name, layer in self.named_layers() if layer.kind in ("conv", "conv-transpose", "dense")]
        return weighted[-1] if weighted else None

    def with_statistics(self, statistics: Mapping[str, tuple[np.ndarray, np.ndarray]] | None) -> "ImageNetwork":
        """The same network, whose batch normalisation takes these means and variances."""
        other = copy(self)
        other.statistics = None if statistics is None else dict(statistics)
        return other

    def _run(self, theta: np.ndarray, x: np.ndarray, first: int, last: int, name: str) -> np.ndarray:
        return self._outputs(theta, x, first, last, name, [last - first - 1])[0]

    def decode(self, theta: np.ndarray, z: np.ndarray) -> np.ndarray:
        if self.layers[-1].kind == "add-input":
            raise UnsupportedError(
                "decode: this network adds its input to its output, which no code has; reconstruct does"
            )
        return super().decode(theta, z)

    def reconstruct(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        return self._run(theta, x, 0, len(self.layers), "x")

    def activations(self, theta: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
        """What leaves each layer, (n, units) one after the other, for the rows of x (n, inputs)."""
        return self._outputs(theta, x, 0, len(self.layers), "x", list(range(len(self.layers))))

    def _outputs(
        self, theta: np.ndarray, x: np.ndarray, first: int, last: int, name: str, wanted: list[int]
    ) -> list[np.ndarray]:
        """The outputs of the ``wanted`` ones among layers ``first`` ... ``last`` - 1."""
        theta = as_theta(theta, self.size)
        x, width = np.ascontiguousarray(x, dtype=np.float64), prod(self.shapes[first])
        if x.ndim != 2 or x.shape[1] != width:
            raise InputError(f"{name}: expected shape (n, {width}), got {x.shape}")
        tape = Tape(self.nodes(first, last), False, given_statistics=self.statistics is not None)
        outputs = [np.empty((len(x), tape.nodes[k].q)) for k in wanted]
        together = self.normalises_batches and self.statistics is None
        step = max(1, len(x)) if together else _AT_ONCE
        machine: Machine | None = None
        for start in range(0, len(x), step):
            rows = x[start : start + step]
            if machine is None or machine.rows != len(rows):
                machine = Machine(tape, self.size, len(rows))
                machine.theta[:] = theta
            given = {T.INPUT: rows} | self._given_statistics(tape)
            given |= {tape.nodes[k].y: out[start : start + step] for k, out in zip(wanted, outputs)}
            with one_thread():
                machine.run("forward", given)
        return outputs

    def _given_statistics(self, tape: Tape) -> dict[int, np.ndarray]:
        if self.statistics is None:
            return {}
        given = {}
        for node in tape.nodes:
            if node.layer.kind == "batch-norm":
                mean, variance = self.statistics[node.name]
                given[node.held["means"]] = np.ascontiguousarray(mean, dtype=np.float64)
                given[node.held["inverses"]] = 1.0 / np.sqrt(np.asarray(variance, dtype=np.float64) + EPSILON)
        return given

    def is_compiled(self, single: bool) -> bool:
        """False where a first gradient in float32 (``single``) or float64 has yet to compile on this machine."""
        return is_compiled(self.nodes(), single)

    def describe(self) -> str:
        """A line for each layer: name, text, shapes, number of parameters."""
        return "\n".join(shape_lines(self.rows))
