"""Gradient descent and its relatives: one evaluation of value and gradient, one step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import first_order as kernel
from scipy_ae.solvers.base import number
from scipy_ae.solvers.machine import Machine
from scipy_ae.solvers.stepping import FirstOrder


class GradientDescent(FirstOrder):
    """theta - eta times the gradient (Cauchy 1847)."""

    name = "gradient-descent"
    about = "the plain baseline, and the step between bursts"
    carries = False
    _kind = kernel.GRADIENT_DESCENT

    def __init__(self, eta: float = 0.0085, guard: bool = False, gtol: float = 1e-5) -> None:
        super().__init__(eta, guard, gtol)

    def _load(self, memory: Any, machine: Machine) -> None:
        _refuse_other(self.name, memory, type(None), machine)

    def _saved(self, machine: Machine) -> None:
        return None


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
    _kind = kernel.MOMENTUM

    def __init__(self, eta: float = 0.0085, momentum: float = 0.9, guard: bool = False, gtol: float = 1e-5) -> None:
        super().__init__(eta, guard, gtol)
        self.momentum = _below_one("momentum", momentum)

    def _load(self, memory: Any, machine: Machine) -> None:
        machine.reals[kernel.A] = self.momentum
        if _refuse_other(self.name, memory, Velocity, machine):
            machine.row(kernel.M)[:] = memory.step

    def _saved(self, machine: Machine) -> Velocity:
        return Velocity(machine.row(kernel.M).copy())


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
    _kind = kernel.ADAPTIVE_ETA

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

    def _load(self, memory: Any, machine: Machine) -> None:
        machine.reals[kernel.A], machine.reals[kernel.B], machine.reals[kernel.C] = self.eta, self.up, self.down
        machine.whole[kernel.PATIENCE] = self.patience
        if _refuse_other(self.name, memory, Rate, machine):
            machine.reals[kernel.ETA], machine.whole[kernel.STREAK] = memory.eta, memory.streak

    def _saved(self, machine: Machine) -> Rate:
        return Rate(machine.size, float(machine.reals[kernel.ETA]), int(machine.whole[kernel.STREAK]))


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
    _kind = kernel.ADAM

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

    def _load(self, memory: Any, machine: Machine) -> None:
        machine.reals[kernel.A], machine.reals[kernel.B], machine.reals[kernel.C] = self.beta1, self.beta2, self.eps
        if _refuse_other(self.name, memory, Moments, machine):
            machine.row(kernel.M)[:], machine.row(kernel.V)[:] = memory.m, memory.v
            machine.whole[kernel.T] = memory.t

    def _saved(self, machine: Machine) -> Moments:
        m, v = machine.row(kernel.M).copy(), machine.row(kernel.V).copy()
        return Moments(m, v, int(machine.whole[kernel.T]))


@dataclass
class Lengths:
    """What Rprop carries: the last gradient, 0 where its sign had changed, and each weight's step length, (n,) each."""

    last: np.ndarray
    length: np.ndarray

    @property
    def size(self) -> int:
        return self.last.size


class Rprop(FirstOrder):
    """Steps by the sign of the gradient alone, each weight with a length of its own.

    The length grows while the sign stays and shrinks when it changes, and then that weight waits for a step: iRprop-
    of Igel & Hüsken (2003), "Empirical evaluation of the improved Rprop learning algorithms", Neurocomputing 50,
    105-123, after Riedmiller & Braun (1993). The signs of mini-batches tell too little for it.

    Parameters
    ----------
    eta : float
        The first length.
    up : float
        At least 1.
    down : float
        At most 1, above 0.
    longest : float
        Bound on the lengths.

    Notes
    -----
    Igel & Hüsken take 1.2, 0.5 and 50. Small networks learned sooner, from more starts, with the values here: lengths
    above 0.1 saturate units for good.
    """

    name = "Rprop"
    about = "full batches only: a first-order method that needs no rate, and often the first at a rough answer"
    _kind = kernel.RPROP

    def __init__(
        self,
        eta: float = 0.01,
        up: float = 1.5,
        down: float = 0.7,
        longest: float = 0.1,
        guard: bool = False,
        gtol: float = 1e-5,
    ) -> None:
        super().__init__(eta, guard, gtol)
        self.up = number("up", up, 1.0)
        self.down = number("down", down, 0.0, 1.0, open_low=True)
        self.longest = number("longest", longest, 0.0, open_low=True)

    def _load(self, memory: Any, machine: Machine) -> None:
        machine.reals[kernel.A], machine.reals[kernel.B], machine.reals[kernel.C] = self.up, self.down, self.longest
        if _refuse_other(self.name, memory, Lengths, machine):
            machine.row(kernel.M)[:], machine.row(kernel.V)[:] = memory.last, memory.length

    def _saved(self, machine: Machine) -> Lengths:
        return Lengths(machine.row(kernel.M).copy(), machine.row(kernel.V).copy())


def _below_one(name: str, value: float) -> float:
    if number(name, value, 0.0) >= 1.0:
        raise InputError(f"{name}: got {value!r}; accepted is a number of at least 0 and below 1")
    return float(value)


def _refuse_other(name: str, memory: Any, kind: Any, machine: Machine) -> bool:
    """Whether there is a memory; refused where it is of another solver or size."""
    if memory is not None and (not isinstance(memory, kind) or memory.size != machine.size):
        raise InputError(f"memory: not from a run of {name} with {machine.size} weights; accepted is that, or None")
    return memory is not None
