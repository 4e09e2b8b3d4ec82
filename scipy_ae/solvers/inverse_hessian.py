"""What a quasi-Newton method has learned: an inverse Hessian in one of the three forms of the kernels."""

from abc import abstractmethod

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import curvature, directions
from scipy_ae.kernels import quasi_newton as kernels
from scipy_ae.kernels.curvature import COUNT, GAMMA, JOINED, OLDEST, PAIRS, RESCALE, RHO, C
from scipy_ae.solvers.directions import ENDLESS, Directions

_FIRST_ROWS, _FOLDED_AT_ONCE = 16, 256
_RESCALED = {"newest": curvature.BY_NEWEST, "first": curvature.BY_FIRST, "fixed": curvature.BY_NONE}


class InverseHessian(Directions):
    """A positive definite (n, n) matrix H that learns from steps, which lead along -H g."""

    @abstractmethod
    def matvec(self, v: np.ndarray) -> np.ndarray:
        """H v."""

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        p = self.matvec(g)
        return p, kernels.negate(p, g)


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

    form = curvature.DIRECTIONS

    def __init__(self, size: int, scale: float = 1.0, from_first: bool = False) -> None:
        super().__init__(size)
        self._most = max(size, 2)
        self.reals[GAMMA], self.whole[JOINED] = scale, True
        self.whole[RESCALE] = curvature.BY_FIRST if from_first else curvature.BY_NONE

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        directions.directions_apply(self.A, self.B, self.whole[COUNT], self.reals[GAMMA], v, out)
        return out

    def direction(self, g: np.ndarray) -> tuple[np.ndarray, float]:
        at = int(self.whole[COUNT]) - (not self.whole[JOINED])  # over one that taught nothing
        self._make_room(at + 1)
        p = self.A[at]
        directions.directions_apply(self.A, self.B, at, self.reals[GAMMA], g, p)
        self.B[at] = 0.0
        self.whole[COUNT], self.whole[JOINED] = at + 1, False
        return p, kernels.negate(p, g)

    @property
    def room(self) -> int:
        return min(len(self.A), self._most) - int(self.whole[COUNT])

    def roomy(self) -> Directions:
        count = int(self.whole[COUNT])
        if count >= self._most:
            return self._folded()
        self._make_room(count + 1)
        return self

    def _make_room(self, rows: int) -> None:
        have = len(self.A)
        if rows > have:
            rows = max(rows, min(2 * have, self.size), _FIRST_ROWS)
            self.A, self.B = _with_rows(self.A, rows), _with_rows(self.B, rows)

    def _folded(self) -> "DenseMatrix":
        """The same H as a matrix: gamma I + M + M', where M = the sum of p_k' (T_kk / 2 p_k + T_k,k+1 p_k+1)."""
        count = int(self.whole[COUNT])
        rows, bands = self.A[:count], self.B[:count]
        matrix = np.zeros((self.size, self.size))
        for start in range(0, count, _FOLDED_AT_ONCE):
            part = slice(start, start + _FOLDED_AT_ONCE)
            image = 0.5 * bands[part, :1] * rows[part]
            after = rows[start + 1 : start + 1 + len(image)]
            image[: len(after)] += bands[part, 1:][: len(after)] * after
            matrix += rows[part].T @ image
        kernels.dense_gather(matrix, self.reals[GAMMA])
        return DenseMatrix(matrix, self.pairs)


class DenseMatrix(InverseHessian):
    """H as a matrix: O(n^2) a step, 8 n^2 bytes. ``matrix`` is taken over; only its lower triangle is used."""

    form = curvature.MATRIX

    def __init__(self, matrix: np.ndarray, pairs: int = 0) -> None:
        super().__init__(len(matrix))
        self.A, self.B, self.whole[PAIRS] = matrix, np.zeros((2, self.size)), pairs

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

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        kernels.dense_apply(self.A, self.B[0], self.B[1], self.reals[RHO], self.reals[C], v, out)
        self.reals[RHO] = self.reals[C] = 0.0
        return out


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

    form = curvature.RING

    def __init__(self, size: int, rows: int, scaling: str = "newest", scale: float = 1.0) -> None:
        super().__init__(size)
        self.rows = rows
        self.B = np.empty((0, size))
        self.reals[GAMMA], self.whole[RESCALE] = scale, _RESCALED[scaling]

    def matvec(self, v: np.ndarray) -> np.ndarray:
        out = kernels.clear_vector(self.size)
        oldest, pairs = self.whole[OLDEST], self.whole[PAIRS]
        kernels.ring_apply(self.A, self.B, self.v, oldest, pairs, self.reals[GAMMA], v, out)
        return out

    @property
    def room(self) -> int:
        return ENDLESS if len(self.A) == self.rows else len(self.A) - self.pairs

    def roomy(self) -> Directions:
        if self.pairs == len(self.A) < self.rows:
            rows = min(max(2 * self.pairs, _FIRST_ROWS), self.rows)
            self.A, self.B, self.v = (_with_rows(array, rows) for array in (self.A, self.B, self.v))
        return self


def _with_rows(array: np.ndarray, rows: int) -> np.ndarray:
    longer = np.empty((rows, *array.shape[1:]))
    longer[: len(array)] = array
    return longer
