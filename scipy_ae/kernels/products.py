"""The three matrix products of a dense layer: in registers where they are small, by BLAS where they are large."""

import numpy as np
from numba import njit

from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.registers import lanes
from scipy_ae.kernels.tiles import (
    narrow_1,
    narrow_8,
    tile_1x1,
    tile_1x2,
    tile_4x1,
    tile_4x2,
    tile_5x2,
    turn_block,
)
from scipy_ae.kernels.views import flat, matrix

#: Multiplications up to which a product is done here: from somewhere there on BLAS is the faster of the two.
IN_REGISTERS = 2**17
#: Weights in a matrix up to which turning it first is cheaper than asking BLAS for a product with its transpose:
#: OpenBLAS has its fast path for small matrices in plain order alone.
SMALL = 16_384
#: Typed, since Numba would compile a product anew for each number written out in a call.
_ZERO, _ONE = np.intp(0), np.intp(1)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def affine(X, W, b, out):
    """out = X W + b for X (n, p), W (p, q), b (q,) or None, out (n, q)."""
    n, p = X.shape
    q = W.shape[1]
    if n * p * q <= IN_REGISTERS:
        _product(flat(X), p, _ONE, n, flat(W), p, q, b, flat(out))
        return
    np.dot(X, W, out)
    if b is not None:
        for i in range(n):
            for j in range(q):
                out[i, j] += b[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def left_transposed(X, D, out):
    """out = X' D for X (n, p), D (n, q), out (p, q)."""
    n, p = X.shape
    q = D.shape[1]
    if n * p * q <= IN_REGISTERS:
        _product(flat(X), _ONE, p, p, flat(D), n, q, None, flat(out))
    else:
        np.dot(X.T, D, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def left_transposed_here(X, D, out):
    """As :func:`left_transposed`, in registers whatever the size."""
    _product(flat(X), _ONE, X.shape[1], X.shape[1], flat(D), X.shape[0], D.shape[1], None, flat(out))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def right_transposed(D, W, spare, out):
    """out = D W' for D (n, q), W (p, q), out (n, p); ``spare`` has room for min(p * q, SMALL) numbers."""
    n, q = D.shape
    p = W.shape[0]
    if p * q > SMALL:
        np.dot(D, W.T, out)
        return
    _turn(W, p, q, spare)
    if n * p * q <= IN_REGISTERS:
        _product(flat(D), q, _ONE, n, spare, q, p, None, flat(out))
    else:
        np.dot(D, matrix(spare, 0, q, p), out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def column_sums(D, spare, out):
    """out = the sum of the rows of D (n, q); uses up the first number of ``spare``."""
    spare[0] = 1
    _product(spare, _ZERO, _ZERO, _ONE, flat(D), D.shape[0], D.shape[1], None, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _product(A, a_row, a_column, m, B, depth, width, start, C):
    """C (m, width) = start + A B, all flat; A (m, depth) is read in steps of a_row and a_column,
    start is (width,) or None.

    The last tile of a row or column that does not divide evenly lies over the one before it, and does some of its work
    again: that is cheaper than a smaller tile, and puts the same numbers there.
    """
    lane = lanes(C)
    if width < lane:
        _narrow_product(A, a_row, a_column, m, B, depth, width, start, C)
        return
    by_five = (m + 4) // 5 * 5 < (m + 3) // 4 * 4  # rows worked on, the same ones twice included
    j = 0
    while j < width:
        wide = width - j > lane and width >= 2 * lane
        across = 2 * lane if wide else lane
        j = min(j, width - across)
        i = 0
        while i < m:
            if wide and by_five:
                i = min(i, m - 5)
                tile_5x2(A, i * a_row, a_row, a_column, B, j, depth, start, C, i * width + j, width)
                i += 5
            elif m >= 4:
                i = min(i, m - 4)
                if wide:
                    tile_4x2(A, i * a_row, a_row, a_column, B, j, depth, start, C, i * width + j, width)
                else:
                    tile_4x1(A, i * a_row, a_row, a_column, B, j, depth, start, C, i * width + j, width)
                i += 4
            else:
                if wide:
                    tile_1x2(A, i * a_row, a_row, a_column, B, j, depth, start, C, i * width + j, width)
                else:
                    tile_1x1(A, i * a_row, a_row, a_column, B, j, depth, start, C, i * width + j, width)
                i += 1
        j += across


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _narrow_product(A, a_row, a_column, m, B, depth, width, start, C):
    """As :func:`_product`, for a width under that of a register."""
    i = 0
    while i < m:
        if m >= 8:
            i = min(i, m - 8)
            narrow_8(A, i * a_row, a_row, a_column, B, 0, depth, start, C, i * width, width)
            i += 8
        else:
            narrow_1(A, i * a_row, a_row, a_column, B, 0, depth, start, C, i * width, width)
            i += 1


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _turn(W, p, q, out):
    """The transpose of W (p, q) at the head of the vector ``out``."""
    lane = lanes(out)
    if p < lane or q < lane:
        for j in range(q):
            for i in range(p):
                out[j * p + i] = W[i, j]
        return
    i = 0
    while i < p:
        i = min(i, p - lane)
        j = 0
        while j < q:
            j = min(j, q - lane)
            turn_block(W, i * q + j, q, out, j * p + i, p)
            j += lane
        i += lane
