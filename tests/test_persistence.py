"""Model files: what is saved comes back, and no damage passes or shows a traceback."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import InputError
from scipy_ae.network import Network
from scipy_ae.persistence import Model, load, save

ABOUT = {"dataset": "font2", "labels": ["Ä", "β"], "image_shape": [7, 5], "binary": True}


def model(activation="tanh", output="logistic", bottleneck=None):
    net = Network.parse("6-4-2-4-6", Activation.of(activation), output, bottleneck=bottleneck)
    return Model(net, net.initialize(np.random.default_rng(0)), ABOUT)


@pytest.mark.parametrize(
    "activation", ["tanh", Activation("tanh", beta=0.3), "leaky-relu(0.2)", "elu(0.5)", "parametric-relu", "softmax"]
)
def test_a_saved_model_comes_back_to_the_last_bit(tmp_path, activation):
    before = model(activation)
    save(before, tmp_path / "m.safetensors")
    after = load(tmp_path / "m.safetensors")
    assert after.theta.tobytes() == before.theta.tobytes()
    assert after.about == ABOUT
    assert after.network.describe() == before.network.describe()
    x = np.random.default_rng(1).normal(size=(5, 6))
    np.testing.assert_array_equal(after.reconstruct(x), before.reconstruct(x))
    np.testing.assert_array_equal(after.decode(after.encode(x)), after.reconstruct(x))
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_variational_model_comes_back_with_its_beta(tmp_path):
    net = Network.parse("6-4-2-4-6", bottleneck=Variational(0.3))
    before = Model(net, net.initialize(np.random.default_rng(0)), ABOUT)
    save(before, tmp_path / "m.safetensors")
    after = load(tmp_path / "m.safetensors")
    assert after.network.bottleneck == Variational(0.3)
    assert after.network.describe() == net.describe()
    x = np.random.default_rng(1).normal(size=(5, 6))
    assert after.encode(x).shape == (5, 2)
    np.testing.assert_array_equal(after.reconstruct(x), before.reconstruct(x))
    np.testing.assert_array_equal(after.decode(after.encode(x)), after.reconstruct(x))


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        save(model(), tmp_path / "nowhere" / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path / "m.safetensors")


@pytest.fixture
def parts(tmp_path):
    """A saved model as its path, its arrays and its metadata, and a way to write it anew."""
    path = tmp_path / "m.safetensors"
    save(model(), path)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    return path, load_file(path), metadata


def test_every_cut_of_the_file_is_refused(parts):
    path = parts[0]
    data = path.read_bytes()
    for length in [*range(40), 100, 500, len(data) // 2, len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match=r"m\.safetensors"):
            load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, meta: meta.update(format="other"), "not a model of scipy-ae"),
        (lambda arrays, meta: meta.update(version="2"), "has version 2; this program reads 1"),
        (lambda arrays, meta: meta.pop("specification"), "damaged specification"),
        (lambda arrays, meta: meta.update(specification="{"), "damaged specification"),
        (lambda arrays, meta: meta.update(specification="[" * 100_000), "damaged specification"),
        (lambda arrays, meta: arrays.pop("encoder.0.bias"), "the array 'encoder.0.bias'"),
        (lambda arrays, meta: arrays.update(extra=np.zeros(2)), "the array 'extra'"),
        (lambda arrays, meta: arrays.update({"encoder.0.bias": np.zeros(9)}), "the array 'encoder.0.bias'"),
        (lambda arrays, meta: arrays.update({"encoder.0.bias": np.zeros(4, "f4")}), "the array 'encoder.0.bias'"),
        (lambda arrays, meta: arrays.update({"encoder.0.bias": np.full(4, np.nan)}), "not a finite number"),
    ],
)
def test_what_does_not_belong_together_is_refused(parts, change, message):
    path, arrays, metadata = parts
    change(arrays, metadata)
    save_file(arrays, path, metadata=metadata)
    with pytest.raises(InputError, match=message):
        load(path)


def _spots(value, trail=()):
    """The trails to all values within nested tables and lists."""
    yield trail
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _spots(item, (*trail, key))


@pytest.mark.parametrize("bottleneck", [None, Variational(0.5)])
@given(data=st.data(), new=st.sampled_from([None, True, -1, 0, 1.5, 10**30, "", "nan", [], {}, [[]], {"a": 1}]))
def test_no_change_of_the_specification_escapes_as_another_error(tmp_path_factory, bottleneck, data, new):
    path = tmp_path_factory.mktemp("fuzz") / "m.safetensors"
    before = model(bottleneck=bottleneck)
    save(before, path)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    specification = json.loads(metadata["specification"])
    trail = data.draw(st.sampled_from(list(_spots(specification))[1:]))
    place = specification
    for key in trail[:-1]:
        place = place[key]
    place[trail[-1]] = new
    save_file(load_file(path), path, metadata={**metadata, "specification": json.dumps(specification)})
    told = ""
    try:
        load(path)
    except InputError as error:
        told = str(error)
    assert told == "" or "m.safetensors" in told
