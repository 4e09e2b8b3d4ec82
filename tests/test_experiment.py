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
from scipy_ae.experiments.crew import Crew
from scipy_ae.experiments.plan import Plan
from scipy_ae.experiments.run import Interrupt
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.study import run_study
from scipy_ae.experiments.trials import train_trial

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
expect = { better = ["1"], than = ["never"] }
seeds = 6
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
        (("seeds = 6", "seeds = 0"), "seeds: 0 is not accepted"),
        (('vary = "every"', 'vary = "evry"'), "unknown field to vary 'evry': did you mean 'every'?"),
        (("values = [1, 0]", "values = [1]"), "values: [1] is not accepted; a list of at least two is"),
        (('["1", "never"]', '["1"]'), "labels: ['1'] is not accepted"),
        (('["1", "never"]', '["1", "1"]'), "two runs have the same label"),
        (('than = ["never"]', 'than = ["nevr"]'), "unknown label in expect 'nevr': did you mean 'never'?"),
        (('better = ["1"], ', ""), "expect: better and than belong together"),
        (('better = ["1"]', 'better = "1"'), "better: '1' is not accepted; a list of at least one is"),
        (('vary = "every"\nvalues = [1, 0]', 'vary = "seed"\nvalues = [1, 0]'), "seed cannot be varied"),
        (("seeds = 6", "cases = []"), "vary and cases contradict each other"),
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


def study_of(path, root, *, given=None, seeds=None, **more):
    return run_study(Plan.of(recipes.read(path), given or {}, seeds), root, command="", **more)


def test_a_study_from_training_to_page(small, tmp_path):
    out = tmp_path / "reports"
    told = called("experiment", "run", small, "--out", out, "--gtol", "0", "--jobs", "1")
    assert told.exit_code == 0, told.output
    folder = out / "study-small-1"
    assert "Best is every 1: it beats each of the others from at least 6 of 6 starts." in told.output
    assert "Our data bear it out: every 1 beats each" in told.output
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert study["command"] == f"scipy-ae experiment run {small} --gtol 0.0"
    rows = table(folder)
    assert [(row["value"], row["seed"]) for row in rows] == [(v, s) for v in ("1", "never") for s in "012345"]
    assert [row["every"] for row in rows] == ["1"] * 6 + ["0"] * 6
    for row in rows:
        result = json.loads((folder / row["folder"] / "result.json").read_text(encoding="utf-8"))
        assert (float(row["loss"]), int(row["wrong_pixels"])) == (result["loss"], result["wrong_pixels"])
    for value in study["values"]:
        kept = json.loads((folder / value["folder"] / "result.json").read_text(encoding="utf-8"))
        losses = sorted(run["loss"] for run in value["runs"])
        assert kept["loss"] == sorted(value["runs"], key=lambda run: (run["wrong_pixels"], run["loss"]))[2]["loss"]
        curve = np.array(value["curve"])
        assert curve[-1, 2:] == pytest.approx(np.quantile(losses, [0.25, 0.5, 0.75]), rel=1e-5)
        assert (np.diff(curve[:, 3]) <= 0).all()
        # the command printed for a value is the run of its first start
        spec = next(case.spec for case in recipes.read(small).cases({"gtol": 0.0}) if case.label == value["label"])
        assert value["command"] == spec.command()
        assert (folder / value["folder"] / "index.html").exists()
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "A small study &lt;b&gt;of&lt;/b&gt; two values." in page
    assert "Often is better." in page
    assert f'href="{study["values"][1]["folder"]}/index.html"' in page
    assert page.count("<img") == 2 + 2 * 2
    for name in ("loss-iterations", "loss-seconds", "0-latent-plane", "1-inputs-outputs"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 2000
    assert report.write(folder) == folder / "index.html"


@pytest.mark.parametrize(
    ("lang", "said"), [("es", "El mejor es every 1: supera"), ("pt", "O melhor é every 1: supera")]
)
def test_a_study_and_its_index_speak_other_languages(lang, said, small, tmp_path):
    study_of(small, tmp_path / "study-small-1")
    assert report.write(tmp_path / "study-small-1", lang=lang) == tmp_path / "study-small-1" / "index.html"
    page = (tmp_path / "study-small-1" / "index.html").read_text(encoding="utf-8")
    index = report.write(tmp_path, lang=lang).read_text(encoding="utf-8")
    for text in (page, index):
        assert f'<html lang="{lang}">' in text
        assert said in text
        for english in ("Best is", "from the same", "starts", "wrong pixel", "iterations made", "What the"):
            assert english not in text.replace(SMALL.split('"')[3], ""), english
    assert "Often is better." in page  # the recipe's own words stay


def test_what_is_finished_is_not_done_again(small, tmp_path):
    out, words = tmp_path / "reports", ("--jobs", "1", "--iterations", "6", "--out", tmp_path / "reports")
    first = called("experiment", "run", small, "--seeds", "2", *words)
    assert first.exit_code == 0, first.output
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*/*/*/records.jsonl")}
    assert len(kept) == 4
    again = called("experiment", "run", small, "--seeds", "3", *words)
    assert "4 of 6 runs are done already" in again.output
    assert [path.name for path in out.glob("study*")] == ["study-small-1"]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(table(out / "study-small-1")) == 6
    other = called("experiment", "run", small, "--seeds", "1", *words, "--std", "0.5")
    assert other.exit_code == 0, other.output
    assert (out / "study-small-2").exists()
    single = ("experiment", "run", "font-solver", *words[2:], "--letters", "3")
    assert "done already" not in called(*single).output
    assert "done already" in called(*single).output
    assert [path.name for path in out.glob("font-solver*")] == ["font-solver-1"]
    assert '<html lang="pt">' not in (out / "font-solver-1" / "index.html").read_text(encoding="utf-8")
    called(*single, "--lang", "pt")
    assert '<html lang="pt">' in (out / "font-solver-1" / "index.html").read_text(encoding="utf-8")
    several = tmp_path / "several.toml"
    several.write_text(
        'title = "t"\nabout = "a"\n[run]\nletters = "3"\nrestarts = 2\niterations = 4\n', encoding="utf-8"
    )
    assert called("experiment", "run", several, *words[2:4], "--out", out).exit_code == 0
    assert (out / "several-1" / "starts.json").exists()


def test_the_same_seeds_give_the_same_numbers_in_any_process(small, tmp_path):
    tables = []
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        told = called("experiment", "run", small, "--iterations", "6", "--seeds", "2", "--jobs", jobs, "--out", out)
        assert told.exit_code == 0, told.output
        rows = table(out / "study-small-1")
        timed = ("seconds", "clean_seconds", "loss_at_equal_seconds", "wrong_pixels_at_equal_seconds")
        tables.append([{key: cell for key, cell in row.items() if key not in timed} for row in rows])
    assert tables[0] == tables[1]
    assert len(tables[0]) == 4


def test_an_interrupted_study_keeps_what_is_done_and_goes_on(small, tmp_path):
    interrupt = Interrupt()

    def watch(name, done, of):
        interrupt.asked = done == 3

    crew = Crew(1, interrupt, None)
    study = study_of(small, tmp_path / "s", crew=crew, watch=watch, interrupt=interrupt)
    assert study["missing"] == 9
    done = [[run["status"] == "done" for run in value["runs"]] for value in study["values"]]
    assert [sum(runs) for runs in done] == [2, 1]
    assert study["finding"][0]["key"] == "undecided"
    page = report.write(tmp_path / "s").read_text(encoding="utf-8")
    assert "9 runs of this study have not ended. The same command goes on with them." in page
    assert "is in front, but one start does not tell it from" in page
    study = study_of(small, tmp_path / "s")
    assert study["missing"] == 0
    assert all(run["status"] == "done" for value in study["values"] for run in value["runs"])


def test_a_study_limited_in_seconds_has_its_report(small, tmp_path):
    for _ in range(2):
        study = study_of(small, tmp_path / "s", seeds=1, given={"seconds": 0.05, "iterations": 90000, "gtol": 0.0})
        assert [run["status"] for value in study["values"] for run in value["runs"]] == ["done", "done"]
        page = report.write(tmp_path / "s").read_text(encoding="utf-8")
        assert f"{study['values'][0]['folder']}/index.html" in page


def test_other_starts_of_a_study_outlive_one_that_came_to_nothing(small, tmp_path):
    study_of(small, tmp_path / "s", seeds=2, given={"iterations": 3})
    interrupt = Interrupt()
    crew = Crew(1, interrupt, None)
    kept = sorted((tmp_path / "s").glob("*/seed-*/result.json"))
    for path in kept:
        if path.parent.name == "seed-0":
            path.unlink()
    interrupt.asked = True
    with pytest.raises(InputError, match="the study ended before any run was done"):
        study_of(small, tmp_path / "s", seeds=1, given={"iterations": 3}, crew=crew, interrupt=interrupt)
    assert len(list((tmp_path / "s").glob("*/seed-1/result.json"))) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_damaged_run_is_done_again(small, tmp_path, damage):
    study_of(small, tmp_path / "s", seeds=1, given={"iterations": 3})
    hurt = next((tmp_path / "s").glob("1-*/seed-0/result.json"))
    hurt.write_text(damage)
    study = study_of(small, tmp_path / "s", seeds=1, given={"iterations": 3})
    assert [run["status"] for value in study["values"] for run in value["runs"]] == ["done", "done"]


def test_a_start_that_diverges_counts_against_its_value(small, tmp_path):
    text = SMALL.replace('vary = "every"', 'vary = "eta"').replace("[1, 0]", "[0.01, 1e6]").replace('"never"', '"big"')
    wild = 'iterations = 24\nevery = 0\nguard = false\nactivation = "identity"\noutput = "identity"'
    small.write_text(text.replace("iterations = 24", wild), encoding="utf-8")
    study = study_of(small, tmp_path / "s", seeds=3)
    assert [run["status"] for run in study["values"][1]["runs"]] == ["diverged"] * 3
    page = report.write(tmp_path / "s").read_text(encoding="utf-8")
    assert page.count("<td>0 of 3</td>") >= 1
    assert "not finite" in page


def test_a_study_that_was_ended_at_once_leaves_nothing(small, tmp_path):
    interrupt = Interrupt()
    crew = Crew(1, interrupt, None)
    interrupt.asked = True
    with pytest.raises(InputError, match="the study ended before any run was done"):
        study_of(small, tmp_path / "s", crew=crew, interrupt=interrupt)
    assert not (tmp_path / "s").exists()


def test_what_a_killed_process_left_is_done_anew(small, tmp_path):
    study_of(small, tmp_path / "s", seeds=1)
    half = next((tmp_path / "s").glob("2-*/seed-0"))
    before = (half / "records.jsonl").read_text()
    for name in ("result.json", "model.safetensors"):
        (half / name).unlink()
    study = study_of(small, tmp_path / "s", seeds=1)
    assert study["missing"] == 0
    told = [[json.loads(line) | {"seconds": 0} for line in text.splitlines()] for text in (
        before, (half / "records.jsonl").read_text()
    )]  # fmt: skip
    assert told[0] == told[1]


def test_a_run_that_fails_is_told_of_and_tried_again_the_next_time(small, tmp_path, monkeypatch):
    def broken(spec, seed, path, asked):
        if spec.every == 0 and seed == 1:
            raise MemoryError("no room for <b>9 TiB</b>")
        return train_trial(spec, seed, path, asked)

    monkeypatch.setattr("scipy_ae.experiments.study.train_trial", broken)
    study = study_of(small, tmp_path / "s", seeds=2, given={"iterations": 4})
    assert [[run["status"] for run in value["runs"]] for value in study["values"]] == [["done"] * 2, ["done", "failed"]]
    assert study["missing"] == 0
    page = report.write(tmp_path / "s").read_text(encoding="utf-8")
    assert "Runs that failed" in page
    assert "never, seed 1: MemoryError: no room for &lt;b&gt;9 TiB&lt;/b&gt;." in page
    assert [row["status"] for row in table(tmp_path / "s")] == ["done", "done", "done", "failed"]
    monkeypatch.undo()
    study = study_of(small, tmp_path / "s", seeds=2, given={"iterations": 4})
    assert all(run["status"] == "done" for value in study["values"] for run in value["runs"])


def test_another_study_is_not_mixed_into_a_folder(small, tmp_path):
    study_of(small, tmp_path / "s", seeds=1, given={"iterations": 3})
    with pytest.raises(InputError, match="is there already; a folder that is empty or not there yet is accepted"):
        study_of(small, tmp_path / "s", seeds=1, given={"iterations": 4})


def test_a_value_that_is_never_finite_does_not_stop_the_others(small, tmp_path):
    small.write_text(
        SMALL.replace('vary = "every"\nvalues = [1, 0]\nlabels = ["1", "never"]', 'vary = "std"\nvalues = [1.0, 1e200]')
        .replace('"35-10-2-10-35"', '"35-10-2-10-35"\nactivation = "identity"\noutput = "identity"')
        .replace("iterations = 24", "iterations = 4")
        .replace('expect = { better = ["1"], than = ["never"] }\n', ""),
        encoding="utf-8",
    )
    study = study_of(small, tmp_path / "s", seeds=2)
    good, bad = study["values"]
    assert [run["loss"] is None for run in good["runs"] + bad["runs"]] == [False, False, True, True]
    assert bad["folder"] == ""
    assert "not finite" in bad["why"]
    assert {run["status"] for run in bad["runs"]} == {"not finite"}
    assert study["missing"] == 0
    assert "No start of this value stayed finite" in report.write(tmp_path / "s").read_text(encoding="utf-8")


def test_the_index_of_a_folder_of_reports(small, tmp_path):
    out = tmp_path / "reports <b>"
    told = called(
        "experiment", "run", small, "font-solver", "--letters", "A,B,C", "--iterations", "6", "--seeds", "2",
        "--jobs", "1", "--out", out,
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[-1].endswith("reports <b>/index.html")
    page = (out / "index.html").read_text(encoding="utf-8")
    for words in ("How often?", "3 letters through 2 numbers", "Reports in reports &lt;b&gt;", "data:image/png"):
        assert words in page, words
    for name in ("study-small-1", "font-solver-1"):
        assert f'href="{name}/index.html"' in page
    (out / "study-small-1" / "study.json").write_text("{}")
    refused = called("report", out)
    assert refused.exit_code == 2
    assert "study.json" in refused.output
