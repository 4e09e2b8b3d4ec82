"""Dense layer: A = X W + b, Y = f(A); forward, backward, tangent, and the tangent of backward.

``row`` is the layer's row of the table, ``coef`` its (beta, alpha). W is (p, q), X (n, p), A and Y (n, q); ``dY`` is
the derivative of the objective by Y and is used up; ``v`` is a direction in theta and ``vX`` that of the input.
"""

from numba import njit

from scipy_ae.kernels import table as T
from scipy_ae.kernels.activations import (
    PARAMETRIC_RELU,
    SOFTMAX,
    activation_curvature,
    activation_forward,
    activation_product,
)
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.products import affine, column_sums, left_transposed, right_transposed
from scipy_ae.kernels.views import flat, matrix, vector


@njit(cache=True, nogil=True, inline="always")
def weight_of(row, theta):
    return matrix(theta, row[T.WEIGHT], row[T.INPUTS], row[T.OUTPUTS])


@njit(cache=True, nogil=True, inline="always")
def _bias(row, theta):
    return vector(theta, row[T.BIAS], row[T.OUTPUTS])


@njit(cache=True, nogil=True, inline="always")
def slope_of(row, theta):
    """The trained slopes (q,) of a parametric relu; empty for every other activation."""
    count = row[T.OUTPUTS] if row[T.ACTIVATION] == PARAMETRIC_RELU else 0
    return vector(theta, row[T.SLOPE] if count > 0 else 0, count)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def dense_forward(row, coef, theta, X, A, Y, finish):
    """A, and Y where ``finish``."""
    affine(X, weight_of(row, theta), _bias(row, theta), A)
    if finish:
        activation_forward(
            row[T.ACTIVATION], coef[T.BETA], coef[T.ALPHA], slope_of(row, theta), row[T.OUTPUTS], flat(A), flat(Y)
        )


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def dense_backward(row, coef, theta, X, A, Y, dA, through, spare, dX, deeper, gradient):
    """Write the layer's part of ``gradient`` and, where ``deeper``, the derivative by its input into dX.

    ``dA`` comes as the derivative by Y, or, where not ``through``, by A already; it leaves as that by A.
    ``spare`` has room for min(p * q, SMALL) numbers.
    """
    if through:
        dense_through(row, coef, theta, A, Y, dA, gradient)
    else:
        slope_of(row, gradient)[:] = 0
    dense_products(row, theta, X, dA, spare, dX, deeper, gradient)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def dense_through(row, coef, theta, A, Y, dA, gradient):
    """Turn ``dA`` from the derivative by Y into that by A; write the trained slopes' part of ``gradient``."""
    if row[T.ACTIVATION] == PARAMETRIC_RELU:
        _slope_gradient(coef[T.BETA], A, dA, slope_of(row, gradient))
    slope = slope_of(row, theta)
    activation_product(
        row[T.ACTIVATION],
        coef[T.BETA],
        coef[T.ALPHA],
        slope,
        row[T.OUTPUTS],
        flat(A),
        flat(Y),
        flat(dA),
        flat(dA),
    )


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def dense_products(row, theta, X, dA, spare, dX, deeper, gradient):
    """From the derivative by A, those by weight, bias and, where ``deeper``, input."""
    left_transposed(X, dA, weight_of(row, gradient))
    column_sums(dA, spare, _bias(row, gradient))
    if deeper:
        right_transposed(dA, weight_of(row, theta), spare, dX)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _slope_gradient(beta, A, dY, out):
    """Of parametric relu: its output is slope * beta * A where A is not positive."""
    n, q = A.shape
    out[:] = 0
    for i in range(n):
        for j in range(q):
            if A[i, j] <= 0:
                out[j] += beta * A[i, j] * dY[i, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def dense_tangent(row, coef, theta, v, X, vX, moving, A, Y, vA, vY, more):
    """vA = vX W + X V + v_b and vY = J vA; ``moving`` is False where the input has no tangent.

    ``more`` has room for n * q numbers.
    """
    affine(X, weight_of(row, v), _bias(row, v), vA)
    if moving:
        through_input = matrix(more, 0, vA.shape[0], vA.shape[1])
        affine(vX, weight_of(row, theta), None, through_input)
        _add(through_input, vA)
    slope = slope_of(row, theta)
    activation_product(
        row[T.ACTIVATION], coef[T.BETA], coef[T.ALPHA], slope, row[T.OUTPUTS], flat(A), flat(Y), flat(vA), flat(vY)
    )
    if row[T.ACTIVATION] == PARAMETRIC_RELU:
        turn = slope_of(row, v)
        n, q = A.shape
        for i in range(n):
            for j in range(q):
                if A[i, j] <= 0:
                    vY[i, j] += coef[T.BETA] * A[i, j] * turn[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def dense_backward_tangent(
    row, coef, theta, v, X, vX, A, Y, vA, dA, vdA, through, spare, more, dX, vdX, deeper, product
):
    """The tangent of :func:`dense_backward` (Pearlmutter 1994): what the layer's gradient and dX do along ``v``.

    ``dA`` and its tangent ``vdA`` come and leave as in dense_backward; ``product`` is the Hessian times v. Where
    ``deeper``, dX and its tangent are written, and X has the tangent vX. ``more`` has room for p * q and n * p numbers.
    """
    code, beta, alpha = row[T.ACTIVATION], coef[T.BETA], coef[T.ALPHA]
    slope = slope_of(row, theta)
    if through:
        if code == PARAMETRIC_RELU:
            _slope_gradient(beta, A, vdA, slope_of(row, product))
            _slope_gradient_tangent(beta, A, vA, dA, slope_of(row, product))
        activation_product(code, beta, alpha, slope, row[T.OUTPUTS], flat(A), flat(Y), flat(vdA), flat(vdA))
        activation_curvature(code, beta, alpha, row[T.OUTPUTS], flat(A), flat(Y), flat(vA), flat(dA), flat(vdA))
        if code == PARAMETRIC_RELU:
            _slope_curvature(beta, A, dA, slope_of(row, v), vdA)
        activation_product(code, beta, alpha, slope, row[T.OUTPUTS], flat(A), flat(Y), flat(dA), flat(dA))
    else:
        slope_of(row, product)[:] = 0
    weight = weight_of(row, product)
    left_transposed(X, vdA, weight)
    column_sums(vdA, spare, _bias(row, product))
    if deeper:
        through_input = matrix(more, 0, weight.shape[0], weight.shape[1])
        left_transposed(vX, dA, through_input)
        _add(through_input, weight)
        right_transposed(dA, weight_of(row, theta), spare, dX)
        right_transposed(vdA, weight_of(row, theta), spare, vdX)
        through_weight = matrix(more, 0, dX.shape[0], dX.shape[1])
        right_transposed(dA, weight_of(row, v), spare, through_weight)
        _add(through_weight, vdX)


@njit(cache=True, nogil=True)
def _add(more, out):
    """out += more, for arrays of one shape."""
    a, o = flat(more), flat(out)
    for i in range(o.size):
        o[i] += a[i]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _slope_gradient_tangent(beta, A, vA, dY, out):
    """out += the change of the slopes' gradient when A moves by vA."""
    n, q = A.shape
    for i in range(n):
        for j in range(q):
            if A[i, j] <= 0:
                out[j] += beta * vA[i, j] * dY[i, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _slope_curvature(beta, A, dY, turn, out):
    """out += the change of J dY when the slopes move by ``turn``."""
    n, q = A.shape
    for i in range(n):
        for j in range(q):
            if A[i, j] <= 0:
                out[i, j] += beta * turn[j] * dY[i, j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True, inline="always")
def dense_slopes(row, coef, theta, A, Y, q, through, factors, D, turns, spare, dX, deeper):
    """As dense_backward for q derivatives of each row of A at once, which stand in D (n * q, outputs) row after row.

    ``turns`` takes the derivatives by the trained slopes of a parametric relu, as D; ``factors`` has room for A.
    """
    if through:
        if row[T.ACTIVATION] == PARAMETRIC_RELU:
            _turn_slopes(coef[T.BETA], A, q, D, turns)
        through_activation(row[T.ACTIVATION], coef, slope_of(row, theta), A, Y, q, factors, D)
    if deeper:
        right_transposed(D, weight_of(row, theta), spare, dX)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def through_activation(code, coef, slope, A, Y, q, factors, D):
    """D = J D for q derivatives of each row at once; ``factors`` has room for A."""
    n, width = A.shape
    if code == SOFTMAX:
        for r in range(n * q):
            i = r // q
            activation_product(
                code, coef[T.BETA], coef[T.ALPHA], slope, width,
                vector(A, i * width, width), vector(Y, i * width, width),
                vector(D, r * width, width), vector(D, r * width, width),
            )  # fmt: skip
        return
    f = vector(factors, 0, n * width)
    for k in range(f.size):
        f[k] = 1
    activation_product(code, coef[T.BETA], coef[T.ALPHA], slope, width, flat(A), flat(Y), f, f)
    for i in range(n):
        for j in range(q):
            for b in range(width):
                D[i * q + j, b] *= f[i * width + b]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _turn_slopes(beta, A, q, D, turns):
    n, width = A.shape
    for i in range(n):
        for j in range(q):
            for b in range(width):
                turns[i * q + j, b] = beta * min(A[i, b], 0) * D[i * q + j, b]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def dense_jacobian(row, X, q, D, turns, rows):
    """The layer's columns of the derivative of q outputs of each row of X, ``rows`` (n * q, theta.size)."""
    n, p = X.shape
    width = D.shape[1]
    w, b, s = row[T.WEIGHT], row[T.BIAS], row[T.SLOPE]
    for r in range(n * q):
        for k in range(p):
            x = X[r // q, k]
            for j in range(width):
                rows[r, w + k * width + j] = x * D[r, j]
        for j in range(width):
            rows[r, b + j] = D[r, j]
        if row[T.ACTIVATION] == PARAMETRIC_RELU:
            for j in range(width):
                rows[r, s + j] = turns[r, j]
