"""Products with a network's Hessian and Gauss-Newton matrix as machine code that compiled solvers call by its address.

Such a function has the C signature

    ``double product(const intp *context, intp fresh, const double *theta, const double *v, double *out)``

and fills ``out`` (n,) with the matrix at theta times v; what it returns means nothing. The sweep forward belongs to
theta alone and is made where ``fresh``: for another theta, or after any other evaluation, since all share the
objective's work arrays. ``context`` is that of ``native.py``, with room for the tangents. Sweeps in float32 leave theta
and ``out`` in float64.
"""

from functools import cache

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels import native as N
from scipy_ae.kernels import table as T
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.sweeps import forward, gauss_newton_after_forward, hessian_after_forward
from scipy_ae.kernels.views import matrix_at, pointed, vector_at

_NUMBERS = types.CPointer(types.float64)
SIGNATURE = types.float64(types.CPointer(types.intp), types.intp, _NUMBERS, _NUMBERS, _NUMBERS)


@intrinsic
def call(typing, address, context, fresh, theta, v, out):
    """Fill ``out`` by the function at that address."""
    return types.float64(types.intp, context, types.intp, theta, v, out), addresses.number


@njit(cache=True, nogil=True)
def product(address, context, fresh, theta, v, out):
    """The same for callers in Python."""
    call(address, context, fresh, theta, v, out)


def address_of(name: str, single: bool, context: np.ndarray, tangents: tuple[np.ndarray, ...]) -> int:
    """The address of ``gauss_newton_p`` or ``hessp`` of a network whose sweeps run in float64, or ``single``, float32.

    ``tangents`` are the work arrays v_before, v_after, v_deltas and more of ``sweeps.py``, and of ``single`` one for
    the vector; ``context`` is told of them.
    """
    for place, array in zip((N.V_BEFORE, N.V_AFTER, N.V_DELTAS, N.MORE, N.VECTOR), tangents):
        context[place] = N.data_of(array)
    return _address(name, single)


@cache
def _address(name: str, single: bool) -> int:
    double, float32 = {
        "gauss_newton_p": (_gauss_newton, _gauss_newton_in_single),
        "hessp": (_hessian, _hessian_in_single),
    }[name]
    compile_now = cfunc(SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")
    return compile_now(float32 if single else double).address


def _gauss_newton(context, fresh, theta, v, out):
    c = pointed(context, N.CONTEXT_SIZE)
    theta, v, out = pointed(theta, c[N.SIZE]), pointed(v, c[N.SIZE]), pointed(out, c[N.SIZE])
    _gauss_newton_of(c, fresh, theta, v, out, np.float64)
    _add_decay(c, v, out)
    return 0.0


def _hessian(context, fresh, theta, v, out):
    c = pointed(context, N.CONTEXT_SIZE)
    theta, v, out = pointed(theta, c[N.SIZE]), pointed(v, c[N.SIZE]), pointed(out, c[N.SIZE])
    _hessian_of(c, fresh, theta, v, out, np.float64)
    _add_decay(c, v, out)
    return 0.0


def _gauss_newton_in_single(context, fresh, theta, v, out):
    c = pointed(context, N.CONTEXT_SIZE)
    theta, v, out = pointed(theta, c[N.SIZE]), pointed(v, c[N.SIZE]), pointed(out, c[N.SIZE])
    theta32, v32, out32 = _narrowed(c, fresh, theta, v)
    _gauss_newton_of(c, fresh, theta32, v32, out32, np.float32)
    for i in range(out.size):
        out[i] = out32[i]
    _add_decay(c, v, out)
    return 0.0


def _hessian_in_single(context, fresh, theta, v, out):
    c = pointed(context, N.CONTEXT_SIZE)
    theta, v, out = pointed(theta, c[N.SIZE]), pointed(v, c[N.SIZE]), pointed(out, c[N.SIZE])
    theta32, v32, out32 = _narrowed(c, fresh, theta, v)
    _hessian_of(c, fresh, theta32, v32, out32, np.float32)
    for i in range(out.size):
        out[i] = out32[i]
    _add_decay(c, v, out)
    return 0.0


@njit(inline="always")
def _narrowed(c, fresh, theta, v):
    """theta and v in float32, and where the product in float32 is to stand."""
    theta32, v32 = vector_at(c[N.THETA], c[N.SIZE], np.float32), vector_at(c[N.VECTOR], c[N.SIZE], np.float32)
    if fresh:
        for i in range(theta.size):
            theta32[i] = theta[i]
    for i in range(v.size):
        v32[i] = v[i]
    return theta32, v32, vector_at(c[N.GRADIENT], c[N.SIZE], np.float32)


@njit(inline="always")
def _gauss_newton_of(c, fresh, theta, v, out, number):
    table, coefs, X, target, weight, before, after, deltas, spare = _swept(c, theta, fresh, number)
    gauss_newton_after_forward(
        table, coefs, theta, v, X, target, weight, c[N.LOSS], before, after, deltas, spare,
        vector_at(c[N.V_BEFORE], 0, number), vector_at(c[N.V_AFTER], 0, number), vector_at(c[N.MORE], 0, number), out,
    )  # fmt: skip


@njit(inline="always")
def _hessian_of(c, fresh, theta, v, out, number):
    table, coefs, X, target, weight, before, after, deltas, spare = _swept(c, theta, fresh, number)
    hessian_after_forward(
        table, coefs, theta, v, X, target, weight, c[N.LOSS], before, after, deltas, spare,
        vector_at(c[N.V_BEFORE], 0, number), vector_at(c[N.V_AFTER], 0, number),
        matrix_at(c[N.V_DELTAS], 2, c[N.HALF], number), vector_at(c[N.MORE], 0, number), out,
    )  # fmt: skip


@njit(inline="always")
def _swept(c, theta, fresh, number):
    """What products are worked from, swept forward where ``fresh``."""
    layers, n = c[N.LAYERS], c[N.ROWS]
    table, coefs = matrix_at(c[N.TABLE], layers, T.COLUMNS, np.int64), matrix_at(c[N.COEFS], layers, 2, number)
    X, target = matrix_at(c[N.X], n, c[N.INPUTS], number), matrix_at(c[N.TARGET], n, c[N.OUTPUTS], number)
    before, after = vector_at(c[N.BEFORE], 0, number), vector_at(c[N.AFTER], 0, number)
    if fresh:
        forward(table, coefs, theta, X, before, after, True)
    weight, spare = vector_at(c[N.WEIGHT], n, number), vector_at(c[N.SPARE], 0, number)
    return table, coefs, X, target, weight, before, after, matrix_at(c[N.DELTAS], 2, c[N.HALF], number), spare


@njit(inline="always")
def _add_decay(c, v, out):
    """The penalty is sum of decay theta^2."""
    if c[N.DECAY] != 0:
        decay = vector_at(c[N.DECAY], v.size, np.float64)
        for i in range(v.size):
            out[i] += 2.0 * decay[i] * v[i]
