"""Steps of a damped quadratic model, accepted or refused by what the objective makes of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.kernels import newton as kernel
from scipy_ae.solvers.base import CONVERGED, MAXITER, NON_FINITE, STOPPED, STUCK, End, Report
from scipy_ae.solvers.curvature import Curvature
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.watched import Point, Watched

NOT_FINITE = "the curvature is not finite at x"
UPDATES = ("delayed", "nielsen")


@dataclass
class Damping:
    """How far a method distrusts its model, carried from run to run.

    ``mu`` is raised after each trial that fails and lowered after one that succeeds, by one of two rules:

    delayed
        Raised twofold, lowered threefold, however good the model was (Transtrum & Sethna 2012, section 3, "delayed
        gratification"): long steps have to be earned. After five failures on end the factor doubles each time.
    nielsen
        The factor doubles from the first failure on; lowered to a third at most, the more the better the model was
        (Nielsen 1999; Madsen, Nielsen & Tingleff 2004, eq. 2.21).
    """

    size: int
    mu: float = 0.0
    scale: np.ndarray | None = None
    failures: int = 0

    def worse(self, rule: str, largest: float) -> None:
        self.mu = kernel.worse(self.mu, self.failures, largest, rule == "nielsen")
        self.failures += 1

    def better(self, rule: str, gain: float) -> None:
        self.mu = kernel.better(self.mu, gain, rule == "nielsen")
        self.failures = 0


@dataclass(frozen=True)
class How:
    """``tau``: mu starts at this times the largest curvature; ``update``: the rule; ``marquardt``: scaled by diag B."""

    tau: float
    update: str
    marquardt: bool = False


def damped_descent(
    watched: Watched,
    here: Point,
    curvature_at: Callable[[Point], Curvature],
    damping: Damping,
    how: "How",
    rules: Rules,
    maxiter: int,
    report: Report,
) -> End:
    """Steps that minimise the damped model, from ``here``; one iteration is a step that lowers fun."""
    while report.nit < maxiter:
        curvature = curvature_at(here)
        if not math.isfinite(curvature.largest):
            return End(NON_FINITE, NOT_FINITE, damping)
        _prepare(damping, curvature, how)
        there, walls = _next(watched, here, curvature, damping, how.update)
        if there is None:
            return stuck(walls, damping)
        reason = rules.reached(here, float(np.linalg.norm(there.theta - here.theta)), there)
        here = there
        if report.one(here.theta, here.fun, here.jac):
            return End(STOPPED, "", damping)
        if reason:
            return End(CONVERGED, reason, damping, success=True)
    return End(MAXITER, f"maxiter = {maxiter} iterations are done", damping)


def _prepare(damping: Damping, curvature: Curvature, how: How) -> None:
    diagonal = curvature.diagonal() if how.marquardt else None
    if diagonal is not None:
        # never less than before, so that a weight that has become idle is not let go (Moré 1978)
        floor = 1e-8 * curvature.largest
        before = floor if damping.scale is None else damping.scale
        damping.scale = np.maximum(np.maximum(np.abs(diagonal), floor), before)
    largest = 1.0 if diagonal is not None else curvature.largest
    if damping.mu == 0.0:
        damping.mu = how.tau * largest or how.tau
    damping.mu = max(damping.mu, kernel.LEAST * largest)


def _next(watched: Watched, here: Point, curvature: Curvature, damping: Damping, rule: str) -> tuple[Point | None, int]:
    """The point after a step that lowers fun, None where there is none; and how many trials were not finite."""
    walls = 0
    while math.isfinite(damping.mu):
        trial = curvature.trial(here.jac, damping.mu, damping.scale)
        if trial is not None and trial.predicted > 0.0:
            theta = here.theta + trial.step
            if np.array_equal(theta, here.theta):
                break
            value, gradient = watched.fun_and_jac(theta)
            there = Point(theta, value, gradient)
            if lower(here, there):
                damping.better(rule, (here.fun - value) / trial.predicted)
                return there, walls
            walls += math.isnan(value)
        damping.worse(rule, curvature.largest)
    return None, walls


def lower(here: Point, there: Point) -> bool:
    """Whether fun fell, or, where its digits are used up, at least the gradient."""
    if there.fun == here.fun:
        return float(np.linalg.norm(there.jac)) < float(np.linalg.norm(here.jac))
    return there.fun < here.fun


def reached_gtol(rules: Rules) -> str:
    return f"converged: the norm of the gradient is at most gtol = {rules.gtol:g}"


def stuck(walls: int, memory: Damping) -> End:
    memory.mu, memory.failures = 0.0, 0
    if walls > 0:
        return End(NON_FINITE, "the objective is not finite after the step, however short", memory)
    return End(STUCK, "no step of the damped model lowers fun: its precision is used up", memory)
