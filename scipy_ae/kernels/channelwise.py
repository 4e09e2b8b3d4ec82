"""Activations of images whose sums or parameters go by channels: softmax over channels, parametric relu.

Flat arrays in C order: ``A``, ``Y``, their derivatives and tangents are (n, channels, pixels), ``slope`` (channels,).
As in ``kernels/activations.py`` the activation acts on beta a, a derivative is that of the whole, and the derivative
of parametric relu at 0 is that of the left side. ``out`` may be ``D``, and ``dA`` ``dY``; other arrays lie apart.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels import elementary
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.quasi_newton import REORDER
from scipy_ae.kernels.views import ASIDE, aside, vector

_exp = elementary.exp


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_softmax_forward(n, channels, pixels, beta, A, Y):
    """Y = exp(beta a) over its sum over the channels, at each pixel."""
    b = A.dtype.type(beta)
    for i in range(n):
        for start in range(0, pixels, ASIDE):
            _softmax(channels, pixels, b, i * channels * pixels + start, min(ASIDE, pixels - start), A, Y)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _softmax(channels, pixels, b, first, count, A, Y):
    """The ``count`` pixels of one image from ``first`` on, after their largest number is taken off."""
    elementary.widest_vectors()
    top, total, one = aside(A), aside(A), A.dtype.type(1)
    for j in range(count):
        top[j], total[j] = A[first + j], 0
    for at in range(first + pixels, first + channels * pixels, pixels):
        a = vector(A, at, count)
        for j in range(count):
            top[j] = max(top[j], a[j])
    for at in range(first, first + channels * pixels, pixels):
        a, y = vector(A, at, count), vector(Y, at, count)
        for j in range(count):
            y[j] = _exp(b * (a[j] - top[j]))
            total[j] += y[j]
    for j in range(count):
        total[j] = one / total[j]
    for at in range(first, first + channels * pixels, pixels):
        y = vector(Y, at, count)
        for j in range(count):
            y[j] *= total[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_softmax_product(n, channels, pixels, beta, Y, D, out):
    """out = J D, with J the symmetric derivative of Y by A: the backward and the tangent sweep alike."""
    b = Y.dtype.type(beta)
    for i in range(n):
        for start in range(0, pixels, ASIDE):
            _softmax_product(channels, pixels, b, i * channels * pixels + start, min(ASIDE, pixels - start), Y, D, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _softmax_product(channels, pixels, b, first, count, Y, D, out):
    mean = aside(Y)
    for j in range(count):
        mean[j] = 0
    for at in range(first, first + channels * pixels, pixels):
        y, d = vector(Y, at, count), vector(D, at, count)
        for j in range(count):
            mean[j] += y[j] * d[j]
    for at in range(first, first + channels * pixels, pixels):
        y, d, o = vector(Y, at, count), vector(D, at, count), vector(out, at, count)
        for j in range(count):
            o[j] = b * (y[j] * (d[j] - mean[j]))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def prelu_forward(n, channels, pixels, beta, slope, A, Y):
    """Y = beta a where a is above 0, else slope beta a."""
    number = A.dtype.type
    for p in range(n * channels):
        a, y = vector(A, p * pixels, pixels), vector(Y, p * pixels, pixels)
        right, left = number(beta), number(beta * slope[p % channels])
        for j in range(pixels):
            y[j] = a[j] * (right if a[j] > 0 else left)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def prelu_backward(n, channels, pixels, beta, slope, A, dY, dslope, dA):
    """dA and dslope."""
    number = A.dtype.type
    for channel in range(channels):
        total = 0.0
        for i in range(n):
            at = (i * channels + channel) * pixels
            total += _on_the_left(vector(A, at, pixels), vector(dY, at, pixels))
        dslope[channel] = beta * total
    for p in range(n * channels):
        a, come, out = vector(A, p * pixels, pixels), vector(dY, p * pixels, pixels), vector(dA, p * pixels, pixels)
        right, left = number(beta), number(beta * slope[p % channels])
        for j in range(pixels):
            out[j] = come[j] * (right if a[j] > 0 else left)


@njit(cache=True, fastmath=REORDER, error_model="numpy", nogil=True)
def _on_the_left(a, d):
    """Sum of a d where a is not above 0."""
    total = 0.0
    for j in range(a.size):
        total += 0.0 if a[j] > 0 else a[j] * np.float64(d[j])
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def prelu_tangent(n, channels, pixels, beta, slope, vslope, A, vA, vY):
    """vY, when A moves along vA and slope along vslope."""
    number = A.dtype.type
    for p in range(n * channels):
        a, v, out = vector(A, p * pixels, pixels), vector(vA, p * pixels, pixels), vector(vY, p * pixels, pixels)
        right, left, turn = number(beta), number(beta * slope[p % channels]), number(beta * vslope[p % channels])
        zero = number(0)
        for j in range(pixels):
            out[j] = v[j] * (right if a[j] > 0 else left) + (zero if a[j] > 0 else a[j] * turn)
