"""The Hessian times a vector of an objective with a bottleneck of its own, or with sparsity (``kernels/terms.py``).

As machine code it has the signature of ``second_order.py``.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit

from scipy_ae.kernels import context as C
from scipy_ae.kernels import sparsity as S
from scipy_ae.kernels import table as T
from scipy_ae.kernels.context import numbers
from scipy_ae.kernels.dense import dense_backward_tangent, dense_tangent
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS, loss_backward, loss_curvature
from scipy_ae.kernels.second_order import SIGNATURE
from scipy_ae.kernels.sparsity import sparsity_curvature
from scipy_ae.kernels.sweeps import block
from scipy_ae.kernels.terms import add_sparsity, value_of_parts
from scipy_ae.kernels.variational import bottleneck_backward, bottleneck_backward_tangent, code_tangent
from scipy_ae.kernels.views import matrix, matrix_at, pointed, vector_at

_ZERO = np.intp(0)  # typed, as in terms.py


@cache
def address() -> int:
    """The address of the products."""
    return cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(_hessian).address


def _hessian(context, fresh, theta, v, out):
    c = pointed(context, C.CONTEXT_SIZE)
    theta, v, out = pointed(theta, c[C.SIZE]), pointed(v, c[C.SIZE]), pointed(out, c[C.SIZE])
    if fresh:
        value_of_parts(c, theta)
    _product(c, theta, v, out)
    if c[C.DECAY] != 0:
        decay = numbers(c, C.DECAY)
        for i in range(v.size):
            out[i] += 2.0 * decay[i] * v[i]
    return 0.0


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _product(c, theta, v, product):
    """``product`` = the exact Hessian, decay and contractive term left out, times v (Pearlmutter 1994).

    After :func:`value_of_parts`, whose sweeps it leaves as they are.
    """
    n, drawn, half = c[C.ROWS], c[C.ROWS] * c[C.DRAWS], c[C.HALF]
    deltas, v_deltas = numbers(c, C.DELTAS), numbers(c, C.V_DELTAS)
    x, weight = matrix_at(c[C.X], n, c[C.INPUTS], np.float64), vector_at(c[C.WEIGHT], n, np.float64)
    table, coefs = C.encoder(c)
    code, v_code = _block(c, table, n, C.E_AFTER), _block(c, table, n, C.V_E_AFTER)
    _tangent(c, table, coefs, theta, v, x, x, _ZERO)
    z, vz = C.codes_of(c, code), C.codes_of(c, v_code)
    eps = matrix_at(c[C.EPS], drawn, c[C.LATENT], np.float64)
    if c[C.VARIATIONAL] != 0:
        vz = matrix_at(c[C.V_CODES], drawn, c[C.LATENT], np.float64)
        code_tangent(code, eps, v_code, vz)
    table, coefs = C.decoder(c)
    _tangent(c, table, coefs, theta, v, z, vz, c[C.ENCODERS])
    _seeds(c, table, coefs)
    here = _backward_tangent(c, table, coefs, theta, v, z, vz, c[C.ENCODERS], _ZERO, product)
    if c[C.VARIATIONAL] != 0:
        strength = numbers(c, C.STRENGTHS)[C.DIVERGENCE]
        there, d = half - here * half, code.shape[1]
        dz, vdz = matrix(deltas, here * half, drawn, c[C.LATENT]), matrix(v_deltas, here * half, drawn, c[C.LATENT])
        vd_code = matrix(v_deltas, there, n, d)
        bottleneck_backward(code, eps, weight, strength, dz, matrix(deltas, there, n, d))
        bottleneck_backward_tangent(code, eps, weight, strength, dz, v_code, vdz, vd_code)
        here = 1 - here
    table, coefs = C.encoder(c)
    _backward_tangent(c, table, coefs, theta, v, x, x, _ZERO, here, product)


@njit(inline="always")
def _block(c, table, n, place):
    """The last layer's block of a work array."""
    return block(table[table.shape[0] - 1], n, numbers(c, place))


@njit(cache=True, nogil=True)
def _sweeps(c, decodes):
    """Of encoder or decoder: what comes into each activation and what leaves it, and the tangents of both."""
    if decodes:
        return numbers(c, C.D_BEFORE), numbers(c, C.D_AFTER), numbers(c, C.V_D_BEFORE), numbers(c, C.V_D_AFTER)
    return numbers(c, C.E_BEFORE), numbers(c, C.E_AFTER), numbers(c, C.V_E_BEFORE), numbers(c, C.V_E_AFTER)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _seeds(c, table, coefs):
    """The loss's derivative and its tangent, at the heads of the work arrays."""
    drawn, last = c[C.ROWS] * c[C.DRAWS], c[C.DECODERS] - 1
    Y, target = _block(c, table, drawn, C.D_AFTER), matrix_at(c[C.TARGET], drawn, c[C.OUTPUTS], np.float64)
    moved = _block(c, table, drawn, C.V_D_AFTER if c[C.LOSS] != CROSS_ENTROPY_OF_LOGITS else C.V_D_BEFORE)
    beta, weight = coefs[last, T.BETA], numbers(c, C.DRAW_WEIGHT)
    loss_backward(c[C.LOSS], beta, Y, target, weight, matrix(numbers(c, C.DELTAS), 0, drawn, c[C.OUTPUTS]))
    out = matrix(numbers(c, C.V_DELTAS), 0, drawn, c[C.OUTPUTS])
    loss_curvature(c[C.LOSS], beta, Y, target, weight, moved, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _tangent(c, table, coefs, theta, v, X, vX, first):
    """Tangents of a half of the network along v, and for the decoder, along its input's tangent."""
    n, more, decodes = X.shape[0], numbers(c, C.MORE), first > 0
    before, after, v_before, v_after = _sweeps(c, decodes)
    Y, vY = X, vX
    for k in range(table.shape[0]):
        row = table[k]
        A, out = block(row, n, before), block(row, n, after)
        vA, v_out = block(row, n, v_before), block(row, n, v_after)
        dense_tangent(row, coefs[k], theta, v, Y, vY, decodes or k > 0, A, out, vA, v_out, more)
        Y, vY = out, v_out


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _backward_tangent(c, table, coefs, theta, v, X, vX, first, here, product):
    """The tangent of a backward sweep through a half of the network; returns where that of its input is left."""
    n, last, half, decodes = X.shape[0], table.shape[0] - 1, c[C.HALF], first > 0
    through = not decodes or c[C.LOSS] != CROSS_ENTROPY_OF_LOGITS
    before, after, v_before, v_after = _sweeps(c, decodes)
    deltas, v_deltas = numbers(c, C.DELTAS), numbers(c, C.V_DELTAS)
    for k in range(last, -1, -1):
        row = table[k]
        on = decodes or k > 0
        inputs = row[T.INPUTS] if on else 0
        A, Y = block(row, n, before), block(row, n, after)
        below, v_below = (block(table[k - 1], n, after), block(table[k - 1], n, v_after)) if k > 0 else (X, vX)
        dA, vdA = matrix(deltas, here * half, n, row[T.OUTPUTS]), matrix(v_deltas, here * half, n, row[T.OUTPUTS])
        dX, vdX = matrix(deltas, half - here * half, n, inputs), matrix(v_deltas, half - here * half, n, inputs)
        add_sparsity(c, first + k, dA)
        _add_curvature(c, first + k, block(row, n, v_after), vdA)
        dense_backward_tangent(
            row, coefs[k], theta, v, below, v_below, A, Y, block(row, n, v_before), dA, vdA,
            through or k < last, numbers(c, C.SPARE), numbers(c, C.MORE), dX, vdX, on, product,
        )  # fmt: skip
        here = 1 - here
    return here


@njit(cache=True, nogil=True)
def _add_curvature(c, layer, vY, vdY):
    """Add the tangent of what the layer's terms of sparsity have for the derivative by its output."""
    terms, of_terms = C.terms_of(c)
    for t in range(c[C.TERMS]):
        if terms[t, S.LAYER] == layer:
            Y, weight = C.of_layer(c, layer)
            means, drift = C.means_of(c, t, C.MEANS), C.means_of(c, t, C.DRIFT)
            sparsity_curvature(terms[t, S.KIND], terms[t, S.UNITS], of_terms[t], Y, weight, means, vY, drift, vdY)
