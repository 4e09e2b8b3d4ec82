"""The contractive term and its derivative: sum_i weight_i ||dz_i / dx_i||_F^2, through all layers of the encoder.

An adjoint sweep takes r vectors a row from the code down to the input: the unit vectors of the code for the exact
value, random signs for an estimate of it. They stand in stacks of n * r rows, so that every product is one of matrices.
From the last layer to the first,

    E_k = D_k f'(A_k),    D_(k-1) = E_k W_k',    value = sum weight ||D_(-1)||^2,

and the derivative of this, from the first layer back to the last, gives W_k a part of its gradient (``direct``), and
what comes into each activation a derivative of its own (``bends``), through f'', that an ordinary backward sweep then
takes down. Rifai et al. (2011), eq. 7, there for one layer.

The last step, the widest one, needs no D_(-1) where the input is wider than the layer on it: ||e W'||^2 = e (W'W) e'
costs no product with the input's width per row. Rows are taken some at a time, so that the stacks stay in the
processor's cache.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit

from scipy_ae.kernels import context as C
from scipy_ae.kernels import table as T
from scipy_ae.kernels.activations import PARAMETRIC_RELU, SOFTMAX, activation_curvature
from scipy_ae.kernels.context import SIGNATURE, encoder, numbers
from scipy_ae.kernels.dense import slope_of, through_activation, weight_of
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.products import affine, left_transposed, right_transposed
from scipy_ae.kernels.views import flat, matrix, pointed, vector, vector_at

_ZERO = np.intp(0)  # typed, since Numba would compile a function anew for each number written out in a call


def room(widths, rows, vectors):
    """How many numbers each of the work arrays has, for widths from input to code and so many rows at a time."""
    stack, after = rows * vectors, widths[1:]
    largest = max(max(p * q for p, q in zip(widths, after)), after[0] ** 2)
    stacks = [stack * sum(after)] * 2 + [stack * max(widths)] * 2
    return [*stacks, rows * max(after), rows * max(after), after[0] ** 2, after[0] ** 2, largest]


@cache
def address() -> int:
    """The address of the term as machine code, which ``kernels/terms.py`` calls after a forward sweep.

    Its first two arguments are those of an objective with terms; the third, as the encoder's part of theta, takes what
    the weights and trained slopes have of the gradient directly. It fills the ``BENDS`` of the context as well, and
    returns the value. Neither is written where the context does not want a gradient.
    """
    return cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(_contractive).address


def _contractive(context, theta, direct):
    c = pointed(context, C.CONTEXT_SIZE)
    theta, direct = pointed(theta, c[C.SIZE]), pointed(direct, c[C.DIRECT_SIZE])
    table = encoder(c)[0]
    first = table[0]
    p, q = first[T.INPUTS], first[T.OUTPUTS]
    work = (
        numbers(c, C.STACKS), numbers(c, C.STACKS + 1), numbers(c, C.STACKS + 2), numbers(c, C.STACKS + 3),
        numbers(c, C.STACKS + 4), numbers(c, C.STACKS + 5), numbers(c, C.STACKS + 6), numbers(c, C.STACKS + 7),
        numbers(c, C.STACKS + 8),
    )  # fmt: skip
    W = weight_of(first, theta)
    gram, inner = matrix(work[6], 0, q, q), matrix(work[7], 0, q, q)
    gram[:, :] = 0.0
    if q <= p:
        _add_product(W, W, work[8], gram)
    if c[C.WANTED] != 0:
        inner[:, :] = 0.0
        direct[:] = 0.0
    total, start = 0.0, _ZERO
    while start < c[C.ROWS]:
        rows = min(c[C.CHUNK], c[C.ROWS] - start)
        total += _of_rows(c, theta, start, rows, work, direct)
        start += rows
    if c[C.WANTED] != 0 and q <= p:
        _times(W, inner, weight_of(first, direct))
    return numbers(c, C.STRENGTHS)[C.CONTRACTIVE] * total


@njit(cache=True, nogil=True)
def _of_rows(c, theta, start, rows, work, direct):
    """The value of some rows; where wanted, their bends, and what is added to ``direct`` or to the inner matrix."""
    table, coefs = encoder(c)
    before, after, spare = numbers(c, C.E_BEFORE), numbers(c, C.E_AFTER), numbers(c, C.SPARE)
    n, vectors, wanted, row = c[C.ROWS], c[C.VECTORS], c[C.WANTED] != 0, table[0]
    weight, strength = vector_at(c[C.WEIGHT], n, np.float64), numbers(c, C.STRENGTHS)[C.CONTRACTIVE]
    _down(table, coefs, theta, before, after, n, start, rows, numbers(c, C.SEEDS), vectors, c[C.STEP], spare, work)
    if row[T.OUTPUTS] <= row[T.INPUTS]:
        total = _end_by_gram(row[T.OUTPUTS], weight, strength, start, rows * vectors, vectors, wanted, work)
    else:
        total = _end_by_input(
            row, theta, weight, strength, start, rows * vectors, vectors, spare, wanted, work, direct
        )  # fmt: skip
    if wanted:
        _up(table, coefs, theta, before, after, n, start, rows, vectors, work, numbers(c, C.BENDS), direct)
    return total


@njit(cache=True, nogil=True)
def _times(X, W, out):
    """out = X W."""
    affine(X, W, None, out)


@njit(cache=True, nogil=True)
def _times_transposed(D, W, spare, out):
    """out = D W'."""
    right_transposed(D, W, spare, out)


@njit(cache=True, nogil=True, inline="always")
def _part(row, n, start, rows, values):
    """Some rows of a layer's block of a work array for n rows."""
    return matrix(values, n * row[T.UNITS] + start * row[T.OUTPUTS], rows, row[T.OUTPUTS])


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _down(table, coefs, theta, before, after, n, start, rows, seeds, vectors, step, spare, work):
    """Fill the stacks D and E."""
    D, E, factors = work[0], work[1], work[4]
    last, stack = table.shape[0] - 1, rows * vectors
    top = vector(D, stack * table[last, T.UNITS], stack * table[last, T.OUTPUTS])
    for k in range(top.size):
        top[k] = seeds[start * step + k]
    for k in range(last, -1, -1):
        row = table[k]
        d, e = _part(row, stack, 0, stack, D), _part(row, stack, 0, stack, E)
        _copy(flat(d), flat(e))
        A, Y = _part(row, n, start, rows, before), _part(row, n, start, rows, after)
        through_activation(row[T.ACTIVATION], coefs[k], slope_of(row, theta), A, Y, vectors, factors, e)
        if k > 0:
            _times_transposed(e, weight_of(row, theta), spare, _part(table[k - 1], stack, 0, stack, D))


@njit(cache=True, nogil=True)
def _copy(given, out):
    for i in range(out.size):
        out[i] = given[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _weighted_product(weight, start, vectors, left, right):
    """sum over the rows of weight <left, right>."""
    total = 0.0
    for i in range(left.shape[0]):
        row = 0.0
        for j in range(left.shape[1]):
            row += left[i, j] * right[i, j]
        total += weight[start + i // vectors] * row
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _weigh(weight, strength, start, vectors, given, out):
    """out = 2 strength weight given."""
    for i in range(given.shape[0]):
        factor = 2.0 * strength * weight[start + i // vectors]
        for j in range(given.shape[1]):
            out[i, j] = factor * given[i, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _add_product(left, right, more, out):
    """out += left' right; ``more`` has room for it."""
    product = matrix(more, 0, left.shape[1], right.shape[1])
    left_transposed(left, right, product)
    given, taken = flat(product), flat(out)
    for i in range(taken.size):
        taken[i] += given[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _end_by_gram(q, weight, strength, start, stack, vectors, wanted, work):
    """The value from W'W; where wanted the derivative by E, and E' (2 strength weight E) added to the inner matrix."""
    E, H, F = matrix(work[1], 0, stack, q), matrix(work[2], 0, stack, q), matrix(work[3], 0, stack, q)
    _times(E, matrix(work[6], 0, q, q), H)
    total = _weighted_product(weight, start, vectors, E, H)
    if wanted:
        _weigh(weight, strength, start, vectors, H, H)
        _weigh(weight, strength, start, vectors, E, F)
        _add_product(E, F, work[8], matrix(work[7], 0, q, q))
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _end_by_input(row, theta, weight, strength, start, stack, vectors, spare, wanted, work, direct):
    """The value from D_(-1) itself; where wanted the derivative by E, and that by the weights added to ``direct``."""
    p, q = row[T.INPUTS], row[T.OUTPUTS]
    E, H, G = matrix(work[1], 0, stack, q), matrix(work[2], 0, stack, q), matrix(work[3], 0, stack, p)
    _times_transposed(E, weight_of(row, theta), spare, G)
    total = _weighted_product(weight, start, vectors, G, G)
    if wanted:
        _weigh(weight, strength, start, vectors, G, G)
        _add_product(G, E, work[8], weight_of(row, direct))
        _times(G, weight_of(row, theta), H)
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _up(table, coefs, theta, before, after, n, start, rows, vectors, work, bends, direct):
    """From the derivative by the first layer's E: ``bends`` of these rows, and what is added to ``direct``."""
    D, E, one, two, factors, sums = work[0], work[1], work[2], work[3], work[4], work[5]
    stack = rows * vectors
    for k in range(table.shape[0]):
        row = table[k]
        A, Y = _part(row, n, start, rows, before), _part(row, n, start, rows, after)
        dE = matrix(one, 0, stack, row[T.OUTPUTS])
        bend = _part(row, n, start, rows, bends)
        _bend(row, coefs[k], A, Y, vectors, dE, _part(row, stack, 0, stack, D), factors, sums, bend, direct)
        if k + 1 < table.shape[0]:
            following = table[k + 1]
            through_activation(row[T.ACTIVATION], coefs[k], slope_of(row, theta), A, Y, vectors, factors, dE)
            _add_product(dE, _part(following, stack, 0, stack, E), work[8], weight_of(following, direct))
            _times(dE, weight_of(following, theta), matrix(two, 0, stack, following[T.OUTPUTS]))
            one, two = two, one


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _bend(row, coef, A, Y, vectors, dE, D, factors, sums, bend, direct):
    """The derivative by A of <dE, D f'(A)>, and its part in the gradient of trained slopes."""
    code, (rows, width) = row[T.ACTIVATION], A.shape
    o = flat(bend)
    o[:] = 0.0
    if code == SOFTMAX:
        for r in range(rows * vectors):
            i = r // vectors * width
            activation_curvature(
                code, coef[T.BETA], coef[T.ALPHA], width, vector(A, i, width), vector(Y, i, width),
                vector(dE, r * width, width), vector(D, r * width, width), vector(bend, i, width),
            )  # fmt: skip
        return
    s, ones = vector(sums, 0, o.size), vector(factors, 0, o.size)
    s[:] = 0.0
    ones[:] = 1.0
    for i in range(rows):
        for r in range(i * vectors, i * vectors + vectors):
            for j in range(width):
                s[i * width + j] += dE[r, j] * D[r, j]
    activation_curvature(code, coef[T.BETA], coef[T.ALPHA], width, flat(A), flat(Y), ones, s, o)
    if code == PARAMETRIC_RELU:
        slopes = slope_of(row, direct)
        for i in range(rows):
            for j in range(width):
                if A[i, j] <= 0.0:
                    slopes[j] += coef[T.BETA] * s[i * width + j]
