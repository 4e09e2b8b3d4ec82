"""Turns: what a solver does when it is its turn, told iteration by iteration.

A turn is single steps on many batches (:func:`_pass`), a burst or one step on all rows (:func:`_whole`), or a phase of
which each step is an iteration (:func:`_phase`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from scipy_ae.errors import NonFiniteError
from scipy_ae.problem import Problem, Series
from scipy_ae.records import Record
from scipy_ae.schedule import Turn
from scipy_ae.solvers.base import NON_FINITE
from scipy_ae.solvers.result import Result
from scipy_ae.solvers.stepping import FirstOrder
from scipy_ae.training.state import State

#: Weights times rows up to which the steps of a burst are looked at by so many: a look costs as much as one of them.
BRISK, AT_ONCE = 1_000_000, 15
#: Steps of a phase whose records wait for one another.
CHUNK = 25
#: Numbers in the thetas of records that wait, at most.
HELD = 2_000_000


def records_of(turn: Turn, state: State, pause: Callable[[], None]) -> Iterator[Record]:
    """The records of what is left of a turn; ``pause`` is called where it may be taken up again."""
    if turn.solver.first_order and turn.phase == "step" and state.supply.many:
        while state.steps < turn.steps:
            pause()
            record = _pass(turn, state)
            state.steps += 1
            yield record
    elif turn.each:
        yield from _phase(turn, state, pause)
    else:
        pause()
        yield _whole(turn, state)


def _pass(turn: Turn, state: State) -> Record:
    """One pass over all rows, one step on each batch of them."""
    series: Series | Iterable[Problem] | None = None
    if isinstance(turn.solver, FirstOrder):
        series = state.supply.series()
        if series is None and not turn.solver.judged:
            series = (state.objective.on(batch) for batch in state.supply.of_steps())
    diverged, steps = False, 0
    if series is not None:
        result = state.along(turn, series)
        state.theta, steps, diverged = result.x, result.nit, result.status == NON_FINITE
    for batch in state.supply.of_steps() if series is None else ():
        try:
            result = state.solve(turn, state.objective.on(batch), 1)
        except NonFiniteError:  # finite on the batch before, no longer on this one
            diverged = True
            break
        state.theta, steps = result.x, steps + result.nit
        if result.status == NON_FINITE:
            diverged = True
            break
    state.move(state.theta, *state.evaluate(state.theta))
    return state.ended(turn, steps, diverged=diverged)


def _whole(turn: Turn, state: State) -> Record:
    """The whole turn as one iteration; a burst ends at its lowest point, or where it began."""
    before, grown = None, False
    if turn.phase == "burst":
        grown = state.begin_burst()
        before = state.value
        state.supply.renew()
    brisk = state.objective.size * len(state.objective.batch) <= BRISK
    try:
        watch = partial(_watch_burst, state)
        result = state.solve(turn, state.supply.at_work, turn.steps, watch, AT_ONCE if brisk else 1)
    except NonFiniteError:
        if state.supply.own and not grown:
            raise
        return state.ended(turn, 0, before=before, diverged=True)  # finite on the batch before, not on this one
    if not state.supply.own:
        state.move(result.x, *state.evaluate(result.x))
    elif before is None or result.fun <= state.value:
        state.move(result.x, result.fun, result.get("jac"))
    return state.ended(turn, result.nit, result.message, before, diverged=_diverged(turn, result))


def _watch_burst(state: State, now: Result) -> None:
    """Called as a burst goes on and at its last step; the record made at its end gives the reason to end."""
    own = state.supply.own  # the value and gradient of a fresh batch decide nothing
    if own and now.fun < state.value:  # an unguarded first-order method may end above it
        state.move(now.x, now.fun, now.get("jac"))
    if state.pulse is not None:
        state.pulse(state.iteration + 1, now)
    stop, gradient = state.stop, now.get("jac") if own else None
    if (
        stop.asked()
        or (gradient is not None and np.abs(gradient).max() <= stop.gradient)
        or (stop.seconds is not None and state.clock() >= stop.seconds)
        or (stop.loss is not None and own and now.fun <= stop.loss)
        or (stop.pixels is not None and state.binary and state.pixels(now.x).max() <= stop.pixels)
    ):
        raise StopIteration


class _Waiting:
    """Records of a phase that wait for one another.

    The best has its theta; of the others as many as may be held together, at even distances from the first on.
    """

    def __init__(self, size: int) -> None:
        self.records: list[Record] = []
        self._most, self._stride = max(1, HELD // size), 1
        self._best = -1

    def add(self, record: Record) -> None:
        place = len(self.records)
        self.records.append(record)
        former = self._best
        if record.better_than(self.records[former] if former >= 0 else None):
            self._best = place
            self._lighten(former)
        self._lighten(place)
        if place // self._stride >= self._most:
            self._stride *= 2
            for odd in range(self._stride // 2, place + 1, self._stride):
                self._lighten(odd)

    def _lighten(self, place: int) -> None:
        """Drop the theta of a record that has no claim to it."""
        if place >= 0 and place % self._stride and place != self._best:
            self.records[place] = self.records[place].at(None)


def _phase(turn: Turn, state: State, pause: Callable[[], None]) -> Iterator[Record]:
    """Each step of the turn as an iteration.

    A solver that carries its memory runs in chunks, so that few records wait at a time; another in one piece.
    """
    state.ending = ""
    while (left := turn.steps - state.steps) > 0:
        pause()
        steps = min(left, CHUNK) if turn.solver.carries or turn.solver.first_order else left
        waiting = _Waiting(state.objective.size)
        result = state.solve(turn, state.objective, steps, partial(_watch_step, turn, state, waiting))
        state.move(result.x, result.fun, result.get("jac"))
        records = waiting.records
        if records:
            records[-1] = replace(records[-1], message=result.message, evaluations=state.evaluations)
            yield from records
        if _diverged(turn, result):
            yield state.ended(turn, 0, result.message, diverged=True)
        if len(records) < steps:
            state.ending = f"{turn.solver.name} ended before its last step: {result.message}"
            return
        state.steps += steps


def _watch_step(turn: Turn, state: State, waiting: _Waiting, now: Result) -> None:
    """Called after each step of a phase: its record joins those that wait."""
    state.iteration += 1
    if state.pulse is not None:
        state.pulse(state.iteration, now)
    gradient = now.get("jac")
    if gradient is None:
        gradient = state.evaluate(now.x)[1]
    record = state.record(turn.phase, turn.solver.name, now.x, now.fun, gradient, extra=now.nfev, steps=1)
    waiting.add(record)
    if record.stop:
        raise StopIteration


def _diverged(turn: Turn, result: Result) -> bool:
    """Whether an unguarded first-order method left the finite; the status of others may mean something else."""
    return turn.solver.first_order and result.status == NON_FINITE
