"""The benchmarks' own arithmetic: a rival that computes the same, ratios, and the sentences on where we lose."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import children  # noqa: E402
import clock  # noqa: E402
import descents  # noqa: E402
import evaluation  # noqa: E402
import lbfgs  # noqa: E402
import peers  # noqa: E402
import picture  # noqa: E402
import problems  # noqa: E402
import run  # noqa: E402
import settings  # noqa: E402
from descents import Descent, Limits  # noqa: E402
from goals import Goal, goals, lost  # noqa: E402
from peers import numpy_peer, ours, scipy_peer, sklearn_peer  # noqa: E402
from standings import standings  # noqa: E402
from tables import page  # noqa: E402
from words import quantity  # noqa: E402

from scipy_ae.datasets import load_font  # noqa: E402

CASES = {case.name: case for case in (*problems.evaluation_cases(), *problems.step_cases())}
# the blank of font 1 makes logits of exactly zero at a start without biases, where a softplus may have a kink
CASES["with a blank"] = problems.Case("with a blank", problems.LETTERS, load_font(1).x, code="identity")


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


DESCENTS = [
    each
    for each in (*ours.minimisers(), *scipy_peer.minimisers(), *sklearn_peer.minimisers())
    if each.kind in ("L-BFGS", "BFGS", "first order")
]


@pytest.mark.parametrize("each", DESCENTS, ids=lambda each: f"{each.method}, {each.setting}")
def test_a_descent_lowers_our_loss_and_says_what_it_is(each):
    case = problems.small_case()
    descent = each.descend(case, Limits(steps=8))
    lbfgs.check_descent(case, each.method, descent)
    assert case.objective.fun(descent.theta) < case.objective.fun(case.theta)
    assert descent.steps == 8
    assert descent.evaluations >= 8
    assert len(descent.curve) >= 8
    unwatched = each.descend(case, Limits(steps=8, watch=each.kind == "first order"))
    assert np.array_equal(unwatched.theta, descent.theta)


@pytest.mark.parametrize("each", DESCENTS, ids=lambda each: f"{each.method}, {each.setting}")
def test_a_descent_ends_at_its_target(each):
    case = problems.small_case()
    target = 0.95 * case.objective.fun(case.theta)
    descent = each.descend(case, Limits(target=target, seconds=60.0))
    *before, last = (loss for _, loss in descent.curve)
    assert last <= target < min(before, default=inf)
    assert case.objective.fun(descent.theta) == pytest.approx(last, rel=1e-9)


def test_a_descent_ends_when_its_time_is_over():
    case = problems.small_case()
    for each in DESCENTS:
        assert len(each.descend(case, Limits(seconds=0.0)).curve) == 1


def test_a_descent_on_another_loss_is_refused():
    case = problems.small_case()
    descent = scipy_peer.minimisers()[0].descend(case, Limits(steps=3))
    halved = [(seconds, loss / 2) for seconds, loss in descent.curve]
    wrong = Descent(1.0, 0.0, 3, 4, descent.theta, halved)
    with pytest.raises(evaluation.DisagreementError, match="table of 200: the loss of SciPy differs from ours"):
        lbfgs.check_descent(case, "SciPy", wrong)


def test_time_spent_within_a_pause_is_not_counted(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(descents.time, "perf_counter", lambda: now[0])
    course = descents.Course(Limits(seconds=2.5))
    now[0] = 3.0
    course.begin()
    now[0] = 4.0
    with course.paused():
        now[0] = 104.0
    now[0] = 105.0
    assert (course.preparing, course.seconds) == (3.0, 2.0)
    assert not course.see(1.0)
    now[0] = 106.0
    assert course.see(0.5)
    assert course.curve == [(2.0, 1.0), (3.0, 0.5)]


def test_a_thinned_curve_keeps_its_ends_and_never_rises():
    curve = [(0.001 * (k + 1), 100.0 / (k + 1) + (5.0 if k % 2 else 0.0)) for k in range(5000)]
    thin = descents.thinned(curve, 60)
    assert 30 < len(thin) <= 60
    assert thin[0] == [0.001, 100.0]
    assert thin[-1] == [5.0, pytest.approx(100.0 / 4999, rel=1e-5)]
    assert all(before[1] >= after[1] for before, after in pairwise(thin))
    assert descents.thinned([(0.1, inf)]) == []


def test_kernel_cache_changes_with_the_sources(tmp_path, monkeypatch):
    (tmp_path / "scipy_ae" / "kernels").mkdir(parents=True)
    kernel = tmp_path / "scipy_ae" / "kernels" / "tiles.py"
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "benchmarks" / "settings.py"))
    kernel.write_text("one")
    first = settings.kernel_cache()
    assert settings.kernel_cache() == first
    kernel.write_text("two")
    assert settings.kernel_cache() != first
    assert settings.kernel_cache().parent == tmp_path / "benchmarks" / ".kernels"


def test_children_have_all_threads_and_the_precision_of_the_rest(monkeypatch, tmp_path):
    for name, value in settings.ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    environment = children.all_threads()
    assert "OMP_NUM_THREADS" not in environment
    assert environment["JAX_ENABLE_X64"] == "1"
    seen = children.watched(
        [sys.executable, "-c", "import os; print(os.environ.get('OMP_NUM_THREADS'))"], str(tmp_path), environment
    )
    assert seen["wrote"].strip() == "None"
    assert 1.0 < seen["peak_mb"] < 200.0
    command = "import sys; sys.stderr.write('too bad'); sys.exit(3)"
    with pytest.raises(RuntimeError, match="ended with 3: too bad"):
        children.watched([sys.executable, "-c", command], str(tmp_path), dict(os.environ))


def test_a_process_of_a_peer_holds_nothing_of_ours():
    command = (
        "import sys; sys.path.insert(0, 'benchmarks'); import peers; from problems import large_case;"
        " large_case('float32'); print([name for name in sys.modules if name.split('.')[0] in ('scipy_ae', 'numba')])"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


SMALL = {"case": "table of 200", "layers": "16-8-3-8-16", "rows": 200, "parameters": 339}


def _lbfgs(method, own, seconds, ratio, cost):
    return SMALL | {
        "method": method, "setting": "20 pairs", "ours": own, "preparing": 2.0, "steps": 200, "evaluations": 210,
        "median": seconds, "least": seconds, "ratio": ratio, "loss": 11.4, "own_cost": cost,
        "curve": [[0.1 * seconds, 20.0], [seconds, 11.4]],
    }  # fmt: skip


def _digits(method, own, seconds, reached=True):
    return {
        "case": "digits", "layers": "64-32-8-32-64", "rows": 1797, "parameters": 4744, "method": method,
        "setting": "defaults", "ours": own, "preparing": 3.0, "reached": reached, "seconds": seconds, "steps": 5000,
        "evaluations": 5200, "loss": 0.75 if reached else 0.8, "curve": [[0.1, 20.0], [seconds, 0.75]],
    }  # fmt: skip


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
    "lbfgs": [
        _lbfgs("scipy-ae L-BFGS", True, 0.02, 1.0, 6e-6),
        _lbfgs("jaxopt L-BFGS", False, 0.018, 0.9, None),
        _lbfgs("SciPy L-BFGS-B", False, 0.03, 1.5, 30e-6),
    ],
    "digits": [
        _digits("SciPy L-BFGS-B", False, 15.0),
        _digits("scipy-ae L-BFGS", True, 20.0, reached=False),
        _digits("scipy-ae BFGS", True, 5.0),
        _digits("optax L-BFGS", False, 4.0),
        {"left_out": "scipy-ae's Newton-CG is left out: this version has no solver of that name of its own."},
    ],
    "large": [
        {
            "case": "large", "layers": "784-30-784", "rows": 1000, "parameters": 1000, "precision": "float32",
            "disagreement": 8e-7, "first_call": {},
            "times": {
                "scipy-ae": {"median": 0.3, "least": 0.29, "ratio": 1.0},
                "JAX": {"median": 0.33, "least": 0.3, "ratio": 1.1},
                "torch": {"median": 0.27, "least": 0.25, "ratio": 0.9},
            },
            "peak_mb": {"scipy-ae": 300.0, "JAX": 400.0, "torch": 330.0},
        }
    ],
    "damped": [
        {**SMALL, "method": "scipy-ae Levenberg-Marquardt", "setting": "defaults", "ours": True, "steps": 20,
         "step": 4e-3, "loss": 11.0},
        {**SMALL, "method": "SciPy least_squares", "setting": "trf", "ours": False, "steps": 16, "step": 0.1,
         "loss": 12.0},
    ],
    "powell": [
        {**SMALL, "parameters": 3479, "start": 9.0, "seconds": {"ours": 0.5, "scipy": 2.0},
         "evaluations": {"ours": 100, "scipy": 30000}, "loss": {"ours": 2.0, "scipy": 2.5}, "ratio": 4.0}
    ],
    "single": [
        {**SMALL, "times": {"float32": {"median": 1e-3, "least": 1e-3, "ratio": 1.0},
                            "float64": {"median": 2e-3, "least": 2e-3, "ratio": 2.0}},
         "value_error": 2e-8, "gradient_error": 3e-7}
    ],
    "threads": [{"case": "digits", "cores": 2, "one": 2e-3, "all": 3e-3, "ratio": 1.5, "spread": 1.02}],
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
        "L-BFGS step at n = 339: its own cost": False,
        "digits to the loss of 5000 steps of SciPy L-BFGS-B: speed over it, by scipy-ae BFGS (defaults)": False,
        "loss and gradient, large, float32: speed over JAX": True,
        "loss and gradient, large, float32: speed over torch": False,
        "loss and gradient, large, float32: peak memory over torch's": True,
        "Levenberg-Marquardt on the table of 200: a step": True,
        "Powell's round at n = 3479: speed over SciPy's": False,
        "Powell's round at n = 3479: end value over SciPy's": True,
        "loss and gradient, digits: time on all cores over one thread": False,
    }


def test_a_method_of_ours_that_never_arrives_misses_the_goal():
    rows = [_digits("SciPy L-BFGS-B", False, 15.0), _digits("scipy-ae L-BFGS", True, 1.0, reached=False)]
    (goal,) = goals({"digits": rows})
    assert (goal.got, goal.reached) == (0.0, False)
    assert lost({"digits": rows}) == [
        "Lost: on digits to the given loss, which none of ours reaches, SciPy L-BFGS-B takes 15 s."
    ]


def test_a_goal_that_is_not_a_number_is_missed():
    assert not Goal("", float("nan"), 1.0, True, "x").reached
    assert not Goal("", float("nan"), 1.0, False, "x").reached


def test_sentences_say_where_we_lose_and_miss():
    assert lost(RESULTS) == [
        "Lost: on loss and gradient of digits, NumPy takes 0.9× our time.",
        "Lost: on 200 steps of L-BFGS on table of 200, jaxopt L-BFGS takes 0.9× our time.",
        "Lost: on digits to the given loss, optax L-BFGS takes 0.8× our best time.",
        "Lost: on loss and gradient of the large network in float32, torch takes 0.9× our time.",
    ]
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
    assert "| scipy-ae L-BFGS | 20 pairs | 200 | 210 | 20 ms (20 ms) | **1×** | 11.4 | 6 µs |" in text
    assert "| jaxopt L-BFGS | 20 pairs | 200 | 210 | 18 ms (18 ms) | **0.9×** | 11.4 | – |" in text
    assert "| optax L-BFGS | defaults | 4 s | **3.75×** | 5000 | 5200 | 0.75 |" in text
    assert "| scipy-ae L-BFGS | defaults | never (20 s) | – | 5000 | 5200 | 0.8 |" in text
    assert "Newton-CG is left out" in text
    assert "| float32 | 300 ms (290 ms) | 330 ms (300 ms), **1.1×** | 270 ms (250 ms), **0.9×** |" in text
    assert "| float32 | 300 MB | 400 MB | 330 MB |" in text
    assert "| scipy-ae Levenberg-Marquardt | defaults | 20 | 4 ms | 11 |" in text
    assert "| 3479 | 500 ms, 100 evaluations, to 2 | 2 s, 30000 evaluations, to 2.5 | **4×** |" in text
    assert "| 2 ms | 1 ms | **2×** | 2e-08 | 3e-07 |" in text
    assert "| digits | 2 ms | 3 ms | **1.5×** | 1.02× |" in text
    assert "](results.png)" in text
    part = page(
        {
            key: value
            for key, value in RESULTS.items()
            if key not in ("step", "letters", "whole", "reference", "lbfgs", "digits")
        }
    )
    assert "## A." in part
    assert "## B." not in part
    assert "results.png" not in part


def test_page_says_what_is_left_out_in_place_of_a_table():
    line = {"left_out": "scipy-ae's Powell is left out: this version has no solver of that name of its own."}
    text = page(RESULTS | {"powell": [line]})
    assert text.count(line["left_out"]) == 1
    assert "to 2.5" not in text


def test_picture_has_a_panel_for_each_problem_and_a_line_for_each_method(tmp_path):
    found = picture.panels(RESULTS)
    assert {title: len(rows) for title, rows in found.items()} == {
        "table of 200: 200 steps of L-BFGS": 3,
        "digits: to the loss of 5000 L-BFGS-B steps": 4,
    }
    assert picture.draw(RESULTS, tmp_path / "results.png")
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
    assert not picture.draw({"step": []}, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_page_says_so_where_nothing_is_lost():
    assert "Nowhere: all 3 goals are reached" in page(
        {
            key: value
            for key, value in RESULTS.items()
            if key not in ("evaluation", "step", "letters", "lbfgs", "digits", "large", "powell", "threads")
        }
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
    assert "'Q' is not accepted; A, B, C, D, E, F, G, H, I, J, K, L, M are" in done.stderr


def test_a_part_measured_anew_stands_beside_the_others_and_the_page_says_so():
    before = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    anew = {"threads": [row | {"ratio": 7.0} for row in before["threads"]], "seconds": 1.0, "date": "never"}
    both = run._beside(before, anew)
    assert both["threads"] == anew["threads"]
    assert {key: both[key] for key in before if key not in ("threads", "again")} == {
        key: before[key] for key in before if key not in ("threads", "again")
    }
    said = next(line for line in page(both).splitlines() if line.startswith("Measured anew after that run"))
    assert "L. Threads" in said
