"""Several starts: the best one is kept, the same on any number of processes, and is what its seed alone would give."""

import json

import pytest
from child import loaded
from joblib import delayed
from test_run import FILES, names, setup

from scipy_ae import report
from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments import workers
from scipy_ae.experiments.run import Interrupt, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.starts import budgets, run_starts
from scipy_ae.training import INTERRUPTED

#: From these starts a few unguarded steps that are too long leave the finite from some seeds and not from others.
WILD = {"dataset": "circles", "layers": "42-8-2-8-42", "letters": None, "activation": "identity", "every": 0,
        "guard": False, "eta": 0.01, "iterations": 40, "init": "gaussian", "std": 0.4}  # fmt: skip


def table(folder):
    return json.loads(folder.starts.read_text())


def test_each_rung_has_half_the_starts_and_twice_the_iterations():
    assert budgets(8, 220, 8) == [28, 55, 110]
    assert budgets(2, 100, 8) == [50]
    assert budgets(5, 800, 8) == [100, 200, 400]
    assert budgets(64, 12, 8) == [8] * 6
    assert budgets(4, 5, 8) == [5, 5]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("given", [{"batch_size": 2}, {"schedule": "adam:20 bfgs:16", "iterations": None}])
def test_the_winner_is_what_its_seed_alone_gives(tmp_path, jobs, given):
    made = setup(seed=3, restarts=5, **{"iterations": 40, **given})
    outcome = run_starts(made, tmp_path / "best", jobs=jobs)
    told = table(outcome.folder)
    assert [start["seed"] for start in told["starts"]] == [3, 4, 5, 6, 7]
    alone = run(setup(seed=told["winner"], **{"iterations": 40, **given}), tmp_path / "alone")
    assert outcome.model.theta.tobytes() == alone.model.theta.tobytes()
    assert list(outcome.history.column("loss")) == list(alone.history.column("loss"))
    # another number of processes would have found the same
    assert told["winner"] == table(run_starts(made, tmp_path / "again", jobs=1).folder)["winner"]


def test_without_halving_all_are_trained_and_the_best_one_wins(tmp_path):
    told = table(run_starts(setup(restarts=4, halving=False, letters="12"), tmp_path / "best", jobs=1).folder)
    alone = [run(setup(seed=seed, letters="12"), tmp_path / str(seed)).history.best for seed in range(4)]
    assert [(start["wrong_pixels"], start["loss"]) for start in told["starts"]] == [
        (best.wrong_pixels, best.loss) for best in alone
    ]
    assert told["winner"] == min(range(4), key=lambda seed: (alone[seed].wrong_pixels, alone[seed].loss))
    assert {start["rung"] for start in told["starts"]} == {1}


def test_halving_leaves_the_worse_half_at_each_rung(tmp_path):
    outcome = run_starts(setup(restarts=8, iterations=80, letters="12"), tmp_path / "best", jobs=1)
    told = table(outcome.folder)
    assert told["iterations"] == [10, 20, 40, 80]
    assert sorted(start["rung"] for start in told["starts"]) == [1] * 4 + [2] * 2 + [3, 4]
    first = {
        seed: run(setup(seed=seed, iterations=10, letters="12"), tmp_path / str(seed)).history.best for seed in range(8)
    }
    ranked = sorted(first, key=lambda seed: (first[seed].wrong_pixels, first[seed].loss))
    assert {start["seed"] for start in told["starts"] if start["rung"] == 1} == set(ranked[4:])
    assert outcome.history[-1].iteration == 80


def test_a_start_at_its_target_ends_the_search(tmp_path):
    given = {"letters": "12", "iterations": 80}
    first = [
        run(setup(**given | {"iterations": 20}, seed=seed), tmp_path / str(seed)).history.best for seed in range(4)
    ]
    target = min(best.loss for best in first) * 1.0001
    outcome = run_starts(setup(**given, restarts=4, target_loss=target), tmp_path / "best", jobs=1)
    told = table(outcome.folder)
    assert first[told["winner"]].loss == min(best.loss for best in first)
    assert {start["rung"] for start in told["starts"]} == {1}
    assert outcome.history[-1].stop.startswith("target loss")


def test_the_folder_holds_the_run_the_starts_and_what_was_asked(tmp_path):
    made = setup(restarts=4)
    outcome = run_starts(made, tmp_path / "best", jobs=1)
    assert names(outcome.folder.path) == sorted([*FILES, "starts.json"])
    assert Spec.read(outcome.folder.spec) == made.spec
    assert outcome.result["command"].endswith("--iterations 12 --seed 0 --restarts 4")
    winner = table(outcome.folder)["winner"]
    assert outcome.result["seed"] == winner
    assert outcome.result["notes"][0].startswith(f"Best of 4 starts: seed {winner};")
    page = report.write(outcome.folder).read_text(encoding="utf-8")
    assert "Start by start" in page
    assert f"(seed {winner})" in page


def test_an_interrupted_search_keeps_the_best_so_far(tmp_path):
    interrupt, seen = Interrupt(), []

    def watch(rung):
        seen.append(rung)
        interrupt.asked = len(seen) == 2

    outcome = run_starts(setup(restarts=8, iterations=80), tmp_path / "best", jobs=1, watch=watch, interrupt=interrupt)
    assert outcome.result["interrupted"]
    assert outcome.history[-1].stop == INTERRUPTED
    assert [rung.number for rung in seen] == [1, 2]
    starts = table(outcome.folder)["starts"]
    best = min(starts, key=lambda start: (start["wrong_pixels"], start["loss"]))
    assert (outcome.result["seed"], outcome.result["loss"]) == (best["seed"], best["loss"])
    assert best["iterations"] == 10
    assert names(outcome.folder.path) == sorted([*FILES, "starts.json"])


def test_a_search_asked_to_end_before_it_began_still_writes_its_folder(tmp_path):
    interrupt = Interrupt()
    interrupt.asked = True
    outcome = run_starts(setup(restarts=3), tmp_path / "best", jobs=2, interrupt=interrupt)
    assert outcome.history[-1].iteration == 0
    assert outcome.result["interrupted"]


def test_a_start_that_diverges_drops_out(tmp_path):
    alone = [run(setup(**WILD, seed=seed), tmp_path / str(seed)) for seed in range(4)]
    assert {outcome.diverged for outcome in alone} == {True, False}
    outcome = run_starts(setup(**WILD, restarts=4, halving=False), tmp_path / "best", jobs=1)
    told = table(outcome.folder)
    assert not outcome.diverged
    assert [start["loss"] is None for start in told["starts"]] == [one.diverged for one in alone]
    assert "dropped out" in outcome.result["notes"][1]
    report.write(outcome.folder)


def test_all_starts_dropping_out_is_one_sentence_and_leaves_nothing(tmp_path):
    for given in ({**WILD, "eta": 50.0, "iterations": 500}, {"std": 1e200}):
        with pytest.raises(NonFiniteError, match="none of the 4 starts stayed finite; seed 0: the loss"):
            run_starts(setup(**given, restarts=4), tmp_path / "best", jobs=1)
    assert names(tmp_path) == []


def test_jobs_must_be_positive(tmp_path):
    with pytest.raises(InputError, match="jobs: 0 is not accepted"):
        run_starts(setup(restarts=2), tmp_path / "best", jobs=0)
    assert names(tmp_path) == []


def test_a_child_imports_no_more_than_a_training_needs():
    Setup.of(Spec(letters="5"))
    with workers.pool(2) as parallel:
        assert list(parallel(delayed(loaded)(Spec(letters="5")) for _ in range(2))) == [[], []]


def test_a_board_is_shared_by_its_file(tmp_path):
    board = workers.Board(2, tmp_path / "board")
    board.clear()
    kind, arguments = board.__reduce__()
    other = kind(*arguments)
    record = run(setup(iterations=1), tmp_path / "run").history[1]
    other.tell(1, record)
    assert (board.iterations, board.loss, board.asked()) == (1, record.loss, False)
    board.end()
    assert other.asked()
