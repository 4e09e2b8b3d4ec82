"""A network of images as a tape: steps of machine code, called one after the other by their addresses.

A step is a row of whole numbers: the address of its code, which slots it reads and writes, where its parameters lie in
theta, and its sizes. A slot is a pair: the address of an array, and how many bytes of it belong to one row of the batch
(0 for an array that all rows share, or that holds one chunk alone). A step is called for the rows first ... first + n
- 1. What a network does not use is never compiled, and no network is compiled by itself.

Its C signature is ``void step(const intp *step, const intp *slots, intp first, intp n, const T *theta)``, with T float
or double, the kind of all arrays but those told otherwise.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numba import cfunc, njit, types
from numba.extending import intrinsic

from scipy_ae.kernels import addresses
from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.views import _view, matrix

#: A step, by index. Slots: input, before and after the activation, deltas, and the tangents of all; then parameters.
(
    CODE, X, A, Y, DX, DY, VX, VA, VY, VDX, WEIGHT, BIAS, SLOPE, P, Q, ACTIVATION, COEF, DEEPER, MEANS, INVERSES, SUMS,
    TOTALS,
) = range(22)  # fmt: skip
#: Where the sizes of its geometry begin, and how many numbers a step has.
GEOMETRY = 22
COLUMNS = 40
#: Slots that every tape has. COEFS, VALUE and the counts of a batch's chunks are float64, float64 and intp.
(
    THETA, GRADIENT, DIRECTION, INPUT, TARGET, ROW_WEIGHT, SCRATCH, MORE, TURNED, COEFS, VALUE, COUNTS, CHUNK, RAW,
    RAW_TARGET,
) = range(15)  # fmt: skip
FIRST_SLOT = 15


@intrinsic
def like(typing, kind, address, n):
    """The ``n`` numbers at an address, of the sort that ``kind``, a C pointer, leads to."""
    array = types.Array(kind.dtype, 1, "C")

    def generate(context, builder, signature, args):
        data = builder.inttoptr(args[1], context.get_data_type(array.dtype).as_pointer())
        return _view(context, builder, array, data, [args[2]])

    return array(kind, types.intp, types.intp), generate


@intrinsic
def _call(typing, code, step, slots, first, n, theta):
    return types.void(*[types.intp] * 6), addresses.nothing


@njit(cache=True, nogil=True, inline="always")
def address(s, slot, first):
    """Where the rows from ``first`` on lie in a slot."""
    return s[2 * slot] + first * s[2 * slot + 1]


@njit(cache=True, nogil=True, inline="always")
def numbers(s, slot, first, count, kind):
    """That many numbers of a slot, as a vector."""
    return like(kind, address(s, slot, first), count)


@njit(cache=True, nogil=True, inline="always")
def rows(s, slot, first, n, width, kind):
    """The n rows of a slot, as (n, width)."""
    return matrix(numbers(s, slot, first, n * width, kind), 0, n, width)


@cache
def code_of(step, single: bool) -> int:
    """The address of a step's code for float32 (``single``) or float64; it is compiled, or read, when first asked."""
    number = types.float32 if single else types.float64
    signature = types.void(
        types.CPointer(types.intp), types.CPointer(types.intp), types.intp, types.intp, types.CPointer(number)
    )
    return cfunc(signature, cache=True, fastmath=FLAGS, error_model="numpy")(step).address


def is_compiled(step, single: bool) -> bool:
    """Whether the code of a step lies on this machine's disk."""
    number = b"float32" if single else b"float64"  # which its signature names
    indices = Path(run.stats.cache_path).glob(f"{step.__module__.rpartition('.')[2]}.{step.__name__}-*.nbi")
    return any(number in index.read_bytes() for index in indices)


@njit(cache=True, nogil=True)
def run(steps, program, slots, place, starts, group, groups, partial, low, high, sums, totals, value):
    """Run a tape on every ``groups``-th chunk from chunk ``group`` on; add up what it leaves.

    Parameters
    ----------
    steps : int
        How many there are.
    program, place : int
        Where the steps and the slots lie.
    slots : ndarray of shape (2 * slots,)
    starts : ndarray of shape (chunks + 1,)
        First row of each chunk, and the number of rows.
    partial : ndarray
        The gradient of one chunk, as the steps leave it; its entries low ... high - 1 are added to ``sums[group]``.
    totals : ndarray of shape (groups,)
        Takes what the steps leave in ``value``.
    """
    for c in range(group, starts.size - 1, groups):
        slots[2 * CHUNK] = c
        value[0] = 0.0
        for k in range(steps):
            step = program + 8 * COLUMNS * k
            code = _first(step)
            _call(code, step, place, starts[c], starts[c + 1] - starts[c], slots[2 * THETA])
        into = sums[group]
        for i in range(low, high):
            into[i] += np.float64(partial[i])
        totals[group] += value[0]


@intrinsic
def _first(typing, address):
    """The first of the intp at an address."""

    def generate(context, builder, signature, args):
        return builder.load(builder.inttoptr(args[0], context.get_data_type(types.intp).as_pointer()))

    return types.intp(types.intp), generate
