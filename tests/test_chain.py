"""Chains of layers: what they parse to, the mirrored decoder, the way back to text, and what is refused."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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
    Layer,
    MaxPool2D,
    Reshape,
    Upsample2D,
    chain_text,
    code_shape,
    is_chain,
    parse_chain,
    shape_lines,
    shape_table,
)

IMAGE = (1, 28, 28)


def named(encoder: list[Layer], decoder: list[Layer]) -> list[tuple[str, Layer]]:
    return [
        (f"{part}.{index}", layer)
        for part, layers in (("encoder", encoder), ("decoder", decoder))
        for index, layer in enumerate(layers)
    ]


def made(text: str, shape=IMAGE, target=None, **options) -> str:
    """The chain that a chain becomes, with its mirrored decoder and all activations."""
    return chain_text(*parse_chain(text, shape, target, **options), options.get("code_copies", 1))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("conv16k3-relu-pool2", True),
        ("CONV16", True),
        ("conv", True),
        ("dense32", True),
        ("784 : 784", True),
        ("100-relu-10", True),
        ("100-leaky-relu(0.2)-10", True),
        ("35-28-2-28-35", False),
        (" 35 - 2 - 35", False),
        ("35-x-35", False),
        ("", False),
        ("-", False),
        ([35, 2, 35], False),
        (None, False),
    ],
)
def test_chains_are_told_from_widths(text, answer):
    assert is_chain(text) is answer


def test_each_word_makes_its_layer():
    encoder, decoder = parse_chain(
        "conv4-relu-maxpool2-bn-tanh*2-conv8k5s2p1-gn4-leaky_relu(0.1)-avgpool3s1-relu-flatten-dense10"
        ": 32-elu-reshape2x4x4-convt4k4s2-prelu-bilinear2-conv4k1-shuffle2-conv3-softmax-upsample1",
        (3, 32, 32),
    )
    assert encoder == [
        Conv2D(3, 4, 3, activation="relu"),
        MaxPool2D(2),
        BatchNorm(4, Activation("tanh", beta=2)),
        Conv2D(4, 8, 5, stride=2, padding=1),
        GroupNorm(4, 8, "leaky-relu(0.1)"),
        AvgPool2D(3, stride=1),
        Elementwise("relu"),
        Flatten(),
        Dense(200, 10, "identity"),
    ]
    assert decoder[:3] == [Dense(10, 32, "elu"), Reshape(2, 4, 4), ConvTranspose2D(2, 4, 4, 2, 1, 0, "prelu")]
    assert decoder[3] == Upsample2D(2, "bilinear")
    assert decoder[-2:] == [Conv2D(1, 3, 3, activation="softmax"), Upsample2D(1)]


def test_white_space_and_case_do_not_count():
    tight = parse_chain("conv4k5s2-leaky-relu(0.2)-bn:upsample2-conv1", IMAGE)
    assert parse_chain(" Conv4K5s2 -\n Leaky - ReLU( 0.2 ) - BN :\tUpsample2 - conv1 \n", IMAGE) == tight


@pytest.mark.parametrize(
    ("text", "shape", "whole"),
    [
        (
            "conv8-bn-relu-pool2-conv4-relu",
            IMAGE,
            "conv8k3-bn-relu-pool2-conv4k3-relu : conv8k3-bn-relu-upsample2-conv1k3-logistic",
        ),
        (
            "conv8-relu-pool2-conv4-relu-pool2",
            (3, 32, 32),
            "conv8k3-relu-pool2-conv4k3-relu-pool2"
            " : upsample2-conv8k3-relu-upsample2-conv3k3-logistic",
        ),
        (
            "conv8k3s2-gn4-elu-conv16k4s2p1-tanh",
            (3, 15, 16),
            "conv8k3s2-gn4-elu-conv16k4s2p1-tanh : convt8k4s2-gn4-elu-convt3k3s2o0x1-logistic",
        ),
        (
            "conv8k4-relu-conv2k3p0-relu",
            IMAGE,
            "conv8k4-relu-conv2k3p0-relu : conv8k3p2-relu-conv1k4p1-logistic",
        ),
        (
            "conv4-relu-pool2-100-tanh-10",
            IMAGE,
            "conv4k3-relu-pool2-dense100-tanh-dense10-identity"
            " : dense100-tanh-dense784-relu-reshape4x14x14-upsample2-conv1k3-logistic",
        ),
        (
            "conv4-bn-relu-flatten-bn-10",
            (1, 4, 4),
            "conv4k3-bn-relu-flatten-bn-dense10-identity : dense64-bn-reshape4x4x4-bn-relu-conv1k3-logistic",
        ),
        (
            "conv4-softmax-10",
            (1, 4, 4),
            "conv4k3-softmax-dense10-identity : dense64-reshape4x4x4-softmax-conv1k3-logistic",
        ),
        ("30-relu-5-relu", IMAGE, "dense30-relu-dense5-relu : dense30-relu-dense784-logistic-reshape1x28x28"),
        ("30-relu-5-relu", (64,), "dense30-relu-dense5-relu : dense30-relu-dense64-logistic"),
        (
            "reshape1x8x8-conv2-relu",
            (64,),
            "reshape1x8x8-conv2k3-relu : conv1k3-logistic-flatten",
        ),
        ("bn-conv2k5s3p0-relu", (1, 10, 12), "bn-conv2k5s3p0-relu : convt1k5s3p0o2x1-logistic"),
        (
            "pool2-conv2-bn-relu-avgpool7",
            IMAGE,
            "pool2-conv2k3-bn-relu-avgpool7 : upsample7-conv1k3-logistic-upsample2",
        ),
        ("convt4k4s2-relu-upsample2-conv2", (3, 6, 5), "convt4k4s2-relu-upsample2-conv2k3-identity"
            " : conv4k3-relu-avgpool2-conv3k4s2p1-logistic"),
    ],
)  # fmt: skip
def test_the_mirrored_decoder(text, shape, whole):
    assert made(text, shape) == whole


def test_the_mirror_image_ends_at_a_target_of_other_channels():
    assert made("conv8-bn-relu-conv4", (1, 32, 32), (3, 32, 32)).endswith("conv3k3-logistic")
    assert made("pool2-conv4k3s2-relu", (1, 32, 32), (3, 32, 32)).endswith(" : convt3k3s2o1-logistic-upsample2")
    assert made("20-relu", (1, 8, 8), (3, 16, 16)).endswith(" : dense768-logistic-reshape3x16x16")
    assert made("20-relu", (1, 8, 8), (64,)).endswith(" : dense64-logistic")


def test_open_activations_are_filled_by_blocks():
    text = "conv8-bn-pool2-conv8-pool2-relu-conv4 : conv8-gn2-upsample2-conv4-elu-upsample2-conv1"
    assert made(text, activation="tanh", output="softplus") == (
        "conv8k3-bn-tanh-pool2-conv8k3-pool2-relu-conv4k3-tanh"
        " : conv8k3-gn2-tanh-upsample2-conv4k3-elu-upsample2-conv1k3-softplus"
    )
    assert " conv4k3-relu : " in made("conv8-tanh-conv4", code="relu").replace("-conv4", " conv4")
    assert made("conv8-identity-conv4", activation="tanh") == (
        "conv8k3-identity-conv4k3-tanh : conv8k3-identity-conv1k3-logistic"
    )
    assert made("conv4 : conv1-identity").endswith("conv1k3-identity")
    _, decoder = parse_chain("conv4k1-relu-conv4 : shuffle2", (1, 4, 4), (1, 8, 8))
    assert decoder[1:] == [Elementwise("logistic")]


def test_a_decoder_with_the_input_added_may_change_it_either_way():
    text = "conv8-relu-conv8 : conv8-relu-conv3-input"
    _, decoder = parse_chain(text, (1, 16, 16), (3, 16, 16))
    assert decoder[-2:] == [Conv2D(8, 3, 3), AddInput()]
    _, decoder = parse_chain("conv8-relu-upsample2 : conv3-tanh-input", (3, 8, 8), (3, 16, 16))
    assert decoder[-2].activation == Activation("tanh")
    _, decoder = parse_chain("dense8-relu : dense16-input", (1, 4, 4))
    assert decoder[1:] == [Reshape(1, 4, 4), AddInput()]


def test_vectors_become_the_images_of_the_target_by_themselves():
    assert made("conv2-relu-10 : dense784") == (
        "conv2k3-relu-dense10-identity : dense784-logistic-reshape1x28x28"
    )  # fmt: skip
    assert made("conv2-relu-10 : reshape10x1x1-conv64k1", (1, 8, 8), (64,)).endswith("conv64k1-logistic-flatten")


def test_an_encoder_of_means_and_log_variances():
    for text, ends, code in [
        ("conv4-relu-pool2-conv3", (6, 14, 14), (3, 14, 14)),
        ("conv4-relu-conv3-bn-pool2", (6, 14, 14), (3, 14, 14)),
        ("conv4-relu-pool2-dense10", (20,), (10,)),
        ("conv4-relu-dense32-reshape2x4x4", (4, 4, 4), (2, 4, 4)),
        ("conv4-relu-pool2-conv3-flatten", (1176,), (588,)),
        ("conv4-relu-pool2-conv3-flatten : dense784", (1176,), (588,)),
    ]:
        encoder, decoder = parse_chain(text, IMAGE, code_copies=2)
        rows = shape_table(named(encoder, decoder), IMAGE, 2)
        assert rows[len(encoder) - 1].output_shape == ends
        assert rows[len(encoder)].input_shape == code == code_shape(ends, 2)
        again = chain_text(encoder, decoder, 2)
        assert parse_chain(again, IMAGE, code_copies=2, activation="elu") == (encoder, decoder)
    with pytest.raises(InputError, match="without weights"):
        parse_chain("pool2", IMAGE, code_copies=2)


SIZES = st.integers(1, 9)


@st.composite
def encoders(draw) -> tuple[str, tuple[int, ...]]:
    """A chain for an encoder and the images that it is for; most fit."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(6, 30)), draw(st.integers(6, 30)))
    word = st.one_of(
        st.builds("conv{}k{}s{}".format, SIZES, st.integers(1, 6), st.integers(1, 3)),
        st.builds("conv{}k{}s{}p{}".format, SIZES, st.integers(1, 6), st.integers(1, 3), st.integers(0, 4)),
        st.builds("pool{}".format, st.integers(1, 3)),
        st.builds("avgpool{}".format, st.integers(1, 2)),
        st.sampled_from(["bn", "gn1", "relu", "tanh*0.3", "leaky-relu(1e-05)", "identity", "upsample2", "prelu"]),
    )
    words = draw(st.lists(word, min_size=1, max_size=7))
    words += draw(st.sampled_from([[], ["flatten"], ["dense6", "elu"], ["bn", "7", "relu", "3"]]))
    return "-".join(words), shape


@given(encoders(), st.sampled_from(["logistic", "identity", "prelu"]), st.sampled_from([None, "relu"]))
def test_any_mirrored_decoder_restores_the_shape_and_any_text_comes_back(encoder, output, activation):
    text, shape = encoder
    try:
        layers = parse_chain(text, shape, output=output, activation=activation)
    except InputError as refused:
        assert str(refused).startswith(("encoder.", "decoder.", "layers: "))  # noqa: PT017
        assume(False)
    rows = shape_table(named(*layers), shape)
    assert rows[-1].output_shape == shape
    last = max(k for k, layer in enumerate(layers[1]) if isinstance(layer, (Conv2D, ConvTranspose2D, Dense)))
    assert layers[1][last].activation == Activation(output)
    assert not any(layer.parameters() for layer in layers[1][last + 1 :])  # no norm behind it
    again = chain_text(*layers)
    assert parse_chain(again, shape) == parse_chain(again, shape, output="tanh", activation="elu") == layers


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(0, 6),
    st.integers(1, 4),
)
def test_every_strided_convolution_is_mirrored_to_the_size_that_it_came_from(sides, kernel, stride, padding, channels):
    shape = (channels, *sides)
    assume(min(sides) + 2 * padding >= kernel)
    encoder, decoder = parse_chain(f"conv5k{kernel}s{stride}p{padding}", shape)
    assert len(decoder) == 1
    assert decoder[0].output_shape(encoder[0].output_shape(shape)) == shape


def test_the_table_of_shapes():
    layers = parse_chain("conv16k3-relu-pool2-conv8k3-bn-relu-pool2", (3, 32, 32))
    rows = shape_table(named(*layers), (3, 32, 32))
    assert [row.parameters for row in rows] == [448, 0, 1160, 16, 0, 0, 1168, 0, 435]
    lines = shape_lines(rows)
    assert lines[0].split() == ["name", "layer", "input", "output", "parameters"]
    assert lines[4].split() == ["encoder.3", "bn-relu", "8x16x16", "->", "8x16x16", "16"]
    assert lines[-1].split(maxsplit=1) == ["total", "a code of 8x8x8 = 512 numbers, 3227 parameters"]
    assert len({len(line) for line in lines[:-1]}) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("conv8-pool2-conv16k9p0-conv4k9p0", "encoder.3 (conv4k9p0): its window of 9x9 pixels is larger than images"),
        ("conv0", "encoder.0 (conv0): outputs 0 is not accepted; a whole number from 1 to"),
        ("conv8k0", "encoder.0 (conv8k0): kernel 0 is not"),
        ("conv8-relu-conv8s0", "encoder.1 (conv8s0): stride 0 is not"),
        ("pool0", "encoder.0 (pool0): size 0 is not"),
        ("dense0", "encoder.0 (dense0): outputs: 0 is not"),
        ("conv8-gn3", "encoder.1 (gn3): 8 channels do not divide into 3 groups"),
        ("conv1000000000", "encoder.0 (conv1000000000): a weight of 1000000000x1x3x3 has more than the 2147483648"),
        ("conv8-conv100000000k1", "makes 100000000x28x28 of 8x28x28, more than the 2147483648 numbers accepted"),
        ("upsample99999", "encoder.0 (upsample99999): makes"),
        (f"conv{'9' * 4900}", "): outputs 10000000000000000... is not accepted"),
        ("conv8s2s2", "encoder.0 (conv8s2s2): gives its stride twice"),
        ("conv", "encoder.0 (conv): is not accepted; conv16k3s1p1 (channels, and"),
        ("conv 16", "encoder.0 (conv 16): is not accepted"),
        ("conv8-cnov16k3", "encoder.1 (cnov16k3): unknown layer 'cnov': did you mean 'conv'?"),
        ("conv8-rleu", "encoder.1 (rleu): unknown layer 'rleu': did you mean 'relu'?"),
        ("conv8-relu6", "encoder.1 (relu6): is not accepted; an activation such as"),
        ("conv8-leaky-relu(x)", "encoder.1 (leaky-relu(x)): alpha: 'x' is not accepted"),
        ("conv8-tanh*0", "encoder.1 (tanh*0): beta: 0 is not accepted"),
        ("conv8-pool2-prelu", "encoder.2 (prelu): is not accepted by itself; directly after conv"),
        ("conv8-²", "encoder.1 (²): is not accepted; 32 is"),
        ("dense32-conv8", "encoder.1 (conv8): takes images, but a vector of 32 came; a reshape such as"),
        ("dense32-pool2", "encoder.1 (pool2): takes images, but a vector of 32 came"),
        ("dense32-reshape8x2x3", "encoder.1 (reshape8x2x3): takes 48 numbers, but a vector of 32 came"),
        ("conv8-input", "encoder.1 (input): is accepted as the last word of the decoder, and nowhere else"),
        ("conv8 : input-conv1", "decoder.0 (input): is accepted as the last word"),
        ("pool2 : conv1-input", "decoder.1 (input): adds the network's input, images of 1x28x28, but images of 1x14"),
        ("conv8--relu", "layers: 'conv8--relu' has a '-' with no layer beside it"),
        ("conv8-", "layers: 'conv8-' has a '-' with no layer beside it"),
        ("conv8 :", "layers: the decoder of 'conv8 :' is empty"),
        (": conv8", "layers: the encoder of ': conv8' is empty"),
        ("", "layers: the encoder of '' is empty"),
        ("conv8:conv1:conv1", "has 2 ':'; one, between encoder and decoder, is accepted"),
        ("conv8-" * 1000, "has 6000 characters; at most 5000 are accepted"),
        ("(" * 4000, "...): unknown layer '(((((((((((((((((((((((((((((((((((((...'"),
        ("bn-pool2", "layers: 'bn-pool2' has no conv, convt or dense layer, and so no weights to train"),
        ("pool2 : upsample2", "layers: 'pool2 : upsample2' has no conv"),
        (None, "layers: None is not accepted; a chain such as"),
        (
            "conv8-pool2-pool2-pool2",
            "encoder.3 (pool2): has no mirror image, since its 8x3x3 enlarged 2 times are 8x6x6",
        ),
        (
            "conv8-pool3s2",
            "its 8x13x13 enlarged 2 times are 8x26x26 and not the 8x28x28 that came; give the dec",
        ),
        ("conv8-shuffle2", "encoder.1 (shuffle2): has no mirror image; give the decoder behind ':'"),
        ("conv8-pool2 : conv1", "decoder.0 (conv1k3-logistic): ends at images of 1x14x14, but the target is images"),
        ("conv8-pool28-gn8", "encoder.2 (gn8): of 8x1x1 each group has one number"),
    ],
)
def test_chains_that_are_refused(text, sentence):
    with pytest.raises(InputError) as refused:
        parse_chain(text, IMAGE)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_shapes_and_targets_that_are_refused():
    with pytest.raises(InputError, match=r"decoder\.1 .*: the mirrored decoder ends at images of 3x8x8, but the targ"):
        parse_chain("conv8-relu-conv4", (3, 8, 8), (3, 16, 16))
    for shape in ((28, 28), (), (0,), (1, 2.5, 3), 5, "abc", None):
        with pytest.raises(InputError, match=r"input_shape: .* is not accepted; .channels, height, width. of images"):
            parse_chain("conv8", shape)
    with pytest.raises(InputError, match="target_shape: "):
        parse_chain("conv8", IMAGE, (28, 28))
    layers = [("encoder.0", Conv2D(1, 8, 3)), ("encoder.1", MaxPool2D(2)), ("decoder.0", Conv2D(4, 1, 3))]
    with pytest.raises(InputError, match=r"decoder\.0 .conv1k3.: takes images of 4 channels, but images of 8x14x14 ca"):
        shape_table(layers, IMAGE)
    with pytest.raises(InputError, match="do not divide into 2 parts"):
        shape_table([("encoder.0", Dense(4, 3)), ("decoder.0", Dense(1, 4))], (4,), 2)
