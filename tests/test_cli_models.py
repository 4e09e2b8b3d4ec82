"""``scipy-ae info`` and ``scipy-ae export``: a model file or a run folder, told and handed on."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from scipy_ae.cli.app import main
from scipy_ae.experiments.run import Interrupt, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.network import Network
from scipy_ae.persistence import Model, load, save


def scipy_ae(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = Spec(layers="35-8-2-8-35", letters="5", iterations=12, beta=1.5, code="identity")
    return run(Setup.of(spec), tmp_path / "run")


def test_info_tells_the_whole_story(trained):
    done = scipy_ae("info", "run")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["encoder.0", "35", "->", "8", "tanh", "288"]
    assert "35-8-2-8-35: a code of 2, 645 parameters" in lines
    said = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[5:]}
    assert said["slopes"] == "beta 1.5, 1.5, 1.5, 1"
    assert said["data"] == "font2, 5 rows, images of 7 x 5 pixels, each 0 or 1"
    assert said["labels"] == "A B C D E"
    assert said["loss"] == "cross-entropy + 0.0001 * sum of squared weights"
    assert said["trained"].startswith("by gradient-descent and BFGS, loss ")
    assert said["trained"].endswith("; all iterations made")
    assert said["command"] == trained.result["command"]
    assert "numpy " + np.__version__ in said["versions"]
    assert said["file"].startswith("run/model.safetensors, ")
    by_file = scipy_ae("info", "run/model.safetensors")
    assert by_file.output == done.output


def test_info_as_json_has_what_the_words_have(trained):
    done = scipy_ae("info", "run", "--json")
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)
    told = json.loads(done.stdout)
    assert (told["network"], told["latent_dim"], told["parameters"]) == ("35-8-2-8-35", 2, 645)
    assert [layer["activation"] for layer in told["layers"]] == ["tanh", "identity", "tanh", "logistic"]
    assert sum(layer["parameters"] for layer in told["layers"]) == 645
    assert told["about"]["trained"]["loss"] == trained.result["loss"]
    assert told["about"]["labels"] == list("ABCDE")


def test_info_of_a_model_that_says_little_or_odd_things(tmp_path):
    net = Network.parse("4-2-4")
    theta = net.initialize(np.random.default_rng(0))
    odd = {
        "labels": "none",
        "rows": "many",
        "trained": {"loss": "low"},
        "versions": 3,
        "loss": 1,
        "image_shape": [None],
    }
    steering = {"dataset": "\x1b[2J\nfont", "labels": ["\x07"] * 50, "trained": {"stop": ["a", "b"]}}
    for about in ({}, odd, steering):
        save(Model(net, theta, about), tmp_path / "m.safetensors")
        done = scipy_ae("info", tmp_path / "m.safetensors")
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("encoder.0")
        assert not set("\x1b\x07") & set(done.stdout)
        assert json.loads(scipy_ae("info", tmp_path / "m.safetensors", "--json").stdout)["about"] == about


def test_export_writes_files_that_others_run(trained):
    done = scipy_ae("export", "run", "--onnx", "there")
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == ["there/encoder.onnx", "there/decoder.onnx", "there/autoencoder.onnx"]
    assert sorted(file.name for file in Path("there").iterdir()) == ["autoencoder.onnx", "decoder.onnx", "encoder.onnx"]
    model, x = load("run/model.safetensors"), np.eye(35)
    (y,) = onnxruntime.InferenceSession("there/autoencoder.onnx").run(None, {"x": x})
    np.testing.assert_allclose(y, model.reconstruct(x), rtol=0, atol=1e-12)
    again = scipy_ae("export", "run/model.safetensors", "--onnx", "there", "--precision", "float32")
    assert again.exit_code == 0, again.output
    (y,) = onnxruntime.InferenceSession("there/autoencoder.onnx").run(None, {"x": x.astype(np.float32)})
    np.testing.assert_allclose(y, model.reconstruct(x), rtol=0, atol=1e-6)


BAD = {
    "info nowhere": "model file 'nowhere' does not exist",
    "info empty": "model: there is no model in the folder 'empty'",
    "info run/result.json": "'run/result.json' is not a readable safetensors file",
    "info": "Missing argument 'MODEL'",
    "export nowhere --onnx there": "model file 'nowhere' does not exist",
    "export run": "Missing option '--onnx'",
    "export run --onnx run/result.json": "cannot make the folder 'run/result.json'",
    "export run --onnx there --precision float16": "'float16' is not one of",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_told_in_one_sentence(trained, words):
    Path("empty").mkdir()
    before = sorted(Path().rglob("*"))
    done = scipy_ae(*words.split())
    assert done.exit_code == 2, done.output
    assert BAD[words] in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(Path().rglob("*")) == before


def test_a_run_without_a_model_says_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = Spec(layers="35-8-2-8-35", letters="5", iterations=12)
    interrupt = Interrupt()
    interrupt.asked = True
    cut = run(Setup.of(spec), tmp_path / "cut", interrupt=interrupt)
    cut.folder.model.unlink()
    done = scipy_ae("info", "cut")
    assert done.exit_code == 2
    assert "scipy-ae train --resume 'cut' goes on with its run" in done.stderr
