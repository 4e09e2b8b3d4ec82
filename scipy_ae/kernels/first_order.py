"""First-order methods: one evaluation, one step, as many as asked without a way back."""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels import native
from scipy_ae.kernels.machine import (
    ASK,
    DONE,
    EVALUATIONS,
    F_BEST,
    F_NEW,
    LOWEST,
    PHASE,
    SIDE,
    STEPS,
    F,
    answered,
    at,
    propose,
)  # fmt: skip
from scipy_ae.kernels.quasi_newton import dot, largest

GRADIENT_DESCENT, MOMENTUM, ADAPTIVE_ETA, ADAM, RPROP = range(5)
#: Why it stopped, beside ASK and DONE: no entry of the gradient is above gtol; no step lowers the value (guarded);
#: the value after the step is not finite (unguarded); no function is left to take a step on.
BY_GTOL, NO_STEP, NOT_FINITE, ENDED = range(2, 6)
#: Vectors, after the common ones: the step, and what is remembered: of the step, Adam's two moments, or the last
#: gradient and the length for each weight of Rprop.
STEP, M, V = 6, 7, 8
VECTORS = 9
#: Reals, after the common ones. ETA is what an adaptive one has become; A, B and C are a method's own parameters.
ETA, PART, GTOL, A, B, C = range(3, 9)
REALS = 9
#: Whole numbers, after the common ones: the method, whether it is guarded, whether it remembers anything, steps ever
#: taken, falls in a row and how many of them raise eta, halvings of the step that is tried, steps of a series.
KIND, GUARD, REMEMBERS, T, STREAK, PATIENCE, HALVINGS, TAKEN = range(6, 14)
WHOLE = 14
MOST_HALVINGS = 40
_PROPOSE, _TRIAL = range(2)


@njit(cache=True, nogil=True, error_model="numpy")
def first_order(address, context, vectors, reals, whole, size, steps):
    """Run on until ``whole[STEPS]`` is ``steps``, or something else comes between.

    Guarded, a step that would raise the value is halved until it does not; when that is not enough, what is remembered
    is emptied and the plain step tried.
    """
    while True:
        g = at(vectors, 2 * whole[SIDE] + 1, size)
        step, m, v = at(vectors, STEP, size), at(vectors, M, size), at(vectors, V, size)
        if whole[PHASE] == _PROPOSE:
            if largest(g) <= reals[GTOL]:
                return BY_GTOL
            if whole[STEPS] >= steps:
                return DONE
            _propose(reals, whole, g, m, v, step)
            reals[PART], whole[HALVINGS], whole[PHASE] = 1.0, 0, _TRIAL
            propose(vectors, whole, size, 1.0, step)
        if not answered(address, context, vectors, reals, whole, size):
            return ASK
        good = reals[F_NEW] <= reals[F] if whole[GUARD] else math.isfinite(reals[F_NEW])
        if not good and whole[GUARD] and whole[HALVINGS] < MOST_HALVINGS:
            reals[PART] *= 0.5
            whole[HALVINGS] += 1
            propose(vectors, whole, size, reals[PART], step)
            continue
        whole[PHASE] = _PROPOSE
        if good:
            _learn(reals, whole, m)
            reals[F] = reals[F_NEW]
            whole[SIDE] = 1 - whole[SIDE]
            whole[STEPS] += 1
        elif whole[GUARD] and whole[REMEMBERS]:
            _forget(reals, whole, m, v)
        else:
            return NO_STEP if whole[GUARD] else NOT_FINITE


@njit(cache=True, nogil=True, error_model="numpy")
def first_order_series(address, context, load, loader, vectors, reals, whole, size, most):
    """A step on each of at most ``most`` functions; DONE where there are more, ENDED where there are none.

    ``whole[TAKEN]`` counts the steps. Where a step need not be judged by the function that it was taken on, that is
    evaluated once: what is not finite is found on the next one, and the point before the step is where it ends.
    """
    judged = whole[GUARD] != 0 or whole[KIND] == ADAPTIVE_ETA
    for _ in range(most):
        x, g = at(vectors, 2 * whole[SIDE], size), at(vectors, 2 * whole[SIDE] + 1, size)
        if native.call(load, loader, x, g) == 0.0:
            return ENDED
        value = native.call(address, context, x, g)
        whole[EVALUATIONS] += 1
        if not math.isfinite(value) or not math.isfinite(dot(g, g)):
            if not judged and whole[TAKEN] > 0:
                whole[SIDE] = 1 - whole[SIDE]
            return NOT_FINITE
        reals[F] = reals[F_BEST] = value
        whole[LOWEST] = 2 * whole[SIDE]
        if judged:
            whole[PHASE] = whole[STEPS] = 0
            verdict = first_order(address, context, vectors, reals, whole, size, 1)
            whole[TAKEN] += whole[STEPS]
            if verdict == NOT_FINITE:
                return NOT_FINITE
        elif _exceeds(g, reals[GTOL]):
            step = at(vectors, STEP, size)
            _propose(reals, whole, g, at(vectors, M, size), at(vectors, V, size), step)
            y = at(vectors, 2 - 2 * whole[SIDE], size)
            for i in range(size):
                y[i] = x[i] + step[i]
            whole[SIDE] = 1 - whole[SIDE]
            whole[REMEMBERS] = whole[KIND] != GRADIENT_DESCENT
            whole[TAKEN] += 1
    return DONE


@njit(inline="always")
def _exceeds(g, gtol):
    """Whether any entry does, which is mostly known at the first."""
    for i in range(g.size):  # noqa: SIM110 - kernels know no generators
        if abs(g[i]) > gtol:
            return True
    return False


# inlined, so that there is one copy of it: a process that compiles would run one that was optimised by itself, and one
# that finds the kernel on disk another, which contracts other products
@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"}, forceinline=True)
def _propose(reals, whole, g, m, v, step):
    """The step from a point with gradient ``g``; brings up to date what is remembered."""
    kind, eta = whole[KIND], reals[ETA]
    whole[T] += 1
    if kind == ADAM:
        adam_step(m, v, g, whole[T], eta, reals[A], reals[B], reals[C], step)
    elif kind == MOMENTUM:
        for i in range(g.size):
            m[i] = reals[A] * m[i] - eta * g[i]
            step[i] = m[i]
    elif kind == RPROP:
        if not whole[REMEMBERS]:
            for i in range(g.size):
                v[i] = eta
        rprop_step(m, v, g, reals[A], reals[B], reals[C], step)
    else:
        for i in range(g.size):
            step[i] = -eta * g[i]


@njit(cache=True, error_model="numpy")
def _learn(reals, whole, m):
    """What the step that was taken tells: ``reals[F_NEW]`` after it, ``reals[PART]`` of it taken."""
    whole[REMEMBERS] = whole[KIND] != GRADIENT_DESCENT
    if whole[KIND] == MOMENTUM:
        if reals[PART] < 1.0:
            for i in range(m.size):
                m[i] *= reals[PART]
    elif whole[KIND] == ADAPTIVE_ETA:
        if reals[PART] == 1.0 and reals[F_NEW] < reals[F]:
            whole[STREAK] += 1
            if whole[STREAK] >= whole[PATIENCE]:
                reals[ETA], whole[STREAK] = reals[ETA] * reals[B], 0
        else:
            reals[ETA], whole[STREAK] = reals[ETA] * reals[C], 0


@njit(cache=True)
def _forget(reals, whole, m, v):
    """Back to the beginning; ``reals[A]`` is the eta that an adaptive one began with."""
    for i in range(m.size):
        m[i] = 0.0
        v[i] = 0.0
    whole[T] = whole[STREAK] = whole[REMEMBERS] = 0
    if whole[KIND] == ADAPTIVE_ETA:
        reals[ETA] = reals[A]


@njit(cache=True, fastmath={"nsz"}, error_model="numpy", inline="always")
def rprop_step(
    last: np.ndarray,  # (n,)
    length: np.ndarray,  # (n,)
    g: np.ndarray,  # (n,)
    up: float,
    down: float,
    longest: float,
    out: np.ndarray,  # (n,)
) -> None:
    """Bring each weight's ``length`` up to date with the gradient ``g`` and the ``last`` one; the step in ``out``.

    Igel & Hüsken (2003), "Empirical evaluation of the improved Rprop learning algorithms", iRprop-.
    """
    for i in range(g.size):
        same, now = g[i] * last[i], g[i]
        factor = up if same > 0.0 else (down if same < 0.0 else 1.0)
        length[i] = min(length[i] * factor, longest)
        now = 0.0 if same < 0.0 else now
        last[i] = now
        out[i] = length[i] * (-1.0 if now > 0.0 else (1.0 if now < 0.0 else 0.0))


@njit(cache=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy", inline="always")
def adam_step(
    m: np.ndarray,  # (n,)
    v: np.ndarray,  # (n,)
    g: np.ndarray,  # (n,)
    t: int,
    eta: float,
    beta1: float,
    beta2: float,
    eps: float,
    out: np.ndarray,  # (n,)
) -> None:
    """Update the moments ``m``, ``v`` with the gradient ``g`` of step ``t`` >= 1; the step in ``out``.

    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
    """
    unbias1 = 1.0 / (1.0 - beta1**t)
    unbias2 = 1.0 / (1.0 - beta2**t)
    for i in range(g.size):
        m[i] = beta1 * m[i] + (1.0 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i]
        out[i] = -eta * (m[i] * unbias1) / (math.sqrt(v[i] * unbias2) + eps)
