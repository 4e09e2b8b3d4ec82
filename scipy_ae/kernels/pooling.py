"""Pooling of image planes: the largest number or the mean of each window; forward, backward and tangent.

``planes`` images of (h, w), one behind the other in flat arrays in C order, give planes of (oh, ow) with oh =
(h - size) // stride + 1: windows that would reach over the edge are left out. ``X`` and ``vX`` have planes * h * w
numbers, ``Y``, ``dY`` and ``vY`` planes * oh * ow. In a window read row by row the first of equal maxima wins, and a
NaN wins over every number. Arrays that are written lie apart from those that are read.
"""

from numba import njit

from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.views import vector


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _wins(x, best):
    """Whether a number takes the place of the largest before it."""
    return (x > best) | (x != x)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def max_pool_forward(planes, h, w, size, stride, X, Y):
    """Y = the largest number of each window."""
    oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    for p in range(planes):
        for i in range(oh):
            out = vector(Y, (p * oh + i) * ow, ow)
            first = (p * h + i * stride) * w
            if size == 2 and stride == 2:
                _largest_of_four(vector(X, first, w), vector(X, first + w, w), out)
                continue
            row = vector(X, first, w)
            for j in range(ow):
                out[j] = row[j * stride]
            for k in range(1, size * size):
                row = vector(X, first + k // size * w + k % size, w)
                for j in range(ow):
                    x = row[j * stride]
                    out[j] = x if _wins(x, out[j]) else out[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _largest_of_four(upper, lower, out):
    for j in range(out.size):
        a, b, c, d = upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]
        top = b if _wins(b, a) else a
        top = c if _wins(c, top) else top
        out[j] = d if _wins(d, top) else top


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _winner(X, first, w, size):
    """Where the largest number of the window at X[first] lies."""
    best, place = X[first], first
    for row in range(first, first + size * w, w):
        for k in range(row, row + size):
            if _wins(X[k], best):
                best, place = X[k], k
    return place


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def max_pool_backward(planes, h, w, size, stride, X, dY, dX):
    """dX = each dY at the place of its window's largest number, added up where windows overlap."""
    oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    pairs = size == 2 and stride == 2
    if not pairs or h % 2 or w % 2:
        for k in range(planes * h * w):
            dX[k] = 0
    for p in range(planes):
        for i in range(oh):
            first, come = (p * h + i * stride) * w, vector(dY, (p * oh + i) * ow, ow)
            if pairs:
                _to_one_of_four(
                    vector(X, first, w), vector(X, first + w, w), come, vector(dX, first, w), vector(dX, first + w, w)
                )
                continue
            for j in range(ow):
                dX[_winner(X, first + j * stride, w, size)] += come[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _to_one_of_four(upper, lower, come, d_upper, d_lower):
    zero = come.dtype.type(0)
    for j in range(come.size):
        a, b, c, d, g = upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1], come[j]
        second = _wins(b, a)
        top = b if second else a
        third = _wins(c, top)
        fourth = _wins(d, c if third else top)
        # g goes down the places, and stays where no later one wins
        g_lower = zero if fourth else g
        g_upper = zero if third else g_lower
        d_upper[2 * j] = zero if second else g_upper
        d_upper[2 * j + 1] = g_upper if second else zero
        d_lower[2 * j] = g_lower if third else zero
        d_lower[2 * j + 1] = g if fourth else zero


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def max_pool_tangent(planes, h, w, size, stride, X, vX, vY):
    """vY = the tangent of each window's largest number."""
    oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    for p in range(planes):
        for i in range(oh):
            first, out = (p * h + i * stride) * w, vector(vY, (p * oh + i) * ow, ow)
            if size == 2 and stride == 2:
                _from_one_of_four(
                    vector(X, first, w), vector(X, first + w, w), vector(vX, first, w), vector(vX, first + w, w), out
                )
                continue
            for j in range(ow):
                out[j] = vX[_winner(X, first + j * stride, w, size)]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _from_one_of_four(upper, lower, v_upper, v_lower, out):
    for j in range(out.size):
        a, b, c, d = upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]
        va, vb, vc, vd = v_upper[2 * j], v_upper[2 * j + 1], v_lower[2 * j], v_lower[2 * j + 1]
        second = _wins(b, a)
        top, turn = b if second else a, vb if second else va
        third = _wins(c, top)
        top, turn = c if third else top, vc if third else turn
        out[j] = vd if _wins(d, top) else turn


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def avg_pool_forward(planes, h, w, size, stride, X, Y):
    """Y = the mean of each window; as it is linear, its own tangent."""
    oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    part = X.dtype.type(1.0 / (size * size))
    for p in range(planes):
        for i in range(oh):
            out = vector(Y, (p * oh + i) * ow, ow)
            first = (p * h + i * stride) * w
            if size == 2 and stride == 2:
                _mean_of_four(vector(X, first, w), vector(X, first + w, w), out)
                continue
            for j in range(ow):
                out[j] = 0
            for k in range(size * size):
                row = vector(X, first + k // size * w + k % size, w)
                for j in range(ow):
                    out[j] += row[j * stride]
            for j in range(ow):
                out[j] *= part


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _mean_of_four(upper, lower, out):
    part = upper.dtype.type(0.25)
    for j in range(out.size):
        out[j] = ((upper[2 * j] + upper[2 * j + 1]) + (lower[2 * j] + lower[2 * j + 1])) * part


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def avg_pool_backward(planes, h, w, size, stride, dY, dX):
    """dX = the transpose of :func:`avg_pool_forward` applied to dY."""
    oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    part = dY.dtype.type(1.0 / (size * size))
    pairs = size == 2 and stride == 2
    if not pairs or h % 2 or w % 2:
        for k in range(planes * h * w):
            dX[k] = 0
    for p in range(planes):
        for i in range(oh):
            come = vector(dY, (p * oh + i) * ow, ow)
            first = (p * h + i * stride) * w
            if pairs:
                _to_all_of_four(part, come, vector(dX, first, w), vector(dX, first + w, w))
                continue
            for k in range(size * size):
                row = vector(dX, first + k // size * w + k % size, w)
                for j in range(ow):
                    row[j * stride] += part * come[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, forceinline=True)
def _to_all_of_four(part, come, d_upper, d_lower):
    for j in range(come.size):
        g = part * come[j]
        d_upper[2 * j] = g
        d_upper[2 * j + 1] = g
        d_lower[2 * j] = g
        d_lower[2 * j + 1] = g
