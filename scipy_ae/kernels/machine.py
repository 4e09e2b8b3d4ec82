"""What the kernels that run whole trainings have in common: where their numbers lie, and how an evaluation is had.

Such a kernel is a machine that stops where it needs somebody. An objective that is machine code it evaluates itself
and runs on, hundreds of steps without a way back; any other one is asked for (``ASK``), and the kernel called again
when the answer stands in its place. The logic is the same for both.
"""

import math

from numba import njit

from scipy_ae.kernels import native
from scipy_ae.kernels.quasi_newton import dot
from scipy_ae.kernels.views import vector

#: Why a machine stopped: value and gradient at the trial are wanted; all steps asked for are done. Each has more.
ASK, DONE = range(2)
#: Vectors: where it is, where it tries, a point that was lower than both, each with its gradient.
X, G, X_NEW, G_NEW, X_BEST, G_BEST = range(6)
#: Reals: the values where it is and where it tries, and the lowest.
F, F_NEW, F_BEST = range(3)
#: Whole numbers: what comes next; steps done; evaluations made; which of the first two pairs of vectors is which;
#: whether an answer is awaited; in which vector the lowest point lies.
PHASE, STEPS, EVALUATIONS, SIDE, WAITING, LOWEST = range(6)


@njit(cache=True, nogil=True, inline="always")
def at(vectors, which, size):
    """One of the vectors; they lie apart from each other."""
    return vector(vectors, which * vectors.shape[1], size)


@njit(cache=True, nogil=True, error_model="numpy")
def answered(address, context, vectors, reals, whole, size):
    """Value and gradient at the trial; False where somebody has to be asked for them.

    The value is NaN where it or the gradient is not finite.
    """
    if address == 0:
        whole[WAITING] = 1 - whole[WAITING]
        return whole[WAITING] == 0
    whole[EVALUATIONS] += 1
    there = X_NEW - 2 * whole[SIDE]
    x, g = at(vectors, there, size), at(vectors, there + 1, size)
    value = native.call(address, context, x, g)
    if not math.isfinite(value) or not math.isfinite(dot(g, g)):
        value = math.nan
    elif value < reals[F_BEST]:
        reals[F_BEST], whole[LOWEST] = value, there
    reals[F_NEW] = value
    return True


@njit(cache=True, nogil=True)
def propose(vectors, whole, size, alpha, p):
    """Put the trial at x + alpha p; the lowest point, where it is there, is moved out of the way."""
    here, there = 2 * whole[SIDE], 2 - 2 * whole[SIDE]
    x, out = at(vectors, here, size), at(vectors, there, size)
    if whole[LOWEST] == there:
        g, x_best, g_best = at(vectors, there + 1, size), at(vectors, X_BEST, size), at(vectors, G_BEST, size)
        for i in range(size):
            x_best[i] = out[i]
            g_best[i] = g[i]
        whole[LOWEST] = X_BEST
    for i in range(size):
        out[i] = x[i] + alpha * p[i]
