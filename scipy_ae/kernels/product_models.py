"""Quadratic models that are known by products alone, as machine code: ``quadratic.py`` tells how it is called.

Products are those of ``second_order.py``, by the address and context of any such code. ``products`` minimises by
conjugate gradients, from 0.95 of the step before, where ``scale`` is 1; ``columns`` works out the whole matrix B, (n,
n), from its products with the unit vectors. Where more than ``ALLOWED`` products are made since somebody counted them
the answer is ``UNFINISHED``.
"""

import math
from functools import cache

import numpy as np
from numba import cfunc, njit

from scipy_ae.kernels import krylov as K
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.machine import at
from scipy_ae.kernels.quadratic import BUILD, SIGNATURE, TRIAL, UNFINISHED, damped_minimum, largest
from scipy_ae.kernels.quasi_newton import dot
from scipy_ae.kernels.views import matrix_at, pointed, vector_at

#: The context, by index: sizes, STRIDE being that from vector to vector and MOST the bound on conjugate gradients; the
#: address of the products and of their context; LAPACK's; those of the arrays of ``krylov.py``, and of the two matrices
#: of ``columns``.
SIZE, STRIDE, MOST, ALLOWED, PRODUCER, KNOWN, POTRF, TRSV = range(8)
VECTORS, NUMBERS, STATES, FALLS, MATRIX, ROOM = range(8, 14)
CONTEXT_SIZE = 14
#: Whole numbers, after those of ``krylov.py``: whether something is under way; whether X holds a step to begin from.
STARTED, WARM = range(K.WHOLE, K.WHOLE + 2)
WHOLE = K.WHOLE + 2


@cache
def address_of(form: str) -> int:
    """The address of the model by ``products`` or ``columns``."""
    function = {"products": _products, "columns": _columns}[form]
    return cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(function).address


def _products(context, what, theta, g, mu, scale, step):
    c = pointed(context, CONTEXT_SIZE)
    n, producer, known = c[SIZE], c[PRODUCER], vector_at(c[KNOWN], 0, np.intp)
    theta, g, step = pointed(theta, n), pointed(g, n), pointed(step, n)
    vectors = matrix_at(c[VECTORS], K.CG_VECTORS, c[STRIDE], np.float64)
    numbers, states = vector_at(c[NUMBERS], K.CG_REALS, np.float64), vector_at(c[STATES], WHOLE, np.int64)
    if states[STARTED] == 0 and what == BUILD:
        K.downhill(theta, g, vectors, states)
    elif states[STARTED] == 0:
        _begin(mu, vectors, numbers, states, n)
    states[STARTED] = 1
    if what == BUILD:
        verdict = K.imaged(producer, known, vectors, K.P, states, n, c[ALLOWED])
    else:
        falls = vector_at(c[FALLS], c[MOST], np.float64)
        verdict = K.conjugate_gradients(producer, known, falls, vectors, numbers, states, n, c[ALLOWED])
    if verdict == K.PAUSE:
        return UNFINISHED
    states[STARTED] = 0
    if what == BUILD:
        return abs(dot(g, at(vectors, K.IMAGE, n))) / dot(g, g)
    return _found(verdict, mu, g, vectors, states, step)


def _columns(context, what, theta, g, mu, scale, step):
    c = pointed(context, CONTEXT_SIZE)
    n = c[SIZE]
    theta, g, scale, step = pointed(theta, n), pointed(g, n), pointed(scale, n), pointed(step, n)
    B = matrix_at(c[MATRIX], n, n, np.float64)
    if what == TRIAL:
        return damped_minimum(c[POTRF], c[TRSV], B, mu, scale, matrix_at(c[ROOM], n, n, np.float64), g, step)
    vectors = matrix_at(c[VECTORS], K.CG_VECTORS, c[STRIDE], np.float64)
    states = vector_at(c[STATES], WHOLE, np.int64)
    if states[STARTED] == 0:
        K.place(theta, vectors, states)
        states[STARTED], states[K.SIZE] = 1, 0
    if filled(c[PRODUCER], vector_at(c[KNOWN], 0, np.intp), B, vectors, states, n, c[ALLOWED]) != K.READY:
        return UNFINISHED
    states[STARTED] = 0
    return largest(B, step)


@njit(cache=True, nogil=True, error_model="numpy")
def filled(address, context, matrix, vectors, states, size, allowed):
    """READY once ``matrix`` is made of its products with the unit vectors, through row P; else why it is not.

    ``states[SIZE]`` of them are made already.
    """
    unit, image = at(vectors, K.P, size), at(vectors, K.IMAGE, size)
    while states[K.SIZE] < size:
        k = states[K.SIZE]
        for i in range(size):
            unit[i] = 1.0 if i == k else 0.0
        verdict = K.imaged(address, context, vectors, K.P, states, size, allowed)
        if verdict != K.READY:
            return verdict
        for i in range(size):
            matrix[k, i] = image[i]
        states[K.SIZE] += 1
    _symmetrise(matrix)
    return K.READY


@njit(cache=True, nogil=True)
def _symmetrise(matrix):
    """Half of it and its transpose, tile by tile."""
    n, tile = matrix.shape[0], 32
    for top in range(0, n, tile):
        for left in range(0, top + 1, tile):
            for i in range(top, min(top + tile, n)):
                for j in range(left, min(left + tile, i)):
                    mean = 0.5 * (matrix[i, j] + matrix[j, i])
                    matrix[i, j], matrix[j, i] = mean, mean


@njit(cache=True, error_model="numpy")
def _begin(mu, vectors, numbers, states, size):
    """Set conjugate gradients to where a trial begins; what was evaluated in between nobody knows."""
    x = at(vectors, K.X, size)
    for i in range(size):
        x[i] = K.KEPT * x[i] if states[WARM] != 0 else 0.0
    numbers[K.MU], states[K.PHASE], states[K.SIZE], states[K.FRESH] = mu, K.BEGIN, 0, 1


@njit(cache=True, error_model="numpy")
def _found(verdict, mu, g, vectors, states, step):
    """Take what conjugate gradients have found for the step; how far the model falls along it, NaN for no minimum."""
    fall = K.fall(verdict, mu, g, vectors)
    states[WARM] = fall > 0.0
    if not math.isnan(fall):
        s = at(vectors, K.X, g.size)
        for i in range(g.size):
            step[i] = s[i]
    return fall
