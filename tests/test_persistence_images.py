"""Model files of networks on images: what is saved comes back, damage is one sentence; dense files are as they were."""

import json
from hashlib import sha256

import numpy as np
import onnxruntime
import pytest
import torch
from image_models import colour, deep, restoring

from scipy_ae import tensors
from scipy_ae.errors import InputError
from scipy_ae.network import Network
from scipy_ae.persistence import Model, load, save
from scipy_ae.quantiser import Quantiser


def model(chain) -> Model:
    network = Network(chain.encoder, chain.decoder, input_shape=chain.input_shape)
    return Model(
        network.with_statistics(chain.statistics or None), network.layout.pack(chain.arrays), {"labels": ["Ä"]}
    )


def rows(network, n=3) -> np.ndarray:
    return np.random.default_rng(0).random((n, network.inputs))


@pytest.mark.parametrize("make", [deep, colour, restoring])
def test_a_network_on_images_comes_back_to_the_last_bit(tmp_path, make):
    before = model(make())
    path = tmp_path / "m.safetensors"
    save(before, path)
    after = load(path)
    assert after.theta.tobytes() == before.theta.tobytes()
    assert after.about == before.about
    assert after.network.describe() == before.network.describe()
    assert after.network.input_shape == before.network.input_shape
    x = rows(before.network)
    np.testing.assert_array_equal(after.reconstruct(x), before.reconstruct(x))
    first = path.read_bytes()
    save(after, path)
    assert path.read_bytes() == first


def test_the_file_is_as_the_page_and_other_programs_read_it(tmp_path):
    chain = deep()
    save(model(chain), tmp_path / "ours")
    chain.save(tmp_path / "wanted")
    found = []
    for name in ("ours", "wanted"):
        with tensors.opened(tmp_path / name, *tensors.MODEL, "model") as file:
            found.append((file.specification["network"], {entry: file.array(entry) for entry in file.entries}))
    assert found[0][0] == found[1][0]
    assert found[0][1].keys() == found[1][1].keys()
    for name, array in found[0][1].items():
        np.testing.assert_array_equal(array, found[1][1][name])


def test_the_network_decodes_as_torch_does():
    chain = deep()
    ours, x = model(chain), rows(model(chain).network)
    np.testing.assert_allclose(ours.encode(x), chain.encode(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.decode(chain.encode(x)), chain.decode(chain.encode(x)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [deep, restoring])
def test_a_loaded_network_goes_to_other_programs(tmp_path, make):
    save(model(make()), tmp_path / "m.safetensors")
    ours = load(tmp_path / "m.safetensors")
    x = rows(ours.network)
    y = ours.reconstruct(x)
    for path in ours.to_onnx(tmp_path)[2:]:
        (theirs,) = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": x})
        np.testing.assert_allclose(theirs, y, rtol=1e-9, atol=1e-11)
    with torch.no_grad():
        np.testing.assert_allclose(ours.to_torch()(torch.tensor(x)).numpy(), y, rtol=1e-9, atol=1e-11)


def test_a_batch_norm_without_statistics_is_not_saved(tmp_path):
    full = model(deep())
    bare = Model(full.network.with_statistics(None), full.theta)
    with pytest.raises(InputError, match=r"statistics: those of the batch norm 'decoder\.2' .* are not known"):
        save(bare, tmp_path / "m.safetensors")
    mean, variance = full.network.statistics["decoder.2"]
    spoilt = full.network.with_statistics({"decoder.2": (mean * np.nan, variance)})
    with pytest.raises(InputError, match="not finite"):
        save(Model(spoilt, full.theta), tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


#: What is done to the specification or the arrays of a file of ``deep``, and what is said.
DAMAGE = {
    "no shape of the input": (lambda plain, arrays: plain.pop("input_shape"), "input_shape"),
    "a shape of words": (lambda plain, arrays: plain.update(input_shape="abc"), "input_shape"),
    "a shape of four sides": (lambda plain, arrays: plain.update(input_shape=[1, 1, 28, 28]), "neither images nor"),
    "images too small": (lambda plain, arrays: plain.update(input_shape=[1, 2, 2]), "damaged specification"),
    "a layer to come": (lambda plain, arrays: plain["encoder"][0].update(kind="attention"), "'attention' is not known"),
    "no kind": (lambda plain, arrays: plain["encoder"][1].pop("kind"), "damaged specification"),
    "a setting too many": (lambda plain, arrays: plain["encoder"][1].update(a=1), "damaged specification"),
    "channels of nothing": (lambda plain, arrays: plain["encoder"][0].update(outputs=0), "outputs 0"),
    "other channels": (lambda plain, arrays: plain["encoder"][0].update(outputs=17), "array 'encoder.0.weight'"),
    "layers without end": (lambda plain, arrays: plain.update(encoder=[{"kind": "flatten"}] * 10_000), "more layers"),
    "a window too large": (lambda plain, arrays: plain["encoder"][1].update(size=100), "larger than"),
    "a variational code": (
        lambda plain, arrays: plain.update(bottleneck={"kind": "variational", "beta": 1}),
        "variational is for",
    ),
    "no mean": (lambda plain, arrays: arrays.pop("statistics.decoder.2.mean"), "array 'statistics.decoder.2.mean'"),
    "a mean too many": (lambda plain, arrays: arrays.update({"statistics.decoder.0.mean": np.zeros(1)}), "decoder.0"),
    "a variance below 0": (lambda plain, arrays: arrays["statistics.decoder.2.variance"].fill(-1), "below 0"),
    "no number": (lambda plain, arrays: arrays["statistics.decoder.2.mean"].fill(np.nan), "not a finite number"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_sentence(tmp_path, damage):
    path, chain = tmp_path / "m.safetensors", deep()
    chain.save(path)
    with tensors.opened(path, *tensors.MODEL, "model") as file:
        specification, arrays = file.specification, {name: file.array(name).copy() for name in file.entries}
    spoil, said = DAMAGE[damage]
    spoil(specification["network"], arrays)
    tensors.write(path, *tensors.MODEL, specification, arrays)
    with pytest.raises(InputError, match=said) as told:
        load(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_codes_of_few_bits_come_back_as_such(tmp_path):
    path, exact = tmp_path / "m.safetensors", model(deep())
    x = rows(exact.network, 50)
    z = exact.encode(x)
    before = Model(exact.network, exact.theta, quantiser=Quantiser.fit(z, 2))
    save(before, path)
    after = load(path)
    assert all(len(np.unique(column)) <= 4 for column in after.encode(x).T)
    np.testing.assert_array_equal(after.encode(x), before.quantiser.rounded(z))
    np.testing.assert_array_equal(after.reconstruct(x), exact.decode(before.quantiser.rounded(z)))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda plain: plain.pop("bits"), "bits"),
        (lambda plain: plain.update(bits=0), "code-bits: 0 is not accepted"),
        (lambda plain: plain["low"].pop(), "ends of shapes"),
        (lambda plain: [plain[end].pop() for end in ("low", "high")], "is not one of codes of"),
        (lambda plain: plain.update(low=plain["high"], high=plain["low"]), "low is to be at most high"),
        (lambda plain: plain.update(low=["a"] * len(plain["low"])), "could not convert"),
    ],
)
def test_a_damaged_quantiser_is_one_sentence(tmp_path, spoil, said):
    path, exact = tmp_path / "m.safetensors", model(deep())
    z = exact.encode(rows(exact.network))
    save(Model(exact.network, exact.theta, quantiser=Quantiser.fit(z, 8)), path)
    with tensors.opened(path, *tensors.MODEL, "model") as file:
        specification, arrays = file.specification, {name: file.array(name).copy() for name in file.entries}
    spoil(specification["quantiser"])
    tensors.write(path, *tensors.MODEL, specification, arrays)
    with pytest.raises(InputError, match=said) as told:
        load(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_dense_files_are_as_they_were(tmp_path):
    """The bytes of a file that the version before networks on images wrote of this model."""
    network = Network.parse("6-4-2-4-6", "leaky-relu(0.2)")
    save(Model(network, np.linspace(-1, 1, network.size), {"labels": ["Ä"]}), tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    network_said = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["specification"])["network"]
    assert list(network_said) == ["encoder", "bottleneck", "decoder"]
    assert sha256(data).hexdigest() == "46d2d8406dccac6a88f9b6e7d6b2f1957c18da2aa119c4b90ad27f83c97f92bc"
