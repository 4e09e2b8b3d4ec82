"""The next direction of nonlinear conjugate gradients."""

import math

import numpy as np
from numba import njit

from scipy_ae.kernels.quasi_newton import EPS, REORDER

POLAK_RIBIERE, HAGER_ZHANG = 0, 1
#: Hager & Zhang 2005, eq. 1.6: how far below 0 their beta may go.
_ETA = 0.01


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def conjugate_advance(
    form: int,
    scale: float,
    p: np.ndarray,  # (n,)
    g_old: np.ndarray,  # (n,)
    g_new: np.ndarray,  # (n,)
    out: np.ndarray,  # (n,)
) -> float:
    """out = -g_new + beta p / scale, for the last direction p / scale; its slope.

    With y = g_new - g_old and d = p / scale, beta is max(0, y . g_new / g_old . g_old) (Polak & Ribiere 1969, with the
    restart of Gilbert & Nocedal 1992), or (y - 2 d y.y / d.y) . g_new / d.y, kept above -1 / (|d| min(0.01, |g_old|))
    (Hager & Zhang 2005, SIAM J. Optim. 16, 170-192, eqs. 1.3, 1.5 and 1.6).
    """
    old, new, change, curve, along, length = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    y_y = 0.0
    for i in range(p.size):
        y = g_new[i] - g_old[i]
        old += g_old[i] * g_old[i]
        new += g_new[i] * g_new[i]
        change += y * g_new[i]
        y_y += y * y
        curve += p[i] * y
        along += p[i] * g_new[i]
        length += p[i] * p[i]
    curve, along, length = curve / scale, along / scale, math.sqrt(length) / scale
    beta = 0.0
    if form == POLAK_RIBIERE:
        beta = max(0.0, change / old)
    elif curve > EPS * length * math.sqrt(y_y):
        floor = -1.0 / (length * min(_ETA, math.sqrt(old)))
        beta = max((change - 2.0 * y_y * along / curve) / curve, floor)
    for i in range(p.size):
        out[i] = beta / scale * p[i] - g_new[i]
    return beta * along - new
