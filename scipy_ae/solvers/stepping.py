"""The loop that first-order methods share, on one function or along a series of them."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from scipy_ae.kernels import first_order as kernel
from scipy_ae.kernels.machine import DONE
from scipy_ae.problem import Problem, Series
from scipy_ae.solvers.base import CONVERGED, MAXITER, NON_FINITE, STOPPED, STUCK, End, Report, Solver, number
from scipy_ae.solvers.machine import Machine
from scipy_ae.solvers.result import Result
from scipy_ae.solvers.watched import Point, Watched


class FirstOrder(Solver):
    """The loop that all of them share; a subclass says what a step is and what it remembers.

    Unguarded, the steps are those of the published method: fun may rise, and the result's ``x`` is the last iterate.
    The run ends at the last finite one when fun becomes non-finite. Guarded, a step that would raise fun is halved
    until it does not, at most 40 times; when that is not enough what was remembered is emptied and the plain gradient
    tried, and when that fails as well the run ends where it is.

    One evaluation for each step (more where the guard halves), and one at the start. ``maxiter`` is 1000 unless told.

    Parameters
    ----------
    eta : float
        Learning rate.
    guard : bool
    gtol : float
        Converged when no entry of the gradient is larger.
    """

    carries = True
    first_order = True
    brisk = True
    _kind: ClassVar[int]

    def __init__(self, eta: float, guard: bool, gtol: float) -> None:
        self.eta = number("eta", eta, 0.0)
        self.guard = bool(guard)
        self.gtol = number("gtol", gtol, 0.0)

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        machine = Machine(kernel.first_order, watched, start, kernel.VECTORS, kernel.REALS, kernel.WHOLE)
        self._machine(machine, memory)
        limit = 1000 if maxiter is None else maxiter
        while True:
            verdict = machine.run(report.ahead(limit))
            report.nit += machine.steps
            told = machine.steps > 0 and (verdict != DONE or report.due(limit))
            if told and report(*machine.point):
                return self._end(STOPPED, "", machine)
            if verdict == kernel.BY_GTOL:
                message = f"converged: no entry of the gradient is above gtol = {self.gtol:g}"
                return self._end(CONVERGED, message, machine)
            if verdict == kernel.NO_STEP:
                return self._end(STUCK, f"no step lowers fun, halved {kernel.MOST_HALVINGS} times", machine)
            if verdict == kernel.NOT_FINITE:
                message = "the objective is not finite after the last step; x is the point before it"
                return self._end(NON_FINITE, message, machine)
            if report.nit >= limit:
                return self._end(MAXITER, f"maxiter = {limit} iterations are done", machine)

    def along(self, series: Series, theta: np.ndarray, memory: Any = None) -> Result:
        """A step on each function of a series.

        Guarded, and of an adaptive rate, each step is judged on the function that it is taken on, with two evaluations
        of it at least; any other step costs one.

        Returns
        -------
        Result
            ``x``, the last iterate, whose value nobody has asked for; ``nit``, ``nfev``, ``memory``; ``status`` is
            NON_FINITE where a function was not finite any more, and then ``x`` is the last point known to be finite.
        """
        machine = self._machine(Machine.bare(theta, kernel.VECTORS, kernel.REALS, kernel.WHOLE), memory)
        with series.threads(), np.errstate(all="ignore"):
            verdict = machine.run_along(kernel.first_order_series, series)
        return self._walked(verdict, machine)

    @property
    def judged(self) -> bool:
        """Whether a step is judged by the function that it is taken on, which costs an evaluation after it."""
        return self.guard or self._kind == kernel.ADAPTIVE_ETA

    def across(self, problems: Iterable[Problem], theta: np.ndarray, memory: Any = None) -> Result:
        """As :meth:`along`, of steps that are not judged, where the functions are no machine code."""
        machine = self._machine(Machine.bare(theta, kernel.VECTORS, kernel.REALS, kernel.WHOLE), memory)
        verdict = kernel.ENDED
        for problem in problems:
            x, _, g = machine.point
            with np.errstate(all="ignore"):
                value, g[:] = problem.fun_and_jac(x.copy())
            machine.whole[kernel.EVALUATIONS] += 1
            if not (np.isfinite(value) and np.isfinite(g).all()):
                if machine.whole[kernel.TAKEN] > 0:  # found now, done by the step before
                    machine.whole[kernel.SIDE] = 1 - machine.whole[kernel.SIDE]
                verdict = kernel.NOT_FINITE
                break
            machine.step_on(kernel.first_order, self._kind != kernel.GRADIENT_DESCENT)
        return self._walked(verdict, machine)

    def _walked(self, verdict: int, machine: Machine) -> Result:
        """Where a series of functions has led."""
        status, message = (
            (NON_FINITE, "not finite") if verdict == kernel.NOT_FINITE else (MAXITER, "the series is over")
        )
        end = self._end(status, message, machine)
        return Result(
            x=machine.point[0].copy(), nit=int(machine.whole[kernel.TAKEN]), nfev=machine.evaluations, status=status,
            message=message, memory=end.memory,
        )  # fmt: skip

    def _machine(self, machine: Machine, memory: Any) -> Machine:
        """The kernel's numbers, with the parameters of the method and what it remembers."""
        machine.reals[kernel.ETA], machine.reals[kernel.GTOL] = self.eta, self.gtol
        machine.whole[kernel.GUARD], machine.whole[kernel.KIND] = self.guard, self._kind
        machine.whole[kernel.REMEMBERS] = memory is not None
        self._load(memory, machine)
        return machine

    def _end(self, status: int, message: str, machine: Machine) -> End:
        theta, value, gradient = machine.point
        last = None if self.guard else Point(theta.copy(), value, gradient.copy())
        memory = None if status == NON_FINITE else self._saved(machine)
        return End(status, message, memory, last, status == CONVERGED)

    @abstractmethod
    def _load(self, memory: Any, machine: Machine) -> None:
        """Give the kernel its parameters and what was remembered, checked."""

    @abstractmethod
    def _saved(self, machine: Machine) -> Any:
        """What the next run is to remember."""
