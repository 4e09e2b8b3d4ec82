"""Sweeps: how axes are read, what they are made into, and the table that comes of it."""

import csv
import json

import numpy as np
import pandas
import pytest
from click.testing import CliRunner

from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.experiments.sweep import Axis, sweep


def called(*words: str):
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("every=1,4,10", [1, 4, 10]),
        ("std=0.2:1.2:6", [0.2, 0.4, 0.6, 0.8, 1.0, 1.2]),
        ("eta=1e-4:1e-1:4:log", [1e-4, 1e-3, 1e-2, 1e-1]),
        ("burst=1:4:7", [1, 2, 3, 4]),
        ("batch-size=1:100:3:log", [1, 10, 100]),
        ("solver=BFGS, CG", ["BFGS", "CG"]),
        ("schedule=adam:500 bfgs:300,bfgs:9", ["adam:500 bfgs:300", "bfgs:9"]),
        ("guard=true,false", [True, False]),
        ("l2=0,1e-4", [0.0, 1e-4]),
    ],
)
def test_an_axis(text, values):
    found = Axis(text).values()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("every", "'every' is not accepted; NAME=VALUE,VALUE"),
        ("every=", "is not accepted; NAME=VALUE"),
        ("evry=1", "unknown field to vary 'evry': did you mean 'every'?"),
        ("seed=1,2", "unknown field to vary 'seed'"),
        ("every=1,x", "'x' in 'every=1,x' is not accepted; whole numbers are"),
        ("std=a,b", "'a' in 'std=a,b' is not accepted; numbers are"),
        ("guard=yes", "true and false are"),
        ("std=1:2:3:4", "is not accepted; NAME=VALUE"),
        ("std=1:x:3", "is not accepted; NAME=VALUE"),
        ("std=1:2:1", "is not accepted; NAME=VALUE"),
        ("std=2:1:3", "two finite numbers, the lower one first, are"),
        ("std=0:1:3:log", "two numbers above 0, the lower one first, are"),
        ("std=1:inf:3", "two finite numbers"),
        ("std=1:2", "does not say how many"),
        ("every=4,4", "names a value twice"),
    ],
)
def test_a_wrong_axis_is_told(text, sentence):
    with pytest.raises(InputError) as told:
        Axis(text).values()
    assert sentence in str(told.value)


def test_a_grid_holds_every_combination():
    made = sweep(["every=1,4", "std=0.5:1.5:3"], starts=3)
    assert made.seeds == 3
    assert [fields for _, fields in made.variants] == [
        {"every": every, "std": std} for every in (1, 4) for std in (0.5, 1.0, 1.5)
    ]
    assert made.variants[1][0] == "every 1, std 1"
    assert sweep(["every=1,4"]).variants[1] == ("4", {"every": 4})
    assert [label for label, _ in sweep(["std=0.7300001,0.7300002"]).variants] == ["0.7300001", "0.7300002"]
    with pytest.raises(InputError, match="vary: std is named twice"):
        sweep(["std=1,2", "std=3,4"])


def test_random_draws_are_the_same_for_a_seed_and_cover_the_range():
    axes = ["eta=1e-4:1e-1:log", "every=1:9", "solver=BFGS,CG"]
    one, same, other = (sweep(axes, random=200, seed=seed).variants for seed in (0, 0, 1))
    assert one == same != other
    eta = np.log10([fields["eta"] for _, fields in one])
    assert eta.min() > -4
    assert eta.max() < -1
    assert abs(np.median(eta) + 2.5) < 0.25
    assert {fields["every"] for _, fields in one} == set(range(1, 10))
    assert {fields["solver"] for _, fields in one} == {"BFGS", "CG"}


def test_a_sweep_from_the_command_line_to_a_table_that_pandas_reads(tmp_path):
    words = ("--vary", "every=1,0", "--vary", "std=0.5,0.9", "--seeds", "2", "--iterations", "8", "--letters", "4")
    told = called("sweep", *words, "--layers", "35-9-2-9-35", "--jobs", "1", "--out", tmp_path)
    assert told.exit_code == 0, told.output
    assert told.output.startswith("4 combinations, 2 starts each: 8 runs")
    folder = tmp_path / "sweep-every-std-1"
    frame = pandas.read_csv(folder / "results.csv")
    assert frame.groupby(["every", "std"]).size().to_dict() == {(e, s): 2 for e in (0, 1) for s in (0.5, 0.9)}
    assert frame["loss"].gt(0).all()
    assert set(frame["status"]) == {"done"}
    for row in csv.DictReader((folder / "results.csv").read_text(encoding="utf-8").splitlines()):
        spec = (folder / row["folder"] / "spec.toml").read_text(encoding="utf-8")
        assert f"std = {row['std']}\n" in spec
        assert f"every = {row['every']}\n" in spec
        assert f"seed = {row['seed']}\n" in spec
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert study["command"].startswith("scipy-ae sweep --vary every=1,0 --vary std=0.5,0.9 --seeds 2")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "4 combinations of parameters" in page
    assert (folder / "figures" / "grid.png").stat().st_size > 2000


def test_no_two_columns_of_the_table_have_one_name(tmp_path):
    words = ("--vary", "iterations=2,3", "--vary", "loss=squared-error,cross-entropy", "--seeds", "1", "--letters", "3")
    told = called("sweep", *words, "--layers", "35-9-2-9-35", "--jobs", "1", "--out", tmp_path)
    assert told.exit_code == 0, told.output
    frame = pandas.read_csv(tmp_path / "sweep-iterations-loss-1" / "results.csv")
    assert frame.columns.is_unique
    assert list(frame["spec_iterations"]) == list(frame["iterations"]) == [2, 2, 3, 3]
    assert frame["loss"].gt(0).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--vary", "every=1,4", "--every", "4"], "every: it is varied; give it to --vary alone"),
        (["--vary", "every=1,4", "--std", "-1"], "std: -1.0 is not accepted"),
        (["--vary", "solver=BFGS,BFSG"], "unknown solver 'BFSG': did you mean 'BFGS'?"),
        (["--vary", "every=1,-4"], "every: -4 is not accepted"),
        (["--vary", "every=0,1", "--burst", "3"], "burst and every 0 contradict each other"),
        (["--vary", "std=0.1:1"], "does not say how many"),
        ([], "Missing option '--vary'"),
    ],
)
def test_a_wrong_sweep_is_refused_before_anything_is_written(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = called("sweep", *words)
    assert told.exit_code == 2
    assert sentence in told.output
    assert list(tmp_path.iterdir()) == []
