"""What a quasi-Newton method has learned: an inverse Hessian in one of the three forms of the kernels."""

from abc import ABC, abstractmethod

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import quasi_newton as kernels

_FIRST_ROWS = 16


class InverseHessian(ABC):
    """A positive definite (n, n) matrix H that learns from steps.

    ``size`` is n; ``pairs`` how many updates it holds; ``nbytes`` what its arrays take.
    """

    size: int
    pairs: int

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of its arrays."""

    @abstractmethod
    def matvec(self, v: np.ndarray) -> np.ndarray:
        """H v."""

    @abstractmethod
    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        """Learn from a step ``alpha p`` with p = -H g_old; the next direction -H g_new and its slope."""

    def roomy(self) -> "InverseHessian":
        """Itself with room for one more pair, or the form that has it."""
        return self

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        """The direction -H g and its slope -g' H g."""
        p = self.matvec(g)
        return p, kernels.negate(p, g)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.pairs} pairs for {self.size} weights>"


class TermSum(InverseHessian):
    """H as a sum of one term for each step: O(k n) a step, 16 k n bytes; goes over to the matrix at 2 k > n.

    Parameters
    ----------
    size : int
    scale : float
        H starts from the identity times this.
    from_first : bool
        H starts from the identity times y . s / y . y of the first pair, once that is known.
    """

    def __init__(self, size: int, scale: float = 1.0, from_first: bool = False) -> None:
        self.size, self.pairs = size, 0
        self._from_first, self._gamma = from_first, scale
        self._steps = np.empty((0, size))
        self._images = np.empty((0, size))
        self._scale = np.empty((0, 2))

    @property
    def nbytes(self) -> int:
        return self._steps.nbytes + self._images.nbytes + self._scale.nbytes

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        kernels.sum_apply(self._steps, self._images, self._scale, self.pairs, self._gamma, v, out)
        return out

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        out = kernels.clear_vector(self.size)
        self.pairs, self._gamma, slope = kernels.sum_advance(
            self._steps,
            self._images,
            self._scale,
            self.pairs,
            self._gamma,
            self._from_first,
            alpha,
            p,
            g_old,
            g_new,
            out,
        )
        return out, slope

    def roomy(self) -> InverseHessian:
        limit = self.size // 2
        if self.pairs >= limit and self.pairs > 0:
            return self._folded()
        if self.pairs == len(self._steps):
            rows = max(min(2 * self.pairs, limit), min(_FIRST_ROWS, limit), 1)
            self._steps = _with_rows(self._steps, rows)
            self._images = _with_rows(self._images, rows)
            self._scale = _with_rows(self._scale, rows)
        return self

    def _folded(self) -> "DenseMatrix":
        """The same H as a matrix; takes over, and uses up, the rows."""
        s, w, scale = self._steps[: self.pairs], self._images[: self.pairs], self._scale[: self.pairs]
        for row in range(self.pairs):  # the terms c s s' - rho (w s' + s w') as s' a + a' s
            w[row] = 0.5 * scale[row, 1] * s[row] - scale[row, 0] * w[row]
        matrix = w.T @ s
        kernels.dense_gather(matrix, self._gamma)
        return DenseMatrix(matrix, self.pairs)


class DenseMatrix(InverseHessian):
    """H as a matrix: O(n^2) a step, 8 n^2 bytes. ``matrix`` is taken over; only its lower triangle is used."""

    def __init__(self, matrix: np.ndarray, pairs: int = 0) -> None:
        self.size, self.pairs = len(matrix), pairs
        self._matrix = matrix
        self._step, self._image = np.zeros(self.size), np.zeros(self.size)
        self._rho = self._c = 0.0

    @classmethod
    def given(cls, matrix: np.ndarray, size: int) -> "DenseMatrix":
        """From a user's (n, n) matrix, which must be symmetric and positive definite; copied."""
        copy = np.array(matrix, dtype=float)
        if copy.shape != (size, size):
            raise InputError(f"hess_inv0: got shape {copy.shape}; accepted is ({size}, {size})")
        if not np.isfinite(copy).all() or not np.allclose(copy, copy.T):
            raise InputError("hess_inv0: the matrix is not symmetric and finite; accepted is one that is")
        try:
            np.linalg.cholesky(copy)
        except np.linalg.LinAlgError:
            raise InputError("hess_inv0: the matrix is not positive definite; accepted is one that is") from None
        return cls(copy)

    @property
    def nbytes(self) -> int:
        return self._matrix.nbytes

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        kernels.dense_apply(self._matrix, self._step, self._image, self._rho, self._c, v, out)
        self._rho = self._c = 0.0
        return out

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        out = kernels.clear_vector(self.size)
        self._rho, self._c, slope = kernels.dense_advance(
            self._matrix, self._step, self._image, self._rho, self._c, alpha, p, g_old, g_new, out
        )
        self.pairs += self._rho != 0.0
        return out, slope


class PairRing(InverseHessian):
    """H from the last ``rows`` pairs: O(m n) a step, 16 m n bytes; the newest pair takes the oldest one's place.

    Parameters
    ----------
    size, rows : int
    scaling : {"newest", "first", "fixed"}
        What the identity below the pairs is multiplied by: y . s / y . y of the newest pair, of the first one, or
        ``scale`` as it is. Once a pair has been dropped it is always that of the newest.
    scale : float
        The factor before there is a pair.
    """

    def __init__(self, size: int, rows: int, scaling: str = "newest", scale: float = 1.0) -> None:
        self.size, self.pairs, self.rows = size, 0, rows
        self._scaling, self._gamma, self._oldest = scaling, scale, 0
        self._steps = np.empty((0, size))
        self._changes = np.empty((0, size))
        self._rho = np.empty(0)

    @property
    def nbytes(self) -> int:
        return self._steps.nbytes + self._changes.nbytes + self._rho.nbytes

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        kernels.ring_apply(self._steps, self._changes, self._rho, self._oldest, self.pairs, self._gamma, v, out)
        return out

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        out = kernels.clear_vector(self.size)
        first = self._scaling == "first" and self.pairs == 0
        rescale = self._scaling == "newest" or first or self.pairs == self.rows
        self._oldest, self.pairs, self._gamma, slope = kernels.ring_advance(
            self._steps,
            self._changes,
            self._rho,
            self._oldest,
            self.pairs,
            self._gamma,
            rescale,
            alpha,
            p,
            g_old,
            g_new,
            out,
        )
        return out, slope

    def roomy(self) -> InverseHessian:
        if self.pairs == len(self._steps) < self.rows:
            rows = min(max(2 * self.pairs, _FIRST_ROWS), self.rows)
            self._steps = _with_rows(self._steps, rows)
            self._changes = _with_rows(self._changes, rows)
            self._rho = _with_rows(self._rho, rows)
        return self


def _with_rows(array: np.ndarray, rows: int) -> np.ndarray:
    longer = np.empty((rows, *array.shape[1:]))
    longer[: len(array)] = array
    return longer
