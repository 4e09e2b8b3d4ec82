"""What products with a matrix can tell: conjugate gradients with a preconditioner, and the tridiagonal of Lanczos."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class Solved:
    """x, the residual b - A x (n,), and the direction of negative curvature that ended it, if any."""

    x: np.ndarray
    residual: np.ndarray
    downward: np.ndarray | None = None


def conjugate_gradients(product: Product, b: np.ndarray, start: np.ndarray, M: np.ndarray, stop: Stop) -> Solved:
    """A x = b from ``start``, preconditioned by the diagonal M, (n,), of positive numbers (Hestenes & Stiefel 1952)."""
    x = start.copy()
    r = b - product(x) if x.any() else b.copy()
    z = r / M
    p, rz = z.copy(), float(r @ z)
    target = (stop.eta**2) * float(b @ (b / M))
    falls = []
    for i in range(1, stop.most + 1):
        if not rz > 0.0 or (stop.rule == "forcing" and rz <= target):
            break
        image = product(p)
        bend = float(p @ image)
        if not math.isfinite(bend):
            break
        if bend <= 1e-15 * float(p @ (M * p)):
            return Solved(x, r, p)
        alpha = rz / bend
        x += alpha * p
        r -= alpha * image
        if stop.rule == "progress":
            falls.append(-0.5 * float(x @ (r + b)))
            k = max(10, i // 10)
            if i > k and falls[-1] < 0.0 and falls[-1] - falls[-1 - k] > k * stop.eps * falls[-1]:
                break
        z = r / M
        rz, before = float(r @ z), rz
        p = z + (rz / before) * p
    return Solved(x, r)


class Lanczos:
    """An orthonormal basis Q of the Krylov space of a symmetric matrix A and a vector g, in which A is tridiagonal.

    It grows by one product at a time, and is orthogonalised against all of itself, which costs less than a product. The
    same basis serves every shift and every radius (Gould, Lucidi, Roma & Toint 1999).
    """

    def __init__(self, product: Product, g: np.ndarray) -> None:
        self._product = product
        self.length = float(np.linalg.norm(g))
        self._basis = np.empty((16, g.size))
        self._basis[0] = g / self.length
        self.alphas: list[float] = []
        self.betas: list[float] = []  # the last one links to the vector that comes next

    @property
    def size(self) -> int:
        return len(self.alphas)

    def grow(self) -> bool:
        """One product more; False where the space holds all that it will, or the product is not finite."""
        k = self.size
        if k > 0 and self.betas[-1] <= 1e-12 * max(map(abs, self.alphas)):
            return False
        q = self._basis[k]
        image = self._product(q)
        alpha = float(q @ image)
        if not math.isfinite(alpha):
            return False
        known = self._basis[: k + 1]
        for _ in range(2):
            image = image - known.T @ (known @ image)
        beta = float(np.linalg.norm(image))
        self.alphas.append(alpha)
        self.betas.append(beta)
        if k + 1 == len(self._basis):
            longer = np.empty((2 * len(self._basis), q.size))
            longer[: k + 1] = self._basis
            self._basis = longer
        self._basis[k + 1] = image / beta if beta > 0.0 else 0.0
        return True

    def within(self, radius: float) -> tuple[np.ndarray, float, float]:
        """The minimum of g's + s'As/2 over |s| <= radius in the space, as coordinates.

        Returns the coordinates h, how far the model falls, and the norm of the gradient that is left outside the space.
        """
        from scipy.linalg import eigh_tridiagonal

        values, vectors = eigh_tridiagonal(self.alphas, self.betas[:-1])
        slope = self.length * vectors[0]
        weights = _coordinates(values, slope, radius)
        h = vectors @ weights
        fall = -float(slope @ weights + 0.5 * (values * weights) @ weights)
        return h, fall, self.betas[-1] * abs(float(h[-1]))

    def vector(self, h: np.ndarray) -> np.ndarray:
        """Q h, (n,)."""
        return h @ self._basis[: h.size]


def _coordinates(values: np.ndarray, slope: np.ndarray, radius: float) -> np.ndarray:
    """The trust-region step where the matrix is diag(values) and the gradient ``slope`` (Moré & Sorensen 1983).

    The hard case, no slope along the lowest direction, cannot come from a tridiagonal matrix without a zero beside its
    diagonal.
    """
    low = max(0.0, -float(values[0]))
    tiny = np.finfo(float).eps * max(float(np.abs(values).max()), np.finfo(float).tiny)
    if values[0] > tiny:
        step = -slope / values
        if np.linalg.norm(step) <= radius:
            return step
    # |step| falls from beyond the radius to within it between these two shifts
    high = low + float(np.linalg.norm(slope)) / radius + tiny
    low += tiny
    for _ in range(100):
        shift = 0.5 * (low + high)
        if not low < shift < high:
            break
        low, high = (shift, high) if np.linalg.norm(slope / (values + shift)) > radius else (low, shift)
    return -slope / (values + high)
