"""Who takes part in a bench: every solver that the objective can serve and that is not hopeless at its size."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scipy_ae import solvers
from scipy_ae.errors import UnsupportedError
from scipy_ae.problem import Problem
from scipy_ae.solvers import Solver
from scipy_ae.solvers.first_order import FirstOrder
from scipy_ae.solvers.registry import OURS

#: Tolerances, which are switched off: every solver goes on until its time is up or it finds nothing better.
TOLERANCES = ("gtol", "ftol", "xtol", "xatol", "fatol")
#: What they are set to: less than float64 can show, but more than its epsilon, below which least_squares refuses.
_NOTHING = 1e-15
#: A bound of SciPy's on evaluations that would come before the time is up.
_UNBOUNDED = {"maxfun": 2**31 - 1, "maxfev": 2**31 - 1}
#: Factors on a first-order method's own eta; of the three the best is reported.
RATES = (1, 3, 10)
#: Rounds of steps that a solver must have time for.
ROUNDS = 5


@dataclass(frozen=True)
class Contender:
    """A solver with its options. Contenders of one ``name`` differ in eta, and the best of them is reported."""

    name: str
    label: str
    options: dict[str, Any] = field(default_factory=dict)

    def solver(self) -> Solver:
        return solvers.get(self.name, **self.options)


@dataclass(frozen=True)
class LeftOut:
    """A solver that does not take part, and why."""

    name: str
    why: str


def choose(
    objective: Problem, theta: np.ndarray, seconds: float, chosen: tuple[str, ...] | None = None
) -> tuple[list[Contender], list[LeftOut]]:
    """All solvers of the table, or those ``chosen`` by name, and who of them is left out.

    Left out is who needs what the objective does not offer and, unless chosen by name, who has no time for
    ``ROUNDS`` rounds of steps within ``seconds``.
    """
    rows = {row.name: row for row in solvers.table()}
    names = list(rows) if chosen is None else list(dict.fromkeys(solvers.get(name).name for name in chosen))
    evaluation = seconds_of(objective, theta)
    contenders, left_out = [], []
    for name in names:
        solver = solvers.get(name)
        why = _refusal(solver, objective)
        if not why and chosen is None:
            why = _hopeless(solver, theta.size, evaluation, seconds)
        if why:
            left_out.append(LeftOut(name, why))
        else:
            contenders += _contenders(solver, rows[name].options)
    return contenders, left_out


def _refusal(solver: Solver, objective: Problem) -> str:
    try:
        solver.check(objective)
    except UnsupportedError as error:
        return str(error)
    return ""


def _contenders(solver: Solver, accepted: tuple[str, ...]) -> list[Contender]:
    options: dict[str, Any] = dict.fromkeys((name for name in TOLERANCES if name in accepted), _NOTHING)
    options |= {name: bound for name, bound in _UNBOUNDED.items() if name in accepted}
    if not isinstance(solver, FirstOrder):
        return [Contender(solver.name, solver.name, options)]
    rates = [float(f"{factor * solver.eta:.3g}") for factor in RATES]
    return [Contender(solver.name, f"{solver.name} (eta {rate:g})", {**options, "eta": rate}) for rate in rates]


#: Roughly the seconds of one round of steps, from the number of weights and the seconds of loss and gradient, for
#: those methods of SciPy whose own work or number of evaluations grows with the weights. Measured on one core.
_ROUND: dict[str, Callable[[int, float], float]] = {
    "Nelder-Mead": lambda n, t: 10 * n * (t + 2e-9 * n * n),  # each of the n + 1 corners moved some ten times
    "Powell": lambda n, t: 10 * n * t,
    "COBYLA": lambda n, t: n * (t + 2e-8 * n * n),
    "COBYQA": lambda n, t: n * (t + 1e-9 * n**3),
    "BFGS": lambda n, t: t + 4.5e-11 * n**3,
    "SLSQP": lambda n, t: t + 1e-9 * n**3,
    "dogleg": lambda n, t: 3 * n * t + 1e-10 * n**3,
    "trust-exact": lambda n, t: 3 * n * t + 4e-10 * n**3,
}


def _hopeless(solver: Solver, n: int, evaluation: float, seconds: float) -> str:
    """Why the solver would get nowhere in that time; empty where it may."""
    method = solver.name.removeprefix("scipy.")
    if isinstance(solver, OURS) or method not in _ROUND:
        return ""
    needed = _ROUND[method](n, evaluation)
    if ROUNDS * needed <= seconds:
        return ""
    words = f"{needed:.2g}" if needed < 10 else f"{needed:.0f}" if needed < 1000 else f"{needed:.0e}"
    return f"too slow: one round of its steps takes some {words} s with {n} weights"


def seconds_of(objective: Problem, theta: np.ndarray) -> float:
    """Of one evaluation of loss and gradient, the least of a few."""
    taken = []
    with np.errstate(all="ignore"):
        for _ in range(6):
            started = time.perf_counter()
            objective.fun_and_jac(theta)
            taken.append(time.perf_counter() - started)
    return min(taken)
