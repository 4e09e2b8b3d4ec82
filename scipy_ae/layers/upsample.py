"""Upsample2D, PixelShuffle, AddInput: what a decoder grows by. Kernels: ``kernels/upsampling.py``."""

from dataclasses import dataclass
from typing import ClassVar

from scipy_ae.layers.base import Layer, Shape, kind_of

MODES = ("nearest", "bilinear")


@dataclass(frozen=True)
class Upsample2D(Layer):
    """Images larger by a whole factor.

    Parameters
    ----------
    factor : int
    mode : {"nearest", "bilinear"}
        Each pixel repeated, or lines between the centres of pixels, the outermost repeated at the border.

    >>> Upsample2D(2).output_shape((16, 7, 7))
    (16, 14, 14)
    """

    factor: int
    mode: str = "nearest"

    kind: ClassVar[str] = "upsample"

    def __post_init__(self) -> None:
        self._settle(factor=1)
        if self.mode not in MODES:
            raise self._refused(f"mode {self.mode!r} is not accepted; nearest and bilinear are")

    def output_shape(self, shape: Shape) -> Shape:
        """(channels, factor h, factor w) for (channels, h, w)."""
        channels, h, w = self._image(shape)
        return self._given((channels, self.factor * h, self.factor * w), shape)

    @property
    def word(self) -> str:
        return f"bilinear{self.factor}" if self.mode == "bilinear" else f"upsample{self.factor}"


@dataclass(frozen=True)
class PixelShuffle(Layer):
    """Channels laid out as pixels: Y[c, f i + r, f j + t] = X[c f^2 + f r + t, i, j] (Shi et al. 2016, eq. 4).

    Parameters
    ----------
    factor : int
        The factor f by which height and width grow.

    >>> PixelShuffle(2).output_shape((12, 16, 16))
    (3, 32, 32)
    """

    factor: int

    kind: ClassVar[str] = "pixel-shuffle"

    def __post_init__(self) -> None:
        self._settle(factor=1)

    def output_shape(self, shape: Shape) -> Shape:
        """(channels / factor^2, factor h, factor w) for (channels, h, w)."""
        channels, h, w = self._image(shape)
        if channels % self.factor**2:
            raise self._refused(f"takes a multiple of {self.factor**2} channels, but {kind_of(shape)} came")
        return channels // self.factor**2, self.factor * h, self.factor * w

    @property
    def word(self) -> str:
        return f"shuffle{self.factor}"


@dataclass(frozen=True)
class AddInput(Layer):
    """The network's input added, so that the layers before learn what to change: y = a + x.

    The last layer of a decoder only. A smaller input is first upsampled, bilinearly and by a whole factor; an input of
    one channel is added to each channel. (A residual from input to output, as Zhang et al. 2017, section III.)

    >>> AddInput().joined_shape((3, 32, 32), (1, 16, 16))
    (3, 32, 32)
    """

    kind: ClassVar[str] = "add-input"

    def output_shape(self, shape: Shape) -> Shape:
        """The shape itself; :meth:`joined_shape` says whether the network's input goes with it."""
        return shape

    def joined_shape(self, shape: Shape, input_shape: Shape) -> Shape:
        """The shape itself, where inputs of ``input_shape`` can be added to it; a ``LayerError`` where they cannot."""
        fits = shape == input_shape
        if len(shape) == len(input_shape) == 3:
            channels, h, w = input_shape
            fits = channels in (1, shape[0]) and (shape[1] % h, shape[2] % w, shape[1] // h) == (0, 0, shape[2] // w)
        if not fits:
            raise self._refused(
                f"adds the network's input, {kind_of(input_shape)}, but {kind_of(shape)} came; the same height and"
                " width or the same whole multiple of both, and as many channels or one channel of input, are accepted"
            )
        return shape

    @property
    def word(self) -> str:
        return "input"
