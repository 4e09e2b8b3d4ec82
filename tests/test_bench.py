"""The bench: who takes part, what is measured, what is advised, and what lies in its folder. No test reads the clock:
curves are made by hand where their times matter."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from test_run import names, setup

from scipy_ae import report, solvers
from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.experiments.bench import Bench, Entry, Race, _Watcher, bench
from scipy_ae.experiments.bench_folder import advice, describe, ranked, write
from scipy_ae.experiments.contenders import Contender, LeftOut, choose
from scipy_ae.report.bench_curves import Curve, _apart, bench_curves
from scipy_ae.report.sheet import png
from scipy_ae.solvers import BFGS

#: Three weights in all: no solver is hopeless.
TINY = {"dataset": "circles", "letters": "4", "layers": "42-1-42", "iterations": None}


def race(curve, seed=0, wrong=0):
    points = np.array(curve, float)
    return Race(seed, points, points[-1, 1], wrong, len(points), 2 * len(points), points[-1, 0], "time is up")


def entry(name, *curves, label=None):
    return Entry(Contender(name, label or name), tuple(race(curve, seed) for seed, curve in enumerate(curves)))


def made(*entries, target=None, left_out=(), seeds=1):
    return Bench(setup(), 2.0, tuple(range(seeds)), target, entries, left_out, False)


FAST = [(0.0, 100.0), (0.01, 5.0), (0.1, 1.0)]
SLOW = [(0.0, 100.0), (0.02, 5.0), (0.4, 1.0)]
FLAT = [(0.0, 100.0), (1.0, 50.0)]


def test_the_times_are_those_of_the_curve():
    found = made(entry("BFGS", FAST), entry("CG", FLAT), target=5.0)
    first, flat = found.entries
    assert found.level(0, 0.01) == pytest.approx(1.99)
    assert (found.seconds_to(first, 0.1), found.seconds_to(first, 0.01), found.seconds_to(first, None)) == (
        0.01,
        0.1,
        0.01,
    )
    assert found.seconds_to(flat, 0.1) == np.inf
    assert found.seconds_to(first, None) == first.races[0].seconds_to(5.0)


def test_of_three_rates_the_lowest_loss_is_shown():
    rates = [entry("Adam", curve, label=f"Adam (eta {i})") for i, curve in enumerate((FLAT, FAST, SLOW[:2]))]
    found = made(*rates, entry("BFGS", SLOW))
    assert [one.label for one in found.shown()] == ["Adam (eta 1)", "BFGS"]
    told = describe(found, "scipy-ae bench")
    assert told["solvers"][0]["of"] == ["Adam (eta 0)", "Adam (eta 1)", "Adam (eta 2)"]


@pytest.mark.parametrize(
    ("entries", "target", "sentence"),
    [
        ([entry("BFGS", FAST), entry("CG", SLOW)], None,
         "On this problem BFGS comes within 1 % of the best loss found in 100 ms, 4.0 times as fast as the next, CG."),
        ([entry("BFGS", FAST), entry("CG", SLOW)], 5.0,
         "On this problem BFGS comes to a loss of 5 in 10 ms, 2.0 times as fast as the next, CG."),
        ([entry("BFGS", FAST), entry("CG", FLAT)], None,
         "On this problem BFGS alone comes within 1 % of the best loss found, in 100 ms."),
        ([entry("BFGS", FAST), entry("CG", [(0, 100), (0.11, 1)])], None, "CG is within noise of it"),
        ([entry("BFGS", FAST), entry("CG", [(0, 100), (1.5, 0.8)])], None,
         "15.0 times as fast as the next, CG; the lowest loss after 2 s is that of CG, 0.8."),
        ([entry("BFGS", FAST), entry("CG", FLAT)], 0.5,
         "On this problem no solver comes to a loss of 0.5 in 2 s; the lowest loss is that of BFGS, 1"),
        # from the third start neither comes there, which says nothing
        ([entry("BFGS", FAST, FAST, FLAT), entry("CG", SLOW, SLOW, FLAT), entry("TNC", FLAT, FLAT, FAST)], None,
         "in 100 ms, 4.0 times as fast as the next, CG."),
        # twice as fast in the median, but behind from two starts of five
        ([entry("BFGS", *[FAST] * 3, SLOW, SLOW),
          entry("CG", *[[(0, 100), (0.3, 1)]] * 3, *[[(0, 100), (0.2, 1)]] * 2)], None, "within noise of it"),
        ([entry("BFGS", FLAT[:1]), entry("CG", FLAT[:1])], None,
         "On this problem no solver lowers the loss of the start in 2 s, 100."),
        ([entry("BFGS", FLAT), entry("CG", FAST)], 200.0,
         "On this problem the start itself comes to a loss of 200: a lower --target-loss may decide."),
        # from two starts of three there was nothing to do
        ([entry("BFGS", FLAT[:1], FAST, FLAT[:1])], None, "no solver lowers the loss of the start"),
    ],
)  # fmt: skip
def test_the_advice_follows_from_the_numbers(entries, target, sentence):
    assert sentence in advice(made(*entries, target=target, seeds=len(entries[0].races)))


def test_all_solvers_of_the_table_take_part_or_are_left_out_with_a_reason():
    at = setup()
    contenders, left_out = choose(at.objective, at.theta, 1.0)
    assert {one.name for one in (*contenders, *left_out)} == set(solvers.names())
    reasons = {one.name: one.why for one in left_out}
    assert "one round of its steps takes some" in reasons["COBYQA"]
    assert f"with {at.theta.size} weights" in reasons["COBYQA"]
    assert {"BFGS", "L-BFGS", "Adam"} <= {one.name for one in contenders}
    rates = [one.options["eta"] for one in contenders if one.name == "Adam"]
    assert rates == [0.001, 0.003, 0.01]


def test_who_is_chosen_takes_part_however_slow_unless_it_cannot(monkeypatch):
    at = setup()
    contenders, left_out = choose(at.objective, at.theta, 1.0, ("cobyqa", "lbfgs", "LBFGS"))
    assert [one.name for one in contenders] == ["COBYQA", "L-BFGS"]
    monkeypatch.setattr(BFGS, "needs", frozenset({"fun", "residual"}))
    contenders, left_out = choose(at.objective, at.theta, 1.0, ("BFGS",))
    assert contenders == []
    assert left_out[0].why.startswith("BFGS needs residual; this objective offers fun")
    with pytest.raises(InputError, match="did you mean 'Adam'"):
        choose(at.objective, at.theta, 1.0, ("Adan",))


def test_every_solver_races_from_the_same_start_and_ends_lower():
    at = setup(**TINY)
    found = bench(at, seconds=0.3)
    assert {one.contender.name for one in found.entries} | {one.name for one in found.left_out} == set(solvers.names())
    start = at.objective.fun(at.theta)
    for one in found.entries:
        assert not one.error, (one.label, one.error)
        (run,) = one.races
        times, losses = run.curve.T
        assert (times[0], losses[0]) == (0.0, start)
        assert (np.diff(times) >= 0).all()
        assert (np.diff(losses) < 0).all()
        assert times[-1] <= run.seconds
        assert losses[-1] == run.loss <= start
    settled = [one.loss for one in found.entries if one.label in ("BFGS", "L-BFGS", "trust-ncg")]
    assert settled == pytest.approx([min(one.loss for one in found.entries)] * 3, rel=1e-3)


def test_wrong_pixels_are_those_of_the_lowest_loss_and_starts_those_of_the_seeds():
    at = setup(letters="3")
    found = bench(at, seconds=0.2, seeds=2, chosen=("BFGS",))
    assert found.seeds == (0, 1)
    assert [run.curve[0, 1] for run in found.entries[0].races] == [
        at.objective.fun(at.start(seed).theta) for seed in (0, 1)
    ]
    assert [run.wrong_pixels for run in found.entries[0].races] == [0, 0]
    assert bench(setup(**TINY), seconds=0.1, chosen=("BFGS",)).entries[0].races[0].wrong_pixels is None


def test_a_long_race_keeps_few_points_and_tells_none_too_early():
    watcher = _Watcher(1e6, np.zeros(1), 60.0, lambda: False)
    times = np.linspace(1e-4, 1.0, 100_000)
    for now in times:
        watcher.note(now, 1.0 / now, np.zeros(1))
    kept, losses = np.array(watcher.points).T
    assert len(kept) < 8000
    assert (kept[-1], losses[-1]) == (1.0, 1.0)
    for level in (5000.0, 100.0, 2.5):
        here, there = kept[losses <= level][0], 1.0 / level
        assert there <= here * (1 + 1e-9)
        assert here <= there * 1.0021 + 1e-5


def test_a_solver_that_raises_is_told_and_the_rest_go_on(monkeypatch):
    def broken(*arguments):
        raise RuntimeError("of a solver")

    monkeypatch.setattr(BFGS, "_run", broken)
    found = bench(setup(), seconds=0.1, chosen=("BFGS", "L-BFGS"))
    assert [one.error for one in found.entries] == ["RuntimeError: of a solver", ""]
    assert advice(found).startswith("On this problem L-BFGS alone")


def test_a_bench_asked_to_end_keeps_what_is_done():
    seen = []
    found = bench(
        setup(), seconds=0.1, chosen=("BFGS", "L-BFGS", "CG"), watch=lambda label, done, of: seen.append(label),
        asked=lambda: "CG" in seen,
    )  # fmt: skip
    assert found.interrupted
    assert [one.label for one in found.entries] == ["BFGS", "L-BFGS"]


@pytest.mark.parametrize(
    ("given", "message"),
    [({"seconds": 0.0}, "seconds: got 0.0"), ({"seconds": np.nan}, "seconds"), ({"seeds": 0}, "seeds: 0"),
     ({"target": -1.0}, "target-loss: got -1.0")],
)  # fmt: skip
def test_a_bench_that_cannot_be_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        bench(setup(), **given)


def test_the_folder_holds_all_and_its_report_stands_on_it_alone(tmp_path):
    failed = Entry(Contender("TNC", "TNC"), (), "RuntimeError: no")
    found = made(entry("BFGS", FAST), entry("CG", FLAT), failed, left_out=(LeftOut("COBYQA", "too slow: it is"),))
    told = write(tmp_path, found, "scipy-ae bench --seed 0")
    assert json.loads((tmp_path / "results.json").read_text()) == told
    assert [row["label"] for row in told["solvers"]] == ["BFGS", "CG", "TNC"] == [one.label for one in ranked(found)]
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["solver"], row["loss"], row["message"]) for row in rows] == [
        ("BFGS", "1.0", "time is up"), ("CG", "50.0", "time is up"), ("TNC", "", "RuntimeError: no"),
    ]  # fmt: skip
    page = report.write(tmp_path).read_text(encoding="utf-8")
    for words in (
        "BFGS alone comes within",
        "too slow: it is",
        "RuntimeError: no",
        ["scipy-ae", "bench", "--seed", "0"][1],
    ):
        assert words in page
    assert names(tmp_path) == ["figures", "figures/curves.png", "index.html", "results.csv", "results.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"solvers": 3}, "'solvers' is 3"), ({"solvers": []}, "holds no solver"), ({"seconds": "x"}, "'seconds' is 'x'")],
)
def test_a_damaged_bench_is_told(tmp_path, change, message):
    told = write(tmp_path, made(entry("BFGS", FAST)), "scipy-ae bench")
    (tmp_path / "results.json").write_text(json.dumps(told | change))
    with pytest.raises(InputError, match=message):
        report.write(tmp_path)


def test_names_at_the_ends_of_curves_never_overlap():
    for at in ([100.0, 101.0, 99.0, 300.0], [559.0] * 6, [20.0] * 6, list(np.linspace(20, 560, 6))):
        places = _apart(np.array(at))
        gaps = np.diff(np.sort(places))
        assert gaps.min() >= 26.0 - 1e-9
        assert places.min() >= 20
        assert places.max() <= 560
        assert (np.argsort(places, kind="stable") == np.argsort(at, kind="stable")).all()


def test_a_picture_of_curves_that_never_fell_is_drawn():
    words = {"seconds": "seconds", "loss": "loss", "others": "others", "target": "target"}
    png(bench_curves([Curve("BFGS", np.array([[0.0, 3.0]]))], 2.0, words))
    png(bench_curves([Curve("BFGS", np.array([[0.0, 3.0], [0.1, 0.0]]))], 2.0, words, target=0.5))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


SMALL = ["bench", "--layers", "35-8-2-8-35", "--letters", "3", "--seconds", "0.1"]


def test_the_command_tells_table_advice_and_path(here):
    done = CliRunner().invoke(main, [*SMALL, "--solvers", "BFGS,L-BFGS", "--target-loss", "1"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[-1] == "reports/bench-font2-1/index.html"
    assert lines[-2].startswith("On this problem ")
    assert any(line.split()[:1] == ["L-BFGS"] for line in lines)
    assert names(here / "reports") == [
        f"bench-font2-1{name}"
        for name in ("", "/figures", "/figures/curves.png", "/index.html", "/results.csv", "/results.json")
    ]
    told = json.loads((here / "reports/bench-font2-1/results.json").read_text())
    assert told["command"].endswith("--seed 0 --solvers BFGS,L-BFGS --seconds 0.1 --target-loss 1.0")


def test_json_is_one_object(here):
    done = CliRunner().invoke(main, [*SMALL, "--solvers", "BFGS", "--json", "--out", "mine"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["solvers"][0]["solver"] == "BFGS"
    again = CliRunner().invoke(main, [*SMALL, "--solvers", "BFGS", "--out", "mine"])
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_a_target_that_the_start_has_met_is_told(here):
    done = CliRunner().invoke(main, [*SMALL, "--solvers", "BFGS,L-BFGS", "--target-loss", "1e6"])
    assert done.exit_code == 0, done.output
    assert "the start itself comes to a loss of 1e+06" in " ".join(done.stdout.split())
    assert (here / "reports/bench-font2-1/index.html").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--solvers", "BFSG"], "unknown solver 'BFSG': did you mean 'BFGS'"),
        (["--solvers", ","], "solvers: ',' is not accepted"),
        (["--seconds", "-1"], "seconds: got -1.0"),
        (["--seeds", "0"], "seeds: 0 is not accepted"),
        (["--quiet", "--json"], "quiet and json contradict each other"),
        (["--std", "1e200", "--solvers", "BFGS"], "no solver came to a result; BFGS: the"),
    ],
)
def test_bad_input_leaves_nothing(here, options, message):
    done = CliRunner().invoke(main, [*SMALL, *options])
    assert done.exit_code == 2
    assert message in done.output
    assert not list(here.iterdir())
