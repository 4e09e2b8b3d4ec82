"""The kernels of Levenberg-Marquardt and Gauss-Newton, as Python drives them."""

import math
import time
from collections.abc import Callable

from scipy_ae.kernels import damped as kernel
from scipy_ae.kernels import newton
from scipy_ae.problem import Model
from scipy_ae.solvers.base import Report
from scipy_ae.solvers.curvature import Choice
from scipy_ae.solvers.damping import Damping, How
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.model_machine import ModelMachine
from scipy_ae.solvers.operators import HEARD, NOTHING
from scipy_ae.solvers.watched import Point, Watched


class Modelled(ModelMachine):
    """Steps of a quadratic model that is machine code, or that Python is asked for.

    Parameters
    ----------
    run : callable
        The kernel.
    watched, start
        As in :class:`Machine`.
    choice : Choice
        The model.
    damping : Damping
        Goes on from what it has learned, and learns more.
    how : How
    rules : Rules
    """

    def __init__(
        self, run: Callable, watched: Watched, start: Point, choice: Choice, damping: Damping, how: How, rules: Rules
    ) -> None:
        super().__init__(run, watched, start, kernel.VECTORS, kernel.REALS, kernel.WHOLE)
        self._source, self._damping, self._scaled = choice.source, damping, how.marquardt
        for place, value in (
            (kernel.C1, rules.c1), (kernel.C2, rules.c2), (newton.TAU, how.tau), (newton.MU, damping.mu),
        ):  # fmt: skip
            self.reals[place] = value
        self._follow(rules)
        self.whole[newton.FAILURES], self.whole[newton.NIELSEN] = damping.failures, how.update == "nielsen"
        self.whole[kernel.SCALED], self.whole[kernel.ALLOWED] = how.marquardt, 1
        self.row(kernel.SCALE)[:] = 1.0
        if how.marquardt:
            self.row(kernel.SCALE)[:] = 0.0 if damping.scale is None else damping.scale

    def _advance(self, steps: int, report: Report) -> int:
        target = report.nit + steps
        while True:
            model = self._source.code() if isinstance(self._source, Model) else (0, NOTHING)
            self.whole[kernel.TRIALS], started = 0, time.perf_counter()
            verdict = self.run(target - report.nit, *model)
            report.nit += self.steps
            taken = time.perf_counter() - started
            self.whole[kernel.ALLOWED] = max(1, int(HEARD * self.whole[kernel.TRIALS] / max(taken, 1e-9)))
            if isinstance(self._source, Model):
                self._watched.nhev += self._source.spent(int(self.whole[kernel.BUILT]), taken)
            self.whole[kernel.BUILT] = 0
            if verdict == kernel.MODEL:
                self._build()
            elif verdict == kernel.SOLVE:
                self._solve()
            elif verdict != kernel.PAUSE:
                return verdict

    def _build(self) -> None:
        assert not isinstance(self._source, Model)
        theta, value, gradient = self.point
        self._curvature = self._source(Point(theta.copy(), value, gradient.copy()))
        self.reals[newton.LARGEST] = self._curvature.largest
        diagonal = self._curvature.diagonal() if self._scaled else None
        if diagonal is not None:
            self.row(newton.STEP)[:] = diagonal

    def _solve(self) -> None:
        scale = self.row(kernel.SCALE).copy() if self._scaled else None
        trial = self._curvature.trial(self.point[2].copy(), float(self.reals[newton.MU]), scale)
        self.reals[newton.PREDICTED] = math.nan if trial is None else trial.predicted
        if trial is not None:
            self.row(newton.STEP)[:] = trial.step

    def _learned(self) -> Damping:
        damping = self._damping
        damping.mu, damping.failures = float(self.reals[newton.MU]), int(self.whole[newton.FAILURES])
        damping.scale = self.row(kernel.SCALE).copy() if self._scaled else damping.scale
        return damping
