"""Levenberg-Marquardt and Gauss-Newton, from evaluation to evaluation.

Both stop where they need somebody, as ``newton.py`` tells: for the model at x (``MODEL``), with ``reals[LARGEST]`` and,
of a damping that is scaled, the diagonal of B in ``STEP`` to be filled; for its minimum (``SOLVE``) with
``reals[MU]``, to be put into ``STEP`` with how far the model falls in ``reals[PREDICTED]``, NaN for no minimum; and for
an evaluation (``ASK``). They also stop after so many trials, or where a model is unfinished (``PAUSE``), so that
Ctrl-C is heard within a long step. ``model`` is the address of machine code for the first two (``quadratic.py``), with
its context ``known``; 0 for none.
"""

import math

from numba import njit

from scipy_ae.kernels import quadratic
from scipy_ae.kernels.line_search import ACCEPTED, EVALUATE, STATE_SIZE, search_begin, search_next
from scipy_ae.kernels.line_search import STEP as LENGTH
from scipy_ae.kernels.line_search import WALLS as WALLS_MET
from scipy_ae.kernels.machine import ASK, DONE, F_NEW, PHASE, SIDE, STEPS, F, answered, at, propose
from scipy_ae.kernels.newton import (
    AWAITED,
    FAILED,
    LARGEST,
    LEAST,
    MU,
    NOT_FINITE,
    PREDICTED,
    STEP,
    TAU,
    WALLS,
    accepted,
    same,
    taken,
    worsened,
)  # fmt: skip
from scipy_ae.kernels.quasi_newton import dot

#: Why it stopped, beside those; of a part, that nothing did.
MODEL, SOLVE, PAUSE, _READY = 30, 31, 32, 33
#: Vectors, after the step: what mu is multiplied by, (n,).
SCALE = 7
VECTORS = 8
#: Reals, after those of ``newton.py``: of the line search. TAU is the regularisation of Gauss-Newton.
C1, C2, SEARCH = range(13, 16)
REALS = SEARCH + STATE_SIZE
#: Whole numbers, after those of ``newton.py``: whether the damping is scaled by the diagonal of B; models made;
#: trials made, and how many may be made before the next pause. AWAITED is that of an answer about the model.
SCALED, BUILT, TRIALS, ALLOWED = range(13, 17)
WHOLE = 17
_BEGIN, _MODEL, _TRY, _SOLVE, _LOOK = range(5)


@njit(cache=True, nogil=True, error_model="numpy")
def levenberg_marquardt(address, context, model, known, vectors, reals, whole, size, steps):
    """Steps that minimise the damped model; one is done where fun is lower."""
    step, scale = at(vectors, STEP, size), at(vectors, SCALE, size)
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        x, g = at(vectors, here, size), at(vectors, here + 1, size)
        if whole[PHASE] != _LOOK:
            verdict = _tried(model, known, x, g, scale, step, reals, whole, steps, False)
            if verdict != _READY:
                return verdict
            if not reals[PREDICTED] > 0.0:
                worsened(reals, whole)
                whole[PHASE] = _TRY
                continue
            propose(vectors, whole, size, 1.0, step)
            if same(x, at(vectors, there, size)):
                return FAILED
            whole[PHASE] = _LOOK
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        if not accepted(g, at(vectors, there + 1, size), reals, whole):
            whole[PHASE] = _TRY
            continue
        verdict = taken(vectors, reals, whole, size)
        if verdict != DONE:
            return verdict


@njit(cache=True, nogil=True, error_model="numpy")
def gauss_newton(address, context, model, known, vectors, reals, whole, size, steps):
    """Whole steps of a model that is hardly damped, shortened by a line search; where there is none mu is raised."""
    step, scale, search = at(vectors, STEP, size), at(vectors, SCALE, size), reals[SEARCH:]
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        x, g = at(vectors, here, size), at(vectors, here + 1, size)
        if whole[PHASE] != _LOOK:
            verdict = _tried(model, known, x, g, scale, step, reals, whole, steps, True)
            if verdict != _READY:
                return verdict
            slope = dot(g, step)
            if math.isnan(reals[PREDICTED]) or not slope < 0.0:
                _raise(reals, whole)
                continue
            propose(vectors, whole, size, search_begin(search, reals[F], math.inf, slope, reals[C1], reals[C2]), step)
            if same(x, at(vectors, there, size)):
                return FAILED
            whole[PHASE] = _LOOK
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        verdict = search_next(search, reals[F_NEW], dot(at(vectors, there + 1, size), step))
        if verdict == EVALUATE and search[LENGTH] > 0.0:
            propose(vectors, whole, size, search[LENGTH], step)
            continue
        if verdict != ACCEPTED:
            whole[WALLS] += int(search[WALLS_MET])
            _raise(reals, whole)
            continue
        for i in range(size):
            step[i] *= search[LENGTH]
        verdict = taken(vectors, reals, whole, size)
        if verdict != DONE:
            return verdict


@njit(cache=True, error_model="numpy")
def _tried(model, known, x, g, scale, step, reals, whole, steps, searches):
    """Have the minimum of the damped model of x in ``step``; why that cannot be, where it cannot.

    ``searches`` where a line search follows: then mu is as small as it may be.
    """
    if whole[PHASE] == _BEGIN:
        if whole[STEPS] >= steps:
            return DONE
        whole[PHASE], whole[WALLS] = _MODEL, 0
    if whole[PHASE] == _MODEL:
        verdict = _built(model, known, x, g, scale, step, reals, whole)
        if verdict != _READY:
            return verdict
        if not math.isfinite(reals[LARGEST]):
            return NOT_FINITE
        if searches:
            least = max(reals[TAU], LEAST) * reals[LARGEST]
            reals[MU] = max(least if least > 0.0 else LEAST, reals[MU] / 10.0)
        else:
            _prepare(step, scale, reals, whole[SCALED] != 0)
        whole[PHASE] = _TRY
    if whole[PHASE] == _TRY:
        if not math.isfinite(reals[MU]):
            return FAILED
        if whole[TRIALS] >= whole[ALLOWED]:
            return PAUSE
        whole[TRIALS] += 1
        whole[PHASE] = _SOLVE
    return _minimised(model, known, x, g, scale, step, reals, whole)


@njit(cache=True, error_model="numpy")
def _built(model, known, x, g, scale, step, reals, whole):
    """Have the model of x; why that cannot be, where it cannot."""
    if model == 0:
        whole[AWAITED] = 1 - whole[AWAITED]
        return MODEL if whole[AWAITED] == 1 else _READY
    reals[LARGEST] = quadratic.call(model, known, quadratic.BUILD, x, g, 0.0, scale, step)
    if reals[LARGEST] == quadratic.UNFINISHED:
        return PAUSE
    whole[BUILT] += 1
    return _READY


@njit(cache=True, error_model="numpy")
def _minimised(model, known, x, g, scale, step, reals, whole):
    """Have the step that minimises it; why that cannot be, where it cannot."""
    if model == 0:
        whole[AWAITED] = 1 - whole[AWAITED]
        return SOLVE if whole[AWAITED] == 1 else _READY
    reals[PREDICTED] = quadratic.call(model, known, quadratic.TRIAL, x, g, reals[MU], scale, step)
    return PAUSE if reals[PREDICTED] == quadratic.UNFINISHED else _READY


@njit(cache=True, error_model="numpy")
def _prepare(diagonal, scale, reals, scaled):
    """Set mu and its scale for a new model."""
    largest = reals[LARGEST]
    if scaled:
        # never less than before, so that a weight that has become idle is not let go (Moré 1978)
        for i in range(scale.size):
            scale[i] = max(max(abs(diagonal[i]), 1e-8 * largest), scale[i])
        largest = 1.0
    if reals[MU] == 0.0:
        reals[MU] = reals[TAU] * (largest if largest > 0.0 else 1.0)
    reals[MU] = max(reals[MU], LEAST * largest)


@njit(cache=True, error_model="numpy")
def _raise(reals, whole):
    reals[MU] *= 10.0
    whole[PHASE] = _TRY
