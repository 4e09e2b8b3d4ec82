"""State: where a training stands, and how it is told."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.errors import NonFiniteError
from scipy_ae.metrics import is_binary, wrong_pixels
from scipy_ae.network import as_theta
from scipy_ae.objective import AnyObjective
from scipy_ae.problem import Problem, Series
from scipy_ae.records import Record, Snapshot
from scipy_ae.schedule import Schedule, Turn
from scipy_ae.solvers.base import Callback
from scipy_ae.solvers.result import Result
from scipy_ae.solvers.stepping import FirstOrder
from scipy_ae.training.held_out import HeldOut
from scipy_ae.training.stop import DIVERGED, Stop
from scipy_ae.training.supply import Supply

#: Told where a training could be taken up again, with a function that says how.
Boundary = Callable[[Callable[[], Snapshot]], None]


class State:
    """The current point, the clock, the counter and the solvers' memories.

    Parameters
    ----------
    objective : Objective
        Records are of it.
    theta : ndarray of shape (n,)
    stop : Stop
    supply : Supply
    rng : numpy.random.Generator, optional
        Whose state a snapshot keeps.
    counted : Batch, optional
        The rows whose wrong pixels are counted; those of the objective at work where None.
    pulse : callable, optional
        ``pulse(iteration, intermediate_result)`` at every step of a solver within a burst.
    held_out : HeldOut, optional
    """

    def __init__(
        self,
        objective: AnyObjective,
        theta: np.ndarray,
        stop: Stop,
        supply: Supply,
        rng: np.random.Generator | None,
        counted: Batch | None,
        pulse: Callable[[int, Result], None] | None,
        held_out: HeldOut | None = None,
    ) -> None:
        self.objective, self.stop, self.supply, self.pulse, self.held_out = objective, stop, supply, pulse, held_out
        self.memories: dict[int, object] = {}
        self.iteration = self.evaluations = 0
        self.turn = self.steps = 0  # whose turn it is, and how many of its steps are done
        self.ending = ""  # why the last phase was over before its steps
        self.held: Record | None = None  # not told yet
        self._rng, self._counted = rng, counted
        known = counted or objective.batch
        self.binary = not known.is_stored and is_binary(known.target)
        self._started = time.perf_counter()
        self.move(as_theta(theta, objective.size).copy(), np.nan, None)

    def snapshot(self, schedule: Schedule) -> Snapshot:
        """All that it takes to go on from here."""
        assert self.held is not None, "there is no boundary before the first record"
        memories = tuple(self.memories.get(id(solver)) for solver in schedule.solvers)
        return Snapshot(
            self.turn, self.steps, self.iteration, self.evaluations, self.clock(), self.theta, self.value,
            self.gradient, self.held, self.ending, memories,
            None if self._rng is None else dict(self._rng.bit_generator.state), self.supply.drawn, self.supply.bursts,
            None if self.held_out is None else self.held_out.lowest,
            0 if self.held_out is None else self.held_out.waited,
        )  # fmt: skip

    def restore(self, then: Snapshot, schedule: Schedule) -> None:
        """Be where that snapshot was taken."""
        self.turn, self.steps, self.held, self.ending = then.turn, then.steps, then.held, then.ending
        self.iteration, self.evaluations = then.iteration, then.evaluations
        self._started = time.perf_counter() - then.seconds
        self.move(as_theta(then.theta, self.objective.size).copy(), then.value, then.gradient)
        self.memories = {id(solver): memory for solver, memory in zip(schedule.solvers, then.memories)}
        self.supply.restore(then.drawn, then.bursts)
        self.objective = self.supply.own_objective
        if self.held_out is not None:
            self.held_out.lowest, self.held_out.waited = then.lowest, then.waited
        if self._rng is not None and then.rng is not None:
            self._rng.bit_generator.state = then.rng

    def begin(self) -> Record:
        """The record of the start, which must be finite."""
        value, gradient = self.evaluate(self.theta)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            what = "gradient" if np.isfinite(value) else "loss"
            advice = "try a smaller std, or data scaled to [0, 1]"
            raise NonFiniteError(f"the {what} at the start is not finite: {advice}")
        self.move(self.theta, value, gradient)
        return self.record("start", "", self.theta, value, gradient)

    def move(self, theta: np.ndarray, value: float, gradient: np.ndarray | None) -> None:
        """Go to a point whose loss is known; None for a gradient that is not."""
        self.theta, self.value, self.gradient = theta, float(value), gradient

    def begin_burst(self) -> bool:
        """Bring the rows up to those that are due; whether they are more, and the current point evaluated on them."""
        more = self.supply.begin_burst()
        if more:
            self.objective = self.supply.own_objective
            self.move(self.theta, *self.evaluate(self.theta))
        return more

    def solve(self, turn: Turn, problem: Problem, steps: int, watch: Callback | None = None, stride: int = 1) -> Result:
        """A run of the solver from the current point; its memory and its evaluations are kept."""
        memory = self.memories.get(id(turn.solver)) if turn.keep else None
        result = turn.solver.solve(problem, self.theta, maxiter=steps, memory=memory, callback=watch, stride=stride)
        if turn.keep:
            self.memories[id(turn.solver)] = result.memory
        self.evaluations += result.nfev
        return result

    def along(self, turn: Turn, series: Series | Iterable[Problem]) -> Result:
        """The solver's steps on a series of functions; its memory and its evaluations are kept."""
        assert isinstance(turn.solver, FirstOrder)
        memory = self.memories.get(id(turn.solver)) if turn.keep else None
        if isinstance(series, Series):
            result = turn.solver.along(series, self.theta, memory)
        else:
            result = turn.solver.across(series, self.theta, memory)
        if turn.keep:
            self.memories[id(turn.solver)] = result.memory
        self.evaluations += result.nfev
        return result

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss and gradient of the objective itself, counted."""
        self.evaluations += 1
        with np.errstate(all="ignore"):  # values that are not finite are dealt with here
            return self.objective.fun_and_jac(theta)

    def ended(
        self, turn: Turn, steps: int, message: str = "", before: float | None = None, *, diverged: bool
    ) -> Record:
        """The record of an iteration that ended at the current point."""
        self.iteration += 1
        if self.gradient is None:
            self.gradient = self.evaluate(self.theta)[1]
        record = self.record(
            turn.phase, turn.solver.name, self.theta, self.value, self.gradient,
            before=before, steps=steps, message=message,
        )  # fmt: skip
        if diverged or not np.isfinite(self.value):
            return replace(record, stop=f"{DIVERGED}: try a smaller eta, --guard, or a smaller std")
        return record

    def record(
        self, phase: str, solver: str, theta: np.ndarray, value: float, gradient: np.ndarray, *, extra: int = 0, **more
    ) -> Record:
        """A record of a point, with the reason to stop there, if any; ``extra`` evaluations are not counted yet."""
        pixels = self.pixels(theta) if self.binary else None
        with np.errstate(all="ignore"):
            parts = self.objective.parts(theta, float(value))
        record = Record(
            iteration=self.iteration,
            phase=phase,
            solver=solver,
            loss=float(value),
            parts=parts,
            grad_norm=float(np.abs(gradient).max()),
            seconds=self.clock(),
            evaluations=self.evaluations + extra,
            wrong_pixels=None if pixels is None else int(pixels.sum()),
            worst_row=None if pixels is None else int(pixels.max()),
            theta=theta.copy(),
            rows=len(self.objective.batch),
            validation=None if self.held_out is None else self.held_out.loss(theta),
            **more,
        )
        reason = self.stop.reason(record, final=self.supply.final) or (self.held_out.reason if self.held_out else "")
        return replace(record, stop=reason) if reason else record

    def pixels(self, theta: np.ndarray) -> np.ndarray:
        """Wrong pixels of each row that is counted."""
        counted = self._counted or self.objective.batch
        return wrong_pixels(self.objective.network.reconstruct(theta, counted.x), counted.target)

    def clock(self) -> float:
        """Seconds since the training began, those before it was resumed included."""
        return time.perf_counter() - self._started
