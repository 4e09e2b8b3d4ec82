"""Schedules: whose turn it is."""

import numpy as np
import pytest

from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.schedule import Every, Then, parse_phases


def phases(schedule, iterations):
    return [turn.phase for turn in schedule.turns(iterations)]


def test_every_fourth_iteration_is_a_burst():
    assert phases(Every(4), 9) == ["step", "step", "step", "burst"] * 2 + ["step"]


def test_every_1_is_all_bursts_and_every_0_has_none():
    assert phases(Every(1), 5) == ["burst"] * 5
    assert phases(Every(0), 5) == ["step"] * 5


def test_a_turn_carries_bound_memory_and_solver():
    schedule = Every(2, burst="CG", between="Adam", steps=7, keep=False)
    step, burst = schedule.turns(2)
    assert (step.solver.name, step.steps, step.keep, step.each) == ("Adam", 1, True, False)
    assert (burst.solver.name, burst.steps, burst.keep, burst.each) == ("CG", 7, False, False)


def test_a_name_stands_for_a_guarded_first_order_method_and_an_object_for_itself():
    assert Every(4).between.guard
    assert Every(4, burst="Adam").burst.guard
    free = solvers.get("Adam")
    assert Every(4, between=free).between is free
    assert not free.guard


def test_the_same_solver_takes_every_burst_so_that_it_keeps_its_memory():
    bursts = [turn.solver for turn in Every(1).turns(3)]
    assert bursts[0] is bursts[1] is bursts[2]


def test_then_hands_over_and_is_cut_at_the_bound():
    schedule = Then(("adam", 5), ("BFGS", 3), ("CG", 4))
    assert schedule.iterations == 12
    assert [(turn.solver.name, turn.steps, turn.phase, turn.each) for turn in schedule.turns(6)] == [
        ("Adam", 5, "step", True),
        ("BFGS", 1, "burst", True),
    ]
    assert [turn.steps for turn in schedule.turns(100)] == [5, 3, 4]


def test_those_at_work_and_those_who_may_see_minibatches():
    assert [solver.name for solver in Every(4).solvers] == ["gradient-descent", "BFGS"]
    assert [solver.name for solver in Every(0).solvers] == ["gradient-descent"]
    assert [solver.name for solver in Every(1).solvers] == ["BFGS"]
    assert Every(1).stepping == ()
    assert [solver.name for solver in Then(("adam", 1), ("TNC", 1)).solvers] == ["Adam", "TNC"]


def test_numpy_whole_numbers_will_do():
    assert phases(Every(np.int64(2), steps=np.int32(3)), 2) == ["step", "burst"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("adam:500 bfgs:300", [("adam", 500), ("bfgs", 300)]),
        ("adam:5,bfgs:3", [("adam", 5), ("bfgs", 3)]),
        ("adam:5 -> L-BFGS-B:3", [("adam", 5), ("L-BFGS-B", 3)]),
        ("scipy.BFGS:7", [("scipy.BFGS", 7)]),
    ],
)
def test_phases_are_read(text, expected):
    assert parse_phases(text) == expected


@pytest.mark.parametrize("text", ["", "adam", "adam:", ":5", "adam:x", "adam:-5", "adam:5.0", "adam=5"])
def test_odd_phases_are_refused(text):
    with pytest.raises(InputError, match="schedule"):
        parse_phases(text)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Every(-1), "every: -1"),
        (lambda: Every(2.0), "every: 2.0"),
        (lambda: Every(True), "every: True"),
        (lambda: Every(4, steps=0), "burst: 0"),
        (lambda: Every(4, burst="BFSG"), "did you mean 'BFGS'"),
        (lambda: Every(4, burst=3), "burst: 3 is not accepted; a solver or its name"),
        (lambda: Every(4, between=None), "between: None"),
        (lambda: Then(), "at least one phase"),
        (lambda: Then(("adam", 0)), "schedule: 0"),
        (lambda: Then(("adam", 1.5)), "schedule: 1.5"),
        (lambda: Then((None, 3)), "schedule: None"),
    ],
)
def test_odd_schedules_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
