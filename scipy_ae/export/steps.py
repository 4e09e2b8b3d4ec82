"""A network as steps: a layer is y = f(A(x)), with the slope beta of its activation multiplied into the weights of A.

f(beta a) is f of the layer with beta W and beta b, so that no step needs a beta. Rows (n, p) come in and go out; steps
between may see them as images (n, channels, height, width).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.layers import AddInput, BatchNorm, Dense, Elementwise, Flatten, Layer, Reshape, Shape
from scipy_ae.network import Network, as_theta

#: Mean and variance (channels,) of each batch norm over the training set, by the layer's name.
Statistics = Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Affine:
    """x W + b, with weight (p, q) and bias (q,)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Curve:
    """An activation without its beta, over units or channels; ``slope`` is a number, (units,) or (channels, 1, 1)."""

    name: str
    alpha: float = 0.0
    slope: np.ndarray | None = None


@dataclass(frozen=True)
class First:
    """The first so many columns: the means of a bottleneck whose encoder tells more of the code than where it is."""

    count: int


@dataclass(frozen=True)
class Applied:
    """A layer without its activation: a convolution, a pool, a norm..., with its arrays by name.

    Those of a batch norm have ``mean`` and ``variance`` beside them.
    """

    layer: Layer
    input_shape: Shape
    output_shape: Shape
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Images:
    """Rows, or images of another shape, as images (channels, height, width)."""

    shape: Shape


@dataclass(frozen=True)
class Rows:
    """Images as rows of so many numbers."""

    width: int


@dataclass(frozen=True)
class Added:
    """The network's own input added to the rows: bilinearly upsampled where smaller, repeated over the channels."""

    input_shape: Shape
    output_shape: Shape


Step = Affine | Curve | First | Applied | Images | Rows | Added


def encoder_steps(network: Network, theta: np.ndarray) -> list[Step]:
    """From x (n, inputs) to z (n, latent_dim)."""
    shapes = _shapes(network)
    steps = _part(network, theta, "encoder", shapes[0])
    if prod(shapes[1]) != network.latent_dim:
        steps.append(First(network.latent_dim))
    return steps


def decoder_steps(network: Network, theta: np.ndarray) -> list[Step]:
    """From z (n, latent_dim) to y (n, outputs); what is :class:`Added` at its end also needs x."""
    before, code = _shapes(network)
    parts = prod(code) // network.latent_dim  # a variational encoder has more to tell of a code than its place
    return _part(network, theta, "decoder", (code[0] // parts, *code[1:]), before)


def chain_steps(
    named: Sequence[tuple[str, Layer]],
    arrays: Mapping[str, np.ndarray],
    shape: Shape,
    statistics: Statistics | None = None,
    input_shape: Shape | None = None,
) -> list[Step]:
    """A chain of layers, from rows (n, prod(shape)) to rows.

    Parameters
    ----------
    named : sequence of (name, Layer)
    arrays : mapping of "name.parameter" to ndarray
        As ``Layout.views`` gives them.
    shape : tuple of int
        Of what comes in, (channels, height, width) or (numbers,).
    statistics : mapping of name to (mean, variance)
        Of each batch norm.
    input_shape : tuple of int, optional
        Of the network's input, where that is another: what an ``AddInput`` adds.

    Raises
    ------
    InputError
        There is a batch norm whose statistics are not given, or a layer does not take what comes.
    """
    steps: list[Step] = [Images(shape)] if len(shape) == 3 else []
    added: list[Step] = []
    first = input_shape or shape
    for name, layer in named:
        after = layer.output_shape(shape)
        if isinstance(layer, AddInput):
            added = [Added(first, layer.joined_shape(shape, first))]
            continue
        own = {kind: arrays[f"{name}.{kind}"] for kind, _ in layer.parameters()}
        if isinstance(layer, BatchNorm):
            own["mean"], own["variance"] = _statistics(statistics, name)
        steps += _of_layer(layer, own, shape, after)
        shape = after
    return [*steps, *([Rows(prod(shape))] if len(shape) == 3 else []), *added]


def _of_layer(layer: Layer, arrays: dict[str, np.ndarray], shape: Shape, after: Shape) -> Iterator[Step]:
    f = layer.activation
    scaled = {kind: f.beta * array if kind in ("weight", "bias") else array for kind, array in arrays.items()}
    slope = scaled.pop("slope", None)
    if isinstance(layer, Dense):
        if len(shape) == 3:
            yield Rows(layer.inputs)
        yield Affine(scaled["weight"], scaled["bias"])
    elif isinstance(layer, Reshape):
        yield Images(after)
    elif isinstance(layer, Flatten):
        yield Rows(after[0])
    elif isinstance(layer, Elementwise):
        if f.beta != 1.0:
            yield Applied(layer, shape, after, {"weight": np.array(f.beta)})
    else:
        yield Applied(layer, shape, after, scaled)
    bend = {"relu": 0.0, "leaky-relu": f.alpha, "parametric-relu": slope}.get(f.name)
    bend = None if bend is None else np.array(bend)
    if bend is not None and bend.ndim and len(after) == 3:
        bend = bend[:, None, None]
    if isinstance(layer, Dense) or f.name != "identity":
        yield Curve(f.name, f.alpha or 0.0, bend)


def _statistics(statistics: Statistics | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    if statistics is None or name not in statistics:
        raise InputError(f"statistics: those of the batch norm '{name}' over the training set are not known")
    return statistics[name]


def _part(network: Network, theta: np.ndarray, part: str, shape: Shape, first: Shape | None = None) -> list[Step]:
    arrays = network.layout.views(as_theta(theta, network.size))
    named = [(name, layer) for name, layer in network.named_layers() if name.partition(".")[0] == part]
    return chain_steps(named, arrays, shape, getattr(network, "statistics", None), first)


def _shapes(network: Network) -> tuple[Shape, Shape]:
    """Before and behind the encoder."""
    before: Shape = getattr(network, "input_shape", None) or (network.inputs,)
    shape = before
    for layer in network.encoder:
        shape = layer.output_shape(shape)
    return before, shape
