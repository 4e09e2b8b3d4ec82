"""The Gauss-Newton matrix of a network, and its Gram matrix, without the derivative of the residuals.

G = R' R with R = H^(1/2) J (Schraudolph 2002): J the derivative of what the loss is worked from by theta, H the loss's
curvature by it, a diagonal. For sample i, output j and a layer, the part of R that belongs to the layer's weights and
bias is the outer product of what the layer is given, x_i with a 1 for the bias, and ``D`` [i q + j], the derivative of
H^(1/2) times the output by what comes into its activation. So two layers share

    sum_i (x_i x'_i') kron S_i,  S_i = sum_j D_ij D'_ij',

about n^2 multiplications a sample in place of the q n^2 of R' R, and two rows of R have the inner product

    sum over layers of (x_i . x_i' + 1) (D_ij . D_i'j').

The trained slopes of a parametric relu are a bias with a ``D`` of their own, called turns. ``slopes`` and ``turns``
hold, layer after layer, n * q * units numbers. Nothing here allocates.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels import table as T
from scipy_ae.kernels.activations import PARAMETRIC_RELU, SOFTMAX
from scipy_ae.kernels.dense import dense_jacobian, dense_slopes
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS, loss_backward, loss_curvature
from scipy_ae.kernels.products import left_transposed, left_transposed_here
from scipy_ae.kernels.views import matrix

#: Products of two inputs that are summed over the samples at once.
STRIP = 48
#: Multiplications up to which a sum over the samples is done in registers: BLAS is up to twice as fast, and loses that
#: and a hundred times more where its threads have to wait for a processor.
_HERE = 4_000_000
_FLOOR = 2.0**-53


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def loss_root(loss, beta, Y, target, weight, root, residual):
    """``root`` = H^(1/2) and ``residual`` = H^(-1/2) times the loss's derivative, both (n, q).

    Where an output of cross-entropy is so sure that its curvature vanishes it counts as 2**-53.
    """
    n, q = Y.shape
    for i in range(n):
        for j in range(q):
            root[i, j] = 1
    loss_curvature(loss, beta, Y, target, weight, root, root)
    loss_backward(loss, beta, Y, target, weight, residual)
    for i in range(n):
        least = beta * beta * weight[i] * _FLOOR if loss == CROSS_ENTROPY_OF_LOGITS else 0.0
        for j in range(q):
            root[i, j] = math.sqrt(max(root[i, j], least))
            residual[i, j] = residual[i, j] / root[i, j] if root[i, j] > 0 else 0.0


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def output_slopes(table, coefs, theta, before, after, root, through, factors, slopes, turns, spare):
    """Fill ``slopes`` and ``turns`` after a forward sweep; ``factors`` has room for n * widest numbers.

    Not ``through`` the last activation where the loss is worked from what comes into it.
    """
    n, q = root.shape
    last = table.shape[0] - 1
    seed = matrix(slopes, n * q * table[last, T.UNITS], n * q, q)
    for r in range(n * q):
        for j in range(q):
            seed[r, j] = root[r // q, j] if j == r % q else 0
    for k in range(last, -1, -1):
        row = table[k]
        width, start = row[T.OUTPUTS], n * q * row[T.UNITS]
        A, Y = matrix(before, n * row[T.UNITS], n, width), matrix(after, n * row[T.UNITS], n, width)
        D, turned = matrix(slopes, start, n * q, width), matrix(turns, _start_of_turns(row, start), n * q, width)
        below = matrix(slopes, n * q * table[k - 1, T.UNITS] if k > 0 else 0, n * q, row[T.INPUTS] if k > 0 else 0)
        dense_slopes(
            row, coefs[k], theta, A, Y, q, through or k < last, factors, D, turned, spare, below, k > 0
        )  # fmt: skip


@njit(cache=True, nogil=True, inline="always")
def _start_of_turns(row, start):
    """``turns`` is empty where no layer has trained slopes."""
    return start if row[T.ACTIVATION] == PARAMETRIC_RELU else 0


@njit(cache=True, nogil=True, inline="always")
def _given(table, k, n, X, after):
    """What layer k is given, (n, inputs)."""
    return X if k == 0 else matrix(after, n * table[k - 1, T.UNITS], n, table[k, T.INPUTS])


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def jacobian_rows(table, X, after, slopes, turns, q, rows):
    """R itself, ``rows`` (n * q, theta.size)."""
    n = X.shape[0]
    for k in range(table.shape[0]):
        row = table[k]
        start, width = n * q * row[T.UNITS], row[T.OUTPUTS]
        D, turned = matrix(slopes, start, n * q, width), matrix(turns, _start_of_turns(row, start), n * q, width)
        dense_jacobian(row, _given(table, k, n, X, after), q, D, turned, rows)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def diagonal_add(table, X, after, slopes, turns, q, squares, diagonal):
    """Add the diagonal of R' R; ``squares`` has room for the widest layer."""
    n = X.shape[0]
    for k in range(table.shape[0]):
        row = table[k]
        start, width = n * q * row[T.UNITS], row[T.OUTPUTS]
        below = _given(table, k, n, X, after)
        w, b = row[T.WEIGHT], row[T.BIAS]
        for i in range(n):
            _squares(matrix(slopes, start + i * q * width, q, width), squares)
            for a in range(below.shape[1]):
                x = below[i, a] * below[i, a]
                for j in range(width):
                    diagonal[w + a * width + j] += x * squares[j]
            for j in range(width):
                diagonal[b + j] += squares[j]
            if row[T.ACTIVATION] == PARAMETRIC_RELU:
                _squares(matrix(turns, start + i * q * width, q, width), squares)
                for j in range(width):
                    diagonal[row[T.SLOPE] + j] += squares[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _squares(D, out):
    for j in range(D.shape[1]):
        out[j] = 0
    for i in range(D.shape[0]):
        for j in range(D.shape[1]):
            out[j] += D[i, j] * D[i, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def gram_add(table, X, after, slopes, turns, q, on_weights, on_rest, inner, gram):
    """Add R P R' to the lower half of ``gram`` (n * q, n * q), blocks of q * q whole.

    P is ``on_weights`` for each weight, ``on_rest`` for each bias and trained slope; ``inner`` has room for q * n * q
    numbers.
    """
    n = X.shape[0]
    for k in range(table.shape[0]):
        row = table[k]
        start, width = n * q * row[T.UNITS], row[T.OUTPUTS]
        below = _given(table, k, n, X, after)
        _gram_layer(below, matrix(slopes, start, n * q, width), n, q, on_weights, on_rest, inner, gram)
        if row[T.ACTIVATION] == PARAMETRIC_RELU:
            _gram_layer(below, matrix(turns, start, n * q, width), n, q, 0.0, on_rest, inner, gram)


@njit(cache=True, fastmath={"reassoc", "nsz", "contract"}, error_model="numpy", nogil=True)
def _gram_layer(X, D, n, q, on_weights, on_rest, inner, gram):
    width = D.shape[1]
    for i in range(n):
        rows = (i + 1) * q
        products = matrix(inner, 0, q, rows)
        np.dot(matrix(D, i * q * width, q, width), matrix(D, 0, rows, width).T, products)
        for other in range(i + 1):
            together = 0.0
            for a in range(X.shape[1]):
                together += X[i, a] * X[other, a]
            together = on_weights * together + on_rest
            for j in range(q):
                for m in range(other * q, (other + 1) * q):
                    gram[i * q + j, m] += together * products[j, m]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def gauss_newton_add(table, X, after, slopes, turns, q, through, sides, lefts, strip, G):
    """Add R' R to the lower half of ``G`` (n, n), in blocks of layer by layer, those on the diagonal whole.

    Room: ``sides`` for n times the two largest layers' outputs, ``lefts`` for n * max(STRIP, widest + 1), ``strip`` for
    max(STRIP, widest + 1) times the two largest layers' outputs.
    """
    n, last = X.shape[0], table.shape[0] - 1
    for u in range(last + 1):
        row = table[u]
        # the outputs of the last layer each depend on their own activation alone, unless that is a softmax
        alone = u == last and (row[T.ACTIVATION] != SOFTMAX or not through)
        wide, start = row[T.OUTPUTS], n * q * row[T.UNITS]
        Xu, Du = _given(table, u, n, X, after), matrix(slopes, start, n * q, wide)
        bent = row[T.ACTIVATION] == PARAMETRIC_RELU
        none, Tu = matrix(after, 0, n, 0), matrix(turns, _start_of_turns(row, start), n * q, wide)
        for v in range(u + 1):
            other = table[v]
            width, begin = other[T.OUTPUTS], n * q * other[T.UNITS]
            Xv, Dv = _given(table, v, n, X, after), matrix(slopes, begin, n * q, width)
            at, to = row[T.WEIGHT], other[T.WEIGHT]
            _add_block(Xu, Du, at, Xv, Dv, to, q, alone, u == v, sides, lefts, strip, G)
            if bent:
                _add_block(none, Tu, row[T.SLOPE], Xv, Dv, to, q, alone, False, sides, lefts, strip, G)
            if other[T.ACTIVATION] == PARAMETRIC_RELU:
                Tv = matrix(turns, begin, n * q, width)
                if u > v:
                    _add_block(Xu, Du, at, none, Tv, other[T.SLOPE], q, alone, False, sides, lefts, strip, G)
                if bent:
                    _add_block(
                        none, Tu, row[T.SLOPE], none, Tv, other[T.SLOPE], q, alone, u == v, sides, lefts, strip, G
                    )


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _add_block(X, D, at, X_other, D_other, to, q, alone, same, sides, lefts, strip, G):
    """Add to G from row ``at`` and column ``to`` on: first the products over the outputs, then the sum over samples."""
    n, f, g = X.shape[0], X.shape[1] + 1, X_other.shape[1] + 1
    o, p = D.shape[1], D_other.shape[1]
    narrow = alone and same
    across = o if narrow else o * p
    side = matrix(sides, 0, n, across)
    _products_over_outputs(D, D_other, q, alone, narrow, sides)
    step = max(1, STRIP // g)
    for first in range(0, f, step):
        count = min(step, f - first)
        g_used = min(g, first + count) if same else g  # of a block on the diagonal the lower half
        left = matrix(lefts, 0, n, count * g_used)
        for i in range(n):
            for a in range(count):
                x = X[i, first + a] if first + a < f - 1 else 1.0
                for b in range(g_used):
                    left[i, a * g_used + b] = x * (X_other[i, b] if b < g - 1 else 1.0)
        sums = matrix(strip, 0, count * g_used, across)
        if n * left.shape[1] * across <= _HERE:
            left_transposed_here(left, side, sums)
        else:
            left_transposed(left, side, sums)
        for a in range(count):
            for b in range(g_used):
                _scatter(sums, a * g_used + b, o, p, narrow, at + (first + a) * o, to + b * p, G)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _products_over_outputs(D, D_other, q, alone, narrow, sides):
    """For each sample D' D_other at the head of ``sides``; where ``narrow``, of both diagonals alone."""
    o, p = D.shape[1], D_other.shape[1]
    for i in range(D.shape[0] // q):
        if narrow:
            for b in range(o):
                sides[i * o + b] = D[i * q + b, b] * D_other[i * q + b, b]
        elif alone:
            for b in range(o):
                for c in range(p):
                    sides[(i * o + b) * p + c] = D[i * q + b, b] * D_other[i * q + b, c]
        else:
            left_transposed(
                matrix(D, i * q * o, q, o), matrix(D_other, i * q * p, q, p), matrix(sides, i * o * p, o, p)
            )


@njit(cache=True, nogil=True)
def _scatter(sums, line, o, p, narrow, at, to, G):
    if narrow:
        for b in range(o):
            G[at + b, to + b] += sums[line, b]
        return
    for b in range(o):
        for c in range(p):
            G[at + b, to + c] += sums[line, b * p + c]


@njit(cache=True, nogil=True)
def mirror(G):
    """The lower half of a square matrix, copied into the upper."""
    n, tile = G.shape[0], 32
    for top in range(0, n, tile):
        for left in range(0, top + 1, tile):
            for i in range(top, min(top + tile, n)):
                for j in range(left, min(left + tile, i)):
                    G[j, i] = G[i, j]
