"""The line searches of Powell's method, one direction after another."""

from numba import njit

from scipy_ae.kernels import native
from scipy_ae.kernels import probe as P
from scipy_ae.kernels.line_minimum import F_XMIN, STEP, XMIN, minimum_begin, minimum_next
from scipy_ae.kernels.line_minimum import SIZE as LINE_SIZE
from scipy_ae.kernels.machine import ASK, DONE, EVALUATIONS, F_NEW, G_NEW, PHASE, WAITING, X_NEW, F, X, at

#: Why it stopped, beside ASK and DONE: the evaluations allowed are made.
SPENT = 2
VECTORS = 6
#: Reals, after the common ones: the tolerance of a line search, the largest decrease along one direction; from LINE on
#: the state of a line search.
TOL, DROP, LINE = range(3, 6)
REALS = LINE + LINE_SIZE
#: Whole numbers, after the common ones: the direction that is searched, and the one of the largest decrease.
NEXT, BIGGEST = 6, 7
WHOLE = 8
_BEGIN, _LOOK = range(2)
_SHORTEST = 1e-3


@njit(cache=True, nogil=True, error_model="numpy")
def search(address, context, probe, rows, which, lengths, vectors, reals, whole, size, last, most):
    """Line searches along the directions from ``whole[NEXT]`` to before ``last``.

    ``which`` (directions,) names the row of ``rows`` (any, n) that a direction is, or -1 - k for the unit vector of
    entry k; ``lengths`` is how far to go first along each, and becomes what was gone. ``probe`` is 0 or the address of
    code that knows what one entry touches (``probe.py``).
    """
    x, x_new, g_new = at(vectors, X, size), at(vectors, X_NEW, size), at(vectors, G_NEW, size)
    line = reals[LINE:]
    if probe != 0 and whole[PHASE] == _BEGIN:
        whole[EVALUATIONS] += 1
        reals[F] = P.call(probe, context, x, -1, 0.0, 1)
    while True:
        d = whole[NEXT]
        if whole[PHASE] == _BEGIN:
            if d >= last:
                return DONE
            if whole[EVALUATIONS] >= most:
                return SPENT
            minimum_begin(line, reals[F], lengths[d])
            whole[PHASE] = _LOOK
        unit, alpha = -1 - which[d], line[STEP]
        if probe != 0 and unit >= 0:
            whole[EVALUATIONS] += 1
            value = P.call(probe, context, x, unit, alpha, 0)
        else:
            if whole[WAITING] == 0:
                _place(x, unit, which[d], rows, alpha, x_new)
            if address != 0:
                whole[EVALUATIONS] += 1
                value = native.call(address, context, x_new, g_new)
            else:
                whole[WAITING] = 1 - whole[WAITING]
                if whole[WAITING] == 1:
                    return ASK
                value = reals[F_NEW]
        if minimum_next(line, value, reals[TOL]):
            continue
        _go(context, probe, rows, which[d], lengths, d, x, x_new, reals, whole)
        whole[NEXT], whole[PHASE] = d + 1, _BEGIN


@njit(cache=True, nogil=True)
def _place(x, unit, row, rows, alpha, x_new):
    """x_new = x moved by ``alpha`` along a direction."""
    if unit < 0:
        for i in range(x.size):
            x_new[i] = x[i] + alpha * rows[row, i]
        return
    for i in range(x.size):
        x_new[i] = x[i]
    x_new[unit] += alpha


@njit(cache=True, nogil=True, error_model="numpy")
def _go(context, probe, rows, direction, lengths, d, x, x_new, reals, whole):
    """Take the step found, where there is one."""
    alpha, value = reals[LINE + XMIN], reals[LINE + F_XMIN]
    lengths[d] = max(abs(alpha), 0.1 * lengths[d], _SHORTEST)
    unit, lower = -1 - direction, alpha != 0.0 and value < reals[F]
    if lower and reals[F] - value > reals[DROP]:
        reals[DROP], whole[BIGGEST] = reals[F] - value, d
    if probe != 0 and unit >= 0:
        if lower:
            whole[EVALUATIONS] += 1
            reals[F] = P.call(probe, context, x, unit, alpha, 1)
        return
    if lower:
        reals[F] = value
        _place(x, unit, direction, rows, alpha, x_new)
        for i in range(x.size):
            x[i] = x_new[i]
    if probe != 0:  # the evaluations along the line have overwritten what it remembers
        whole[EVALUATIONS] += 1
        reals[F] = P.call(probe, context, x, -1, 0.0, 1)
