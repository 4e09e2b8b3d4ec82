"""The decoder of a run's model, as layers and plain arrays: what the page needs to decode by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from scipy_ae import layers, tensors
from scipy_ae.errors import InputError
from scipy_ae.layers import AddInput, AvgPool2D, BatchNorm, Conv2D, ConvTranspose2D, Dense, Layer, MaxPool2D, Shape

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class DecoderLayer:
    """One layer, the shapes before and behind it, and its arrays by name, in the order in which they lie in theta.

    Those of a batch norm are followed by ``mean`` and ``variance`` (channels,), its statistics of the training set.
    """

    layer: Layer
    input_shape: Shape
    output_shape: Shape
    arrays: dict[str, np.ndarray]

    @property
    def work(self) -> int:
        """Multiplications for one code, about."""
        layer, outputs = self.layer, prod(self.output_shape)
        if isinstance(layer, Dense):
            return layer.inputs * layer.outputs
        if isinstance(layer, Conv2D):
            return outputs * layer.inputs * layer.kernel**2 * layer.stride  # the page leaves out rows, not columns
        if isinstance(layer, ConvTranspose2D):
            return prod(self.input_shape) * layer.outputs * layer.kernel**2
        if isinstance(layer, MaxPool2D | AvgPool2D):
            return outputs * layer.size**2
        return 4 * outputs


def read_decoder(path: "Path") -> tuple[DecoderLayer, ...]:
    """The decoder's layers from code to output.

    Empty where there is no model file, as in a run that ended before one was written, and where the page cannot decode
    a code: a layer is of a kind to come, or adds the network's input. Such a run has a report without an explorer. A
    damaged file is an :class:`~scipy_ae.errors.InputError` with its name.
    """
    if not path.exists():
        return ()
    with tensors.opened(path, *tensors.MODEL, "model") as file:
        try:
            chain = _chain(file.specification["network"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"'{path}' has a damaged specification of its decoder ({error})") from None
        return tuple(
            DecoderLayer(layer, before, after, _arrays(file, f"decoder.{k}", layer))
            for k, (layer, before, after) in enumerate(chain)
        )


def _chain(plain: Mapping[str, Any]) -> list[tuple[Layer, Shape, Shape]]:
    """The decoder's layers with the shapes before and behind each; empty where there is one that the page cannot do."""
    rows = plain["decoder"]
    if not isinstance(rows, list) or not rows:
        raise ValueError("it names no layers")
    if any(row["kind"] not in layers.KINDS or row["kind"] == AddInput.kind for row in [*plain["encoder"], *rows]):
        return []
    chain = [layers.of(row) for row in rows]
    shapes = [_code_shape(plain, chain[0])]
    for layer in chain:
        shapes.append(layer.output_shape(shapes[-1]))
    return list(zip(chain, shapes, shapes[1:]))


def _code_shape(plain: Mapping[str, Any], first: Layer) -> Shape:
    """The shape of a code, before the decoder's first layer."""
    if "input_shape" not in plain:  # all layers are dense
        return (first.inputs,) if isinstance(first, Dense) else ()
    shape = tuple(int(side) for side in plain["input_shape"])
    for row in plain["encoder"]:
        shape = layers.of(row).output_shape(shape)
    halves = 1 if plain["bottleneck"] == "plain" else 2  # means, then log-variances
    return (shape[0] // halves, *shape[1:])


def _arrays(file: tensors.Opened, name: str, layer: Layer) -> dict[str, np.ndarray]:
    arrays = {kind: _array(file, f"{name}.{kind}", shape) for kind, shape in layer.parameters()}
    if isinstance(layer, BatchNorm):
        for kind in ("mean", "variance"):
            arrays[kind] = _array(file, f"statistics.{name}.{kind}", (layer.channels,))
        if (arrays["variance"] < 0).any():
            raise InputError(f"'{file.path}': the array 'statistics.{name}.variance' holds a variance below 0")
    return arrays


def _array(file: tensors.Opened, name: str, shape: Shape) -> np.ndarray:
    if file.entries.get(name) != ("F64", shape):
        raise InputError(f"'{file.path}': the array '{name}' is not as the specification has it")
    array = file.array(name)
    if not np.isfinite(array).all():
        raise InputError(f"'{file.path}': the array '{name}' holds a number that is not finite")
    return array
