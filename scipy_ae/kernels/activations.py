"""Activations as loops over whole layers: value, first derivative as a product, second derivative as a product.

Conventions: ``a`` is what comes in, z = beta a, ``y`` = f(z), both (n * q,), the n rows of a layer one after the
other; a derivative is always that of the whole, with beta. ``alpha`` is the fixed parameter of leaky relu and elu,
``slope`` (q,) the trained one of parametric relu. Elementwise functions have diagonal Jacobians and softmax a
symmetric one, so that the product J v serves the backward and the tangent sweep alike. At a kink the derivative is
the one of the left side, which is 0 for relu; a step's is 0 everywhere.
"""

from numba import njit

from scipy_ae.kernels import elementary
from scipy_ae.kernels.elementary import FLAGS

IDENTITY, STEP, LOGISTIC, TANH, ARCTAN, RELU = 0, 1, 2, 3, 4, 5
LEAKY_RELU, PARAMETRIC_RELU, ELU, SOFTPLUS, SATURATING_LINEAR, SOFTMAX = 6, 7, 8, 9, 10, 11

_exp, _expm1_negative = elementary.exp, elementary.expm1_negative
_logistic, _softplus = elementary.logistic, elementary.softplus
_tanh, _arctan = elementary.tanh, elementary.arctan


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def activation_forward(code, beta, alpha, slope, q, a, y):
    """Y = f(beta A)."""
    elementary.widest_vectors()
    one, zero = beta / beta, beta - beta  # of the arrays' own precision
    if code == TANH:
        for i in range(a.size):
            y[i] = _tanh(beta * a[i])
    elif code == LOGISTIC:
        for i in range(a.size):
            y[i] = _logistic(beta * a[i])
    elif code == IDENTITY:
        for i in range(a.size):
            y[i] = beta * a[i]
    elif code == STEP:
        for i in range(a.size):
            y[i] = one if a[i] >= zero else (zero if a[i] < zero else a[i])
    elif code == ARCTAN:
        for i in range(a.size):
            y[i] = _arctan(beta * a[i])
    elif code == RELU:
        for i in range(a.size):
            y[i] = zero if a[i] <= zero else beta * a[i]
    elif code == LEAKY_RELU:
        for i in range(a.size):
            y[i] = beta * a[i] * (one if a[i] > zero else alpha)
    elif code == PARAMETRIC_RELU:
        for i in range(0, a.size, q):
            for j in range(q):
                y[i + j] = beta * a[i + j] * (one if a[i + j] > zero else slope[j])
    elif code == ELU:
        for i in range(a.size):
            z = beta * a[i]
            y[i] = z if z > zero else alpha * _expm1_negative(z)
    elif code == SOFTPLUS:
        for i in range(a.size):
            y[i] = _softplus(beta * a[i])
    elif code == SATURATING_LINEAR:
        for i in range(a.size):
            z = beta * a[i]
            y[i] = zero if z <= zero else (one if z >= one else z)
    elif code == SOFTMAX:
        _softmax_forward(beta, a.reshape(-1, q), y.reshape(-1, q))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _softmax_forward(beta, A, Y):
    """Each row divided by its sum, after its largest entry is taken off, so that nothing overflows."""
    n, q = A.shape
    for i in range(n):
        top = A[i, 0]
        for j in range(1, q):
            top = max(top, A[i, j])
        total = beta - beta
        for j in range(q):
            Y[i, j] = _exp(beta * (A[i, j] - top))
            total += Y[i, j]
        for j in range(q):
            Y[i, j] /= total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def activation_product(code, beta, alpha, slope, q, a, y, v, o):
    """o = J v, with J the derivative of y by a; ``o`` may be ``v``."""
    elementary.widest_vectors()
    one, zero = beta / beta, beta - beta
    if code == TANH:
        for i in range(a.size):
            o[i] = v[i] * (beta * (one - y[i] * y[i]))
    elif code == LOGISTIC:
        for i in range(a.size):
            o[i] = v[i] * (beta * (y[i] * (one - y[i])))
    elif code == IDENTITY:
        for i in range(a.size):
            o[i] = v[i] * beta
    elif code == STEP:
        o[:] = zero
    elif code == ARCTAN:
        for i in range(a.size):
            z = beta * a[i]
            o[i] = v[i] * (beta / (one + z * z))
    elif code == RELU:
        for i in range(a.size):
            o[i] = v[i] * beta if a[i] > zero else zero
    elif code == LEAKY_RELU:
        for i in range(a.size):
            o[i] = v[i] * (beta * (one if a[i] > zero else alpha))
    elif code == PARAMETRIC_RELU:
        for i in range(0, a.size, q):
            for j in range(q):
                o[i + j] = v[i + j] * (beta * (one if a[i + j] > zero else slope[j]))
    elif code == ELU:
        for i in range(a.size):
            o[i] = v[i] * (beta * (one if a[i] > zero else y[i] + alpha))
    elif code == SOFTPLUS:
        for i in range(a.size):
            o[i] = v[i] * (beta * _logistic(beta * a[i]))
    elif code == SATURATING_LINEAR:
        for i in range(a.size):
            o[i] = v[i] * beta if zero < a[i] and beta * a[i] <= one else zero
    elif code == SOFTMAX:
        for i in range(0, a.size, q):
            mean = zero
            for j in range(i, i + q):
                mean += y[j] * v[j]
            for j in range(i, i + q):
                o[j] = beta * (y[j] * (v[j] - mean))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def activation_curvature(code, beta, alpha, q, a, y, v, d, o):
    """o += the change of J d when a moves by v, for fixed d; 0 for the piecewise linear activations."""
    one, zero = beta / beta, beta - beta
    two = one + one
    if code == TANH:
        for i in range(a.size):
            o[i] -= two * beta * beta * y[i] * (one - y[i] * y[i]) * v[i] * d[i]
    elif code == LOGISTIC:
        for i in range(a.size):
            o[i] += beta * beta * y[i] * (one - y[i]) * (one - two * y[i]) * v[i] * d[i]
    elif code == ARCTAN:
        for i in range(a.size):
            z = beta * a[i]
            s = one / (one + z * z)
            o[i] -= two * beta * beta * z * s * s * v[i] * d[i]
    elif code == ELU:
        for i in range(a.size):
            o[i] += (zero if a[i] > zero else beta * beta * (y[i] + alpha)) * v[i] * d[i]
    elif code == SOFTPLUS:
        for i in range(a.size):
            s = _logistic(beta * a[i])
            o[i] += beta * beta * s * (one - s) * v[i] * d[i]
    elif code == SOFTMAX:
        for i in range(0, a.size, q):
            mean, drift, shift = zero, zero, zero
            for j in range(i, i + q):
                mean += y[j] * d[j]
                drift += y[j] * v[j]
            for j in range(i, i + q):
                shift += beta * y[j] * (v[j] - drift) * d[j]
            for j in range(i, i + q):
                moved = beta * y[j] * (v[j] - drift)
                o[j] += beta * (moved * (d[j] - mean) - y[j] * shift)
