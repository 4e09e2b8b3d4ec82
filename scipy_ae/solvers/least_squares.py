"""Levenberg-Marquardt and Gauss-Newton: steps from the matrix of a quadratic model, exactly solved."""

import math
from abc import abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from scipy_ae.errors import InputError
from scipy_ae.kernels import line_search as search
from scipy_ae.kernels.quasi_newton import dot
from scipy_ae.solvers.base import CONVERGED, MAXITER, NON_FINITE, STOPPED, End, Report, Solver, number
from scipy_ae.solvers.curvature import FORMS, Curvature, choose
from scipy_ae.solvers.damping import NOT_FINITE, UPDATES, Damping, How, damped_descent, reached_gtol, stuck
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.watched import Point, Watched

At = Callable[[Point], Curvature]

#: Equations up to which a factorisation is done by one thread: below, threads lose more in waiting than they gain.
_ONE_THREAD = 1000
_CURVATURES = frozenset({"gauss_newton", "gauss_newton_root", "gauss_newton_p", "residual_jac"})


class _Factorising(Solver):
    """What the two share: where their matrix comes from."""

    needs = frozenset({"fun", "jac", "hessp"})
    curvatures = _CURVATURES
    carries = True

    def __init__(self, form: str, rules: Rules) -> None:
        if form not in FORMS:
            raise InputError(f"form: got {form!r}; accepted are {', '.join(FORMS)}")
        self._form, self._rules, self._marquardt = form, rules, False

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        if memory is not None and (not isinstance(memory, Damping) or memory.size != size):
            raise InputError(f"memory: not from a run of {self.name} with {size} weights; accepted is that, or None")
        damping = Damping(size) if memory is None else memory
        limit = 100 * (size + 1) if maxiter is None else maxiter
        if self._rules.size(start.jac) <= self._rules.gtol:
            return End(CONVERGED, reached_gtol(self._rules), damping, success=True)
        choice = choose(self.name, watched, start, self._form, not self._marquardt)
        with threadpool_limits(1) if choice.order <= _ONE_THREAD else nullcontext():
            return self._descend(watched, start, choice.at, limit, damping, report)

    @abstractmethod
    def _descend(self, watched: Watched, start: Point, at: At, maxiter: int, damping: Damping, report: Report) -> End:
        """Iterate with the curvature that ``at`` gives for each point."""


class LevenbergMarquardt(_Factorising):
    """Steps -(B + mu D)^-1 g, with mu raised and lowered by how well the model foretold fun.

    B is the Gauss-Newton matrix of a problem that offers it, or residuals and their derivative (Levenberg 1944;
    Marquardt 1963), for cross-entropy the generalised one (Schraudolph 2002); else the Hessian (Goldfeld, Quandt &
    Trotter 1966), where mu also makes it positive definite. With fewer residuals than weights the system is solved in
    the space of the residuals.

    Parameters
    ----------
    gtol, norm, xrtol, ftol : float
        See :class:`~scipy_ae.solvers.descent.Rules`; ftol and xrtol are 0 unless given.
    tau : float
        mu starts at this times the largest diagonal entry of B.
    scaling : {"identity", "marquardt"}
        D: the identity, or the diagonal of B, never less than at an earlier step (Moré 1978). The second takes the
        primal form.
    update : {"delayed", "nielsen"}
        How mu is raised and lowered: see :class:`~scipy_ae.solvers.damping.Damping`. After as many steps on networks
        the first ends lower, up to two hundred times for cross-entropy, at twice the trials a step.
    form : {"auto", "dual", "primal", "products"}
        "auto" is the dual one where residuals are fewer than weights, and conjugate gradients on products, as in
        Newton-CG but without preconditioner, where neither matrix fits into memory.
    """

    name = "Levenberg-Marquardt"
    about = "squared error and cross-entropy up to some 1000 weights or residuals: few, dear steps, very sharp ends"

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        ftol: float = 0.0,
        tau: float = 1e-3,
        scaling: str = "identity",
        update: str = "delayed",
        form: str = "auto",
    ) -> None:
        super().__init__(form, Rules(gtol, norm, xrtol, ftol, 1e-4, 0.9))
        if scaling not in ("identity", "marquardt"):
            raise InputError(f"scaling: got {scaling!r}; accepted are identity, marquardt")
        if update not in UPDATES:
            raise InputError(f"update: got {update!r}; accepted are {', '.join(UPDATES)}")
        self._marquardt = scaling == "marquardt"
        self._how = How(number("tau", tau, 0.0, open_low=True), update, self._marquardt)

    def _descend(self, watched: Watched, start: Point, at: At, maxiter: int, damping: Damping, report: Report) -> End:
        return damped_descent(watched, start, at, damping, self._how, self._rules, maxiter, report)


class GaussNewton(_Factorising):
    """Whole steps -(B + mu I)^-1 g with a small mu, shortened by a line search.

    B as in :class:`LevenbergMarquardt`. Where B is singular, as that of an autoencoder is, a small mu gives nearly the
    shortest of all whole steps; where B is indefinite mu is raised until it is not (Nocedal & Wright 2006, algorithm
    3.3, section 10.3). The line search is that of BFGS (strong Wolfe conditions), from step 1.

    Parameters
    ----------
    gtol, norm, xrtol, ftol, c1, c2 : float
        See :class:`~scipy_ae.solvers.descent.Rules`.
    regularisation : float
        mu over the largest diagonal entry of B; on networks 1e-8 ends far below 1e-10 and 1e-4.
    form : {"auto", "dual", "primal", "products"}
        As in :class:`LevenbergMarquardt`.
    """

    name = "Gauss-Newton"
    about = "small, well determined least squares; Levenberg-Marquardt is the safer choice"

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        ftol: float = 0.0,
        c1: float = 1e-4,
        c2: float = 0.9,
        regularisation: float = 1e-8,
        form: str = "auto",
    ) -> None:
        super().__init__(form, Rules(gtol, norm, xrtol, ftol, c1, c2))
        self._regularisation = number("regularisation", regularisation, 0.0)

    def _descend(self, watched: Watched, start: Point, at: At, maxiter: int, damping: Damping, report: Report) -> End:
        rules, here = self._rules, start
        while report.nit < maxiter:
            curvature = at(here)
            if not math.isfinite(curvature.largest):
                return End(NON_FINITE, NOT_FINITE, damping)
            there, walls = self._next(watched, here, curvature, damping)
            if there is None:
                return stuck(walls, damping)
            reason = rules.reached(here, float(np.linalg.norm(there.theta - here.theta)), there)
            here = there
            if report.one(here.theta, here.fun, here.jac):
                return End(STOPPED, "", damping)
            if reason:
                return End(CONVERGED, reason, damping, success=True)
        return End(MAXITER, f"maxiter = {maxiter} iterations are done", damping)

    def _next(self, watched: Watched, here: Point, curvature: Curvature, damping: Damping) -> tuple[Point | None, int]:
        """The point that the line search accepts; mu is raised tenfold as long as there is none."""
        walls, state = 0, np.zeros(search.STATE_SIZE)
        least = max(self._regularisation, 1e-15) * curvature.largest or 1e-15
        damping.mu = max(least, damping.mu / 10)
        while math.isfinite(damping.mu):
            trial = curvature.trial(here.jac, damping.mu, None)
            if trial is not None:
                if np.array_equal(here.theta + trial.step, here.theta):
                    break
                there = along(watched, here, trial.step, self._rules, state)
                if there is not None:
                    return there, walls
                walls += int(state[search.WALLS])
            damping.mu *= 10
        return None, walls


def along(watched: Watched, here: Point, p: np.ndarray, rules: Rules, state: np.ndarray) -> Point | None:
    """The point of an acceptable step along ``p``, tried from the whole of it; None where there is none."""
    slope = dot(here.jac, p)
    if not slope < 0.0:
        return None
    alpha = search.search_begin(state, here.fun, math.inf, slope, rules.c1, rules.c2)
    while alpha > 0.0:
        theta = here.theta + alpha * p
        value, gradient = watched.fun_and_jac(theta)
        verdict = search.search_next(state, value, dot(gradient, p))
        if verdict == search.ACCEPTED:
            return Point(theta, value, gradient)
        if verdict == search.FAILED:
            return None
        alpha = float(state[search.STEP])
    return None
