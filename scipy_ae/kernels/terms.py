"""A network's objective with a bottleneck of its own, or with penalties on activations or on the code's derivative.

The value is the loss, plus the divergence of a variational bottleneck, sparsity terms, the contractive term, and the
decay of weights. As machine code it has the signature of ``kernels/native.py``, and a context of its own. Encoder and
decoder are two tables, each with work arrays from 0 on: a variational bottleneck draws m codes from each row, and the
decoder runs on n * m.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit, types

from scipy_ae.kernels import sparsity as S
from scipy_ae.kernels import table as T
from scipy_ae.kernels.contractive import contractive
from scipy_ae.kernels.dense import dense_products, dense_through, slope_of
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS, loss_backward, loss_value
from scipy_ae.kernels.sparsity import sparsity_backward, sparsity_value
from scipy_ae.kernels.sweeps import block, forward
from scipy_ae.kernels.variational import bottleneck_backward, divergence, draw_codes
from scipy_ae.kernels.views import flat, matrix, matrix_at, pointed, vector, vector_at

#: The context, by index. Sizes: VARIATIONAL, WANTED and VECTORS are 0 for no such bottleneck, for the value alone, and
#: for no contractive term.
(
    ROWS, DRAWS, INPUTS, LATENT, OUTPUTS, SIZE, LOSS, ENCODERS, DECODERS, HALF, WIDEST, TERMS,
    VARIATIONAL, WANTED, VECTORS, STEP, CHUNK, DIRECT_SIZE,
) = range(18)  # fmt: skip
#: Addresses of what is given, ...
(
    ENCODER, ENCODER_COEFS, DECODER, DECODER_COEFS, X, TARGET, WEIGHT, DRAW_WEIGHT, EPS, SEEDS, SPARSE, SPARSE_NUMBERS,
    STRENGTHS, DECAY,
) = range(18, 32)  # fmt: skip
#: ... of the value's parts, and of work arrays: of the sweeps, of sparsity, of the contractive term ...
(PARTS, E_BEFORE, E_AFTER, D_BEFORE, D_AFTER, CODES, DELTAS, SPARE, MEANS, BENDS, DIRECT) = range(32, 43)
STACKS = 43
#: ... and of tangents.
(V_E_BEFORE, V_E_AFTER, V_D_BEFORE, V_D_AFTER, V_CODES, V_DELTAS, DRIFT, MORE) = range(52, 60)
CONTEXT_SIZE = 60
#: Where in ``STRENGTHS`` and ``PARTS``: the parts go on with the terms of sparsity. LOSS_PART has no strength.
LOSS_PART, DIVERGENCE, CONTRACTIVE, FIRST_TERM = range(4)

_SIGNATURE = types.float64(types.CPointer(types.intp), types.CPointer(types.float64), types.CPointer(types.float64))


@cache
def address() -> int:
    """The address of an objective with terms."""
    return cfunc(_SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")(_evaluate).address


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


@njit(inline="always")
def numbers(c, place):
    """The vector at an address of the context, its length left to who reads it."""
    return vector_at(c[place], 0, np.float64)


@njit(inline="always")
def encoder(c):
    """Table and coefficients of the encoder."""
    layers = c[ENCODERS]
    return matrix_at(c[ENCODER], layers, T.COLUMNS, np.int64), matrix_at(c[ENCODER_COEFS], layers, 2, np.float64)


@njit(inline="always")
def decoder(c):
    """Table and coefficients of the decoder."""
    layers = c[DECODERS]
    return matrix_at(c[DECODER], layers, T.COLUMNS, np.int64), matrix_at(c[DECODER_COEFS], layers, 2, np.float64)


@njit(inline="always")
def terms_of(c):
    """The table of sparsity and its numbers."""
    count = c[TERMS]
    return matrix_at(c[SPARSE], count, S.COLUMNS, np.int64), matrix_at(c[SPARSE_NUMBERS], count, S.NUMBERS, np.float64)


@njit(inline="always")
def means_of(c, term, place):
    """The mean activations of a term of sparsity."""
    return vector(numbers(c, place), term * c[WIDEST], c[WIDEST])


@njit(inline="always")
def codes_of(c, C):
    """What goes into the decoder: the draws of a variational bottleneck, else the code itself."""
    if c[VARIATIONAL] != 0:
        return matrix_at(c[CODES], c[ROWS] * c[DRAWS], c[LATENT], np.float64)
    return matrix(flat(C), 0, C.shape[0], C.shape[1])


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
    parts[CONTRACTIVE] = _contractive_part(c, theta, weight) if c[VECTORS] > 0 else 0.0
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


@njit(cache=True, nogil=True)
def of_layer(c, layer):
    """What leaves a layer of encoder or decoder, and what each of its rows counts for."""
    if layer < c[ENCODERS]:
        n = c[ROWS]
        return block(encoder(c)[0][layer], n, numbers(c, E_AFTER)), vector_at(c[WEIGHT], n, np.float64)
    n = c[ROWS] * c[DRAWS]
    row = decoder(c)[0][layer - c[ENCODERS]]
    return block(row, n, numbers(c, D_AFTER)), vector_at(c[DRAW_WEIGHT], n, np.float64)


@njit(cache=True, nogil=True)
def _contractive_part(c, theta, weight):
    table, coefs = encoder(c)
    work = (
        numbers(c, STACKS), numbers(c, STACKS + 1), numbers(c, STACKS + 2), numbers(c, STACKS + 3),
        numbers(c, STACKS + 4), numbers(c, STACKS + 5), numbers(c, STACKS + 6), numbers(c, STACKS + 7),
        numbers(c, STACKS + 8),
    )  # fmt: skip
    return contractive(
        table, coefs, theta, weight, numbers(c, STRENGTHS)[CONTRACTIVE], numbers(c, E_BEFORE), numbers(c, E_AFTER),
        numbers(c, SEEDS), c[VECTORS], c[STEP], c[CHUNK], work, numbers(c, SPARE), c[WANTED] != 0,
        numbers(c, BENDS), vector_at(c[DIRECT], c[DIRECT_SIZE], np.float64),
    )  # fmt: skip


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
    through = c[LOSS] != CROSS_ENTROPY_OF_LOGITS
    here = _backward(c, table, coefs, theta, Z, D_BEFORE, D_AFTER, c[ENCODERS], through, True, False, 0, gradient)
    if c[VARIATIONAL] != 0:
        eps = matrix_at(c[EPS], drawn, c[LATENT], np.float64)
        dZ, dC = matrix(deltas, here * half, drawn, c[LATENT]), matrix(deltas, half - here * half, n, C.shape[1])
        bottleneck_backward(C, eps, weight, numbers(c, STRENGTHS)[DIVERGENCE], dZ, dC)
        here = 1 - here
    table, coefs = encoder(c)
    _backward(c, table, coefs, theta, x, E_BEFORE, E_AFTER, 0, True, False, c[VECTORS] > 0, here, gradient)
    if c[VECTORS] > 0:
        direct = vector_at(c[DIRECT], c[DIRECT_SIZE], np.float64)
        for i in range(direct.size):
            gradient[i] += direct[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _backward(c, table, coefs, theta, inputs, before_at, after_at, first, through, deeper, bent, here, gradient):
    """A backward sweep through encoder or decoder, the derivative by its output in one half of ``deltas``.

    What sparsity and, where ``bent``, the contractive term add to it joins on the way. Returns the half in which the
    derivative by the input is left.
    """
    n, last, half = inputs.shape[0], table.shape[0] - 1, c[HALF]
    deltas, before, after = numbers(c, DELTAS), numbers(c, before_at), numbers(c, after_at)
    spare, bends = numbers(c, SPARE), numbers(c, BENDS)
    for k in range(last, -1, -1):
        row = table[k]
        on = deeper or k > 0
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
