"""train: an objective, a start and a schedule become a stream of records.

Live display, history, stopping rule and checkpoint are readers of that stream.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import OptimizeResult
from threadpoolctl import threadpool_limits

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.metrics import is_binary, wrong_pixels
from scipy_ae.network import as_theta
from scipy_ae.objective import Objective
from scipy_ae.records import Record
from scipy_ae.schedule import Schedule, Then, Turn
from scipy_ae.solvers.base import NON_FINITE

#: Multiplications in a network's largest product up to which more BLAS threads only get in each other's way.
ONE_THREAD = 4_000_000
#: Steps of a phase whose records wait for one another.
CHUNK = 25


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
            return "interrupted"
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
    pulse: Callable[[int, OptimizeResult], None] | None = None,
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

    Yields
    ------
    Record
        First the start (iteration 0), then one for each iteration; the last one says why it ended in ``stop``. Each
        carries the theta at its end; the best is the one of the lowest loss (``History.best``).

    Raises
    ------
    NonFiniteError
        The loss at the start is not finite.
    """
    if iterations is None:
        iterations = schedule.iterations if isinstance(schedule, Then) else 220
    for name, value in (("iterations", iterations), ("batch size", batch_size)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1):
            raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least 1 is")
    if batch_size is not None and rng is None:
        raise InputError("rng: a numpy.random.Generator is needed to shuffle mini-batches")
    return _Run(objective, theta, stop or Stop(), pulse, batch_size, rng).records(schedule, iterations)


class _Run:
    """One training on its way: the current point, the clock, the counters and the solvers' memories."""

    def __init__(self, objective, theta, stop, pulse, batch_size, rng) -> None:
        self.objective, self.stop, self.pulse, self.rng = objective, stop, pulse, rng
        self.batch_size = None if batch_size is None or batch_size >= len(objective.batch) else batch_size
        self.theta = as_theta(theta, objective.size).copy()
        self.binary = is_binary(objective.batch.target)
        self.memories: dict[int, object] = {}
        self.iteration = self.evaluations = 0
        self.started = time.perf_counter()

    def records(self, schedule: Schedule, iterations: int) -> Iterator[Record]:
        """The stream; a record is held back until the next is there, since the last one tells why it ended."""
        largest = max(layer.inputs * layer.outputs for layer in self.objective.network.layers)
        with threadpool_limits(1 if largest * len(self.objective.batch) <= ONE_THREAD else None):
            value, gradient = self.objective.fun_and_jac(self.theta)
            self.evaluations += 1
            if not np.isfinite(value):
                raise NonFiniteError(f"the loss at the start is {value}: try a smaller std, or data scaled to [0, 1]")
            held = self._record("start", "", self.theta, value, gradient)
            for record in self._all(schedule, iterations):
                yield held
                held = record
                if record.stop:
                    break
            yield held if held.stop else replace(held, stop=self.stop.reason(held) or "all iterations made")

    def _all(self, schedule: Schedule, iterations: int) -> Iterator[Record]:
        """The records of all turns, up to the one that has a reason to stop."""
        for turn in schedule.turns(iterations):
            for record in self._turn(turn):
                reason = record.stop or self.stop.reason(record)
                yield replace(record, stop=reason)
                if reason:
                    return

    def _turn(self, turn: Turn) -> Iterator[Record]:
        if turn.solver.first_order and self.batch_size is not None:
            return (self._epoch(turn) for _ in range(turn.steps))
        return self._phase(turn) if turn.each else iter([self._burst(turn)])

    def _epoch(self, turn: Turn) -> Record:
        """One pass over all rows in mini-batches, one step on each."""
        result = None
        for batch in self.objective.batch.minibatches(self.batch_size, self.rng):
            result = self._solve(turn, self.objective.on(batch), 1)
            if result.status == NON_FINITE:
                break
        return self._ended(turn, result, *self.objective.fun_and_jac(self.theta))

    def _burst(self, turn: Turn) -> Record:
        """The whole turn as one iteration."""
        before = self.objective.fun(self.theta) if turn.phase == "burst" else None
        result = self._solve(turn, self.objective, turn.steps, self._watch_burst)
        return self._ended(turn, result, result.fun, result.jac, before)

    def _watch_burst(self, state: OptimizeResult) -> None:
        """Called after each step within a burst; the record made at its end gives the reason, should this end it."""
        if self.pulse is not None:
            self.pulse(self.iteration + 1, state)
        stop = self.stop
        if (
            stop.asked()
            or (stop.seconds is not None and self._clock() >= stop.seconds)
            or (stop.loss is not None and state.fun <= stop.loss)
            or (stop.pixels is not None and self.binary and self._pixels(state.x).max() <= stop.pixels)
        ):
            raise StopIteration

    def _phase(self, turn: Turn) -> Iterator[Record]:
        """Each step of the turn as an iteration.

        A solver that carries its memory runs in chunks, so that few records wait at a time; another in one piece. Of the
        records that wait together only the best keeps its theta.
        """
        left = turn.steps
        while left > 0:
            steps = min(left, CHUNK) if turn.solver.carries or turn.solver.first_order else left
            waiting: list[Record] = []
            result = self._solve(turn, self.objective, steps, lambda state: self._watch_step(turn, state, waiting))
            if waiting:
                waiting[-1] = replace(waiting[-1], message=result.message)
                yield from waiting
            if result.status == NON_FINITE:
                yield self._ended(turn, result, result.fun, result.jac)
            if len(waiting) < steps:
                return
            left -= steps

    def _watch_step(self, turn: Turn, state: OptimizeResult, waiting: list[Record]) -> None:
        self.iteration += 1
        gradient = state.get("jac")
        if gradient is None:
            gradient = self.objective.jac(state.x)
        record = self._record(turn.phase, turn.solver.name, state.x, state.fun, gradient, extra=state.nfev, steps=1)
        best = min((old.loss for old in waiting), default=np.inf)
        if record.loss < best:
            waiting[:] = [replace(old, theta=None) for old in waiting]
        else:
            record = replace(record, theta=None)
        waiting.append(record)
        if self.pulse is not None:
            self.pulse(self.iteration, state)
        if self.stop.reason(record):
            raise StopIteration

    def _solve(self, turn: Turn, problem: Objective, steps: int, watch=None) -> OptimizeResult:
        """A run of the solver from the current point, which moves to where it ends."""
        memory = self.memories.get(id(turn.solver)) if turn.keep else None
        result = turn.solver.solve(problem, self.theta, maxiter=steps, memory=memory, callback=watch)
        self.memories[id(turn.solver)] = result.memory
        self.evaluations += result.nfev
        self.theta = result.x
        return result

    def _ended(self, turn: Turn, result: OptimizeResult, value, gradient, before: float | None = None) -> Record:
        """The record of an iteration that one run of a solver made up."""
        self.iteration += 1
        if gradient is None:
            gradient = self.objective.jac(self.theta)
        record = self._record(
            turn.phase, turn.solver.name, self.theta, value, gradient,
            before=before, steps=result.nit, message=result.message,
        )  # fmt: skip
        if result.status == NON_FINITE or not np.isfinite(value):
            advice = "try a smaller eta, --guard, or a smaller std"
            return replace(record, stop=f"the loss was no longer finite after this point: {advice}")
        return record

    def _record(self, phase, solver, theta, value, gradient, *, extra: int = 0, **more) -> Record:
        objective = self.objective
        parts = objective.parts(theta) if objective.penalties else {objective.loss.name: float(value)}
        pixels = self._pixels(theta) if self.binary else None
        return Record(
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

    def _pixels(self, theta: np.ndarray) -> np.ndarray:
        """Wrong pixels of each row."""
        batch = self.objective.batch
        return wrong_pixels(self.objective.network.reconstruct(theta, batch.x), batch.target)

    def _clock(self) -> float:
        return time.perf_counter() - self.started
