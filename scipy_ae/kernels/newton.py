"""Newton's method without a matrix, from evaluation to evaluation and from product to product.

Both forms stop where they need somebody: for a value and gradient (``ASK``) or a product (``PRODUCT``) of what is not
machine code; for the diagonal that the preconditioner is made of (``SCALE``), where one is wanted, to be put into its
row of ``inner``; and for what ``krylov.py`` stops for. ``producer`` is the address of the machine code for products,
``scaler`` that of a model that knows the diagonal (``quadratic.py``), with its context, 0 for none; ``inner``,
``numbers`` and ``states`` are vectors, reals and whole numbers of ``krylov.py``.
"""

import math

from numba import njit

from scipy_ae.kernels import krylov as K
from scipy_ae.kernels import quadratic
from scipy_ae.kernels.descent import FAILED, reached
from scipy_ae.kernels.krylov import READY
from scipy_ae.kernels.machine import ASK, DONE, F_NEW, PHASE, SIDE, STEPS, F, answered, at, propose
from scipy_ae.kernels.quasi_newton import dot

#: Why it stopped, beside those: the preconditioner is wanted; the curvature is not finite.
SCALE, NOT_FINITE = 20, 21
#: Vectors, after the common ones: the step.
STEP = 6
VECTORS = 7
#: Reals, after the common ones: the rules; the norm of the first gradient; how far the model falls along the step; then
#: of the damped form the damping, the size of the largest curvature, tau; of the other one the radius, its bound, eta.
GTOL, NORM, XRTOL, FTOL, FIRST, PREDICTED, MU, LARGEST, TAU = range(3, 12)
RADIUS, BOUND, ETA = range(9, 12)
#: ... and the power to which the preconditioner is taken.
EXPONENT = 12
REALS = 13
#: Whole numbers, after the common ones: trials that were not finite; whether there is a preconditioner; failures on
#: end, whether the row STEP holds a step to begin from, the rule of the damping, the rule of conjugate gradients,
#: whether an answer about the preconditioner is awaited.
WALLS, SCALED, FAILURES, WARM, NIELSEN, FORCING, AWAITED = range(6, 13)
WHOLE = 13
#: mu is kept above this part of the largest curvature: less is lost in rounding.
LEAST = 1e-15
#: Failures on end that the delayed rule takes calmly.
_PATIENCE = 5
#: The preconditioner is kept above this part of its largest entry.
_FLOOR = 1e-10
_BEGIN, _SCALE, _MODEL, _SOLVE, _TRY, _LOOK = range(6)


@njit(cache=True, error_model="numpy")
def worse(mu, failures, largest, nielsen):
    """The damping after a trial that failed."""
    return max(mu, LEAST * largest) * 2.0 ** (1 + max(0, failures - (0 if nielsen else _PATIENCE)))


@njit(cache=True, error_model="numpy")
def better(mu, gain, nielsen):
    """The damping after a trial that succeeded, fun having fallen by ``gain`` times what was foretold."""
    return mu * max(1.0 / 3.0, 1.0 - (2.0 * min(gain, 2.0) - 1.0) ** 3) if nielsen else mu * (1.0 / 3.0)


@njit(cache=True, nogil=True, error_model="numpy")
def damped(
    address, context, producer, scaler, known, falls, inner, numbers, states, allowed, vectors, reals, whole, size,
    steps,
):  # fmt: skip
    """Steps that minimise the damped model, by conjugate gradients."""
    step, image = at(vectors, STEP, size), at(inner, K.IMAGE, size)
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        x, g = at(vectors, here, size), at(vectors, here + 1, size)
        if whole[PHASE] == _BEGIN:
            if whole[STEPS] >= steps:
                return DONE
            K.downhill(x, g, inner, states)
            numbers[K.ETA] = _forcing(g, reals) if whole[FORCING] != 0 else 0.0
            whole[PHASE], whole[WALLS] = _SCALE, 0
        if whole[PHASE] == _SCALE:
            if whole[SCALED] != 0:
                w = at(inner, K.W, size)
                if not _scaled(scaler, known, x, w, reals[MU], reals[EXPONENT], whole, states):
                    return SCALE
                for i in range(size):
                    w[i] = 1.0 / w[i]
            whole[PHASE] = _MODEL
        if whole[PHASE] == _MODEL:
            verdict = K.imaged(producer, context, inner, K.P, states, size, allowed)
            if verdict != READY:
                return verdict
            reals[LARGEST] = abs(dot(g, image)) / dot(g, g)
            if not math.isfinite(reals[LARGEST]):
                return NOT_FINITE
            if reals[MU] == 0.0:
                reals[MU] = reals[TAU] * (reals[LARGEST] if reals[LARGEST] > 0.0 else 1.0)
            reals[MU] = max(reals[MU], LEAST * reals[LARGEST])
            whole[PHASE] = _TRY
        if whole[PHASE] == _TRY:
            if not math.isfinite(reals[MU]):
                return FAILED
            begin = at(inner, K.X, size)
            for i in range(size):
                begin[i] = K.KEPT * step[i] if whole[WARM] != 0 else 0.0
            numbers[K.MU], states[K.PHASE], states[K.SIZE] = reals[MU], K.BEGIN, 0
            whole[PHASE] = _SOLVE
        if whole[PHASE] == _SOLVE:
            verdict = K.conjugate_gradients(producer, context, falls, inner, numbers, states, size, allowed)
            if verdict in (K.PRODUCT, K.PAUSE):
                return verdict
            if not _solved(verdict, g, step, inner, reals, whole):
                worsened(reals, whole)
                whole[PHASE] = _TRY
                continue
            propose(vectors, whole, size, 1.0, step)
            if same(x, at(vectors, there, size)):
                return FAILED
            whole[PHASE] = _LOOK
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        states[K.FRESH] = 1
        if not accepted(g, at(vectors, there + 1, size), reals, whole):
            whole[PHASE] = _TRY
            continue
        verdict = taken(vectors, reals, whole, size)
        if verdict != DONE:
            return verdict


@njit(cache=True, nogil=True, error_model="numpy")
def within_radius(
    address, context, producer, scaler, known, basis, space, most, inner, numbers, states, allowed, vectors, reals,
    whole, size, steps,
):  # fmt: skip
    """Steps to the minimum of the model in a Krylov space within the radius, which follows what fun makes of them."""
    step, root = at(vectors, STEP, size), at(inner, K.ROOT, size)
    while True:
        here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
        x, g = at(vectors, here, size), at(vectors, here + 1, size)
        if whole[PHASE] == _BEGIN:
            if whole[STEPS] >= steps:
                return DONE
            K.place(x, inner, states)
            whole[PHASE], whole[WALLS] = _SCALE, 0
        if whole[PHASE] == _SCALE:
            if whole[SCALED] != 0:
                if not _scaled(scaler, known, x, root, 0.0, reals[EXPONENT], whole, states):
                    return SCALE
                for i in range(size):
                    root[i] = math.sqrt(root[i])
            whole[PHASE] = _MODEL
        if whole[PHASE] == _MODEL:
            first = basis[0]
            for i in range(size):
                first[i] = g[i] / root[i]
            numbers[K.LENGTH] = math.sqrt(dot(first, first))
            for i in range(size):
                first[i] /= numbers[K.LENGTH]
            numbers[K.FORCING] = _forcing(g, reals)
            numbers[K.RADIUS], numbers[K.FALL], states[K.SIZE] = reals[RADIUS], 0.0, 0
            whole[PHASE] = _SOLVE
        if whole[PHASE] == _SOLVE:
            verdict = K.lanczos(producer, context, basis, space, most, inner, numbers, states, size, allowed)
            if verdict in (K.PRODUCT, K.PAUSE, K.FULL):
                return verdict
            if states[K.SIZE] == 0:
                return NOT_FINITE
            whole[PHASE] = _TRY
        k = states[K.SIZE]
        if whole[PHASE] == _TRY:
            numbers[K.RADIUS] = reals[RADIUS]
            K.within(space, numbers, k)
            reals[PREDICTED] = numbers[K.FALL]
            K.combined(basis, space[K.H, :k], step)
            for i in range(size):
                step[i] /= root[i]
            propose(vectors, whole, size, 1.0, step)
            if same(x, at(vectors, there, size)):
                return FAILED
            whole[PHASE] = _LOOK
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        states[K.FRESH] = 1
        whole[WALLS] += math.isnan(reals[F_NEW])
        gain = _gain(space[K.H, :k], reals)
        equal = reals[F_NEW] == reals[F] and _lower(reals, g, at(vectors, there + 1, size))
        if not (gain > reals[ETA] or equal):
            whole[PHASE] = _TRY
            continue
        verdict = taken(vectors, reals, whole, size)
        if verdict != DONE:
            return verdict


@njit(cache=True, error_model="numpy")
def _scaled(scaler, known, x, out, mu, exponent, whole, states):
    """Have the preconditioner at x in ``out``; False where somebody has to be asked for what it is made of."""
    if scaler == 0:
        whole[AWAITED] = 1 - whole[AWAITED]
        if whole[AWAITED] == 1:
            return False
    else:
        quadratic.call(scaler, known, quadratic.BUILD, x, x, 0.0, x, out)
        states[K.PRODUCTS] += 1
    top = 0.0
    for i in range(out.size):
        top = max(top, out[i])
    floor = _FLOOR * top if top > 0.0 else 1.0
    for i in range(out.size):
        out[i] = max(out[i] + mu, floor) ** exponent
    return True


@njit(cache=True, error_model="numpy")
def _forcing(g, reals):
    """The part of the gradient's norm that a solution may leave (Eisenstat & Walker 1996)."""
    return min(0.5, math.sqrt(math.sqrt(dot(g, g)) / reals[FIRST]))


@njit(cache=True, error_model="numpy")
def _solved(verdict, g, step, inner, reals, whole):
    """Take what conjugate gradients have found for the step; False where the model does not fall along it."""
    s = at(inner, K.X, g.size)
    reals[PREDICTED] = K.fall(verdict, reals[MU], g, inner)
    whole[WARM] = reals[PREDICTED] > 0.0
    if whole[WARM] == 0:
        return False
    for i in range(g.size):
        step[i] = s[i]
    return True


@njit(cache=True, error_model="numpy")
def accepted(g, g_new, reals, whole):
    """Whether the trial is lower; the damping follows."""
    if not _lower(reals, g, g_new):
        whole[WALLS] += math.isnan(reals[F_NEW])
        worsened(reals, whole)
        return False
    reals[MU] = better(reals[MU], (reals[F] - reals[F_NEW]) / reals[PREDICTED], whole[NIELSEN] != 0)
    whole[FAILURES] = 0
    return True


@njit(cache=True, error_model="numpy")
def worsened(reals, whole):
    """Raise the damping after a trial that failed."""
    reals[MU] = worse(reals[MU], whole[FAILURES], reals[LARGEST], whole[NIELSEN] != 0)
    whole[FAILURES] += 1


@njit(cache=True, error_model="numpy")
def _gain(h, reals):
    """What fun fell by, in terms of what was foretold; the radius follows."""
    finite = reals[PREDICTED] > 0.0 and math.isfinite(reals[F_NEW])
    gain = (reals[F] - reals[F_NEW]) / reals[PREDICTED] if finite else -1.0
    length = math.sqrt(dot(h, h))
    if gain < 0.25:
        reals[RADIUS] = 0.25 * length
    elif gain > 0.25 and length > K.EDGE * reals[RADIUS]:
        reals[RADIUS] = min(2.0 * reals[RADIUS], reals[BOUND])
    return gain


@njit(cache=True)
def same(x, x_new):
    """Whether a step is lost in rounding."""
    differ = 0
    for i in range(x.size):
        differ += x[i] != x_new[i]
    return differ == 0


@njit(cache=True, error_model="numpy")
def _lower(reals, g, g_new):
    """Whether fun fell, or, where its digits are used up, at least the gradient."""
    if reals[F_NEW] == reals[F]:
        return math.sqrt(dot(g_new, g_new)) < math.sqrt(dot(g, g))
    return reals[F_NEW] < reals[F]


@njit(cache=True, error_model="numpy")
def taken(vectors, reals, whole, size):
    """Take the step; which tolerance it has reached."""
    there, step = 2 - 2 * whole[SIDE], at(vectors, STEP, size)
    length = math.sqrt(dot(step, step)) if reals[XRTOL] > 0.0 else 0.0
    verdict = reached(
        reals[GTOL], reals[NORM], reals[XRTOL], reals[FTOL], reals[F], reals[F_NEW], length,
        at(vectors, there, size), at(vectors, there + 1, size),
    )  # fmt: skip
    reals[F] = reals[F_NEW]
    whole[SIDE], whole[PHASE] = 1 - whole[SIDE], _BEGIN
    whole[STEPS] += 1
    return verdict
