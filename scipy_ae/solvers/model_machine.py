"""What kernels have in common whose steps minimise a quadratic model."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from scipy_ae.kernels import newton as kernel
from scipy_ae.kernels.machine import DONE
from scipy_ae.solvers.base import CONVERGED, MAXITER, NON_FINITE, STOPPED, End, Report
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.machine import Machine

NOT_FINITE = "the curvature is not finite at x"


class ModelMachine(Machine, ABC):
    """A machine with the reals of ``kernels/newton.py``, from iteration to iteration."""

    def descend(self, rules: Rules, maxiter: int, report: Report, stuck: Callable[[int, Any], End]) -> End:
        """Iterate; ``stuck`` says how it ended where no step was good enough."""
        while report.nit < maxiter:
            verdict = self._advance(report.ahead(maxiter), report)
            if verdict == kernel.NOT_FINITE:
                return End(NON_FINITE, NOT_FINITE, self._learned())
            if verdict == kernel.FAILED:
                return stuck(int(self.whole[kernel.WALLS]), self._learned())
            if (verdict != DONE or report.due(maxiter)) and report(*self.point):
                return End(STOPPED, "", self._learned())
            if verdict != DONE:
                return End(CONVERGED, rules.words(verdict), self._learned(), success=True)
        return End(MAXITER, f"maxiter = {maxiter} iterations are done", self._learned())

    @abstractmethod
    def _advance(self, steps: int, report: Report) -> int:
        """Until so many steps are done, or something comes before; what."""

    @abstractmethod
    def _learned(self) -> Any:
        """What the next run can go on with."""

    def _follow(self, rules: Rules) -> None:
        """Take these rules."""
        for place, value in (
            (kernel.GTOL, rules.gtol), (kernel.NORM, rules.norm), (kernel.XRTOL, rules.xrtol),
            (kernel.FTOL, rules.ftol),
        ):  # fmt: skip
            self.reals[place] = value
