"""Steps along directions, each by a line search: the engine of BFGS, L-BFGS and CG."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import descent
from scipy_ae.kernels.line_state import WALLS
from scipy_ae.kernels.machine import DONE
from scipy_ae.solvers.base import CONVERGED, MAXITER, NON_FINITE, STOPPED, STUCK, End, Report, number
from scipy_ae.solvers.directions import Directions
from scipy_ae.solvers.machine import Machine
from scipy_ae.solvers.watched import Point, Watched

#: The relative decrease that another start from scratch must have brought.
_WORTH = 1e-6


@dataclass(frozen=True)
class Rules:
    """When a run stops, and which steps it accepts.

    Parameters
    ----------
    gtol : float
        Converged when the norm of the gradient is at most this.
    norm : float
        Order of that norm; inf is the largest entry.
    xrtol : float
        Converged when a step is no longer than ``xrtol * (xrtol + |theta|)``.
    ftol : float
        Converged when a step lowers fun by at most ``ftol * max(|fun before|, |fun after|, 1)``; 0 asks nothing.
    c1, c2 : float
        Of the strong Wolfe conditions, 0 < c1 < c2 < 1.
    """

    gtol: float
    norm: float
    xrtol: float
    ftol: float
    c1: float
    c2: float

    def __post_init__(self) -> None:
        for name in ("gtol", "xrtol", "ftol"):
            number(name, getattr(self, name), 0.0)
        for name in ("norm", "c1", "c2"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.floating | np.integer) or math.isnan(value):
                accepted = "a number, inf or -inf" if name == "norm" else "a number, 0 < c1 < c2 < 1"
                raise InputError(f"{name}: got {value!r}; accepted is {accepted}")
        if not 0.0 < self.c1 < self.c2 < 1.0:
            raise InputError(f"c1, c2: got {self.c1} and {self.c2}; accepted is 0 < c1 < c2 < 1")

    def size(self, g: np.ndarray) -> float:
        """The norm of the gradient ``g``."""
        return descent.norm(g, self.norm)

    def words(self, verdict: int) -> str:
        """Which tolerance the kernel says was reached; empty for none."""
        if verdict == DONE:
            return ""
        if verdict == descent.BY_GTOL:
            return f"converged: the norm of the gradient is at most gtol = {self.gtol:g}"
        if verdict == descent.BY_XRTOL:
            return f"converged: the last step is within xrtol = {self.xrtol:g}"
        return f"converged: the last decrease is within ftol = {self.ftol:g}"


def descend(
    watched: Watched,
    start: Point,
    learned: Directions | None,
    fresh: Callable[[], Directions],
    rules: Rules,
    maxiter: int,
    report: Report,
) -> End:
    """Steps along directions from ``start``, with the curvature ``learned``, or none.

    Steps satisfy the strong Wolfe conditions, and each teaches where to go next. Without curvature from an earlier run
    the first trial step is that of SciPy's BFGS, of length about 1 / |g|; with it, the whole direction.

    Where a direction gives no descent, or no acceptable step, SciPy ends. Here what was learned is forgotten and the
    run goes on from scratch: it may have lost its precision, or come from another problem. It ends when that fails at
    once, or has brought no relative decrease of ``_WORTH`` since the time before.
    """
    curvature = learned if learned is not None else fresh()
    if rules.size(start.jac) <= rules.gtol:
        return End(CONVERGED, rules.words(descent.BY_GTOL), curvature, success=True)
    machine, forgot_at = _Machine(watched, start, rules), math.inf
    machine.face(curvature)
    while report.nit < maxiter:
        curvature = curvature.roomy() if curvature.room <= 0 else curvature
        verdict = machine.run(min(report.ahead(maxiter), curvature.room), *curvature.native())
        report.nit += machine.steps
        if verdict == descent.FAILED:
            if curvature.pairs == 0 or not forgot_at - machine.fun > _WORTH * abs(machine.fun):
                return machine.stuck(curvature)
            curvature, forgot_at = fresh(), machine.fun
            machine.face(curvature)
        elif (verdict != DONE or report.due(maxiter)) and report(*machine.point):
            return machine.end(STOPPED, "", curvature)
        elif verdict != DONE:
            return machine.end(CONVERGED, rules.words(verdict), curvature)
    return machine.end(MAXITER, f"maxiter = {maxiter} iterations are done", curvature)


class _Machine(Machine):
    """The kernel :func:`scipy_ae.kernels.descent.descend` as Python drives it."""

    def __init__(self, watched: Watched, start: Point, rules: Rules) -> None:
        super().__init__(descent.descend, watched, start, descent.VECTORS, descent.REALS, descent.WHOLE)
        for place, value in (
            (descent.GTOL, rules.gtol), (descent.NORM, rules.norm), (descent.XRTOL, rules.xrtol),
            (descent.FTOL, rules.ftol), (descent.C1, rules.c1), (descent.C2, rules.c2),
        ):  # fmt: skip
            self.reals[place] = value

    @property
    def _p(self) -> np.ndarray:
        return self.row(descent.P + int(self.whole[descent.TURN]))

    def face(self, curvature: Directions) -> None:
        """Take the direction that ``curvature`` gives here, where no step of its own has led."""
        _, value, gradient = self.point
        self._p[:], self.reals[descent.SLOPE] = curvature.direction(gradient)
        known = curvature.pairs > 0
        self.reals[descent.F_BEFORE] = math.inf if known else value + math.sqrt(gradient @ gradient) / 2

    def stuck(self, curvature: Directions) -> End:
        if self.reals[descent.SEARCH + WALLS] > 0:
            message = "the objective is not finite along the search direction, however short the step"
            return self.end(NON_FINITE, message, curvature)
        return self.end(STUCK, "no step along the search direction lowers fun: its precision is used up", curvature)

    def end(self, status: int, message: str, curvature: Directions) -> End:
        curvature.rest(self._p, self.point[2])
        return End(status, message, curvature, success=status == CONVERGED)


def checked(name: str, memory: Any, size: int, kind: Any) -> Any:
    """``memory`` of a run before, refused where it is of another solver or size; None where there is none."""
    if memory is None:
        return None
    if not isinstance(memory, kind) or memory.size != size:
        raise InputError(f"memory: not from a run of {name} with {size} weights; accepted is that, or None")
    return memory
