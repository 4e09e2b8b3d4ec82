"""The kernels of Newton's method without a matrix, as Python drives them."""

import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from scipy_ae.kernels import krylov
from scipy_ae.kernels import newton as kernel
from scipy_ae.kernels.quasi_newton import CLEAR
from scipy_ae.solvers.base import Report
from scipy_ae.solvers.curvature import Warm
from scipy_ae.solvers.damping import Damping
from scipy_ae.solvers.descent import Rules
from scipy_ae.solvers.krylov import Stop
from scipy_ae.solvers.model_machine import ModelMachine
from scipy_ae.solvers.operators import NOTHING, Diagonal, Operators
from scipy_ae.solvers.watched import Point, Watched

#: Vectors that a basis has room for at first.
_ROOM = 16


@dataclass
class Carried(Warm):
    """What these methods learn: the last step, the damping, or the radius."""

    size: int = 0
    damping: Damping = field(default_factory=lambda: Damping(0))
    radius: float = 0.0


class HessianFree(ModelMachine):
    """What the two have in common.

    Parameters
    ----------
    run : callable
        The kernel.
    watched, start
        As in :class:`Machine`.
    operators : Operators
    diagonal : Diagonal, optional
        For a preconditioner.
    rules : Rules
    rows, numbers : int
        Vectors and reals that the inner kernel wants.
    carried : Carried

    ``_precondition`` is the row of the preconditioner.
    """

    _precondition: ClassVar[int]

    def __init__(
        self, run: Callable, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None,
        rules: Rules, rows: int, numbers: np.ndarray, carried: Carried,
    ) -> None:  # fmt: skip
        super().__init__(run, watched, start, kernel.VECTORS, kernel.REALS, kernel.WHOLE)
        self._operators, self._diagonal, self.carried = operators, diagonal, carried
        self._inner = np.zeros((rows, self.size + CLEAR))
        self._numbers, self._states = numbers, np.zeros(krylov.WHOLE, dtype=np.int64)
        self.whole[kernel.SCALED] = diagonal is not None
        self.reals[kernel.EXPONENT] = 1.0 if diagonal is None else diagonal.exponent
        self.reals[kernel.FIRST] = float(np.linalg.norm(start.jac))
        self._follow(rules)

    def row_within(self, which: int) -> np.ndarray:
        """A vector of the inner kernel."""
        return self._inner[which, : self.size]

    def _advance(self, steps: int, report: Report) -> int:
        target, states = report.nit + steps, self._states
        while True:
            address, _ = self._operators.code()
            diagonal = (0, NOTHING) if self._diagonal is None else self._diagonal.code()
            started = time.perf_counter()
            verdict = self.run(target - report.nit, address, *diagonal, *self._own(), self._inner, self._numbers,
                               states, self._operators.portion)  # fmt: skip
            report.nit += self.steps
            self._operators.made(states, time.perf_counter() - started)
            if verdict == krylov.PRODUCT:
                theta, v = self.row_within(krylov.THETA).copy(), self.row_within(states[krylov.ASKED]).copy()
                self.row_within(krylov.IMAGE)[:] = self._operators(theta, v)
            elif verdict == kernel.SCALE:
                assert self._diagonal is not None
                self.row_within(self._precondition)[:] = self._diagonal(self.row_within(krylov.THETA).copy())
            elif verdict == krylov.FULL:
                self._widen()
            elif verdict != krylov.PAUSE:
                return verdict
            if verdict != krylov.PAUSE:
                states[krylov.FRESH] = 1  # who knows what was evaluated in between

    @abstractmethod
    def _own(self) -> tuple:
        """What the kernel wants after the address for products."""

    def _widen(self) -> None:
        """Make room for a larger space."""


class Damped(HessianFree):
    """Conjugate gradients on the damped model; ``tau`` and ``nielsen`` are the damping's."""

    _precondition = krylov.W

    def __init__(
        self, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None, rules: Rules,
        carried: Carried, stop: Stop, tau: float, nielsen: bool,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel.damped, watched, start, operators, diagonal, rules, krylov.CG_VECTORS, stop.numbers(), carried
        )
        self._falls = np.empty(stop.most)
        self.row_within(krylov.W)[:] = 1.0
        self.reals[kernel.TAU], self.reals[kernel.MU] = tau, carried.damping.mu
        self.whole[kernel.FAILURES] = carried.damping.failures
        self.whole[kernel.NIELSEN], self.whole[kernel.FORCING] = nielsen, stop.rule == "forcing"
        if carried.step is not None:
            self.whole[kernel.WARM], self.row(kernel.STEP)[:] = 1, carried.step

    def _own(self) -> tuple:
        return (self._falls,)

    def _learned(self) -> Carried:
        damping = self.carried.damping
        damping.mu, damping.failures = float(self.reals[kernel.MU]), int(self.whole[kernel.FAILURES])
        self.carried.step = self.row(kernel.STEP).copy() if self.whole[kernel.WARM] else None
        return self.carried


class WithinRadius(HessianFree):
    """The Krylov space in a radius; ``bound`` and ``eta`` are the radius's, ``most`` that of the space."""

    _precondition = krylov.ROOT

    def __init__(
        self, watched: Watched, start: Point, operators: Operators, diagonal: Diagonal | None, rules: Rules,
        carried: Carried, most: int, bound: float, eta: float,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel.within_radius, watched, start, operators, diagonal, rules, krylov.LANCZOS_VECTORS,
            np.zeros(krylov.LANCZOS_REALS), carried,
        )  # fmt: skip
        self._most = most
        self._basis, self._space = np.empty((_ROOM, self.size)), np.zeros((krylov.SPACE_ROWS, _ROOM))
        self.row_within(krylov.ROOT)[:] = 1.0
        self.reals[kernel.RADIUS], self.reals[kernel.BOUND], self.reals[kernel.ETA] = carried.radius, bound, eta

    def _own(self) -> tuple:
        return self._basis, self._space, self._most

    def _widen(self) -> None:
        self._basis = np.concatenate([self._basis, np.empty_like(self._basis)])
        self._space = np.concatenate([self._space, np.zeros_like(self._space)], axis=1)

    def _learned(self) -> Carried:
        self.carried.radius = float(self.reals[kernel.RADIUS])
        return self.carried
