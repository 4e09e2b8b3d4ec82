"""Training on many rows: chunks that add up, passes in machine code, bursts on some rows, early stopping, parts."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from scipy_ae import datasets, solvers
from scipy_ae.batches import Batch
from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.experiments.data import Data
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.kernels import native
from scipy_ae.network import Network
from scipy_ae.objective import ChunkedObjective, Objective, passes_of
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity
from scipy_ae.records import History, Record
from scipy_ae.schedule import Every, Then
from scipy_ae.stored import Rows
from scipy_ae.training import DIVERGED, NO_BETTER, Growth, Stop, supply, train

DIGITS = load_digits().data / 16
NET = Network.parse("64-32-8-32-64")
THETA = NET.initialize(np.random.default_rng(0), None, "fan-in")


def mapped(tmp_path, values, name="rows.npy"):
    """The values in a file, as a memory map of it."""
    np.save(tmp_path / name, values)
    return datasets.map_npy(tmp_path / name)[0]


def told(*arguments, **more):
    return list(train(*arguments, **more))


# --- chunks


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("penalties", [(), (L2(0.01),), (L2(0.01), L1Sparsity(0.1)), (Contractive(0.2),)], ids=len)
def test_chunks_add_up_to_the_objective_in_one_piece(tmp_path, dtype, penalties):
    scale, rows = (1 / 255, 255 * DIGITS[:50]) if dtype == "uint8" else (0.5, DIGITS[:50])
    values, weight = mapped(tmp_path, rows.astype(dtype)), np.arange(50) % 4
    stored = Batch.stored(values, scale=scale, weight=weight)
    assert stored.x is values
    whole = Objective(NET, Batch(values.astype(float) * scale, weight=weight), penalties=penalties)
    chunked = ChunkedObjective(NET, stored, penalties=penalties, rows=7)
    v = np.random.default_rng(1).normal(size=NET.size)
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(chunked.fun(THETA), whole.fun(THETA), **close)
    for one, other in zip(chunked.fun_and_jac(THETA), whole.fun_and_jac(THETA)):
        np.testing.assert_allclose(one, other, **close)
    assert chunked.offers == whole.offers & {"fun", "jac", "hessp", "gauss_newton_p"}
    for name in chunked.offers - {"fun", "jac"}:
        np.testing.assert_allclose(getattr(chunked, name)(THETA, v), getattr(whole, name)(THETA, v), **close)
    for known in (None, chunked.fun(THETA)):
        parts, wanted = chunked.parts(THETA, known), whole.parts(THETA)
        assert list(parts) == list(wanted)
        np.testing.assert_allclose(list(parts.values()), list(wanted.values()), **close)
    assert chunked.jac(THETA).tobytes() == chunked.jac(THETA).tobytes()
    bare = chunked.without_penalties(stored)
    np.testing.assert_allclose(bare.fun(THETA), Objective(NET, whole.batch).fun(THETA), **close)


def test_a_target_of_its_own_is_stored_beside_the_rows(tmp_path):
    x, target = (mapped(tmp_path, DIGITS[a : a + 30].astype(np.float32), f"{a}.npy") for a in (0, 30))
    stored = Batch.stored(x, target)
    whole = Objective(NET, Batch(x, target))
    np.testing.assert_allclose(whole.on(stored).fun(THETA), whole.fun(THETA), rtol=1e-12)
    some = stored.rows([3, 1])
    np.testing.assert_array_equal(some.target, np.asarray(target[[3, 1]], float))
    assert not some.is_stored


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda x: Batch.stored(x.tolist()), "x: rows of type list cannot be stored; uint8, float32, float64 are"),
        (lambda x: Batch.stored(x.astype(np.int32)), "x: rows of type int32"),
        (lambda x: Batch.stored(x[0]), r"x: shape \(64,\) is not accepted"),
        (lambda x: Batch.stored(np.where(np.arange(64) == 5, np.nan, x)), "x: row 0, column 5 is nan; finite"),
        (lambda x: Batch.stored(x, x[:3]), "target: 3 rows for 20 rows of x"),
        (lambda x: Batch.stored(x, scale=0), "scale: 0 is not accepted"),
        (lambda x: Objective(NET, Batch.stored(x)), "batch: stored rows are not accepted here; ChunkedObjective"),
        (lambda x: ChunkedObjective(NET, Batch.stored(x, scale=2.0)), r"targets within \[0, 1\]"),
        (lambda x: ChunkedObjective(NET, Batch.stored(x), penalties=[KLSparsity(0.1)]), "no sum over chunks"),
        (lambda x: ChunkedObjective(NET, Batch.stored(x), rows=0), "rows: 0 is not accepted"),
    ],
)
def test_what_cannot_be_taken_in_chunks_is_refused(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make(DIGITS[:20])


BOUNDED = """
import resource, sys
import numpy as np
from scipy_ae import Batch, ChunkedObjective, Network, datasets, solvers
net = Network.parse("1000-2-1000")
theta = net.initialize(np.random.default_rng(0), None, "fan-in")
def run(values):
    objective = ChunkedObjective(net, Batch.stored(values, scale=1 / 255))
    result = solvers.get("L-BFGS").solve(objective, theta, maxiter=1)
    batch = objective.batch.rows(np.arange(0, len(values), 97))
    return result.fun, objective.fun(theta), len(batch)
values = datasets.map_npy(sys.argv[1])[0]
run(values[:2000])  # compiles, and makes the work arrays
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lower, start, rows = run(values)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, lower < start, rows)
"""


def test_rows_of_a_large_file_are_never_in_memory_together(tmp_path):
    """40 MB of bytes, which would be 320 MB of numbers, within 13 MB; a kilobyte is the unit of ru_maxrss."""
    path, n = tmp_path / "large.npy", 40_000
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n, 1000))
    file[:] = np.random.default_rng(0).integers(0, 256, 1000, dtype=np.uint8)
    file.flush()
    done = subprocess.run([sys.executable, "-c", BOUNDED, str(path)], check=True, capture_output=True, text=True)
    more, lowered, rows = done.stdout.split()
    assert (lowered, int(rows)) == ("True", -(-n // 97))
    assert int(more) < 13_000


def test_bursts_on_stored_rows_are_those_on_rows_in_memory(tmp_path):
    stored = Batch.stored(mapped(tmp_path, DIGITS[:300]))
    schedule = Every(2, burst="L-BFGS", between=solvers.get("Adam", eta=0.003), steps=5)
    losses = []
    for batch, kind in ((stored, ChunkedObjective), (Batch(DIGITS[:300]), Objective)):
        rng = np.random.default_rng(0)
        records = told(kind(NET, batch), THETA, schedule, iterations=6, batch_size=32, rng=rng)
        losses.append([record.loss for record in records])
        assert records[-1].rows == 300
    np.testing.assert_allclose(*losses, rtol=1e-6)
    assert losses[0][-1] < 0.7 * losses[0][0]


# --- passes

METHODS = {
    "gradient descent": ("gradient-descent", {"eta": 0.05}),
    "momentum": ("momentum", {"eta": 0.01}),
    "Adam": ("Adam", {"eta": 0.003}),
    "adaptive": ("adaptive-eta", {"eta": 0.02}),
    "guarded Adam": ("Adam", {"eta": 0.003, "guard": True}),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["float64", "float32", "bytes in a file", "weighted"])
def test_a_pass_in_machine_code_takes_the_steps_of_one_in_python(tmp_path, monkeypatch, method, kind):
    name, options = METHODS[method]
    rows, dtype, weight = DIGITS[:150], "float32" if kind == "float32" else "float64", None
    if kind == "bytes in a file":
        values = mapped(tmp_path, (255 * DIGITS[:300]).astype(np.uint8))
        pool, tolerance = Batch.stored(Rows(values, np.arange(0, 300, 2)), scale=1 / 255), 1e-9
    else:
        weight = 1.0 + np.arange(150) % 3 if kind == "weighted" else None
        pool, tolerance = Batch(rows, weight=weight), 1e-3 if dtype == "float32" else 1e-9
    objective = Objective(NET, Batch(rows[:20]), penalties=[L2(1e-4)], dtype=dtype)
    schedule = Every(0, between=solvers.get(name, **options))

    def run():
        rng = np.random.default_rng(3)
        return told(objective, THETA, schedule, iterations=3, batch_size=32, rng=rng, pool=pool)

    fast = run()
    assert passes_of(objective, pool, 32) is not None
    monkeypatch.setattr(supply, "passes_of", lambda *arguments: None)
    slow = run()
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(one.theta, other.theta, rtol=tolerance, atol=tolerance)
        assert (one.steps, one.rows) == (other.steps, 20)
    assert [record.steps for record in fast] == [0, 5, 5, 5]
    judged = "guarded" in method or method == "adaptive"
    assert fast[-1].evaluations == 1 + 3 * (1 + 5 * (2 if judged else 1))


def test_a_pass_in_machine_code_sees_every_row_once_in_the_order_of_its_shuffle():
    pool = Batch(DIGITS[:10], DIGITS[20:30], weight=np.arange(1, 11))
    passes = passes_of(Objective(NET, pool), pool, 4)
    for epoch in range(2):
        series, sizes = passes.shuffled(np.random.default_rng(epoch)), []
        order = np.random.default_rng(epoch).permutation(10)
        while native.evaluate(series.address, series.context, THETA, THETA):
            m = int(series.native.context[native.ROWS])
            index = order[sum(sizes) : sum(sizes) + m]
            wanted = pool.rows(index)
            for held, part in zip(passes._objective.held_rows, (wanted.x, wanted.target, wanted.weight), strict=True):
                np.testing.assert_allclose(held[:m], part, rtol=1e-15)
            sizes.append(m)
        assert sizes == [4, 4, 2]


def test_moments_are_carried_across_passes_and_bursts():
    seen = []
    adam = solvers.get("Adam", eta=0.003)
    objective, pool = Objective(NET, Batch(DIGITS[:100])), Batch(DIGITS[:500])
    told(
        objective, THETA, Every(3, burst="L-BFGS", between=adam), iterations=7, batch_size=64, pool=pool,
        rng=np.random.default_rng(0), boundary=lambda snapshot: seen.append(snapshot()),
    )  # fmt: skip
    steps = [moment.memories[0].t for moment in seen[1:]]
    assert steps == [8, 16, 16, 24, 32, 32]
    assert seen[-1].memories[1] is not None


def test_a_pass_that_leaves_the_finite_ends_at_the_last_point_that_was():
    net = Network.parse("64-8-64", activation="relu", output="identity")
    theta = net.initialize(np.random.default_rng(0), None, "fan-in")
    wild = Every(0, between=solvers.get("gradient-descent", eta=1e200))
    records = told(
        Objective(net, Batch(DIGITS[:50])), theta, wild, iterations=5, batch_size=5, rng=np.random.default_rng(0)
    )
    assert records[-1].stop.startswith(DIVERGED)
    assert len(records) == 2
    assert np.isfinite(records[-1].theta).all()


def test_no_pass_in_machine_code_where_an_objective_has_terms():
    assert passes_of(Objective(NET, Batch(DIGITS[:9]), penalties=[L1Sparsity(0.1)]), Batch(DIGITS), 5) is None


# --- some rows for bursts


def test_growing_rows_begin_with_those_before_them():
    growth, pool = Growth(np.random.default_rng(0).permutation(100), 1.5), Batch(DIGITS[:100])
    counts = [growth.count(10, burst) for burst in range(10)]
    assert counts == [10, 10, 15, 23, 35, 53, 80, 100, 100, 100]
    batches = [growth.batch(pool, count) for count in counts]
    for small, large in pairwise(batches[:6]):
        np.testing.assert_array_equal(large.x[: len(small)], small.x)
    assert batches[-1] is pool
    assert [Growth(growth.order, 1.0).count(10, burst) for burst in (1, 9)] == [10, 10]
    with pytest.raises(InputError, match=r"growth: a factor of 0.5 is not accepted"):
        Growth(growth.order, 0.5)


def test_stored_rows_are_all_taken_where_some_would_fill_the_memory(tmp_path, monkeypatch):
    stored = Batch.stored(mapped(tmp_path, DIGITS[:100]))
    growth = Growth(np.arange(100), 2.0)
    assert len(growth.batch(stored, 40)) == 40
    monkeypatch.setattr(supply, "MOST_COPIED", 40 * 128 - 1)
    assert growth.batch(stored, 40) is stored


@pytest.fixture
def growing():
    pool, growth = Batch(DIGITS[:400]), Growth(np.random.default_rng(1).permutation(400), 2.0)
    objective = Objective(NET, growth.batch(pool, 50), penalties=[L2(1e-4)])
    schedule = Every(2, burst="L-BFGS", between=solvers.get("Adam", eta=0.003), steps=4)
    more = {"batch_size": 32, "pool": pool, "growth": growth}
    return objective, schedule, more


def test_a_burst_on_more_rows_begins_at_the_loss_on_these(growing):
    objective, schedule, more = growing
    records = told(objective, THETA, schedule, iterations=12, rng=np.random.default_rng(0), **more)
    assert [record.rows for record in records] == [50, 50, 50, 50, 100, 100, 200, 200, 400, 400, 400, 400, 400]
    for before, burst in pairwise(records):
        if burst.phase == "burst":
            grown = objective.on(more["growth"].batch(more["pool"], burst.rows))
            assert burst.before == pytest.approx(grown.fun(before.theta), rel=1e-12)
            assert burst.loss <= burst.before
            assert burst.loss == pytest.approx(grown.fun(burst.theta), rel=1e-12)
    best = History(records).best
    assert best.rows == 400
    assert best.loss == min(record.loss for record in records if record.rows == 400)


def test_targets_and_tolerances_wait_for_all_rows(growing):
    objective, schedule, more = growing
    at_once = Stop(loss=1e9, gradient=1e9)
    records = told(objective, THETA, schedule, iterations=20, rng=np.random.default_rng(0), stop=at_once, **more)
    assert records[-1].stop == "target loss 1e+09 reached"
    assert (records[-1].iteration, records[-1].rows) == (8, 400)
    fixed = replace(more["growth"], factor=1.0)
    records = told(
        objective, THETA, schedule, iterations=20, rng=np.random.default_rng(0), stop=at_once,
        **more | {"growth": fixed},
    )  # fmt: skip
    assert records[-1].iteration == 0


def test_of_records_the_one_on_more_rows_is_kept():
    def record(loss, rows, validation=None):
        return Record(0, "step", "", loss, {}, 0.0, 0.0, 0, rows=rows, validation=validation)

    assert record(5.0, 20).better_than(record(1.0, 10))
    assert not record(1.0, 10).better_than(record(5.0, 20))
    assert record(1.0, 10).better_than(record(2.0, 10))
    assert not record(np.nan, 20).better_than(record(2.0, 10))
    assert not record(np.nan, 20).better_than(None)
    assert record(5.0, 10, 1.0).better_than(record(1.0, 20, 2.0))
    assert not record(5.0, 10, None).better_than(record(5.0, 10, 2.0))
    assert record(5.0, 10, 2.0).better_than(record(1.0, 10, None))


# --- early stopping


def overfitting(**more):
    """A wide code that learns twenty rows by heart."""
    objective = Objective(NET, Batch(DIGITS[:20]), penalties=[L2(1e-4)])
    return objective, told(
        objective, THETA, Every(1, burst="L-BFGS", steps=8), validation=Batch(DIGITS[900:1000]), **more
    )


def test_a_training_ends_when_rows_held_out_get_no_better():
    objective, records = overfitting(iterations=60, patience=6)
    losses = [record.validation for record in records]
    assert records[-1].stop == f"{NO_BETTER} 6 iterations"
    best = History(records).best
    assert best.iteration == len(records) - 1 - 6 == int(np.argmin(losses))
    assert best.loss > records[-1].loss
    bare = Objective(NET, Batch(DIGITS[900:1000]))
    assert best.validation == pytest.approx(bare.fun(best.theta), rel=1e-12)
    plain = told(objective, THETA, Every(1, burst="L-BFGS", steps=8), iterations=len(records) - 1)
    assert [record.loss for record in plain] == [record.loss for record in records]
    assert plain[-1].evaluations == records[-1].evaluations
    assert {record.validation for record in plain} == {None}


def test_without_patience_the_best_on_held_out_rows_is_kept_all_the_same():
    _, records = overfitting(iterations=25)
    assert records[-1].stop == "all iterations made"
    best = History(records).best
    assert best.validation == min(record.validation for record in records) < records[-1].validation


def test_within_a_phase_each_step_is_judged():
    objective = Objective(NET, Batch(DIGITS[:20]))
    records = told(objective, THETA, Then(("L-BFGS", 400)), validation=Batch(DIGITS[900:1000]), patience=10)
    losses = [record.validation for record in records]
    assert records[-1].stop.startswith(NO_BETTER)
    assert len(losses) - 1 - int(np.argmin(losses)) == 10
    assert History(records).best.theta is not None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"patience": 3}, "patience: it is about the loss on validation rows"),
        ({"patience": 0, "validation": Batch(DIGITS[:5])}, "patience: 0 is not accepted"),
        ({"growth": Growth(np.arange(5), 2.0)}, "growth: it orders 5 rows, and the pool has none"),
        ({"growth": Growth(np.arange(5), 2.0), "pool": Batch(DIGITS[:9])}, "the pool has 9; one for each"),
        ({"pool": Batch(DIGITS), "draw": lambda rng: Batch(DIGITS), "redraw": "step"}, "pool and draw contradict"),
        ({"validation": Batch(DIGITS[:, :9])}, "does not fit a x of 9 columns"),
    ],
)
def test_train_refuses_what_nobody_would_heed(more, sentence):
    with pytest.raises(InputError, match=sentence):
        train(Objective(NET, Batch(DIGITS[:9])), THETA, Every(2), rng=np.random.default_rng(0), **more)


def test_rows_do_not_grow_in_a_then():
    more = {"growth": Growth(np.arange(9), 2.0), "pool": Batch(DIGITS[:9])}
    with pytest.raises(InputError, match="growth: rows become more from burst to burst of Every"):
        train(Objective(NET, Batch(DIGITS[:3])), THETA, Then(("BFGS", 3)), **more)


# --- parts of the data


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("digits.csv", DIGITS[:300], delimiter=",", fmt="%g")
    np.save("digits.npy", (255 * DIGITS[:500]).round().astype(np.uint8).reshape(-1, 8, 8))
    return tmp_path


def told_by(folder):
    return [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]


def invoked(text):
    return CliRunner().invoke(main, ["train", *text.split()])


def test_the_command_line_holds_rows_out_and_tells_of_them(here):
    words = "--dataset digits.csv --layers 64-16-64 --init fan-in --l2 0 --burst 20 --validation 0.2 --test 0.1"
    done = invoked(f"{words} --patience 4 --iterations 400 --json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["stop"] == f"{NO_BETTER} 4 iterations"
    assert result["split"]["rows"] == {"train": 210, "validation": 60, "test": 30}
    assert result["title"].startswith("210 rows")
    lines = told_by((here / result["report"]).parent)
    best = lines[result["best_iteration"]]
    assert best["validation"] == min(line["validation"] for line in lines) == result["validation"]
    assert result["split"]["loss"]["validation"] == pytest.approx(best["validation"], rel=1e-12)
    assert result["split"]["loss"]["test"] > result["loss"]
    page = (here / result["report"]).read_text(encoding="utf-8")
    for said in ("validation loss", "test loss", "on 60 rows held out", "Dashed and green"):
        assert said in page
    data = Data.of(Spec(dataset="digits.csv", validation=0.2, test=0.1))
    seen = np.concatenate([batch.x for batch in (data.train, data.validation, data.test)])
    assert sorted(map(tuple, seen)) == sorted(map(tuple, DIGITS[:300]))


def test_the_command_line_trains_on_rows_left_in_their_file(here):
    words = "--dataset digits.npy --mapped --layers 64-16-64 --between Adam --eta 0.003 --no-guard --batch-size 50"
    done = invoked(f"{words} --every 2 --solver L-BFGS --burst-rows 100 --burst-growth 3 --test 0.2 --iterations 6 -q")
    assert done.exit_code == 0, done.output
    folder = (here / done.stdout.strip()).parent
    lines = told_by(folder)
    assert [line["rows"] for line in lines] == [100, 100, 100, 100, 300, 300, 400]
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert (result["dataset"]["rows"], result["dataset"]["image_shape"]) == (400, [8, 8])
    assert "left in 'digits.npy'; 200 of them are shown" in result["dataset"]["about"]
    assert lines[-1]["loss"] < lines[0]["loss"]


BAD = {
    "--dataset digits.csv --patience 3": "patience: it is for validation",
    "--dataset digits.csv --validation 1.5": "validation: 1.5 is not accepted; a part of the rows, of at least 0",
    "--dataset digits.csv --validation -0.1": "validation: -0.1 is not accepted; a finite number of at least 0 is",
    "--dataset digits.csv --validation 0 --patience 2": "patience: it is for validation, which is not asked for",
    "--dataset digits.csv --validation 0.6 --test 0.4": "validation 0.6 and test 0.4 contradict each other",
    "--letters A,B --validation 0.4 --test 0.4": "validation and test: 2 rows cannot be split into 3 parts",
    "--burst-growth 2": "burst-growth: it is for burst-rows",
    "--burst-rows 3": "burst-rows: no step would see the other rows",
    "--burst-rows 3 --burst-growth 0.5": "burst-growth: 0.5 is not accepted",
    "--burst-rows 3 --batch-size 2 --every 0": "burst-rows and every 0 contradict each other",
    "--burst-rows 3 --burst-growth 2 --schedule adam:3": "burst-growth and schedule contradict each other",
    "--burst-rows 3 --burst-growth 2 --noise flip:1 --redraw burst": "burst-rows and redraw contradict each other",
    "--mapped": "mapped: 'font2' cannot be left in its file; the path of a .npy file is accepted",
    "--mapped --dataset none.npy": "cannot read 'none.npy': No such file",
    "--mapped --dataset broken.npy": "'broken.npy' is not a NumPy file",
    "--mapped --dataset whole.npy": "mapped: 'whole.npy' has an array of int64 and shape (9, 64); uint8, float32",
    "--mapped --dataset digits.npy --noise gaussian:0.1": "noise and mapped contradict each other",
    "--mapped --dataset digits.npy --restarts 3": "restarts and mapped contradict each other",
    "--mapped --dataset digits.npy --target-pixels 0": "target-pixels: wrong pixels are counted on data of 0 and 1",
}


@pytest.mark.parametrize("words", BAD)
def test_one_sentence_says_what_is_wrong_and_nothing_is_written(here, words):
    (here / "broken.npy").write_bytes((here / "digits.npy").read_bytes()[:200])
    np.save("whole.npy", np.zeros((9, 64), dtype=np.int64))
    before = sorted(here.iterdir())
    done = invoked(words)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"Error: {BAD[words]}"), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(here.iterdir()) == before


def test_each_start_has_its_own_burst_rows_and_the_same_parts():
    given = Spec(letters="all", validation=0.2, burst_rows=5, batch_size=4, seed=1)
    started, alone = Setup.of(given).start(5), Setup.of(replace(given, seed=5))
    np.testing.assert_array_equal(started.objective.batch.x, alone.objective.batch.x)
    np.testing.assert_array_equal(started.validation.x, alone.validation.x)
    assert started.objective.fun(started.theta) == alone.objective.fun(alone.theta)
    assert (Setup.of(given).objective.batch.x != alone.objective.batch.x).any()
