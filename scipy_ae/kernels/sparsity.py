"""Sparsity of the activations of one layer: value, derivative, curvature times a tangent.

``Y`` is what leaves the layer (n, q), of whose columns the first ``columns`` count; ``weight`` (n,) is what each row
counts for. L1 is sum_i weight_i sum_j |y_ij|. KL is sum_j rho log(rho / m_j) + (1 - rho) log((1 - rho) / (1 - m_j)),
with m_j = sum_i weight_i scale (y_ij - low) the mean activation, mapped to [0, 1]; m and 1 - m count as no less than
2**-53. Both are multiplied by ``numbers[STRENGTH]``.
"""

import math

from numba import njit

from scipy_ae.kernels.elementary import FLAGS

L1, KL = 0, 1
#: Columns of the table of terms, and of its companion of floats.
KIND, LAYER, UNITS = range(3)
STRENGTH, RHO, LOW, SCALE = range(4)
COLUMNS, NUMBERS = 3, 4

_FLOOR = 2.0**-53


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def sparsity_value(kind, columns, numbers, Y, weight, means):
    """The term's value; for KL the mean activations are left in ``means`` (q,)."""
    if kind == L1:
        total = 0.0
        for i in range(Y.shape[0]):
            row = 0.0
            for j in range(columns):
                row += abs(Y[i, j])
            total += weight[i] * row
        return numbers[STRENGTH] * total
    _mean(columns, numbers, Y, numbers[LOW], weight, means)
    total, rho = 0.0, numbers[RHO]
    for j in range(columns):
        total += rho * math.log(rho / _floored(means[j])) + (1.0 - rho) * math.log(
            (1.0 - rho) / _floored(1.0 - means[j])
        )
    return numbers[STRENGTH] * total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _mean(columns, numbers, Y, low, weight, out):
    """The mean over the rows of scale (Y - low)."""
    out[:columns] = 0.0
    for i in range(Y.shape[0]):
        for j in range(columns):
            out[j] += weight[i] * (numbers[SCALE] * (Y[i, j] - low))


@njit(cache=True, error_model="numpy", nogil=True)
def _floored(m):
    return _FLOOR if m < _FLOOR else m  # written so that a NaN stays one


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def sparsity_backward(kind, columns, numbers, Y, weight, means, dY):
    """dY += the derivative by Y, after :func:`sparsity_value`; that of |y| at 0 is taken as 0."""
    for j in range(columns):
        if kind == L1:
            for i in range(Y.shape[0]):
                y = Y[i, j]
                dY[i, j] += numbers[STRENGTH] * weight[i] * (1.0 if y > 0.0 else (-1.0 if y < 0.0 else 0.0))
        else:
            pull = (1.0 - numbers[RHO]) / _floored(1.0 - means[j]) - numbers[RHO] / _floored(means[j])
            pull *= numbers[STRENGTH] * numbers[SCALE]
            for i in range(Y.shape[0]):
                dY[i, j] += weight[i] * pull


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def sparsity_curvature(kind, columns, numbers, Y, weight, means, vY, drift, vdY):
    """vdY += the change of the derivative when Y moves along vY; ``drift`` (q,) is overwritten."""
    if kind == L1:
        return
    _mean(columns, numbers, vY, 0.0, weight, drift)
    for j in range(columns):
        m, rest = _floored(means[j]), _floored(1.0 - means[j])
        bend = numbers[RHO] / (m * m) + (1.0 - numbers[RHO]) / (rest * rest)
        bend *= numbers[STRENGTH] * numbers[SCALE] * drift[j]
        for i in range(Y.shape[0]):
            vdY[i, j] += weight[i] * bend
