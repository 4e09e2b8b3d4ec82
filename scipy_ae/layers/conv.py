"""Conv2D and ConvTranspose2D: weighted sums over square windows, dilation 1. Kernels: ``kernels/correlation.py``."""

from dataclasses import dataclass
from typing import Any, ClassVar

from scipy_ae.activations import Activation
from scipy_ae.layers.base import IDENTITY, Layer, Shape, kind_of, whole

# a field whose None becomes a number once the others are known; after __init__ it is always one
_LATER: Any = None


@dataclass(frozen=True)
class Conv2D(Layer):
    """A convolution: Y[o, i, j] = f(b[o] + sum over c, r, t of W[o, c, r, t] X[c, s i + r - p, s j + t - p]).

    The cross-correlation that the field calls convolution, with zeros around the image. Its parameters are ``weight``
    (outputs, inputs, kernel, kernel), ``bias`` (outputs,) and, for parametric relu, ``slope`` (outputs,).

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    kernel : int
        Side k of the window, in pixels.
    stride : int
        Step s of the window, in pixels.
    padding : int, optional
        Rows and columns p of zeros at each side; None for kernel // 2, which keeps the size where the stride is 1 and
        the kernel odd.
    activation : Activation
        A name such as ``"relu"`` will do.

    >>> Conv2D(1, 16, 3).output_shape((1, 28, 28))
    (16, 28, 28)
    >>> Conv2D(1, 16, 5, stride=2, padding=0, activation="relu").output_shape((1, 28, 28))
    (16, 12, 12)
    """

    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = _LATER
    activation: Activation = IDENTITY

    kind: ClassVar[str] = "conv"

    def __post_init__(self) -> None:
        self._settle(inputs=1, outputs=1, kernel=1, stride=1)
        if self.padding is None:
            object.__setattr__(self, "padding", self.kernel // 2)
        self._settle(padding=0)
        self._settle_activation()
        self._settle_size()

    def output_shape(self, shape: Shape) -> Shape:
        """(outputs, h', w') for (inputs, h, w), with h' = floor((h + 2 padding - kernel) / stride) + 1."""
        _, h, w = self._image(shape, self.inputs)
        if min(h, w) + 2 * self.padding < self.kernel:
            raise self._refused(
                f"its window of {self.kernel}x{self.kernel} pixels is larger than {kind_of(shape)} with"
                f" a padding of {self.padding}"
            )
        h, w = ((side + 2 * self.padding - self.kernel) // self.stride + 1 for side in (h, w))
        return self._given((self.outputs, h, w), shape)

    def parameters(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        return _arrays(self)

    @property
    def word(self) -> str:
        stride = f"s{self.stride}" if self.stride != 1 else ""
        padding = f"p{self.padding}" if self.padding != self.kernel // 2 else ""
        return f"conv{self.outputs}k{self.kernel}{stride}{padding}"


@dataclass(frozen=True)
class ConvTranspose2D(Layer):
    """The transpose of a convolution, which spreads each pixel over a window: the way back from a strided one.

    Its outputs are f(b + T), T being the transpose of the :class:`Conv2D` of the same kernel, stride and padding from
    ``outputs`` to ``inputs`` channels (Dumoulin and Visin 2016, chapter 4). Its parameters are ``weight`` (outputs,
    inputs, kernel, kernel), ``bias`` (outputs,) and, for parametric relu, ``slope`` (outputs,).

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    kernel : int
        Side k of the window, in pixels.
    stride : int
        Step s of the window in the output, in pixels.
    padding : int, optional
        Rows and columns taken off at each side; None for (kernel - stride + 1) // 2, and not below 0.
    output_padding : int or (int, int)
        Rows and columns added below and at the right, less than ``stride``: a strided convolution takes images of
        ``stride`` different heights to one height, and this tells which is meant.
    activation : Activation
        A name such as ``"relu"`` will do.

    >>> ConvTranspose2D(16, 1, 4, stride=2).output_shape((16, 14, 14))
    (1, 28, 28)
    >>> ConvTranspose2D(16, 1, 3, stride=2, output_padding=1).output_shape((16, 14, 14))
    (1, 28, 28)
    """

    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = _LATER
    output_padding: int | tuple[int, int] = 0
    activation: Activation = IDENTITY

    kind: ClassVar[str] = "conv-transpose"

    def __post_init__(self) -> None:
        self._settle(inputs=1, outputs=1, kernel=1, stride=1)
        if self.padding is None:
            object.__setattr__(self, "padding", max(0, (self.kernel - self.stride + 1) // 2))
        self._settle(padding=0)
        self._settle_output_padding()
        self._settle_activation()
        self._settle_size()

    def _settle_output_padding(self) -> None:
        given = self.output_padding
        pair = tuple(given) if isinstance(given, (tuple, list)) and len(given) == 2 else (given, given)
        rows, columns = (whole("ConvTranspose2D", "output_padding", value, 0) for value in pair)
        object.__setattr__(self, "output_padding", rows if rows == columns else (rows, columns))
        if max(rows, columns) >= self.stride:
            raise self._refused(
                f"an output_padding of {max(rows, columns)} is not accepted; a whole number below the stride,"
                f" {self.stride}, is"
            )

    @property
    def output_paddings(self) -> tuple[int, int]:
        """Rows added below, columns added at the right."""
        given = self.output_padding
        return given if isinstance(given, tuple) else (given, given)

    def output_shape(self, shape: Shape) -> Shape:
        """(outputs, h', w') for (inputs, h, w), with h' = (h - 1) stride - 2 padding + kernel + output_padding."""
        _, *sides = self._image(shape, self.inputs)
        h, w = (
            (side - 1) * self.stride - 2 * self.padding + self.kernel + extra
            for side, extra in zip(sides, self.output_paddings)
        )
        if min(h, w) < 1:
            raise self._refused(f"a padding of {self.padding} leaves {h}x{w} pixels of {kind_of(shape)}")
        return self._given((self.outputs, h, w), shape)

    def parameters(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        return _arrays(self)

    @property
    def word(self) -> str:
        stride = f"s{self.stride}" if self.stride != 1 else ""
        usual = max(0, (self.kernel - self.stride + 1) // 2)
        padding = f"p{self.padding}" if self.padding != usual else ""
        rows, columns = self.output_paddings
        extra = f"o{rows}x{columns}" if rows != columns else f"o{rows}" if rows else ""
        return f"convt{self.outputs}k{self.kernel}{stride}{padding}{extra}"


def _arrays(layer: Conv2D | ConvTranspose2D) -> list[tuple[str, Shape]]:
    shapes: list[tuple[str, Shape]] = [
        ("weight", (layer.outputs, layer.inputs, layer.kernel, layer.kernel)),
        ("bias", (layer.outputs,)),
    ]
    if layer.activation.trains_slope:
        shapes.append(("slope", (layer.outputs,)))
    return shapes
