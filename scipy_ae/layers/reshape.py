"""Flatten and Reshape: the same numbers under another shape; nothing is computed."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from scipy_ae.layers.base import Layer, Shape, kind_of


@dataclass(frozen=True)
class Flatten(Layer):
    """Images as vectors, channel by channel, row by row.

    >>> Flatten().output_shape((8, 7, 7))
    (392,)
    """

    kind: ClassVar[str] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        """(c * h * w,) for (c, h, w); a vector stays as it is."""
        return (prod(shape),)

    @property
    def word(self) -> str:
        return "flatten"


@dataclass(frozen=True)
class Reshape(Layer):
    """Vectors, or other images, as images.

    Parameters
    ----------
    channels, height, width : int

    >>> Reshape(8, 7, 7).output_shape((392,))
    (8, 7, 7)
    """

    channels: int
    height: int
    width: int

    kind: ClassVar[str] = "reshape"

    def __post_init__(self) -> None:
        self._settle(channels=1, height=1, width=1)

    def output_shape(self, shape: Shape) -> Shape:
        """(channels, height, width), for as many numbers."""
        output = (self.channels, self.height, self.width)
        if prod(output) != prod(shape):
            raise self._refused(f"takes {prod(output)} numbers, but {kind_of(shape)} came, which are {prod(shape)}")
        return output

    @property
    def word(self) -> str:
        return f"reshape{self.channels}x{self.height}x{self.width}"
