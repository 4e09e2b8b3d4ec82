"""Layers: shapes held against torch's modules, arrays, the form in JSON, and what is refused."""

import json
import pickle
from math import prod

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from scipy_ae import layers
from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.layers import (
    AddInput,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Elementwise,
    Flatten,
    GroupNorm,
    LayerError,
    MaxPool2D,
    PixelShuffle,
    Reshape,
    Upsample2D,
)

SIDES = st.tuples(st.integers(1, 33), st.integers(1, 33))
CHANNELS = st.integers(1, 12)
KERNELS = st.integers(1, 7)
STRIDES = st.integers(1, 4)

EACH = [
    Dense(784, 30, "leaky-relu(0.2)"),
    Conv2D(1, 16, 3, stride=2, activation=Activation("tanh", beta=0.7)),
    ConvTranspose2D(16, 1, 4, stride=2, output_padding=(1, 0), activation="parametric-relu"),
    MaxPool2D(3, stride=2),
    AvgPool2D(2),
    Upsample2D(2),
    Upsample2D(3, mode="bilinear"),
    PixelShuffle(2),
    BatchNorm(16, "relu"),
    GroupNorm(4, 16, "elu(0.5)"),
    Flatten(),
    Reshape(8, 7, 7),
    Elementwise("softmax"),
    AddInput(),
]


def torch_shape(module: torch.nn.Module, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """What torch makes of two images of this shape; None where it refuses or nothing is left."""
    try:
        made = tuple(module(torch.zeros((2, *shape))).shape[1:])
    except RuntimeError:
        return None
    return made if prod(made) else None


def our_shape(layer: layers.Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return layer.output_shape(shape)
    except LayerError:
        return None


@given(SIDES, CHANNELS, CHANNELS, KERNELS, STRIDES, st.none() | st.integers(0, 5))
def test_convolutions_make_the_shapes_that_torch_makes(sides, inputs, outputs, kernel, stride, padding):
    ours = Conv2D(inputs, outputs, kernel, stride, padding)
    assert ours.padding == (kernel // 2 if padding is None else padding)
    theirs = torch.nn.Conv2d(inputs, outputs, kernel, stride, ours.padding)
    assert our_shape(ours, (inputs, *sides)) == torch_shape(theirs, (inputs, *sides))
    assert dict(ours.parameters()) == {name: tuple(array.shape) for name, array in theirs.named_parameters()}


@given(SIDES, CHANNELS, CHANNELS, KERNELS, STRIDES, st.none() | st.integers(0, 5), st.data())
def test_transposed_convolutions_make_the_shapes_that_torch_makes(
    sides, inputs, outputs, kernel, stride, padding, data
):
    extra = data.draw(st.integers(0, stride - 1) | st.tuples(*[st.integers(0, stride - 1)] * 2))
    ours = ConvTranspose2D(inputs, outputs, kernel, stride, padding, extra)
    theirs = torch.nn.ConvTranspose2d(inputs, outputs, kernel, stride, ours.padding, extra)
    assert our_shape(ours, (inputs, *sides)) == torch_shape(theirs, (inputs, *sides))
    weight = tuple(theirs.weight.transpose(0, 1).shape)
    assert ours.parameters() == [("weight", weight), ("bias", (outputs,))]


@given(SIDES, CHANNELS, st.integers(1, 5), st.none() | st.integers(1, 5))
def test_pools_make_the_shapes_that_torch_makes(sides, channels, size, stride):
    shape = (channels, *sides)
    for ours, theirs in ((MaxPool2D, torch.nn.MaxPool2d), (AvgPool2D, torch.nn.AvgPool2d)):
        assert our_shape(ours(size, stride), shape) == torch_shape(theirs(size, stride), shape)
    assert MaxPool2D(size, stride).stride == (stride or size)


@given(SIDES, CHANNELS, st.integers(1, 4))
def test_growing_layers_make_the_shapes_that_torch_makes(sides, channels, factor):
    shape = (channels, *sides)
    for mode in ("nearest", "bilinear"):
        assert Upsample2D(factor, mode).output_shape(shape) == torch_shape(
            torch.nn.Upsample(scale_factor=factor, mode=mode), shape
        )
    assert our_shape(PixelShuffle(factor), shape) == torch_shape(torch.nn.PixelShuffle(factor), shape)


@given(SIDES, CHANNELS, KERNELS, STRIDES, st.integers(0, 5))
def test_output_padding_brings_back_any_size_that_was_strided_over(sides, channels, kernel, stride, padding):
    forth = Conv2D(channels, 3, kernel, stride, padding)
    inner = our_shape(forth, (channels, *sides))
    assume(inner is not None)
    back = [(side + 2 * padding - kernel) % stride for side in sides]
    there = ConvTranspose2D(3, channels, kernel, stride, padding, tuple(back))
    assert there.output_shape(inner) == (channels, *sides)
    assert forth.output_shape(there.output_shape(inner)) == inner


def test_reshaping_and_norms():
    assert Flatten().output_shape((8, 7, 7)) == Flatten().output_shape((392,)) == (392,)
    assert Reshape(8, 7, 7).output_shape((392,)) == Reshape(8, 7, 7).output_shape((2, 14, 14)) == (8, 7, 7)
    for norm in (BatchNorm(6, "parametric-relu"), GroupNorm(3, 6, "parametric-relu")):
        assert norm.output_shape((6, 2, 5)) == (6, 2, 5)
        assert norm.output_shape((6,)) == (6,)
        assert norm.parameters() == [("weight", (6,)), ("bias", (6,)), ("slope", (6,))]
    assert Dense(392, 10).output_shape((8, 7, 7)) == (10,)
    assert Conv2D(2, 3, 5, activation="parametric-relu").parameters()[2] == ("slope", (3,))


@pytest.mark.parametrize("layer", EACH, ids=lambda layer: layer.word)
def test_a_layer_survives_json_and_pickle(layer):
    plain = json.loads(json.dumps(layer.to_plain()))
    assert plain["kind"] == layer.kind
    assert layers.of(plain) == layer
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert hash(layer) == hash(layers.of(plain))
    with pytest.raises((InputError, TypeError)):
        layers.of({**plain, "colour": 1})
    for name in [name for name in plain if name not in ("alpha", "beta")]:
        with pytest.raises((InputError, ValueError, TypeError, KeyError)):
            layers.of({**plain, name: [0]})


def test_every_kind_is_tried_above():
    assert {layer.kind for layer in EACH} == set(layers.KINDS)


def test_numpy_integers_become_python_ones():
    layer = Conv2D(np.int64(1), np.int32(4), np.int64(3))
    assert json.loads(json.dumps(layer.to_plain()))["outputs"] == 4


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Conv2D(1, 0, 3), "Conv2D: outputs 0 is not accepted; a whole number from 1 to 2147483648 is"),
        (lambda: Conv2D(1, 4, 0), "Conv2D: kernel 0 is not accepted"),
        (lambda: Conv2D(1, 4, 3, stride=0), "Conv2D: stride 0 is not"),
        (lambda: Conv2D(1, 4, 3, padding=-1), "Conv2D: padding -1 is not"),
        (lambda: Conv2D(1, 4, 2.5), "Conv2D: kernel 2.5 is not"),
        (lambda: Conv2D(1, True, 3), "Conv2D: outputs True is not"),
        (lambda: Conv2D(1, 10**30, 3), "Conv2D: outputs 10000000000000000... is not"),
        (lambda: Conv2D(8, 10**9, 3), r"conv1000000000k3: a weight of 1000000000x8x3x3 has more than the 2147483648"),
        (lambda: Conv2D(1, 1, 3, activation="rleu"), "Conv2D: unknown activation 'rleu': did you mean 'relu'"),
        (lambda: ConvTranspose2D(1, 1, 4, 2, output_padding=2), "an output_padding of 2 is not accepted; a whole"),
        (lambda: ConvTranspose2D(1, 1, 4, 2, output_padding=(0, 1, 1)), "output_padding .0, 1, 1. is not"),
        (lambda: MaxPool2D(0), "MaxPool2D: size 0 is not"),
        (lambda: AvgPool2D(2, stride=0), "AvgPool2D: stride 0 is not"),
        (lambda: Upsample2D(2, "cubic"), "upsample2: mode 'cubic' is not accepted; nearest and bilinear are"),
        (lambda: GroupNorm(3, 8), "gn3: 8 channels do not divide into 3 groups"),
        (lambda: Elementwise("prelu"), "parametric-relu: is not accepted by itself; directly after conv"),
        (lambda: Dense(10**6, 10**6), "dense1000000: a weight of 1000000x1000000 has more than"),
        (lambda: layers.of({"kind": "deep"}), "a layer of kind 'deep' is not known to this version"),
    ],
)
def test_layers_that_cannot_be(make, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        make()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        (Conv2D(8, 4, 3), (1, 28, 28), "conv4k3: takes images of 8 channels, but images of 1x28x28 came"),
        (Conv2D(1, 4, 3), (784,), "conv4k3: takes images of 1 channel, but a vector of 784 came; a reshape such as"),
        (Conv2D(1, 4, 9, padding=0), (1, 8, 9), "conv4k9p0: its window of 9x9 pixels is larger than images of 1x8x9"),
        (Conv2D(1, 2**20, 1), (1, 64, 64), "conv1048576k1: makes 1048576x64x64 of 1x64x64, more than the 2147483648"),
        (ConvTranspose2D(1, 4, 3, padding=3), (1, 2, 9), "a padding of 3 leaves -2x5 pixels of images of 1x2x9"),
        (MaxPool2D(3), (1, 2, 2), "pool3: its window of 3x3 pixels is larger than images of 1x2x2"),
        (AvgPool2D(3), (9,), "avgpool3: takes images, but a vector of 9 came"),
        (Upsample2D(10**5), (1, 28, 28), "upsample100000: makes 1x2800000x2800000 of 1x28x28, more than"),
        (PixelShuffle(2), (6, 4, 4), "shuffle2: takes a multiple of 4 channels, but images of 6x4x4 came"),
        (BatchNorm(8), (4, 2, 2), "bn: takes 8 channels, but images of 4x2x2 came"),
        (GroupNorm(8, 8), (8,), "gn8: of 8 each group has one number, which would always become 0"),
        (Reshape(2, 3, 4), (25,), "reshape2x3x4: takes 24 numbers, but a vector of 25 came, which are 25"),
        (Dense(392, 10), (8, 7, 6), "dense10: takes 392 numbers, but images of 8x7x6 came"),
    ],
)
def test_layers_that_do_not_take_what_comes(layer, shape, sentence):
    with pytest.raises(LayerError, match=sentence) as refused:
        layer.output_shape(shape)
    placed = str(refused.value.at("encoder.2"))
    assert placed.startswith(f"encoder.2 ({layer.word}): ")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # it crosses processes in studies


@pytest.mark.parametrize(
    ("shape", "input_shape", "fits"),
    [
        ((3, 8, 8), (3, 8, 8), True),
        ((3, 8, 8), (1, 8, 8), True),
        ((3, 8, 12), (1, 4, 6), True),
        ((9,), (9,), True),
        ((3, 8, 8), (2, 8, 8), False),
        ((3, 8, 8), (3, 4, 8), False),
        ((3, 8, 8), (3, 3, 3), False),
        ((3, 4, 4), (3, 8, 8), False),
        ((9,), (1, 3, 3), False),
    ],
)
def test_inputs_that_can_be_added(shape, input_shape, fits):
    layer = AddInput()
    assert layer.output_shape(shape) == shape
    if fits:
        assert layer.joined_shape(shape, input_shape) == shape
        assert prod(shape) >= prod(input_shape)
    else:
        with pytest.raises(LayerError, match=r"input: adds the network's input, .* accepted"):
            layer.joined_shape(shape, input_shape)
