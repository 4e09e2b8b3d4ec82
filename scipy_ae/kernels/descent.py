"""Descent along directions: line search after line search, from evaluation to evaluation.

:func:`descend` is a machine that stops where it needs somebody. An objective that is machine code it evaluates itself
and runs on, hundreds of steps without a way back; any other one is asked for, ``ASK``, and the machine called again
with the answer. The logic is the same for both.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels import curvature, native
from scipy_ae.kernels.line_search import ACCEPTED, EVALUATE, STEP, WALLS, search_begin, search_next
from scipy_ae.kernels.line_state import STATE_SIZE
from scipy_ae.kernels.quasi_newton import dot, largest
from scipy_ae.kernels.views import vector

#: Why it stopped: a value and gradient at the trial are wanted; all steps asked for are done; no step is acceptable;
#: the last step reached gtol, xrtol or ftol.
ASK, DONE, FAILED, BY_GTOL, BY_XRTOL, BY_FTOL = range(6)

#: Vectors: where it is, where it tries, the lowest point, each with its gradient; this direction and the next.
X, G, X_NEW, G_NEW, X_BEST, G_BEST, P, P_NEW = range(8)
VECTORS = 8
#: Reals, after those of the line search: values here, before, at the trial, lowest; the slope; the rules.
F, F_BEFORE, F_NEW, F_BEST, SLOPE, GTOL, NORM, XRTOL, FTOL, C1, C2 = range(STATE_SIZE, STATE_SIZE + 11)
REALS = STATE_SIZE + 11
#: Whole numbers: what comes next, steps done, evaluations made; which of each pair of vectors is which.
PHASE, STEPS, EVALUATIONS, SIDE, TURN, WAITING = range(6)
WHOLE = 6
_SEARCH, _TRIAL = range(2)


@njit(cache=True, nogil=True, inline="always")
def at(vectors, which, size):
    """One of the vectors, which lie apart from each other."""
    return vector(vectors, which * vectors.shape[1], size)


@njit(cache=True, nogil=True, error_model="numpy")
def descend(address, context, learner, learned, vectors, reals, whole, size, steps):
    """Run on until ``whole[STEPS]`` is ``steps``, or something else comes between.

    ``address`` and ``context`` are those of the objective (``native.py``), 0 where it is not machine code; ``learner``
    and ``learned`` those of what the steps teach (``curvature.py``), which must have room for all of them.
    ``vectors`` is (VECTORS, n and more).
    """
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        p, p_new = at(vectors, P + whole[TURN], size), at(vectors, P_NEW - whole[TURN], size)
        x, g = at(vectors, here, size), at(vectors, here + 1, size)
        x_new, g_new = at(vectors, there, size), at(vectors, there + 1, size)
        if whole[PHASE] == _SEARCH:
            if whole[STEPS] >= steps:
                return DONE
            if not _begin(reals, x, p, x_new):
                return FAILED
            whole[PHASE] = _TRIAL
        if whole[PHASE] == _TRIAL:
            if address == 0:
                whole[WAITING] = 1 - whole[WAITING]
                if whole[WAITING] == 1:
                    return ASK
            else:
                whole[EVALUATIONS] += 1
                _evaluate(address, context, x_new, g_new, vectors, reals, size)
            verdict = search_next(reals, reals[F_NEW], dot(g_new, p))
            if verdict == EVALUATE and reals[STEP] > 0.0:
                _move(x, reals[STEP], p, x_new)
                continue
            if verdict != ACCEPTED:
                whole[PHASE] = _SEARCH
                return FAILED
        alpha = reals[STEP]
        length = alpha * math.sqrt(dot(p, p)) if reals[XRTOL] > 0.0 else 0.0
        reals[SLOPE] = curvature.call(learner, learned, alpha, p, g, g_new, p_new)
        reached = _reached(reals, length, x_new, g_new)
        reals[F_BEFORE], reals[F] = reals[F], reals[F_NEW]
        whole[SIDE], whole[TURN], whole[PHASE] = 1 - whole[SIDE], 1 - whole[TURN], _SEARCH
        whole[STEPS] += 1
        if reached != DONE:
            return reached


@njit(cache=True, error_model="numpy", inline="always")
def _begin(reals, x, p, x_new):
    """Place the first trial along ``p``; False where there is none."""
    if not reals[SLOPE] < 0.0:
        reals[WALLS] = 0.0
        return False
    alpha = search_begin(reals[:STATE_SIZE], reals[F], reals[F_BEFORE], reals[SLOPE], reals[C1], reals[C2])
    _move(x, alpha, p, x_new)
    return alpha > 0.0  # else the last step changed nothing, so there is no length to go by


@njit(cache=True)
def _move(x, alpha, p, out):
    for i in range(x.size):
        out[i] = x[i] + alpha * p[i]


@njit(cache=True, error_model="numpy", inline="always")
def _evaluate(address, context, x_new, g_new, vectors, reals, size):
    """Value and gradient at the trial, NaN where either is not finite; the lowest point is kept."""
    value = native.call(address, context, x_new, g_new)
    if not math.isfinite(value) or not math.isfinite(dot(g_new, g_new)):
        value = math.nan
    elif value < reals[F_BEST]:
        reals[F_BEST] = value
        x_best, g_best = at(vectors, X_BEST, size), at(vectors, G_BEST, size)
        for i in range(size):
            x_best[i] = x_new[i]
        for i in range(size):
            g_best[i] = g_new[i]
    reals[F_NEW] = value


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
def _reached(reals, length, x_new, g_new):
    """Which tolerance the step has reached; DONE where none."""
    if norm(g_new, reals[NORM]) <= reals[GTOL]:
        return BY_GTOL
    if reals[XRTOL] > 0.0 and length <= reals[XRTOL] * (reals[XRTOL] + math.sqrt(dot(x_new, x_new))):
        return BY_XRTOL
    small = reals[FTOL] * max(abs(reals[F]), abs(reals[F_NEW]), 1.0)
    if reals[FTOL] > 0.0 and reals[F] - reals[F_NEW] <= small:
        return BY_FTOL
    return DONE
