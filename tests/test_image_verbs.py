"""What a first walk through the tasks on images broke: verbs on their folders, presets, odd chains, wrong files."""

import gzip
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from scipy.io import savemat

from scipy_ae.baselines import PCA
from scipy_ae.batches import Batch
from scipy_ae.checks import check_problem
from scipy_ae.cli import display
from scipy_ae.cli.app import main
from scipy_ae.datasets import load_digits
from scipy_ae.experiments.image_setup import default_layers
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.network import Network
from scipy_ae.objective import ChunkedObjective, Objective
from scipy_ae.persistence import load, save
from scipy_ae.quantiser import Quantiser
from scipy_ae.report import read, write

CODE = "conv4k3-relu-pool2"
QUICK = {"iterations": 2, "every": 2, "burst": 2, "batch_size": 16, "burst_rows": 40}


def scipy_ae(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """Two hundred digits in a file of bytes."""
    path = tmp_path_factory.mktemp("grey") / "digits.npy"
    np.save(path, np.round(255 * load_digits().x[:200]).astype(np.uint8).reshape(-1, 8, 8))
    return path


# --- verbs on the folder of a task


@pytest.fixture(scope="module")
def compressed(tmp_path_factory, grey):
    """A run whose code has 64 numbers."""
    return run(Setup.of(Spec(dataset=str(grey), layers=CODE, **QUICK)), tmp_path_factory.mktemp("c") / "run")


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory, grey):
    """A run whose network adds its input, so that no code tells its output."""
    spec = Spec(dataset=str(grey), task="super-resolution", layers="conv4k3-relu : conv4k3-shuffle2-input", **QUICK)
    return run(Setup.of(spec), tmp_path_factory.mktemp("s") / "run")


def test_rows_of_a_task_are_spoilt_before_they_are_passed_through(tmp_path, enlarged):
    picture, table = tmp_path / "a.png", tmp_path / "a.csv"
    done = scipy_ae("reconstruct", enlarged.folder.path, "--out", picture, "--csv", table)
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 201
    rows = table.read_text().splitlines()
    assert rows[0].split(",")[:2] == ["label", "value1"]  # no code, which alone gives no output
    data = Setup.of(Spec.read(enlarged.folder.spec)).data
    numbers = data.numbers.train[:3]
    wanted = load(enlarged.folder.model).reconstruct(data.train.x[:3])
    given = np.array([[float(word) for word in rows[1 + n].split(",")[1:]] for n in numbers])
    np.testing.assert_allclose(given, wanted, rtol=1e-9, atol=1e-12)
    with Image.open(picture) as shown:
        assert shown.size[0] > 300


def test_only_some_of_many_rows_are_shown_and_the_table_has_all(tmp_path, compressed, monkeypatch):
    monkeypatch.setattr("scipy_ae.cli.reconstruct.MOST_SHOWN", 30)
    done = scipy_ae("reconstruct", compressed.folder.path, "--out", tmp_path / "a.png", "--csv", tmp_path / "a.csv")
    assert done.stdout.splitlines()[0] == "30 of 200 rows are shown, spread evenly; --csv writes all"
    assert len(done.stdout.splitlines()) == 32
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert (len(rows), len(rows[0].split(","))) == (201, 1 + 64 + 64)


def test_a_model_of_images_says_what_it_is(tmp_path, compressed, enlarged):
    told = json.loads(scipy_ae("info", compressed.folder.path, "--json").stdout)
    assert [(layer["kind"], layer["parameters"]) for layer in told["layers"]] == [
        ("conv", 40), ("max-pool", 0), ("upsample", 0), ("conv", 37),
    ]  # fmt: skip
    assert (told["layers"][0]["input_shape"], told["layers"][0]["output_shape"]) == ([1, 8, 8], [4, 8, 8])
    assert (told["layers"][0]["activation"], told["layers"][0]["beta"]) == ("relu", 1.0)
    text = scipy_ae("info", enlarged.folder.path).stdout
    assert "decoder.2  input" in text
    assert "images of 8 x 8 pixels" in text
    assert "bits a number" not in text
    whole = load(compressed.folder.model)
    save(replace(whole, quantiser=Quantiser(np.zeros(64), np.ones(64), 3)), tmp_path / "few.safetensors")
    assert "code       of 3 bits a number" in scipy_ae("info", tmp_path / "few.safetensors").stdout


@pytest.mark.parametrize("layers", ["conv3k3-relu-pool2-dense2", "conv4k3-leaky-relu(0.1)-pool2"])
def test_derivatives_are_checked_beside_the_kinks_at_black_pixels(grey, layers):
    done = scipy_ae("check", "--dataset", grey, "--layers", layers)
    assert done.exit_code == 0, done.output
    assert "pass  jac: Taylor error" in done.output
    assert "pass  gauss_newton_p" in done.output


def test_a_code_of_another_length_is_refused_in_a_short_sentence(compressed):
    done = scipy_ae("sample", compressed.folder.path, "--at", "0.1,0.2")
    assert done.exit_code == 2
    assert done.stderr.endswith("at: '0.1,0.2' is not accepted; a code of 64 numbers such as 0.5,0.5,0.5,0.5,... is\n")


def test_nothing_is_sampled_where_no_code_gives_an_output(tmp_path, enlarged):
    done = scipy_ae("sample", enlarged.folder.path, "--random", "3", "--out", tmp_path / "a.png")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "is of a task whose outputs take more than a code" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_code_has_a_page_and_a_title_of_what_was_done(enlarged):
    page = write(enlarged.folder)
    assert enlarged.result["title"] == "130 images enlarged"
    assert enlarged.result["title"] in page.read_text()
    assert len(read(enlarged.folder).codes) == 0
    title = write(enlarged.folder, lang="pt").read_text()
    assert "130 imagens ampliadas" in title


def test_a_page_tells_of_a_long_code_by_the_explorer_alone(compressed):
    with np.load(compressed.folder.arrays) as arrays:
        assert {"plane_output", "new_output"}.isdisjoint(arrays)
        assert "walk_output" in arrays
    page = write(compressed.folder).read_text()
    figures = {path.stem for path in compressed.folder.figures.glob("*.png")}
    assert {"latent-plane", "decoded-plane", "new"}.isdisjoint(figures)
    assert {"walk", "examples"} <= figures
    assert 'id="explorer"' in page
    assert 'id="plane"' not in page


def test_a_dense_network_on_a_task_has_a_film_of_the_rows_that_are_shown(tmp_path, grey):
    spec = Spec(dataset=str(grey), task="compress", layers="64-8-2-8-64", iterations=12)
    outcome = run(Setup.of(spec), tmp_path / "run")
    assert read(outcome.folder).film.codes.shape[1:] == (120, 2)
    assert "film" in write(outcome.folder).read_text()


# --- what a task takes where nothing is said


def test_the_command_line_leaves_a_task_its_precision_and_check_has_its_own(tmp_path, grey):
    words = ["--dataset", grey, "--layers", CODE]
    done = scipy_ae("train", *words, "--iterations", "1", "--out", tmp_path / "run", "--quiet")
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)  # no table of shapes where it is to be quiet
    assert Spec.read(tmp_path / "run" / "spec.toml").precision == "float32"
    assert scipy_ae("check", *words, "--precision", "float32").exit_code == 2


@pytest.mark.parametrize(
    "given",
    [{"patience": 3}, {"burst_growth": 2.0, "burst_rows": 30}, {"burst_growth": 2.0}, {"code_bits": 4}],
    ids=str,
)
def test_what_a_task_has_anyway_need_not_be_given(grey, given):
    setup = Setup.of(Spec(dataset=str(grey), layers=CODE, **given))
    assert (setup.spec.task, setup.spec.validation) == ("compress", 0.2)
    assert all(getattr(setup.spec, name) == value for name, value in given.items())


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"validation": 0}, {"train": 170, "test": 30}),
        ({"test": 0}, {"train": 160, "validation": 40}),
        ({"validation": 0, "test": 0}, {"train": 200}),
    ],
)
def test_parts_of_nothing_are_not_held_out(tmp_path, grey, given, parts):
    outcome = run(Setup.of(Spec(dataset=str(grey), layers=CODE, iterations=1, **given)), tmp_path / "run")
    assert json.loads(outcome.folder.images.read_text())["parts"] == parts
    assert (outcome.history[-1].validation is None) == ("validation" not in parts)


def test_noise_before_layers_on_images_is_there_to_be_undone(grey):
    layers = "conv4k3-relu : conv1k3"
    setup = Setup.of(Spec(dataset=str(grey), layers=layers, noise="gaussian:0.2"))
    assert (setup.spec.task, setup.spec.precision) == ("denoise", "float32")
    assert "standard deviation 0.2 is added" in setup.data.task.corruption
    of_rows = Setup.of(Spec(dataset=str(grey), layers=layers, noise="gaussian:0.2", copies=2))
    assert (of_rows.spec.task, len(of_rows.objective.batch)) == (None, 400)


@pytest.mark.parametrize("layers", ["bn-dense9", "conv2-relu : conv1", "gn1-dense4", "Flatten-dense4"])
def test_layers_on_images_are_known_by_their_words(grey, layers):
    assert Setup.of(Spec(dataset=str(grey), layers=layers)).spec.task == "compress"


@pytest.mark.parametrize("side", [(28, 28), (14, 14), (7, 5), (8, 6), (1, 1)], ids=str)
def test_the_network_for_compression_fits_images_of_all_sides(side):
    shape = (1, *side)
    network = Network.parse(default_layers("compress", (shape, shape)), input_shape=shape)
    assert network.output_shape == shape
    assert network.latent_dim <= max(2, network.inputs)


def test_bursts_on_some_rows_of_a_file_grow_to_all_that_are_trained_on(tmp_path, grey):
    given = {"dataset": str(grey), "mapped": True, "layers": CODE, "burst_rows": 20, "burst_growth": 2.0}
    setup = Setup.of(Spec(**given, every=2, iterations=10, burst=1, batch_size=16))
    assert isinstance(setup.objective.on(setup.pool), ChunkedObjective)
    outcome = run(setup, tmp_path / "run")
    assert len(outcome.history) == 11
    assert outcome.history[-1].validation < outcome.history[0].validation
    held = Setup.of(Spec(**given | {"mapped": None}, every=2, iterations=10, burst=1, batch_size=16))
    np.testing.assert_allclose(
        setup.objective.on(setup.pool).jac(setup.theta), held.objective.on(held.pool).jac(setup.theta),
        rtol=1e-4, atol=1e-6,
    )  # fmt: skip


def test_word_of_compiling_comes_where_layers_have_no_code_on_disk(grey, monkeypatch, capsys):
    setup = Setup.of(Spec(dataset=str(grey), layers=CODE))
    setup.objective.fun_and_jac(setup.theta)
    display.announce(setup)
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines()[1].split()[:4] == ["encoder.0", "conv4k3-relu", "1x8x8", "->"]
    monkeypatch.setattr("scipy_ae.kernels.tape.Path.glob", lambda self, pattern: iter(()))
    display.announce(setup)
    assert capsys.readouterr().err.startswith("Compiling the kernels for these layers: once")


# --- outputs that are reshaped, and a single image


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("decoder", ["dense64", "dense64-reshape1x8x8", "dense64-identity-reshape1x8x8-logistic"])
def test_a_reshape_at_the_end_is_behind_the_activation_of_the_output(decoder, loss):
    network = Network.parse(f"conv2k3-tanh-avgpool2-dense3 : {decoder}", output="logistic", input_shape=(1, 8, 8))
    x, rng = load_digits().x[:9], np.random.default_rng(0)
    theta = network.initialize(rng, None, "he")
    objective = Objective(network, Batch(x), loss)
    assert all(check.passed for check in check_problem(objective, theta, rng))
    y = network.reconstruct(theta, x)
    by_hand = -(x * np.log(y) + (1 - x) * np.log(1 - y)) if loss == "cross-entropy" else (y - x) ** 2
    assert objective.fun(theta) == pytest.approx(by_hand.sum(axis=1).mean(), rel=1e-10)


def test_pca_of_one_image_is_that_image():
    x = load_digits().x
    np.testing.assert_allclose(PCA(x[:1], 4).apply(x[:3]), x[[0, 0, 0]], atol=1e-6)


# --- files that are wrong


def _pictures(folder, *names, side=8, mode="RGB"):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.effect_noise((side, side), 60).convert(mode).save(folder / f"{name}.png")
    return folder


def _damaged(here):
    path = _pictures(here / "data", "a", "b", "c") / "b.png"
    path.write_bytes(path.read_bytes()[:60])
    return here / "data"


def _unmatched(here):
    _pictures(here / "data" / "input", "a", "b", "c")
    _pictures(here / "data" / "target", "a", "c", "d")
    return here / "data"


def _idx(here, magic=b"\0\0\x08\3", count=5):
    path = here / "data-idx3-ubyte.gz"
    with gzip.open(path, "wb") as file:
        file.write(magic + struct.pack(">III", 5, 8, 8) + bytes(64 * count))
    return path


def _mat(here, **arrays):
    savemat(here / "data.mat", arrays)
    return here / "data.mat"


def _bomb(here):
    folder = here / "data"
    folder.mkdir()
    Image.new("1", (10_000, 10_000)).save(folder / "a.png")
    return folder


WRONG = {
    "mixed sizes": (lambda here: _pictures(_pictures(here / "data", "a"), "b", side=6), r"b.png' has 6 x 6 pixels"),
    "mixed modes": (lambda here: _pictures(_pictures(here / "data", "a"), "b", mode="L"), "b.png' is grey and"),
    "damaged": (_damaged, "b.png' is damaged"),
    "unmatched pairs": (_unmatched, "input/b.png' has no picture of its name"),
    "magic": (lambda here: _idx(here, magic=b"\1\2\3\4"), "is no IDX file: it begins with the bytes 01 02 03 04"),
    "length": (lambda here: _idx(here, count=3), "has 192 bytes after its header, which tells of 320"),
    "keys": (lambda here: _mat(here, A=np.ones(3)), "has no array 'X': it holds A"),
    "shape of X": (lambda here: _mat(here, X=np.ones((4, 4)), y=np.ones(4)), "X has shape"),
    "bomb": (_bomb, "a.png' has 10000 x 10000 pixels: at most 67108864 are accepted"),
    "too few groups": (lambda here: _pictures(here / "data", "a", "b"), "2 rows cannot be split into 3 parts"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_wrong_is_one_sentence_and_leaves_nothing(tmp_path, wrong):
    make, sentence = WRONG[wrong]
    done = scipy_ae("train", "--dataset", make(tmp_path), "--task", "denoise", "--layers", "conv2 : conv1-input",
                    "--out", tmp_path / "run")  # fmt: skip
    assert done.exit_code == 2, done.output
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", [[], ["--mapped"]], ids=str)
def test_an_array_of_two_channels_is_told_by_its_shape(tmp_path, more):
    np.save(tmp_path / "a.npy", np.zeros((9, 2, 8, 8), np.uint8))
    done = scipy_ae("train", "--dataset", tmp_path / "a.npy", "--layers", CODE, *more, "--out", tmp_path / "run")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "(9, 2, 8, 8)" in done.stderr
    assert "1 or 3 channels" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
