"""Batch after batch of shuffled rows, copied to where an objective's machine code reads its rows.

The function has the signature of an evaluation (``kernels/native.py``), so that compiled solvers call it as such; what
it returns is 1, or 0 where no rows are left.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit, types

from scipy_ae.kernels.views import pointed, vector_at

#: The context, by index. PLACE: rows given so far, of COUNT; SIZE: rows of a batch; KIND: of the numbers of the source;
#: SINGLE: whether those read are float32. Then addresses: of the order of the rows, of source, copy and widths of x and
#: target (TARGET is 0 where it is x), of the weights of all rows (0 where they are equal) and of those of the batch,
#: of the scale, and of the number of rows that the objective reads.
PLACE, COUNT, SIZE, KIND, SINGLE = range(5)
ORDER, X, X_OUT, INPUTS, TARGET, TARGET_OUT, OUTPUTS, WEIGHT, WEIGHT_OUT, SCALE, ROWS = range(5, 16)
CONTEXT_SIZE = 16
#: Kinds of the source.
KINDS = {"float64": 0, "float32": 1, "uint8": 2}

_SIGNATURE = types.float64(types.CPointer(types.intp), types.CPointer(types.float64), types.CPointer(types.float64))


@cache
def address() -> int:
    """The address of the function."""
    return cfunc(_SIGNATURE, cache=True, error_model="numpy")(_next).address


def _next(context, theta, gradient):
    c = pointed(context, CONTEXT_SIZE)
    m = min(c[SIZE], c[COUNT] - c[PLACE])
    if m <= 0:
        return 0.0
    order = vector_at(c[ORDER] + 8 * c[PLACE], m, np.int64)
    scale = vector_at(c[SCALE], 1, np.float64)[0]
    _copied(c, order, c[X], c[INPUTS], c[X_OUT], scale)
    if c[TARGET] != 0:
        _copied(c, order, c[TARGET], c[OUTPUTS], c[TARGET_OUT], scale)
    elif c[TARGET_OUT] != c[X_OUT]:
        _copied(c, order, c[X], c[INPUTS], c[TARGET_OUT], scale)
    if c[SINGLE] != 0:
        _weighted(c, order, vector_at(c[WEIGHT_OUT], m, np.float32))
    else:
        _weighted(c, order, vector_at(c[WEIGHT_OUT], m, np.float64))
    vector_at(c[ROWS], 1, np.int64)[0] = m
    c[PLACE] += m
    return 1.0


@njit(cache=True)
def _copied(c, order, source, width, out, scale):
    """The rows in their order, scaled, as the numbers that the objective reads."""
    for i in range(order.size):
        if c[SINGLE] != 0:
            _row(c[KIND], source, width * order[i], vector_at(out + 4 * width * i, width, np.float32), scale)
        else:
            _row(c[KIND], source, width * order[i], vector_at(out + 8 * width * i, width, np.float64), scale)


@njit(inline="always")
def _row(kind, source, start, out, scale):
    if kind == 0:
        _scaled(vector_at(source + 8 * start, out.size, np.float64), scale, out)
    elif kind == 1:
        _scaled(vector_at(source + 4 * start, out.size, np.float32), scale, out)
    else:
        _scaled(vector_at(source + start, out.size, np.uint8), scale, out)


@njit(inline="always")
def _scaled(row, scale, out):
    for j in range(out.size):
        out[j] = np.float64(row[j]) * scale


@njit(cache=True)
def _weighted(c, order, out):
    """What each row counts for in the batch; together 1."""
    n = order.size
    if c[WEIGHT] == 0:
        for i in range(n):
            out[i] = 1.0 / n
        return
    weights, total = vector_at(c[WEIGHT], 0, np.float64), 0.0
    for i in range(n):
        total += weights[order[i]]
    for i in range(n):
        out[i] = weights[order[i]] / total if total > 0.0 else 0.0
