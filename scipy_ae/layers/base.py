"""What all layers share: shapes, whole numbers within limits, sentences of refusal, and their form in JSON."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from math import prod
from typing import Any, ClassVar, TypeVar

import numpy as np

from scipy_ae.activations import Activation
from scipy_ae.errors import InputError

#: (channels, height, width) of images, (numbers,) of vectors.
Shape = tuple[int, ...]

#: The most numbers that a layer may train, or put out for one row.
MOST = 2**31
IDENTITY = Activation("identity")

L = TypeVar("L", bound="Layer")


class LayerError(InputError):
    """A layer that cannot be, or that does not take what comes.

    Parameters
    ----------
    layer : str
        Its text, or its class where it never came to be.
    problem : str
        The rest of the sentence.
    """

    def __init__(self, layer: str, problem: str) -> None:
        super().__init__(f"{layer}: {problem}")
        self.layer, self.problem = layer, problem

    def __reduce__(self) -> tuple:
        return LayerError, (self.layer, self.problem)

    def at(self, place: str, text: str | None = None) -> "LayerError":
        """The same of the layer at a place of a network: ``encoder.2 (conv16k3): ...``."""
        return LayerError(f"{place} ({text or self.layer})", self.problem)


class Layer(ABC):
    """A layer: a frozen dataclass that knows its arrays and what becomes of a shape.

    Attributes
    ----------
    kind : str
        Its name in files.
    activation : Activation
        What its outputs go through; the identity of layers that have none.
    """

    kind: ClassVar[str]
    activation: Activation = IDENTITY

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """The shape of the outputs for inputs of this shape; a ``LayerError`` where it takes no such inputs."""

    @property
    @abstractmethod
    def word(self) -> str:
        """The layer without its activation, as :func:`scipy_ae.layers.parse_chain` reads it: ``conv16k3s2``."""

    @property
    def text(self) -> str:
        """The layer with its activation: ``conv16k3s2-relu``."""
        return self.word if self.activation.name == "identity" else f"{self.word}-{activation_word(self.activation)}"

    def parameters(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the layer's arrays, in their order in theta."""
        return []

    def to_plain(self) -> dict[str, Any]:
        """The layer as JSON holds it: its kind, its fields, and name, beta and alpha of its activation.

        >>> from scipy_ae.layers import MaxPool2D
        >>> MaxPool2D(2).to_plain()
        {'kind': 'max-pool', 'size': 2, 'stride': 2}
        """
        plain: dict[str, Any] = {"kind": self.kind}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Activation):
                plain |= {"activation": value.name, "beta": value.beta, "alpha": value.alpha}
            else:
                plain[field.name] = list(value) if isinstance(value, tuple) else value
        return plain

    @classmethod
    def of(cls: type[L], plain: Mapping[str, Any]) -> L:
        """The layer of this class that :meth:`to_plain` wrote.

        Raises
        ------
        InputError, ValueError, TypeError, KeyError
            Where a field is missing, unknown, or out of its range.
        """
        row = dict(plain)
        if row.pop("kind") != cls.kind:
            raise ValueError(f"a layer of kind '{plain['kind']}' is none of kind '{cls.kind}'")
        if any(field.name == "activation" for field in fields(cls)):  # type: ignore[arg-type]
            row["activation"] = Activation(row.pop("activation"), row.pop("beta"), row.pop("alpha"))
        return cls(**row)

    def _settle(self, **least: int) -> None:
        """Hold the fields of these names against their least value, and the arrays against ``MOST``."""
        for name, smallest in least.items():
            value = whole(type(self).__name__, name, getattr(self, name), smallest)
            object.__setattr__(self, name, value)

    def _settle_activation(self) -> None:
        try:
            object.__setattr__(self, "activation", Activation.of(self.activation))
        except InputError as wrong:
            raise LayerError(type(self).__name__, str(wrong)) from None

    def _settle_size(self) -> None:
        for name, shape in self.parameters():
            if prod(shape) > MOST:
                raise LayerError(self.word, f"a {name} of {shown(shape)} has more than the {MOST} numbers accepted")

    def _refused(self, problem: str) -> LayerError:
        return LayerError(self.word, problem)

    def _image(self, shape: Shape, channels: int | None = None) -> Shape:
        """The shape itself, where it is that of images of so many channels."""
        wanted = "images" if channels is None else f"images of {counted(channels, 'channel')}"
        if len(shape) != 3:
            raise self._refused(
                f"takes {wanted}, but {kind_of(shape)} came; a reshape such as 'reshape8x7x7' before it makes images"
            )
        if channels is not None and shape[0] != channels:
            raise self._refused(f"takes {wanted}, but {kind_of(shape)} came")
        return shape

    def _given(self, output: Shape, shape: Shape) -> Shape:
        """The output shape itself, where it is not out of all bounds."""
        if prod(output) > MOST:
            raise self._refused(
                f"makes {shown(output)} of {shown(shape)}, more than the {MOST} numbers accepted for one row"
            )
        return output


def activation_word(activation: Activation) -> str:
    """An activation as a chain of layers has it: alpha in brackets, beta behind a star, to the last digit.

    >>> activation_word(Activation("leaky-relu", beta=0.5, alpha=0.1))
    'leaky-relu(0.1)*0.5'
    """
    usual = Activation(activation.name)
    alpha = f"({activation.alpha!r})" if activation.alpha != usual.alpha else ""
    beta = f"*{np.format_float_positional(activation.beta, trim='-')}" if activation.beta != usual.beta else ""
    return f"{activation.name}{alpha}{beta}"


def whole(owner: str, name: str, value: Any, least: int) -> int:
    """The value as an int, where it is a whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or not least <= number <= MOST:
        got = repr(value) if len(repr(value)) <= 20 else f"{repr(value)[:17]}..."
        raise LayerError(owner, f"{name} {got} is not accepted; a whole number from {least} to {MOST} is")
    return number


def shown(shape: Shape) -> str:
    """A shape for people: ``8x14x14``, ``784``."""
    return "x".join(map(str, shape))


def kind_of(shape: Shape) -> str:
    """A shape with what it is: ``images of 8x14x14``, ``a vector of 784``."""
    return f"images of {shown(shape)}" if len(shape) == 3 else f"a vector of {shown(shape)}"


def counted(number: int, thing: str) -> str:
    """``1 channel``, ``8 channels``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
