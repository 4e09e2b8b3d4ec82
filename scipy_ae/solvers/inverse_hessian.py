"""What a quasi-Newton method has learned: an inverse Hessian in one of the three forms of the kernels."""

from abc import abstractmethod

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import directions
from scipy_ae.kernels import quasi_newton as kernels
from scipy_ae.solvers.directions import Directions

_FIRST_ROWS, _FOLDED_AT_ONCE = 16, 256


class InverseHessian(Directions):
    """A positive definite (n, n) matrix H that learns from steps, which lead along -H g."""

    @abstractmethod
    def matvec(self, v: np.ndarray) -> np.ndarray:
        """H v."""

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        p = self.matvec(g)
        return p, kernels.negate(p, g)

    def roomy(self) -> "InverseHessian":
        return self


class DirectionSum(InverseHessian):
    """H as a sum over the directions taken: O(k n) at step k, 8 k n bytes; goes over to the matrix at k = n.

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
        self._count, self._joined = 0, True  # rows in use; whether a pair joins the last to the one before it
        self._rows = np.empty((0, size))
        self._bands = np.empty((0, 2))

    @property
    def nbytes(self) -> int:
        return self._rows.nbytes + self._bands.nbytes

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        directions.directions_apply(self._rows, self._bands, self._count, self._gamma, v, out)
        return out

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        at = self._count if self._joined else self._count - 1  # over one that taught nothing
        self._make_room(at + 1)
        p = self._rows[at]
        directions.directions_apply(self._rows, self._bands, at, self._gamma, g, p)
        self._bands[at] = 0.0
        self._count, self._joined = at + 1, False
        return p, kernels.negate(p, g)

    def advance(self, alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[np.ndarray, float]:
        self._make_room(self._count + 1)
        first = self._from_first and self.pairs == 0
        self._joined, self._gamma, slope = directions.directions_advance(
            self._rows, self._bands, self._count, self._gamma, first, alpha, g_old, g_new
        )
        self.pairs += self._joined
        self._count += 1
        return self._rows[self._count - 1], slope

    def roomy(self) -> InverseHessian:
        return self if self._count < max(self.size, 2) else self._folded()

    def _make_room(self, rows: int) -> None:
        have = len(self._rows)
        if rows > have:
            rows = max(rows, min(2 * have, self.size), _FIRST_ROWS)
            self._rows, self._bands = _with_rows(self._rows, rows), _with_rows(self._bands, rows)

    def _folded(self) -> "DenseMatrix":
        """The same H as a matrix: gamma I + M + M', where M = the sum of p_k' (T_kk / 2 p_k + T_k,k+1 p_k+1)."""
        rows, bands = self._rows[: self._count], self._bands[: self._count]
        matrix = np.zeros((self.size, self.size))
        for start in range(0, self._count, _FOLDED_AT_ONCE):
            part = slice(start, start + _FOLDED_AT_ONCE)
            image = 0.5 * bands[part, :1] * rows[part]
            after = rows[start + 1 : start + 1 + len(image)]
            image[: len(after)] += bands[part, 1:][: len(after)] * after
            matrix += rows[part].T @ image
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
