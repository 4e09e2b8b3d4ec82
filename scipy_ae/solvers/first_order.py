"""Gradient descent and its relatives: one evaluation of value and gradient, one step."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels.first_order import adam_step
from scipy_ae.kernels.quasi_newton import largest
from scipy_ae.solvers.base import (
    CONVERGED,
    MAXITER,
    NON_FINITE,
    STOPPED,
    STUCK,
    End,
    Report,
    Solver,
    number,
)
from scipy_ae.solvers.watched import Point, Watched

_HALVINGS = 40


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

    def __init__(self, eta: float, guard: bool, gtol: float) -> None:
        self.eta = number("eta", eta, 0.0)
        self.guard = bool(guard)
        self.gtol = number("gtol", gtol, 0.0)

    @abstractmethod
    def _recall(self, memory: Any, size: int) -> Any:
        """What was remembered, checked, or an empty memory."""

    @abstractmethod
    def _step(self, memory: Any, g: np.ndarray) -> np.ndarray:
        """The step to take against the gradient ``g``; brings ``memory`` up to date."""

    @abstractmethod
    def _learn(self, memory: Any, fell: bool, part: float) -> None:
        """Told whether fun fell over the whole step, and which part of it was taken."""

    def _run(self, watched: Watched, start: Point, maxiter: int | None, memory: Any, report: Report) -> End:
        size = start.theta.size
        memory, empty = self._recall(memory, size), memory is None
        limit = 1000 if maxiter is None else maxiter
        here = start
        while True:
            if largest(here.jac) <= self.gtol:
                message = f"converged: no entry of the gradient is above gtol = {self.gtol:g}"
                return self._end(CONVERGED, message, memory, here)
            if report.nit >= limit:
                return self._end(MAXITER, f"maxiter = {limit} iterations are done", memory, here)
            step = self._step(memory, here.jac)
            there, part = self._take(watched, here, step)
            if there is None and self.guard and self.carries and not empty:
                memory, empty = self._recall(None, size), True
                continue
            if there is None and self.guard:
                return self._end(STUCK, f"no step lowers fun, halved {_HALVINGS} times", memory, here)
            if there is None:
                message = "the objective is not finite after the last step; x is the point before it"
                return self._end(NON_FINITE, message, None, here)
            self._learn(memory, part == 1.0 and there.fun < here.fun, part)
            here, empty = there, False
            if report.one(here.theta, here.fun, here.jac):
                return self._end(STOPPED, "", memory, here)

    def _take(self, watched: Watched, here: Point, step: np.ndarray) -> tuple[Point | None, float]:
        """The point after the step, and which part of the step was taken."""
        part = 1.0
        for _ in range(_HALVINGS + 1):
            theta = here.theta + part * step
            value, gradient = watched.fun_and_jac(theta)
            if value <= here.fun or (not self.guard and np.isfinite(value)):
                return Point(theta, value, gradient), part
            if not self.guard:
                return None, part
            part *= 0.5
        return None, part

    def _end(self, status: int, message: str, memory: Any, last: Point) -> End:
        return End(status, message, memory, None if self.guard else last, status == CONVERGED)


class GradientDescent(FirstOrder):
    """theta - eta times the gradient (Cauchy 1847)."""

    name = "gradient-descent"
    about = "the plain baseline, and the step between bursts"
    carries = False

    def __init__(self, eta: float = 0.0085, guard: bool = False, gtol: float = 1e-5) -> None:
        super().__init__(eta, guard, gtol)

    def _recall(self, memory: Any, size: int) -> None:
        return _refuse_other(self.name, memory, type(None), size)

    def _step(self, memory: Any, g: np.ndarray) -> np.ndarray:
        return -self.eta * g

    def _learn(self, memory: Any, fell: bool, part: float) -> None:
        """Nothing to remember."""


@dataclass
class Velocity:
    """What momentum carries: the last step, (n,)."""

    step: np.ndarray

    @property
    def size(self) -> int:
        return self.step.size


class Momentum(FirstOrder):
    """v = momentum v - eta times the gradient, theta + v (Polyak 1964; Rumelhart, Hinton & Williams 1986).

    Parameters
    ----------
    momentum : float
        Which part of the last step is taken again, 0 <= momentum < 1.
    """

    name = "momentum"
    about = "gradient descent that keeps going along a valley"

    def __init__(self, eta: float = 0.0085, momentum: float = 0.9, guard: bool = False, gtol: float = 1e-5) -> None:
        super().__init__(eta, guard, gtol)
        self.momentum = _below_one("momentum", momentum)

    def _recall(self, memory: Any, size: int) -> Velocity:
        return _refuse_other(self.name, memory, Velocity, size) or Velocity(np.zeros(size))

    def _step(self, memory: Velocity, g: np.ndarray) -> np.ndarray:
        memory.step = self.momentum * memory.step - self.eta * g
        return memory.step

    def _learn(self, memory: Velocity, fell: bool, part: float) -> None:
        if part < 1.0:
            memory.step = part * memory.step


@dataclass
class Rate:
    """What an adaptive eta carries: eta itself and how many steps in a row have lowered fun."""

    size: int
    eta: float
    streak: int = 0


class AdaptiveEta(FirstOrder):
    """Gradient descent whose eta grows while fun falls and shrinks when it rises.

    After ``patience`` falls in a row eta is multiplied by ``up``, after a rise by ``down``: the factors of Vogl et al.
    (1988), "Accelerating the convergence of the back-propagation method", Biol. Cybern. 59, 257-263, and the wait of
    Hertz, Krogh & Palmer (1991), "Introduction to the theory of neural computation", section 6.2. A step that raises
    fun is kept, as in the latter; with ``guard`` it is shortened.

    Parameters
    ----------
    eta : float
        The first learning rate.
    up : float
        At least 1.
    down : float
        At most 1, above 0.
    patience : int
    """

    name = "adaptive-eta"
    about = "gradient descent for those who do not want to tune eta"

    def __init__(
        self,
        eta: float = 0.01,
        up: float = 1.05,
        down: float = 0.7,
        patience: int = 1,
        guard: bool = False,
        gtol: float = 1e-5,
    ) -> None:
        super().__init__(eta, guard, gtol)
        self.up = number("up", up, 1.0)
        self.down = number("down", down, 0.0, 1.0, open_low=True)
        self.patience = int(number("patience", patience, 1))

    def _recall(self, memory: Any, size: int) -> Rate:
        return _refuse_other(self.name, memory, Rate, size) or Rate(size, self.eta)

    def _step(self, memory: Rate, g: np.ndarray) -> np.ndarray:
        return -memory.eta * g

    def _learn(self, memory: Rate, fell: bool, part: float) -> None:
        memory.streak = memory.streak + 1 if fell else 0
        if not fell:
            memory.eta *= self.down
        elif memory.streak >= self.patience:
            memory.eta, memory.streak = memory.eta * self.up, 0


@dataclass
class Moments:
    """What Adam carries: running means of the gradient and of its square, (n,) each, and the steps taken."""

    m: np.ndarray
    v: np.ndarray
    t: int = 0

    @property
    def size(self) -> int:
        return self.m.size


class Adam(FirstOrder):
    """Steps of the mean gradient over the root of the mean squared gradient (Kingma & Ba 2015, algorithm 1).

    Parameters
    ----------
    beta1, beta2 : float
        Decay of the two means, 0 <= beta < 1.
    eps : float
        Added to the root.
    """

    name = "Adam"
    about = "a robust first-order method; good to warm up before a second-order one, and for mini-batches"

    def __init__(
        self,
        eta: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        guard: bool = False,
        gtol: float = 1e-5,
    ) -> None:
        super().__init__(eta, guard, gtol)
        self.beta1, self.beta2 = _below_one("beta1", beta1), _below_one("beta2", beta2)
        self.eps = number("eps", eps, 0.0)

    def _recall(self, memory: Any, size: int) -> Moments:
        return _refuse_other(self.name, memory, Moments, size) or Moments(np.zeros(size), np.zeros(size))

    def _step(self, memory: Moments, g: np.ndarray) -> np.ndarray:
        memory.t += 1
        step = np.empty(g.size)
        adam_step(memory.m, memory.v, g, memory.t, self.eta, self.beta1, self.beta2, self.eps, step)
        return step

    def _learn(self, memory: Moments, fell: bool, part: float) -> None:
        """The moments are those of the gradients, whatever was made of them."""


def _below_one(name: str, value: float) -> float:
    if number(name, value, 0.0) >= 1.0:
        raise InputError(f"{name}: got {value!r}; accepted is a number of at least 0 and below 1")
    return float(value)


def _refuse_other(name: str, memory: Any, kind: Any, size: int) -> Any:
    if memory is not None and (not isinstance(memory, kind) or memory.size != size):
        raise InputError(f"memory: not from a run of {name} with {size} weights; accepted is that, or None")
    return memory
