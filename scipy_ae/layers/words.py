"""The words of a chain of layers: how each is written, and the layer that it makes of a shape."""

import re
from collections.abc import Callable
from math import prod
from typing import Any

from scipy_ae import activations
from scipy_ae.activations import Activation
from scipy_ae.errors import InputError, unknown
from scipy_ae.layers.base import IDENTITY, Layer, LayerError, Shape, kind_of
from scipy_ae.layers.conv import Conv2D, ConvTranspose2D
from scipy_ae.layers.dense import Dense
from scipy_ae.layers.normalisation import BatchNorm, GroupNorm
from scipy_ae.layers.pool import AvgPool2D, MaxPool2D
from scipy_ae.layers.reshape import Flatten, Reshape
from scipy_ae.layers.upsample import AddInput, PixelShuffle, Upsample2D

#: Makes the layer of a word's numbers for a shape, with so many times the channels that the word says.
Make = Callable[[re.Match, Shape, int], Layer]

_ACTIVATIONS = {*activations.KINDS, *activations.ALIASES}
_ACTIVATION = re.compile(r"([a-z_-]+)\s*(\([^()]*\))?\s*(?:\*\s*([0-9.]+))?")


def _convolution(kind: type[Conv2D] | type[ConvTranspose2D]) -> Make:
    def make(found: re.Match, shape: Shape, copies: int) -> Layer:
        if len(shape) != 3:
            raise LayerError(
                found[0],
                f"takes images, but {kind_of(shape)} came; a reshape such as 'reshape8x7x7' before it makes images",
            )
        options: dict[str, Any] = {"kernel": 3}
        names = {"k": "kernel", "s": "stride", "p": "padding", "o": "output_padding"}
        for letter, number, second in re.findall(r"([kspo])(\d+)(?:x(\d+))?", found[2]):
            if found[2].count(letter) > 1:
                raise LayerError(found[0], f"gives its {names[letter]} twice; once is accepted")
            options[names[letter]] = (_int(number), _int(second)) if second else _int(number)
        return kind(shape[0], _int(found[1]) * copies, **options)

    return make


def _numbers(layer: Callable[..., Layer]) -> Make:
    """A layer that is made of the numbers of its word."""
    return lambda found, shape, copies: layer(*(_int(text) for text in found.groups() if text is not None))


def _dense(found: re.Match, shape: Shape, copies: int) -> Layer:
    return Dense(prod(shape), _int(found[1]) * copies, IDENTITY)


#: A word's name; its pattern; how it is written; what it makes.
_FORMS: dict[str, tuple[str, str, Make]] = {
    "conv": (
        r"conv(\d+)((?:[ksp]\d+)*)",
        "conv16k3s1p1 (channels, and kernel, stride, padding where they are not 3, 1 and kernel // 2)",
        _convolution(Conv2D),
    ),
    "convt": (
        r"convt(\d+)((?:[ksp]\d+|o\d+(?:x\d+)?)*)",
        "convt16k4s2p1o0 (channels, and kernel, stride, padding, output padding)",
        _convolution(ConvTranspose2D),
    ),
    "pool": (r"pool(\d+)(?:s(\d+))?", "pool2 or pool3s2", _numbers(MaxPool2D)),
    "maxpool": (r"maxpool(\d+)(?:s(\d+))?", "maxpool2 or maxpool3s2", _numbers(MaxPool2D)),
    "avgpool": (r"avgpool(\d+)(?:s(\d+))?", "avgpool2 or avgpool3s2", _numbers(AvgPool2D)),
    "upsample": (r"upsample(\d+)", "upsample2", _numbers(Upsample2D)),
    "bilinear": (r"bilinear(\d+)", "bilinear2", _numbers(lambda factor: Upsample2D(factor, "bilinear"))),
    "shuffle": (r"shuffle(\d+)", "shuffle2", _numbers(PixelShuffle)),
    "bn": (r"bn", "bn", lambda found, shape, copies: BatchNorm(shape[0])),
    "gn": (r"gn(\d+)", "gn4", lambda found, shape, copies: GroupNorm(_int(found[1]), shape[0])),
    "flatten": (r"flatten", "flatten", _numbers(Flatten)),
    "reshape": (
        r"reshape(\d+)x(\d+)x(\d+)",
        "reshape8x7x7 (channels, height, width)",
        lambda found, shape, copies: Reshape(_int(found[1]) * copies, _int(found[2]), _int(found[3])),
    ),
    "dense": (r"dense(\d+)", "dense32", _dense),
    "": (r"(\d+)", "32", _dense),
    "input": (r"input", "input", _numbers(AddInput)),
}
_PATTERNS = {name: re.compile(pattern, re.ASCII) for name, (pattern, _, _) in _FORMS.items()}


def split(text: str) -> list[str]:
    """The words of a chain without ':', a dash within brackets or within an activation's name dividing none.

    >>> split("conv8k3 - leaky-relu(-0.1)-pool2")
    ['conv8k3', 'leaky-relu(-0.1)', 'pool2']
    """
    words = list[str]()
    for piece in re.split(r"-(?![^()]*\))", text.lower()):
        piece = piece.strip()
        joined = f"{words[-1]}-{piece}" if words else ""
        if words and len(_activation_name(joined) or "") > len(words[-1]):
            words[-1] = joined
        else:
            words.append(piece)
    return words


def known(word: str) -> bool:
    """Whether the word begins as one that makes a layer or an activation; a bare number does not count."""
    return _letters(word) in _FORMS.keys() - {""} or _activation_name(word) is not None


def short(word: str) -> str:
    """The word, or how it begins."""
    return word if len(word) <= 40 else f"{word[:37]}..."


def weighs(word: str) -> bool:
    """Whether it makes a layer with weights."""
    return any(_PATTERNS[name].fullmatch(word) for name in ("conv", "convt", "dense", ""))


def make(word: str, shape: Shape, copies: int = 1) -> Layer | Activation:
    """What a word makes of inputs of this shape: a layer without activation, or an activation.

    Parameters
    ----------
    word : str
        In lower case.
    shape : tuple of int
    copies : int
        A layer with weights, or a reshaping, makes so many times the channels that its word says.

    Raises
    ------
    InputError
        Where there is no such word, or its numbers make no layer.
    """
    if _activation_name(word) is not None:
        found = _ACTIVATION.fullmatch(word)
        if found is None:
            raise InputError("is not accepted; an activation such as 'tanh', 'leaky-relu(0.1)' or 'tanh*2' is")
        return Activation(found[1] + (found[2] or ""), beta=1.0 if found[3] is None else found[3])  # type: ignore[arg-type]
    name = _letters(word)
    if name not in _FORMS or not (name or word[:1].isdigit()):
        raise unknown("layer", short(name or word), [*filter(None, _FORMS), *activations.KINDS])
    found = _PATTERNS[name].fullmatch(word)
    if found is None:
        raise InputError(f"is not accepted; {_FORMS[name][1]} is")
    return _FORMS[name][2](found, shape, copies)


def _letters(word: str) -> str:
    found = re.match(r"[a-z]*", word)
    return found[0] if found else ""


def _activation_name(word: str) -> str | None:
    found = re.match(r"[a-z_]+(?:-[a-z_]+)*", word)
    return found[0] if found and found[0] in _ACTIVATIONS else None


def _int(digits: str) -> int:
    """The number, or one too large for any layer where it is too long to be read."""
    return int(digits) if len(digits) <= 20 else 10**20
