"""Tasks on images from end to end: the run folder, its page, resuming, files left where they are, refusals."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scipy_ae.cli.app import main
from scipy_ae.datasets import load_digits, load_photographs
from scipy_ae.experiments.resume import resumable
from scipy_ae.experiments.run import Interrupt, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.persistence import load
from scipy_ae.records import History, RunFolder
from scipy_ae.report import read

CODE = "conv4k3-relu-pool2"
RESTORE = "conv4k3-relu : conv{channels}k3-input"
QUICK = ["--iterations", "2", "--every", "2", "--burst", "2", "--batch-size", "16", "--burst-rows", "40"]


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """Two hundred digits in a file of bytes."""
    path = tmp_path_factory.mktemp("grey") / "digits.npy"
    digits = load_digits()
    np.save(path, np.round(255 * digits.x[:200]).astype(np.uint8).reshape(-1, 8, 8))
    return path


@pytest.fixture(scope="module")
def colour(tmp_path_factory):
    """A folder of patches of photographs."""
    folder = tmp_path_factory.mktemp("colour") / "patches"
    folder.mkdir()
    patches = load_photographs(16)
    chosen = patches.x[np.linspace(0, len(patches.x) - 1, 60).astype(int)].reshape(-1, 3, 16, 16)
    for k, patch in enumerate(np.round(255 * chosen).astype(np.uint8)):
        Image.fromarray(patch.transpose(1, 2, 0)).save(folder / f"{k:02}.png")
    return folder


def scipy_ae(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize(
    ("data", "words", "beside"),
    [
        ("grey", ["--layers", CODE], {"pca", "jpeg"}),
        ("grey", ["--layers", CODE, "--code-bits", "3"], {"pca", "jpeg"}),
        ("grey", ["--task", "denoise", "--noise", "gaussian:0.2", "--layers", RESTORE.format(channels=1)], {"median"}),
        ("colour", ["--task", "colorize", "--layers", RESTORE.format(channels=3)], {"grey"}),
        (
            "colour",
            ["--task", "unwatermark", "--watermark", "A", "--opacity", "0.4", "--layers", RESTORE.format(channels=3)],
            {"input"},
        ),
        ("colour", ["--task", "super-resolution", "--layers", "conv4k3-relu : conv12k3-shuffle2-input"], {"bicubic"}),
    ],
    ids=["compress", "compress-to-3-bits", "denoise", "colorize", "unwatermark", "super-resolution"],
)
def test_a_task_ends_in_a_folder_that_tells_all(tmp_path, request, data, words, beside):
    out = tmp_path / "run"
    done = scipy_ae("train", "--dataset", request.getfixturevalue(data), *words, *QUICK, "--out", out)
    assert done.exit_code == 0, done.output
    assert "encoder.0" in done.output  # the table of shapes
    folder = RunFolder(out)
    history = History.read(folder.records)
    assert [record.phase for record in history] == ["start", "step", "burst"]
    assert all(np.isfinite(record.validation) for record in history)
    assert history[-1].loss < history[0].loss
    told = json.loads(folder.images.read_text())
    assert {row["part"] for row in told["quality"]} == {"train", "validation", "test"}
    assert beside <= {row["name"] for row in told["quality"]}
    with np.load(folder.image_arrays) as arrays:
        made = load(folder.model).reconstruct(arrays["input"].astype(np.float64))
        np.testing.assert_allclose(np.clip(made, 0, 1), arrays["output"], atol=1e-6)
    assert read(out).images.task == told["task"]
    page = (out / "index.html").read_text()
    assert "examples" in page
    assert page.count("<img") >= 4


def test_rows_left_in_their_file_train_as_those_in_memory(tmp_path, grey):
    words = ["train", "--dataset", grey, "--layers", CODE, "--every", "1", "--burst", "3", "--iterations", "1"]
    words += ["--precision", "float64"]
    for name, more in (("held", []), ("left", ["--mapped"])):
        done = scipy_ae(*words, *more, "--out", tmp_path / name)
        assert done.exit_code == 0, done.output
    held, left = (load(RunFolder(tmp_path / name).model) for name in ("held", "left"))
    np.testing.assert_allclose(left.theta, held.theta, rtol=1e-6, atol=1e-9)


def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, grey):
    spec = Spec(
        dataset=str(grey), layers=CODE, iterations=6, every=3, burst=2, batch_size=16, burst_rows=40, patience=9
    )
    run(Setup.of(spec), tmp_path / "whole")
    interrupt = Interrupt()

    def reader(record):
        interrupt.asked = record.iteration >= 3

    run(Setup.of(spec), tmp_path / "parts", reader=reader, interrupt=interrupt)
    assert History.read(RunFolder(tmp_path / "parts").records)[-1].iteration < 6
    run(resumable(tmp_path / "parts"), tmp_path / "parts", resume=True)
    whole, parts = (load(RunFolder(tmp_path / name).model) for name in ("whole", "parts"))
    assert whole.theta.tobytes() == parts.theta.tobytes()


BAD = {
    ("--layers", "conv4-pool3", "--task", "compress"): "pool3",
    ("--layers", "conv4k3-relu-pool2 : conv1k3"): "the target is",
    ("--layers", "conv4k3-dense5-conv2"): "encoder.2 (conv2): takes images, but a vector of 5 came",
    ("--layers", "conv4k3-nonsense"): "nonsense",
    ("--layers", RESTORE.format(channels=1)): "'input' at the end leads past the code",
    ("--layers", RESTORE.format(channels=1), "--noise", "gaussian:0.1", "--copies", "2"): "'input' at the end leads",
    ("--task", "sharpen"): "task",
    ("--task", "super-resolution", "--factor", "3"): "factor",
    ("--task", "denoise", "--factor", "2"): "factor: it is for the task super-resolution",
    ("--task", "compress", "--code-bits", "0"): "code-bits",
    ("--factor", "2"): "factor: it is for a task on images",
    ("--task", "compress", "--validation", "0.6", "--test", "0.5"): "validation 0.6 and test 0.5",
    ("--task", "unwatermark", "--watermark", "A VERY LONG TEXT"): "watermark",
    ("--layers", CODE, "--variational"): "bottleneck",
    ("--layers", CODE, "--solver", "trust-ncg"): "trust-ncg needs",
}


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, grey, words):
    monkeypatch.chdir(tmp_path)
    done = scipy_ae("train", "--dataset", grey, *words, "--iterations", "2", "--out", "run")
    assert done.exit_code == 2, done.output
    assert BAD[words] in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_task_on_a_table_is_refused(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a,b,c\n" + "1,2,3\n" * 9)
    done = scipy_ae("train", "--dataset", table, "--task", "compress", "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "is for images" in done.stderr
    assert not (tmp_path / "run").exists()


def test_check_takes_layers_on_images(grey):
    done = scipy_ae("check", "--dataset", grey, "--layers", "conv3k3-tanh-avgpool2")
    assert done.exit_code == 0, done.output
    assert done.output.count("pass") >= 2
