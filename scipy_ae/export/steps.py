"""A network as steps: a layer is y = f(x W + b), with the slope beta of its activation multiplied into W and b.

f(beta a) = f(x (beta W) + beta b), so that no step needs a beta.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scipy_ae.layers import Dense
from scipy_ae.network import Network, as_theta


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
