"""Levenberg-Marquardt and Gauss-Newton: steps from the matrix of a quadratic model, exactly solved."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from threadpoolctl import threadpool_limits

from scipy_ae.errors import InputError
from scipy_ae.kernels import damped
from scipy_ae.kernels.descent import BY_GTOL
from scipy_ae.solvers.base import CONVERGED, End, Report, Solver, number
from scipy_ae.solvers.curvature import FORMS, choose
from scipy_ae.solvers.damping import UPDATES, Damping, How, stuck
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.modelled import Modelled
from scipy_ae.solvers.watched import Point, Watched

#: Equations up to which a factorisation is done by one thread: below, threads lose more in waiting than they gain.
_ONE_THREAD = 1000
_CURVATURES = frozenset({"gauss_newton", "gauss_newton_root", "gauss_newton_p", "residual_jac"})


class _Factorising(Solver):
    """What the two share: where their matrix comes from."""

    needs = frozenset({"fun", "jac", "hessp"})
    curvatures = _CURVATURES
    carries = True
    _kernel: Callable

    def __init__(self, form: str, rules: Rules, how: How) -> None:
        if form not in FORMS:
            raise InputError(f"form: got {form!r}; accepted are {', '.join(FORMS)}")
        self._form, self._rules, self._how = form, rules, how

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        if memory is not None and (not isinstance(memory, Damping) or memory.size != size):
            raise InputError(f"memory: not from a run of {self.name} with {size} weights; accepted is that, or None")
        damping = Damping(size) if memory is None else memory
        limit = 100 * (size + 1) if maxiter is None else maxiter
        if self._rules.size(start.jac) <= self._rules.gtol:
            return End(CONVERGED, self._rules.words(BY_GTOL), damping, success=True)
        choice = choose(self.name, watched, start, self._form, not self._how.marquardt)
        with threadpool_limits(1) if choice.order <= _ONE_THREAD else nullcontext():
            machine = Modelled(self._kernel, watched, start, choice, damping, self._how, self._rules)
            return machine.descend(self._rules, limit, report, stuck)


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
    _kernel = staticmethod(damped.levenberg_marquardt)
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
        if scaling not in ("identity", "marquardt"):
            raise InputError(f"scaling: got {scaling!r}; accepted are identity, marquardt")
        if update not in UPDATES:
            raise InputError(f"update: got {update!r}; accepted are {', '.join(UPDATES)}")
        how = How(number("tau", tau, 0.0, open_low=True), update, scaling == "marquardt")
        super().__init__(form, Rules(gtol, norm, xrtol, ftol, 1e-4, 0.9), how)


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
    _kernel = staticmethod(damped.gauss_newton)
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
        how = How(number("regularisation", regularisation, 0.0))
        super().__init__(form, Rules(gtol, norm, xrtol, ftol, c1, c2), how)
