"""Model files: what is saved comes back, and no damage passes or shows a traceback."""

import json
import pickle
import tracemalloc
from pathlib import Path

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


# ------------------------------------------------------------------------------------------ damage, byte by byte


def parted(path):
    """The header of a file as text, and its arrays as bytes."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return data[8 : 8 + length].decode(), data[8 + length :]


def put(path, header, data, length=None):
    header = header.encode() if isinstance(header, str) else header
    path.write_bytes((len(header) if length is None else length).to_bytes(8, "little") + header + data)


def outcome(path):
    """What loading comes to: a model that works, or one sentence of ours. All else is an error of the test."""
    told, found = "", None
    tracemalloc.start()
    try:
        found = load(path)
    except InputError as error:
        told = str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5e6, f"{peak} bytes for a file of {path.stat().st_size}"
    if found is not None:
        assert found.reconstruct(np.zeros((1, found.network.inputs))).shape == (1, found.network.outputs)
        return "loaded"
    assert str(path) in told
    assert "\n" not in told
    assert len(told) < 600
    return "refused"


def test_no_flipped_bit_escapes(tmp_path):
    path = tmp_path / "m.safetensors"
    save(model(), path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    seen = set()
    for place in [*range(len(data) - 8 * model().network.size), *rng.integers(0, len(data), 50)]:
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(spoilt)
        seen.add(outcome(path))
    assert seen == {"refused", "loaded"}


def test_no_cut_and_no_rubbish_escapes(tmp_path):
    path = tmp_path / "m.safetensors"
    save(model(), path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for length in [*range(0, len(data), 37), len(data) - 1]:
        path.write_bytes(data[:length])
        assert outcome(path) == "refused"
    for more in (b"\0", b"\0" * 8, data):
        path.write_bytes(data + more)
        assert outcome(path) == "refused"
    for size in (0, 1, 7, 8, 9, 100, 10_000):
        path.write_bytes(rng.bytes(size))
        assert outcome(path) == "refused"


def changed_specification(change):
    def spoil(header, data):
        table = json.loads(header)
        specification = json.loads(table["__metadata__"]["specification"])
        change(specification)
        table["__metadata__"]["specification"] = json.dumps(specification)
        return json.dumps(table), data

    return spoil


def changed_header(change):
    def spoil(header, data):
        table = json.loads(header)
        change(table)
        return json.dumps(table), data

    return spoil


def _wide(specification, width=10**9):
    first, second = specification["network"]["encoder"]
    first["outputs"] = second["inputs"] = width


def _wider_than_numbers(specification):
    _wide(specification, 10**30)


def _endless(specification):
    network = specification["network"]
    network["encoder"] = [network["encoder"][0], *[{**network["encoder"][1], "inputs": 4, "outputs": 4}] * 1000]


SPOILT = {
    "widths of a billion": changed_specification(_wide),
    "widths beyond all integers": changed_specification(_wider_than_numbers),
    "more layers than arrays": changed_specification(_endless),
    "a slope of nothing": changed_specification(lambda s: s["network"]["encoder"][0].update(beta=float("nan"))),
    "a bottleneck to come": changed_specification(lambda s: s["network"].update(bottleneck="quantum")),
    "a kind of layer to come": changed_specification(lambda s: s["network"]["encoder"][0].update(kind="attention")),
    "nothing said of the data": changed_specification(lambda s: s.update(about=[])),
    "a specification in vain": changed_header(lambda h: h["__metadata__"].update(specification="null")),
    "a nested specification": changed_header(lambda h: h["__metadata__"].update(specification='{"network":' * 10**5)),
    "a number as metadata": changed_header(lambda h: h["__metadata__"].update(version=1)),
    "a list as metadata": changed_header(lambda h: h.update(__metadata__=[])),
    "no metadata": changed_header(lambda h: h.pop("__metadata__")),
    "half the numbers": changed_header(lambda h: h["encoder.0.bias"].update(shape=[2])),
    "negative shapes": changed_header(lambda h: h["encoder.0.bias"].update(shape=[-4])),
    "shapes beyond memory": changed_header(lambda h: h["encoder.0.bias"].update(shape=[2**62, 2**62])),
    "shapes of text": changed_header(lambda h: h["encoder.0.bias"].update(shape="four")),
    "a type unknown to NumPy": changed_header(lambda h: h["encoder.0.bias"].update(dtype="BF16", shape=[16])),
    "integers": changed_header(lambda h: h["encoder.0.bias"].update(dtype="I64")),
    "arrays that overlap": changed_header(lambda h: h["encoder.0.bias"].update(data_offsets=[0, 32])),
    "arrays out of the file": changed_header(lambda h: h["encoder.0.bias"].update(data_offsets=[10**15, 10**15 + 32])),
    "an array that is a number": changed_header(lambda h: h.update({"encoder.0.bias": 3})),
    "a list": lambda header, data: ("[]", data),
    "a nested list": lambda header, data: ("[" * 10**5, data),
    "a nested table": lambda header, data: ('{"a":' * 10**5, data),
    "no UTF-8": lambda header, data: (header.encode().replace(b"encoder", b"\xff\xfecoder", 1), data),
    "a key twice": lambda header, data: (header.replace('{"__meta', '{"a": 1, "a": 1, "__meta', 1), data),
    "an array twice": lambda header, data: (
        header[:-1].rstrip().rstrip("}")
        + '}, "encoder.0.bias": '
        + json.dumps(json.loads(header)["encoder.0.bias"])
        + "}",
        data,
    ),
    "a setting twice": lambda header, data: (header.replace(r"{\"kind", r"{\"kind\": 1, \"kind", 1), data),
    "no weight": lambda header, data: (header, data[:-8] + np.array([np.nan]).tobytes()),
    "an endless weight": lambda header, data: (header, np.array([np.inf]).tobytes() + data[8:]),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_spoilt_on_purpose_is_refused(tmp_path, spoil):
    path = tmp_path / "m.safetensors"
    save(model(), path)
    put(path, *parted(path))
    assert outcome(path) == "loaded"
    put(path, *spoil(*parted(path)))
    assert outcome(path) == "refused"


@pytest.mark.parametrize("length", [0, 1, 2**24 + 1, 2**32, 2**62, 2**64 - 1])
def test_a_header_of_any_length_is_looked_at_before_it_is_read(tmp_path, length):
    path = tmp_path / "m.safetensors"
    save(model(), path)
    put(path, *parted(path), length=length)
    assert outcome(path) == "refused"


def test_a_header_that_is_there_and_too_long_is_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    with path.open("wb") as file:
        file.write((2**30).to_bytes(8, "little"))
        file.truncate(2**30 + 8)  # takes no room on the disk
    assert outcome(path) == "refused"


def test_what_load_would_refuse_is_not_saved(tmp_path):
    path, good = tmp_path / "m.safetensors", model()
    nan = good.theta.copy()
    nan[3] = np.nan
    around: dict = {}
    around["itself"] = around
    for bad, message in (
        (Model(good.network, nan, {}), "not a finite number"),
        (Model(good.network, good.theta, {"loss": float("nan")}), "is not JSON"),
        (Model(good.network, good.theta, {"what": object()}), "is not JSON"),
        (Model(good.network, good.theta, around), "is not JSON"),
        (Model(good.network, good.theta, {"labels": ["x" * 1000] * 20_000}), "at most"),
        (Model(good.network, good.theta[:-1], {}), "expected shape"),
    ):
        with pytest.raises(InputError, match=message):
            save(bad, path)
    assert list(tmp_path.iterdir()) == []


def test_the_library_of_the_format_reads_our_files(tmp_path):
    before = model("parametric-relu")
    save(before, tmp_path / "m.safetensors")
    arrays = load_file(tmp_path / "m.safetensors")
    for name, view in before.network.layout.views(before.theta).items():
        np.testing.assert_array_equal(arrays[name], view)
    assert len(arrays) == len(before.network.layout)


def test_nothing_is_pickled(tmp_path):
    """A file that would run code where it is unpickled does not run it."""

    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    (tmp_path / "m.safetensors").write_bytes(pickle.dumps(Trap()))
    assert outcome(tmp_path / "m.safetensors") == "refused"
    assert not (tmp_path / "sprung").exists()
