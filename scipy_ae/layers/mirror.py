"""The decoder that an encoder implies: its layers undone from the last to the first.

Each layer with weights is undone by one of the same kernel and stride, each pool by an upsampling. What an encoder's
layer puts its numbers through, norm and activation, the decoder's layer that makes the same numbers does as well:
``conv8-bn-relu-pool2-conv4-relu`` has the mirror image ``conv8-bn-relu-upsample2-conv1``. The norm and activation of
the code have none, and behind the last layer with weights there is no norm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from scipy_ae.activations import Activation
from scipy_ae.layers.base import IDENTITY, Layer, LayerError, Shape, shown
from scipy_ae.layers.conv import Conv2D, ConvTranspose2D
from scipy_ae.layers.dense import Dense
from scipy_ae.layers.draft import NORMS, WEIGHTED, Draft, bearing, bears
from scipy_ae.layers.elementwise import Elementwise
from scipy_ae.layers.pool import AvgPool2D, MaxPool2D
from scipy_ae.layers.reshape import Flatten, Reshape
from scipy_ae.layers.shapes import code_shape
from scipy_ae.layers.upsample import Upsample2D

ADVICE = "give the decoder behind ':'"


@dataclass(frozen=True)
class _Step:
    """A layer without its activation, or an activation by itself, with the shapes before and behind it."""

    place: str
    item: Layer | Activation
    before: Shape
    after: Shape


def mirrored(encoder: Sequence[Layer], input_shape: Shape, target_shape: Shape, code_copies: int = 1) -> Draft:
    """The decoder of an encoder, its last activation still open.

    Parameters
    ----------
    encoder : sequence of Layer
        That fits ``input_shape``.
    input_shape, target_shape : tuple of int
        Where the target's pixels are those of the input, or the first layer is dense, the decoder ends at the target's
        shape; else at the input's.
    code_copies : int
        Numbers that the encoder gives for each number of the code.

    Raises
    ------
    LayerError
        Where a layer cannot be undone, such as a pool that drops pixels.
    """
    steps = _steps(encoder, input_shape, code_copies)
    weighted = [index for index, step in enumerate(steps) if isinstance(step.item, WEIGHTED)]
    if weighted:
        steps = _towards(target_shape, steps, weighted[0])
    draft = Draft()
    _undo_block(draft, steps[weighted[-1] + 1 :] if weighted else steps, keep=False)
    for number in reversed(range(len(weighted))):
        start = weighted[number - 1] + 1 if number else 0
        for layer in _undone(steps[weighted[number]]):
            draft.add(layer)
        _undo_block(draft, steps[start : weighted[number]], keep=number > 0)
    return draft


def _steps(encoder: Sequence[Layer], shape: Shape, code_copies: int) -> list[_Step]:
    steps = list[_Step]()
    last = max((index for index, layer in enumerate(encoder) if isinstance(layer, WEIGHTED)), default=-1)
    full = shape  # what the encoder makes; `shape` is the part of it that goes on to the decoder
    for index, layer in enumerate(encoder):
        place = f"encoder.{index}"
        full = layer.output_shape(full)
        after = code_shape(full, code_copies) if index >= last else full
        if not isinstance(layer, Elementwise):
            steps.append(_Step(place, bearing(layer, IDENTITY) if bears(layer) else layer, shape, after))
        if layer.activation.name != "identity":
            steps.append(_Step(place, layer.activation, after, after))
        shape = after
    return steps


def _towards(target: Shape, steps: list[_Step], first: int) -> list[_Step]:
    """The steps as if they had begun at the target's shape, up to the first with weights; as they are where it is of
    other pixels."""
    shape, begun = target, list[_Step]()
    for step in steps[:first]:
        try:
            kept = isinstance(step.item, (Activation, *NORMS))
            after = shape if kept else step.item.output_shape(shape)  # type: ignore[union-attr]
        except LayerError:
            return steps
        begun.append(_Step(step.place, step.item, shape, after))
        shape = after
    head = steps[first]
    if not isinstance(head.item, Dense) and (len(shape) != 3 or shape[1:] != head.before[1:]):
        return steps
    return [*begun, _Step(head.place, head.item, shape, head.after), *steps[first + 1 :]]


def _undo_block(draft: Draft, steps: Sequence[_Step], keep: bool) -> None:
    """Undo what lies between two layers with weights; norms and activations are repeated where ``keep`` says so.

    They come before an upsampling, where there are fewest numbers, and on the encoder's side of a reshaping, which
    decides what a norm's channels are.
    """

    def flush(pending: list[_Step]) -> None:
        for step in reversed(pending):
            if isinstance(step.item, Activation) and keep:
                _activate(draft, step.item)
            elif isinstance(step.item, NORMS) and keep:
                draft.add(step.item)
        for step in pending:
            if not isinstance(step.item, (Activation, *NORMS)):
                _extend(draft, step)

    pending = list[_Step]()
    for step in reversed(steps):
        if isinstance(step.item, (Flatten, Reshape)):
            flush(pending)
            pending = []
            _extend(draft, step)
        else:
            pending.append(step)
    flush(pending)


def _extend(draft: Draft, step: _Step) -> None:
    for layer in _undone(step):
        draft.add(layer)


def _activate(draft: Draft, activation: Activation) -> None:
    """Put the activation at the end, or into the layer before a reshaping, where it does the same to each number."""
    index = len(draft.layers) - 1
    while index >= 0 and isinstance(draft.layers[index], (Flatten, Reshape)):
        index -= 1
    if activation.name != "softmax" and index >= 0 and bears(draft.layers[index]) and not draft.told[index]:
        draft.tell(index, activation)
    else:
        draft.add(activation)


def _undone(step: _Step) -> list[Layer]:
    """The layers that lead from the shape behind a layer back to the shape before it."""
    layer, before, after = step.item, step.before, step.after
    if isinstance(layer, Dense):
        dense = Dense(prod(after), prod(before), IDENTITY)
        return [dense, Reshape(*before)] if len(before) == 3 else [dense]
    if isinstance(layer, Conv2D):
        return [_unconvolved(layer, before, after)]
    if isinstance(layer, ConvTranspose2D):
        return [Conv2D(after[0], before[0], layer.kernel, layer.stride, layer.padding)]
    if isinstance(layer, (MaxPool2D, AvgPool2D)):
        grown = (after[0], *(layer.stride * side for side in after[1:]))
        if grown[1:] != before[1:]:
            raise LayerError(
                layer.word,
                f"has no mirror image, since its {shown(after)} enlarged {layer.stride} times are {shown(grown)} and"
                f" not the {shown(before)} that came; {ADVICE} or choose another pool",
            ).at(step.place)
        return [Upsample2D(layer.stride)]
    if isinstance(layer, Upsample2D):
        return [AvgPool2D(layer.factor)]
    if isinstance(layer, (Flatten, Reshape)):
        return [Reshape(*before)] if len(before) == 3 else [Flatten()]
    raise LayerError(step.item.word, f"has no mirror image; {ADVICE}").at(step.place)  # type: ignore[union-attr]


def _unconvolved(layer: Conv2D, before: Shape, after: Shape) -> Layer:
    """Back from a convolution: a convolution where it went pixel by pixel, a transposed one where it strode."""
    back = layer.kernel - 1 - layer.padding
    if layer.stride == 1 and back >= 0:
        return Conv2D(after[0], before[0], layer.kernel, 1, back)
    rows, columns = ((side + 2 * layer.padding - layer.kernel) % layer.stride for side in before[1:])
    return ConvTranspose2D(after[0], before[0], layer.kernel, layer.stride, layer.padding, (rows, columns))
