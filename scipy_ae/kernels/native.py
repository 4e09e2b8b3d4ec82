"""An objective as machine code that compiled solvers call by its address.

Such a function has the C signature ``double evaluate(const intp *context, const double *theta, double *gradient)``:
it returns the value at theta and fills the gradient. All else that it works on, it finds through ``context``, a vector
of sizes and of the addresses of arrays that whoever made it keeps alive. A solver's kernel that calls by address
compiles once for all objectives, and without compiling any of them again.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels import table as T
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.sweeps import loss_and_gradient
from scipy_ae.kernels.views import matrix_at, pointed, vector_at

#: The context of a network's objective, by index: sizes first, then addresses; THETA, GRADIENT and VECTOR are for
#: float32, PROBE for ``probe.py``, and from V_BEFORE on those for ``second_order.py``, 0 until they are wanted.
LAYERS, ROWS, INPUTS, OUTPUTS, SIZE, LOSS, HALF = range(7)
TABLE, COEFS, X, TARGET, WEIGHT, BEFORE, AFTER, DELTAS, SPARE, THETA, GRADIENT, PROBE, DECAY = range(7, 20)
V_BEFORE, V_AFTER, V_DELTAS, MORE, VECTOR = range(20, 25)
CONTEXT_SIZE = 25

_SIGNATURE = types.float64(types.CPointer(types.intp), types.CPointer(types.float64), types.CPointer(types.float64))


@intrinsic
def call(typing, address, context, theta, gradient):
    """The value at theta of the function at that address; fills ``gradient``."""
    return types.float64(types.intp, context, theta, gradient), addresses.number


@njit(cache=True, nogil=True)
def evaluate(address, context, theta, gradient):
    """The same for callers in Python."""
    return call(address, context, theta, gradient)


@cache
def address_of(single: bool) -> int:
    """The address of a network's objective whose sweeps run in float64, or ``single``, in float32."""
    compile_now = cfunc(_SIGNATURE, cache=True, fastmath=FLAGS, error_model="numpy")
    return compile_now(_in_single if single else _in_double).address


def data_of(array: np.ndarray | None) -> int:
    """Where the array's numbers lie; 0 for none."""
    return 0 if array is None else array.__array_interface__["data"][0]


def is_compiled() -> bool:
    """False where the first training on this machine has yet to compile its kernels."""
    folder = Path(evaluate.stats.cache_path)
    return any(folder.glob(f"{Path(__file__).stem}.{_in_double.__name__}-*.nbi"))


def _in_double(context, theta, gradient):
    c = pointed(context, CONTEXT_SIZE)
    theta, gradient = pointed(theta, c[SIZE]), pointed(gradient, c[SIZE])
    value = _data_loss(c, theta, gradient, np.float64)
    return value + _decay(c, theta, gradient)


def _in_single(context, theta, gradient):
    c = pointed(context, CONTEXT_SIZE)
    theta, gradient = pointed(theta, c[SIZE]), pointed(gradient, c[SIZE])
    theta32, gradient32 = vector_at(c[THETA], c[SIZE], np.float32), vector_at(c[GRADIENT], c[SIZE], np.float32)
    for i in range(theta.size):
        theta32[i] = theta[i]
    value = _data_loss(c, theta32, gradient32, np.float32)
    for i in range(theta.size):
        gradient[i] = gradient32[i]
    return value + _decay(c, theta, gradient)


@njit(inline="always")
def _data_loss(c, theta, gradient, number):
    layers, n = c[LAYERS], c[ROWS]
    return loss_and_gradient(
        matrix_at(c[TABLE], layers, T.COLUMNS, np.int64),
        matrix_at(c[COEFS], layers, 2, number),
        theta,
        matrix_at(c[X], n, c[INPUTS], number),
        matrix_at(c[TARGET], n, c[OUTPUTS], number),
        vector_at(c[WEIGHT], n, number),
        c[LOSS],
        vector_at(c[BEFORE], 0, number),
        vector_at(c[AFTER], 0, number),
        matrix_at(c[DELTAS], 2, c[HALF], number),
        vector_at(c[SPARE], 0, number),
        gradient,
    )


@njit(inline="always")
def _decay(c, theta, gradient):
    """sum of decay theta^2; adds its derivative to ``gradient``."""
    value = 0.0
    if c[DECAY] != 0:
        decay = vector_at(c[DECAY], theta.size, np.float64)
        for i in range(theta.size):
            gradient[i] += 2.0 * (decay[i] * theta[i])
        for i in range(theta.size):  # apart, so that its order does not depend on where the arrays lie
            value += decay[i] * theta[i] * theta[i]
    return value
