"""Vector registers in the code of our intrinsics: loads, stores and the like, as instructions of LLVM.

A vector is 64 bytes where the processor has AVX-512, else 32: one register of AVX2, two of NEON.
"""

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Whether vectors are as wide as those of AVX-512.
WIDE = bool(get_host_cpu_features().get("avx512f"))
_BYTES = 64 if WIDE else 32
#: How many float64 fill a vector.
LANES_OF_DOUBLES = _BYTES // 8
WORD, INDEX = ir.IntType(64), ir.IntType(32)
FUSED = ("contract",)  # a multiplication and an addition may be rounded once


def register_of(dtype):
    """The vector type for float64 or float32."""
    return ir.VectorType(ir.DoubleType() if dtype == types.float64 else ir.FloatType(), 8 * _BYTES // dtype.bitwidth)


def load(builder, register, at, mask=None):
    """The register's worth of numbers at an address; of the places outside ``mask`` nothing is read."""
    head = builder.bitcast(at, register.as_pointer())
    if mask is None:
        return builder.load(head, align=4)
    arguments = [head, ir.Constant(INDEX, 4), mask, ir.Constant(register, None)]
    return builder.call(masked(builder, "load", register, register, arguments), arguments)


def store(builder, value, at, mask=None):
    head = builder.bitcast(at, value.type.as_pointer())
    if mask is None:
        builder.store(value, head, align=4)
        return
    arguments = [value, head, ir.Constant(INDEX, 4), mask]
    builder.call(masked(builder, "store", value.type, ir.VoidType(), arguments), arguments)


def masked(builder, what, register, returned, arguments):
    """LLVM's masked load or store of such a register; llvmlite knows no names of vectors."""
    kind = ir.FunctionType(returned, [argument.type for argument in arguments])
    return cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.{what}.{short_name(register)}.p0")


def short_name(register):
    """What LLVM calls a register in the names of its functions: v16f32."""
    return f"v{register.count}{register.element.intrinsic_name}"


def first(builder, register, count):
    """The mask of the first ``count`` places of a register."""
    kind = ir.VectorType(WORD, register.count)
    places = ir.Constant(kind, list(range(register.count)))
    return builder.icmp_signed("<", places, spread(builder, kind, count))


def steps(builder, start, step, count):
    """start, start + step, ... as addresses."""
    return [builder.gep(start, [builder.mul(step, ir.Constant(WORD, k))]) for k in range(count)]


def spread(builder, register, number):
    """A register with the number in each of its places."""
    nothing = ir.Constant(register, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INDEX, register.count), None))


@intrinsic
def lanes(typing, array):
    """How many numbers of an array fill a register."""
    count = 8 * _BYTES // array.dtype.bitwidth
    return types.intp(array), lambda context, builder, signature, args: ir.Constant(WORD, count)
