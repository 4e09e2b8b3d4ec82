"""Steps of a tape without weights: pooling, upsampling, pixel shuffle, the input added; forward and backward.

``t`` is the step, ``s`` the slots, as ``kernels/tape.py`` tells. What is linear goes forward along a tangent as well,
with other slots for X and Y; the input added has no part in derivatives. The geometry of a step is (c, h, w) of its
input, then size and stride of a pool, or the factor, or (c, h, w) of the network's input.
"""

from numba import njit

from scipy_ae.kernels import pooling, upsampling
from scipy_ae.kernels import tape as T
from scipy_ae.kernels.tape import numbers
from scipy_ae.kernels.views import pointed


@njit(inline="always")
def _shape(t):
    return t[T.GEOMETRY], t[T.GEOMETRY + 1], t[T.GEOMETRY + 2]


@njit(inline="always")
def _sizes(t):
    return t[T.GEOMETRY + 3], t[T.GEOMETRY + 4]


def max_pool_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    size, stride = _sizes(t)
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    pooling.max_pool_forward(n * c, h, w, size, stride, X, Y)


def max_pool_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    size, stride = _sizes(t)
    X, dY = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.DY], first, n * t[T.Q], kind)
    pooling.max_pool_backward(n * c, h, w, size, stride, X, dY, numbers(s, t[T.DX], first, n * t[T.P], kind))


def max_pool_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    size, stride = _sizes(t)
    X, vX = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.VX], first, n * t[T.P], kind)
    pooling.max_pool_tangent(n * c, h, w, size, stride, X, vX, numbers(s, t[T.VY], first, n * t[T.Q], kind))


def avg_pool_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    size, stride = _sizes(t)
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    pooling.avg_pool_forward(n * c, h, w, size, stride, X, Y)


def avg_pool_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    size, stride = _sizes(t)
    dX, dY = numbers(s, t[T.DX], first, n * t[T.P], kind), numbers(s, t[T.DY], first, n * t[T.Q], kind)
    pooling.avg_pool_backward(n * c, h, w, size, stride, dY, dX)


def nearest_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    upsampling.nearest_forward(n * c, h, w, _sizes(t)[0], X, Y)


def nearest_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    dX, dY = numbers(s, t[T.DX], first, n * t[T.P], kind), numbers(s, t[T.DY], first, n * t[T.Q], kind)
    upsampling.nearest_backward(n * c, h, w, _sizes(t)[0], dY, dX)


def bilinear_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    upsampling.bilinear_forward(n * c, h, w, _sizes(t)[0], X, Y)


def bilinear_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    dX, dY = numbers(s, t[T.DX], first, n * t[T.P], kind), numbers(s, t[T.DY], first, n * t[T.Q], kind)
    upsampling.bilinear_backward(n * c, h, w, _sizes(t)[0], dY, dX)


def shuffle_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    factor = _sizes(t)[0]
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    upsampling.shuffle_forward(n, c // (factor * factor), h, w, factor, X, Y)


def shuffle_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    factor = _sizes(t)[0]
    dX, dY = numbers(s, t[T.DX], first, n * t[T.P], kind), numbers(s, t[T.DY], first, n * t[T.Q], kind)
    upsampling.shuffle_backward(n, c // (factor * factor), h, w, factor, dY, dX)


def add_input(step, slots, first, n, kind):
    """Y = X + the network's input, resized."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    c, h, w = _shape(t)
    c0, h0, w0 = t[T.GEOMETRY + 3], t[T.GEOMETRY + 4], t[T.GEOMETRY + 5]
    X, Y = numbers(s, t[T.X], first, n * t[T.P], kind), numbers(s, t[T.Y], first, n * t[T.Q], kind)
    _copy(X, Y)
    upsampling.add_input_forward(n, c, h, w, c0, h0, w0, numbers(s, T.INPUT, first, n * c0 * h0 * w0, kind), Y)


@njit(cache=True, nogil=True)
def _copy(X, Y):
    for i in range(Y.size):
        Y[i] = X[i]
