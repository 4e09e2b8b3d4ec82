"""The way of a shape through named layers, and the table of it that people read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from scipy_ae.errors import InputError
from scipy_ae.layers.base import Layer, LayerError, Shape, kind_of, shown, whole
from scipy_ae.layers.upsample import AddInput

Named = Iterable[tuple[str, Layer]]


@dataclass(frozen=True)
class Row:
    """What a layer does to a shape.

    Parameters
    ----------
    name : str
        Its place: ``encoder.0``.
    text : str
        The layer as a chain has it: ``conv16k3-relu``.
    input_shape, output_shape : tuple of int
    parameters : int
        The numbers that it trains.
    """

    name: str
    text: str
    input_shape: Shape
    output_shape: Shape
    parameters: int


def as_shape(name: str, shape: Any) -> Shape:
    """The shape of an argument of this name: (channels, height, width), or (numbers,)."""
    try:
        sides = tuple(shape)
        if len(sides) not in (1, 3):
            raise TypeError
        return tuple(whole(name, "side", side, 1) for side in sides)
    except (TypeError, LayerError):
        raise InputError(
            f"{name}: {shape!r} is not accepted; (channels, height, width) of images and (numbers,) of vectors are"
        ) from None


def code_shape(shape: Shape, copies: int = 1) -> Shape:
    """The shape of the code that an encoder of this output shape makes.

    The code is the encoder's output: images of a few channels, or a vector. An encoder with ``copies`` numbers for each
    number of the code (2 where it gives means and log-variances) has them one behind the other, by channels.

    >>> code_shape((4, 7, 7)), code_shape((8, 7, 7), copies=2)
    ((4, 7, 7), (4, 7, 7))
    """
    if shape[0] % copies:
        raise InputError(
            f"layers: the encoder ends at {kind_of(shape)}, which do not divide into {copies} parts of a code"
        )
    return (shape[0] // copies, *shape[1:])


def shape_table(named: Named, input_shape: Sequence[int], code_copies: int = 1) -> list[Row]:
    """A row for each layer, all shapes checked.

    Parameters
    ----------
    named : iterable of (str, Layer)
        From input to output, as ``Network.named_layers()`` gives them: ``encoder.0``, ..., ``decoder.0``, ...
    input_shape : tuple of int
    code_copies : int
        Numbers that the encoder gives for each number of the code.

    Raises
    ------
    LayerError
        Where a layer does not take what the one before it makes; it names the layer's place.

    >>> from scipy_ae.layers import Conv2D, MaxPool2D
    >>> for row in shape_table([("encoder.0", Conv2D(1, 8, 3)), ("encoder.1", MaxPool2D(2))], (1, 28, 28)):
    ...     print(row.name, row.text, row.input_shape, row.output_shape, row.parameters)
    encoder.0 conv8k3 (1, 28, 28) (8, 28, 28) 80
    encoder.1 pool2 (8, 28, 28) (8, 14, 14) 0
    """
    start = shape = as_shape("input_shape", input_shape)
    rows = list[Row]()
    for name, layer in named:
        if name.startswith("decoder") and rows and rows[-1].name.startswith("encoder"):
            shape = code_shape(shape, code_copies)
        try:
            output = layer.output_shape(shape)
            if isinstance(layer, AddInput):
                layer.joined_shape(shape, start)
        except LayerError as wrong:
            raise wrong.at(name) from None
        numbers = sum(prod(array) for _, array in layer.parameters())
        rows.append(Row(name, layer.text, shape, output, numbers))
        shape = output
    return rows


def shape_lines(rows: Sequence[Row]) -> list[str]:
    """The table as lines of fixed width: a head, a line for each layer, and the total.

    >>> from scipy_ae.layers import parse_chain
    >>> encoder, decoder = parse_chain("conv4-relu-pool2-dense6", (1, 8, 8))
    >>> named = [(f"encoder.{k}", layer) for k, layer in enumerate(encoder)]
    >>> named += [(f"decoder.{k}", layer) for k, layer in enumerate(decoder)]
    >>> print(*shape_lines(shape_table(named, (1, 8, 8))), sep="\\n")
    name       layer             input    output  parameters
    encoder.0  conv4k3-relu      1x8x8 -> 4x8x8           40
    encoder.1  pool2             4x8x8 -> 4x4x4            0
    encoder.2  dense6            4x4x4 -> 6              390
    decoder.0  dense64-relu          6 -> 64             448
    decoder.1  reshape4x4x4         64 -> 4x4x4            0
    decoder.2  upsample2         4x4x4 -> 4x8x8            0
    decoder.3  conv1k3-logistic  4x8x8 -> 1x8x8           37
    total      a code of 6 numbers, 915 parameters
    """
    cells = [("name", "layer", "input", "output", "parameters")]
    cells += [
        (row.name, row.text, shown(row.input_shape), shown(row.output_shape), str(row.parameters)) for row in rows
    ]
    name, text, before, after, numbers = (max(map(len, column)) for column in zip(*cells))
    lines = [
        f"{a:<{name}}  {b:<{text}}  {c:>{before}} {'->' if k else '  '} {d:<{after}}  {e:>{numbers}}"
        for k, (a, b, c, d, e) in enumerate(cells)
    ]
    code = next((row.input_shape for row in rows if row.name.startswith("decoder")), rows[-1].output_shape)
    size = f"{shown(code)} = {prod(code)}" if len(code) == 3 else f"{prod(code)}"
    total = sum(row.parameters for row in rows)
    return [*lines, f"{'total':<{name}}  a code of {size} numbers, {total} parameters"]
