"""Layers of images as operators of ONNX.

In single precision a layer is the operator made for it. In double precision onnxruntime has no Conv, ConvTranspose,
AveragePool and Resize, so that these are put together from operators that it has: a convolution is a product of its
weights with the windows that it sees (Chellapilla, Puri and Simard 2006, section 3).
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from scipy_ae.export.steps import Added, Applied
from scipy_ae.layers.base import Shape
from scipy_ae.layers.normalisation import EPSILON


class Graph(Protocol):
    """What is asked of a graph: see ``onnx._Graph``."""

    type: np.dtype

    def op(self, kind: str, *inputs: Any, to: str = "", **attributes: Any) -> str: ...

    def reshaped(self, x: str, *shape: int) -> str: ...


def resized_input(graph: Graph, x: str, step: Added) -> str:
    """The network's input (n, p) as rows of the output."""
    if len(step.input_shape) == 1:
        return x
    (_, high, wide), after = step.input_shape, step.output_shape
    images = graph.reshaped(x, *step.input_shape)
    if (high, wide) != after[1:]:
        images = _bilinear(graph, images, step.input_shape, after[1] // high)
    whole = graph.op("Expand", images, np.array([1, *after], np.int64))
    return graph.reshaped(whole, int(np.prod(after)))


def _conv(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    weight, bias = step.arrays["weight"], step.arrays["bias"]
    if graph.type == np.float32:
        pads = [layer.padding] * 4
        return graph.op("Conv", x, weight, bias, strides=[layer.stride] * 2, pads=pads)
    padded = _padded(graph, x, [layer.padding] * 4)
    return _correlated(graph, padded, weight, bias, step.output_shape, layer.stride)


def _conv_transpose(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    weight, bias = step.arrays["weight"], step.arrays["bias"]
    stride, extra = layer.stride, layer.output_paddings
    if graph.type == np.float32:
        strides, pads = [stride] * 2, [layer.padding] * 4
        turned = weight.swapaxes(0, 1)
        return graph.op("ConvTranspose", x, turned, bias, strides=strides, pads=pads, output_padding=list(extra))
    channels, high, wide = step.input_shape
    apart = graph.reshaped(x, channels, high, 1, wide, 1)  # zeros between its pixels, and behind the last ones
    apart = graph.op("Pad", apart, np.array([0] * 9 + [stride - 1, 0, stride - 1], np.int64))
    apart = graph.reshaped(apart, channels, high * stride, wide * stride)
    before = layer.kernel - 1 - layer.padding
    behind = [before - (stride - 1) + more for more in extra]
    padded = _padded(graph, apart, [before, before, *behind])
    return _correlated(graph, padded, weight[:, :, ::-1, ::-1], bias, step.output_shape, 1)


def _padded(graph: Graph, x: str, sides: list[int]) -> str:
    """Images with zeros above, at the left, below and at the right; less than none cuts them."""
    pads, cuts = ([0, 0, *sides[:2], 0, 0, *sides[2:]] for sides in (np.maximum(sides, 0), np.minimum(sides, 0)))
    if any(pads):
        x = graph.op("Pad", x, np.array(pads, np.int64))
    if any(cuts):
        first, last = -np.array(cuts[2:4], np.int64), np.array(cuts[6:], np.int64)
        last[last == 0] = np.iinfo(np.int64).max
        x = graph.op("Slice", x, first, last, np.array([2, 3], np.int64))
    return x


def _windows(graph: Graph, x: str, shape: Shape, size: int, stride: int) -> list[str]:
    """For each place of a window, by rows, the images (n, channels, h, w) of what all windows have there."""
    spans = [(side - 1) * stride + 1 for side in shape[1:]]
    axes, steps = np.array([2, 3], np.int64), np.array([stride, stride], np.int64)
    return [
        graph.op("Slice", x, np.array([i, j]), np.array([i + spans[0], j + spans[1]]), axes, steps)
        for i in range(size)
        for j in range(size)
    ]


def _correlated(graph: Graph, x: str, weight: np.ndarray, bias: np.ndarray, after: Shape, stride: int) -> str:
    outputs, inputs, kernel, _ = weight.shape
    seen = graph.op("Concat", *_windows(graph, x, after, kernel, stride), axis=1)
    seen = graph.reshaped(seen, inputs * kernel**2, after[1] * after[2])
    flat = weight.transpose(0, 2, 3, 1).reshape(outputs, -1)
    summed = graph.op("Add", graph.op("MatMul", flat, seen), bias[:, None])
    return graph.reshaped(summed, *after)


def _max_pool(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    return graph.op("MaxPool", x, kernel_shape=[layer.size] * 2, strides=[layer.stride] * 2)


def _avg_pool(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    if graph.type == np.float32:
        return graph.op("AveragePool", x, kernel_shape=[layer.size] * 2, strides=[layer.stride] * 2)
    total = graph.op("Sum", *_windows(graph, x, step.output_shape, layer.size, layer.stride))
    return graph.op("Mul", total, 1.0 / layer.size**2)


def _upsample(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    if layer.mode == "bilinear":
        return _bilinear(graph, x, step.input_shape, layer.factor)
    channels, high, wide = step.input_shape
    apart = graph.reshaped(x, channels, high, 1, wide, 1)
    repeated = graph.op("Expand", apart, np.array([1, 1, 1, layer.factor, 1, layer.factor], np.int64))
    return graph.reshaped(repeated, *step.output_shape)


def _bilinear(graph: Graph, x: str, shape: Shape, factor: int) -> str:
    rows, columns = (_blends(side, factor) for side in shape[1:])
    return graph.op("MatMul", rows, graph.op("MatMul", x, columns.T))


def _blends(side: int, factor: int) -> np.ndarray:
    """The matrix (side * factor, side) that makes a line of pixels longer; pixels are areas, not points."""
    place = np.maximum((np.arange(side * factor) + 0.5) / factor - 0.5, 0.0)
    first = place.astype(int)
    second = np.minimum(first + 1, side - 1)
    blends = np.zeros((side * factor, side))
    np.add.at(blends, (np.arange(len(place)), first), 1.0 - (place - first))
    np.add.at(blends, (np.arange(len(place)), second), place - first)
    return blends


def _shuffle(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    return graph.op("DepthToSpace", x, blocksize=layer.factor, mode="CRD")


def _batch_norm(graph: Graph, x: str, step: Applied) -> str:
    arrays = step.arrays
    factor = arrays["weight"] / np.sqrt(arrays["variance"] + EPSILON)
    offset = arrays["bias"] - arrays["mean"] * factor
    return _by_channel(graph, x, step, factor, offset)


def _group_norm(graph: Graph, x: str, step: Applied) -> str:
    layer: Any = step.layer
    groups = graph.reshaped(x, layer.groups, int(np.prod(step.input_shape)) // layer.groups)
    away = graph.op("Sub", groups, graph.op("ReduceMean", groups, axes=[2]))
    variance = graph.op("ReduceMean", graph.op("Mul", away, away), axes=[2])
    normal = graph.op("Div", away, graph.op("Sqrt", graph.op("Add", variance, EPSILON)))
    images = graph.reshaped(normal, *step.input_shape)
    return _by_channel(graph, images, step, step.arrays["weight"], step.arrays["bias"])


def _by_channel(graph: Graph, x: str, step: Applied, factor: np.ndarray, offset: np.ndarray) -> str:
    shape = (-1, *[1] * (len(step.input_shape) - 1))
    return graph.op("Add", graph.op("Mul", x, factor.reshape(shape)), offset.reshape(shape))


def _times(graph: Graph, x: str, step: Applied) -> str:
    return graph.op("Mul", x, step.arrays["weight"])


APPLIED: dict[str, Callable[[Graph, str, Applied], str]] = {
    "conv": _conv,
    "conv-transpose": _conv_transpose,
    "max-pool": _max_pool,
    "avg-pool": _avg_pool,
    "upsample": _upsample,
    "pixel-shuffle": _shuffle,
    "batch-norm": _batch_norm,
    "group-norm": _group_norm,
    "elementwise": _times,
}
