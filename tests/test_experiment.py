"""Recipes and studies: the files that ship, what a wrong one is told, and a study from training to page."""

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from scipy_ae import report
from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.experiments import recipe as recipes
from scipy_ae.experiments.run import Interrupt
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.study import run_study

SMALL = """
title = "How often?"
about = "A small study <b>of</b> two values."
claim = "Often is better."
source = "Nobody."

[run]
letters = "A,B,C,D"
layers = "35-10-2-10-35"
init = "fan-in"
iterations = 24

[study]
vary = "every"
values = [1, 0]
labels = ["1", "never"]
seeds = 5
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "study-small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def called(*words: str):
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "results.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("name", recipes.names())
def test_a_shipped_recipe_can_be_set_up(name):
    recipe = recipes.find(name)
    setups = [Setup.of(case.spec) for case in recipe.cases()]
    assert len(setups) == max(1, len(recipe.variants))
    assert recipe.is_study or not name.startswith("study-")
    shown = called("experiment", "show", name)
    assert shown.exit_code == 0
    assert shown.output.count("scipy-ae train") == len(setups)


def test_the_published_parameters_are_in_the_recipes():
    first, second = (Setup.of(recipes.find(name).cases()[0].spec).spec for name in ("font-solver", "font-solver-2"))
    assert (first.eta, first.iterations, first.every, first.std) == (0.0085, 220, 4, 0.73)
    assert (second.eta, second.every, second.std, second.layers) == (0.0073, 2, 0.68, "35-29-21-2-21-29-35")
    every = recipes.find("study-every")
    assert [case.spec.every for case in every.cases()] == [1, 2, 4, 7, 10, 30, 50, 150, 0]
    assert [case.label for case in every.cases()][-1] == "never"
    eta = recipes.find("study-eta").cases()[-1]
    assert (eta.label, eta.spec.between, eta.spec.eta) == ("adaptive", "adaptive-eta", 0.01)


def test_the_list_names_every_recipe():
    lines = called("experiment", "list").output.splitlines()
    assert [line.split()[0] for line in lines] == recipes.names()
    assert "font-solver" in recipes.names()


def test_what_the_user_gave_stands_above_the_recipe():
    recipe = recipes.find("font-solver-2")
    assert recipe.cases({"every": 10})[0].spec == Spec(layers="35-29-21-2-21-29-35", every=10, eta=0.0073, std=0.68)
    with pytest.raises(InputError, match="std: study-std varies it"):
        recipes.find("study-std").cases({"std": 1.0})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("title", "titel"), "unknown key 'titel': did you mean 'title'?"),
        (('about = "A small study <b>of</b> two values."', ""), "about: it is missing"),
        (('source = "Nobody."', "source = 3"), "source: 3 is not accepted; text is"),
        (("iterations = 24", "iteration = 24"), "unknown key 'iteration': did you mean 'iterations'?"),
        (("iterations = 24", 'iterations = "many"'), "iterations: 'many' is not accepted; a whole number is"),
        (('init = "fan-in"', 'schedule = "adam:5"'), "every and schedule contradict each other"),
        (("seeds = 5", "seeds = 0"), "seeds: 0 is not accepted"),
        (('vary = "every"', 'vary = "evry"'), "unknown field to vary 'evry': did you mean 'every'?"),
        (("values = [1, 0]", "values = [1]"), "values: [1] is not accepted; a list of at least two is"),
        (('["1", "never"]', '["1"]'), "labels: ['1'] is not accepted"),
        (('["1", "never"]', '["1", "1"]'), "two runs have the same label"),
        (("seeds = 5", "cases = []"), "vary and cases contradict each other"),
        (("[study]", "[study"), "is not TOML"),
    ],
)
def test_a_wrong_recipe_is_told_by_file_and_key(change, sentence, small):
    small.write_text(SMALL.replace(*change), encoding="utf-8")
    told = called("experiment", "run", small, "--out", small.parent / "reports")
    assert told.exit_code == 2
    assert sentence in told.output
    assert small.name in told.output
    assert not (small.parent / "reports").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["font-solvr"], "unknown recipe 'font-solvr': did you mean 'font-solver'?"),
        (["no.toml"], "cannot read the recipe 'no.toml'"),
        (["font-solver", "--seeds", "2"], "seeds: it is for studies"),
        (["study-every", "--every", "3"], "every: study-every varies it"),
        (["font-solver", "--std", "-1"], "std: -1.0 is not accepted"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_written(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = called("experiment", "run", *words)
    assert told.exit_code == 2
    assert sentence in told.output
    assert list(tmp_path.iterdir()) == []


def test_a_single_recipe_runs_as_train_does(tmp_path):
    out = tmp_path / "reports"
    told = called("experiment", "run", "font-solver", "--letters", "A,B,C", "--iterations", "6", "--out", out)
    assert told.exit_code == 0
    spec = tomllib.loads((out / "font-solver-1" / "spec.toml").read_text(encoding="utf-8"))
    assert (spec["std"], spec["every"], spec["letters"], spec["iterations"]) == (0.73, 4, "A,B,C", 6)
    assert told.output.splitlines()[-1].endswith("font-solver-1/index.html")
    assert (out / "font-solver-1" / "index.html").exists()


def test_a_study_from_training_to_page(small, tmp_path):
    out = tmp_path / "reports"
    told = called("experiment", "run", small, "--out", out, "--gtol", "0")
    assert told.exit_code == 0, told.output
    folder = out / "study-small-1"
    assert "Best is every 1: it beats each of the others from at least 5 of 5 starts." in told.output
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert study["command"] == f"scipy-ae experiment run {small} --gtol 0.0"
    rows = table(folder)
    assert [(row["value"], row["seed"]) for row in rows] == [(v, s) for v in ("1", "never") for s in "01234"]
    for value in study["values"]:
        kept = json.loads((folder / value["folder"] / "result.json").read_text(encoding="utf-8"))
        losses = sorted(run["loss"] for run in value["runs"])
        assert kept["loss"] == sorted(value["runs"], key=lambda run: (run["wrong_pixels"], run["loss"]))[2]["loss"]
        curve = np.array(value["curve"])
        assert curve[-1, 2:] == pytest.approx(losses[::2], rel=1e-5)
        assert (np.diff(curve[:, 3]) <= 0).all()
        # the command printed for a value is the run of its first start
        spec = next(case.spec for case in recipes.read(small).cases({"gtol": 0.0}) if case.label == value["label"])
        assert value["command"] == spec.command()
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "A small study &lt;b&gt;of&lt;/b&gt; two values." in page
    assert "Often is better." in page
    assert page.count("<img") == 2 + 2 * 2
    for name in ("loss-iterations", "loss-seconds", "0-latent-plane", "1-inputs-outputs"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 2000
    assert report.write(folder) == folder / "index.html"


def test_the_same_seeds_give_the_same_numbers(small, tmp_path):
    recipe, given = recipes.read(small), {"iterations": 6}
    tables = []
    for name in ("a", "b"):
        run_study(recipe, tmp_path / name, given=given, seeds=2, command="")
        rows = table(tmp_path / name)
        tables.append([{key: cell for key, cell in row.items() if key != "seconds"} for row in rows])
    assert tables[0] == tables[1]
    assert len(tables[0]) == 4


def test_an_interrupted_study_keeps_what_is_done(small, tmp_path):
    interrupt = Interrupt()

    def watch(value, start, done, of):
        interrupt.asked = done == 3

    study = run_study(recipes.read(small), tmp_path / "s", given={}, command="", watch=watch, interrupt=interrupt)
    assert study["interrupted"]
    assert [len(value["runs"]) for value in study["values"]] == [2, 1]
    assert study["finding"].startswith("Undecided: every 1 has the best median, but one start does not tell it from")
    assert "interrupted" in report.write(tmp_path / "s").read_text(encoding="utf-8")


def test_a_value_that_is_never_finite_does_not_stop_the_others(small, tmp_path):
    small.write_text(
        SMALL.replace('vary = "every"\nvalues = [1, 0]\nlabels = ["1", "never"]', 'vary = "std"\nvalues = [1.0, 1e200]')
        .replace('"35-10-2-10-35"', '"35-10-2-10-35"\nactivation = "identity"\noutput = "identity"')
        .replace("iterations = 24", "iterations = 4"),
        encoding="utf-8",
    )
    study = run_study(recipes.read(small), tmp_path / "s", given={}, seeds=2, command="")
    good, bad = study["values"]
    assert [run["loss"] is None for run in good["runs"] + bad["runs"]] == [False, False, True, True]
    assert bad["folder"] == ""
    assert "not finite" in bad["why"]
    assert "No start of this value stayed finite" in report.write(tmp_path / "s").read_text(encoding="utf-8")
