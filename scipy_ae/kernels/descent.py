"""Descent along directions: line search after line search, from evaluation to evaluation."""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels import curvature
from scipy_ae.kernels.line_search import ACCEPTED, EVALUATE, STEP, WALLS, search_begin, search_next
from scipy_ae.kernels.line_state import STATE_SIZE
from scipy_ae.kernels.machine import (
    ASK,
    DONE,
    F_NEW,
    PHASE,
    SIDE,
    STEPS,
    F,
    answered,
    at,
    propose,
)
from scipy_ae.kernels.quasi_newton import dot, largest

#: Why it stopped, beside ASK and DONE: no step is acceptable; the last step reached gtol, xrtol or ftol.
FAILED, BY_GTOL, BY_XRTOL, BY_FTOL = range(2, 6)
#: Vectors, after the common ones: this direction and the next.
P, P_NEW = 6, 7
VECTORS = 8
#: Reals, after the common ones: the value before, the slope, the rules; and from SEARCH on those of the line search.
F_BEFORE, SLOPE, GTOL, NORM, XRTOL, FTOL, C1, C2, SEARCH = range(3, 12)
REALS = SEARCH + STATE_SIZE
#: Whole numbers, after the common ones: which of the two directions is this one.
TURN = 6
WHOLE = 7
_SEARCH, _TRIAL = range(2)


@njit(cache=True, nogil=True, error_model="numpy")
def descend(address, context, learner, learned, vectors, reals, whole, size, steps):
    """Run on until ``whole[STEPS]`` is ``steps``, or something else comes between.

    ``address`` and ``context`` are those of the objective (``native.py``), 0 where it is not machine code; ``learner``
    and ``learned`` those of what the steps teach (``curvature.py``), which must have room for all of them.
    ``vectors`` is (VECTORS, n and more).
    """
    search = reals[SEARCH:]
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        p, p_new = at(vectors, P + whole[TURN], size), at(vectors, P_NEW - whole[TURN], size)
        g = at(vectors, here + 1, size)
        x_new, g_new = at(vectors, there, size), at(vectors, there + 1, size)
        if whole[PHASE] == _SEARCH:
            if whole[STEPS] >= steps:
                return DONE
            if not reals[SLOPE] < 0.0:
                search[WALLS] = 0.0
                return FAILED
            alpha = search_begin(search, reals[F], reals[F_BEFORE], reals[SLOPE], reals[C1], reals[C2])
            if not alpha > 0.0:  # the last step changed nothing, so there is no length to go by
                return FAILED
            propose(vectors, whole, size, alpha, p)
            whole[PHASE] = _TRIAL
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        verdict = search_next(search, reals[F_NEW], dot(g_new, p))
        alpha = search[STEP]
        if verdict == EVALUATE and alpha > 0.0:
            propose(vectors, whole, size, alpha, p)
            continue
        whole[PHASE] = _SEARCH
        if verdict != ACCEPTED:
            return FAILED
        length = alpha * math.sqrt(dot(p, p)) if reals[XRTOL] > 0.0 else 0.0
        reals[SLOPE] = curvature.call(learner, learned, alpha, p, g, g_new, p_new)
        verdict = reached(
            reals[GTOL], reals[NORM], reals[XRTOL], reals[FTOL], reals[F], reals[F_NEW], length, x_new, g_new
        )
        reals[F_BEFORE], reals[F] = reals[F], reals[F_NEW]
        whole[SIDE], whole[TURN] = 1 - whole[SIDE], 1 - whole[TURN]
        whole[STEPS] += 1
        if verdict != DONE:
            return verdict


@njit(cache=True, error_model="numpy")
def norm(g: np.ndarray, order: float) -> float:
    """The norm of that order: inf is the largest absolute entry, -inf the smallest, 0 counts those that are not 0."""
    if order == math.inf:
        return largest(g)
    if order == 2.0:
        return math.sqrt(dot(g, g))
    total, least = 0.0, math.inf
    for i in range(g.size):
        size = abs(g[i])
        least = min(least, size)
        total += size**order if order != 0.0 else (1.0 if size != 0.0 else 0.0)
    if order == -math.inf:
        return least
    return total if order == 0.0 else total ** (1.0 / order)


@njit(cache=True, error_model="numpy")
def reached(gtol, order, xrtol, ftol, f, f_new, length, x_new, g_new):
    """Which tolerance a step of that length has reached; DONE where none."""
    if norm(g_new, order) <= gtol:
        return BY_GTOL
    if xrtol > 0.0 and length <= xrtol * (xrtol + math.sqrt(dot(x_new, x_new))):
        return BY_XRTOL
    if ftol > 0.0 and f - f_new <= ftol * max(abs(f), abs(f_new), 1.0):
        return BY_FTOL
    return DONE
