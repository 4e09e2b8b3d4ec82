"""Layout, network and initialisers: the public names and conventions of the plan."""

import numpy as np
import pytest
from plain import plain_output

import scipy_ae
from scipy_ae.errors import InputError
from scipy_ae.layout import Layout

LETTERS = "35-28-23-2-23-28-35"


def test_the_published_network():
    net = scipy_ae.Network.parse(LETTERS, activation="tanh", output="logistic")
    assert net.size == 3479
    assert net.latent_dim == 2
    assert [layer.outputs for layer in net.encoder] == [28, 23, 2]
    assert [str(layer.activation) for layer in net.layers] == ["tanh"] * 5 + ["logistic"]
    assert net.spec == LETTERS
    assert "3479 parameters" in net.describe()


def test_names_and_order_in_theta():
    net = scipy_ae.Network.parse("4-2-4")
    names = ["encoder.0.weight", "encoder.0.bias", "decoder.0.weight", "decoder.0.bias"]
    assert list(net.layout) == names
    theta = np.arange(net.size, dtype=float)
    views = net.layout.views(theta)
    assert views["encoder.0.weight"].shape == (4, 2)  # (in, out)
    assert np.concatenate([views[name].reshape(-1) for name in names]).tolist() == theta.tolist()


def test_views_share_the_memory_of_theta_and_pack_copies():
    layout = Layout([("a.weight", (2, 3)), ("a.bias", (3,))])
    theta = np.zeros(9)
    layout.views(theta)["a.weight"][1, 2] = 7.0
    assert theta[5] == 7.0
    arrays = {"a.weight": np.ones((2, 3)), "a.bias": np.full(3, 2.0)}
    np.testing.assert_array_equal(layout.pack(arrays), [1] * 6 + [2] * 3)
    assert "theta[6:9]" in layout.describe()
    np.testing.assert_array_equal(layout.mask("bias"), [0] * 6 + [1] * 3)
    with pytest.raises(InputError, match=r"shape \(9,\)"):
        layout.views(np.zeros(8))
    with pytest.raises(InputError, match="shape"):
        layout.pack({**arrays, "a.bias": np.zeros(4)})
    with pytest.raises(InputError, match=r"a\.bias"):
        layout.pack({"a.weight": np.ones((2, 3))})


@pytest.mark.parametrize("activation", ["tanh", "relu", "parametric-relu"])
def test_encode_decode_and_reconstruct(activation):
    rng = np.random.default_rng(0)
    net = scipy_ae.Network.parse("6-5-2-5-6", activation)
    theta, x = net.initialize(rng), rng.random((7, 6))
    z = net.encode(theta, x)
    assert z.shape == (7, 2)
    np.testing.assert_allclose(net.reconstruct(theta, x), plain_output(net, theta, x), rtol=1e-12)
    np.testing.assert_allclose(net.decode(theta, z), net.reconstruct(theta, x), rtol=1e-13)
    with pytest.raises(InputError, match=r"z: expected shape \(n, 2\), got \(7, 6\)"):
        net.decode(theta, x)
    with pytest.raises(InputError, match="theta"):
        net.encode(theta[:-1], x)


def test_the_narrowest_layer_is_the_code_and_the_first_on_a_tie():
    assert len(scipy_ae.Network.parse("8-3-5-3-8").encoder) == 1
    assert scipy_ae.Network.parse([8, 4, 2, 6, 8]).latent_dim == 2
    net = scipy_ae.Network.parse("8-4-2-4-8", code="identity")
    assert [str(layer.activation) for layer in net.layers] == ["tanh", "identity", "tanh", "logistic"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("35-40-35", "has no bottleneck"),
        ("35-35", "has no bottleneck"),
        ("35", "has no bottleneck"),
        ("35-x-35", "widths such as"),
        ("", "widths such as"),
        ("35-0-35", "at least 1"),
        ("35--2-35", "widths such as"),
    ],
)
def test_widths_that_make_no_autoencoder(spec, words):
    with pytest.raises(InputError) as refused:
        scipy_ae.Network.parse(spec)
    assert words in str(refused.value)


def test_the_long_form_checks_that_layers_meet():
    dense = scipy_ae.Dense
    net = scipy_ae.Network(encoder=[dense(5, 2, "relu")], bottleneck=scipy_ae.Plain(), decoder=[dense(2, 5, "tanh")])
    assert net.size == 5 * 2 + 2 + 2 * 5 + 5
    with pytest.raises(InputError, match="2 outputs is followed by one of 3 inputs"):
        scipy_ae.Network([dense(5, 2)], [dense(3, 5)])
    with pytest.raises(InputError, match="inputs: 0"):
        dense(0, 3)


def test_gaussian_start_has_the_deviation_asked_for_everywhere():
    net = scipy_ae.Network.parse("60-50-5-50-60")
    theta = net.initialize(np.random.default_rng(0), std=0.73)
    assert theta.std() == pytest.approx(0.73, rel=0.03)
    biases = np.concatenate([view for name, view in net.layout.views(theta).items() if name.endswith("bias")])
    assert biases.std() == pytest.approx(0.73, rel=0.15)
    np.testing.assert_array_equal(theta, net.initialize(np.random.default_rng(0), std=0.73))


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("fan-in", 60**-0.5), ("glorot", (2 / 110) ** 0.5), ("he", (2 / 60) ** 0.5), ("orthogonal", 60**-0.5)],
)
def test_scaled_starts(init, deviation):
    net = scipy_ae.Network.parse("60-50-5-50-60", "parametric-relu")
    views = net.layout.views(net.initialize(np.random.default_rng(0), init=init))
    assert views["encoder.0.weight"].std() == pytest.approx(deviation, rel=0.06)
    assert not views["encoder.0.bias"].any()
    np.testing.assert_array_equal(views["encoder.0.slope"], 0.25)
    doubled = net.layout.views(net.initialize(np.random.default_rng(0), std=2.0, init=init))
    np.testing.assert_allclose(doubled["encoder.0.weight"], 2 * views["encoder.0.weight"])


def test_orthogonal_start_is_orthogonal():
    net = scipy_ae.Network.parse("9-4-9")
    weight = net.layout.views(net.initialize(np.random.default_rng(0), init="orthogonal"))["encoder.0.weight"]
    np.testing.assert_allclose(weight.T @ weight, np.eye(4), atol=1e-14)


@pytest.mark.parametrize("std", [-0.1, float("nan"), float("inf")])
def test_a_deviation_that_is_none(std):
    with pytest.raises(InputError, match="std"):
        scipy_ae.Network.parse("4-2-4").initialize(np.random.default_rng(0), std=std)


def test_an_unknown_start_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean 'glorot'"):
        scipy_ae.Network.parse("4-2-4").initialize(np.random.default_rng(0), init="glorott")


def test_data_that_cannot_be_written_to_run_through_the_same_compiled_code():
    """joblib hands large data to its processes as read-only maps: a second compilation would take seconds."""
    from scipy_ae.kernels.sweeps import forward

    net = scipy_ae.Network.parse("4-2-4")
    theta, x = net.initialize(np.random.default_rng(0)), np.random.default_rng(1).random((3, 4))
    output, compiled = net.reconstruct(theta, x), len(forward.signatures)
    for array in (theta, x):
        array.flags.writeable = False
    assert (net.reconstruct(theta, x) == output).all()
    assert len(forward.signatures) == compiled
