"""train: an objective, a start and a schedule become a stream of records.

Live display, history, stopping rule and checkpoint are readers of that stream.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.errors import InputError, NonFiniteError, unknown
from scipy_ae.metrics import is_binary, wrong_pixels
from scipy_ae.network import as_theta
from scipy_ae.objective import Objective
from scipy_ae.records import Record, Snapshot
from scipy_ae.schedule import Schedule, Then, Turn
from scipy_ae.solvers.base import NON_FINITE, Callback
from scipy_ae.solvers.result import Result

#: Weights times rows up to which the steps of a burst are looked at by so many: a look costs as much as one of them.
BRISK, AT_ONCE = 1_000_000, 15
#: Steps of a phase whose records wait for one another.
CHUNK = 25
#: Told where a training could be taken up again, with a function that says how.
Boundary = Callable[[Callable[[], Snapshot]], None]
#: A fresh batch, all its chance from the generator.
Draw = Callable[[np.random.Generator], Batch]
#: When one may be drawn: before each burst, or before each first-order step as well.
REDRAW = ("burst", "step")
#: The ``stop`` of a training that was asked to end, and how that of a diverged one begins.
INTERRUPTED = "interrupted"
DIVERGED = "the loss was no longer finite after this point"


@dataclass(frozen=True)
class Stop:
    """When a training ends before its iterations are over; None asks for nothing.

    Parameters
    ----------
    loss : float, optional
        Target: the whole objective at or under it.
    pixels : int, optional
        Target: no row with more wrong pixels than this.
    gradient : float
        Tolerance: largest entry of the gradient at or under it.
    seconds : float, optional
        Time budget.
    asked : callable
        Asked after each step; True ends the training (this is how Ctrl-C comes in).
    """

    loss: float | None = None
    pixels: int | None = None
    gradient: float = 1e-5
    seconds: float | None = None
    asked: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        for name in ("loss", "gradient", "seconds", "pixels"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name}: {value} is not accepted; a finite number of at least 0 is")

    def reason(self, record: Record) -> str:
        """Why the training ends with this record; empty where it goes on."""
        if self.asked():
            return INTERRUPTED
        if self.loss is not None and record.loss <= self.loss:
            return f"target loss {self.loss:g} reached"
        if self.pixels is not None and record.worst_row is not None and record.worst_row <= self.pixels:
            return f"target reached: no row with more than {self.pixels} wrong pixels"
        if record.grad_norm <= self.gradient:
            return f"converged: no entry of the gradient above {self.gradient:g}"
        if self.seconds is not None and record.seconds >= self.seconds:
            return f"time budget of {self.seconds:g} s used up"
        return ""


def train(
    objective: Objective,
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
) -> Iterator[Record]:
    """Train, and tell of each iteration as it ends.

    Parameters
    ----------
    objective : Objective
        On the full batch; records and bursts are of it.
    theta : ndarray of shape (n,)
        The start.
    schedule : Every or Then
    iterations : int, optional
        220 with ``Every``, all steps of all phases with ``Then``.
    batch_size : int, optional
        Rows of a mini-batch for the steps of first-order methods: one iteration goes through all rows once, shuffled by
        ``rng``. Bursts always see the full batch.
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
    resume : Snapshot, optional
        Go on from there, to the same bytes; all else must be what it was then. Its ``held`` is the first record.
    boundary : callable, optional
        Called before each iteration (within a phase of ``Then``, every few) with a function that gives the
        :class:`~scipy_ae.records.Snapshot` of that moment; all records but its ``held`` have been told by then.

    Yields
    ------
    Record
        First the start (iteration 0), then one for each iteration; the last one says why it ended in ``stop``. Each
        carries the theta at its end, but for those within a phase of ``Then``, where only the best of each few does;
        the best is the one of the lowest loss (``History.best``) and always carries it. ``evaluations`` counts every
        evaluation of the loss, with or without gradient, on mini-batches too; Hessian products are not counted.
        Losses, gradients and tolerances are of ``objective`` throughout, whatever was drawn to train on: with
        ``redraw`` a burst may therefore end above its ``before``.

    Raises
    ------
    NonFiniteError
        The loss or its gradient are not finite at the start.
    """
    if iterations is None:
        iterations = schedule.iterations if isinstance(schedule, Then) else 220
    for name, value in (("iterations", iterations), ("batch_size", batch_size)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1):
            raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least 1 is")
    if rng is None and (batch_size is not None or redraw is not None):
        purpose = "to shuffle mini-batches" if redraw is None else "to draw fresh batches"
        raise InputError(f"rng: a numpy.random.Generator is needed {purpose}")
    if redraw not in (None, *REDRAW):
        raise unknown("redraw", str(redraw), REDRAW)
    if (draw is None) != (redraw is None):
        raise InputError("draw and redraw: one is of no use without the other; both or neither are accepted")
    drawing = None if draw is None or redraw is None or rng is None else _Drawing(draw, redraw, rng)
    run = _Run(objective, theta, stop or Stop(), pulse, batch_size, rng, drawing, counted)
    run.boundary = boundary
    if resume is not None:
        run.restore(resume, schedule, rng)
    return run.records(schedule, iterations)


@dataclass(frozen=True)
class _Drawing:
    """Fresh batches, and when they are due."""

    draw: Draw
    redraw: str
    rng: np.random.Generator

    def __call__(self) -> Batch:
        return self.draw(self.rng)


class _Run:
    """One training on its way: the current point, the clock, the counter and the solvers' memories."""

    def __init__(
        self,
        objective: Objective,
        theta: np.ndarray,
        stop: Stop,
        pulse: Callable[[int, Result], None] | None,
        batch_size: int | None,
        rng: np.random.Generator | None,
        drawing: _Drawing | None,
        counted: Batch | None,
    ) -> None:
        self.objective, self.stop, self.pulse, self.drawing = objective, stop, pulse, drawing
        self.at_work = objective  # what solvers see: the objective itself, or one on a fresh batch
        self.minibatches: Callable[[Batch], Iterator[Batch]] | None = None
        if batch_size is not None and rng is not None and batch_size < len(objective.batch):
            self.minibatches = partial(Batch.minibatches, size=batch_size, rng=rng)
        self.counted = counted or objective.batch
        self.binary = is_binary(self.counted.target)
        self.memories: dict[int, object] = {}
        self.iteration = self.evaluations = 0
        self.ending = ""  # why the last phase was over before its steps
        self.turn = self.steps = 0  # whose turn it is, and how many of its steps are done
        self.held: Record | None = None
        self.rng = rng
        self.drawn: dict[str, Any] | None = None  # the generator's state before the batch at work was drawn
        self.boundary: Boundary | None = None
        self.started = time.perf_counter()
        self._move(as_theta(theta, objective.size).copy(), np.nan, None)

    def snapshot(self, schedule: Schedule) -> Snapshot:
        """All that it takes to go on from here."""
        assert self.held is not None, "there is no boundary before the first record"
        memories = tuple(self.memories.get(id(solver)) for solver in schedule.solvers)
        return Snapshot(
            self.turn, self.steps, self.iteration, self.evaluations, self._clock(), self.theta, self.value,
            self.gradient, self.held, self.ending, memories,
            None if self.rng is None else dict(self.rng.bit_generator.state), self.drawn,
        )  # fmt: skip

    def restore(self, then: Snapshot, schedule: Schedule, rng: np.random.Generator | None) -> None:
        """Be where that snapshot was taken."""
        self.turn, self.steps, self.held, self.ending = then.turn, then.steps, then.held, then.ending
        self.iteration, self.evaluations = then.iteration, then.evaluations
        self.started = time.perf_counter() - then.seconds
        self._move(as_theta(then.theta, self.objective.size).copy(), then.value, then.gradient)
        self.memories = {id(solver): memory for solver, memory in zip(schedule.solvers, then.memories)}
        if self.drawing is not None and then.drawn is not None:
            self.drawing.rng.bit_generator.state = self.drawn = then.drawn
            self.at_work = self.objective.on(self.drawing())
        if rng is not None and then.rng is not None:
            rng.bit_generator.state = then.rng

    def records(self, schedule: Schedule, iterations: int) -> Iterator[Record]:
        """The stream; a record is held back until the next is there, since the last one tells why it ended."""
        with self.objective.threads():
            self.held = held = self.held or self._start()
            for record in () if held.stop else self._all(schedule, iterations):
                yield held
                self.held = held = record
                if held.stop:
                    break
            yield held if held.stop else replace(held, stop=self.ending or "all iterations made")

    def _start(self) -> Record:
        """The record of the start, which must be finite."""
        value, gradient = self._evaluate(self.theta)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            what = "gradient" if np.isfinite(value) else "loss"
            advice = "try a smaller std, or data scaled to [0, 1]"
            raise NonFiniteError(f"the {what} at the start is not finite: {advice}")
        self._move(self.theta, value, gradient)
        return self._record("start", "", self.theta, value, gradient)

    def _all(self, schedule: Schedule, iterations: int) -> Iterator[Record]:
        """The records of all turns that are left; between them, and where a turn may be taken up again, a boundary."""
        for turn in islice(schedule.turns(iterations), self.turn, None):
            yield from self._turn(turn, partial(self._pause, schedule))
            self.turn, self.steps = self.turn + 1, 0

    def _pause(self, schedule: Schedule) -> None:
        if self.boundary is not None:
            self.boundary(partial(self.snapshot, schedule))

    def _turn(self, turn: Turn, pause: Callable[[], None]) -> Iterator[Record]:
        """The records of what is left of one turn."""
        if turn.solver.first_order and turn.phase == "step" and self._many_batches:
            while self.steps < turn.steps:
                pause()
                record = self._epoch(turn, self._batches())
                self.steps += 1
                yield record
        elif turn.each:
            yield from self._phase(turn, pause)
        else:
            pause()
            yield self._whole(turn)

    @property
    def _many_batches(self) -> bool:
        """Whether single steps see other batches than the one at work."""
        return self.minibatches is not None or (self.drawing is not None and self.drawing.redraw == "step")

    def _batches(self) -> Iterator[Batch]:
        """What the single steps of one iteration see."""
        fresh = self.drawing is not None and self.drawing.redraw == "step"
        batch = self.drawing() if fresh and self.drawing is not None else self.at_work.batch
        return iter((batch,)) if self.minibatches is None else self.minibatches(batch)

    def _epoch(self, turn: Turn, batches: Iterator[Batch]) -> Record:
        """One pass over all rows, one step on each batch of them."""
        diverged, steps = False, 0
        for batch in batches:
            try:
                result = self._solve(turn, self.objective.on(batch), 1)
            except NonFiniteError:  # finite on the batch before, no longer on this one
                diverged = True
                break
            self.theta, steps = result.x, steps + result.nit
            if result.status == NON_FINITE:
                diverged = True
                break
        self._move(self.theta, *self._evaluate(self.theta))
        return self._ended(turn, steps, diverged=diverged)

    def _whole(self, turn: Turn) -> Record:
        """The whole turn as one iteration; a burst ends at its lowest point, or where it began."""
        before = self.value if turn.phase == "burst" else None
        if self.drawing is not None and before is not None:
            self.drawn = dict(self.drawing.rng.bit_generator.state)
            self.at_work = self.objective.on(self.drawing())
        brisk = self.objective.size * len(self.objective.batch) <= BRISK
        try:
            result = self._solve(turn, self.at_work, turn.steps, self._watch_burst, AT_ONCE if brisk else 1)
        except NonFiniteError:
            if self.at_work is self.objective:
                raise
            return self._ended(turn, 0, before=before, diverged=True)  # finite on the batch before, not on this one
        if self.at_work is not self.objective:
            self._move(result.x, *self._evaluate(result.x))
        elif before is None or result.fun <= self.value:
            self._move(result.x, result.fun, result.get("jac"))
        return self._ended(turn, result.nit, result.message, before, diverged=_diverged(turn, result))

    def _watch_burst(self, state: Result) -> None:
        """Called as a burst goes on and at its last step; the record made at its end gives the reason to end."""
        own = self.at_work is self.objective  # the value and gradient of a fresh batch decide nothing
        if own and state.fun < self.value:  # an unguarded first-order method may end above it
            self._move(state.x, state.fun, state.get("jac"))
        if self.pulse is not None:
            self.pulse(self.iteration + 1, state)
        stop, gradient = self.stop, state.get("jac") if own else None
        if (
            stop.asked()
            or (gradient is not None and np.abs(gradient).max() <= stop.gradient)
            or (stop.seconds is not None and self._clock() >= stop.seconds)
            or (stop.loss is not None and own and state.fun <= stop.loss)
            or (stop.pixels is not None and self.binary and self._pixels(state.x).max() <= stop.pixels)
        ):
            raise StopIteration

    def _phase(self, turn: Turn, pause: Callable[[], None]) -> Iterator[Record]:
        """Each step of the turn as an iteration.

        A solver that carries its memory runs in chunks, so that few records wait at a time; another in one piece. Of
        the records that wait together only the best keeps its theta.
        """
        self.ending = ""
        while (left := turn.steps - self.steps) > 0:
            pause()
            steps = min(left, CHUNK) if turn.solver.carries or turn.solver.first_order else left
            waiting: list[Record] = []
            result = self._solve(turn, self.objective, steps, partial(self._watch_step, turn, waiting))
            self._move(result.x, result.fun, result.get("jac"))
            if waiting:
                waiting[-1] = replace(waiting[-1], message=result.message, evaluations=self.evaluations)
                yield from waiting
            if _diverged(turn, result):
                yield self._ended(turn, 0, result.message, diverged=True)
            if len(waiting) < steps:
                self.ending = f"{turn.solver.name} ended before its last step: {result.message}"
                return
            self.steps += steps

    def _watch_step(self, turn: Turn, waiting: list[Record], state: Result) -> None:
        """Called after each step of a phase: its record joins those that wait."""
        self.iteration += 1
        if self.pulse is not None:
            self.pulse(self.iteration, state)
        gradient = state.get("jac")
        if gradient is None:
            gradient = self._evaluate(state.x)[1]
        record = self._record(turn.phase, turn.solver.name, state.x, state.fun, gradient, extra=state.nfev, steps=1)
        if record.loss < min((old.loss for old in waiting), default=np.inf):
            waiting[:] = [replace(old, theta=None) for old in waiting]
        else:
            record = replace(record, theta=None)
        waiting.append(record)
        if record.stop:
            raise StopIteration

    def _solve(
        self, turn: Turn, problem: Objective, steps: int, watch: Callback | None = None, stride: int = 1
    ) -> Result:
        """A run of the solver from the current point; its memory and its evaluations are kept."""
        memory = self.memories.get(id(turn.solver)) if turn.keep else None
        result = turn.solver.solve(problem, self.theta, maxiter=steps, memory=memory, callback=watch, stride=stride)
        if turn.keep:
            self.memories[id(turn.solver)] = result.memory
        self.evaluations += result.nfev
        return result

    def _evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss and gradient on the full batch, counted."""
        self.evaluations += 1
        with np.errstate(all="ignore"):  # values that are not finite are dealt with here
            return self.objective.fun_and_jac(theta)

    def _move(self, theta: np.ndarray, value: float, gradient: np.ndarray | None) -> None:
        """Go to a point whose loss is known; None for a gradient that is not."""
        self.theta, self.value, self.gradient = theta, float(value), gradient

    def _ended(
        self, turn: Turn, steps: int, message: str = "", before: float | None = None, *, diverged: bool
    ) -> Record:
        """The record of an iteration that ended at the current point."""
        self.iteration += 1
        if self.gradient is None:
            self.gradient = self._evaluate(self.theta)[1]
        record = self._record(
            turn.phase, turn.solver.name, self.theta, self.value, self.gradient,
            before=before, steps=steps, message=message,
        )  # fmt: skip
        if diverged or not np.isfinite(self.value):
            return replace(record, stop=f"{DIVERGED}: try a smaller eta, --guard, or a smaller std")
        return record

    def _record(
        self, phase: str, solver: str, theta: np.ndarray, value: float, gradient: np.ndarray, *, extra: int = 0, **more
    ) -> Record:
        """A record of a point, with the reason to stop there, if any; ``extra`` evaluations are not counted yet."""
        objective = self.objective
        pixels = self._pixels(theta) if self.binary else None
        with np.errstate(all="ignore"):
            parts = objective.parts(theta, float(value))
        record = Record(
            iteration=self.iteration,
            phase=phase,
            solver=solver,
            loss=float(value),
            parts=parts,
            grad_norm=float(np.abs(gradient).max()),
            seconds=self._clock(),
            evaluations=self.evaluations + extra,
            wrong_pixels=None if pixels is None else int(pixels.sum()),
            worst_row=None if pixels is None else int(pixels.max()),
            theta=theta.copy(),
            **more,
        )
        return replace(record, stop=self.stop.reason(record))

    def _pixels(self, theta: np.ndarray) -> np.ndarray:
        """Wrong pixels of each row."""
        return wrong_pixels(self.objective.network.reconstruct(theta, self.counted.x), self.counted.target)

    def _clock(self) -> float:
        return time.perf_counter() - self.started


def _diverged(turn: Turn, result: Result) -> bool:
    """Whether an unguarded first-order method left the finite; the status of others may mean something else."""
    return turn.solver.first_order and result.status == NON_FINITE
