"""The inverse Hessian of BFGS as a sum over the directions taken: half the memory of any other form that drops nothing.

With s = alpha p the step along p = -H g, y the change of the gradient, rho = 1 / (y . s), w = H y and c = rho (1 +
rho y . w), one BFGS update is

    H+ = H + c s s' - rho (w s' + s w')

(Nocedal & Wright 2006, eq. 6.17, multiplied out; the form of Buckley & LeNir 1983, Math. Program. 27, 155-175). Since
w = H g+ + p, and the next direction is p+ = -H+ g+, w is a combination of p and p+. So all that was learned lies in
the directions themselves,

    H = gamma I + P' T P,

with a direction in each row of P and T symmetric and tridiagonal, kept as ``bands`` (rows, 2): the diagonal, and what
stands beside it on the right. An update changes T at the last direction and writes the next one below it. Directions
between which no step was learned, as at the start of a burst, are rows that T does not join. No row can be dropped,
since every later one depends on it.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels.quasi_newton import EPS, REORDER, dot, negate


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def directions_apply(
    P: np.ndarray,  # (count or more, n)
    bands: np.ndarray,  # (count or more, 2)
    count: int,
    gamma: float,
    v: np.ndarray,  # (n,)
    out: np.ndarray,  # (n,)
) -> None:
    """out = H v in one pass over P: each row is added while it is still in the cache that its product brought it to."""
    u = np.empty(count + 1)  # P v
    u[count] = 0.0
    for i in range(v.size):
        out[i] = gamma * v[i]
    seen = added = np.int64(0)  # of that type from the start: a literal 0 would have all it is handed to compiled twice
    while seen < count:
        if seen + 4 <= count:
            _four_products(P, seen, v, u)
            seen += 4
        else:
            u[seen] = dot(P[seen], v)
            seen += 1
        ready = seen if seen == count else seen - 1  # a row waits for the product of the one after it
        while added + 4 <= ready:
            _add_four(P, added, bands, u, out)
            added += 4
    for k in range(added, count):
        row, weight = P[k], _weight(bands, u, k)
        for i in range(v.size):
            out[i] += weight * row[i]


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def _four_products(P: np.ndarray, k: int, v: np.ndarray, u: np.ndarray) -> None:
    p0, p1, p2, p3 = P[k], P[k + 1], P[k + 2], P[k + 3]
    u0, u1, u2, u3 = 0.0, 0.0, 0.0, 0.0
    for i in range(v.size):
        u0 += p0[i] * v[i]
        u1 += p1[i] * v[i]
        u2 += p2[i] * v[i]
        u3 += p3[i] * v[i]
    u[k], u[k + 1], u[k + 2], u[k + 3] = u0, u1, u2, u3


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def _add_four(P: np.ndarray, k: int, bands: np.ndarray, u: np.ndarray, out: np.ndarray) -> None:
    p0, p1, p2, p3 = P[k], P[k + 1], P[k + 2], P[k + 3]
    t0, t1 = _weight(bands, u, k), _weight(bands, u, k + 1)
    t2, t3 = _weight(bands, u, k + 2), _weight(bands, u, k + 3)
    for i in range(out.size):
        out[i] += (t0 * p0[i] + t1 * p1[i]) + (t2 * p2[i] + t3 * p3[i])


@njit(cache=True, error_model="numpy", forceinline=True)
def _weight(bands: np.ndarray, u: np.ndarray, k: int) -> float:
    """Entry k of T u."""
    weight = bands[k, 0] * u[k] + bands[k, 1] * u[k + 1]
    return weight + bands[k - 1, 1] * u[k - 1] if k > 0 else weight


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def _curvature(p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[float, float, float, float]:
    """p . y, y . y, p . p and p . g_new, with y = g_new - g_old."""
    py, yy, pp, pg = 0.0, 0.0, 0.0, 0.0
    for i in range(p.size):
        change = g_new[i] - g_old[i]
        py += p[i] * change
        yy += change * change
        pp += p[i] * p[i]
        pg += p[i] * g_new[i]
    return py, yy, pp, pg


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def _image(p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """w . y and w . g_new for w = v + p, v = H g_new, which is H y."""
    wy, wg = 0.0, 0.0
    for i in range(p.size):
        w = v[i] + p[i]
        wy += w * (g_new[i] - g_old[i])
        wg += w * g_new[i]
    return wy, wg


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def directions_advance(
    P: np.ndarray,
    bands: np.ndarray,
    count: int,
    gamma: float,
    from_first: bool,
    alpha: float,
    g_old: np.ndarray,
    g_new: np.ndarray,
) -> tuple[bool, float, float]:
    """Learn from a step ``alpha`` along row ``count - 1`` and put -H+ g_new in row ``count``.

    Returns whether the pair counted, gamma, and the new direction's slope. ``from_first`` sets gamma = y . s / y . y
    from this pair, the first (Nocedal & Wright, eq. 6.20).
    """
    last = count - 1
    p, out = P[last], P[count]
    bands[count, 0], bands[count, 1] = 0.0, 0.0
    py, yy, pp, pg = _curvature(p, g_old, g_new)
    if not alpha * py > EPS * math.sqrt(alpha * alpha * pp * yy):
        directions_apply(P, bands, count, gamma, g_new, out)
        return False, gamma, negate(out, g_new)
    if from_first:  # the rescaled matrix would have given p at another length
        stretch, gamma = alpha * py / yy / gamma, alpha * py / yy
        alpha, py, pg = alpha / stretch, py * stretch, pg * stretch
        for i in range(p.size):
            p[i] *= stretch
    directions_apply(P, bands, count, gamma, g_new, out)
    wy, wg = _image(p, g_old, g_new, out)
    rho = 1.0 / (alpha * py)
    c = rho * (1.0 + rho * wy)
    # H+ g_new = keep H g_new + more p, where keep = 1 - rho s . g_new = -(s . g_old) / (s . y) > 0
    keep = (py - pg) / py
    more = alpha * (c * alpha * pg - rho * wg) - rho * alpha * pg
    for i in range(p.size):
        out[i] = -(keep * out[i] + more * p[i])
    # w = p - (p+ + more p) / keep
    bands[last, 0] += alpha * alpha * c - 2.0 * alpha * rho * (1.0 - more / keep)
    bands[last, 1] = alpha * rho / keep
    return True, gamma, dot(out, g_new)
