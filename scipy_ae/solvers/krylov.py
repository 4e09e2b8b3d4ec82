"""What products with a matrix can tell: conjugate gradients with a preconditioner, and the tridiagonal of Lanczos."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.kernels import krylov as kernel
from scipy_ae.kernels.quasi_newton import CLEAR
from scipy_ae.solvers.operators import Operator, Product

#: Vectors that a basis has room for at first.
_ROOM = 16


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


@dataclass(frozen=True)
class Solved:
    """x, the residual b - A x (n,), and the direction of negative curvature that ended it, if any."""

    x: np.ndarray
    residual: np.ndarray
    downward: np.ndarray | None = None


class _Machine:
    """A kernel of :mod:`scipy_ae.kernels.krylov` with its vectors and the products that it asks for."""

    def __init__(self, run: Callable, product: Product | Operator, size: int, vectors: int, reals: int) -> None:
        self._kernel, self.size = run, size
        self._operator = product if isinstance(product, Operator) else Operator(product)
        self._vectors = np.zeros((vectors, size + CLEAR))
        self.reals, self.whole = np.zeros(reals), np.zeros(kernel.WHOLE, dtype=np.int64)
        theta = self._operator.at()
        self._vectors[kernel.THETA, : theta.size] = theta

    def row(self, which: int) -> np.ndarray:
        """One of the vectors."""
        return self._vectors[which, : self.size]

    def run(self, *own: object) -> int:
        """Until the kernel is done; why it stopped."""
        operator, whole = self._operator, self.whole
        address, context = operator.code()
        whole[kernel.FRESH] = 1  # who knows what was evaluated in between
        while True:
            started = time.perf_counter()
            verdict = self._kernel(
                address, context, *own, self._vectors, self.reals, whole, self.size, operator.portion
            )  # fmt: skip
            operator.made(int(whole[kernel.PRODUCTS]), time.perf_counter() - started)
            whole[kernel.PRODUCTS] = 0
            if verdict == kernel.ASK:
                self.row(kernel.IMAGE)[:] = operator(self.row(whole[kernel.ASKED]).copy())
            elif verdict != kernel.PAUSE:
                return int(verdict)


def conjugate_gradients(
    product: Product | Operator, b: np.ndarray, start: np.ndarray, M: np.ndarray, stop: Stop, mu: float = 0.0
) -> Solved:
    """(A + mu I) x = b from ``start``, preconditioned by the diagonal M, (n,), of positive numbers.

    Hestenes & Stiefel (1952).
    """
    machine = _Machine(kernel.conjugate_gradients, product, b.size, kernel.CG_VECTORS, kernel.CG_REALS)
    for row, given in ((kernel.B, b), (kernel.M, M), (kernel.X, start)):
        machine.row(row)[:] = given
    machine.reals[kernel.MU] = mu
    machine.reals[kernel.PROGRESS] = stop.eps if stop.rule == "progress" else 0.0
    machine.reals[kernel.ETA] = stop.eta if stop.rule == "forcing" else 0.0
    verdict = machine.run(np.empty(stop.most))
    x, residual, direction = (machine.row(row).copy() for row in (kernel.X, kernel.R, kernel.P))
    return Solved(x, residual, direction if verdict == kernel.DOWNWARD else None)


class Lanczos:
    """An orthonormal basis Q of the Krylov space of a symmetric matrix A and a vector g, in which A is tridiagonal.

    It grows by one product at a time, and is orthogonalised against all of itself, which costs less than a product. The
    same basis serves every shift and every radius (Gould, Lucidi, Roma & Toint 1999).

    Parameters
    ----------
    product : Operator, or callable
        B v.
    g : ndarray of shape (n,)
    root : ndarray of shape (n,), optional
        Of positive numbers, 1 where not given: A is B with each row and column divided by its number.
    """

    def __init__(self, product: Product | Operator, g: np.ndarray, root: np.ndarray | None = None) -> None:
        self._machine = _Machine(kernel.lanczos, product, g.size, kernel.LANCZOS_VECTORS, kernel.LANCZOS_REALS)
        self._machine.row(kernel.ROOT)[:] = 1.0 if root is None else root
        self.length = self._machine.reals[kernel.LENGTH] = float(np.linalg.norm(g))
        self._basis, self._space = np.empty((_ROOM, g.size)), np.zeros((kernel.SPACE_ROWS, _ROOM))
        self._basis[0] = g / self.length

    @property
    def size(self) -> int:
        return int(self._machine.whole[kernel.SIZE])

    def grow(self) -> bool:
        """One product more; False where the space holds all that it will, or the product is not finite."""
        self._machine.reals[kernel.RADIUS] = 0.0
        return self._run(self.size + 1) == kernel.DONE

    def explore(self, radius: float, forcing: float, most: int) -> None:
        """Grow until the best step within the radius leaves ``forcing`` of the norm of g, or to ``most`` vectors.

        On the boundary, also until the model falls by a thousandth less than by the product before.
        """
        reals = self._machine.reals
        reals[kernel.RADIUS], reals[kernel.FORCING], reals[kernel.FALL] = radius, forcing, 0.0
        self._run(most)

    def within(self, radius: float) -> tuple[np.ndarray, float, float]:
        """The minimum of g's + s'As/2 over |s| <= radius in the space, as coordinates.

        Returns the coordinates h, how far the model falls, and the norm of the gradient that is left outside the space.
        """
        reals = self._machine.reals
        reals[kernel.RADIUS] = radius
        _, left = kernel.within(self._space, reals, self.size)
        return self._space[kernel.H, : self.size].copy(), float(reals[kernel.FALL]), left

    def vector(self, h: np.ndarray) -> np.ndarray:
        """Q h, (n,)."""
        out = np.empty(self._machine.size)
        kernel.combined(self._basis, np.asarray(h, dtype=float), out)
        return out

    def _run(self, most: int) -> int:
        while True:
            verdict = self._machine.run(self._basis, self._space, most)
            if verdict != kernel.FULL:
                return verdict
            self._basis = np.concatenate([self._basis, np.empty_like(self._basis)])
            self._space = np.concatenate([self._space, np.zeros_like(self._space)], axis=1)
