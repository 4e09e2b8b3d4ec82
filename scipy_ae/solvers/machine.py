"""A kernel that runs a whole training, with its arrays and the answers to what it asks."""

import time
from collections.abc import Callable

import numpy as np

from scipy_ae.kernels import first_order as first
from scipy_ae.kernels import machine as place
from scipy_ae.kernels.quasi_newton import CLEAR
from scipy_ae.problem import Series
from scipy_ae.solvers.watched import ObjectiveRaised, Point, Watched

_NOTHING = np.zeros(0, dtype=np.intp)
#: Seconds within which a run should look up.
HEARD = 0.1


class Machine:
    """The state of such a kernel: see :mod:`scipy_ae.kernels.machine`.

    Parameters
    ----------
    kernel : callable
        ``kernel(address, context, *its own, vectors, reals, whole, size, steps)`` -> why it stopped.
    vectors, reals, whole : int
        How many of each it wants.
    """

    def __init__(self, kernel: Callable, watched: Watched, start: Point, vectors: int, reals: int, whole: int) -> None:
        self._kernel, self._watched = kernel, watched
        self._make(start.theta, vectors, reals, whole)
        self.row(place.G)[:] = start.jac
        self.reals[place.F] = self.reals[place.F_BEST] = start.fun

    @classmethod
    def bare(cls, theta: np.ndarray, vectors: int, reals: int, whole: int) -> "Machine":
        """One that is at a point where nothing was evaluated, to be run along a series."""
        machine = object.__new__(cls)
        machine._make(theta, vectors, reals, whole)
        return machine

    def _make(self, theta: np.ndarray, vectors: int, reals: int, whole: int) -> None:
        self.size = theta.size
        self._vectors = np.zeros((vectors, self.size + CLEAR))
        self.reals, self.whole = np.zeros(reals), np.zeros(whole, dtype=np.int64)
        self.row(place.X)[:] = theta

    def row(self, which: int) -> np.ndarray:
        """One of the vectors."""
        return self._vectors[which, : self.size]

    @property
    def steps(self) -> int:
        """Steps done in the last run."""
        return int(self.whole[place.STEPS])

    @property
    def fun(self) -> float:
        """The value where it is."""
        return float(self.reals[place.F])

    @property
    def point(self) -> tuple[np.ndarray, float, np.ndarray]:
        """theta, value and gradient where it is: views, which the next run writes into."""
        x = place.X + 2 * int(self.whole[place.SIDE])
        return self.row(x), self.fun, self.row(x + 1)

    def run(self, steps: int, *own) -> int:
        """Until so many steps are done, or something comes before; why it stopped."""
        native = self._watched.native
        address, context = (0, _NOTHING) if native is None else (native.address, native.context)
        self.whole[place.STEPS] = 0
        while True:
            verdict = self._kernel(address, context, *own, self._vectors, self.reals, self.whole, self.size, steps)
            if verdict != place.ASK:
                break
            trial = place.X_NEW - 2 * int(self.whole[place.SIDE])
            try:
                value, gradient = self._watched.fun_and_jac(self.row(trial).copy())
            except ObjectiveRaised as raised:
                raised.steps = self.steps
                raise
            self.reals[place.F_NEW], self.row(trial + 1)[:] = value, gradient
        if native is not None:
            self._tell()
        return verdict

    @property
    def evaluations(self) -> int:
        """Those that the kernel has made and nobody was told of."""
        return int(self.whole[place.EVALUATIONS])

    def run_along(self, kernel: Callable, series: Series) -> int:
        """Run such a kernel on the functions of a series, until it ends; looks up about every tenth of a second."""
        most, code = 4, series.native
        while True:
            began = time.perf_counter()
            verdict = kernel(
                code.address, code.context, series.address, series.context, self._vectors, self.reals, self.whole,
                self.size, most,
            )  # fmt: skip
            if series.rest is not None:
                series.rest()
            if verdict != place.DONE:
                return verdict
            most = max(1, most // 2) if time.perf_counter() - began > HEARD else 2 * most

    def step_on(self, kernel: Callable, remembers: bool) -> None:
        """Take the step that a first-order kernel proposes from the gradient here, without a look at what it leads to.

        No step is taken where no entry of the gradient is above gtol.
        """
        self.whole[place.PHASE] = self.whole[place.STEPS] = self.whole[place.WAITING] = 0
        verdict = kernel(0, _NOTHING, self._vectors, self.reals, self.whole, self.size, 1)
        self.whole[place.PHASE] = self.whole[place.WAITING] = 0
        if verdict == place.ASK:
            self.whole[place.SIDE] = 1 - self.whole[place.SIDE]
            self.whole[first.REMEMBERS] = remembers
            self.whole[first.TAKEN] += 1

    def _tell(self) -> None:
        """What Python has not seen: the number of evaluations, and the lowest point."""
        watched, value = self._watched, float(self.reals[place.F_BEST])
        watched.nfev += int(self.whole[place.EVALUATIONS])
        watched.njev += int(self.whole[place.EVALUATIONS])
        self.whole[place.EVALUATIONS] = 0
        if value < watched.best.fun:
            lowest = int(self.whole[place.LOWEST])
            watched.best = Point(self.row(lowest).copy(), value, self.row(lowest + 1).copy())
