"""Symmetric systems by the LAPACK that SciPy brings, called by its address: without Python, and without a copy."""

from functools import cache

import numpy as np
from numba import njit, types
from numba.extending import get_cython_function_address, intrinsic

from scipy_ae.kernels import addresses

_LOWER, _PLAIN, _TRANSPOSED = (np.frombuffer(letter, dtype=np.uint8) for letter in (b"L", b"N", b"T"))
_ONE = np.ones(1, dtype=np.int32)


@cache
def lapack() -> tuple[int, int]:
    """The addresses of dpotrf and dtrsv."""
    return (
        get_cython_function_address("scipy.linalg.cython_lapack", "dpotrf"),
        get_cython_function_address("scipy.linalg.cython_blas", "dtrsv"),
    )


@intrinsic
def _potrf(typing, address, uplo, n, a, lda, info):
    return types.void(types.intp, uplo, n, a, lda, info), addresses.nothing


@intrinsic
def _trsv(typing, address, uplo, trans, diag, n, a, lda, x, incx):
    return types.void(types.intp, uplo, trans, diag, n, a, lda, x, incx), addresses.nothing


@njit(cache=True, nogil=True, error_model="numpy")
def solved(potrf, trsv, matrix, mu, scale, room, x):
    """Solve (matrix + mu diag(scale)) s = x in ``x`` (n,); False where that is not positive definite.

    ``room``, of the matrix's shape, is used up. LAPACK counts by columns: what it takes for the lower half, on which it
    is half as fast again as on the other, is the upper one here. For two solutions dtrsv is three times as fast as
    dpotrs.
    """
    n = matrix.shape[0]
    for i in range(n):
        for j in range(i, n):
            room[i, j] = matrix[i, j]
        room[i, i] += mu * scale[i]
    order, info = np.empty(1, dtype=np.int32), np.empty(1, dtype=np.int32)
    order[0] = n
    _potrf(potrf, _LOWER, order, room, order, info)
    if info[0] != 0:
        return False
    _trsv(trsv, _LOWER, _PLAIN, _PLAIN, order, room, order, x, _ONE)
    _trsv(trsv, _LOWER, _TRANSPOSED, _PLAIN, order, room, order, x, _ONE)
    total = 0.0
    for i in range(n):
        total += x[i] - x[i]  # 0 unless one is not finite
    return total == 0.0
