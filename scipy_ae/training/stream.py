"""train: the way in."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.errors import InputError, unknown
from scipy_ae.objective import AnyObjective
from scipy_ae.records import Record, Snapshot
from scipy_ae.schedule import Schedule, Then
from scipy_ae.solvers.result import Result
from scipy_ae.training.held_out import HeldOut
from scipy_ae.training.state import Boundary, State
from scipy_ae.training.stop import Stop
from scipy_ae.training.supply import REDRAW, Draw, Fresh, Growth, Supply
from scipy_ae.training.turns import records_of


def train(
    objective: AnyObjective,
    theta: np.ndarray,
    schedule: Schedule,
    *,
    iterations: int | None = None,
    batch_size: int | None = None,
    rng: np.random.Generator | None = None,
    stop: Stop | None = None,
    pulse: Callable[[int, Result], None] | None = None,
    resume: Snapshot | None = None,
    boundary: Boundary | None = None,
    draw: Draw | None = None,
    redraw: str | None = None,
    counted: Batch | None = None,
    pool: Batch | None = None,
    growth: Growth | None = None,
    validation: Batch | None = None,
    patience: int | None = None,
) -> Generator[Record, None, None]:
    """Train, and tell of each iteration as it ends.

    Parameters
    ----------
    objective : Objective
        On the batch that bursts see and that records are of.
    theta : ndarray of shape (n,)
        The start.
    schedule : Every or Then
    iterations : int, optional
        220 with ``Every``, all steps of all phases with ``Then``.
    batch_size : int, optional
        Rows of a mini-batch for the steps of first-order methods: one iteration goes through all rows once, shuffled by
        ``rng``. Bursts always see the batch of the objective.
    rng : numpy.random.Generator, optional
        Needed with ``batch_size``.
    stop : Stop, optional
    pulse : callable, optional
        ``pulse(iteration, intermediate_result)`` at every step of a solver within a burst.
    draw : callable, optional
        ``draw(rng)`` gives a fresh batch, such as other noise on the same rows.
    redraw : {"burst", "step"}, optional
        With ``draw``: "burst" draws a fresh batch before each burst of ``Every``, and the steps up to the next one keep
        to it; "step" draws one before each iteration of a first-order method as well (with ``batch_size``, before each
        pass over the rows). Other methods of ``Then`` keep to the objective's own batch. A solver that carries its
        memory carries it from batch to batch.
    counted : Batch, optional
        The rows whose wrong pixels are counted; the objective's own where None. A denoising training counts them on the
        clean rows.
    pool : Batch, optional
        The rows that mini-batches are drawn from, where they are more than the objective's: bursts and records then see
        a fixed part of the rows, and steps on mini-batches all of them.
    growth : Growth, optional
        With ``pool``: the objective's rows become more from burst to burst of ``Every``; they must be those with which
        ``growth.order`` begins. The point where a burst begins is evaluated anew on the new rows, which is the burst's
        ``before``, and a record says in ``rows`` on how many it is; losses on fewer rows are neither compared nor kept
        as the best. What solvers carry is carried on, for it is about directions and curvature and not about a loss; no
        gradient on one batch is subtracted from one on another. While more rows are to come, targets and tolerances end
        a burst, and never the training.
    validation : Batch, optional
        Rows that are not trained on. Each record tells the loss on them, without penalties, and the best is the record
        of the lowest of these. These evaluations are not counted.
    patience : int, optional
        With ``validation``: the training ends after so many records in a row without a lower one.
    resume : Snapshot, optional
        Go on from there, to the same bytes; all else must be what it was then. Its ``held`` is the first record.
    boundary : callable, optional
        Called before each iteration (within a phase of ``Then``, every few) with a function that gives the
        :class:`~scipy_ae.records.Snapshot` of that moment; all records but its ``held`` have been told by then.

    Yields
    ------
    Record
        First the start (iteration 0), then one for each iteration; the last one says why it ended in ``stop``. Each
        carries the theta at its end, but within a phase of ``Then``, where many wait for one another, the best of them
        and as many as memory allows; the best is the one of the lowest loss (``History.best``) and always carries it.
        ``evaluations`` counts every evaluation of the loss, with or without gradient, on mini-batches too; Hessian
        products are not counted.
        Losses, gradients and tolerances are of ``objective`` throughout, whatever was drawn to train on: with
        ``redraw`` a burst may therefore end above its ``before``.

    Raises
    ------
    NonFiniteError
        The loss or its gradient are not finite at the start.
    """
    if iterations is None:
        iterations = schedule.iterations if isinstance(schedule, Then) else 220
    for name, value in (("iterations", iterations), ("batch_size", batch_size), ("patience", patience)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1):
            raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least 1 is")
    if rng is None and (batch_size is not None or redraw is not None):
        purpose = "to shuffle mini-batches" if redraw is None else "to draw fresh batches"
        raise InputError(f"rng: a numpy.random.Generator is needed {purpose}")
    if redraw not in (None, *REDRAW):
        raise unknown("redraw", str(redraw), REDRAW)
    if (draw is None) != (redraw is None):
        raise InputError("draw and redraw: one is of no use without the other; both or neither are accepted")
    _refuse_idle(schedule, pool, growth, draw, validation, patience)
    fresh = None if draw is None or redraw is None or rng is None else Fresh(draw, redraw, rng)
    supply = Supply(objective, batch_size, rng, fresh, pool, growth)
    held_out = None if validation is None else HeldOut(objective, validation, patience)
    state = State(objective, theta, stop or Stop(), supply, rng, counted, pulse, held_out)
    if resume is not None:
        state.restore(resume, schedule)
    return _Stream(state, schedule, iterations, boundary).records()


def _refuse_idle(
    schedule: Schedule,
    pool: Batch | None,
    growth: Growth | None,
    draw: Draw | None,
    validation: Batch | None,
    patience: int | None,
) -> None:
    """What was asked for and nobody would heed."""
    if patience is not None and validation is None:
        raise InputError("patience: it is about the loss on validation rows, and there are none; give validation too")
    if growth is not None and isinstance(schedule, Then):
        raise InputError("growth: rows become more from burst to burst of Every, and this schedule is a Then")
    if growth is not None and (pool is None or len(growth.order) != len(pool)):
        rows = "none" if pool is None else f"{len(pool)}"
        raise InputError(
            f"growth: it orders {len(growth.order)} rows, and the pool has {rows}; one for each is accepted"
        )
    if pool is not None and draw is not None:
        raise InputError("pool and draw contradict each other: steps are on the rows of one or of the other")


@dataclass(frozen=True)
class _Stream:
    """The turns of a schedule, one after the other, as records."""

    state: State
    schedule: Schedule
    iterations: int
    boundary: Boundary | None

    def records(self) -> Generator[Record, None, None]:
        """A record is held back until the next is there, since the last one tells why it ended."""
        state = self.state
        with state.objective.threads():
            state.held = held = state.held or state.begin()
            for record in () if held.stop else self._all():
                yield held
                state.held = held = record
                if held.stop:
                    break
            yield held if held.stop else replace(held, stop=state.ending or "all iterations made")

    def _all(self) -> Iterator[Record]:
        """The records of all turns that are left; between them, and where a turn may be taken up again, a boundary."""
        state = self.state
        for turn in islice(self.schedule.turns(self.iterations), state.turn, None):
            yield from records_of(turn, state, self._pause)
            state.turn, state.steps = state.turn + 1, 0

    def _pause(self) -> None:
        if self.boundary is not None:
            self.boundary(partial(self.state.snapshot, self.schedule))
