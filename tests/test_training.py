"""Training: records that tell the truth, bursts that never rise, stops, carried memory, divergence."""

from itertools import pairwise

import numpy as np
import pytest

from scipy_ae import solvers
from scipy_ae.batches import Batch
from scipy_ae.datasets import load_font, make_circles
from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2
from scipy_ae.records import History
from scipy_ae.schedule import Every, Then
from scipy_ae.solvers.watched import Watched
from scipy_ae.training import DIVERGED, INTERRUPTED, Stop, supply, train

EVERY_BURST = [
    "BFGS",
    "L-BFGS",
    "scipy.BFGS",
    "CG",
    "L-BFGS-B",
    "TNC",
    "scipy.Newton-CG",
    "Newton-CG",
    "Levenberg-Marquardt",
    "SLSQP",
    "trust-ncg",
    "Powell",
]


def letters(spec="35-12-2-12-35", rows=4, l2=0.0, seed=0):
    """An objective on the first letters, and a start."""
    net = Network.parse(spec)
    x = load_font(2).x[1 : rows + 1]
    objective = Objective(net, Batch(x), penalties=(L2(l2),) if l2 else ())
    return objective, net.initialize(np.random.default_rng(seed), 0.73)


def tiny(seed=0):
    """23 weights, for methods without a gradient."""
    net = Network.parse("4-2-4", output="identity")
    x = np.random.default_rng(1).normal(size=(6, 4))
    return Objective(net, Batch(x)), net.initialize(np.random.default_rng(seed), 0.5)


@pytest.fixture
def count(monkeypatch):
    """Every evaluation of any objective, mini-batches included; solvers have to come to Python for them."""
    seen = []
    monkeypatch.setattr(Watched, "native", None)
    monkeypatch.setattr(supply, "passes_of", lambda *arguments: None)
    for name in ("fun", "fun_and_jac"):
        real = getattr(Objective, name)
        monkeypatch.setattr(Objective, name, lambda self, theta, real=real: (seen.append(1), real(self, theta))[1])
    return seen


@pytest.mark.parametrize("name", EVERY_BURST)
def test_no_burst_ends_above_its_start(name):
    objective, start = tiny()
    records = list(train(objective, start, Every(2, burst=name, steps=4), iterations=12))
    bursts = [record for record in records if record.phase == "burst"]
    assert len(bursts) >= 3
    for record in bursts:
        assert record.loss <= record.before
        assert record.solver == solvers.get(name).name
    assert bursts[0].loss < bursts[0].before


@pytest.mark.parametrize("eta", [0.01, 5.0])
def test_no_burst_of_an_unguarded_first_order_method_ends_above_its_start(eta):
    objective, start = letters()
    schedule = Every(1, burst=solvers.get("Adam", eta=eta), steps=6)
    records = list(train(objective, start, schedule, iterations=6))[1:]
    assert all(record.loss <= record.before for record in records)
    assert all(record.loss == pytest.approx(objective.fun(record.theta), rel=1e-12) for record in records)


def test_before_is_the_loss_of_the_record_before():
    objective, start = letters()
    records = list(train(objective, start, Every(3, steps=5), iterations=9))
    for last, record in pairwise(records):
        assert record.before == (last.loss if record.phase == "burst" else None)


@pytest.mark.parametrize("schedule", [Every(3, steps=4), Then(("Adam", 9), ("BFGS", 30), ("L-BFGS-B", 5))])
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_each_record_tells_of_its_own_theta(schedule, l2):
    objective, start = letters(l2=l2)
    seen = 0
    for record in train(objective, start, schedule, iterations=40):
        if record.theta is None:
            continue
        seen += 1
        value, gradient = objective.fun_and_jac(record.theta)
        assert record.loss == pytest.approx(value, rel=1e-12)
        assert record.grad_norm == pytest.approx(np.abs(gradient).max(), rel=1e-9)
        assert sum(record.parts.values()) == pytest.approx(record.loss, rel=1e-12)
        assert set(record.parts) == ({"cross-entropy", "L2"} if l2 else {"cross-entropy"})
        output = objective.network.reconstruct(record.theta, objective.batch.x)
        wrong = ((output > 0.5) != (objective.batch.x > 0.5)).sum(axis=1)
        assert (record.wrong_pixels, record.worst_row) == (wrong.sum(), wrong.max())
    assert seen >= 4


@pytest.mark.parametrize(
    ("schedule", "more"),
    [
        (Every(2, steps=4), {}),
        (Every(2, burst="CG", between="Adam", steps=4), {}),
        (Every(1, burst="Powell", steps=1), {}),
        (Every(2, burst="Adam", steps=3), {"batch_size": 4}),
        (Then(("adam", 7), ("BFGS", 33)), {}),
        (Then(("adam", 3), ("TNC", 5), ("Nelder-Mead", 4), ("L-BFGS-B", 400)), {"batch_size": 4}),
    ],
)
def test_evaluations_are_those_made(count, schedule, more):
    objective, start = tiny()
    more = dict(more, rng=np.random.default_rng(0)) if more else {}
    records = list(train(objective, start, schedule, iterations=8 if isinstance(schedule, Every) else None, **more))
    assert records[0].evaluations == 1
    assert records[-1].evaluations == len(count)
    told = [record.evaluations for record in records]
    assert told == sorted(told)


def test_evaluations_after_the_last_step_are_counted(count):
    """A search that finds no further step has evaluations but no step of its own."""
    objective, start = tiny()
    exact = solvers.get("BFGS", gtol=0.0)
    last = list(train(objective, start, Then((exact, 2000)), stop=Stop(gradient=0.0)))[-1]
    assert last.stop.startswith("BFGS ended before its last step: no step along the search direction")
    assert last.evaluations == len(count)


def test_a_carried_memory_learns_and_an_emptied_one_forgets(monkeypatch):
    got = []
    real = solvers.BFGS._run

    def spy(self, watched, start, maxiter, memory, report):
        got.append(memory is not None)
        return real(self, watched, start, maxiter, memory, report)

    monkeypatch.setattr(solvers.BFGS, "_run", spy)
    objective, start = letters()
    kept = list(train(objective, start, Every(1, steps=3), iterations=12))[-1]
    assert got == [False] + [True] * 11
    got.clear()
    reset = list(train(objective, start, Every(1, steps=3, keep=False), iterations=12))[-1]
    assert got == [False] * 12
    assert kept.loss < 0.1 * reset.loss


def test_a_guarded_step_never_raises_the_loss_and_an_unguarded_one_may():
    objective, start = letters()

    def losses(guard):
        schedule = Every(0, between=solvers.get("gradient-descent", eta=2.0, guard=guard))
        return np.array([record.loss for record in train(objective, start, schedule, iterations=40)])

    assert (np.diff(losses(True)) <= 0).all()
    assert losses(True)[-1] < losses(True)[0]
    assert (np.diff(losses(False)) > 0).any()


def test_then_records_every_step_of_every_phase():
    objective, start = letters()
    records = list(train(objective, start, Then(("Adam", 30), ("BFGS", 40), ("TNC", 3))))
    assert [record.iteration for record in records] == list(range(74))
    names = [record.solver for record in records]
    assert names == [""] + ["Adam"] * 30 + ["BFGS"] * 40 + ["TNC"] * 3
    assert records[-1].stop == "all iterations made"
    losses = [record.loss for record in records[31:]]
    assert losses == sorted(losses, reverse=True)


def test_a_phase_that_ends_early_hands_over_and_the_last_one_says_so():
    objective, start = tiny()
    records = list(train(objective, start, Then(("L-BFGS-B", 4000), ("CG", 2)), stop=Stop(gradient=0.0)))
    assert {record.solver for record in records} == {"", "L-BFGS-B", "CG"}
    records = list(train(objective, start, Then(("L-BFGS-B", 4000)), stop=Stop(gradient=0.0)))
    assert len(records) < 4000
    assert records[-1].stop.startswith("L-BFGS-B ended before its last step: ")


@pytest.mark.parametrize("schedule", [Every(4), Then(("adam", 30), ("BFGS", 200)), Then(("TNC", 60))])
def test_the_best_theta_is_kept(schedule):
    objective, start = letters()
    history, best = History(), None
    for record in train(objective, start, schedule, iterations=60):
        history.add(record)
        if history.best is record:
            best = record.theta
    assert history.best.loss == min(record.loss for record in history)
    assert objective.fun(best) == pytest.approx(history.best.loss, rel=1e-12)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop(loss=8.0), "target loss 8 reached"),
        (Stop(pixels=4), "no row with more than 4 wrong pixels"),
        (Stop(gradient=0.5), "no entry of the gradient above 0.5"),
        (Stop(seconds=0.0), "time budget of 0 s"),
        (Stop(asked=lambda: True), INTERRUPTED),
    ],
)
@pytest.mark.parametrize("schedule", [Every(1, steps=500), Then(("BFGS", 500)), Then(("L-BFGS-B", 500))])
def test_each_reason_stops_and_is_told(stop, reason, schedule):
    objective, start = letters()
    records = list(train(objective, start, schedule, iterations=500, stop=stop))
    assert reason in records[-1].stop
    assert all(not record.stop for record in records[:-1])
    assert records[-1].evaluations < 500
    if stop.loss is not None:
        assert records[-1].loss <= 8.0 < records[0].loss
    if stop.pixels is not None:
        assert records[-1].worst_row <= 4 < records[0].worst_row


def test_all_iterations_are_made_where_nothing_else_ends():
    objective, start = letters()
    records = list(train(objective, start, Every(4), iterations=7, stop=Stop(gradient=0.0)))
    assert (len(records), records[-1].stop) == (8, "all iterations made")


@pytest.mark.parametrize("schedule", [Every(1, steps=10_000), Then(("BFGS", 10_000)), Then(("TNC", 10_000))])
def test_asking_ends_after_the_current_step_and_loses_no_record(schedule):
    objective, start = letters()
    steps = []
    stop = Stop(gradient=0.0, asked=lambda: len(steps) >= 13)
    records = list(
        train(objective, start, schedule, iterations=10_000, stop=stop, pulse=lambda _, state: steps.append(state.fun))
    )
    assert len(steps) == 13
    assert records[-1].stop == INTERRUPTED
    assert records[-1].loss == pytest.approx(min(steps), rel=1e-12)
    best = History(records).best
    assert objective.fun(best.theta) == pytest.approx(min(steps), rel=1e-12)


def test_minibatches_see_every_row_once_an_epoch(monkeypatch):
    objective, start = letters(rows=10)
    sizes, rows = [], []
    real = Objective.on

    def spy(self, batch):
        sizes.append(len(batch))
        rows.extend(map(tuple, batch.x))
        return real(self, batch)

    monkeypatch.setattr(Objective, "on", spy)
    monkeypatch.setattr(supply, "passes_of", lambda *arguments: None)  # in Python, where it can be seen
    schedule = Every(0, between=solvers.get("Adam", eta=0.01))
    records = list(train(objective, start, schedule, iterations=3, batch_size=4, rng=np.random.default_rng(0)))
    assert sizes == [4, 4, 2] * 3
    everyone = sorted(map(tuple, objective.batch.x))
    epochs = [rows[k : k + 10] for k in (0, 10, 20)]
    assert all(sorted(epoch) == everyone for epoch in epochs)
    assert epochs[0] != epochs[1]  # shuffled anew
    assert [record.steps for record in records] == [0, 3, 3, 3]
    assert records[-1].loss < records[0].loss


def test_bursts_see_the_full_batch_and_are_one_iteration():
    objective, start = letters(rows=10)
    schedule = Every(2, burst="Adam", between="Adam", steps=5)
    records = list(train(objective, start, schedule, iterations=6, batch_size=3, rng=np.random.default_rng(0)))
    assert [record.phase for record in records] == ["start", "step", "burst", "step", "burst", "step", "burst"]
    assert all(record.loss <= record.before and record.steps == 5 for record in records if record.phase == "burst")


@pytest.mark.parametrize("batch_size", [None, 4])
def test_the_same_seed_gives_the_same_bytes(batch_size):
    def once():
        objective, start = letters(rows=10)
        stream = train(objective, start, Every(3, steps=5), iterations=15, batch_size=batch_size,
                       rng=np.random.default_rng(5))  # fmt: skip
        return History(stream).best.theta.tobytes()

    assert once() == once()


def linear(rows=20):
    net = Network.parse("42-8-2-8-42", activation="identity", output="identity")
    return Objective(net, Batch(make_circles(rows).x)), net.initialize(np.random.default_rng(0), 0.5)


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("each", [False, True])
def test_a_loss_that_leaves_the_finite_ends_with_advice_and_the_last_good_theta(batch_size, each):
    objective, start = linear()
    wild = solvers.get("gradient-descent", eta=50.0)
    schedule = Then((wild, 100)) if each else Every(0, between=wild)
    stream = train(objective, start, schedule, iterations=100, batch_size=batch_size, rng=np.random.default_rng(0))
    history = History(stream)
    assert 1 < len(history) < 20
    assert history[-1].stop.startswith(DIVERGED)
    assert "try a smaller eta, --guard, or a smaller std" in history[-1].stop
    assert np.isfinite(history.best.theta).all()
    assert objective.fun(history.best.theta) == history.best.loss <= history[0].loss


def test_a_batch_whose_loss_is_no_longer_finite_ends_the_epoch():
    net = Network.parse("3-1-3", activation="identity", output="identity")
    rows = np.array([[1e3, -2e3, 1.5e3], [1e150, 2e150, -1e150]])
    objective, start = Objective(net, Batch(rows)), net.initialize(np.random.default_rng(0), 0.1)
    order = next(seed for seed in range(9) if np.random.default_rng(seed).permutation(2)[0] == 0)
    schedule = Every(0, between=solvers.get("gradient-descent", eta=1.0))
    records = list(train(objective, start, schedule, batch_size=1, rng=np.random.default_rng(order)))
    assert [record.steps for record in records] == [0, 1]
    assert records[-1].stop.startswith(DIVERGED)
    assert History(records).best is records[0]


def test_a_guard_keeps_the_same_run_finite():
    objective, start = linear()
    schedule = Every(0, between=solvers.get("gradient-descent", eta=50.0, guard=True))
    records = list(train(objective, start, schedule, iterations=30))
    assert not records[-1].stop.startswith(DIVERGED)
    assert records[-1].loss < records[0].loss


def test_running_out_of_evaluations_is_no_divergence():
    """COBYLA's status for it is the number of our own for 'not finite'."""
    objective, start = tiny()
    records = list(train(objective, start, Every(2, burst="COBYLA", steps=30), iterations=6))
    assert records[-1].stop == "all iterations made"
    assert records[-1].loss < records[0].loss


def test_a_start_that_is_not_finite_is_refused():
    objective, start = linear()
    with pytest.raises(NonFiniteError, match="the loss at the start is not finite: try a smaller std"):
        list(train(objective, start * 1e200, Every(4)))


def test_the_start_is_not_written_into():
    objective, start = letters()
    before = start.copy()
    list(train(objective, start, Every(2), iterations=4))
    np.testing.assert_array_equal(start, before)


def test_a_start_at_the_target_is_the_whole_training():
    objective, start = letters()
    records = list(train(objective, start, Every(4), stop=Stop(loss=1e9)))
    assert [record.stop for record in records] == ["target loss 1e+09 reached"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"iterations": 0}, "iterations: 0"),
        ({"iterations": 2.5}, "iterations: 2.5"),
        ({"batch_size": 0, "rng": np.random.default_rng(0)}, "batch_size: 0"),
        ({"batch_size": 3}, "rng"),
    ],
)
def test_odd_arguments_are_refused_before_any_work(more, message):
    objective, start = letters()
    with pytest.raises(InputError, match=message):
        train(objective, start, Every(4), **more)


@pytest.mark.parametrize("name", ["loss", "pixels", "gradient", "seconds"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_odd_stops_are_refused(name, value):
    with pytest.raises(InputError, match=f"{name}: {value}"):
        Stop(**{name: value})


def test_a_theta_of_another_network_is_refused():
    objective, _ = letters()
    with pytest.raises(InputError, match="theta: expected shape"):
        train(objective, np.zeros(3), Every(4))
