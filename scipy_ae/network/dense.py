"""Network: encoder, bottleneck and decoder of dense layers, and the layout of all their parameters in one vector."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from scipy_ae import bottlenecks, initializers
from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Bottleneck, Variational
from scipy_ae.errors import InputError
from scipy_ae.kernels import table as T
from scipy_ae.kernels.sweeps import forward
from scipy_ae.layers import Dense, is_chain, parse_chain
from scipy_ae.layout import Layout


class Network:
    """An autoencoder as a function of theta.

    Parameters
    ----------
    encoder, decoder : sequence of Dense
        From input to code and from code to output; each layer's inputs are the outputs of the one before. The last
        layer of a variational encoder has 2 * latent_dim outputs: the means of the code, then its log-variances.
        Where any layer is not dense, the network is an ``ImageNetwork``.
    bottleneck : Plain or Variational
        Or its name.
    input_shape : tuple of int, optional
        Needed by layers on images: (channels, height, width).

    Attributes
    ----------
    layout : Layout
        Where each layer's arrays lie in theta.
    size : int
        Length n of theta.
    inputs, latent_dim, outputs : int
        Widths of input, code and output.
    """

    #: Whether any layer works on images; such a network is an ``ImageNetwork``.
    on_images = False
    #: Whether means over a whole batch are a part of it.
    normalises_batches = False

    def __new__(cls, encoder: Sequence[Any] = (), decoder: Sequence[Any] = (), *more: Any, **named: Any) -> "Network":
        if cls is Network and not all(isinstance(layer, Dense) for layer in (*encoder, *decoder)):
            from scipy_ae.network.images import ImageNetwork

            return object.__new__(ImageNetwork)
        return object.__new__(cls)

    def __init__(
        self,
        encoder: Sequence[Any],
        decoder: Sequence[Any],
        bottleneck: str | Bottleneck | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        self._take_parts(encoder, decoder, bottleneck)
        if input_shape is not None and prod(input_shape) != self.encoder[0].inputs:
            raise InputError(
                f"input_shape: {input_shape} does not fit dense layers that take {self.encoder[0].inputs} numbers"
            )
        self.latent_dim = self.bottleneck.latent_dim(self.encoder[-1].outputs)
        left = [
            *(layer.outputs for layer in self.encoder[:-1]),
            self.latent_dim,
            *(one.outputs for one in self.decoder),
        ]
        for outputs, after in zip(left, self.layers[1:]):
            if outputs != after.inputs:
                raise InputError(f"layers: one of {outputs} outputs is followed by one of {after.inputs} inputs")
        self.inputs, self.outputs = self.encoder[0].inputs, self.decoder[-1].outputs
        self.layout = Layout(
            (f"{name}.{kind}", shape) for name, layer in self.named_layers() for kind, shape in layer.parameters()
        )
        self.size = self.layout.size
        self._build_tables()

    def _take_parts(self, encoder: Sequence[Any], decoder: Sequence[Any], bottleneck: str | Bottleneck | None) -> None:
        self.encoder, self.decoder = tuple(encoder), tuple(decoder)
        self.bottleneck = bottlenecks.get(bottleneck)
        self.layers = self.encoder + self.decoder
        if not self.encoder or not self.decoder:
            raise InputError("layers: an encoder and a decoder of at least one layer each are needed")

    def _build_tables(self) -> None:
        rows, units = [], 0
        for name, layer in self.named_layers():
            offsets = {kind: self.layout.offset(f"{name}.{kind}") for kind, _ in layer.parameters()}
            rows.append(layer.row(offsets, units))
            units += layer.outputs
        self.table = np.array(rows, dtype=np.int64)  # (layers, columns)
        self.coefs = np.array([layer.coefficients() for layer in self.layers])  # (layers, 2)
        self.units = units
        self.widest = max(self.inputs, *(layer.outputs for layer in self.layers))

    @classmethod
    def parse(
        cls,
        spec: str | Sequence[int],
        activation: str | Activation = "tanh",
        output: str | Activation = "logistic",
        code: str | Activation | None = None,
        bottleneck: str | Bottleneck | None = None,
        input_shape: tuple[int, ...] | None = None,
        target_shape: tuple[int, ...] | None = None,
    ) -> "Network":
        """A network from text: of dense layers from its widths, or of layers on images.

        Parameters
        ----------
        spec : str or sequence of int
            ``"35-28-23-2-23-28-35"``; the narrowest layer, the first on a tie, is the code. Or layers on images such
            as ``"conv16k3-relu-pool2-conv8k3-relu-pool2"``, where the decoder follows behind a colon or is the mirror
            of the encoder; see :mod:`scipy_ae.layers.chain`. Activations in the text go before those given here.
        activation, output, code : str or Activation
            Of the hidden layers, of the last, and of the code (where None, as the hidden ones; identity for the means
            and log-variances of a variational one).
        bottleneck : str or Bottleneck, optional
            ``plain``, ``variational``, or ``Variational(beta)``.
        input_shape, target_shape : tuple of int, optional
            (channels, height, width) of input and target, for layers on images; a target is as the input where None.
        """
        if is_chain(spec):
            if input_shape is None:
                raise InputError(f"layers: '{spec}' is for images; their shape is needed, (channels, height, width)")
            encoder, decoder = parse_chain(str(spec), input_shape, target_shape, output, activation, code)
            return Network(encoder, decoder, bottleneck, input_shape)
        widths = _widths(spec)
        middle = min(range(1, len(widths) - 1), key=lambda k: widths[k], default=0)
        if len(widths) < 3 or widths[middle] >= min(widths[0], widths[-1]):
            shown = "-".join(map(str, widths))
            raise InputError(
                f"layers: '{shown}' has no bottleneck; an inner layer narrower than input and output is needed"
            )
        hidden = Activation.of(activation)
        kinds = [hidden] * (len(widths) - 1)
        kinds[-1] = Activation.of(output)
        part = bottlenecks.get(bottleneck)
        usual = Activation("identity") if isinstance(part, Variational) else hidden
        kinds[middle - 1] = usual if code is None else Activation.of(code)
        ends = widths[1:]
        ends[middle - 1] = part.outputs(widths[middle])
        dense = [Dense(p, q, kind) for p, q, kind in zip(widths, ends, kinds)]
        return cls(encoder=dense[:middle], decoder=dense[middle:], bottleneck=part)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The input's shape, then that behind each layer."""
        return [(self.inputs,), *((layer.outputs,) for layer in self.layers)]

    @property
    def code_shape(self) -> tuple[int, ...]:
        return (self.latent_dim,)

    def activations(self, theta: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
        """What leaves each layer, (n, units) one after the other, for the rows of x (n, inputs)."""
        return [self._run(theta, x, 0, last, "x") for last in range(1, len(self.layers) + 1)]

    def named_layers(self) -> list[tuple[str, Dense]]:
        """The layers from input to output with their names (``encoder.0``, ...)."""
        return [
            (f"{part}.{k}", layer)
            for part, layers in (("encoder", self.encoder), ("decoder", self.decoder))
            for k, layer in enumerate(layers)
        ]

    @property
    def spec(self) -> str:
        """The widths, as :meth:`parse` reads them."""
        return "-".join(map(str, (*(layer.inputs for layer in self.layers), self.outputs)))

    def initialize(self, rng: np.random.Generator, std: float | None = None, init: str = "gaussian") -> np.ndarray:
        """A start: theta, float64 of shape (n,).

        Parameters
        ----------
        rng : numpy.random.Generator
        std : float, optional
            For ``gaussian`` every entry is N(0, std^2) with std 0.73 by default; for the others, see ``initializers``.
        init : str
            ``gaussian``, ``fan-in``, ``glorot``, ``he`` or ``orthogonal``.
        """
        shapes = [(name, shape) for name, (_, shape) in self.layout.entries.items()]
        return initializers.get(init).draw(shapes, rng, std)

    def encode(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Codes (n, latent_dim) of the rows of x (n, inputs); of a variational bottleneck, their means."""
        return np.ascontiguousarray(self.encoded(theta, x)[:, : self.latent_dim])

    def encoded(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """All outputs of the encoder: codes, or means and then log-variances (n, 2 * latent_dim)."""
        return self._run(theta, x, 0, len(self.encoder), "x")

    def decode(self, theta: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of the codes z (n, latent_dim)."""
        return self._run(theta, z, len(self.encoder), len(self.layers), "z")

    def reconstruct(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of the rows of x (n, inputs): encoded, then decoded."""
        if self.encoder[-1].outputs != self.latent_dim:
            return self.decode(theta, self.encode(theta, x))
        return self._run(theta, x, 0, len(self.layers), "x")

    def _run(self, theta: np.ndarray, x: np.ndarray, first: int, last: int, name: str) -> np.ndarray:
        # kernels are compiled for arrays that can be written to; a read-only one would have them compiled once more
        theta, x = (np.require(one, np.float64, ("C", "W")) for one in (as_theta(theta, self.size), x))
        width = self.layers[first].inputs
        if x.ndim != 2 or x.shape[1] != width:
            raise InputError(f"{name}: expected shape (n, {width}), got {x.shape}")
        table = self.table[first:last].copy()
        table[:, T.UNITS] -= table[0, T.UNITS]
        units = sum(layer.outputs for layer in self.layers[first:last])
        before, after = np.empty(len(x) * units), np.empty(len(x) * units)
        return forward(table, self.coefs[first:last], theta, x, before, after, True).copy()

    @property
    def output_activation(self) -> Activation:
        """That of the last layer."""
        return self.layers[-1].activation

    def is_compiled(self, single: bool) -> bool:
        """False where a first training on this machine has yet to compile its kernels."""
        from scipy_ae.kernels.native import is_compiled  # which only trainings need

        return is_compiled()

    def describe(self) -> str:
        """A line for each layer: name, widths, activation, number of parameters."""
        lines = [
            f"{name:<10} {layer.inputs:>5} -> {layer.outputs:<5} {layer.activation!s:<17}"
            f" {sum(int(np.prod(shape)) for _, shape in layer.parameters()):>8}"
            for name, layer in self.named_layers()
        ]
        total = f"{self.spec}: a code of {self.latent_dim}, {self.size} parameters"
        return "\n".join([*lines, total])

    def __repr__(self) -> str:
        return f"<Network {self.spec}, {self.size} parameters>"


def as_theta(theta: np.ndarray, size: int) -> np.ndarray:
    """theta as a contiguous float64 vector, its length checked."""
    theta = np.ascontiguousarray(theta, dtype=np.float64)
    if theta.shape != (size,):
        raise InputError(f"theta: expected shape ({size},), got {theta.shape}")
    return theta


def _widths(spec: str | Sequence[int]) -> list[int]:
    words = spec.split("-") if isinstance(spec, str) else list(spec)
    try:
        widths = [int(word) for word in words]
    except (TypeError, ValueError):
        raise InputError(f"layers: '{spec}' is not accepted; widths such as '35-28-23-2-23-28-35' are") from None
    if not widths or min(widths) < 1:
        raise InputError(f"layers: '{spec}' is not accepted; each width is a whole number of at least 1")
    return widths
