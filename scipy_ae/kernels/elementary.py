"""exp, expm1, tanh, logistic, softplus and arctan for loops that the compiler turns into SIMD.

``math.tanh`` and its siblings are calls of a scalar library inside Numba; these are straight-line arithmetic: range
reduction by a multiple of ln 2 (Cody and Waite 1980), a polynomial on the small rest, and a power of two set through
the exponent bits. Each stays within 6 units in the last place of the exact value over the whole range, denormals,
signed zeros and infinities included; NaN in, NaN out.

Each name below is an ordinary function of one number for readers and interpreters, and an overload by type (float64 or
float32) for the compiler. ``reassoc`` must stay out of the fast-math flags: it would undo the range reduction.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

#: Compiler flags of every kernel that goes through this file.
FLAGS = {"contract", "nsz", "arcp"}
_OPTIONS = {"fastmath": {"contract"}, "error_model": "numpy", "forceinline": True}
_WORDS = {
    types.float64: (types.int64, ir.IntType(64), ir.DoubleType()),
    types.float32: (types.int32, ir.IntType(32), ir.FloatType()),
}


@intrinsic
def _bits(context, number):
    """The bits of a float as a signed integer of its width."""
    integer, word, _ = _WORDS[number]
    return integer(number), lambda _, builder, __, args: builder.bitcast(args[0], word)


@intrinsic
def _float64(context, bits):
    """The float64 that has these bits."""
    return types.float64(types.int64), lambda _, builder, __, args: builder.bitcast(args[0], ir.DoubleType())


@intrinsic
def _float32(context, bits):
    """The float32 that has these bits."""
    return types.float32(types.int32), lambda _, builder, __, args: builder.bitcast(args[0], ir.FloatType())


@intrinsic
def widest_vectors(context):
    """Asks the compiler for the widest vectors in the kernel where this stands.

    Left to itself it takes half of an AVX-512 register, for fear of a lower clock. Arithmetic as dense as here gains a
    third from the whole. The attribute is LLVM's; llvmlite lets no such name through its own door.
    """

    def generate(_, builder, __, args):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return ir.Constant(ir.IntType(8).as_pointer(), None)

    return types.void(), generate


# Adding 1.5 * 2**(mantissa bits) rounds to the nearest integer and leaves that integer in the lowest bits.
_ROUND64, _ROUND32 = 6755399441055744.0, np.float32(12582912.0)
_ROUND_BITS64 = int(np.float64(_ROUND64).view(np.int64))
_ROUND_BITS32 = np.int32(_ROUND32.view(np.int32))
_LOG2E64, _LOG2E32 = 1.4426950408889634, np.float32(1.4426950408889634)
_LN2_HIGH64, _LN2_LOW64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LN2_HIGH32, _LN2_LOW32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LN2_64, _LN2_32 = math.log(2.0), np.float32(math.log(2.0))
_ZERO32, _HALF32, _ONE32, _TWO32 = (np.float32(c) for c in (0.0, 0.5, 1.0, 2.0))


# Polynomials are summed by Estrin's scheme: pairs, then pairs of pairs. Horner's would make each step wait for the one
# before, and the waiting, not the arithmetic, is what a loop over short layers then spends its time on.


@register_jitable
def _expm1_small64(r):
    """exp(r) - 1 for |r| <= ln(2)/2: the Taylor series to degree 13."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5 + 1.6666666666666666e-01 * r) + (4.1666666666666664e-02 + 8.333333333333333e-03 * r) * r2
    middle = (1.388888888888889e-03 + 1.984126984126984e-04 * r) + (
        2.48015873015873e-05 + 2.7557319223985893e-06 * r
    ) * r2
    high = (2.755731922398589e-07 + 2.505210838544172e-08 * r) + (
        2.08767569878681e-09 + 1.6059043836821613e-10 * r
    ) * r2
    return r + r2 * (low + (middle + high * r4) * r4)


_C7, _C6, _C5 = np.float32(1 / 5040), np.float32(1 / 720), np.float32(1 / 120)
_C4, _C3 = np.float32(1 / 24), np.float32(1 / 6)


@register_jitable
def _expm1_small32(r):
    """exp(r) - 1 for |r| <= ln(2)/2: the Taylor series to degree 7."""
    r2 = r * r
    p = (_HALF32 + _C3 * r) + ((_C4 + _C5 * r) + (_C6 + _C7 * r) * r2) * r2
    return r + r2 * p


def exp(x):
    """e to the power x."""
    return float(np.exp(x))


@overload(exp, jit_options=_OPTIONS)
def _exp(x):
    def exp64(x):
        z = min(max(x, -746.0), 710.0)
        k = z * _LOG2E64 + _ROUND64
        n = k - _ROUND64
        r = (z - n * _LN2_HIGH64) - n * _LN2_LOW64
        i = _bits(k) - _ROUND_BITS64
        half = i >> 1  # in two factors, so that denormal results and overflow come out right
        scale = _float64((half + 1023) << 52)
        rest = _float64((i - half + 1023) << 52)
        y = (1.0 + _expm1_small64(r)) * scale * rest
        return y if x == x else x

    def exp32(x):
        z = min(max(x, np.float32(-104.0)), np.float32(89.0))
        k = z * _LOG2E32 + _ROUND32
        n = k - _ROUND32
        r = (z - n * _LN2_HIGH32) - n * _LN2_LOW32
        i = types.int32(_bits(k) - _ROUND_BITS32)
        half = types.int32(i >> 1)
        scale = _float32(types.int32((half + 127) << 23))
        rest = _float32(types.int32((i - half + 127) << 23))
        y = (_ONE32 + _expm1_small32(r)) * scale * rest
        return y if x == x else x

    return exp32 if x == types.float32 else exp64


def expm1_negative(x):
    """exp(x) - 1 for x <= 0."""
    return float(np.expm1(x))


@overload(expm1_negative, jit_options=_OPTIONS)
def _expm1_negative(x):
    def expm1_64(x):
        z = max(x, -40.0)
        k = z * _LOG2E64 + _ROUND64
        n = k - _ROUND64
        r = (z - n * _LN2_HIGH64) - n * _LN2_LOW64
        scale = _float64((_bits(k) << 52) + (1023 << 52))
        y = scale * _expm1_small64(r) + (scale - 1.0)
        return y if x == x else x

    def expm1_32(x):
        z = max(x, np.float32(-20.0))
        k = z * _LOG2E32 + _ROUND32
        n = k - _ROUND32
        r = (z - n * _LN2_HIGH32) - n * _LN2_LOW32
        scale = _float32(types.int32((_bits(k) << 23) + (127 << 23)))
        y = scale * _expm1_small32(r) + (scale - _ONE32)
        return y if x == x else x

    return expm1_32 if x == types.float32 else expm1_64


def tanh(x):
    """Hyperbolic tangent."""
    return float(np.tanh(x))


@overload(tanh, jit_options=_OPTIONS)
def _tanh(x):
    def tanh64(x):
        e = expm1_negative(-2.0 * abs(x))
        return math.copysign(e / (e + 2.0), x)

    def tanh32(x):
        e = expm1_negative(-_TWO32 * abs(x))
        return math.copysign(e / (e + _TWO32), x)

    return tanh32 if x == types.float32 else tanh64


def logistic(x):
    """1 / (1 + exp(-x)), without overflow on either side."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


@overload(logistic, jit_options=_OPTIONS)
def _logistic(x):
    def logistic64(x):
        e = exp(-abs(x))
        return (1.0 if x >= 0.0 else e) / (1.0 + e)

    def logistic32(x):
        e = exp(-abs(x))
        return (_ONE32 if x >= _ZERO32 else e) / (_ONE32 + e)

    return logistic32 if x == types.float32 else logistic64


_ODD64 = tuple(2.0 / (2 * i + 1) for i in range(11))
_, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = _ODD64
_M1, _M2, _M3, _M4 = (np.float32(c) for c in _ODD64[1:5])


@register_jitable
def _log1p_unit64(e):
    """log(1 + e) for e in [0, 1]: 2 artanh(s) with s = f / (2 + f) after halving 1 + e where it exceeds sqrt 2."""
    far = e > 0.41421356
    f = (e - 1.0) * 0.5 if far else e
    s = f / (2.0 + f)
    q = s * s
    q2 = q * q
    q4 = q2 * q2
    low = (_L1 + _L2 * q) + (_L3 + _L4 * q) * q2
    high = (_L5 + _L6 * q) + (_L7 + _L8 * q) * q2
    p = q * (low + (high + (_L9 + _L10 * q) * q4) * q4)
    # s * 2 = f - s * f, so the leading term carries no rounding of s
    return (f - s * (f - p)) + (_LN2_64 if far else 0.0)


@register_jitable
def _log1p_unit32(e):
    far = e > np.float32(0.41421356)
    f = (e - _ONE32) * _HALF32 if far else e
    s = f / (_TWO32 + f)
    q = s * s
    p = _M4
    p = p * q + _M3
    p = p * q + _M2
    p = p * q + _M1
    p = p * q
    return (f - s * (f - p)) + (_LN2_32 if far else _ZERO32)


def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@overload(softplus, jit_options=_OPTIONS)
def _softplus(x):
    def softplus64(x):
        y = max(x, 0.0) + _log1p_unit64(exp(-abs(x)))
        return y if x == x else x

    def softplus32(x):
        y = max(x, _ZERO32) + _log1p_unit32(exp(-abs(x)))
        return y if x == x else x

    return softplus32 if x == types.float32 else softplus64


def logistic_softplus(x):
    """logistic(x) and softplus(x), of one exponential."""
    return logistic(x), softplus(x)


@overload(logistic_softplus, jit_options=_OPTIONS)
def _logistic_softplus(x):
    def both64(x):
        e = exp(-abs(x))
        s = max(x, 0.0) + _log1p_unit64(e)
        return (1.0 if x >= 0.0 else e) / (1.0 + e), s if x == x else x

    def both32(x):
        e = exp(-abs(x))
        s = max(x, _ZERO32) + _log1p_unit32(e)
        return (_ONE32 if x >= _ZERO32 else e) / (_ONE32 + e), s if x == x else x

    return both32 if x == types.float32 else both64


def arctan(x):
    """Inverse tangent."""
    return math.atan(x)


@overload(arctan, jit_options=_OPTIONS)
def _arctan(x):
    # scalar on purpose: rare as an activation, and the library's value is exact to half a unit
    return lambda x: math.atan(x)
