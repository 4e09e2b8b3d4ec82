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

from numba import njit

from scipy_ae.kernels import table as T
from scipy_ae.kernels.activations import PARAMETRIC_RELU, SOFTMAX, activation_curvature
from scipy_ae.kernels.dense import slope_of, through_activation, weight_of
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.products import affine, left_transposed, right_transposed
from scipy_ae.kernels.views import flat, matrix, vector


def room(widths, rows, vectors):
    """How many numbers each of the work arrays has, for widths from input to code and so many rows at a time."""
    stack, after = rows * vectors, widths[1:]
    largest = max(max(p * q for p, q in zip(widths, after)), after[0] ** 2)
    stacks = [stack * sum(after)] * 2 + [stack * max(widths)] * 2
    return [*stacks, rows * max(after), rows * max(after), after[0] ** 2, after[0] ** 2, largest]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def contractive(
    table, coefs, theta, weight, strength, before, after, seeds, vectors, step, chunk, work, spare, wanted, bends, direct
):  # fmt: skip
    """strength times the term at a forward sweep; where ``wanted``, fills ``bends`` and ``direct``.

    Parameters
    ----------
    before, after : ndarray
        Of a forward sweep through the encoder on n rows.
    seeds : ndarray
        The vectors of the first row, (vectors, outputs of the encoder), those of the next ``step`` numbers further on;
        0 where all rows of a chunk share what stands there.
    chunk : int
        Rows at a time.
    work : tuple of ndarray
        As ``room`` says: the stacks D and E, two more, and what is small.
    bends : ndarray, as ``before``
    direct : ndarray, as the encoder's part of theta
        Weights and trained slopes are written, the rest is 0.
    """
    n, first = weight.size, table[0]
    p, q = first[T.INPUTS], first[T.OUTPUTS]
    W = weight_of(first, theta)
    gram, inner = matrix(work[6], 0, q, q), matrix(work[7], 0, q, q)
    if q <= p:
        left_transposed(W, W, gram)
    if wanted:
        inner[:, :] = 0.0
        direct[:] = 0.0
    total, start = 0.0, 0
    while start < n:
        rows = min(chunk, n - start)
        _down(table, coefs, theta, before, after, n, start, rows, seeds, vectors, step, spare, work)
        if q <= p:
            total += _end_by_gram(q, weight, strength, start, rows * vectors, vectors, wanted, work)
        else:
            total += _end_by_input(
                first, theta, weight, strength, start, rows * vectors, vectors, spare, wanted, work, direct
            )
        if wanted:
            _up(table, coefs, theta, before, after, n, start, rows, vectors, work, bends, direct)
        start += rows
    if wanted and q <= p:
        affine(W, inner, None, weight_of(first, direct))
    return strength * total


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
            right_transposed(e, weight_of(row, theta), spare, _part(table[k - 1], stack, 0, stack, D))


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
    affine(E, matrix(work[6], 0, q, q), None, H)
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
    right_transposed(E, weight_of(row, theta), spare, G)
    total = _weighted_product(weight, start, vectors, G, G)
    if wanted:
        _weigh(weight, strength, start, vectors, G, G)
        _add_product(G, E, work[8], weight_of(row, direct))
        affine(G, weight_of(row, theta), None, H)
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
            affine(dE, weight_of(following, theta), None, matrix(two, 0, stack, following[T.OUTPUTS]))
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
