"""Chains: a network's layers as one line of text, ``conv16k3-relu-pool2-conv8k3-relu-pool2``.

Words are joined by '-', and ':' stands between encoder and decoder; without it the decoder is the encoder's mirror
image. White space and case do not count. A word says a layer, never what goes into it:

====================  =================================================================================
``conv16k3s1p1``      convolution to 16 channels; kernel 3, stride 1 and padding kernel // 2 where not given
``convt16k4s2p1o0``   transposed convolution; o is the output padding, ``o0x1`` of rows and columns
``pool2``             maximum of windows; ``pool3s2`` of size 3 and stride 2; ``maxpool2`` is the same
``avgpool2``          mean of windows
``upsample2``         each pixel repeated; ``bilinear2`` interpolates
``shuffle2``          channels laid out as pixels
``bn``, ``gn4``       batch norm; group norm of 4 groups
``dense32``, ``32``   dense layer of 32 outputs, images going in as vectors
``flatten``           images as vectors; ``reshape8x7x7`` makes images of them
``input``             the network's input added, at the very end
``relu``              any activation, ``leaky-relu(0.1)`` with its alpha, ``tanh*2`` with its beta
====================  =================================================================================
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.layers import words
from scipy_ae.layers.base import IDENTITY, MOST, Layer, LayerError, Shape, activation_word, counted, kind_of
from scipy_ae.layers.draft import WEIGHTED, Draft, bears, blocks_of
from scipy_ae.layers.elementwise import Elementwise
from scipy_ae.layers.mirror import ADVICE, mirrored
from scipy_ae.layers.reshape import Flatten, Reshape
from scipy_ae.layers.shapes import as_shape, code_shape, shape_table
from scipy_ae.layers.upsample import AddInput

#: The longest chain, in characters.
LONGEST = 5_000

Name = str | Activation


def is_chain(text: Any) -> bool:
    """Whether a text is meant as a chain of layers, and not as widths.

    >>> is_chain("conv8-pool2"), is_chain("conv"), is_chain("35-28-2-28-35"), is_chain([35, 2, 35])
    (True, True, False, False)
    """
    return isinstance(text, str) and (":" in text or any(words.known(word) for word in words.split(text[:LONGEST])))


def parse_chain(
    text: str,
    input_shape: Sequence[int],
    target_shape: Sequence[int] | None = None,
    output: Name = "logistic",
    activation: Name | None = None,
    code: Name | None = None,
    code_copies: int = 1,
) -> tuple[list[Layer], list[Layer]]:
    """The layers of encoder and decoder.

    Parameters
    ----------
    text : str
    input_shape, target_shape : tuple of int
        (channels, height, width) or (numbers,); None for a target of the input's shape. A decoder that ends at a vector
        of as many numbers as the target has is reshaped.
    output : str or Activation
        Of the last block, where the text gives it none. A *block* is a layer with weights and what follows it up to
        the next one, and its last layer with weights or norm bears the activation. Where the decoder ends with
        ``input``, what is added may have any sign, so the identity stands in for ``output``.
    activation : str or Activation, optional
        Of the other blocks to which the text gives none, for the mirrored decoder by the encoder's; None for identity.
    code : str or Activation, optional
        Of the encoder's last block, where the text gives none; None for ``activation``.
    code_copies : int
        Numbers that the encoder gives for each number of the code: 2 for means and log-variances. The channels of its
        last layer with weights are that many times those of the text, which tells those of the code.

    Returns
    -------
    encoder, decoder : list of Layer

    Raises
    ------
    InputError
        One sentence that names the layer, by its place and word, and the shapes.

    >>> encoder, decoder = parse_chain("conv8-bn-relu-pool2-conv4s2-relu", (1, 28, 28))
    >>> chain_text(encoder, decoder)
    'conv8k3-bn-relu-pool2-conv4k3s2-relu : convt8k3s2o1-bn-relu-upsample2-conv1k3-logistic'
    """
    start = as_shape("input_shape", input_shape)
    goal = start if target_shape is None else as_shape("target_shape", target_shape)
    hidden, middle, last = (None if name is None else Activation.of(name) for name in (activation, code, output))
    parts = _parts(text)
    encoder = _draft("encoder", parts[0], start, start, code_copies)
    encoder.fill(hidden, hidden if middle is None else middle)
    if not any(words.weighs(word) for part in parts for word in part):
        raise InputError(f"layers: {_quoted(text)} has no conv, convt or dense layer, and so no weights to train")
    inner = code_shape(_ends(encoder.layers, start), code_copies)
    if len(parts) == 1:
        decoder = mirrored(encoder.layers, start, goal, code_copies)
        decoder.fill(None, last)
    else:
        decoder = _draft("decoder", parts[1], inner, start, 1, goal)
        adds = bool(decoder.layers) and isinstance(decoder.layers[-1], AddInput)
        decoder.fill(hidden, None if adds else last)
    _check(encoder.layers, decoder.layers, start, goal, code_copies, len(parts) == 1)
    return encoder.layers, decoder.layers


def chain_text(encoder: Iterable[Layer], decoder: Iterable[Layer], code_copies: int = 1) -> str:
    """The text of which :func:`parse_chain` makes equal layers, whatever its activations.

    A block without activation has ``identity``, so that none is filled in. An ``Elementwise`` identity, which does
    nothing, is not kept.

    >>> from scipy_ae.layers import Dense
    >>> chain_text([Dense(9, 2, "tanh")], [Dense(2, 9, "identity")])
    'dense2-tanh : dense9-identity'
    """
    return f"{_side(list(encoder), code_copies)} : {_side(list(decoder), 1)}"


def _parts(text: str) -> list[list[str]]:
    if not isinstance(text, str):
        raise InputError(f"layers: {text!r} is not accepted; a chain such as 'conv16k3-relu-pool2' is")
    shown = _quoted(text)
    if len(text) > LONGEST:
        raise InputError(f"layers: {shown} has {len(text)} characters; at most {LONGEST} are accepted")
    parts = [words.split(part) for part in text.split(":")]
    if len(parts) > 2:
        raise InputError(f"layers: {shown} has {len(parts) - 1} ':'; one, between encoder and decoder, is accepted")
    for name, part in zip(("encoder", "decoder"), parts):
        if part == [""]:
            raise InputError(f"layers: the {name} of {shown} is empty; at least one layer is accepted")
        if "" in part:
            raise InputError(f"layers: {shown} has a '-' with no layer beside it; one between each two is accepted")
    return parts


def _quoted(text: str) -> str:
    text = " ".join(text[:1000].split())
    return f"'{text[:60]}{'...' if len(text) > 60 else ''}'"


def _draft(
    part: str, given: list[str], shape: Shape, input_shape: Shape, copies: int, goal: Shape | None = None
) -> Draft:
    """The layers of one side; a decoder's end is brought to the goal's shape where it has as many numbers."""
    draft = Draft()
    heavy = [index for index, word in enumerate(given) if words.weighs(word)]
    if copies > 1 and not heavy:
        raise InputError(f"layers: an {part} without weights makes no {copies} numbers for each of the code")
    for index, word in enumerate(given):
        place = f"{part}.{len(draft.layers)}"
        try:
            item = words.make(word, shape, copies if heavy and index >= heavy[-1] else 1)
            if isinstance(item, AddInput):
                if goal is None or index + 1 < len(given):
                    raise LayerError(word, "is accepted as the last word of the decoder, and nowhere else")
                shape = _settle(draft, shape, goal)
                item.joined_shape(shape, input_shape)
            draft.add(item)
            shape = item.output_shape(shape) if isinstance(item, Layer) else shape
        except LayerError as wrong:
            raise wrong.at(place, words.short(word)) from None
        except InputError as wrong:
            raise LayerError(word, str(wrong)).at(place, words.short(word)) from None
    if goal is not None:
        _settle(draft, shape, goal)
    return draft


def _settle(draft: Draft, shape: Shape, goal: Shape) -> Shape:
    """Bring as many numbers as the goal has to its shape, vectors to images and images to vectors."""
    if len(shape) == len(goal) or prod(shape) != prod(goal):
        return shape
    draft.add(Reshape(*goal) if len(goal) == 3 else Flatten())
    return goal


def _ends(layers: Sequence[Layer], shape: Shape) -> Shape:
    for layer in layers:
        shape = layer.output_shape(shape)
    return shape


def _check(
    encoder: list[Layer], decoder: list[Layer], start: Shape, goal: Shape, copies: int, is_mirrored: bool
) -> None:
    """Refuse a decoder that ends elsewhere than at the target, and a network of too many numbers."""
    named = [(f"encoder.{index}", layer) for index, layer in enumerate(encoder)]
    named += [(f"decoder.{index}", layer) for index, layer in enumerate(decoder)]
    rows = shape_table(named, start, copies)
    if rows[-1].output_shape != goal:
        made = "the mirrored decoder " if is_mirrored else ""
        advice = f"; {ADVICE}" if is_mirrored else ""
        raise LayerError(
            rows[-1].text, f"{made}ends at {kind_of(rows[-1].output_shape)}, but the target is {kind_of(goal)}{advice}"
        ).at(rows[-1].name)
    total = sum(row.parameters for row in rows)
    if total > MOST:
        raise InputError(f"layers: {counted(total, 'parameter')} are more than the {MOST} accepted")


def _side(layers: list[Layer], copies: int) -> str:
    told = [not isinstance(layer, Elementwise) and layer.activation != IDENTITY for layer in layers]
    for index, layer in enumerate(layers):
        if isinstance(layer, Elementwise) and index and bears(layers[index - 1]):
            told[index - 1] = True
    for block in blocks_of(layers):
        bearers = [index for index in block if bears(layers[index])]
        if not any(told[index] or isinstance(layers[index], Elementwise) for index in block):
            told[bearers[-1] if bearers else block[-1]] = True
    heavy = max((index for index, layer in enumerate(layers) if isinstance(layer, WEIGHTED)), default=len(layers))
    texts = list[str]()
    for index, layer in enumerate(layers):
        texts.append(_single(layer, copies).word if index >= heavy else layer.word)
        if told[index]:
            texts.append(activation_word(layer.activation))
    return "-".join(texts)


def _single(layer: Layer, copies: int) -> Layer:
    """The layer with the channels that its word tells."""
    if isinstance(layer, WEIGHTED):
        return replace(layer, outputs=layer.outputs // copies)
    if isinstance(layer, Reshape):
        return replace(layer, channels=layer.channels // copies)
    return layer
