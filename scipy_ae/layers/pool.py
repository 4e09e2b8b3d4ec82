"""MaxPool2D and AvgPool2D: one number for each square window. Kernels: ``kernels/pooling.py``."""

from dataclasses import dataclass
from typing import Any, ClassVar

from scipy_ae.layers.base import Layer, Shape, kind_of

_LATER: Any = None


@dataclass(frozen=True)
class _Pool(Layer):
    """Windows of ``size`` pixels a side, ``stride`` pixels apart, without padding; the rest is dropped."""

    size: int
    stride: int = _LATER

    def __post_init__(self) -> None:
        self._settle(size=1)
        if self.stride is None:
            object.__setattr__(self, "stride", self.size)
        self._settle(stride=1)

    def output_shape(self, shape: Shape) -> Shape:
        """(channels, h', w') for (channels, h, w), with h' = floor((h - size) / stride) + 1."""
        channels, h, w = self._image(shape)
        if min(h, w) < self.size:
            raise self._refused(f"its window of {self.size}x{self.size} pixels is larger than {kind_of(shape)}")
        return channels, (h - self.size) // self.stride + 1, (w - self.size) // self.stride + 1

    @property
    def _numbers(self) -> str:
        return f"{self.size}" if self.stride == self.size else f"{self.size}s{self.stride}"


@dataclass(frozen=True)
class MaxPool2D(_Pool):
    """The largest number of each window; of equals the first, by rows, has the derivative.

    Parameters
    ----------
    size : int
        Side of the window, in pixels.
    stride : int, optional
        From one window to the next; None for ``size``.

    >>> MaxPool2D(2).output_shape((16, 28, 28))
    (16, 14, 14)
    """

    kind: ClassVar[str] = "max-pool"

    @property
    def word(self) -> str:
        return f"pool{self._numbers}"


@dataclass(frozen=True)
class AvgPool2D(_Pool):
    """The mean of each window.

    Parameters
    ----------
    size : int
        Side of the window, in pixels.
    stride : int, optional
        From one window to the next; None for ``size``.

    >>> AvgPool2D(3, stride=2).output_shape((16, 28, 28))
    (16, 13, 13)
    """

    kind: ClassVar[str] = "avg-pool"

    @property
    def word(self) -> str:
        return f"avgpool{self._numbers}"
