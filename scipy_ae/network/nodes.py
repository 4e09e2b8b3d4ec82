"""Nodes: layers in their places, and the steps of machine code that stand for each kind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from scipy_ae.activations import Activation
from scipy_ae.kernels import linear_steps, norm_steps, output_steps, shape_steps
from scipy_ae.kernels import tape as T


@dataclass
class Node:
    """A layer in its place: shapes, where its parameters lie in theta, and the slots around it."""

    layer: Any
    inside: tuple[int, ...]
    outside: tuple[int, ...]
    places: dict[str, int]
    name: str
    x: int = -1
    a: int = -1
    y: int = -1
    coef: int = 0
    held: dict[str, int] = field(default_factory=dict)

    @property
    def p(self) -> int:
        return prod(self.inside)

    @property
    def q(self) -> int:
        return prod(self.outside)

    @property
    def plane(self) -> tuple[int, int]:
        """Channels and pixels of what leaves the layer."""
        return self.outside[0], prod(self.outside[1:])

    @property
    def work(self) -> int:
        """Multiplications of a forward sweep for one row."""
        for name, shape in self.layer.parameters():
            if name == "weight" and len(shape) > 1:
                passes = prod(self.inside[1:]) if self.layer.kind == "conv-transpose" else prod(self.outside[1:])
                return prod(shape) * passes
        return self.q

    @property
    def trained(self) -> bool:
        return bool(self.places)


def plane(node: Node) -> dict[str, int]:
    channels, pixels = node.plane
    return {"P": channels, "Q": pixels}


def idle(activation: Activation) -> bool:
    return activation.name == "identity" and activation.beta == 1.0


def geometry(node: Node) -> tuple[int, ...]:
    """The sizes that the step of a layer reads."""
    layer, inside, outside = node.layer, node.inside, node.outside
    if layer.kind == "conv":
        return (*inside, *outside, layer.kernel, layer.stride, layer.padding)
    if layer.kind == "conv-transpose":
        return (*outside, *inside, layer.kernel, layer.stride, layer.padding)
    if layer.kind in ("max-pool", "avg-pool"):
        return (*inside, layer.size, layer.stride)
    if layer.kind in ("upsample", "pixel-shuffle"):
        return (*inside, layer.factor)
    return ()


def shaping(node: Node) -> tuple[Callable, Callable, Callable | None]:
    """Forward, backward and tangent of a layer without weights; no tangent where forward will do."""
    found = SHAPING[node.layer.kind]
    return found[node.layer.mode] if isinstance(found, dict) else found


#: Of each kind of layer: forward, backward, tangent; those that are linear are their own tangents.
LINEAR = {
    "conv": (linear_steps.conv_forward, linear_steps.conv_backward, linear_steps.conv_tangent),
    "conv-transpose": (
        linear_steps.transposed_forward, linear_steps.transposed_backward, linear_steps.transposed_tangent,
    ),
    "dense": (linear_steps.dense_forward, linear_steps.dense_backward, linear_steps.dense_tangent),
}  # fmt: skip
SHAPING: dict[str, Any] = {
    "max-pool": (shape_steps.max_pool_forward, shape_steps.max_pool_backward, shape_steps.max_pool_tangent),
    "avg-pool": (shape_steps.avg_pool_forward, shape_steps.avg_pool_backward, None),
    "upsample": {
        "nearest": (shape_steps.nearest_forward, shape_steps.nearest_backward, None),
        "bilinear": (shape_steps.bilinear_forward, shape_steps.bilinear_backward, None),
    },
    "pixel-shuffle": (shape_steps.shuffle_forward, shape_steps.shuffle_backward, None),
    "add-input": (shape_steps.add_input, None, None),
}
#: Layers that give another shape to the same numbers.
RESHAPING = ("flatten", "reshape")
#: Layers that leave deltas and tangents where they are, but for their activation.
STILL = (*RESHAPING, "elementwise", "add-input")
READING = {
    "uint8": output_steps.read_bytes,
    "float32": output_steps.read_single,
    "float64": output_steps.read_double,
}
ANY = (output_steps.activate, output_steps.activate_product, output_steps.activate_product)
ACTIVATION = {
    "softmax": (output_steps.softmax, output_steps.softmax_product, output_steps.softmax_product),
    "parametric-relu": (output_steps.prelu, output_steps.prelu_backward, output_steps.prelu_tangent),
}


def scratch(node: Node) -> int:
    if node.layer.kind in ("conv", "conv-transpose"):
        return linear_steps.scratch(np.array(geometry(node), dtype=np.int64))
    return linear_steps.dense_scratch(node.p, node.q) if node.layer.kind == "dense" else 0


def is_compiled(nodes: list[Node], single: bool) -> bool:
    """Whether a gradient of these layers finds its steps on disk, judged by the heaviest step of each."""
    steps: list[Callable] = [output_steps.loss]
    for node in nodes:
        kind = node.layer.kind
        if kind in LINEAR:
            steps.append(LINEAR[kind][1])
        elif kind in SHAPING:
            steps.append(shaping(node)[0])
        elif kind in ("group-norm", "batch-norm"):
            steps.append(norm_steps.group_backward if kind == "group-norm" else norm_steps.batch_backward)
    return all(T.is_compiled(step, single) for step in steps)
