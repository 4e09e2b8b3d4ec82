"""The context of an objective with terms: what its machine code finds there, by index, and how it is read."""

import numpy as np
from numba import njit, types

from scipy_ae.kernels import sparsity as S
from scipy_ae.kernels import table as T
from scipy_ae.kernels.sweeps import block
from scipy_ae.kernels.views import flat, matrix, matrix_at, vector, vector_at

#: The context, by index. Sizes: VARIATIONAL and WANTED are 0 for no such bottleneck, and for the value alone.
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
#: The address of the contractive term, as ``kernels/contractive.py`` has it; 0 for none.
CONTRACTIVE_CODE = 60
CONTEXT_SIZE = 61
#: Where in ``STRENGTHS`` and ``PARTS``: the parts go on with the terms of sparsity. LOSS_PART has no strength.
LOSS_PART, DIVERGENCE, CONTRACTIVE, FIRST_TERM = range(4)

SIGNATURE = types.float64(types.CPointer(types.intp), types.CPointer(types.float64), types.CPointer(types.float64))


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


@njit(cache=True, nogil=True)
def of_layer(c, layer):
    """What leaves a layer of encoder or decoder, and what each of its rows counts for."""
    if layer < c[ENCODERS]:
        n = c[ROWS]
        return block(encoder(c)[0][layer], n, numbers(c, E_AFTER)), vector_at(c[WEIGHT], n, np.float64)
    n = c[ROWS] * c[DRAWS]
    row = decoder(c)[0][layer - c[ENCODERS]]
    return block(row, n, numbers(c, D_AFTER)), vector_at(c[DRAW_WEIGHT], n, np.float64)
