"""``scipy-ae train`` from outside: output, exit codes, repeats, refusals that leave nothing, Ctrl-C."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from scipy_ae.cli.app import main
from scipy_ae.persistence import load
from scipy_ae.records import History, RunFolder
from scipy_ae.report import read

SMALL = ["--layers", "35-8-2-8-35", "--letters", "5", "--iterations", "12"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scipy_ae(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_run_tells_its_outcome_and_ends_with_the_path(here):
    done = scipy_ae("train", *SMALL)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("5 letters through 2 numbers: ")
    assert "best of 12 iterations" in lines[1]
    assert lines[-1] == os.path.join("reports", "font2-bfgs-1", "index.html")
    page = here / lines[-1]
    assert page.read_text(encoding="utf-8").startswith("<!")
    assert len(list((page.parent / "figures").glob("*.png"))) >= 3
    assert not list(here.rglob("*.part"))


def test_quiet_prints_the_path_alone(here):
    done = scipy_ae("train", *SMALL, "--quiet", "--out", "mine")
    assert (done.exit_code, done.output) == (0, os.path.join("mine", "index.html") + "\n")


def test_json_prints_one_object(here):
    done = scipy_ae("train", *SMALL, "--json")
    told = json.loads(done.output)
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)
    assert told["report"] == os.path.join("reports", "font2-bfgs-1", "index.html")
    assert told["loss"] == History.read(RunFolder(Path("reports/font2-bfgs-1")).records).best.loss


REPEATED = [
    [],
    [
        "--every",
        "2",
        "--burst",
        "3",
        "--between",
        "Adam",
        "--eta",
        "0.01",
        "--no-guard",
        "--carry",
        "reset",
        "--seed",
        "5",
    ],
    ["--batch-size", "2", "--solver-option", "c1=0.01", "--init", "fan-in", "--std", "0.9", "--l2", "0.01"],
    ["--solver", "L-BFGS-B", "--code", "identity", "--beta", "1.3", "--output", "tanh", "--loss", "squared-error"],
]


@pytest.mark.parametrize("options", REPEATED)
def test_the_printed_command_repeats_the_run(here, monkeypatch, options):
    from scipy_ae import report

    monkeypatch.setattr(report, "write", lambda folder: folder.index)
    first = scipy_ae("train", *SMALL, *options, "--out", "first")
    assert first.exit_code == 0, first.output
    command = json.loads(Path("first/result.json").read_text())["command"]
    words = shlex.split(command)
    assert words[:2] == ["scipy-ae", "train"]
    again = scipy_ae(*words[1:], "--out", "again")
    assert again.exit_code == 0, again.output
    assert load("first/model.safetensors").theta.tobytes() == load("again/model.safetensors").theta.tobytes()
    other = scipy_ae(*words[1:-1], "77", "--out", "other")
    assert other.exit_code == 0
    assert load("first/model.safetensors").theta.tobytes() != load("other/model.safetensors").theta.tobytes()


def test_a_schedule_records_its_phases(here):
    done = scipy_ae("train", *SMALL[:4], "--schedule", "adam:6 L-BFGS-B:5 TNC:4", "--quiet")
    assert done.exit_code == 0, done.output
    history = History.read(here / Path(done.stdout.strip()).parent / "records.jsonl")
    assert [record.solver for record in history] == [""] + ["Adam"] * 6 + ["L-BFGS-B"] * 5 + ["TNC"] * 4


def test_a_solver_without_gradient_works(here):
    options = "--layers 35-1-35 --letters 2 --solver Powell --burst 1 --every 1 --iterations 1 --quiet"
    done = scipy_ae("train", *options.split())
    assert done.exit_code == 0, done.output


def test_target_pixels_ends_the_reference_run(here):
    done = scipy_ae("train", "--target-pixels", "0", "--json")
    told = json.loads(done.stdout)
    assert told["wrong_pixels"] == 0
    assert told["stop"] == "target reached: no row with more than 0 wrong pixels"


@pytest.mark.parametrize("flag", [[], ["--quiet"], ["--json"]])
def test_a_loss_that_leaves_the_finite_exits_with_1_and_advice(here, flag):
    options = "--dataset circles --layers 42-8-2-8-42 --activation identity --every 0 --no-guard --eta 50 --out run"
    done = scipy_ae("train", *options.split(), *flag)
    assert done.exit_code == 1
    assert "try a smaller eta, --guard, or a smaller std" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert np.isfinite(load("run/model.safetensors").theta).all()
    assert (here / "run" / "index.html").is_file()


def trained_for_a_while(folder) -> bool:
    """Whether there is a checkpoint of some state; the one at the beginning holds none."""
    checkpoint = folder / "checkpoint.safetensors"
    return checkpoint.exists() and checkpoint.stat().st_size > 50_000


def test_ctrl_c_saves_model_records_and_report(tmp_path):
    """A real process and a real signal."""
    command = [sys.executable, "-m", "scipy_ae.cli.app", "train", "--letters", "32", "--iterations", "100000",
               "--gtol", "0", "--out", "run"]  # fmt: skip
    # on a new machine the signal would come while the kernels are compiled
    subprocess.run([*command[:-1], "before", "--seconds", "0.1"], cwd=tmp_path, capture_output=True, check=True)
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 120
            while not trained_for_a_while(tmp_path / "run") and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()  # a test that is cut short must not leave a training behind
    assert process.returncode == 130, err
    assert "ending after this step" in err
    assert "Traceback" not in err
    assert out.splitlines()[-1] == os.path.join("run", "index.html")
    run = read(tmp_path / "run")
    assert run.interrupted
    assert 1 < len(run.history) < 100_000
    model = load(tmp_path / "run" / "model.safetensors")
    np.testing.assert_allclose(model.reconstruct(run.input), run.output, rtol=1e-9, atol=1e-12)
    assert run.loss == run.history.best.loss < run.history[0].loss
    assert (tmp_path / "run" / "index.html").is_file()
    assert not list(tmp_path.rglob("*.part"))


def test_progress_is_shown_where_a_terminal_is(here, monkeypatch):
    from scipy_ae.cli import display

    monkeypatch.setattr(display.sys.stderr, "isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr(display.Display, "_show", lambda self, *state: shown.append(state))
    live = display.Display(12, silent=False)
    monkeypatch.setattr(live, "_live", True)
    from scipy_ae.experiments.run import run
    from scipy_ae.experiments.setup import Setup
    from scipy_ae.experiments.spec import Spec

    with live:
        run(Setup.of(Spec(layers="35-8-2-8-35", letters="5", iterations=8)), here / "run",
            reader=live.record, pulse=live.pulse)  # fmt: skip
    assert [state[1] for state in shown if len(state) == 2] == list(range(9))
    assert "".join(live._strip) == "···█···█"
    assert any(len(state) == 3 for state in shown)


BAD = {
    "--layers 30-9-2-9-30": "layers: ",
    "--layers 35-40-35": "has no bottleneck",
    "--layers 35-two-35": "layers: '35-two-35'",
    "--activation tahn": "did you mean 'tanh'",
    "--output logistc": "did you mean 'logistic'",
    "--solver BFSG": "did you mean 'BFGS'",
    "--between adan": "did you mean 'Adam'",
    "--loss cros-entropy": "did you mean 'cross-entropy'",
    "--init fanin": "did you mean 'fan-in'",
    "--dataset font9": "did you mean 'font",
    "--std -1": "std: -1.0 is not accepted",
    "--std nan": "std: nan is not accepted",
    "--std inf": "std: inf is not accepted",
    "--std 1e200": "not finite: try a smaller std",
    "--eta -1": "eta: -1.0 is not accepted",
    "--eta nan": "eta: nan is not accepted",
    "--every -1": "every: -1 is not accepted",
    "--every four": "--every",
    "--burst 0": "burst: 0 is not accepted",
    "--iterations 0": "iterations: 0 is not accepted",
    "--iterations -5": "iterations: -5 is not accepted",
    "--batch-size 0": "batch-size: 0 is not accepted",
    "--seed -1": "seed: -1 is not accepted",
    "--beta 0": "beta: 0.0 is not accepted",
    "--l2 -1": "l2: -1.0 is not accepted",
    "--gtol nan": "gtol: nan is not accepted",
    "--seconds -1": "seconds: -1.0 is not accepted",
    "--target-loss -1": "target-loss: -1.0 is not accepted",
    "--target-pixels -1": "target-pixels: -1 is not accepted",
    "--letters nonsense!": "names no row",
    "--letters 99": "cannot choose 99 rows",
    "--schedule adam:5 --every 4": "every and schedule contradict",
    "--schedule adam": "schedule: 'adam' is not accepted",
    "--every 0 --burst 5": "burst and every 0 contradict",
    "--every 1 --eta 0.1": "eta: ",
    "--loss cross-entropy --output tanh": "cross-entropy needs an output",
    "--dataset circles --target-pixels 0": "target-pixels: ",
    "--dataset circles --loss cross-entropy": "loss: ",
    "--quiet --json": "quiet and json contradict",
    "--solver-option gtol": "solver-option: 'gtol'",
    "--solver-option foo=1": "unknown option of BFGS 'foo'",
    "--solver scipy.CG --solver-option gtol=x": "solver-option: scipy.CG does not accept",
    "--dataset missing.csv": "missing.csv",
    "--dataset nan.csv": "nan.csv",
    "--dataset empty.csv": "empty.csv",
    "--dataset inf.npy": "inf.npy",
    "--dataset rows.npy": "rows.npy",
    "--dataset nan.npz": "nan.npz",
    "--dataset pickled.npy": "pickled.npy",
    "--dataset short.h": "array 'Font3', row 1 has 3 bytes",
    "--out file": "out: 'file' is there already",
    "--out file/below": "out: cannot write to 'file/below'",
    "--out /proc/nowhere": "out: cannot write to '/proc/nowhere'",
    "--out full": "out: 'full' is there already",
    "--evry 4": "--every",
}


@pytest.fixture
def cluttered(here):
    """A folder with all kinds of damaged data."""
    (here / "nan.csv").write_text("1,2,3\n4,nan,6\n")
    (here / "empty.csv").write_text("")
    bad = np.ones((3, 4))
    bad[1, 2] = np.inf
    np.save(here / "inf.npy", bad)
    np.save(here / "rows.npy", np.empty((0, 4)))
    np.savez(here / "nan.npz", x=bad * np.nan)
    np.save(here / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    (here / "short.h").write_text("unsigned char Font3[2][7] = {{1,2,3,4,5,6,7},{1,2,3}};\n")
    (here / "file").write_text("in the way")
    (here / "full").mkdir()
    (here / "full" / "result.json").write_text("{}")
    return here


@pytest.mark.parametrize("options", BAD)
def test_bad_input_is_one_sentence_exit_2_and_nothing_written(cluttered, options):
    before = sorted(cluttered.rglob("*"))
    done = scipy_ae("train", *shlex.split(options))
    assert done.exit_code == 2, done.output
    # what is only found out by evaluating comes after word of compiling, on a machine that has yet to
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Compiling the kernels")]
    assert BAD[options] in done.stderr
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert done.stdout == ""
    assert sorted(cluttered.rglob("*")) == before


def test_an_unknown_verb_is_one_sentence(here):
    done = scipy_ae("trian")
    assert done.exit_code == 2
    assert "trian" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_not_enough_memory_is_one_sentence(here, monkeypatch):
    from scipy_ae.network import Network

    def full(*args):
        raise MemoryError("Unable to allocate 28 GiB")

    monkeypatch.setattr(Network, "initialize", full)
    done = scipy_ae("train")
    assert (done.exit_code, done.stderr) == (2, "Error: not enough memory for this: Unable to allocate 28 GiB\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("python", [shutil.which("false"), "no-such-python"])
def test_the_report_is_written_here_where_no_other_process_can(here, monkeypatch, python):
    """One that ends without a word, and one that cannot begin."""
    monkeypatch.setattr(sys, "executable", python)
    assert scipy_ae("train", *SMALL, "--quiet", "--out", "mine").exit_code == 0
    assert (here / "mine" / "index.html").read_text(encoding="utf-8").startswith("<!")
    assert (here / "mine" / "figures" / "latent-plane.png").is_file()


def test_ctrl_c_keeps_the_best_start_so_far(tmp_path):
    """A real signal to all processes, as a terminal sends it."""
    command = [sys.executable, "-m", "scipy_ae.cli.app", "train", "--letters", "5", "--iterations", "100000",
               "--gtol", "0", "--restarts", "3", "--jobs", "2", "--out", "run"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while not (tmp_path / "run").exists() and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.05)
            time.sleep(2)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert out.splitlines()[-1] == os.path.join("run", "index.html")
    run = read(tmp_path / "run")
    assert len(run.starts.rows) == 3


def test_one_start_is_todays_training_and_loads_no_joblib(tmp_path):
    words = ["train", *SMALL, "--quiet", "--restarts", "1", "--out", "one"]
    script = (
        "import sys; from scipy_ae.cli.app import main\n"
        f"try: main({words})\n"
        "except SystemExit as end: print(end.code, 'joblib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == [os.path.join("one", "index.html"), "0 False"], done.stderr
    assert not (tmp_path / "one" / "starts.json").exists()


def test_the_best_of_some_starts_is_told(here):
    done = scipy_ae("train", *SMALL, "--restarts", "3", "--jobs", "1", "--json")
    told = json.loads(done.stdout)
    starts = json.loads(Path("reports/font2-bfgs-1/starts.json").read_text())
    assert (done.exit_code, told["seed"], told["interrupted"]) == (0, starts["winner"], False)
    assert [start["seed"] for start in starts["starts"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--jobs", "2"], "jobs: it is for restarts"),
        (["--restarts", "0"], "restarts: 0 is not accepted"),
        (["--restarts", "2", "--jobs", "0"], "jobs: 0 is not accepted"),
        (["--halving"], "halving: it is for restarts"),
    ],
)
def test_starts_that_cannot_be_are_refused(here, options, message):
    done = scipy_ae("train", *SMALL, *options)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not list(here.iterdir())
