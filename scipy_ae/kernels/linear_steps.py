"""Steps of a tape that multiply by weights: convolution, its transpose, dense layers.

Of each: forward, backward (the derivative by weight and bias, and by the input where the step is ``DEEPER``) and
tangent. ``t`` is the step, ``s`` the slots, as ``kernels/tape.py`` tells.
"""

from numba import njit

from scipy_ae.kernels import tape as T
from scipy_ae.kernels.correlation import (
    channel_sums,
    correlate,
    correlate_transposed,
    correlate_weights,
    scratch_size,
)
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.products import SMALL, affine, column_sums, left_transposed, right_transposed
from scipy_ae.kernels.tape import numbers, rows
from scipy_ae.kernels.views import flat, matrix, pointed, vector

#: Numbers of a geometry, as ``correlation.py`` has it: c, h, w, oc, oh, ow, k, stride, padding.
_C, _H, _W, _OC, _OH, _OW, _K = range(7)
_SIZES = 9
#: The length by which scratch is known in a step: whoever makes it knows the true one.
_ROOM = 2**40


def scratch(geometry) -> int:
    """Numbers of scratch that the steps of a convolution of this geometry take."""
    return int(scratch_size(geometry))


def dense_scratch(inputs: int, outputs: int) -> int:
    """Numbers of scratch that the steps of a dense layer take."""
    return min(inputs * outputs, SMALL)


@njit(inline="always")
def _geometry(t):
    return vector(t, T.GEOMETRY, _SIZES)


@njit(inline="always")
def _outer(g):
    """Numbers of an image on the side of (c, h, w)."""
    return g[_C] * g[_H] * g[_W]


@njit(inline="always")
def _inner(g):
    """Numbers of an image on the side of (oc, oh, ow)."""
    return g[_OC] * g[_OH] * g[_OW]


@njit(inline="always")
def _weights(g):
    return g[_OC] * g[_C] * g[_K] * g[_K]


@njit(inline="always")
def _scratch(s, kind):
    return numbers(s, T.SCRATCH, 0, _ROOM, kind)


def conv_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    theta = numbers(s, T.THETA, 0, 0, kind)
    _correlate(
        g, n, numbers(s, t[T.X], first, n * _outer(g), kind), vector(theta, t[T.WEIGHT], _weights(g)),
        vector(theta, t[T.BIAS], g[_OC]), _scratch(s, kind), numbers(s, t[T.A], first, n * _inner(g), kind),
    )  # fmt: skip


def conv_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    gradient, scratch = numbers(s, T.GRADIENT, 0, 0, kind), _scratch(s, kind)
    X, D = numbers(s, t[T.X], first, n * _outer(g), kind), numbers(s, t[T.DY], first, n * _inner(g), kind)
    correlate_weights(g, n, X, D, scratch, vector(gradient, t[T.WEIGHT], _weights(g)))
    channel_sums(n, g[_OC], g[_OH] * g[_OW], D, vector(gradient, t[T.BIAS], g[_OC]))
    if t[T.DEEPER] != 0:
        W = vector(numbers(s, T.THETA, 0, 0, kind), t[T.WEIGHT], _weights(g))
        correlate_transposed(g, n, D, W, scratch, numbers(s, t[T.DX], first, n * _outer(g), kind))


def conv_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    v, scratch = numbers(s, T.DIRECTION, 0, 0, kind), _scratch(s, kind)
    vA = numbers(s, t[T.VA], first, n * _inner(g), kind)
    X = numbers(s, t[T.X], first, n * _outer(g), kind)
    _correlate(g, n, X, vector(v, t[T.WEIGHT], _weights(g)), vector(v, t[T.BIAS], g[_OC]), scratch, vA)
    if t[T.DEEPER] != 0:
        W = vector(numbers(s, T.THETA, 0, 0, kind), t[T.WEIGHT], _weights(g))
        more = numbers(s, T.MORE, first, n * _inner(g), kind)
        vX = numbers(s, t[T.VX], first, n * _outer(g), kind)
        _correlate(g, n, vX, W, vector(v, 0, 0), scratch, more)
        _add(more, vA)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _correlate(g, n, X, W, bias, scratch, Y):
    correlate(g, n, X, W, bias, scratch, Y)


def transposed_forward(step, slots, first, n, kind):
    """A transposed convolution; its geometry is that of the convolution which it is the transpose of."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    theta, W = numbers(s, T.THETA, 0, 0, kind), numbers(s, T.TURNED, 0, _weights(g), kind)
    _turn(vector(theta, t[T.WEIGHT], _weights(g)), g[_C], g[_OC], g[_K] * g[_K], W)
    X, A = numbers(s, t[T.X], first, n * _inner(g), kind), numbers(s, t[T.A], first, n * _outer(g), kind)
    correlate_transposed(g, n, X, W, _scratch(s, kind), A)
    _add_bias(n, g[_C], g[_H] * g[_W], vector(theta, t[T.BIAS], g[_C]), A)


def transposed_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    gradient, scratch = numbers(s, T.GRADIENT, 0, 0, kind), _scratch(s, kind)
    X, D = numbers(s, t[T.X], first, n * _inner(g), kind), numbers(s, t[T.DY], first, n * _outer(g), kind)
    W = numbers(s, T.TURNED, 0, _weights(g), kind)
    correlate_weights(g, n, D, X, scratch, W)
    _turn(W, g[_OC], g[_C], g[_K] * g[_K], vector(gradient, t[T.WEIGHT], _weights(g)))
    channel_sums(n, g[_C], g[_H] * g[_W], D, vector(gradient, t[T.BIAS], g[_C]))
    if t[T.DEEPER] != 0:
        theta = numbers(s, T.THETA, 0, 0, kind)
        _turn(vector(theta, t[T.WEIGHT], _weights(g)), g[_C], g[_OC], g[_K] * g[_K], W)
        _correlate(g, n, D, W, vector(theta, 0, 0), scratch, numbers(s, t[T.DX], first, n * _inner(g), kind))


def transposed_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    g = _geometry(t)
    v, W, scratch = numbers(s, T.DIRECTION, 0, 0, kind), numbers(s, T.TURNED, 0, _weights(g), kind), _scratch(s, kind)
    X, vA = numbers(s, t[T.X], first, n * _inner(g), kind), numbers(s, t[T.VA], first, n * _outer(g), kind)
    _turn(vector(v, t[T.WEIGHT], _weights(g)), g[_C], g[_OC], g[_K] * g[_K], W)
    correlate_transposed(g, n, X, W, scratch, vA)
    _add_bias(n, g[_C], g[_H] * g[_W], vector(v, t[T.BIAS], g[_C]), vA)
    if t[T.DEEPER] != 0:
        more = numbers(s, T.MORE, first, n * _outer(g), kind)
        vX = numbers(s, t[T.VX], first, n * _inner(g), kind)
        _turn(vector(numbers(s, T.THETA, 0, 0, kind), t[T.WEIGHT], _weights(g)), g[_C], g[_OC], g[_K] * g[_K], W)
        correlate_transposed(g, n, vX, W, scratch, more)
        _add(more, vA)


def dense_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    p, q = t[T.P], t[T.Q]
    theta = numbers(s, T.THETA, 0, 0, kind)
    W, b = matrix(theta, t[T.WEIGHT], p, q), vector(theta, t[T.BIAS], q)
    _affine(rows(s, t[T.X], first, n, p, kind), W, b, rows(s, t[T.A], first, n, q, kind))


def dense_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    p, q = t[T.P], t[T.Q]
    gradient, spare = numbers(s, T.GRADIENT, 0, 0, kind), _scratch(s, kind)
    X, D = rows(s, t[T.X], first, n, p, kind), rows(s, t[T.DY], first, n, q, kind)
    left_transposed(X, D, matrix(gradient, t[T.WEIGHT], p, q))
    column_sums(D, spare, vector(gradient, t[T.BIAS], q))
    if t[T.DEEPER] != 0:
        W = matrix(numbers(s, T.THETA, 0, 0, kind), t[T.WEIGHT], p, q)
        right_transposed(D, W, spare, rows(s, t[T.DX], first, n, p, kind))


def dense_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    p, q = t[T.P], t[T.Q]
    v, vA = numbers(s, T.DIRECTION, 0, 0, kind), rows(s, t[T.VA], first, n, q, kind)
    X = rows(s, t[T.X], first, n, p, kind)
    _affine(X, matrix(v, t[T.WEIGHT], p, q), vector(v, t[T.BIAS], q), vA)
    if t[T.DEEPER] != 0:
        W, more = matrix(numbers(s, T.THETA, 0, 0, kind), t[T.WEIGHT], p, q), rows(s, T.MORE, first, n, q, kind)
        _affine(rows(s, t[T.VX], first, n, p, kind), W, None, more)
        _add(flat(more), flat(vA))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _affine(X, W, b, out):
    affine(X, W, b, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _add(more, out):
    for i in range(out.size):
        out[i] += more[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _add_bias(n, channels, pixels, bias, A):
    for plane in range(n * channels):
        b, one = bias[plane % channels], vector(A, plane * pixels, pixels)
        for i in range(pixels):
            one[i] += b


@njit(cache=True, nogil=True)
def _turn(W, a, b, size, out):
    """out (b, a, size) from W (a, b, size)."""
    for i in range(a):
        for j in range(b):
            for k in range(size):
                out[(j * a + i) * size + k] = W[(i * b + j) * size + k]
