"""Newton's method without a matrix: each step from products with the Hessian or the Gauss-Newton matrix."""

import math
from abc import abstractmethod
from typing import Any, ClassVar

from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.kernels.descent import BY_GTOL
from scipy_ae.solvers.base import CONVERGED, NON_FINITE, STUCK, End, Report, Solver, number
from scipy_ae.solvers.damping import UPDATES, Damping, How, stuck
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.hessian_free import Carried, Damped, HessianFree, WithinRadius
from scipy_ae.solvers.krylov import Stop
from scipy_ae.solvers.operators import Diagonal, Operators
from scipy_ae.solvers.watched import Point, Watched

_CURVATURES = frozenset({"gauss_newton_p"})
_KINDS = ("auto", "gauss-newton", "hessian")


class _MatrixFree(Solver):
    """What the two share: where products and preconditioner come from.

    Parameters
    ----------
    curvature : {"auto", "gauss-newton", "hessian"}
        What "auto" takes first is the method's own.
    precondition : {"auto", "none", "diagonal"}
        By the diagonal of the Gauss-Newton matrix to the power ``exponent``; "auto" where that is offered.
    """

    needs = frozenset({"fun", "jac", "hessp"})
    curvatures = _CURVATURES
    carries = True
    _gauss_newton_first: ClassVar[bool] = True

    def __init__(self, curvature: str, precondition: str, exponent: float, rules: Rules, most: int) -> None:
        for name, got, known in (
            ("curvature", curvature, _KINDS),
            ("precondition", precondition, ("auto", "none", "diagonal")),
        ):
            if got not in known:
                raise InputError(f"{name}: got {got!r}; accepted are {', '.join(known)}")
        self._kind, self._precondition = curvature, precondition
        self._exponent, self._rules = number("exponent", exponent, 0.0, 1.0), rules
        self._most = int(number("maxcg", most, 1))

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        if memory is not None and (not isinstance(memory, Carried) or memory.size != size):
            raise InputError(f"memory: not from a run of {self.name} with {size} weights; accepted is that, or None")
        carried = Carried(size=size, damping=Damping(size)) if memory is None else memory
        if self._rules.size(start.jac) <= self._rules.gtol:
            return End(CONVERGED, self._rules.words(BY_GTOL), carried, success=True)
        limit = 200 * size if maxiter is None else maxiter
        machine = self._machine(watched, start, self._operators(watched), self._diagonal(watched), carried)
        return machine.descend(self._rules, limit, report, self._stuck)

    @abstractmethod
    def _machine(
        self, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None, carried: Carried
    ) -> HessianFree:
        """The kernel at the start."""

    @staticmethod
    @abstractmethod
    def _stuck(walls: int, carried: Carried) -> End:
        """How it ended where no step was good enough, so many of the last trials not being finite."""

    def _operators(self, watched: Watched) -> Operators:
        offers = watched.offers
        if self._kind == "gauss-newton" and "gauss_newton_p" not in offers:
            raise UnsupportedError(f"{self.name}: curvature 'gauss-newton' needs gauss_newton_p")
        if self._kind == "hessian" and not offers & {"hess", "hessp"}:
            raise UnsupportedError(f"{self.name}: curvature 'hessian' needs hessp")
        if self._kind == "gauss-newton" or (self._kind == "auto" and self._gauss_newton_first):
            order = ("gauss_newton_p", "hessp", "hess")
        else:
            order = ("hessp", "hess", "gauss_newton_p")
        return Operators(watched, next(name for name in order if name in offers))

    def _diagonal(self, watched: Watched) -> Diagonal | None:
        """What the preconditioner is made of; None for none."""
        offered = "gauss_newton_diagonal" in watched.offers
        if self._precondition == "diagonal" and not offered:
            raise UnsupportedError(f"{self.name}: precondition 'diagonal' needs gauss_newton_diagonal")
        if self._precondition == "none" or not offered:
            return None
        return Diagonal(watched, self._exponent)


class NewtonCG(_MatrixFree):
    """Hessian-free optimisation: -(B + mu I)^-1 g by conjugate gradients (Martens 2010).

    B is the Gauss-Newton matrix where the problem offers its products (Schraudolph 2002), else the Hessian; mu is
    adapted as in Levenberg-Marquardt, and each run of conjugate gradients begins from the step before.

    Parameters
    ----------
    gtol, norm, xrtol, ftol : float
        See :class:`~scipy_ae.solvers.descent.Rules`.
    curvature : {"auto", "gauss-newton", "hessian"}
        "auto" takes the Gauss-Newton matrix where it is offered.
    precondition : {"auto", "none", "diagonal"}
        By the diagonal of the Gauss-Newton matrix, plus mu, to the power ``exponent``; "auto" where that is offered.
    exponent : float
        0.75 in Martens (2010, section 4.7), there of another diagonal.
    stop : {"progress", "forcing"}
        When conjugate gradients end: see :class:`~scipy_ae.solvers.krylov.Stop`.
    maxcg : int
        Bound on products for a step.
    tau, update
        As in :class:`~scipy_ae.solvers.least_squares.LevenbergMarquardt`.
    """

    name = "Newton-CG"
    about = "Hessian-free: curvature of large networks by products alone, some hundred products a step"

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        ftol: float = 0.0,
        curvature: str = "auto",
        precondition: str = "auto",
        exponent: float = 0.75,
        stop: str = "progress",
        maxcg: int = 250,
        tau: float = 1e-3,
        update: str = "delayed",
    ) -> None:
        super().__init__(curvature, precondition, exponent, Rules(gtol, norm, xrtol, ftol, 1e-4, 0.9), maxcg)
        if stop not in ("progress", "forcing"):
            raise InputError(f"stop: got {stop!r}; accepted are progress, forcing")
        if update not in UPDATES:
            raise InputError(f"update: got {update!r}; accepted are {', '.join(UPDATES)}")
        self._stop, self._how = stop, How(number("tau", tau, 0.0, open_low=True), update)

    def _machine(
        self, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None, carried: Carried
    ) -> HessianFree:
        return Damped(
            watched, start, operators, diagonal, self._rules, carried, Stop(self._stop, self._most),
            self._how.tau, self._how.update == "nielsen",
        )  # fmt: skip

    @staticmethod
    def _stuck(walls: int, carried: Carried) -> End:
        end = stuck(walls, carried.damping)
        return End(end.status, end.message, carried)


class TrustKrylov(_MatrixFree):
    """Trust region by Lanczos: the best step of a growing Krylov space in a radius (Gould, Lucidi, Roma & Toint 1999).

    On the boundary it goes on where Steihaug's (1983) conjugate gradients stop. Where a step fails the radius shrinks
    and the same space gives the next one, without another product. The norm is that of the preconditioner.

    Parameters
    ----------
    gtol, norm, xrtol, ftol : float
        See :class:`~scipy_ae.solvers.descent.Rules`.
    initial_trust_radius : float
        As in SciPy.
    max_trust_radius : float
    eta : float
        A step is taken where fun falls by more than this part of what was foretold, 0 <= eta < 0.25.
    curvature : {"auto", "gauss-newton", "hessian"}
        "auto" takes the Hessian where it is offered: what sets this method apart is that it can use negative curvature.
    precondition : {"auto", "none", "diagonal"}
    exponent, maxcg
        As in :class:`NewtonCG`.
    """

    name = "trust-krylov"
    about = (
        "trust region by Lanczos, Gauss-Newton or Hessian products: few, good steps, safe where curvature is negative"
    )
    _gauss_newton_first = False

    def __init__(
        self,
        gtol: float = 1e-5,
        norm: float = math.inf,
        xrtol: float = 0.0,
        ftol: float = 0.0,
        initial_trust_radius: float = 1.0,
        max_trust_radius: float = 1000.0,
        eta: float = 1e-4,
        curvature: str = "auto",
        precondition: str = "none",
        exponent: float = 0.75,
        maxcg: int = 100,
    ) -> None:
        super().__init__(curvature, precondition, exponent, Rules(gtol, norm, xrtol, ftol, 1e-4, 0.9), maxcg)
        self._largest = number("max_trust_radius", max_trust_radius, 0.0, open_low=True)
        self._radius = number("initial_trust_radius", initial_trust_radius, 0.0, self._largest, open_low=True)
        if number("eta", eta, 0.0) >= 0.25:
            raise InputError(f"eta: got {eta!r}; accepted is a number of at least 0 and below 0.25")
        self._eta = float(eta)

    def _machine(
        self, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None, carried: Carried
    ) -> HessianFree:
        carried.radius = carried.radius or self._radius
        return WithinRadius(
            watched, start, operators, diagonal, self._rules, carried, self._most, self._largest, self._eta
        )

    @staticmethod
    def _stuck(walls: int, carried: Carried) -> End:
        carried.radius = 0.0
        if walls:
            return End(NON_FINITE, "the objective is not finite after the step, however short", carried)
        return End(STUCK, "no step within the radius lowers fun: its precision is used up", carried)
