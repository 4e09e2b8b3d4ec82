"""The trust-region step where the matrix is tridiagonal, at a few multiplications for each of its rows.

As in Gould, Lucidi, Roma & Toint (1999, section 5.1), who take the method of Moré & Sorensen (1983) to the small
matrix that the Lanczos process gives.
"""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels.quasi_newton import dot

#: By how much of the radius a step may miss it.
_CLOSE = 1e-12
_MOST = 200


@njit(cache=True, error_model="numpy")
def space_minimum(alphas, betas, slope, radius, guess, pivots, h):
    """h (k,) = the minimum of slope h_0 + h'T h/2 over |h| <= radius, with ``alphas`` and ``betas`` on T's diagonals.

    Returns the shift of T that makes it so, for which ``guess`` is a first try, and how far the model falls.
    ``pivots`` (k,) is overwritten. The hard case, no slope along the lowest direction, cannot come up where no number
    beside the diagonal is 0.
    """
    inside = _stationary(alphas, betas, slope, 0.0, pivots, h)
    if inside and dot(h, h) <= radius * radius:
        return 0.0, _fall(alphas, betas, slope, h)
    # |h| falls from beyond the radius to within it between these two shifts
    low, high = _bracket(alphas, betas, slope / radius)
    shift = guess if low < guess < high else 0.5 * (low + high)
    for _ in range(_MOST):
        if not _stationary(alphas, betas, slope, shift, pivots, h):
            low = shift
            shift = 0.5 * (low + high)
        else:
            size = math.sqrt(dot(h, h))
            if abs(size - radius) <= _CLOSE * radius:
                return shift, _fall(alphas, betas, slope, h)
            if size <= radius:
                high = shift
            else:
                low = shift
            # Newton's method on 1 / |h|, which is nearly a line in the shift
            shift += (size - radius) / radius * size * size / _bent(betas, pivots, h)
        if not low < shift < high:
            shift = 0.5 * (low + high)
            if not low < shift < high:
                break
    _stationary(alphas, betas, slope, high, pivots, h)
    return high, _fall(alphas, betas, slope, h)


@njit(cache=True, error_model="numpy")
def _bracket(alphas, betas, reach):
    """Shifts below and above the one sought, by Gershgorin's theorem."""
    k = alphas.size
    low, least, top = 0.0, math.inf, 0.0
    for i in range(k):
        beside = (abs(betas[i - 1]) if i > 0 else 0.0) + (abs(betas[i]) if i < k - 1 else 0.0)
        low = max(low, -alphas[i])
        least = min(least, alphas[i] - beside)
        top = max(top, abs(alphas[i]) + beside)
    return low, max(0.0, reach - least) + np.finfo(np.float64).eps * max(top, reach)


@njit(cache=True, error_model="numpy")
def _stationary(alphas, betas, slope, shift, pivots, h):
    """(T + shift) h = -slope e_0 by its L D L'; False where it is not positive definite. ``pivots`` is D."""
    k = alphas.size
    before = -slope
    for i in range(k):
        pivot = alphas[i] + shift
        if i > 0:
            factor = betas[i - 1] / pivots[i - 1]
            pivot -= factor * betas[i - 1]
            before *= -factor
        if not pivot > 0.0:
            return False
        pivots[i], h[i] = pivot, before
    h[k - 1] /= pivots[k - 1]
    for i in range(k - 2, -1, -1):
        h[i] = (h[i] - betas[i] * h[i + 1]) / pivots[i]
    return True


@njit(cache=True, error_model="numpy")
def _bent(betas, pivots, h):
    """h' (T + shift)^-1 h."""
    total, entry = 0.0, 0.0
    for i in range(h.size):
        entry = h[i] - (betas[i - 1] / pivots[i - 1] * entry if i > 0 else 0.0)
        total += entry * entry / pivots[i]
    return total


@njit(cache=True, error_model="numpy")
def _fall(alphas, betas, slope, h):
    """How far the model lies below 0 at h."""
    total = 0.0
    for i in range(h.size):
        beside = betas[i] * h[i + 1] if i < h.size - 1 else 0.0
        total += h[i] * (0.5 * alphas[i] * h[i] + beside)
    return -(slope * h[0] + total)
