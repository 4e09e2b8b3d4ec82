"""BatchNorm and GroupNorm: numbers brought to mean 0 and variance 1. Kernels: ``kernels/normalisation.py``."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from scipy_ae.activations import Activation
from scipy_ae.layers.base import IDENTITY, Layer, Shape, counted, kind_of, shown

#: What is added to a variance before its root is taken.
EPSILON = 1e-5


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel by its mean and variance over all rows and pixels: y = f(w (x - m) / sqrt(v + 1e-5) + b).

    The variance is that of the rows in question, divided by their number (Ioffe and Szegedy 2015, algorithm 1). The
    statistics of the batch are part of the objective; inference uses those of the training set. Its parameters are
    ``weight`` (channels,), started at 1, ``bias`` (channels,), started at 0, and, for parametric relu, ``slope``.

    Parameters
    ----------
    channels : int
        Of images; of vectors, their numbers.
    activation : Activation
        A name such as ``"relu"`` will do.

    >>> BatchNorm(16, "relu").output_shape((16, 14, 14))
    (16, 14, 14)
    """

    channels: int
    activation: Activation = IDENTITY

    kind: ClassVar[str] = "batch-norm"

    def __post_init__(self) -> None:
        self._settle(channels=1)
        self._settle_activation()

    def output_shape(self, shape: Shape) -> Shape:
        """The shape itself, of so many channels."""
        if shape[0] != self.channels:
            raise self._refused(f"takes {counted(self.channels, 'channel')}, but {kind_of(shape)} came")
        return shape

    def parameters(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        return _arrays(self)

    @property
    def word(self) -> str:
        return "bn"


@dataclass(frozen=True)
class GroupNorm(Layer):
    """Each group of channels of each row by its own mean and variance: y = f(w (x - m) / sqrt(v + 1e-5) + b).

    The same for a row whatever the batch (Wu and He 2018, eq. 7). One group is layer normalisation. Its parameters are
    ``weight`` (channels,), started at 1, ``bias`` (channels,), started at 0, and, for parametric relu, ``slope``.

    Parameters
    ----------
    groups : int
        Neighbouring channels divided into so many groups.
    channels : int
        A multiple of ``groups``.
    activation : Activation
        A name such as ``"relu"`` will do.

    >>> GroupNorm(4, 16).output_shape((16, 14, 14))
    (16, 14, 14)
    """

    groups: int
    channels: int
    activation: Activation = IDENTITY

    kind: ClassVar[str] = "group-norm"

    def __post_init__(self) -> None:
        self._settle(groups=1, channels=1)
        if self.channels % self.groups:
            raise self._refused(f"{self.channels} channels do not divide into {counted(self.groups, 'group')}")
        self._settle_activation()

    def output_shape(self, shape: Shape) -> Shape:
        """The shape itself, of so many channels."""
        if shape[0] != self.channels:
            raise self._refused(f"takes {counted(self.channels, 'channel')}, but {kind_of(shape)} came")
        if prod(shape) == self.groups:
            raise self._refused(f"of {shown(shape)} each group has one number, which would always become 0")
        return shape

    def parameters(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        return _arrays(self)

    @property
    def word(self) -> str:
        return f"gn{self.groups}"


def _arrays(layer: BatchNorm | GroupNorm) -> list[tuple[str, Shape]]:
    names = ["weight", "bias", *(["slope"] if layer.activation.trains_slope else [])]
    return [(name, (layer.channels,)) for name in names]
