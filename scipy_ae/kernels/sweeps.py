"""Sweeps over all layers of a table: forward, backward, tangent, and the tangent of backward.

``before`` and ``after`` hold, layer after layer, what comes into each activation (A) and what leaves it (Y), each n *
units numbers. The loss of a network and its gradient is one call of :func:`loss_and_gradient`, which
``kernels/native.py`` makes a function of theta alone. Nothing here allocates.
"""

from numba import njit

from scipy_ae.kernels import table as T
from scipy_ae.kernels.dense import (
    dense_backward,
    dense_backward_tangent,
    dense_forward,
    dense_tangent,
)
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS, loss_backward, loss_curvature, loss_value
from scipy_ae.kernels.views import matrix


@njit(cache=True, nogil=True, inline="always")
def block(row, n, work):
    """The layer's (n, q) block of a work array."""
    return matrix(work, n * row[T.UNITS], n, row[T.OUTPUTS])


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def forward(table, coefs, theta, X, before, after, finish):
    """Fill ``before`` and ``after``; returns the output (n, q), a view of ``after``.

    Where not ``finish`` the last activation, and with it the output, is left to who takes it from ``before``.
    """
    n, last = X.shape[0], table.shape[0] - 1
    Y = X
    for k in range(table.shape[0]):
        A, out = block(table[k], n, before), block(table[k], n, after)
        dense_forward(table[k], coefs[k], theta, Y, A, out, finish or k < last)
        Y = out
    return Y


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def backward(table, coefs, theta, X, before, after, deltas, through, spare, gradient):
    """The gradient from the derivative by the output, which stands at the head of ``deltas[0]`` and is used up.

    ``through`` is False where that derivative is by what comes into the last activation. ``deltas`` is (2, n * widest).
    """
    n, last = X.shape[0], table.shape[0] - 1
    here, half = 0, deltas.shape[1]
    for k in range(last, -1, -1):
        row = table[k]
        dA = matrix(deltas, here * half, n, row[T.OUTPUTS])
        dX = matrix(deltas, half - here * half, n, row[T.INPUTS] if k > 0 else 0)
        A, Y = block(row, n, before), block(row, n, after)
        below = block(table[k - 1], n, after) if k > 0 else X
        dense_backward(row, coefs[k], theta, below, A, Y, dA, through or k < last, spare, dX, k > 0, gradient)
        here = 1 - here


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def loss_only(table, coefs, theta, X, target, weight, loss, before, after, deltas):
    """The data loss at theta."""
    n, last = X.shape[0], table.shape[0] - 1
    Y = forward(table, coefs, theta, X, before, after, loss != CROSS_ENTROPY_OF_LOGITS)
    A = block(table[last], n, before)
    return loss_value(loss, coefs[last, T.BETA], A, Y, target, weight, matrix(deltas, 0, n, Y.shape[1]))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def loss_and_gradient(table, coefs, theta, X, target, weight, loss, before, after, deltas, spare, gradient):
    """The data loss at theta; its derivative by theta is written into ``gradient``."""
    n, last = X.shape[0], table.shape[0] - 1
    through = loss != CROSS_ENTROPY_OF_LOGITS
    Y = forward(table, coefs, theta, X, before, after, through)
    seed = matrix(deltas, 0, n, Y.shape[1])
    value = loss_value(loss, coefs[last, T.BETA], block(table[last], n, before), Y, target, weight, seed)
    loss_backward(loss, coefs[last, T.BETA], Y, target, weight, seed)
    backward(table, coefs, theta, X, before, after, deltas, through, spare, gradient)
    return value


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def tangent(table, coefs, theta, v, X, before, after, v_before, v_after, more):
    """Fill the tangents of ``before`` and ``after`` when theta moves along ``v``, after :func:`forward`.

    ``more`` has room for n * widest numbers, and for the largest matrix of weights.
    """
    n = X.shape[0]
    Y, vY = X, X
    for k in range(table.shape[0]):
        row = table[k]
        A, out = block(row, n, before), block(row, n, after)
        vA, v_out = block(row, n, v_before), block(row, n, v_after)
        dense_tangent(row, coefs[k], theta, v, Y, vY, k > 0, A, out, vA, v_out, more)
        Y, vY = out, v_out


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def hessian_after_forward(
    table, coefs, theta, v, X, target, weight, loss, before, after, deltas, spare, v_before, v_after, v_deltas, more,
    product,
):  # fmt: skip
    """``product`` = the Hessian of the data loss times v, exact (Pearlmutter 1994, the R-operator).

    After a forward sweep.
    """
    n, last = X.shape[0], table.shape[0] - 1
    Y = block(table[last], n, after)
    tangent(table, coefs, theta, v, X, before, after, v_before, v_after, more)
    through = loss != CROSS_ENTROPY_OF_LOGITS
    beta = coefs[last, T.BETA]
    moved = block(table[last], n, v_after if through else v_before)
    loss_backward(loss, beta, Y, target, weight, matrix(deltas, 0, n, Y.shape[1]))
    loss_curvature(loss, beta, Y, target, weight, moved, matrix(v_deltas, 0, n, Y.shape[1]))
    here, half = 0, deltas.shape[1]
    for k in range(last, -1, -1):
        row = table[k]
        inputs = row[T.INPUTS] if k > 0 else 0
        A, Y = block(row, n, before), block(row, n, after)
        below = block(table[k - 1], n, after) if k > 0 else X
        v_below = block(table[k - 1], n, v_after) if k > 0 else X
        dA, vdA = matrix(deltas, here * half, n, row[T.OUTPUTS]), matrix(v_deltas, here * half, n, row[T.OUTPUTS])
        dX, vdX = matrix(deltas, half - here * half, n, inputs), matrix(v_deltas, half - here * half, n, inputs)
        dense_backward_tangent(
            row, coefs[k], theta, v, below, v_below, A, Y, block(row, n, v_before), dA, vdA,
            through or k < last, spare, more, dX, vdX, k > 0, product,
        )  # fmt: skip
        here = 1 - here


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def gauss_newton_after_forward(
    table, coefs, theta, v, X, target, weight, loss, before, after, deltas, spare, v_before, v_after, more, product
):
    """``product`` = J' H J v, with J the derivative of what the loss is worked from and H the loss's own curvature.

    Schraudolph (2002), section 3, after a forward sweep. Cross-entropy of logits is worked from the logits (a matching
    pair), the others from the output; for the squared error this is 2 J'J v.
    """
    n, last = X.shape[0], table.shape[0] - 1
    Y = block(table[last], n, after)
    tangent(table, coefs, theta, v, X, before, after, v_before, v_after, more)
    through = loss != CROSS_ENTROPY_OF_LOGITS
    moved = block(table[last], n, v_after if through else v_before)
    seed = matrix(deltas, 0, n, Y.shape[1])
    loss_curvature(loss, coefs[last, T.BETA], Y, target, weight, moved, seed)
    backward(table, coefs, theta, X, before, after, deltas, through, spare, product)
