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
from scipy_ae.kernels.views import vector

_exp = elementary.exp


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_softmax_forward(n, channels, pixels, beta, A, Y):
    """Y = exp(beta a) over its sum over the channels, at each pixel."""
    b = A.dtype.type(beta)
    for i in range(n):
        first = i * channels * pixels
        top = vector(Y, first, pixels)  # the largest of each pixel, until the first channel takes its place
        for j in range(pixels):
            top[j] = A[first + j]
        for at in range(first + pixels, first + channels * pixels, pixels):
            a = vector(A, at, pixels)
            for j in range(pixels):
                top[j] = max(top[j], a[j])
        for at in range(first + (channels - 1) * pixels, first - 1, -pixels):
            _exponentials(b, vector(A, at, pixels), top, vector(Y, at, pixels))
        for j in range(first, first + pixels):
            total = 0.0
            for k in range(j, j + channels * pixels, pixels):
                total += Y[k]
            part = A.dtype.type(1.0 / total)
            for k in range(j, j + channels * pixels, pixels):
                Y[k] *= part


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _exponentials(b, a, top, out):
    elementary.widest_vectors()
    for j in range(out.size):
        out[j] = _exp(b * (a[j] - top[j]))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_softmax_product(n, channels, pixels, beta, Y, D, out):
    """out = J D, with J the symmetric derivative of Y by A: the backward and the tangent sweep alike."""
    number = Y.dtype.type
    b = number(beta)
    for i in range(n):
        first = i * channels * pixels
        for j in range(first, first + pixels):
            mean = 0.0
            for k in range(j, j + channels * pixels, pixels):
                mean += Y[k] * D[k]
            shift = number(mean)
            for k in range(j, j + channels * pixels, pixels):
                out[k] = b * (Y[k] * (D[k] - shift))


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
