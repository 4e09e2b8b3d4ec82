"""Descents: a loss lowered by one method after another, its limits, its course, and who takes part."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

import numpy as np
from problems import Case

#: Most points of a curve that are kept.
POINTS = 60


@dataclass(frozen=True)
class Limits:
    """When a descent ends: after ``steps`` or ``seconds``, or once the loss is at or below ``target``.

    Without ``watch`` nothing is looked at on the way, so that the time is the method's own.
    """

    steps: int = 10**8
    seconds: float = inf
    target: float = -inf
    watch: bool = True


@dataclass(frozen=True)
class Descent:
    """What came of it.

    ``seconds`` is the wall time; ``preparing`` what went before the clock: compiling, and a first call. ``steps`` is
    None where the method does not tell. ``curve`` holds
    (seconds, loss) in the order seen, empty without ``watch``; ``theta`` (n,) is where it ended.
    """

    seconds: float
    preparing: float
    steps: int | None
    evaluations: int
    theta: np.ndarray
    curve: list[tuple[float, float]]


@dataclass(frozen=True)
class Minimiser:
    """A method at one of its settings. ``kind`` says which parts it takes part in; ``ours`` whether it is ours.

    ``on_ours`` is set where it minimises our objective, so that its own cost is its time less the evaluations'.
    """

    method: str
    setting: str
    kind: str
    descend: Callable[[Case, Limits], Descent]
    ours: bool = False
    on_ours: bool = False


class Enough(Exception):  # noqa: N818 - a way out of methods that take no hint, and no error
    """The target is reached, or the time is over."""


class Course:
    """A descent under way: its clock and the losses seen."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.curve: list[tuple[float, float]] = []
        self.preparing, self._started = 0.0, time.perf_counter()

    def begin(self) -> None:
        """All is prepared: the clock starts."""
        self.preparing = time.perf_counter() - self._started
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def see(self, loss: float) -> bool:
        """Note a loss; True when it is time to end."""
        seconds = self.seconds
        loss = float(loss)  # JAX's own numbers would compile the comparison below
        self.curve.append((seconds, loss))
        return loss <= self._limits.target or seconds > self._limits.seconds

    def require(self, loss: float) -> None:
        """Note a loss, and leave by way of ``Enough`` when it is time to end."""
        if self.see(loss):
            raise Enough

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done within is not timed."""
        halted = time.perf_counter()
        yield
        self._started += time.perf_counter() - halted

    def end(self, steps: int | None, evaluations: int, theta: np.ndarray, seconds: float) -> Descent:
        told = None if steps is None else int(steps)
        return Descent(seconds, self.preparing, told, int(evaluations), theta, self.curve)


def thinned(curve: list[tuple[float, float]], most: int = POINTS) -> list[list[float]]:
    """The least loss so far at ``most`` moments at most, evenly spread over the logarithm of time."""
    finite = [(seconds, loss) for seconds, loss in curve if np.isfinite(loss) and seconds > 0]
    if not finite:
        return []
    seconds, losses = np.array(finite).T
    losses = np.minimum.accumulate(losses)
    moments = np.geomspace(seconds[0], seconds[-1], most)
    kept = np.unique(np.r_[np.searchsorted(seconds, moments[:-1]), len(seconds) - 1])
    return [[float(f"{seconds[k]:.4g}"), float(f"{losses[k]:.6g}")] for k in kept]
