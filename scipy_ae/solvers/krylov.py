"""Conjugate gradients with a preconditioner, on a matrix that is known by its products."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.kernels import krylov as kernel
from scipy_ae.kernels.machine import DONE
from scipy_ae.kernels.product_models import filled
from scipy_ae.kernels.quasi_newton import CLEAR
from scipy_ae.solvers.operators import Asked

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Stop:
    """When conjugate gradients have done enough.

    Parameters
    ----------
    rule : {"progress", "forcing"}
        ``progress``: when the model fell by less than k ``eps`` of itself over the last k = max(10, i / 10) iterations
        (Martens 2010, section 4.4). ``forcing``: when the residual is ``eta`` times that of a step of nothing
        (Eisenstat & Walker 1996).
    most : int
        Bound on the iterations.
    eps, eta : float
    """

    rule: str
    most: int
    eps: float = 5e-4
    eta: float = 0.5

    def numbers(self) -> np.ndarray:
        """The reals of the kernel."""
        numbers = np.zeros(kernel.CG_REALS)
        if self.rule == "progress":
            numbers[kernel.PROGRESS] = self.eps
        else:
            numbers[kernel.ETA] = self.eta
        return numbers


@dataclass(frozen=True)
class Solved:
    """x and the residual b - (A + mu I) x, (n,); how far x'Ax/2 - b'x falls from nothing to x, NaN for no minimum.

    ``downward`` is the direction of negative curvature that ended it, if any.
    """

    x: np.ndarray
    residual: np.ndarray
    fall: float
    downward: np.ndarray | None = None


@dataclass(frozen=True)
class Operator:
    """B of a problem at theta, (n,)."""

    operators: Asked
    theta: np.ndarray

    def __call__(self, v: np.ndarray) -> np.ndarray:
        return self.operators(self.theta, v)


def conjugate_gradients(
    product: Product | Operator, b: np.ndarray, start: np.ndarray, M: np.ndarray, stop: Stop, mu: float = 0.0
) -> Solved:
    """(A + mu I) x = b from ``start``, preconditioned by the diagonal M, (n,), of positive numbers.

    Hestenes & Stiefel (1952). ``product(v)`` gives A v; an :class:`Operator` that is machine code is not asked.
    """
    operator = product if isinstance(product, Operator) else Operator(Asked(lambda theta, v: product(v)), b)
    vectors, states = _begun(operator.theta)
    for row, given in ((kernel.B, b), (kernel.W, 1.0 / M), (kernel.X, start)):
        vectors[row, : b.size] = given
    numbers, falls = stop.numbers(), np.empty(stop.most)
    numbers[kernel.MU] = mu
    verdict = _driven(
        operator, vectors, states, lambda address, context, allowed: kernel.conjugate_gradients(
            address, context, falls, vectors, numbers, states, b.size, allowed
        ),
    )  # fmt: skip
    x, residual, direction = (vectors[row, : b.size].copy() for row in (kernel.X, kernel.R, kernel.P))
    fall = kernel.fall(verdict, mu, -b, vectors)
    return Solved(x, residual, fall, None if verdict == DONE else direction)


def columns(operators: Asked, theta: np.ndarray) -> np.ndarray:
    """The symmetric matrix (n, n) at theta, from its products with the unit vectors."""
    vectors, states = _begun(theta)
    matrix = np.empty((theta.size, theta.size))
    _driven(
        Operator(operators, theta), vectors, states, lambda address, context, allowed: filled(
            address, context, matrix, vectors, states, theta.size, allowed
        ),
    )  # fmt: skip
    return matrix


def _begun(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and whole numbers of a kernel of conjugate gradients at theta."""
    vectors, states = np.zeros((kernel.CG_VECTORS, theta.size + CLEAR)), np.zeros(kernel.WHOLE, dtype=np.int64)
    vectors[kernel.THETA, : theta.size], states[kernel.FRESH] = theta, 1
    return vectors, states


def _driven(operator: Operator, vectors: np.ndarray, states: np.ndarray, run: Callable[..., int]) -> int:
    """Call a kernel until it needs nobody; what it says then."""
    operators, size, verdict = operator.operators, operator.theta.size, kernel.PAUSE
    address, context = operators.code()
    while verdict in (kernel.PRODUCT, kernel.PAUSE):
        started = time.perf_counter()
        verdict = run(address, context, operators.portion)
        operators.made(states, time.perf_counter() - started)
        if verdict == kernel.PRODUCT:
            vectors[kernel.IMAGE, :size] = operator(vectors[states[kernel.ASKED], :size].copy())
    return verdict
