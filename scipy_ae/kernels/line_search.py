"""A step length that satisfies the strong Wolfe conditions, as a machine driven by evaluations.

Along a descent direction ``p`` the search looks at phi(a) = fun(theta + a p) and its slope
phi'(a) = jac(theta + a p) . p, and accepts a step ``a`` when

    phi(a) <= phi(0) + c1 a phi'(0)    and    |phi'(a)| <= c2 |phi'(0)|.

It never calls the objective: :func:`search_begin` proposes a first step, the driver evaluates there, hands
the value and the slope to :func:`search_next`, and goes on until the verdict is no longer ``EVALUATE``.
A driver in Python and a driver that is compiled itself use the same two calls. All that the search
remembers lies in one float array of length ``STATE_SIZE``.

Three searches stand behind each other:

1. the interpolating search of Moré & Thuente (1994), "Line search algorithms with guaranteed sufficient
   decrease", ACM TOMS 20, 286-307, with the constants of MINPACK-2;
2. when it gives up, bracketing and zoom: Nocedal & Wright (2006), "Numerical Optimization",
   algorithms 3.5 and 3.6;
3. when both give up and one of them met a value that is not finite, the lowest point with sufficient
   decrease: there the wanted step lies behind a wall, and no step satisfies both conditions.

The first two take the steps that ``scipy.optimize``'s BFGS takes, in the same arithmetic.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels.line_interpolation import interpolate_next, interpolate_shorter, interpolate_start
from scipy_ae.kernels.line_state import (
    ACCEPTED,
    BEST,
    BRACKET,
    C1,
    C2,
    CEILING,
    D_BEST,
    EVALUATE,
    F0,
    F_BEST,
    F_OTHER,
    F_RECENT,
    F_SAFE,
    FAILED,
    FIRST,
    INTERPOLATE,
    OTHER,
    PHASE,
    RECENT,
    ROUNDS,
    SAFE,
    SETTLE,
    SLOPE0,
    STATE_SIZE,
    STEP,
    STEP_MAX,
    STEP_MIN,
    TRIALS,
    WALLS,
    ZOOM,
)

__all__ = ["ACCEPTED", "EVALUATE", "FAILED", "STATE_SIZE", "STEP", "WALLS", "search_begin", "search_next"]

_MAX_TRIALS, _MAX_DOUBLINGS, _MAX_ZOOMS = 99, 10, 10


@njit(cache=True, error_model="numpy")
def search_begin(state: np.ndarray, f: float, f_before: float, slope: float, c1: float, c2: float) -> float:
    """First step to try from value ``f`` and ``slope`` < 0; ``f_before`` is the value one iterate earlier.

    The trial is the one that would repeat the last decrease on a quadratic, at most 1 (Nocedal & Wright,
    eq. 3.60); ``f_before = inf`` asks for 1, and ``f_before = f`` gives 0: there is nothing to try.
    """
    state[:] = 0.0
    first = 1.0
    if slope != 0.0:
        guess = 1.01 * 2.0 * (f - f_before) / slope
        if guess < first:
            first = guess
        if first < 0.0:
            first = 1.0
    state[F0], state[SLOPE0], state[C1], state[C2] = f, slope, c1, c2
    state[FIRST], state[CEILING] = first, STEP_MAX
    if first < STEP_MIN:
        _bracket_start(state)
    else:
        interpolate_start(state, first)
    return state[STEP]


@njit(cache=True, error_model="numpy")
def search_next(state: np.ndarray, f: float, slope: float) -> int:
    """Take value and slope at ``state[STEP]``; EVALUATE (a new ``state[STEP]``), ACCEPTED or FAILED."""
    state[TRIALS] += 1
    step = state[STEP]
    finite = math.isfinite(f) and math.isfinite(slope)
    if not finite:
        state[WALLS] += 1
        f = np.inf
    elif f <= state[F0] + state[C1] * step * state[SLOPE0] and (state[SAFE] == 0.0 or f < state[F_SAFE]):
        state[SAFE], state[F_SAFE] = step, f

    phase = state[PHASE]
    if phase == SETTLE:
        return ACCEPTED if finite else FAILED
    if phase == INTERPOLATE:
        verdict = interpolate_next(state, f, slope) if finite else interpolate_shorter(state)
        if verdict == EVALUATE and state[TRIALS] >= _MAX_TRIALS:
            verdict = FAILED
        if verdict == FAILED and not (state[WALLS] > 0.0 and state[SAFE] > 0.0):
            return _bracket_start(state)
    elif phase == BRACKET:
        verdict = _bracket_next(state, f, slope)
    else:
        verdict = _zoom_next(state, f, slope)
    if verdict == FAILED and state[WALLS] > 0.0 and state[SAFE] > 0.0:
        state[STEP], state[PHASE] = state[SAFE], SETTLE
        return ACCEPTED if state[SAFE] == step else EVALUATE
    return verdict


# ------------------------------------------------------------------ Nocedal & Wright, bracketing and zoom


@njit(cache=True, error_model="numpy")
def _bracket_start(state: np.ndarray) -> int:
    state[PHASE], state[ROUNDS], state[STEP] = BRACKET, 0.0, state[FIRST]
    state[BEST], state[F_BEST], state[D_BEST] = 0.0, state[F0], state[SLOPE0]
    return EVALUATE if state[STEP] > 0.0 else FAILED


@njit(cache=True, error_model="numpy")
def _bracket_next(state: np.ndarray, f: float, slope: float) -> int:
    step = state[STEP]
    above = f > state[F0] + state[C1] * step * state[SLOPE0]
    if state[ROUNDS] == _MAX_DOUBLINGS:
        return FAILED if above else ACCEPTED
    if above or (f >= state[F_BEST] and state[ROUNDS] > 0.0):
        state[OTHER], state[F_OTHER] = step, f
        return _zoom_start(state)
    if abs(slope) <= -state[C2] * state[SLOPE0]:
        return ACCEPTED
    if slope >= 0.0:
        state[OTHER], state[F_OTHER] = state[BEST], state[F_BEST]
        state[BEST], state[F_BEST], state[D_BEST] = step, f, slope
        return _zoom_start(state)
    state[BEST], state[F_BEST], state[D_BEST] = step, f, slope
    state[STEP] = min(2.0 * step, STEP_MAX)
    state[ROUNDS] += 1.0
    return EVALUATE


@njit(cache=True, error_model="numpy")
def _zoom_start(state: np.ndarray) -> int:
    state[PHASE], state[ROUNDS] = ZOOM, 0.0
    state[RECENT], state[F_RECENT] = 0.0, state[F0]
    state[STEP] = _zoom_trial(state)
    return EVALUATE


@njit(cache=True, error_model="numpy")
def _zoom_next(state: np.ndarray, f: float, slope: float) -> int:
    step = state[STEP]
    if f > state[F0] + state[C1] * step * state[SLOPE0] or f >= state[F_BEST]:
        state[RECENT], state[F_RECENT] = state[OTHER], state[F_OTHER]
        state[OTHER], state[F_OTHER] = step, f
    else:
        if abs(slope) <= -state[C2] * state[SLOPE0]:
            return ACCEPTED
        if slope * (state[OTHER] - state[BEST]) >= 0.0:
            state[RECENT], state[F_RECENT] = state[OTHER], state[F_OTHER]
            state[OTHER], state[F_OTHER] = state[BEST], state[F_BEST]
        else:
            state[RECENT], state[F_RECENT] = state[BEST], state[F_BEST]
        state[BEST], state[F_BEST], state[D_BEST] = step, f, slope
    state[ROUNDS] += 1.0
    if state[ROUNDS] > _MAX_ZOOMS:
        return FAILED
    state[STEP] = _zoom_trial(state)
    return EVALUATE


@njit(cache=True, error_model="numpy")
def _zoom_trial(state: np.ndarray) -> float:
    """Minimum of a cubic, else of a quadratic, else the middle: whichever is first well inside."""
    low, high = state[BEST], state[OTHER]
    left, right, width = min(low, high), max(low, high), high - low
    if state[ROUNDS] > 0.0:
        trial = _cubic_through(low, state[F_BEST], state[D_BEST], high, state[F_OTHER], state[RECENT], state[F_RECENT])
        margin = 0.2 * width
        if math.isfinite(trial) and not (trial > right - margin or trial < left + margin):
            return trial
    bend = (state[F_OTHER] - state[F_BEST] - state[D_BEST] * width) / (width * width)
    trial = low - state[D_BEST] / (2.0 * bend)
    margin = 0.1 * width
    if math.isfinite(trial) and not (trial > right - margin or trial < left + margin):
        return trial
    return low + 0.5 * width


@njit(cache=True, error_model="numpy")
def _cubic_through(a: float, fa: float, da: float, b: float, fb: float, c: float, fc: float) -> float:
    """Minimum of the cubic through (a, fa) with slope da, (b, fb) and (c, fc); not finite when it has none."""
    to_b, to_c = b - a, c - a
    rise_b, rise_c = fb - fa - da * to_b, fc - fa - da * to_c
    bottom = (to_b * to_c) ** 2 * (to_b - to_c)
    third = (to_c**2 * rise_b - to_b**2 * rise_c) / bottom
    second = (-(to_c**3) * rise_b + to_b**3 * rise_c) / bottom
    return a + (-second + np.sqrt(second * second - 3.0 * third * da)) / (3.0 * third)
