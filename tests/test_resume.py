"""A run that was interrupted or killed goes on to the same bytes; what cannot be resumed is refused."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.optimize import rosen, rosen_der

from scipy_ae import solvers, tensors
from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.claims import claimed, locked
from scipy_ae.experiments.resume import resumable
from scipy_ae.experiments.run import Interrupt, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.starts import run_starts
from scipy_ae.persistence import load
from scipy_ae.problem import FunctionProblem
from scipy_ae.records import History, RunFolder
from scipy_ae.solvers import memories

SMALL = {"layers": "35-5-2-5-35", "letters": "5"}
FEW = {"letters": "5", "layers": "35-1-35"}
CASES = {
    "BFGS": {"iterations": 24},
    "BFGS as a matrix": {"dataset": "tiny.csv", "layers": "3-1-3", "solver": "BFGS", "every": 1, "iterations": 12},
    "BFGS as a ring": {"solver_options": ("max_memory=40000",), "iterations": 24, "every": 2},
    "reset": {"carry": "reset", "iterations": 12},
    "L-BFGS": {"solver": "L-BFGS", "every": 2, "iterations": 12, "solver_options": ("maxcor=7",)},
    "CG, momentum": {"solver": "CG", "every": 3, "between": "momentum", "iterations": 12},
    "Rprop": {"solver": "Rprop", "every": 2, "iterations": 12},
    "LM, adaptive-eta": {"solver": "lm", "every": 3, "between": "adaptive-eta", "iterations": 9, "burst": 2},
    "LM, marquardt": {"solver": "lm", "every": 3, "iterations": 6, "solver_options": ("scaling=marquardt",)},
    "Gauss-Newton": {"solver": "Gauss-Newton", "every": 3, "iterations": 6, "burst": 2},
    "Newton-CG": {"solver": "Newton-CG", "every": 3, "iterations": 6, "burst": 2},
    "trust-krylov": {"solver": "trust-krylov", "every": 3, "iterations": 6, "burst": 2},
    "Powell": {"solver": "Powell", "every": 2, "iterations": 4, "burst": 1, **FEW},
    "L-BFGS-B": {"solver": "L-BFGS-B", "every": 2, "iterations": 8},
    "scipy.BFGS": {"solver": "scipy.BFGS", "every": 2, "iterations": 8, **FEW},
    "mini-batches": {"batch_size": 2, "between": "Adam", "every": 3, "iterations": 12},
    "early stopping": {
        "letters": "all",
        "validation": 0.3,
        "test": 0.1,
        "patience": 7,
        "iterations": 400,
        "every": 2,
        "burst": 20,
        "layers": "35-12-35",
        "init": "fan-in",
        "l2": 0.0,
    },
    "early stopping in a schedule": {
        "letters": "all",
        "validation": 0.3,
        "patience": 60,
        "schedule": "adam:30 bfgs:300",
        "init": "fan-in",
        "layers": "35-12-35",
    },
    "growing rows": {
        "letters": "all",
        "burst_rows": 4,
        "burst_growth": 1.7,
        "batch_size": 5,
        "between": "Adam",
        "every": 2,
        "solver": "L-BFGS",
        "iterations": 13,
    },
    "rows in a file": {
        "dataset": "tiny.npy",
        "letters": None,
        "layers": "3-1-3",
        "mapped": True,
        "validation": 0.3,
        "burst_rows": 5,
        "burst_growth": 3.0,
        "batch_size": 4,
        "between": "Adam",
        "every": 2,
        "iterations": 8,
    },
    "noise by bursts": {"noise": "flip:1", "copies": 2, "redraw": "burst", "every": 2, "iterations": 9},
    "noise by steps": {"noise": "flip:1", "copies": 2, "redraw": "step", "every": 3, "iterations": 9},
    "drawn codes": {"variational": True, "draws": 2, "redraw": "burst", "every": 3, "iterations": 9},
    "float32": {"precision": "float32", "iterations": 12},
    "schedule": {"schedule": "adam:60 bfgs:60"},
    "all over": {"schedule": "gd:30 momentum:30 L-BFGS-B:8 cg:30 TNC:4 lbfgs:30 adaptive:26"},
    "schedule of mini-batches": {"schedule": "adam:6 bfgs:30 momentum:5", "batch_size": 2},
    "a phase that ends early": {"schedule": "adam:26 trust-exact:40 bfgs:30", "solver_options": ("gtol=1",), **FEW},
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("tiny.csv", np.random.default_rng(0).uniform(size=(6, 3)), delimiter=",")
    np.save("tiny.npy", np.random.default_rng(0).integers(0, 256, (40, 3), dtype=np.uint8))
    return tmp_path


def setup(**given):
    return Setup.of(Spec(**(SMALL | given)))


def run_and_copy(made, path, monkeypatch):
    """The outcome of a run that keeps a checkpoint at each boundary, and copies of its folder as each was kept."""
    copies = []
    keep = checkpoint.Keeper._keep

    def keep_and_copy(self, there):
        keep(self, there)
        copies.append(path.with_name(f"{path.name}-{len(copies)}"))
        shutil.copytree(path, copies[-1])

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "INTERVAL", 0.0)
        patched.setattr(checkpoint, "SPARING", 0.0)
        patched.setattr(checkpoint.Keeper, "_keep", keep_and_copy)
        return run(made, path), copies


def same(one, other):
    """Asserts that two run folders tell of the same training, but for the seconds; the film to the last byte."""
    assert RunFolder(one).film.read_bytes() == RunFolder(other).film.read_bytes()
    models = [load(RunFolder(path).model) for path in (one, other)]
    assert models[0].theta.tobytes() == models[1].theta.tobytes()
    told = [[replace(record, seconds=0.0) for record in History.read(RunFolder(path).records)] for path in (one, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize("given", CASES.values(), ids=CASES)
def test_from_each_boundary_a_run_goes_on_to_the_same_bytes(here, monkeypatch, given):
    made = setup(**given)
    outcome, copies = run_and_copy(made, here / "run", monkeypatch)
    assert len(copies) > 2
    assert not RunFolder(here / "run").checkpoint.exists()
    chosen = {1, len(copies) // 2, len(copies) - 2, len(copies) - 1}
    for copy in (copies[place] for place in sorted(chosen)):
        again = run(resumable(copy), copy, resume=True)
        same(here / "run", copy)
        assert again.result["evaluations"] == outcome.result["evaluations"]
        assert sorted(file.name for file in copy.iterdir()) == sorted(file.name for file in (here / "run").iterdir())
        seconds = again.history.column("seconds")
        assert (np.diff(seconds) >= 0).all()


def test_a_run_without_a_snapshot_begins_anew(here):
    made = setup(iterations=12)
    run(made, here / "run")
    interrupt = Interrupt()

    def reader(record):
        interrupt.asked = record.iteration >= 3

    cut = run(setup(iterations=12), here / "cut", reader=reader, interrupt=interrupt)
    assert cut.result["interrupted"]
    assert RunFolder(here / "cut").checkpoint.is_file()
    assert not RunFolder(here / "cut").lock.exists()
    run(resumable(here / "cut"), here / "cut", resume=True)
    same(here / "run", here / "cut")
    with pytest.raises(InputError, match=r"resume: the run '.*cut' is finished \(all iterations made\)"):
        resumable(here / "cut")


def test_an_interrupted_run_goes_on_from_its_last_snapshot(here, monkeypatch):
    run(setup(iterations=40), here / "run")
    interrupt = Interrupt()

    def reader(record):
        interrupt.asked = record.iteration >= 20

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "INTERVAL", 0.0)
        patched.setattr(checkpoint, "SPARING", 0.0)
        run(setup(iterations=40), here / "cut", reader=reader, interrupt=interrupt)
    told = run(resumable(here / "cut"), here / "cut", resume=True).result["notes"]
    assert any(note.startswith("Resumed after iteration 2") for note in told)
    same(here / "run", here / "cut")


KILLED = {
    "BFGS": {"iterations": 300},
    "a hand-over": {"schedule": "adam:1000 bfgs:500"},
    "mini-batches": {"iterations": 300, "batch_size": 3, "between": "Adam", "every": 7},
    "L-BFGS-B": {"iterations": 200, "solver": "L-BFGS-B", "every": 2},
}


@pytest.mark.parametrize("given", KILLED.values(), ids=KILLED)
def test_killed_without_warning_a_run_goes_on_to_the_same_bytes(here, given):
    """A real process and SIGKILL, which nobody can catch."""
    given = {**SMALL, "letters": "10", "gtol": 0, **given}
    run(Setup.of(Spec(**given)), here / "run")
    folder = RunFolder(here / "killed")
    command = [sys.executable, "-c", SLOW, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None and not _has_snapshot(folder):
                time.sleep(0.01)
            time.sleep(0.1)
            with pytest.raises(InputError, match="is being written by another process"):
                run(resumable(folder.path), folder.path, resume=True)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL, process.communicate()
    assert not folder.result.exists()
    notes = run(resumable(folder.path), folder.path, resume=True).result["notes"]
    assert any(note.startswith("Resumed after iteration") for note in notes)
    same(here / "run", here / "killed")
    assert not [file for file in folder.path.iterdir() if file.name.startswith((".", "checkpoint"))]


def _has_snapshot(folder):
    """Whether the checkpoint holds arrays; before, it has but a few words."""
    return folder.checkpoint.exists() and folder.checkpoint.stat().st_size > 5000


#: A run with many checkpoints, and so slow that it can be killed in the middle.
SLOW = """
import json, sys, time
from pathlib import Path
from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
checkpoint.INTERVAL, checkpoint.SPARING = 0.01, 0.0
look = checkpoint.Keeper.look
def rest_and_look(*of_the_training):
    time.sleep(0.05)
    look(*of_the_training)
checkpoint.Keeper.look = rest_and_look
run(Setup.of(Spec(**json.loads(sys.argv[1]))), Path("killed"))
"""


def test_the_command_goes_on_with_a_run(unfinished):
    told = CliRunner().invoke(main, ["train", "--resume", "cut", "--json"])
    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert (result["interrupted"], result["stop"]) == (False, "all iterations made")
    assert unfinished.index.is_file()
    run(setup(dataset="own.csv", letters=None, layers="6-4-2-4-6", iterations=40), Path("run"))
    same(Path("run"), unfinished.path)
    again = CliRunner().invoke(main, ["train", "--resume", "cut"])
    assert (again.exit_code, again.stderr.splitlines()) == (
        2,
        ["Error: resume: the run 'cut' is finished (all iterations made); there is nothing to go on with"],
    )


def test_a_process_that_dies_while_it_writes_leaves_the_checkpoint_before(here):
    """Killed between the records and the checkpoint, and within the file of the checkpoint."""
    run(setup(iterations=60), here / "run")
    for name in ("records", "checkpoint"):
        spec = f"from scipy_ae.experiments.spec import Spec; spec = Spec(iterations=60, **{SMALL!r})"
        done = subprocess.run([sys.executable, "-c", f"{spec}; name = {name!r}{DYING}"], check=False)
        assert done.returncode == -signal.SIGKILL
        assert list((here / name).glob(".*.part")) or name == "records"
        run(resumable(here / name), here / name, resume=True)
        same(here / "run", here / name)
        assert not list((here / name).glob(".*"))


DYING = """
import os, signal
from pathlib import Path
from scipy_ae import tensors
from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
checkpoint.INTERVAL, checkpoint.SPARING = 0.0, 0.0
written, write, aside = [], tensors.write, tensors.write_aside
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def write_or_die(*arguments, **more):
    written.append(1)
    if len(written) == 20 and name == "records":
        die()
    write(*arguments, **more)
def aside_or_die(path, put):
    def put_half(part):
        put(part)
        if len(written) == 20:
            os.truncate(part, 1000)
            die()
    aside(path, put_half)
tensors.write, tensors.write_aside = write_or_die, aside_or_die
run(Setup.of(spec), Path(name))
"""


@pytest.fixture
def unfinished(here):
    """The folder of a run of one's own data that was left at a snapshot."""
    np.savetxt("own.csv", np.random.default_rng(0).uniform(size=(5, 6)), delimiter=",")
    interrupt = Interrupt()

    def reader(record):
        interrupt.asked = record.iteration >= 8

    made = setup(dataset="own.csv", letters=None, layers="6-4-2-4-6", iterations=40)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checkpoint, "INTERVAL", 0.0)
        patched.setattr(checkpoint, "SPARING", 0.0)
        return run(made, here / "cut", reader=reader, interrupt=interrupt).folder


def _another_program(folder):
    _say(folder, program="0.0.9")


def _another_format(folder):
    _say(folder, version=9)


def _another_network(folder):
    said = _said(folder)
    _say(folder, asked={**said["asked"], "layers": "6-3-2-3-6"})


def _one_restart_more(folder):
    said = _said(folder)
    _say(folder, asked={**said["asked"], "restarts": 3})


def _an_unknown_setting(folder):
    said = _said(folder)
    _say(folder, asked={**said["asked"], "colour": "green"})


def _another_snapshot(folder):
    said = _said(folder)
    _say(folder, state={**said["state"], "iteration": 3})


def _said(folder):
    with tensors.opened(folder.checkpoint, checkpoint.FORMAT, checkpoint.VERSION, "checkpoint") as file:
        return file.specification


def _say(folder, version=checkpoint.VERSION, **other):
    """Write the checkpoint anew, with other words."""
    with tensors.opened(folder.checkpoint, checkpoint.FORMAT, checkpoint.VERSION, "checkpoint") as file:
        arrays = {name: file.array(name) for name in file.entries}
        said = {**file.specification, **other}
    tensors.write(folder.checkpoint, checkpoint.FORMAT, version, said, arrays)


def _a_model_in_its_place(folder):
    shutil.copy(folder.model, folder.checkpoint)


FOREIGN = {
    "was begun by scipy-ae 0.0.9; only that version": _another_program,
    "has version 9; this program reads 3": _another_format,
    "is not the spec that the run": _another_network,
    "is a run of several starts": _one_restart_more,
    r"is damaged \(.*colour": _an_unknown_setting,
    "its contents are not what was written": _another_snapshot,
    "is a safetensors file, but not a checkpoint": _a_model_in_its_place,
    "are no longer those the run began with": lambda folder: Path("own.csv").write_text("1,0,1,0,1,0\n0,1,0,1,0,1\n"),
    "has no checkpoint, though": lambda folder: folder.checkpoint.unlink(),
    "does not hold its": lambda folder: folder.records.write_text(folder.records.read_text().replace("0", "1", 1)),
    "cannot read .*records": lambda folder: folder.records.unlink(),
    "is not a readable safetensors file": lambda folder: folder.checkpoint.write_bytes(b"not at all"),
    "seed. is not accepted|seed: ": lambda folder: folder.spec.write_text('seed = "a"\n'),
}


@pytest.mark.parametrize(("sentence", "spoil"), FOREIGN.items(), ids=range(len(FOREIGN)))
def test_what_is_not_this_run_is_refused_and_left_as_it_is(unfinished, sentence, spoil):
    spoil(unfinished)
    before = {file.name: file.read_bytes() for file in unfinished.path.iterdir()}
    done = CliRunner().invoke(main, ["train", "--resume", str(unfinished.path)])
    assert done.exit_code == 2, done.output
    assert re.search(sentence, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {file.name: file.read_bytes() for file in unfinished.path.iterdir()} == before


@pytest.mark.parametrize("place", ["nowhere", "own.csv", "reports", "cut/records.jsonl"])
def test_what_is_no_run_is_refused(unfinished, here, place):
    (here / "reports").mkdir()
    done = CliRunner().invoke(main, ["train", "--resume", place])
    assert done.exit_code == 2
    assert re.fullmatch(rf"Error: resume: '{place}' is not .*\n", done.stderr)


OTHERS = ["--seed 3", "--layers 6-4-2-4-6", "--out cut", "--iterations 40", "--no-guard", "--jobs 2", "--gtol 0"]


@pytest.mark.parametrize("option", OTHERS)
def test_settings_and_resume_contradict_each_other(unfinished, option):
    done = CliRunner().invoke(main, ["train", "--resume", "cut", *option.split()])
    assert done.exit_code == 2
    name = option.split()[0].strip("-").removeprefix("no-")
    assert f"{name} and resume contradict each other" in done.stderr


def test_a_folder_with_an_unfinished_run_says_how_to_go_on(unfinished):
    done = CliRunner().invoke(main, ["train", "--out", "cut"])
    assert done.exit_code == 2
    assert "out: 'cut' is there already" in done.stderr
    assert "--resume 'cut' goes on with the run in it" in done.stderr


def test_of_two_processes_one_gets_an_empty_folder(here):
    (here / "run").mkdir()
    with claimed(here / "run"), pytest.raises(InputError, match=r"is there already"):
        run(setup(), here / "run")
    with (
        locked(RunFolder(here / "run")),
        pytest.raises(InputError, match="another process"),
        locked(RunFolder(here / "run")),
    ):
        pass
    assert list((here / "run").iterdir()) == []


def test_no_damaged_byte_of_a_checkpoint_escapes(unfinished):
    data, rng = unfinished.checkpoint.read_bytes(), np.random.default_rng(0)
    header = 8 + int.from_bytes(data[:8], "little")
    places = [*range(16), *rng.integers(16, header, 150), *rng.integers(header, len(data), 20)]
    setup_then = resumable(unfinished.path)
    refused = 0
    for place in places:
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << int(rng.integers(8))
        unfinished.checkpoint.write_bytes(spoilt)
        refused += _refused(unfinished, setup_then)
    for length in [*range(12), *rng.integers(12, len(data), 30), len(data) - 1]:
        unfinished.checkpoint.write_bytes(data[:length])
        assert _refused(unfinished, setup_then)
    assert refused > 0.9 * len(places)


def _refused(folder, setup_then):
    try:
        resumable(folder.path)
        checkpoint.read(folder, setup_then)
    except InputError:
        return True
    return False


def test_a_failing_run_leaves_what_can_be_resumed_and_nothing_else(here, monkeypatch):
    def failing(record):
        if record.iteration == 30:
            raise RuntimeError("of a reader")

    with pytest.raises(RuntimeError):
        run(setup(iterations=60), here / "early", reader=failing)
    assert not (here / "early").exists()
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "INTERVAL", 0.0)
        patched.setattr(checkpoint, "SPARING", 0.0)
        with pytest.raises(RuntimeError):
            run(setup(iterations=60), here / "late", reader=failing)
    run(resumable(here / "late"), here / "late", resume=True)
    run(setup(iterations=60), here / "run")
    same(here / "run", here / "late")


def test_a_disk_that_takes_no_checkpoint_does_not_end_the_run(here, monkeypatch):
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)

    def reader(record):
        if record.iteration == 4:
            (here / "run" / "records.jsonl").unlink()
            (here / "run" / "records.jsonl").mkdir()
        if record.iteration == 12:
            (here / "run" / "records.jsonl").rmdir()

    monkeypatch.setattr(checkpoint, "SPARING", 0.0)
    notes = run(setup(iterations=20), here / "run", reader=reader).result["notes"]
    assert any(note.startswith("No further checkpoint could be written: ") for note in notes)


SPOILT = {
    "DirectionSum": [
        ("whole", 1, 10**6),
        ("whole", 1, -1),
        ("whole", 0, 10**6),
        ("A", None, (3, 4)),
        ("B", None, (1, 1)),
    ],
    "PairRing": [("whole", 3, 99), ("whole", 0, 50), ("whole", 4, 7), ("B", None, (2, 2)), ("v", None, (0,))],
    "DenseMatrix": [("A", None, (4, 4)), ("B", None, (1, 8)), ("whole", 2, 2)],
    "Conjugate": [("whole", 5, 2), ("p", None, (3,)), ("g", None, (3,)), ("reals", None, (2,))],
}


@pytest.mark.parametrize("kind", SPOILT)
def test_what_would_lead_compiled_code_astray_is_refused(kind):
    memory = _learned(kind)
    table, arrays = memories.to_plain(memory)
    assert repr(memories.from_plain(table, arrays, 8)) == repr(memory)
    for name, place, value in SPOILT[kind]:
        spoilt = {key: array.copy() for key, array in arrays.items()}
        if place is None:
            spoilt[name] = np.zeros(value)
        else:
            spoilt[name][place] = value
        with pytest.raises(InputError, match="memory: what a solver had learned is damaged"):
            memories.from_plain(table, spoilt, 8)
    for other in ({"kind": "Solver"}, {"kind": None}, {}, {**table, "kind": "Moments"}):
        with pytest.raises(InputError, match="damaged"):
            memories.from_plain(other, arrays, 8)
    with pytest.raises(InputError, match="damaged"):
        memories.from_plain(table, arrays, 9)


def _learned(kind):
    """A memory of that kind after some steps on eight weights."""
    solver, steps = {
        "DirectionSum": ("BFGS", 5), "DenseMatrix": ("BFGS", 12), "PairRing": ("L-BFGS", 6), "Conjugate": ("CG", 5),
    }[kind]  # fmt: skip
    memory = solvers.get(solver).solve(FunctionProblem(rosen, rosen_der), np.tile([-1.2, 1.0], 4), maxiter=steps).memory
    assert type(memory).__name__ == kind
    return memory


def test_runs_of_several_starts_are_refused_killed_or_interrupted(here):
    interrupt = Interrupt()
    interrupt.asked = True
    made = setup(restarts=3, iterations=4)
    cut = run_starts(made, here / "cut", jobs=1, interrupt=interrupt).folder
    assert not cut.checkpoint.exists()
    with claimed(here / "killed") as folder:
        checkpoint.Keeper(folder, made).begin()
    for path in (cut.path, folder.path):
        with pytest.raises(InputError, match=r"several starts, which cannot be resumed; begin anew: .* --restarts 3"):
            resumable(path)
