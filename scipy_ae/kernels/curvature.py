"""What a method that follows directions has learned, in one of four forms, as plain arrays.

Each form is a function with the C signature

    ``double learn(const intp *context, double alpha, p, g_old, g_new, out)``

(vectors as ``double *``): it learns from a step ``alpha p``, leaves the next direction in ``out`` and returns its
slope. ``context`` leads to ``A``, ``B`` (matrices), ``v`` (a vector), ``reals`` and ``whole`` (a few numbers of each
kind, by index):

========== ========================== ========================= ==========
form       A                          B                         v
========== ========================== ========================= ==========
DIRECTIONS directions (rows, n)       bands (rows, 2)
MATRIX     H (n, n), lower triangle   step and image (2, n)
RING       steps (rows, n)            changes (rows, n)         rho (rows,)
CONJUGATE
========== ========================== ========================= ==========

The mathematics is in ``quasi_newton.py``, ``directions.py`` and ``conjugate.py``. A descent calls by address, so that
it compiles without any of the forms, and each form when it is first wanted.
"""

import math
from functools import cache

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels.conjugate import conjugate_advance
from scipy_ae.kernels.directions import directions_advance
from scipy_ae.kernels.quasi_newton import dense_advance, dot, ring_advance
from scipy_ae.kernels.views import matrix_at, pointed, vector_at

DIRECTIONS, MATRIX, RING, CONJUGATE = range(4)
#: The context: n, rows of A, columns of B, and addresses.
SIZE, ROWS, COLUMNS, A, B, V, REALS, WHOLE = range(8)
CONTEXT_SIZE = 8
#: Reals: the factor of the identity; the waiting term's rho and c; how much a conjugate direction is stretched, and the
#: first-order change of the value in the last step along one.
GAMMA, RHO, C, SCALE, GAIN = range(5)
REALS_SIZE = 5
#: Whole numbers: steps learned from; rows in use; whether the last row is joined to the one before; the ring's oldest
#: row; whether gamma is set by no step, the first or each; the formula of a conjugate direction.
PAIRS, COUNT, JOINED, OLDEST, RESCALE, BETA = range(6)
WHOLE_SIZE = 6
BY_NONE, BY_FIRST, BY_NEWEST = range(3)

_NUMBERS = types.CPointer(types.float64)
_SIGNATURE = types.float64(types.CPointer(types.intp), types.float64, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS)


@intrinsic
def call(typing, address, context, alpha, p, g_old, g_new, out):
    """The slope of the next direction, which the form at that address puts into ``out``."""
    return types.float64(types.intp, context, types.float64, p, g_old, g_new, out), addresses.number


@njit(cache=True)
def learn(address, context, alpha, p, g_old, g_new, out):
    """The same for callers in Python."""
    return call(address, context, alpha, p, g_old, g_new, out)


@cache
def address_of(form: int) -> int:
    """The address of a form's function."""
    functions = {DIRECTIONS: _by_directions, MATRIX: _by_matrix, RING: _by_ring, CONJUGATE: _by_conjugacy}
    return cfunc(_SIGNATURE, cache=True, error_model="numpy")(functions[form]).address


@njit(inline="always")
def _numbers(c):
    """Reals and whole numbers of a context."""
    return vector_at(c[REALS], REALS_SIZE, np.float64), vector_at(c[WHOLE], WHOLE_SIZE, np.int64)


def _by_directions(context, alpha, p, g_old, g_new, out):
    c = pointed(context, CONTEXT_SIZE)
    reals, whole = _numbers(c)
    n, count = c[SIZE], whole[COUNT]
    P, bands = matrix_at(c[A], c[ROWS], n, np.float64), matrix_at(c[B], c[ROWS], 2, np.float64)
    first = whole[RESCALE] == BY_FIRST and whole[PAIRS] == 0
    joined, gamma, slope = directions_advance(
        P, bands, count, reals[GAMMA], first, alpha, pointed(g_old, n), pointed(g_new, n)
    )
    whole[JOINED], reals[GAMMA], whole[COUNT] = joined, gamma, count + 1
    whole[PAIRS] += joined
    out = pointed(out, n)
    for i in range(n):
        out[i] = P[count, i]
    return slope


def _by_matrix(context, alpha, p, g_old, g_new, out):
    c = pointed(context, CONTEXT_SIZE)
    reals, whole = _numbers(c)
    n = c[SIZE]
    pair = matrix_at(c[B], 2, n, np.float64)
    rho, factor, slope = dense_advance(
        matrix_at(c[A], n, n, np.float64), pair[0], pair[1], reals[RHO], reals[C], alpha,
        pointed(p, n), pointed(g_old, n), pointed(g_new, n), pointed(out, n),
    )  # fmt: skip
    reals[RHO], reals[C] = rho, factor
    whole[PAIRS] += rho != 0.0
    return slope


def _by_ring(context, alpha, p, g_old, g_new, out):
    c = pointed(context, CONTEXT_SIZE)
    reals, whole = _numbers(c)
    n, m, pairs = c[SIZE], c[ROWS], whole[PAIRS]
    rescale = whole[RESCALE] == BY_NEWEST or (whole[RESCALE] == BY_FIRST and pairs == 0) or pairs == m
    oldest, pairs, gamma, slope = ring_advance(
        matrix_at(c[A], m, n, np.float64), matrix_at(c[B], m, n, np.float64), vector_at(c[V], m, np.float64),
        whole[OLDEST], pairs, reals[GAMMA], rescale, alpha,
        pointed(p, n), pointed(g_old, n), pointed(g_new, n), pointed(out, n),
    )  # fmt: skip
    whole[OLDEST], whole[PAIRS], reals[GAMMA] = oldest, pairs, gamma
    return slope


def _by_conjugacy(context, alpha, p, g_old, g_new, out):
    """Stretched so that the whole of the direction is the step to try first.

    That is the one that would change the value as much, to first order, as the last step did (Nocedal & Wright 2006,
    section 3.5).
    """
    c = pointed(context, CONTEXT_SIZE)
    reals, whole = _numbers(c)
    n = c[SIZE]
    p, g_old, out = pointed(p, n), pointed(g_old, n), pointed(out, n)
    reals[GAIN] = alpha * dot(p, g_old)
    slope = conjugate_advance(whole[BETA], reals[SCALE], p, g_old, pointed(g_new, n), out)
    scale = reals[GAIN] / slope if slope < 0.0 else 1.0
    if not (math.isfinite(scale) and scale > 0.0):
        scale = 1.0
    for i in range(n):
        out[i] *= scale
    reals[SCALE] = scale
    whole[PAIRS] += 1
    return slope * scale
