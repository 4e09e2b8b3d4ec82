"""Steps of a tape that read data, activate, and compare with the target.

``t`` is the step, ``s`` the slots, as ``kernels/tape.py`` tells. An activation's A and Y may be one slot where its
derivative can be told from Y. COEF says which pair of COEFS is (beta, alpha); (P, Q) are channels and pixels of an
activation, and numbers a row of what is read, and of the loss.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels import channelwise
from scipy_ae.kernels import tape as T
from scipy_ae.kernels.activations import activation_forward, activation_product
from scipy_ae.kernels.losses import loss_backward, loss_curvature, loss_value
from scipy_ae.kernels.tape import address, numbers, rows
from scipy_ae.kernels.views import pointed, vector, vector_at


@njit(inline="always")
def _coefs(t, s, kind):
    c = numbers(s, T.COEFS, 0, 0, kind)
    return c[2 * t[T.COEF]], c[2 * t[T.COEF] + 1]


def read_bytes(step, slots, first, n, kind):
    """Rows of whole numbers of 8 bits, scaled by alpha."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    _read(vector_at(address(s, t[T.X], first), n * t[T.P], np.uint8), _coefs(t, s, kind)[1],
          numbers(s, t[T.Y], first, n * t[T.P], kind))  # fmt: skip


def read_single(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    _read(vector_at(address(s, t[T.X], first), n * t[T.P], np.float32), _coefs(t, s, kind)[1],
          numbers(s, t[T.Y], first, n * t[T.P], kind))  # fmt: skip


def read_double(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    _read(vector_at(address(s, t[T.X], first), n * t[T.P], np.float64), _coefs(t, s, kind)[1],
          numbers(s, t[T.Y], first, n * t[T.P], kind))  # fmt: skip


@njit(cache=True, nogil=True)
def _read(raw, scale, out):
    for i in range(out.size):
        out[i] = raw[i] * scale


def clear(step, slots, first, n, kind):
    """DX = 0."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    out = numbers(s, t[T.DX], first, n * t[T.P] * t[T.Q], kind)
    for i in range(out.size):
        out[i] = 0


def activate(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    beta, alpha = _coefs(t, s, kind)
    size = n * t[T.P] * t[T.Q]
    A, Y = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.Y], first, size, kind)
    activation_forward(t[T.ACTIVATION], beta, alpha, vector(A, 0, 0), 1, A, Y)


def activate_product(step, slots, first, n, kind):
    """DX = J DY: backward in place, or with tangents for deltas, along a tangent."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    beta, alpha = _coefs(t, s, kind)
    size = n * t[T.P] * t[T.Q]
    A, Y = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.Y], first, size, kind)
    D, out = numbers(s, t[T.DY], first, size, kind), numbers(s, t[T.DX], first, size, kind)
    activation_product(t[T.ACTIVATION], beta, alpha, vector(A, 0, 0), 1, A, Y, D, out)


def softmax(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    size = n * t[T.P] * t[T.Q]
    A, Y = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.Y], first, size, kind)
    channelwise.channel_softmax_forward(n, t[T.P], t[T.Q], _coefs(t, s, kind)[0], A, Y)


def softmax_product(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    size = n * t[T.P] * t[T.Q]
    Y = numbers(s, t[T.Y], first, size, kind)
    D, out = numbers(s, t[T.DY], first, size, kind), numbers(s, t[T.DX], first, size, kind)
    channelwise.channel_softmax_product(n, t[T.P], t[T.Q], _coefs(t, s, kind)[0], Y, D, out)


def prelu(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    size = n * t[T.P] * t[T.Q]
    A, Y = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.Y], first, size, kind)
    slope = vector(numbers(s, T.THETA, 0, 0, kind), t[T.SLOPE], t[T.P])
    channelwise.prelu_forward(n, t[T.P], t[T.Q], _coefs(t, s, kind)[0], slope, A, Y)


def prelu_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    size = n * t[T.P] * t[T.Q]
    A, D = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.DY], first, size, kind)
    slope = vector(numbers(s, T.THETA, 0, 0, kind), t[T.SLOPE], t[T.P])
    turn = vector(numbers(s, T.GRADIENT, 0, 0, kind), t[T.SLOPE], t[T.P])
    out = numbers(s, t[T.DX], first, size, kind)
    channelwise.prelu_backward(n, t[T.P], t[T.Q], _coefs(t, s, kind)[0], slope, A, D, turn, out)


def prelu_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    size = n * t[T.P] * t[T.Q]
    A, vA = numbers(s, t[T.A], first, size, kind), numbers(s, t[T.DY], first, size, kind)
    slope = vector(numbers(s, T.THETA, 0, 0, kind), t[T.SLOPE], t[T.P])
    turn = vector(numbers(s, T.DIRECTION, 0, 0, kind), t[T.SLOPE], t[T.P])
    out = numbers(s, t[T.DX], first, size, kind)
    channelwise.prelu_tangent(n, t[T.P], t[T.Q], _coefs(t, s, kind)[0], slope, turn, A, vA, out)


def loss(step, slots, first, n, kind):
    """Leaves the chunk's part of the loss in VALUE; uses up the slot DX."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    A, Y = rows(s, t[T.A], first, n, t[T.P], kind), rows(s, t[T.Y], first, n, t[T.P], kind)
    target, spare = rows(s, T.TARGET, first, n, t[T.P], kind), rows(s, t[T.DX], first, n, t[T.P], kind)
    weight = numbers(s, T.ROW_WEIGHT, first, n, kind)
    value = vector_at(s[2 * T.VALUE], 1, np.float64)
    value[0] = loss_value(t[T.ACTIVATION], _coefs(t, s, kind)[0], A, Y, target, weight, spare)


def loss_slope(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    Y, target = rows(s, t[T.Y], first, n, t[T.P], kind), rows(s, T.TARGET, first, n, t[T.P], kind)
    weight, dY = numbers(s, T.ROW_WEIGHT, first, n, kind), rows(s, t[T.DX], first, n, t[T.P], kind)
    loss_backward(t[T.ACTIVATION], _coefs(t, s, kind)[0], Y, target, weight, dY)


def loss_bend(step, slots, first, n, kind):
    """DX = the loss's own curvature times the tangent in DY."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    Y, target = rows(s, t[T.Y], first, n, t[T.P], kind), rows(s, T.TARGET, first, n, t[T.P], kind)
    weight, moved = numbers(s, T.ROW_WEIGHT, first, n, kind), rows(s, t[T.DY], first, n, t[T.P], kind)
    out = rows(s, t[T.DX], first, n, t[T.P], kind)
    loss_curvature(t[T.ACTIVATION], _coefs(t, s, kind)[0], Y, target, weight, moved, out)
