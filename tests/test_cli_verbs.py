"""The verbs beside train: sample, reconstruct, report, dataset, solvers, check, and every --help."""

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scipy_ae import datasets, solvers
from scipy_ae.cli.app import main
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.persistence import load


def scipy_ae(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Run folders of five letters, of a code of three numbers, of one, and of a variational code with more terms."""
    path = tmp_path_factory.mktemp("trained")
    given = {"letters": "A,B,C,D,E", "iterations": 40}
    run(Setup.of(Spec(layers="35-12-2-12-35", **given)), path / "letters")
    run(Setup.of(Spec(layers="35-12-3-12-35", **given)), path / "three")
    run(Setup.of(Spec(dataset="circles", layers="42-8-1-8-42", iterations=5)), path / "one")
    terms = {"variational": True, "draws": 2, "kl_beta": 0.5, "l1": 0.01, "contractive": 0.01}
    run(Setup.of(Spec(layers="35-12-2-12-35", schedule="L-BFGS:30", **terms, letters="A,B,C,D,E")), path / "drawn")
    return path


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    """A folder of one's own with copies of these."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def numbers(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def is_a_picture(path):
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L"))
    return min(pixels.shape) > 20 and pixels.std() > 5


@pytest.mark.parametrize(
    ("run", "how", "count"),
    [
        ("letters", ["--at", "0.3,-0.5", "--at", "0,0"], 2),
        ("letters", ["--grid", "4"], 16),
        ("letters", ["--walk", "A", "D", "--steps", "5"], 5),
        ("letters", ["--random", "6", "--seed", "3"], 6),
        ("three", ["--at", "0.3,-0.5,0.1"], 1),
        ("three", ["--grid", "3"], 9),
        ("three", ["--walk", "E", "B"], 9),
        ("one", ["--random", "3"], 3),
        ("drawn", ["--grid", "4"], 16),
        ("drawn", ["--walk", "A", "D"], 9),
        ("one", ["--at", "0.25"], 1),
    ],
)
def test_a_sample_is_what_the_model_decodes(here, run, how, count):
    done = scipy_ae("sample", run, *how, "--out", "s.png", "--csv", "s.csv")
    assert (done.exit_code, done.stdout) == (0, "s.png\n"), done.output
    assert is_a_picture("s.png")
    head, rows = numbers("s.csv")
    model = load(f"{run}/model.safetensors")
    d, p = model.network.latent_dim, model.network.outputs
    assert head == [f"code{k + 1}" for k in range(d)] + [f"value{k + 1}" for k in range(p)]
    table = np.array(rows, dtype=float)
    assert table.shape == (count, d + p)
    np.testing.assert_array_equal(table[:, d:], model.decode(table[:, :d]))


def test_points_and_ends_of_a_walk_are_those_asked_for(here):
    scipy_ae("sample", "letters", "--at", "0.3,-0.5", "--csv", "s.csv")
    assert numbers("s.csv")[1][0][:2] == ["0.3", "-0.5"]
    scipy_ae("sample", "letters", "--walk", "B", "E", "--csv", "s.csv")
    table = np.array(numbers("s.csv")[1], dtype=float)[:, :2]
    codes = load("letters/model.safetensors").encode(datasets.find("font2").select("B,E").x)
    np.testing.assert_allclose(table[[0, -1]], codes, rtol=1e-12)
    assert (here / "letters" / "sample.png").is_file()


def test_random_samples_follow_the_seed(here):
    def draw(seed):
        scipy_ae("sample", "letters", "--random", "4", "--seed", seed, "--csv", "s.csv")
        return numbers("s.csv")[1]

    assert draw(1) == draw(1) != draw(2)


def test_random_samples_of_a_variational_run_are_drawn_from_the_prior(here):
    scipy_ae("sample", "drawn", "--random", "2000", "--csv", "s.csv")
    codes = np.array(numbers("s.csv")[1], dtype=float)[:, :2]
    np.testing.assert_allclose(codes.mean(axis=0), 0.0, atol=0.1)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(2), atol=0.15)


def test_a_variational_run_tells_its_terms_and_its_codes_are_means(here):
    assert scipy_ae("report", "drawn").exit_code == 0
    page = (here / "drawn" / "index.html").read_text()
    for words in ("KL divergence", "L1 sparsity", "contractive", "variational code", "--kl-beta"):
        assert words in page
    done = scipy_ae("reconstruct", "drawn", "--csv", "r.csv")
    assert done.exit_code == 0, done.output
    model = load("drawn/model.safetensors")
    x = datasets.find("font2").select("A,B,C,D,E").x
    head, rows = numbers("r.csv")
    first = head.index("code1")
    codes = np.array([row[first : first + 2] for row in rows], dtype=float)
    np.testing.assert_array_equal(codes, model.network.encoded(model.theta, x)[:, :2])


def test_reconstruct_tells_codes_and_outputs_of_each_row(here):
    done = scipy_ae("reconstruct", "letters", "--letters", "A-C", "--out", "r.png", "--csv", "r.csv")
    assert done.exit_code == 0, done.output
    assert is_a_picture("r.png")
    model, x = load("letters/model.safetensors"), datasets.find("font2").select("A-C").x
    _, rows = numbers("r.csv")
    assert [row[0] for row in rows] == ["A", "B", "C"]
    table = np.array([row[1:] for row in rows], dtype=float)
    np.testing.assert_array_equal(table, np.hstack([model.encode(x), model.reconstruct(x)]))
    wrong = ((model.reconstruct(x) > 0.5) != (x > 0.5)).sum(axis=1)
    said = done.stdout.splitlines()
    assert [line.split()[:2] for line in said[:3]] == [[a, str(n)] for a, n in zip("ABC", wrong)]
    assert said[-1] == "r.png"


def test_reconstruct_outlines_the_wrong_pixels(here, monkeypatch):
    from scipy_ae import report

    outlined = []
    draw = report.pairs
    monkeypatch.setattr(report, "pairs", lambda *args: (outlined.append(args[3]), draw(*args))[1])
    assert scipy_ae("reconstruct", "letters", "--dataset", "font3", "--letters", "a-d").exit_code == 0
    x = datasets.find("font3").select("a-d").x
    wrong = (load("letters/model.safetensors").reconstruct(x) > 0.5) != (x > 0.5)
    assert wrong.any()
    np.testing.assert_array_equal(outlined[0], wrong)


def test_reconstruct_takes_the_rows_of_the_training_by_default_and_others_on_demand(here):
    done = scipy_ae("reconstruct", "letters")
    assert [line.split()[0] for line in done.stdout.splitlines()[:-1]] == list("ABCDE")
    assert done.stdout.splitlines()[-1] == str(Path("letters", "reconstruct.png"))
    done = scipy_ae("reconstruct", "letters", "--dataset", "font3", "--letters", "4")
    assert len(done.stdout.splitlines()) == 5


def test_a_report_is_drawn_again_from_the_folder_alone(here):
    done = scipy_ae("report", "letters", "one")
    assert (done.exit_code, done.stdout.split()) == (0, ["letters/index.html", "one/index.html"])
    page = (here / "letters" / "index.html").read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<[^>]*>", "", page).split())
    assert "scipy-ae train --letters A,B,C,D,E --layers 35-12-2-12-35 --iterations 40 --seed 0" in text
    pictures = list((here / "letters" / "figures").glob("*.png"))
    assert len(pictures) >= 4
    assert all(map(is_a_picture, pictures))


def test_the_datasets_are_listed(here):
    done = scipy_ae("dataset", "list")
    assert done.exit_code == 0
    for name in ("font1", "font2", "font3", "circles", ".npz"):
        assert name in done.stdout


@pytest.mark.parametrize("name", ["font3", "circles"])
def test_data_are_shown_as_a_picture(here, name):
    done = scipy_ae("dataset", "preview", name)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{name}.png")
    assert is_a_picture(f"{name}.png")


@pytest.mark.parametrize("suffix", [".h", ".npy", ".npz", ".csv"])
def test_what_is_exported_reads_back_and_trains(here, suffix):
    done = scipy_ae("dataset", "export", "font2", f"letters10{suffix}", "--letters", "A-J")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(datasets.find(f"letters10{suffix}").x, datasets.find("font2").select("A-J").x)


def test_every_solver_is_in_the_table_with_its_needs(here):
    done = scipy_ae("solvers")
    assert done.exit_code == 0
    for name in solvers.names():
        assert name in done.stdout
    assert "hessp" in done.stdout
    assert "maxcor" not in done.stdout
    assert "maxcor" in scipy_ae("solvers", "--options").stdout


def test_check_passes_on_right_derivatives_and_exits_with_1_on_wrong_ones(here, monkeypatch):
    words = ["check", "--layers", "35-6-2-6-35", "--letters", "4", "--loss", "squared-error", "--output", "tanh"]
    done = scipy_ae(*words)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("pass  ") == 5
    assert "squared-error on 4 rows of font2" in done.stdout
    from scipy_ae.objective import Objective

    right = Objective.hessp
    monkeypatch.setattr(Objective, "hessp", lambda self, theta, v: 1.1 * right(self, theta, v))
    done = scipy_ae(*words)
    assert done.exit_code == 1
    assert "FAIL  hessp: Taylor error" in done.stdout


def test_check_takes_every_term(here):
    words = ["check", "--layers", "35-9-4-9-35", "--letters", "5", "--variational", "--draws", "2", "--kl", "0.3"]
    words += ["--rho", "0.2", "--sparse-layers", "encoder.0,decoder.0"]
    done = scipy_ae(*words, "--l1", "0.1")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("pass  ") == 3
    assert "encoder.1      9 -> 8 " in done.stdout
    done = scipy_ae(*words, "--contractive", "0.3", "--probes", "2")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("pass  ") == 1


BAD = {
    "sample letters": "one of --at, --grid, --walk and --random is accepted, got none",
    "sample letters --grid 3 --random 2": "got --grid and --random",
    "sample letters --at 1": "at: '1' is not accepted; a code of 2 numbers",
    "sample letters --at 1,nan": "at: '1,nan'",
    "sample letters --at x,y": "at: 'x,y'",
    "sample letters --walk A Z": "unknown letter 'Z'",
    "sample letters --grid 1": "--grid",
    "sample letters --random 0": "--random",
    "sample letters --random 2 --seed -1": "--seed",
    "sample letters --walk A B --steps 1": "--steps",
    "sample one --grid 3": "codes of at least 2 numbers",
    "sample letters --grid 3 --out s.pdf": "s.pdf",
    "sample letters --grid 3 --out nowhere/s.png": "nowhere",
    "sample letters --grid 3 --csv nowhere/s.csv": "nowhere",
    "sample letters --grid 3 --csv s.csv --out nowhere/s.png": "nowhere",
    "sample letters --grid 3 --out letters": "--out",
    "sample missing --grid 3": "'missing' is not a folder",
    "sample empty --grid 3": "model.safetensors' does not exist",
    "reconstruct missing": "'missing' is not a folder",
    "reconstruct letters --dataset circles": "dataset: 'circles' has rows of 42 values; this model takes 35",
    "reconstruct letters --dataset none.csv": "none.csv",
    "reconstruct letters --letters ?!?": "names no row",
    "reconstruct letters --csv nowhere/r.csv": "nowhere",
    "reconstruct letters --csv r.csv --out nowhere/r.png": "nowhere",
    "report missing": "missing",
    "report empty": "result.json",
    "report": "RUN",
    "dataset preview fnt2": "did you mean 'font2'",
    "dataset preview font2 --letters ?!?": "names no row",
    "dataset preview font2 --out x.bmp": "x.bmp",
    "dataset export font2 x.txt": "x.txt",
    "dataset export font2 nowhere/x.csv": "nowhere",
    "dataset export circles x.h": "'circles' is not of 7 x 5 images",
    "dataset lst": "lst",
    "check --layers 35-40-35": "no bottleneck",
    "check --precision float32": "precision: derivatives are checked in float64",
    "check --l1 -1": "l1: -1.0 is not accepted",
    "check --kl 1 --rho 1": "rho: 1.0 is not accepted; a number above 0 and below 1 is",
    "check --rho 0.1": "rho: it is for kl",
    "check --l1 1 --sparse-layers code,decoder.2": "decoder.2 is the output",
    "train --variational --kl 1": "encoder.2 has the activation identity",
    "train --variational --kl-beta -1": "kl-beta: -1.0",
    "train --draws 3": "draws: it is for variational",
    "train --contractive 1 --probes 5": "probes: 5 for a code of 2",
    "train --contractive 1 --solver Levenberg-Marquardt": "Levenberg-Marquardt needs",
    "train --l1 1 --precision float32": "float32 is for a loss and L2 alone",
}


def one_sentence(done, part):
    assert done.exit_code == 2, done.output
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Error: ")
    assert done.stdout == ""


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_sentence_exit_2_and_nothing_written(here, words):
    (here / "empty").mkdir()
    before = sorted(here.rglob("*"))
    one_sentence(scipy_ae(*words.split()), BAD[words])
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("name", ["model.safetensors", "records.jsonl", "arrays.npz", "result.json", "spec.toml"])
@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"\xff" + data])
def test_a_damaged_run_is_one_sentence_with_the_name_of_the_file(here, name, damage):
    path = here / "letters" / name
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    before = sorted(here.rglob("*"))
    if name == "spec.toml" and damage(whole) == b"":
        return  # an empty table asks for nothing and is none the worse
    verbs = [["sample", "letters", "--grid", "3"], ["reconstruct", "letters"]]
    if name != "model.safetensors":
        verbs.append(["report", "letters"])
    for words in verbs:
        one_sentence(scipy_ae(*words), name)
    assert sorted(here.rglob("*")) == before


def test_files_of_two_runs_are_not_mixed(here):
    shutil.copy(here / "three" / "model.safetensors", here / "letters" / "model.safetensors")
    one_sentence(scipy_ae("sample", "letters", "--grid", "3"), "are not of one run")


VERBS = [["train"], ["experiment"], ["sweep"], ["sample"], ["reconstruct"], ["report"], ["info"], ["export"],
         ["dataset"], ["dataset", "list"], ["dataset", "preview"], ["dataset", "export"],
         ["solvers"], ["bench"], ["check"]]  # fmt: skip


def test_the_first_help_fits_80_columns_and_names_every_verb():
    done = CliRunner().invoke(main, ["--help"], terminal_width=80)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") for line in lines[1:])
    assert not any(line and not line.strip() for line in lines)
    assert [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]] == [
        verb[0] for verb in VERBS if len(verb) == 1
    ]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_help_shows_examples(verb):
    done = scipy_ae(*verb, "--help")
    assert done.exit_code == 0
    assert f"    scipy-ae {' '.join(verb)}" in done.stdout


def test_without_a_verb_the_help_is_shown():
    assert "Commands:" in scipy_ae().output
    assert "export" in scipy_ae("dataset").output


def test_the_version_is_told():
    from scipy_ae import __version__

    assert __version__ in scipy_ae("--version").stdout
