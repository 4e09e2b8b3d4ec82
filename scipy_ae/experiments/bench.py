"""bench: every solver on one problem, from the same starts, for the same time; who is how low when."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from scipy_ae import solvers
from scipy_ae.errors import InputError, NonFiniteError, ScipyAEError
from scipy_ae.experiments.contenders import Contender, LeftOut, choose, seconds_of
from scipy_ae.experiments.setup import Setup
from scipy_ae.metrics import is_binary, wrong_pixels
from scipy_ae.problem import Problem
from scipy_ae.solvers.base import RAISED, number
from scipy_ae.solvers.registry import OURS
from scipy_ae.solvers.result import Result

#: Points of a curve nearer than this to the one before, as a part of their time, are one.
_RESOLUTION = 0.002
#: Seconds of evaluations between two looks at a solver that need not be looked at after each iteration.
_LOOK = 0.001
#: Parts of the way from the start to the best loss of all that may still be left.
NEAR = (0.01, 0.10)


@dataclass(frozen=True)
class Race:
    """One contender from one start.

    ``curve`` is (m, 2): seconds since the start, of which loading and compiling are no part, and the lowest loss so
    far. ``wrong_pixels`` are those at the lowest loss, None where data are not binary.
    """

    seed: int
    curve: np.ndarray
    loss: float
    wrong_pixels: int | None
    iterations: int
    evaluations: int
    seconds: float
    message: str

    def seconds_to(self, level: float) -> float:
        """When the loss was first at or under the level; infinite where it never was."""
        there = np.flatnonzero(self.curve[:, 1] <= level)
        return float(self.curve[there[0], 0]) if len(there) else math.inf


@dataclass(frozen=True)
class Entry:
    """A contender with its races, one for each seed, or with the sentence of its failure."""

    contender: Contender
    races: tuple[Race, ...]
    error: str = ""

    @property
    def label(self) -> str:
        return self.contender.label

    @property
    def loss(self) -> float:
        """The median over the seeds."""
        return float(np.median([race.loss for race in self.races])) if self.races else math.inf


@dataclass(frozen=True)
class Bench:
    """All that was measured."""

    setup: Setup
    seconds: float
    seeds: tuple[int, ...]
    target: float | None
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    interrupted: bool

    def shown(self) -> list[Entry]:
        """One entry for each solver: of those that differ in eta alone the one of the lowest loss."""
        best: dict[str, Entry] = {}
        for entry in self.entries:
            name = entry.contender.name
            if name not in best or entry.loss < best[name].loss:
                best[name] = entry
        return list(best.values())

    def level(self, seed: int, part: float) -> float:
        """The loss at which that part of the way from the start to the best loss of all is still to go."""
        races = [race for entry in self.entries for race in entry.races if race.seed == seed]
        low = min(race.loss for race in races)
        return low + part * (races[0].curve[0, 1] - low)

    def seconds_to(self, entry: Entry, part: float | None) -> float:
        """Median seconds to within that part of the best loss, or (None) to the target."""
        return float(np.median(self.times(entry, part))) if entry.races else math.inf

    def times(self, entry: Entry, part: float | None) -> list[float]:
        """The same for each race."""
        if part is None:
            return [race.seconds_to(math.nan if self.target is None else self.target) for race in entry.races]
        return [race.seconds_to(self.level(race.seed, part)) for race in entry.races]


def bench(
    setup: Setup,
    *,
    seconds: float = 2.0,
    seeds: int = 1,
    target: float | None = None,
    chosen: tuple[str, ...] | None = None,
    watch: Callable[[str, int, int], None] = lambda label, done, of: None,
    asked: Callable[[], bool] = lambda: False,
) -> Bench:
    """Give every solver the same starts and the same time.

    Parameters
    ----------
    setup : Setup
        Its schedule does not matter.
    seconds : float
        For each solver and start; compiling and warming up do not count.
    seeds : int
        Starts: setup.spec.seed, the next one, ...
    target : float, optional
        A loss to reach.
    chosen : tuple of str, optional
        Names of solvers; by default all that are not hopeless.
    watch : callable
        ``watch(label, done, of)`` before each race.
    asked : callable
        Asked at each step; True ends the bench, and the race that is running is not kept.
    """
    number("seconds", seconds, 0.0, open_low=True)
    if target is not None:
        number("target-loss", target, 0.0)
    if seeds < 1:
        raise InputError(f"seeds: {seeds} is not accepted; a whole number of at least 1 is")
    starts = [setup.start(setup.spec.seed + i) for i in range(seeds)]
    solvers.names()  # loads SciPy's own BLAS, whose threads could not be limited otherwise
    with setup.objective.threads(), np.errstate(all="ignore"):
        contenders, left_out = choose(setup.objective, starts[0].theta, seconds, chosen)
        stride = max(1, int(_LOOK / seconds_of(setup.objective, starts[0].theta)))
        races: dict[str, list[Race]] = {contender.label: [] for contender in contenders}
        errors: dict[str, str] = {}
        done = 0
        for start in starts:
            for contender in contenders:
                watch(contender.label, done, seeds * len(contenders))
                done += 1
                if asked() or contender.label in errors:
                    continue
                try:
                    if start is starts[0]:
                        _warm(contender, start, seconds)
                    race = _race(contender, start, seconds, asked, stride)
                except (ScipyAEError, MemoryError) as error:
                    errors[contender.label] = str(error) or type(error).__name__
                except Exception as error:  # one solver's failure, whatever it is, must not end the others' bench
                    errors[contender.label] = f"{type(error).__name__}: {' '.join(str(error).split())}"
                else:
                    races[contender.label] += [race] if race is not None else []
    entries = [Entry(one, tuple(races[one.label]), errors.get(one.label, "")) for one in contenders]
    entries = [entry for entry in entries if entry.races or entry.error]
    numbers = tuple(start.spec.seed for start in starts)
    return Bench(setup, seconds, numbers, target, tuple(entries), tuple(left_out), asked())


def _warm(contender: Contender, start: Setup, seconds: float) -> None:
    """Whatever is compiled or loaded on first use: a few steps, thrown away."""
    solver = contender.solver()
    problem = start.objective if isinstance(solver, OURS) else _Deadline(start.objective, seconds)
    with suppress(NonFiniteError):
        solver.solve(problem, start.theta, maxiter=3)


def _race(contender: Contender, start: Setup, seconds: float, asked: Callable[[], bool], stride: int) -> Race | None:
    """The contender's race, looked at every ``stride`` iterations; None where the user asked to end it."""
    solver, objective = contender.solver(), start.objective
    first = objective.fun(start.theta)
    clock = time.perf_counter
    watcher = _Watcher(first, start.theta, seconds, asked)
    # SciPy's may take longer for one iteration than there is time
    problem = objective if isinstance(solver, OURS) else _Deadline(objective, seconds, asked)
    watcher.began = clock()
    # more iterations than there are microseconds nobody makes
    result = solver.solve(problem, start.theta, maxiter=max(1000, int(1e6 * seconds)), callback=watcher, stride=stride)
    taken = clock() - watcher.began
    if asked():
        return None
    late = result.status == RAISED and isinstance(problem, _Deadline) and problem.late
    if late or taken <= seconds:
        watcher.note(min(taken, seconds), result.fun, result.x)
    batch = objective.batch
    wrong = None
    if is_binary(batch.target):
        wrong = int(wrong_pixels(objective.network.reconstruct(watcher.theta, batch.x), batch.target).sum())
    message = "time is up" if late or result.message == "stopped by the callback" else str(result.message)
    return Race(
        start.spec.seed, np.array(watcher.points), watcher.lowest, wrong, int(result.nit), int(result.nfev),
        min(taken, seconds), message,
    )  # fmt: skip


class _Watcher:
    """The callback: the lowest loss so far over time."""

    def __init__(self, first: float, theta: np.ndarray, seconds: float, asked: Callable[[], bool]) -> None:
        self.points = [(0.0, first)]
        self.lowest, self.theta = first, theta
        self.began = 0.0
        self._seconds, self._asked = seconds, asked

    def __call__(self, state: Result) -> None:
        now = time.perf_counter() - self.began
        if now > self._seconds or self._asked():
            raise StopIteration
        if state.fun < self.lowest:
            self.note(now, state.fun, state.x)

    def note(self, now: float, fun: float, theta: np.ndarray) -> None:
        if not fun < self.lowest:
            return
        self.lowest, self.theta = float(fun), theta
        if len(self.points) > 2 and now - self.points[-2][0] < _RESOLUTION * now:
            self.points.pop()  # told a little late, never too early
        self.points.append((now, self.lowest))


class _Deadline(Problem):
    """A problem that raises once its time is up, for methods that look at the callback too seldom."""

    def __init__(self, problem: Problem, seconds: float, asked: Callable[[], bool] = lambda: False) -> None:
        self._problem, self.offers = problem, problem.offers
        self._asked, self._until = asked, time.perf_counter() + seconds
        self.late = False

    def _look(self) -> Problem:
        if time.perf_counter() > self._until or self._asked():
            self.late = True
            raise TimeoutError
        return self._problem

    def fun(self, theta: np.ndarray) -> float:
        return self._look().fun(theta)

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return self._look().jac(theta)

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        return self._look().fun_and_jac(theta)

    def hess(self, theta: np.ndarray) -> np.ndarray:
        return self._look().hess(theta)

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self._look().hessp(theta, v)

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self._look().gauss_newton_p(theta, v)

    def residual(self, theta: np.ndarray) -> np.ndarray:
        return self._look().residual(theta)

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        return self._look().residual_jac(theta)
