"""A run that was interrupted or killed goes on to the same bytes; what cannot be resumed is refused."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.resume import resumable
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.persistence import load
from scipy_ae.records import History, RunFolder

SMALL = {"layers": "35-5-2-5-35", "letters": "5"}
FEW = {"letters": "5", "layers": "35-1-35"}
CASES = {
    "BFGS": {"iterations": 24},
    "BFGS as a matrix": {"dataset": "tiny.csv", "layers": "3-1-3", "solver": "BFGS", "every": 1, "iterations": 12},
    "BFGS as a ring": {"solver_options": ("max_memory=40000",), "iterations": 24, "every": 2},
    "reset": {"carry": "reset", "iterations": 12},
    "L-BFGS": {"solver": "L-BFGS", "every": 2, "iterations": 12, "solver_options": ("maxcor=7",)},
    "CG, momentum": {"solver": "CG", "every": 3, "between": "momentum", "iterations": 12},
    "LM, adaptive-eta": {"solver": "lm", "every": 3, "between": "adaptive-eta", "iterations": 9, "burst": 2},
    "LM, marquardt": {"solver": "lm", "every": 3, "iterations": 6, "solver_options": ("scaling=marquardt",)},
    "Gauss-Newton": {"solver": "Gauss-Newton", "every": 3, "iterations": 6, "burst": 2},
    "Newton-CG": {"solver": "Newton-CG", "every": 3, "iterations": 6, "burst": 2},
    "trust-krylov": {"solver": "trust-krylov", "every": 3, "iterations": 6, "burst": 2},
    "Powell": {"solver": "Powell", "every": 2, "iterations": 4, "burst": 1, **FEW},
    "L-BFGS-B": {"solver": "L-BFGS-B", "every": 2, "iterations": 8},
    "scipy.BFGS": {"solver": "scipy.BFGS", "every": 2, "iterations": 8, **FEW},
    "mini-batches": {"batch_size": 2, "between": "Adam", "every": 3, "iterations": 12},
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
    """Asserts that two run folders tell of the same training, but for the seconds."""
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
