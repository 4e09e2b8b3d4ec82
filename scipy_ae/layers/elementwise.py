"""Elementwise: an activation by itself, where no layer before it can bear it. Kernels: ``kernels/activations.py``."""

from dataclasses import dataclass
from typing import ClassVar

from scipy_ae.activations import Activation
from scipy_ae.layers.base import Layer, Shape, activation_word


@dataclass(frozen=True)
class Elementwise(Layer):
    """y = f(x), of each number; softmax goes over the channels at each pixel.

    Parameters
    ----------
    activation : Activation
        A name such as ``"relu"`` will do. Parametric relu trains a slope for each channel and so needs a layer that
        knows its channels: a convolution, a dense layer or a norm.

    >>> Elementwise("relu").output_shape((8, 7, 7))
    (8, 7, 7)
    """

    activation: Activation

    kind: ClassVar[str] = "elementwise"

    def __post_init__(self) -> None:
        self._settle_activation()
        if self.activation.trains_slope:
            raise self._refused(
                "is not accepted by itself; directly after conv, convt, dense, bn or gn it is, which know how many"
                " slopes it trains"
            )

    def output_shape(self, shape: Shape) -> Shape:
        """The shape itself."""
        return shape

    @property
    def word(self) -> str:
        return activation_word(self.activation)

    @property
    def text(self) -> str:
        return self.word
