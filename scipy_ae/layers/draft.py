"""Draft: a row of layers in the making, in which activations find the layer that bears them."""

from dataclasses import replace

from scipy_ae.activations import Activation
from scipy_ae.layers.base import IDENTITY, Layer
from scipy_ae.layers.conv import Conv2D, ConvTranspose2D
from scipy_ae.layers.dense import Dense
from scipy_ae.layers.elementwise import Elementwise
from scipy_ae.layers.normalisation import BatchNorm, GroupNorm

#: Layers with which a block begins: what follows one of them up to the next is its block.
WEIGHTED = (Conv2D, ConvTranspose2D, Dense)
NORMS = (BatchNorm, GroupNorm)


def bears(layer: Layer) -> bool:
    """Whether an activation directly behind the layer becomes part of it."""
    return isinstance(layer, (*WEIGHTED, *NORMS))


def bearing(layer: Layer, activation: Activation) -> Layer:
    """The layer with this activation."""
    return replace(layer, activation=activation)  # type: ignore[type-var]


class Draft:
    """Layers, and of each whether an activation was told with it or is still open."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.told: list[bool] = []

    def add(self, item: Layer | Activation) -> None:
        """Put a layer, or an activation, at the end."""
        if isinstance(item, Layer):
            self.layers.append(item)
            self.told.append(False)
        elif self.layers and bears(self.layers[-1]) and not self.told[-1]:
            self.tell(len(self.layers) - 1, item)
        elif item == IDENTITY and self.layers:  # does nothing, but tells that its block has no other
            self.told[-1] = True
        else:
            self.layers.append(Elementwise(item))
            self.told.append(True)

    def tell(self, index: int, activation: Activation) -> None:
        """Give the layer at ``index`` its activation."""
        self.layers[index] = bearing(self.layers[index], activation)
        self.told[index] = True

    def fill(self, hidden: Activation | None, last: Activation | None) -> None:
        """Give an activation to the last bearer of each block in which none was told; None leaves it the identity.

        Parameters
        ----------
        hidden : Activation, optional
            Of all blocks but the last.
        last : Activation, optional
            Of the last block, or of all layers where none has weights.
        """
        blocks = blocks_of(self.layers)
        for block in blocks:
            activation = last if block is blocks[-1] else hidden
            if activation is None or any(self.told[index] for index in block):
                continue
            bearer = next((index for index in reversed(block) if bears(self.layers[index])), None)
            if bearer is not None:
                self.tell(bearer, activation)
            elif activation.name != "identity":
                self.add(activation)


def blocks_of(layers: list[Layer]) -> list[range]:
    """The indices of each layer with weights and of what follows it; all of them where no layer has weights."""
    starts = [index for index, layer in enumerate(layers) if isinstance(layer, WEIGHTED)] or [0]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(layers)])]
