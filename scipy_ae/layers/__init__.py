"""Layers: one file each. A layer says which arrays it trains, what becomes of a shape, and how it is written."""

from collections.abc import Mapping
from typing import Any

from scipy_ae.errors import InputError
from scipy_ae.layers.base import Layer, LayerError, Shape
from scipy_ae.layers.chain import chain_text, is_chain, parse_chain
from scipy_ae.layers.conv import Conv2D, ConvTranspose2D
from scipy_ae.layers.dense import Dense
from scipy_ae.layers.elementwise import Elementwise
from scipy_ae.layers.normalisation import BatchNorm, GroupNorm
from scipy_ae.layers.pool import AvgPool2D, MaxPool2D
from scipy_ae.layers.reshape import Flatten, Reshape
from scipy_ae.layers.shapes import Row, code_shape, shape_lines, shape_table
from scipy_ae.layers.upsample import AddInput, PixelShuffle, Upsample2D

#: The classes by their kind.
KINDS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        Dense,
        Conv2D,
        ConvTranspose2D,
        MaxPool2D,
        AvgPool2D,
        Upsample2D,
        PixelShuffle,
        BatchNorm,
        GroupNorm,
        Flatten,
        Reshape,
        Elementwise,
        AddInput,
    )
}

__all__ = [
    "KINDS",
    "AddInput",
    "AvgPool2D",
    "BatchNorm",
    "Conv2D",
    "ConvTranspose2D",
    "Dense",
    "Elementwise",
    "Flatten",
    "GroupNorm",
    "Layer",
    "LayerError",
    "MaxPool2D",
    "PixelShuffle",
    "Reshape",
    "Row",
    "Shape",
    "Upsample2D",
    "chain_text",
    "code_shape",
    "is_chain",
    "of",
    "parse_chain",
    "shape_lines",
    "shape_table",
]


def of(plain: Mapping[str, Any]) -> Layer:
    """The layer that ``to_plain`` wrote.

    >>> of({"kind": "max-pool", "size": 2, "stride": 2})
    MaxPool2D(size=2, stride=2)

    Raises
    ------
    InputError, ValueError, TypeError, KeyError
        Where its kind or a field is missing, unknown, or out of range.
    """
    kind = plain["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"a layer of kind '{kind}' is not known to this version")
    return KINDS[kind].of(plain)
