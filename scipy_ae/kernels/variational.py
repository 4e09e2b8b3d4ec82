"""The variational bottleneck: a diagonal Gaussian for each row, from which m codes are drawn by fixed noise.

``C`` (n, 2 d) holds the means, then the log-variances; ``eps`` is (n * m, d), the m draws of a row one after the other,
and ``Z`` (n * m, d) the codes, z = mu + exp(logvar / 2) eps. ``weight`` (n,) is what each row counts for, and
``strength`` multiplies the divergence. Kingma and Welling (2014), section 2.4 and appendix B.
"""

import math

from numba import njit

from scipy_ae.kernels.elementary import FLAGS


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def draw_codes(C, eps, Z):
    """Z = the codes."""
    d, m = Z.shape[1], Z.shape[0] // C.shape[0]
    for i in range(C.shape[0]):
        for j in range(d):
            mean, spread = C[i, j], math.exp(0.5 * C[i, d + j])
            for k in range(i * m, i * m + m):
                Z[k, j] = mean + spread * eps[k, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def divergence(C, weight):
    """KL(N(mu, exp(logvar)) || N(0, 1)) in nats, summed over the code and averaged over the rows."""
    d, total = C.shape[1] // 2, 0.0
    for i in range(C.shape[0]):
        row = 0.0
        for j in range(d):
            # expm1: near the prior the rest is a difference of nearly equal numbers
            row += C[i, j] * C[i, j] + (math.expm1(C[i, d + j]) - C[i, d + j])
        total += 0.5 * weight[i] * row
    return total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def bottleneck_backward(C, eps, weight, strength, dZ, dC):
    """dC = the derivative by C of strength * divergence and of what follows, given that by Z."""
    d, m = dZ.shape[1], dZ.shape[0] // C.shape[0]
    for i in range(C.shape[0]):
        for j in range(d):
            mean, spread = 0.0, 0.0
            for k in range(i * m, i * m + m):
                mean += dZ[k, j]
                spread += dZ[k, j] * eps[k, j]
            dC[i, j] = mean + strength * weight[i] * C[i, j]
            half = 0.5 * math.exp(0.5 * C[i, d + j])
            dC[i, d + j] = half * spread + 0.5 * strength * weight[i] * math.expm1(C[i, d + j])


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def code_tangent(C, eps, vC, vZ):
    """vZ = the tangent of the codes when C moves along vC."""
    d, m = vZ.shape[1], vZ.shape[0] // C.shape[0]
    for i in range(C.shape[0]):
        for j in range(d):
            half = 0.5 * math.exp(0.5 * C[i, d + j]) * vC[i, d + j]
            for k in range(i * m, i * m + m):
                vZ[k, j] = vC[i, j] + half * eps[k, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def bottleneck_backward_tangent(C, eps, weight, strength, dZ, vC, vdZ, vdC):
    """vdC = the tangent of :func:`bottleneck_backward` along vC, given that of dZ."""
    d, m = dZ.shape[1], dZ.shape[0] // C.shape[0]
    for i in range(C.shape[0]):
        for j in range(d):
            mean, spread, moved = 0.0, 0.0, 0.0
            for k in range(i * m, i * m + m):
                mean += vdZ[k, j]
                moved += vdZ[k, j] * eps[k, j]
                spread += dZ[k, j] * eps[k, j]
            vdC[i, j] = mean + strength * weight[i] * vC[i, j]
            half, turn = 0.5 * math.exp(0.5 * C[i, d + j]), vC[i, d + j]
            vdC[i, d + j] = half * (moved + 0.5 * turn * spread)
            vdC[i, d + j] += 0.5 * strength * weight[i] * math.exp(C[i, d + j]) * turn
