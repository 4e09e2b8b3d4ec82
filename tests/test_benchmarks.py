"""The benchmarks' own arithmetic: a rival that computes the same, ratios, and the sentences on where we lose."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import clock  # noqa: E402
import evaluation  # noqa: E402
import peers  # noqa: E402
import problems  # noqa: E402
from goals import Goal, goals, lost  # noqa: E402
from peers import numpy_peer  # noqa: E402
from standings import standings  # noqa: E402
from tables import page  # noqa: E402
from words import quantity  # noqa: E402

CASES = {case.name: case for case in (*problems.evaluation_cases(), *problems.step_cases())}
# the blank of font 1 makes logits of exactly zero at a start without biases, where a softplus may have a kink
CASES["with a blank"] = problems.Case("with a blank", problems.LETTERS, problems.load_font(1).x, code="identity")


@pytest.mark.parametrize("name", CASES)
def test_numpy_peer_computes_our_loss_and_gradient(name):
    case = CASES[name]
    value, gradient = case.objective.fun_and_jac(case.theta)
    other, other_gradient = numpy_peer.evaluation(case).answer()
    assert abs(other - value) <= 1e-10 * abs(value)
    assert np.abs(other_gradient - gradient).max() <= 1e-10 * np.abs(gradient).max()


def test_a_contestant_that_computes_something_else_is_refused():
    case = CASES["10 letters"]
    contestants = evaluation.contestants_on(case, [numpy_peer.PEER])
    assert evaluation.check_agreement(case.name, contestants) < 1e-9
    value, gradient = contestants["NumPy"].answer()
    for wrong in ((value * 1.00001, gradient), (value, np.roll(gradient, 1)), (np.nan, gradient)):
        contestants["NumPy"] = problems.Evaluation(lambda: None, lambda wrong=wrong: wrong)
        with pytest.raises(evaluation.DisagreementError, match="10 letters: NumPy differs"):
            evaluation.check_agreement(case.name, contestants)


def test_ratio_is_the_median_of_paired_rounds():
    # in the last three rounds the machine was ten times as slow, at the end for us alone
    times = {"us": np.array([1.0, 1.0, 10.0, 10.0, 10.0]), "them": np.array([3.0, 2.0, 30.0, 30.0, 3.0])}
    summary = clock.summary(times, "us")
    assert summary["them"] == {"median": 3.0, "least": 2.0, "ratio": 3.0}
    assert summary["us"]["ratio"] == 1.0


def test_contestants_take_turns():
    turns = []
    clock.interleave({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, rounds=3, least=0.0)
    assert "".join(turns).endswith("aabb" * 3)  # a warm call and a timed one each


def test_a_peer_that_is_not_installed_is_left_out_with_a_line(monkeypatch):
    monkeypatch.setattr(peers, "MODULES", {"NumPy": "numpy_peer", "Nobody": "nobody_peer"})
    found, missing = peers.load()
    assert [peer.name for peer in found] == ["NumPy"]
    assert missing == ["Nobody is left out: No module named 'peers.nobody_peer'."]


def _run(method, setting, seed, seconds, wrong=0):
    return {
        "font": "font1", "method": method, "setting": setting, "seed": seed,
        "seconds": seconds, "steps": 1, "wrong": wrong,
    }  # fmt: skip


LETTERS = [
    *(_run("scipy-ae", "advised", seed, seconds) for seed, seconds in enumerate((0.1, 0.2, 0.4, 8.0))),
    _run("Adam", "slow", 0, 0.4),
    _run("Adam", "slow", 1, 1.0),
    _run("Adam", "slow", 2, 2.0),
    _run("Adam", "rash", 0, 0.01),
    _run("Adam", "rash", 1, 0.02),
    _run("Adam", "rash", 2, 0.03, wrong=3),
]


def test_standings_take_the_best_setting_and_compare_the_same_starts():
    ours, adam = standings(LETTERS)
    assert (ours.perfect, ours.starts, ours.median, ours.worst) == (4, 4, pytest.approx(0.3), 8.0)
    # the rash setting left pixels wrong; the slow one took 4, 5 and 5 times as long as ours from those starts
    assert (adam.setting, adam.perfect, adam.starts, adam.worst) == ("slow", 3, 3, 2.0)
    assert adam.ratio == pytest.approx(5.0)


def test_a_run_that_leaves_a_pixel_wrong_never_ends():
    never = standings([LETTERS[0], _run("TNC", "defaults", 0, 3.0, wrong=1)])[1]
    assert (never.perfect, quantity(never.median, "s"), quantity(never.ratio, "x")) == (0, "never", "never")


RESULTS = {
    "date": "2026-01-01",
    "quick": False,
    "seconds": 100.0,
    "machine": {"processor": "Abacus", "cores": "2", "python": "3.11.7"},
    "versions": {"numpy": "2.0.0"},
    "left_out": ["torch is left out: No module named 'torch'."],
    "evaluation": [
        {
            "case": "digits", "layers": "64-32-8-32-64", "rows": 1797, "parameters": 4744, "loss": "squared error",
            "disagreement": 2e-15, "first_call": {"scipy-ae": 0.5, "NumPy": 0.003, "JAX": 1.0},
            "times": {
                "scipy-ae": {"median": 1e-3, "least": 9e-4, "ratio": 1.0},
                "NumPy": {"median": 9e-4, "least": 9e-4, "ratio": 0.9},
                "JAX": {"median": 2e-3, "least": 2e-3, "ratio": 2.0},
                "products alone": {"median": 5e-4, "least": 5e-4, "ratio": 0.5},
            },
        }
    ],
    "step": [
        {
            "case": "32 letters", "layers": "35-28-23-2-23-28-35", "rows": 32, "parameters": 3479, "steps": 30,
            "ours": 1e-3, "ours_200": 2e-3, "scipy_steps": 3, "scipy": 0.5, "scipy_threads": 2, "ratio": 500.0,
            "difference": 1e-9,
        }
    ],
    "letters": LETTERS,
    "whole": [{"command": "--help", "runs": 3, "median": 0.1, "least": 0.1, "peak_mb": 20.0}],
    "reference": [
        {"form": "the reference run", "starts": 20, "within_one": 19, "perfect": 18, "wrong": 0.0, "seconds": 0.3}
    ],
}  # fmt: skip


def test_goals_are_held_against_the_numbers():
    reached = {goal.what: goal.reached for goal in goals(RESULTS)}
    assert reached == {
        "loss and gradient, digits: speed over JAX": True,
        "loss and gradient, digits: time over the products alone": False,
        "BFGS step at n = 3479: speed over SciPy's": False,
        "BFGS at n = 3479: distance of 3 iterates to SciPy's": True,
        "32 letters: share of 4 starts perfect": True,
        "32 letters: median time to perfect": False,
        "32 letters: worst time to perfect": False,
        "32 letters: speed over the best peer, Adam (slow)": True,
        "scipy-ae --help: wall time": True,
        "reference run: share of 20 starts with at most one wrong pixel in any letter": True,
    }


def test_a_goal_that_is_not_a_number_is_missed():
    assert not Goal("", float("nan"), 1.0, True, "x").reached
    assert not Goal("", float("nan"), 1.0, False, "x").reached


def test_sentences_say_where_we_lose_and_miss():
    assert lost(RESULTS) == ["Lost: on loss and gradient of digits, NumPy takes 0.9× our time."]
    missed = [goal.sentence() for goal in goals(RESULTS) if not goal.reached]
    assert "Missed: BFGS step at n = 3479: speed over SciPy's is 500×; the goal is at least 1000×." in missed
    assert "Missed: 32 letters: median time to perfect is 300 ms; the goal is at most 100 ms." in missed


def test_losing_the_letters_or_a_step_is_said():
    slow = {"letters": [*LETTERS, _run("TNC", "defaults", 0, 0.05)], "step": [RESULTS["step"][0] | {"ratio": 0.5}]}
    assert lost(slow) == [
        "Lost: on a BFGS step at n = 3479, SciPy takes 0.5× our time.",
        "Lost: on the 32 letters of font1, TNC (defaults) takes 0.5× our time.",
    ]


def test_page_has_a_table_for_each_part_measured():
    text = page(RESULTS)
    assert (
        "| digits: 64-32-8-32-64, 1797 rows | 4744 | squared error | 1 ms (900 µs) | 900 µs (900 µs), **0.9×** |"
        in text
    )
    assert "| 1 ms | 2 ms | 500 ms, threads: 2 | **500×** | 1e-09 over 3 |" in text
    assert "| font1 | Adam | slow | 3 of 3 | 1 s | 2 s | **5×** |" in text
    assert "| `scipy-ae --help` | 3 | 100 ms | 100 ms | 20 MB |" in text
    assert "| the reference run | 19 of 20 | 18 of 20 | 0 | 300 ms |" in text
    assert "torch is left out" in text
    assert "- Lost: on loss and gradient of digits" in text
    part = page({key: value for key, value in RESULTS.items() if key not in ("step", "letters", "whole", "reference")})
    assert "## A." in part
    assert "## B." not in part


def test_page_says_so_where_nothing_is_lost():
    assert "Nowhere: all 2 goals are reached" in page(
        {key: value for key, value in RESULTS.items() if key not in ("evaluation", "step", "letters")}
    )


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.5e-4, "s", "50 µs"), (1.2345e-3, "s", "1.23 ms"), (0.9999, "s", "1000 ms"), (12.3456, "s", "12.3 s"),
        (16850.2, "x", "16850×"), (0.0, "", "0"), (2e-16, "", "2.0e-16"), (256.4, "MB", "256 MB"),
    ],
)  # fmt: skip
def test_quantities_in_words(value, unit, words):
    assert quantity(value, unit) == words


def test_an_unknown_part_is_refused():
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--only", "A,Q"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "'Q' is not accepted; A, B, C, D, E are" in done.stderr
