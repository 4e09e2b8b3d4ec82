"""A network's objective with one entry of theta moved: only what that entry touches is worked out again.

Machine code with the C signature

    ``double probe(const intp *context, double *theta, intp k, double delta, intp keep)``

gives the value with theta[k] moved by delta. Where ``keep``, theta[k] stays moved and what is remembered of theta
follows; ``k = -1`` says that theta is new. A weight of layer l touches one column of that layer, so that its own
product is an addition, the next layer's an outer product, and only those behind it are products in full; a weight of
the last layer touches one column of the loss. ``context`` is that of ``native.py``. What is remembered lies in the
objective's work arrays: after any other evaluation theta is new.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels import native as N
from scipy_ae.kernels import table as T
from scipy_ae.kernels.activations import PARAMETRIC_RELU, SOFTMAX, activation_forward
from scipy_ae.kernels.dense import dense_forward
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import loss_value
from scipy_ae.kernels.products import affine
from scipy_ae.kernels.sweeps import block
from scipy_ae.kernels.views import flat, matrix, matrix_at, pointed, vector, vector_at

_SIGNATURE = types.float64(
    types.CPointer(types.intp), types.CPointer(types.float64), types.intp, types.float64, types.intp
)
#: The scratch array: the loss without penalty; four columns of rows; the loss of each output; summands of the loss.
_LOSS, _COLUMNS = 0, 1


def scratch_size(rows: int, outputs: int) -> int:
    """Numbers in the scratch array."""
    return _COLUMNS + 4 * rows + outputs + rows * outputs


@intrinsic
def call(typing, address, context, theta, k, delta, keep):
    """The value by the function at that address."""
    return types.float64(types.intp, context, theta, types.intp, types.float64, types.intp), addresses.number


@njit(cache=True, nogil=True)
def probe(address, context, theta, k, delta, keep):
    """The same for callers in Python."""
    return call(address, context, theta, k, delta, keep)


@cache
def address() -> int:
    """The address of a network's probe."""
    return cfunc(_SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(_probe).address


def _probe(context, theta, k, delta, keep):
    c = pointed(context, N.CONTEXT_SIZE)
    theta = pointed(theta, c[N.SIZE])
    table = matrix_at(c[N.TABLE], c[N.LAYERS], T.COLUMNS, np.int64)
    first = _layer_of(table, k) if k >= 0 else 0
    old = theta[k] if k >= 0 else 0.0
    if k >= 0:
        theta[k] = old + delta
    if k < 0 or keep:
        value = _remember(c, table, theta, first)
    else:
        value = _look(c, table, theta, k, first, delta)
    if c[N.DECAY] != 0:
        decay = vector_at(c[N.DECAY], theta.size, np.float64)
        for i in range(theta.size):
            value += decay[i] * theta[i] * theta[i]
    if k >= 0 and not keep:
        theta[k] = old
    return value


@njit(cache=True)
def _layer_of(table, k):
    """The layer that entry k of theta belongs to."""
    layer = table.shape[0] - 1
    while table[layer, T.WEIGHT] > k:
        layer -= 1
    return layer


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _remember(c, table, theta, first):
    """Work out the layers from ``first`` on, and the loss of each output."""
    n, q, last = c[N.ROWS], c[N.OUTPUTS], table.shape[0] - 1
    coefs = matrix_at(c[N.COEFS], table.shape[0], 2, np.float64)
    before, after = vector_at(c[N.BEFORE], 0, np.float64), vector_at(c[N.AFTER], 0, np.float64)
    scratch = vector_at(c[N.PROBE], 0, np.float64)
    Y = matrix_at(c[N.X], n, c[N.INPUTS], np.float64) if first == 0 else block(table[first - 1], n, after)
    for k in range(first, last + 1):
        out = block(table[k], n, after)
        dense_forward(table[k], coefs[k], theta, Y, block(table[k], n, before), out, True)
        Y = out
    A = block(table[last], n, before)
    column, losses = vector(scratch, _COLUMNS, n), vector(scratch, _COLUMNS + 4 * n, q)
    total = 0.0
    for j in range(q):
        for i in range(n):
            column[i] = A[i, j]
        losses[j] = _loss_of_column(c, coefs[last, T.BETA], j, Y, scratch)
        total += losses[j]
    scratch[_LOSS] = total
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _loss_of_column(c, beta, j, Y, scratch):
    """The loss of output j alone, what comes into it standing in the first column and, for some, Y in the second."""
    n = c[N.ROWS]
    y, t = vector(scratch, _COLUMNS + n, n), vector(scratch, _COLUMNS + 2 * n, n)
    target = matrix_at(c[N.TARGET], n, c[N.OUTPUTS], np.float64)
    for i in range(n):
        t[i] = target[i, j]
    if Y is not None:
        for i in range(n):
            y[i] = Y[i, j]
    at = _COLUMNS
    columns = matrix(scratch, at, n, 1), matrix(scratch, at + n, n, 1), matrix(scratch, at + 2 * n, n, 1)
    weight = vector_at(c[N.WEIGHT], n, np.float64)
    return loss_value(c[N.LOSS], beta, columns[0], columns[1], columns[2], weight, matrix(scratch, at + 3 * n, n, 1))


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _look(c, table, theta, k, layer, delta):
    """The loss with theta[k], an entry of that layer, moved by delta already."""
    n, last = c[N.ROWS], table.shape[0] - 1
    row = table[layer]
    q = row[T.OUTPUTS]
    coefs = matrix_at(c[N.COEFS], table.shape[0], 2, np.float64)
    scratch = vector_at(c[N.PROBE], 0, np.float64)
    a, y = vector(scratch, _COLUMNS, n), vector(scratch, _COLUMNS + n, n)
    unit = _moved_column(c, table, k, layer, delta, a)
    if row[T.ACTIVATION] == SOFTMAX:
        return _look_through_rows(c, table, coefs, theta, layer, unit, a)
    slopes = row[T.ACTIVATION] == PARAMETRIC_RELU
    slope = vector(theta, row[T.SLOPE] + unit if slopes else 0, 1 if slopes else 0)
    activation_forward(row[T.ACTIVATION], coefs[layer, T.BETA], coefs[layer, T.ALPHA], slope, 1, a, y)
    if layer == last:
        losses = vector(scratch, _COLUMNS + 4 * n, q)
        return scratch[_LOSS] - losses[unit] + _loss_of_column(c, coefs[last, T.BETA], unit, None, scratch)
    after = vector_at(c[N.AFTER], 0, np.float64)
    Y, following = block(row, n, after), table[layer + 1]
    deltas = matrix_at(c[N.DELTAS], 2, c[N.HALF], np.float64)
    A = matrix(deltas, 0, n, following[T.OUTPUTS])
    A_old = block(following, n, vector_at(c[N.BEFORE], 0, np.float64))
    w = vector(theta, following[T.WEIGHT] + unit * following[T.OUTPUTS], following[T.OUTPUTS])
    for i in range(n):
        moved = y[i] - Y[i, unit]
        for j in range(w.size):
            A[i, j] = A_old[i, j] + moved * w[j]
    return _finish(c, table, coefs, theta, layer + 1)


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _moved_column(c, table, k, layer, delta, a):
    """Into ``a``, what comes into the unit that entry k belongs to; that unit."""
    n, row = c[N.ROWS], table[layer]
    p, q = row[T.INPUTS], row[T.OUTPUTS]
    A = block(row, n, vector_at(c[N.BEFORE], 0, np.float64))
    if k < row[T.BIAS]:
        source, unit = (k - row[T.WEIGHT]) // q, (k - row[T.WEIGHT]) % q
        after = vector_at(c[N.AFTER], 0, np.float64)
        X = block(table[layer - 1], n, after) if layer > 0 else matrix_at(c[N.X], n, p, np.float64)
        for i in range(n):
            a[i] = A[i, unit] + delta * X[i, source]
        return unit
    bias = k < row[T.BIAS] + q
    unit = k - (row[T.BIAS] if bias else row[T.SLOPE])
    for i in range(n):
        a[i] = A[i, unit] + (delta if bias else 0.0)
    return unit


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _look_through_rows(c, table, coefs, theta, layer, unit, a):
    """Where each output of a layer depends on all that comes into its row."""
    n, row = c[N.ROWS], table[layer]
    A_old = flat(block(row, n, vector_at(c[N.BEFORE], 0, np.float64)))
    A = matrix(matrix_at(c[N.DELTAS], 2, c[N.HALF], np.float64), 0, n, row[T.OUTPUTS])
    numbers = flat(A)
    for i in range(numbers.size):
        numbers[i] = A_old[i]
    for i in range(n):
        A[i, unit] = a[i]
    return _finish(c, table, coefs, theta, layer)


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _finish(c, table, coefs, theta, layer):
    """The loss, from what comes into a layer, which stands in the first half of the work array."""
    n, last = c[N.ROWS], table.shape[0] - 1
    deltas = matrix_at(c[N.DELTAS], 2, c[N.HALF], np.float64)
    scratch = vector_at(c[N.PROBE], 0, np.float64)
    while True:
        row = table[layer]
        q = row[T.OUTPUTS]
        A, Y = matrix(deltas, 0, n, q), matrix(deltas, c[N.HALF], n, q)
        slopes = row[T.ACTIVATION] == PARAMETRIC_RELU
        slope = vector(theta, row[T.SLOPE] if slopes else 0, q if slopes else 0)
        activation_forward(row[T.ACTIVATION], coefs[layer, T.BETA], coefs[layer, T.ALPHA], slope, q, flat(A), flat(Y))
        if layer == last:
            target = matrix_at(c[N.TARGET], n, q, np.float64)
            weight = vector_at(c[N.WEIGHT], n, np.float64)
            spare = matrix(scratch, _COLUMNS + 4 * n + q, n, q)
            return loss_value(c[N.LOSS], coefs[last, T.BETA], A, Y, target, weight, spare)
        layer += 1
        following = table[layer]
        A_next = matrix(deltas, 0, n, following[T.OUTPUTS])
        weights = matrix(theta, following[T.WEIGHT], q, following[T.OUTPUTS])
        affine(Y, weights, vector(theta, following[T.BIAS], following[T.OUTPUTS]), A_next)
