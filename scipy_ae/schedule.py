"""Schedules: who steps when.

``Every(4, burst=..., between=...)`` is the published alternation: gradient steps, and every 4th iteration a burst of
a solver. ``Then(("adam", 500), ("BFGS", 300))`` hands over once. A schedule only says whose turn it is; training takes
the steps.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.solvers import Solver


@dataclass(frozen=True)
class Turn:
    """One solver's turn.

    ``steps`` bounds its iterations; ``keep`` tells whether it gets back the memory of its last turn; where ``each`` is
    true every step of it is an iteration of the training, else the whole turn is one.
    """

    solver: Solver
    steps: int
    phase: str  # "step" or "burst"
    keep: bool = True
    each: bool = False


class Schedule(ABC):
    """Says whose turn it is, one iteration of the training after the other."""

    @property
    @abstractmethod
    def solvers(self) -> tuple[Solver, ...]:
        """Those at work."""

    @abstractmethod
    def turns(self, iterations: int) -> Iterator[Turn]:
        """The turns that make up ``iterations`` iterations of training."""


@dataclass(frozen=True)
class Every(Schedule):
    """Gradient steps, and at every k-th iteration a burst of a solver.

    Parameters
    ----------
    k : int
        1: every iteration is a burst; 0: none is.
    burst : str or Solver
        The solver of the bursts.
    between : str or Solver
        Who takes the steps between. A name is taken with its defaults, a first-order method guarded.
    steps : int
        Bound on the solver's steps in one burst.
    keep : bool
        Carry the solver's memory from burst to burst. Emptied at each, a quasi-Newton method never learns the
        curvature.
    """

    k: int
    burst: str | Solver = "BFGS"
    between: str | Solver = "gradient-descent"
    steps: int = 5
    keep: bool = True

    def __post_init__(self) -> None:
        _whole("every", self.k, 0)
        _whole("burst", self.steps, 1)
        object.__setattr__(self, "burst", _solver("burst", self.burst))
        object.__setattr__(self, "between", _solver("between", self.between))

    @property
    def stepping(self) -> tuple[Solver, ...]:
        """Those whose first-order steps may be on mini-batches."""
        return (_solver("between", self.between),) if self.k != 1 else ()

    @property
    def solvers(self) -> tuple[Solver, ...]:
        """Those at work."""
        return self.stepping + ((_solver("burst", self.burst),) if self.k else ())

    def turns(self, iterations: int) -> Iterator[Turn]:
        burst = Turn(_solver("burst", self.burst), self.steps, "burst", self.keep)
        step = Turn(_solver("between", self.between), 1, "step")
        for iteration in range(1, iterations + 1):
            yield burst if self.k and iteration % self.k == 0 else step


@dataclass(frozen=True)
class Then(Schedule):
    """One solver after another, each for so many steps; every step is an iteration of the training.

    Parameters
    ----------
    *phases : (str or Solver, int)
    """

    phases: tuple[tuple[Solver, int], ...] = field()

    def __init__(self, *phases: tuple[str | Solver, int]) -> None:
        if not phases:
            raise InputError("schedule: at least one phase such as ('adam', 500) is needed")
        for _, steps in phases:
            _whole("schedule", steps, 1)
        made = tuple((_solver("schedule", solver, guard=False), steps) for solver, steps in phases)
        object.__setattr__(self, "phases", made)

    @property
    def solvers(self) -> tuple[Solver, ...]:
        """Those at work; the steps of each may be on mini-batches."""
        return tuple(solver for solver, _ in self.phases)

    stepping = solvers

    @property
    def iterations(self) -> int:
        """Steps of all phases together."""
        return sum(steps for _, steps in self.phases)

    def turns(self, iterations: int) -> Iterator[Turn]:
        left = iterations
        for solver, steps in self.phases:
            if left > 0:
                yield Turn(solver, min(steps, left), "step" if solver.first_order else "burst", each=True)
            left -= steps


def parse_phases(text: str) -> list[tuple[str, int]]:
    """``'adam:500 bfgs:300'`` as [('adam', 500), ('bfgs', 300)]."""
    phases = []
    for word in text.replace("->", " ").replace(",", " ").split():
        found = re.fullmatch(r"(.+):(\d+)", word)
        if not found:
            raise InputError(f"schedule: '{word}' is not accepted; phases such as 'adam:500 bfgs:300' are")
        phases.append((found[1], int(found[2])))
    if not phases:
        raise InputError("schedule: at least one phase such as 'adam:500' is needed")
    return phases


def _whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least {least} is")


def _solver(name: str, solver: str | Solver, guard: bool = True) -> Solver:
    """The solver itself, or the one of that name, first-order ones guarded where asked."""
    if isinstance(solver, Solver):
        return solver
    plain = solvers.get(solver) if isinstance(solver, str) else None
    if plain is None:
        raise InputError(f"{name}: {solver!r} is not accepted; a solver or its name is")
    return solvers.get(solver, guard=True) if guard and plain.first_order else plain
