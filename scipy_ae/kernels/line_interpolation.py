"""The interpolating line search of Moré & Thuente (1994), with the safeguards and constants of MINPACK-2.

See :mod:`scipy_ae.kernels.line_search`, which drives it; section numbers are those of the paper.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels.line_state import (
    ACCEPTED,
    BEST,
    BRACKETED,
    C1,
    C2,
    CEILING,
    D_BEST,
    D_OTHER,
    EVALUATE,
    F0,
    F_BEST,
    F_OTHER,
    FAILED,
    HIGH,
    INTERPOLATE,
    LOW,
    OTHER,
    PHASE,
    SLOPE0,
    STAGE,
    STEP,
    STEP_MIN,
    WALLS,
    WIDTH,
    WIDTH_BEFORE,
)

_RELATIVE_WIDTH = 1e-14
_MAX_WALLS = 40


@njit(cache=True, error_model="numpy")
def interpolate_start(state: np.ndarray, step: float) -> None:
    state[PHASE], state[STEP] = INTERPOLATE, step
    state[BRACKETED], state[STAGE] = 0.0, 1.0
    state[WIDTH] = state[CEILING] - STEP_MIN
    state[WIDTH_BEFORE] = 2.0 * state[WIDTH]
    state[BEST], state[F_BEST], state[D_BEST] = 0.0, state[F0], state[SLOPE0]
    state[OTHER], state[F_OTHER], state[D_OTHER] = 0.0, state[F0], state[SLOPE0]
    state[LOW], state[HIGH] = 0.0, step + 4.0 * step


@njit(cache=True, error_model="numpy")
def interpolate_shorter(state: np.ndarray) -> int:
    """Begin again well before a trial that was not finite, and stay before it."""
    if state[WALLS] > _MAX_WALLS:
        return FAILED
    state[CEILING] = 0.9 * state[STEP]
    interpolate_start(state, 0.1 * state[STEP])
    return EVALUATE


@njit(cache=True, error_model="numpy")
def interpolate_next(state: np.ndarray, f: float, slope: float) -> int:
    step, ceiling = state[STEP], state[CEILING]
    enough = state[C1] * state[SLOPE0]  # slope of the sufficient-decrease line
    line = state[F0] + step * enough
    if state[STAGE] == 1.0 and f <= line and slope >= 0.0:
        state[STAGE] = 2.0

    bracketed = state[BRACKETED] != 0.0
    low, high = state[LOW], state[HIGH]
    stuck = bracketed and (step <= low or step >= high or high - low <= _RELATIVE_WIDTH * high)
    stuck = stuck or (step == ceiling and f <= line and slope <= enough)
    stuck = stuck or (step == STEP_MIN and (f > line or slope >= enough))
    if f <= line and abs(slope) <= state[C2] * -state[SLOPE0]:
        return ACCEPTED
    if stuck:
        return FAILED

    # while the decrease is not yet sufficient, interpolate phi(a) - c1 a phi'(0) in place of phi
    tilt = enough if state[STAGE] == 1.0 and f <= state[F_BEST] and f > line else 0.0
    step = _tilted_step(state, f, slope, tilt)

    if state[BRACKETED] != 0.0:
        gap = abs(state[OTHER] - state[BEST])
        if gap >= 0.66 * state[WIDTH_BEFORE]:
            step = state[BEST] + 0.5 * (state[OTHER] - state[BEST])
        state[WIDTH_BEFORE], state[WIDTH] = state[WIDTH], gap
        low, high = min(state[BEST], state[OTHER]), max(state[BEST], state[OTHER])
    else:
        low, high = step + 1.1 * (step - state[BEST]), step + 4.0 * (step - state[BEST])
    state[LOW], state[HIGH] = low, high
    step = _clip(step, STEP_MIN, ceiling)
    if state[BRACKETED] != 0.0 and (step <= low or step >= high or high - low <= _RELATIVE_WIDTH * high):
        step = state[BEST]
    state[STEP] = step
    return EVALUATE if math.isfinite(step) else FAILED


@njit(cache=True, error_model="numpy")
def _tilted_step(state: np.ndarray, f: float, slope: float, tilt: float) -> float:
    """One :func:`_safeguarded_step` on phi(a) - a tilt; the interval kept in the state is that of phi."""
    trial = state[STEP]
    if tilt == 0.0:
        return _safeguarded_step(state, trial, f, slope)
    state[F_BEST] -= state[BEST] * tilt
    state[F_OTHER] -= state[OTHER] * tilt
    state[D_BEST] -= tilt
    state[D_OTHER] -= tilt
    step = _safeguarded_step(state, trial, f - trial * tilt, slope - tilt)
    state[F_BEST] += state[BEST] * tilt
    state[F_OTHER] += state[OTHER] * tilt
    state[D_BEST] += tilt
    state[D_OTHER] += tilt
    return step


@njit(cache=True, error_model="numpy")
def _safeguarded_step(state: np.ndarray, a: float, f: float, d: float) -> float:
    """Next trial from the trial ``a`` with value ``f`` and slope ``d``; shrinks the interval (section 4)."""
    x, fx, dx = state[BEST], state[F_BEST], state[D_BEST]
    bracketed = state[BRACKETED] != 0.0
    turned = np.sign(d) * np.sign(dx) < 0.0

    if f > fx:  # higher: a minimum lies between
        cubic, quadratic = _cubic_before(x, fx, dx, a, f, d)
        if abs(cubic - x) <= abs(quadratic - x):
            new = cubic
        else:
            new = cubic + (quadratic - cubic) / 2.0
        bracketed = True
    elif turned:  # lower, slopes of opposite sign: a minimum lies between
        cubic, secant, _ = _cubic_after(x, fx, dx, a, f, d, False)
        new = cubic if abs(cubic - a) > abs(secant - a) else secant
        bracketed = True
    elif abs(d) < abs(dx):  # lower, same sign, flatter: the cubic may have no minimum on this side
        cubic, secant, usable = _cubic_after(x, fx, dx, a, f, d, True)
        if not usable:
            cubic = state[HIGH] if a > x else state[LOW]
        new = _flatter_step(state, a, x, cubic, secant, bracketed)
    elif bracketed:  # lower, same sign, not flatter
        new, _, _ = _cubic_after(state[OTHER], state[F_OTHER], state[D_OTHER], a, f, d, False)
    else:
        new = state[HIGH] if a > x else state[LOW]

    if f > fx:
        state[OTHER], state[F_OTHER], state[D_OTHER] = a, f, d
    else:
        if turned:
            state[OTHER], state[F_OTHER], state[D_OTHER] = x, fx, dx
        state[BEST], state[F_BEST], state[D_BEST] = a, f, d
    state[BRACKETED] = 1.0 if bracketed else 0.0
    return new


@njit(cache=True, error_model="numpy")
def _cubic_before(x: float, fx: float, dx: float, a: float, f: float, d: float) -> tuple[float, float]:
    """Minima of the cubic and of the quadratic (both values, slope at ``x``), written from ``x``."""
    theta = 3.0 * (fx - f) / (a - x) + dx + d
    scale = max(abs(theta), abs(dx), abs(d))
    gamma = scale * np.sqrt((theta / scale) ** 2 - (dx / scale) * (d / scale))
    if a < x:
        gamma = -gamma
    ratio = ((gamma - dx) + theta) / (((gamma - dx) + gamma) + d)
    quadratic = x + ((dx / ((fx - f) / (a - x) + dx)) / 2.0) * (a - x)
    return x + ratio * (a - x), quadratic


@njit(cache=True, error_model="numpy")
def _cubic_after(
    x: float, fx: float, dx: float, a: float, f: float, d: float, may_have_none: bool
) -> tuple[float, float, bool]:
    """Minimum of the cubic, zero of the slopes' secant, both from ``a``, and whether the cubic's is usable."""
    theta = 3.0 * (fx - f) / (a - x) + dx + d
    scale = max(abs(theta), abs(dx), abs(d))
    inside = (theta / scale) ** 2 - (dx / scale) * (d / scale)
    if may_have_none:
        inside = max(0.0, inside)
    gamma = scale * np.sqrt(inside)
    if a > x:
        gamma = -gamma
    bottom = (gamma + (dx - d)) + gamma if may_have_none else ((gamma - d) + gamma) + dx
    ratio = ((gamma - d) + theta) / bottom
    secant = a + (d / (d - dx)) * (x - a)
    return a + ratio * (x - a), secant, ratio < 0.0 and gamma != 0.0


@njit(cache=True, error_model="numpy")
def _flatter_step(state: np.ndarray, a: float, x: float, cubic: float, secant: float, bracketed: bool) -> float:
    if bracketed:  # the nearer of the two, not too near the other end
        new = cubic if abs(cubic - a) < abs(secant - a) else secant
        fence = a + 0.66 * (state[OTHER] - a)
        return min(fence, new) if a > x else max(fence, new)
    new = cubic if abs(cubic - a) > abs(secant - a) else secant
    return _clip(new, state[LOW], state[HIGH])


@njit(cache=True, error_model="numpy")
def _clip(value: float, low: float, high: float) -> float:
    # NaN passes through: both comparisons are false
    if value < low:
        return low
    return high if value > high else value
