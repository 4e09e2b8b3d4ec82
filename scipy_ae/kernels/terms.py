"""A network's objective with a bottleneck of its own, or with penalties on activations or on the code's derivative.

The value is the loss, plus the divergence of a variational bottleneck, sparsity terms, the contractive term, and the
decay of weights. As machine code it has the signature of ``kernels/native.py``, and a context of its own. Encoder and
decoder are two tables, each with work arrays from 0 on: a variational bottleneck draws m codes from each row, and the
decoder runs on n * m.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit

from scipy_ae.kernels import sparsity as S
from scipy_ae.kernels import table as T
from scipy_ae.kernels.context import (
    BENDS,
    CONTEXT_SIZE,
    CONTRACTIVE,
    CONTRACTIVE_CODE,
    D_AFTER,
    D_BEFORE,
    DECAY,
    DECODERS,
    DELTAS,
    DIRECT,
    DIRECT_SIZE,
    DIVERGENCE,
    DRAW_WEIGHT,
    DRAWS,
    E_AFTER,
    E_BEFORE,
    ENCODERS,
    EPS,
    FIRST_TERM,
    HALF,
    INPUTS,
    LATENT,
    LOSS,
    LOSS_PART,
    MEANS,
    OUTPUTS,
    PARTS,
    ROWS,
    SIGNATURE,
    SIZE,
    SPARE,
    STRENGTHS,
    TARGET,
    TERMS,
    VARIATIONAL,
    WANTED,
    WEIGHT,
    X,
    codes_of,
    decoder,
    encoder,
    means_of,
    numbers,
    of_layer,
    terms_of,
)  # fmt: skip
from scipy_ae.kernels.dense import dense_products, dense_through, slope_of
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS, loss_backward, loss_value
from scipy_ae.kernels.native import call
from scipy_ae.kernels.sparsity import sparsity_backward, sparsity_value
from scipy_ae.kernels.sweeps import block, forward
from scipy_ae.kernels.variational import bottleneck_backward, divergence, draw_codes
from scipy_ae.kernels.views import flat, matrix, matrix_at, pointed, vector_at

_ZERO = np.intp(0)  # typed, since Numba would compile a function anew for each number written out in a call


@cache
def address() -> int:
    """The address of an objective with terms."""
    return cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(_evaluate).address


def _evaluate(context, theta, gradient):
    c = pointed(context, CONTEXT_SIZE)
    theta, gradient = pointed(theta, c[SIZE]), pointed(gradient, c[SIZE])
    value = value_of_parts(c, theta)
    if c[WANTED] != 0:
        _gradient_of_parts(c, theta, gradient)
    if c[DECAY] != 0:
        decay = numbers(c, DECAY)
        if c[WANTED] != 0:
            for i in range(theta.size):
                gradient[i] += 2.0 * (decay[i] * theta[i])
        for i in range(theta.size):
            value += decay[i] * theta[i] * theta[i]
    return value


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def value_of_parts(c, theta):
    """The value without decay; fills its parts, and where wanted, what the gradient takes of the contractive term."""
    n, drawn = c[ROWS], c[ROWS] * c[DRAWS]
    parts, strengths, deltas = numbers(c, PARTS), numbers(c, STRENGTHS), numbers(c, DELTAS)
    weight = vector_at(c[WEIGHT], n, np.float64)
    table, coefs = encoder(c)
    x = matrix_at(c[X], n, c[INPUTS], np.float64)
    C = forward(table, coefs, theta, x, numbers(c, E_BEFORE), numbers(c, E_AFTER), True)
    Z = codes_of(c, C)
    parts[DIVERGENCE] = 0.0
    if c[VARIATIONAL] != 0:
        draw_codes(C, matrix_at(c[EPS], drawn, c[LATENT], np.float64), Z)
        parts[DIVERGENCE] = strengths[DIVERGENCE] * divergence(C, weight)
    parts[CONTRACTIVE] = 0.0
    if c[CONTRACTIVE_CODE] != 0:
        parts[CONTRACTIVE] = call(c[CONTRACTIVE_CODE], c, theta, numbers(c, DIRECT))
    table, coefs = decoder(c)
    last, before = table.shape[0] - 1, numbers(c, D_BEFORE)
    Y = forward(table, coefs, theta, Z, before, numbers(c, D_AFTER), c[LOSS] != CROSS_ENTROPY_OF_LOGITS)
    target, draw_weight = matrix_at(c[TARGET], drawn, c[OUTPUTS], np.float64), numbers(c, DRAW_WEIGHT)
    A, summands = block(table[last], drawn, before), matrix(deltas, 0, drawn, c[OUTPUTS])
    parts[LOSS_PART] = loss_value(c[LOSS], coefs[last, T.BETA], A, Y, target, draw_weight, summands)
    value = parts[LOSS_PART] + parts[DIVERGENCE] + parts[CONTRACTIVE]
    terms, of_terms = terms_of(c)
    for t in range(c[TERMS]):
        Y, row_weight = of_layer(c, terms[t, S.LAYER])
        means = means_of(c, t, MEANS)
        parts[FIRST_TERM + t] = sparsity_value(terms[t, S.KIND], terms[t, S.UNITS], of_terms[t], Y, row_weight, means)
        value += parts[FIRST_TERM + t]
    return value


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _gradient_of_parts(c, theta, gradient):
    """The gradient without that of the decay, after :func:`value_of_parts`."""
    n, drawn, half = c[ROWS], c[ROWS] * c[DRAWS], c[HALF]
    deltas, weight = numbers(c, DELTAS), vector_at(c[WEIGHT], n, np.float64)
    x = matrix_at(c[X], n, c[INPUTS], np.float64)
    table, coefs = encoder(c)
    C = block(table[c[ENCODERS] - 1], n, numbers(c, E_AFTER))
    Z = codes_of(c, C)
    table, coefs = decoder(c)
    last = c[DECODERS] - 1
    Y, target = block(table[last], drawn, numbers(c, D_AFTER)), matrix_at(c[TARGET], drawn, c[OUTPUTS], np.float64)
    seed = matrix(deltas, 0, drawn, c[OUTPUTS])
    loss_backward(c[LOSS], coefs[last, T.BETA], Y, target, numbers(c, DRAW_WEIGHT), seed)
    here = _backward(c, table, coefs, theta, Z, c[ENCODERS], _ZERO, gradient)
    if c[VARIATIONAL] != 0:
        eps = matrix_at(c[EPS], drawn, c[LATENT], np.float64)
        dZ, dC = matrix(deltas, here * half, drawn, c[LATENT]), matrix(deltas, half - here * half, n, C.shape[1])
        bottleneck_backward(C, eps, weight, numbers(c, STRENGTHS)[DIVERGENCE], dZ, dC)
        here = 1 - here
    table, coefs = encoder(c)
    _backward(c, table, coefs, theta, x, _ZERO, here, gradient)
    if c[CONTRACTIVE_CODE] != 0:
        direct = vector_at(c[DIRECT], c[DIRECT_SIZE], np.float64)
        for i in range(direct.size):
            gradient[i] += direct[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _backward(c, table, coefs, theta, inputs, first, here, gradient):
    """A backward sweep through encoder or decoder, the derivative by its output in one half of ``deltas``.

    What sparsity and the contractive term add joins on the way. ``first`` is the number of the table's first layer.
    Returns the half in which the derivative by the input is left.
    """
    n, last, half, decodes = inputs.shape[0], table.shape[0] - 1, c[HALF], first > 0
    deltas, bends, spare = numbers(c, DELTAS), numbers(c, BENDS), numbers(c, SPARE)
    before, after = numbers(c, D_BEFORE if decodes else E_BEFORE), numbers(c, D_AFTER if decodes else E_AFTER)
    bent = c[CONTRACTIVE_CODE] != 0 and not decodes
    through = not decodes or c[LOSS] != CROSS_ENTROPY_OF_LOGITS
    for k in range(last, -1, -1):
        row = table[k]
        on = decodes or k > 0
        dA = matrix(deltas, here * half, n, row[T.OUTPUTS])
        dX = matrix(deltas, half - here * half, n, row[T.INPUTS] if on else 0)
        A, Y = block(row, n, before), block(row, n, after)
        add_sparsity(c, first + k, dA)
        if through or k < last:
            dense_through(row, coefs[k], theta, A, Y, dA, gradient)
        else:
            slope_of(row, gradient)[:] = 0.0
        if bent:
            bend, taken = flat(block(row, n, bends)), flat(dA)
            for i in range(taken.size):
                taken[i] += bend[i]
        below = block(table[k - 1], n, after) if k > 0 else inputs
        dense_products(row, theta, below, dA, spare, dX, on, gradient)
        here = 1 - here
    return here


@njit(cache=True, nogil=True)
def add_sparsity(c, layer, dY):
    """Add what the layer's terms of sparsity have for the derivative by its output."""
    terms, of_terms = terms_of(c)
    for t in range(c[TERMS]):
        if terms[t, S.LAYER] == layer:
            Y, weight = of_layer(c, layer)
            means = means_of(c, t, MEANS)
            sparsity_backward(terms[t, S.KIND], terms[t, S.UNITS], of_terms[t], Y, weight, means, dY)
