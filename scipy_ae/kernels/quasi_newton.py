"""The inverse Hessian of BFGS without its matrix: kept as what each step added, applied row by row.

With s = the step, y = the change of the gradient and rho = 1 / (y . s), one BFGS update is (Nocedal & Wright
2006, eq. 6.17)

    H+ = (I - rho s y') H (I - rho y s') + rho s s'.

Three ways to keep H, which give the same directions up to rounding:

directions
    As a sum over all directions taken so far: :mod:`scipy_ae.kernels.directions`.
ring
    The last m pairs (s, y), applied by the two-loop recursion (Nocedal 1980, Math. Comp. 35, 773-782): L-BFGS.
dense
    The (n, n) matrix, of which only the lower triangle is used. With w = H y and c = rho (1 + rho y . w) the update is
    H + c s s' - rho (w s' + s w'); the newest such term waits and is added in the pass that applies the matrix next,
    so that a step reads and writes n^2 / 2 numbers once.

Notes for whoever edits. ``a[:] = b`` of two arrays costs seconds of compilation for the message of a shape mismatch;
loops cost none. A loop that stores and sums is run one by one, in another order of the sum, where a store might meet a
load within a vector's width: such a loop stores into ``out`` alone, which callers keep clear of other arrays
(:func:`clear_vector`), so that the result does not depend on where arrays happen to lie in memory.

``*_apply`` give H v. ``*_advance`` take a finished step of length ``alpha`` along ``p = -H g_old`` to a point with
gradient ``g_new``, add the update and leave the next direction -H+ g_new in ``out``; they return its slope. A pair
whose y . s is not above rounding, |s| |y| eps, would make H indefinite and is left out (SciPy puts rho = 1000 when
y . s is exactly 0).
"""

import math

import numpy as np
from numba import njit

#: Sums may be reordered, so that they vectorise; NaN and infinity keep their meaning.
REORDER = {"reassoc", "contract", "nsz", "arcp"}
EPS = 2.220446049250313e-16


#: Numbers in 256 bytes: the longest stretch that compiled loops take in one go.
CLEAR = 32


def clear_vector(n: int) -> np.ndarray:
    """An empty (n,) vector with no other array right before it."""
    return np.empty(n + CLEAR)[CLEAR:]


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Inner product of two (n,) vectors."""
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, fastmath={"nnan", "nsz", "reassoc"}, error_model="numpy", forceinline=True)
def largest(a: np.ndarray) -> float:
    """Largest absolute entry of an (n,) vector without NaN."""
    top = 0.0
    for i in range(a.size):
        top = max(top, abs(a[i]))
    return top


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def curvature(alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray) -> tuple[float, float]:
    """y . s and y . y for s = alpha p and y = g_new - g_old, or 0 and 0 for a pair to leave out."""
    ys, yy, ss = 0.0, 0.0, 0.0
    for i in range(p.size):
        step, change = alpha * p[i], g_new[i] - g_old[i]
        ys += step * change
        yy += change * change
        ss += step * step
    if not ys > EPS * math.sqrt(ss * yy):
        return 0.0, 0.0
    return ys, yy


@njit(cache=True, error_model="numpy", forceinline=True)
def pair(alpha: float, p: np.ndarray, g_old: np.ndarray, g_new: np.ndarray, s: np.ndarray, y: np.ndarray) -> None:
    """Write s = alpha p and y = g_new - g_old."""
    for i in range(p.size):
        s[i] = alpha * p[i]
        y[i] = g_new[i] - g_old[i]


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def negate(v: np.ndarray, g: np.ndarray) -> float:
    """v = -v; its inner product with ``g``."""
    slope = 0.0
    for i in range(v.size):
        v[i] = -v[i]
        slope += v[i] * g[i]
    return slope


# ------------------------------------------------------------------------------------------ ring


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def ring_apply(
    S: np.ndarray,  # (m, n)
    Y: np.ndarray,  # (m, n)
    rho: np.ndarray,  # (m,)
    oldest: int,
    count: int,
    gamma: float,
    v: np.ndarray,  # (n,)
    out: np.ndarray,  # (n,)
) -> None:
    """out = H v by the two-loop recursion over ``count`` pairs, the oldest in row ``oldest``."""
    n, m = v.size, S.shape[0]
    weight = np.empty(count)
    start = 1.0 if count > 0 else gamma
    for i in range(n):
        out[i] = start * v[i]
    if count == 0:
        return
    # each loop subtracts one row and takes the inner product with the next in the same pass
    along = dot(S[(oldest + count - 1) % m], out)
    for t in range(count - 1, -1, -1):
        row = (oldest + t) % m
        weight[t] = rho[row] * along
        y, a = Y[row], weight[t]
        along = 0.0
        if t > 0:
            s = S[(row - 1 + m) % m]
            for i in range(n):
                out[i] -= a * y[i]
                along += s[i] * out[i]
        else:
            for i in range(n):
                out[i] = gamma * (out[i] - a * y[i])
                along += y[i] * out[i]
    for t in range(count):
        row = (oldest + t) % m
        s, a = S[row], weight[t] - rho[row] * along
        along = 0.0
        y = Y[(row + 1) % m]  # past the newest pair: read, and not used
        for i in range(n):
            out[i] += a * s[i]
            along += y[i] * out[i]


@njit(cache=True, error_model="numpy")
def ring_advance(
    S: np.ndarray,
    Y: np.ndarray,
    rho: np.ndarray,
    oldest: int,
    count: int,
    gamma: float,
    rescale: bool,
    alpha: float,
    p: np.ndarray,
    g_old: np.ndarray,
    g_new: np.ndarray,
    out: np.ndarray,
) -> tuple[int, int, float, float]:
    """Add a pair, over the oldest when the ring is full; the new oldest, count, gamma and slope.

    ``rescale`` sets gamma = y . s / y . y of this pair (Nocedal & Wright, eq. 7.20).
    """
    m = S.shape[0]
    ys, yy = curvature(alpha, p, g_old, g_new)
    if ys > 0.0:
        row = (oldest + count) % m
        pair(alpha, p, g_old, g_new, S[row], Y[row])
        rho[row] = 1.0 / ys
        if count == m:
            oldest = (oldest + 1) % m
        else:
            count += 1
        if rescale:
            gamma = ys / yy
    ring_apply(S, Y, rho, oldest, count, gamma, g_new, out)
    return oldest, count, gamma, negate(out, g_new)


# ------------------------------------------------------------------------------------------ dense


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def dense_apply(
    H: np.ndarray,  # (n, n), lower triangle
    s: np.ndarray,  # (n,)
    w: np.ndarray,  # (n,)
    rho: float,
    c: float,
    v: np.ndarray,  # (n,)
    out: np.ndarray,  # (n,)
) -> None:
    """Add the waiting term (none when ``rho`` is 0) to H and write out = H v, in one pass over H."""
    n = v.size
    out[:] = 0.0
    for i in range(n):
        row, x, total = H[i], v[i], 0.0
        along_s, along_w = c * s[i] - rho * w[i], -rho * s[i]
        for j in range(i):
            row[j] += along_s * s[j] + along_w * w[j]
        for j in range(i):
            total += row[j] * v[j]
            out[j] += row[j] * x
        row[i] += along_s * s[i] + along_w * w[i]
        out[i] += total + row[i] * x


@njit(cache=True, fastmath=REORDER, error_model="numpy", forceinline=True)
def _new_term(
    ys: float,
    s: np.ndarray,
    w: np.ndarray,
    p: np.ndarray,
    y: np.ndarray,
    v: np.ndarray,
    g_new: np.ndarray,
) -> tuple[float, float, float]:
    """From v = H g_new and p = -H g_old: w = H y, the term's rho and c, and v = -H+ g_new with its slope."""
    for i in range(p.size):
        w[i] = v[i] + p[i]
    rho = 1.0 / ys
    c = rho * (1.0 + rho * dot(y, w))
    along_s, along_w = c * dot(s, g_new) - rho * dot(w, g_new), -rho * dot(s, g_new)
    slope = 0.0
    for i in range(p.size):
        v[i] = -(v[i] + along_s * s[i] + along_w * w[i])
        slope += v[i] * g_new[i]
    return rho, c, slope


@njit(cache=True, error_model="numpy")
def dense_advance(
    H: np.ndarray,
    s: np.ndarray,
    w: np.ndarray,
    rho: float,
    c: float,
    alpha: float,
    p: np.ndarray,
    g_old: np.ndarray,
    g_new: np.ndarray,
    out: np.ndarray,
) -> tuple[float, float, float]:
    """Add the waiting term and put the new one in ``s`` and ``w``; its rho and c, and the slope."""
    dense_apply(H, s, w, rho, c, g_new, out)
    ys, _ = curvature(alpha, p, g_old, g_new)
    if ys == 0.0:
        return 0.0, 0.0, negate(out, g_new)
    y = np.empty(p.size)
    pair(alpha, p, g_old, g_new, s, y)
    return _new_term(ys, s, w, p, y, out, g_new)


@njit(cache=True, error_model="numpy")
def dense_gather(H: np.ndarray, gamma: float) -> None:
    """The lower triangle of H + H' + gamma I, in place, for an (n, n) matrix."""
    for i in range(H.shape[0]):
        for j in range(i):
            H[i, j] += H[j, i]
        H[i, i] += H[i, i] + gamma
