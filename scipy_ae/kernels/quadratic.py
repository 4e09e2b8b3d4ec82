"""The quadratic model of a network's loss at theta as machine code that compiled solvers call by its address.

Such a function has the C signature

    ``double model(const intp *context, intp what, const double *theta, const double *g, double mu,
    const double *scale, double *step)``

Asked to ``BUILD``, it works out the model's matrix B at theta, puts its diagonal into ``step`` (n,) where it is the
matrix itself, and returns what is of the size of the largest curvature. Asked for a ``TRIAL``, it puts into ``step``
the minimum of g's + s'(B + mu diag(scale))s/2 and returns how far the model without mu falls along it, NaN where there
is no minimum. Either may answer ``UNFINISHED``, so that somebody can look up: the same call again goes on. ``primal``
holds B, (n, n); ``dual`` R R' of the square root R of B, for fewer rows than weights, where ``scale`` is 1.
``diagonal`` knows the diagonal of B alone, and of no minimum. ``product_models.py`` has others.
"""

import math
from functools import cache

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels import table as T
from scipy_ae.kernels.cholesky import solved
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.gauss_newton import diagonal_add, gauss_newton_add, gram_add, loss_root, mirror, output_slopes
from scipy_ae.kernels.sweeps import backward, forward, tangent
from scipy_ae.kernels.views import matrix_at, pointed, vector_at

BUILD, TRIAL = range(2)
UNFINISHED = -math.inf
#: The context, by index: sizes, ROWS_AT_ONCE being those of the work arrays; THROUGH as in ``gauss_newton.py``; ...
LAYERS, ROWS, INPUTS, OUTPUTS, SIZE, LOSS, THROUGH, ROWS_AT_ONCE, HALF = range(9)
#: ... addresses of LAPACK and of what is given, DECAY 0 for none; ...
POTRF, TRSV, TABLE, COEFS, X, TARGET, WEIGHT, DECAY = range(9, 17)
#: ... and of work arrays: of both forms, of the primal one, and of the dual one.
BEFORE, AFTER, ROOT, RESIDUAL, SLOPES, TURNS, FACTORS, SPARE, MATRIX, ROOM = range(17, 27)
SIDES, LEFTS, STRIP = range(27, 30)
INNER, W, ONES, V_BEFORE, V_AFTER, MORE, DELTAS = range(27, 34)
CONTEXT_SIZE = 34

_NUMBERS = types.CPointer(types.float64)
SIGNATURE = types.float64(types.CPointer(types.intp), types.intp, _NUMBERS, _NUMBERS, types.float64, _NUMBERS, _NUMBERS)


@intrinsic
def call(typing, address, context, what, theta, g, mu, scale, step):
    """What the function at that address answers."""
    return types.float64(types.intp, context, types.intp, theta, g, types.float64, scale, step), addresses.number


@njit(cache=True, nogil=True)
def evaluate(address, context, what, theta, g, mu, scale, step):
    """The same for callers in Python."""
    return call(address, context, what, theta, g, mu, scale, step)


@cache
def address_of(form: str) -> int:
    """The address of the ``primal``, ``dual`` or ``diagonal`` model."""
    function = {"primal": _primal, "dual": _dual, "diagonal": _diagonal}[form]
    return cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(function).address


def _primal(context, what, theta, g, mu, scale, step):
    c = pointed(context, CONTEXT_SIZE)
    n = c[SIZE]
    theta, g, scale, step = pointed(theta, n), pointed(g, n), pointed(scale, n), pointed(step, n)
    B = matrix_at(c[MATRIX], n, n, np.float64)
    if what == BUILD:
        _build(c, theta, B)
        return largest(B, step)
    return damped_minimum(c[POTRF], c[TRSV], B, mu, scale, matrix_at(c[ROOM], n, n, np.float64), g, step)


def _dual(context, what, theta, g, mu, scale, step):
    c = pointed(context, CONTEXT_SIZE)
    n, m = c[SIZE], c[ROWS] * c[OUTPUTS]
    theta, g, scale, step = pointed(theta, n), pointed(g, n), pointed(scale, n), pointed(step, n)
    gram = matrix_at(c[MATRIX], m, m, np.float64)
    if what == BUILD:
        _sweep(c, theta, 0, c[ROWS])
        _gram(c, 1.0, gram)
        return largest(gram, vector_at(c[W], m, np.float64))
    if not _dual_step(c, theta, mu, m, gram, step):
        return math.nan
    fall = _fall(g, mu, scale, step)
    return fall if math.isfinite(fall) else math.nan


def _diagonal(context, what, theta, g, mu, scale, step):
    c = pointed(context, CONTEXT_SIZE)
    theta, step = pointed(theta, c[SIZE]), pointed(step, c[SIZE])
    table = matrix_at(c[TABLE], c[LAYERS], T.COLUMNS, np.int64)
    for i in range(step.size):
        step[i] = 0.0
    for start in range(0, c[ROWS], c[ROWS_AT_ONCE]):
        rows = min(c[ROWS_AT_ONCE], c[ROWS] - start)
        _sweep(c, theta, start, rows)
        diagonal_add(
            table, _given(c, start, rows), vector_at(c[AFTER], 0, np.float64), vector_at(c[SLOPES], 0, np.float64),
            vector_at(c[TURNS], 0, np.float64), c[OUTPUTS], vector_at(c[STRIP], 0, np.float64), step,
        )  # fmt: skip
    if c[DECAY] != 0:
        decay = vector_at(c[DECAY], step.size, np.float64)
        for i in range(step.size):
            step[i] += 2.0 * decay[i]
    return step.max()


@njit(cache=True, error_model="numpy")
def damped_minimum(potrf, trsv, B, mu, scale, room, g, step):
    """Put the minimum into ``step``; how far the model falls, NaN where B with its damping is not positive definite."""
    for i in range(g.size):
        step[i] = -g[i]
    if not solved(potrf, trsv, B, mu, scale, room, step):
        return math.nan
    return _fall(g, mu, scale, step)


@njit(cache=True, error_model="numpy")
def largest(B, diagonal):
    """The largest entry of the diagonal, which is copied; NaN where one is not finite."""
    top, total = 0.0, 0.0
    for i in range(B.shape[0]):
        diagonal[i] = B[i, i]
        total += B[i, i]
        top = max(top, abs(B[i, i]))
    return top if math.isfinite(total) else math.nan


@njit(cache=True, error_model="numpy")
def _fall(g, mu, scale, step):
    total = 0.0
    for i in range(step.size):
        total += step[i] * (mu * scale[i] * step[i] - g[i])
    return 0.5 * total


@njit(cache=True, error_model="numpy")
def _sweep(c, theta, start, rows):
    """Sweep these rows forward, and work out the slopes of their outputs."""
    layers, q = c[LAYERS], c[OUTPUTS]
    table, coefs = matrix_at(c[TABLE], layers, T.COLUMNS, np.int64), matrix_at(c[COEFS], layers, 2, np.float64)
    before, after = vector_at(c[BEFORE], 0, np.float64), vector_at(c[AFTER], 0, np.float64)
    root = matrix_at(c[ROOT], rows, q, np.float64)
    Y = forward(table, coefs, theta, _given(c, start, rows), before, after, True)
    loss_root(
        c[LOSS], coefs[layers - 1, T.BETA], Y, matrix_at(c[TARGET] + 8 * start * q, rows, q, np.float64),
        vector_at(c[WEIGHT] + 8 * start, rows, np.float64), root, matrix_at(c[RESIDUAL], rows, q, np.float64),
    )  # fmt: skip
    output_slopes(
        table, coefs, theta, before, after, root, c[THROUGH] != 0, vector_at(c[FACTORS], 0, np.float64),
        vector_at(c[SLOPES], 0, np.float64), vector_at(c[TURNS], 0, np.float64), vector_at(c[SPARE], 0, np.float64),
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _given(c, start, rows):
    return matrix_at(c[X] + 8 * start * c[INPUTS], rows, c[INPUTS], np.float64)


@njit(cache=True, error_model="numpy")
def _build(c, theta, B):
    """The whole matrix, some rows of the data at a time."""
    table = matrix_at(c[TABLE], c[LAYERS], T.COLUMNS, np.int64)
    for i in range(B.shape[0]):
        for j in range(i + 1):
            B[i, j] = 0.0
    for start in range(0, c[ROWS], c[ROWS_AT_ONCE]):
        rows = min(c[ROWS_AT_ONCE], c[ROWS] - start)
        _sweep(c, theta, start, rows)
        gauss_newton_add(
            table, _given(c, start, rows), vector_at(c[AFTER], 0, np.float64), vector_at(c[SLOPES], 0, np.float64),
            vector_at(c[TURNS], 0, np.float64), c[OUTPUTS], c[THROUGH] != 0, vector_at(c[SIDES], 0, np.float64),
            vector_at(c[LEFTS], 0, np.float64), vector_at(c[STRIP], 0, np.float64), B,
        )  # fmt: skip
    if c[DECAY] != 0:
        decay = vector_at(c[DECAY], B.shape[0], np.float64)
        for i in range(B.shape[0]):
            B[i, i] += 2.0 * decay[i]
    mirror(B)


@njit(cache=True, error_model="numpy")
def _gram(c, mu, gram):
    """R diag(decay + mu)^-1 R'."""
    on_weights = 1.0 / mu
    if c[DECAY] != 0:
        decay = vector_at(c[DECAY], c[SIZE], np.float64)
        on_weights = 1.0 / (2.0 * decay.max() + mu)
    for i in range(gram.shape[0]):
        for j in range(gram.shape[0]):
            gram[i, j] = 0.0
    gram_add(
        matrix_at(c[TABLE], c[LAYERS], T.COLUMNS, np.int64), _given(c, 0, c[ROWS]), vector_at(c[AFTER], 0, np.float64),
        vector_at(c[SLOPES], 0, np.float64), vector_at(c[TURNS], 0, np.float64), c[OUTPUTS], on_weights, 1.0 / mu,
        vector_at(c[INNER], 0, np.float64), gram,
    )  # fmt: skip
    mirror(gram)


@njit(cache=True, error_model="numpy")
def _dual_step(c, theta, mu, m, gram, step):
    """By the Woodbury identity, so that nothing cancels where mu is small: see ``solvers/curvature.py``."""
    w, residual = vector_at(c[W], m, np.float64), vector_at(c[RESIDUAL], m, np.float64)
    ones, room = vector_at(c[ONES], m, np.float64), matrix_at(c[ROOM], m, m, np.float64)
    if c[DECAY] == 0:
        for k in range(m):
            w[k] = residual[k]
        if not solved(c[POTRF], c[TRSV], gram, mu, ones, room, w):
            return False
        _back(c, theta, w, step)
        for i in range(step.size):
            step[i] = -step[i]
        return True
    decay = vector_at(c[DECAY], step.size, np.float64)
    for i in range(step.size):
        step[i] = 2.0 * decay[i] * theta[i] / (2.0 * decay[i] + mu)
    _times(c, theta, step, w)
    for k in range(m):
        w[k] = residual[k] - w[k]
    _gram(c, mu, gram)
    if not solved(c[POTRF], c[TRSV], gram, 1.0, ones, room, w):
        return False
    _back(c, theta, w, step)
    for i in range(step.size):
        step[i] = -(step[i] + 2.0 * decay[i] * theta[i]) / (2.0 * decay[i] + mu)
    return True


@njit(cache=True, error_model="numpy")
def _times(c, theta, v, out):
    """R v."""
    layers, n = c[LAYERS], c[ROWS]
    table, coefs = matrix_at(c[TABLE], layers, T.COLUMNS, np.int64), matrix_at(c[COEFS], layers, 2, np.float64)
    v_before, v_after = vector_at(c[V_BEFORE], 0, np.float64), vector_at(c[V_AFTER], 0, np.float64)
    tangent(
        table, coefs, theta, v, _given(c, 0, n), vector_at(c[BEFORE], 0, np.float64),
        vector_at(c[AFTER], 0, np.float64), v_before, v_after, vector_at(c[MORE], 0, np.float64),
    )  # fmt: skip
    root, last = vector_at(c[ROOT], out.size, np.float64), n * table[layers - 1, T.UNITS]
    moved = vector_at((c[V_AFTER] if c[THROUGH] != 0 else c[V_BEFORE]) + 8 * last, out.size, np.float64)
    for k in range(out.size):
        out[k] = root[k] * moved[k]


@njit(cache=True, error_model="numpy")
def _back(c, theta, w, out):
    """R' w."""
    layers = c[LAYERS]
    table, coefs = matrix_at(c[TABLE], layers, T.COLUMNS, np.int64), matrix_at(c[COEFS], layers, 2, np.float64)
    root, deltas = vector_at(c[ROOT], w.size, np.float64), matrix_at(c[DELTAS], 2, c[HALF], np.float64)
    for k in range(w.size):
        deltas[0, k] = root[k] * w[k]
    backward(
        table, coefs, theta, _given(c, 0, c[ROWS]), vector_at(c[BEFORE], 0, np.float64),
        vector_at(c[AFTER], 0, np.float64), deltas, c[THROUGH] != 0, vector_at(c[SPARE], 0, np.float64), out,
    )  # fmt: skip
