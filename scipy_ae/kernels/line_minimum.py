"""The minimum along a line from values alone, as a machine driven by evaluations.

Bracketing by golden steps outward, then Brent's method: Brent (1973), "Algorithms for minimization without
derivatives", chapter 5; Press et al. (2007), "Numerical recipes", sections 10.1 and 10.3. The first step is the
caller's, so that one who knows how far it went along this line the last time is there in a few evaluations.
"""

import math

import numpy as np
from numba import njit

# The state, by index: the trial to evaluate next; what comes next; the lowest point x, the second and third lowest w
# and v (while bracketing: the end behind), with their values; the bracket; the last two moves; how many trials.
STEP, PHASE, XMIN, F_XMIN, W, F_W, V, F_V, LOW, HIGH, MOVE, MOVE_BEFORE, TRIALS = range(13)
SIZE = 13
_FIRST, _OTHER_WAY, _OUTWARD, _INWARD = range(4)
_GOLD, _SECTION = 1.618033988749895, 0.3819660112501051
_MOST = 60
_SMALL = 1e-11
#: The relative decrease below which a slope is level.
_LEVEL = 1e-10


@njit(cache=True, error_model="numpy")
def minimum_begin(s: np.ndarray, f: float, step: float) -> None:
    """From 0, where the value is ``f``; ``step`` is the first to try."""
    s[:] = 0.0
    s[STEP], s[F_XMIN] = step, f


@njit(cache=True, error_model="numpy")
def minimum_next(s: np.ndarray, f: float, tol: float) -> bool:
    """Take the value at ``s[STEP]``; False once ``s[XMIN]`` is the minimum, to ``tol`` of its size."""
    if not math.isfinite(f):
        f = math.inf
    s[TRIALS] += 1
    u = s[STEP]
    if s[PHASE] == _INWARD:
        _take(s, u, f)
    elif f < s[F_XMIN]:  # downhill: the last lowest point is behind
        s[V], s[F_V], s[XMIN], s[F_XMIN] = s[XMIN], s[F_XMIN], u, f
        if s[PHASE] == _OUTWARD and s[F_V] - f <= _LEVEL * abs(f):  # a slope that levels out has no minimum
            return False
        s[PHASE] = _OUTWARD
        s[STEP] = _farther(s)
        return math.isfinite(s[STEP]) and s[TRIALS] < _MOST
    elif s[PHASE] == _FIRST:
        s[W], s[F_W], s[PHASE], s[STEP] = u, f, _OTHER_WAY, -u
        return True
    else:  # higher on both sides
        if s[PHASE] == _OUTWARD:
            s[W], s[F_W] = u, f
        else:
            s[V], s[F_V] = u, f
        s[LOW], s[HIGH], s[PHASE] = min(s[V], s[W]), max(s[V], s[W]), _INWARD
        if s[F_V] < s[F_W]:
            s[V], s[F_V], s[W], s[F_W] = s[W], s[F_W], s[V], s[F_V]
        s[MOVE] = s[MOVE_BEFORE] = s[HIGH] - s[LOW]
    return s[TRIALS] < _MOST and _closer(s, tol)


@njit(cache=True, error_model="numpy")
def _farther(s):
    """The next step outward, away from v; longer and longer."""
    return s[XMIN] + _GOLD * (s[XMIN] - s[V])


@njit(cache=True, error_model="numpy")
def _closer(s, tol):
    """Brent's next trial; False where the bracket is small enough."""
    x, middle = s[XMIN], 0.5 * (s[LOW] + s[HIGH])
    near = tol * abs(x) + _SMALL
    if abs(x - middle) <= 2.0 * near - 0.5 * (s[HIGH] - s[LOW]):
        return False
    r, q = (x - s[W]) * (s[F_XMIN] - s[F_V]), (x - s[V]) * (s[F_XMIN] - s[F_W])
    p, q = (x - s[V]) * q - (x - s[W]) * r, 2.0 * (q - r)
    move = -p / q if q != 0.0 else math.inf
    inside = s[LOW] < x + move < s[HIGH] and abs(move) < 0.5 * abs(s[MOVE_BEFORE])
    if inside and abs(move) < 0.5 * near:
        return False  # the parabola's minimum is where we are
    s[MOVE_BEFORE] = s[MOVE]
    if not inside:
        s[MOVE_BEFORE] = (s[LOW] if x >= middle else s[HIGH]) - x
        move = _SECTION * s[MOVE_BEFORE]
    s[MOVE] = move if abs(move) >= near else math.copysign(near, move)
    s[STEP] = x + s[MOVE]
    return True


@njit(cache=True, error_model="numpy")
def _take(s, u, f):
    """Brent's bookkeeping after a trial inside the bracket."""
    x = s[XMIN]
    if f <= s[F_XMIN]:
        if u >= x:
            s[LOW] = x
        else:
            s[HIGH] = x
        s[V], s[F_V], s[W], s[F_W], s[XMIN], s[F_XMIN] = s[W], s[F_W], x, s[F_XMIN], u, f
        return
    if u < x:
        s[LOW] = u
    else:
        s[HIGH] = u
    if f <= s[F_W] or s[W] == x:
        s[V], s[F_V], s[W], s[F_W] = s[W], s[F_W], u, f
    elif f <= s[F_V] or s[V] == x or s[V] == s[W]:
        s[V], s[F_V] = u, f
