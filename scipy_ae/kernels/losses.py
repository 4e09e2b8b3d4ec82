"""Losses over a batch: value, derivative, curvature times a tangent.

``Y`` is the output (n, q), ``T`` the target, ``weight`` (n,) what each row counts for (1/n by default), so that a
loss is sum_i weight_i sum_j l(y_ij, t_ij). The logistic output under cross-entropy is worked from what comes into it
(``A``, z = beta A): log(1 + e^z) - t z loses nothing where y rounds to 0 or 1. Elsewhere y and 1 - y count as no less
than 2**-53.
"""

import math

from numba import njit

from scipy_ae.kernels import elementary
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.views import flat, vector

SQUARED_ERROR, CROSS_ENTROPY, CROSS_ENTROPY_OF_LOGITS = 0, 1, 2

_logistic_softplus = elementary.logistic_softplus
_FLOOR = 2.0**-53


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def loss_value(code, beta, A, Y, T, weight, spare):
    """The loss as a float64; ``spare`` (n, q) is overwritten with its summands.

    For cross-entropy of logits it works out Y as well, since both take the same exponential.
    """
    elementary.widest_vectors()
    n, q = Y.shape
    a, y, t, o = flat(A), flat(Y), flat(T), flat(spare)
    # first all summands, in one long SIMD loop, then their sums: a sum in the same loop would forbid SIMD
    if code == SQUARED_ERROR:
        for k in range(y.size):
            o[k] = (y[k] - t[k]) * (y[k] - t[k])
    elif code == CROSS_ENTROPY_OF_LOGITS:
        for k in range(y.size):
            z = beta * a[k]
            y[k], s = _logistic_softplus(z)
            o[k] = s - t[k] * z
    else:
        for k in range(y.size):
            o[k] = -t[k] * _log(y[k]) - (1.0 - t[k]) * _log(1.0 - y[k])
    total = 0.0
    for i in range(n):
        total += weight[i] * _sum(vector(o, i * q, q))
    return total


@njit(cache=True, fastmath={"reassoc", "nsz", "contract"}, error_model="numpy", nogil=True, forceinline=True)
def _sum(values):
    total = 0.0
    for value in values:
        total += value
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def _log(y):
    return math.log(_FLOOR if y < _FLOOR else y)  # written so that a NaN stays one


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def loss_backward(code, beta, Y, T, weight, dY):
    """dY = the derivative by Y; for cross-entropy of logits, by A."""
    n, q = Y.shape
    for i in range(n):
        if code == SQUARED_ERROR:
            factor = weight[i] + weight[i]
            for j in range(q):
                dY[i, j] = factor * (Y[i, j] - T[i, j])
        elif code == CROSS_ENTROPY_OF_LOGITS:
            factor = beta * weight[i]
            for j in range(q):
                dY[i, j] = factor * (Y[i, j] - T[i, j])
        else:
            for j in range(q):
                y, t = Y[i, j], T[i, j]
                dY[i, j] = weight[i] * ((1.0 - t) / max(1.0 - y, _FLOOR) - t / max(y, _FLOOR))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def loss_curvature(code, beta, Y, T, weight, V, out):
    """out = the loss's second derivative (by Y; for cross-entropy of logits, by A) times a tangent V of the same."""
    n, q = Y.shape
    for i in range(n):
        if code == SQUARED_ERROR:
            factor = weight[i] + weight[i]
            for j in range(q):
                out[i, j] = factor * V[i, j]
        elif code == CROSS_ENTROPY_OF_LOGITS:
            factor = beta * beta * weight[i]
            for j in range(q):
                out[i, j] = factor * (Y[i, j] - Y[i, j] * Y[i, j]) * V[i, j]
        else:
            for j in range(q):
                y, rest, t = max(Y[i, j], _FLOOR), max(1.0 - Y[i, j], _FLOOR), T[i, j]
                out[i, j] = weight[i] * (t / (y * y) + (1.0 - t) / (rest * rest)) * V[i, j]
