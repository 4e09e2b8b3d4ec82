"""Layer: one layer of a network as ``result.json`` describes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.report.image_reader import Shape, shape_of
from scipy_ae.report.parsing import checked

LAYER: dict[str, tuple[type, ...]] = {
    "part": (str,),
    "name": (str,),
    "kind": (str,),
    "activation": (str,),
    "parameters": (int,),
}
#: A dense layer may give its sizes alone, a layer of an image network says its shapes and its text.
SIZED: dict[str, tuple[type, ...]] = {"inputs": (int,), "outputs": (int,)}
SHAPED: dict[str, tuple[type, ...]] = {"text": (str,), "input_shape": (list,), "output_shape": (list,)}


@dataclass(frozen=True)
class Layer:
    """One layer as ``result.json`` describes it."""

    part: str  # "encoder" or "decoder"
    name: str
    kind: str
    inputs: int
    outputs: int
    activation: str  # "" where a layer with a text has none
    parameters: int
    text: str = ""  # as the command line writes it, without the activation
    input_shape: Shape = ()
    output_shape: Shape = ()


def read_layer(layer: dict[str, Any], where: str) -> Layer:
    """A layer by its shapes, or by the numbers of its inputs and outputs."""
    checked(layer, LAYER, where)
    shaped = "input_shape" in layer
    checked(layer, SHAPED if shaped else SIZED, where)
    if not shaped:
        return Layer(**{key: layer[key] for key in (*LAYER, *SIZED)})
    shapes: dict[str, Any] = {key: shape_of(layer[key], f"{where}: '{key}'") for key in ("input_shape", "output_shape")}
    sizes: dict[str, Any] = {key: int(np.prod(shape)) for key, shape in zip(("inputs", "outputs"), shapes.values())}
    text = layer["text"].removesuffix(f"-{layer['activation']}")
    activation = "" if layer["activation"] in ("identity", text) else layer["activation"]
    told = {key: layer[key] for key in LAYER} | {"text": text, "activation": activation}
    return Layer(**told, **sizes, **shapes)
