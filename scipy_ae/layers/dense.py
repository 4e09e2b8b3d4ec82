"""Dense: every output unit sees every input, A = X W + b, Y = f(A). Kernels: ``kernels/dense.py``."""

from dataclasses import dataclass
from math import prod

from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.kernels import table as T
from scipy_ae.layers.base import Layer, Shape, kind_of

_TANH = Activation("tanh")


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer.

    Parameters
    ----------
    inputs, outputs : int
        Widths p and q.
    activation : Activation
        A name such as ``"tanh"`` will do.

    Its parameters are ``weight`` (p, q), ``bias`` (q,) and, for parametric relu, ``slope`` (q,). Images go in as the
    vectors that they are in memory.

    >>> Dense(784, 30).output_shape((1, 28, 28))
    (30,)
    """

    inputs: int
    outputs: int
    activation: Activation = _TANH

    kind = "dense"

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs"):
            width = getattr(self, name)
            if isinstance(width, bool) or not isinstance(width, int) or width < 1:
                raise InputError(f"{name}: {width!r} is not accepted; a whole number of at least 1 is")
        object.__setattr__(self, "activation", Activation.of(self.activation))
        self._settle_size()

    def output_shape(self, shape: Shape) -> Shape:
        """(outputs,) for any shape of ``inputs`` numbers."""
        if prod(shape) != self.inputs:
            raise self._refused(f"takes {self.inputs} numbers, but {kind_of(shape)} came")
        return (self.outputs,)

    @property
    def word(self) -> str:
        return f"dense{self.outputs}"

    def parameters(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        shapes = [("weight", (self.inputs, self.outputs)), ("bias", (self.outputs,))]
        if self.activation.trains_slope:
            shapes.append(("slope", (self.outputs,)))
        return shapes

    def row(self, offsets: dict[str, int], units: int) -> list[int]:
        """The layer's row of the kernels' table, from the offsets of its arrays in theta and the units before it."""
        row = [0] * T.COLUMNS
        row[T.KIND], row[T.INPUTS], row[T.OUTPUTS] = T.DENSE, self.inputs, self.outputs
        row[T.WEIGHT], row[T.BIAS], row[T.SLOPE] = (
            offsets["weight"],
            offsets["bias"],
            offsets.get("slope", -1),
        )
        row[T.ACTIVATION], row[T.UNITS] = self.activation.code, units
        return row

    def coefficients(self) -> list[float]:
        """The layer's (beta, alpha)."""
        return [self.activation.beta, self.activation.alpha or 0.0]
