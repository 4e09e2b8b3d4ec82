"""The inner parts of small matrix products, written for vector registers.

BLAS spends more on finding its way than on a product of 10 x 35 by 35 x 28 numbers, and loops that the compiler
vectorises by itself end in long scalar remainders at such widths. Here one tile of the result stays in registers while
all of the inner dimension passes by (Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication",
ACM TOMS 34, section 4.2). A vector is 64 bytes where the processor has AVX-512, else 32: one register of AVX2, two of
NEON. A tile of 4 or 5 rows and 2 vectors then leaves registers free for what passes by.
"""

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from scipy_ae.kernels.views import pointer

_BYTES = 64 if get_host_cpu_features().get("avx512f") else 32
_WORD, _INDEX = ir.IntType(64), ir.IntType(32)
_FUSED = ("contract",)  # a multiplication and an addition may be rounded once


def _register(dtype):
    """The vector type for float64 or float32."""
    return ir.VectorType(ir.DoubleType() if dtype == types.float64 else ir.FloatType(), 8 * _BYTES // dtype.bitwidth)


def _load(builder, register, at, mask=None):
    """The register's worth of numbers at an address; of the places outside ``mask`` nothing is read."""
    head = builder.bitcast(at, register.as_pointer())
    if mask is None:
        return builder.load(head, align=4)
    arguments = [head, ir.Constant(_INDEX, 4), mask, ir.Constant(register, None)]
    return builder.call(_masked(builder, "load", register, register, arguments), arguments)


def _store(builder, value, at, mask=None):
    head = builder.bitcast(at, value.type.as_pointer())
    if mask is None:
        builder.store(value, head, align=4)
        return
    arguments = [value, head, ir.Constant(_INDEX, 4), mask]
    builder.call(_masked(builder, "store", value.type, ir.VoidType(), arguments), arguments)


def _masked(builder, what, register, returned, arguments):
    """LLVM's masked load or store of such a register; llvmlite knows no names of vectors."""
    numbers = f"v{register.count}{register.element.intrinsic_name}"
    kind = ir.FunctionType(returned, [argument.type for argument in arguments])
    return cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.{what}.{numbers}.p0")


def _first(builder, register, count):
    """The mask of the first ``count`` places of a register."""
    kind = ir.VectorType(_WORD, register.count)
    places = ir.Constant(kind, list(range(register.count)))
    return builder.icmp_signed("<", places, _spread(builder, kind, count))


def _steps(builder, start, step, count):
    """start, start + step, ... as addresses."""
    return [builder.gep(start, [builder.mul(step, ir.Constant(_WORD, k))]) for k in range(count)]


def _spread(builder, register, number):
    """A register with the number in each of its places."""
    nothing = ir.Constant(register, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, register.count), None))


@intrinsic
def lanes(typing, array):
    """How many numbers of an array fill a register."""
    count = 8 * _BYTES // array.dtype.bitwidth
    return types.intp(array), lambda context, builder, signature, args: ir.Constant(_WORD, count)


def _tile(rows, registers, narrow=False):
    """A tile of ``rows`` times ``registers`` vectors of C = start + A B; ``narrow``: of a C less than a vector wide."""

    @intrinsic
    def tile(typing, A, a, a_row, a_column, B, b, depth, start, C, c, width):
        """The tile whose first number is C[c]; B[b] is the head of its columns, start[b] what its sums begin from.

        A is read from A[a] on in steps of ``a_row`` and ``a_column``; B has ``depth`` rows; the rows of B and C are
        ``width`` long. ``start`` may be None, for 0.
        """
        step, register = types.intp, _register(C.dtype)
        beside = ir.Constant(_WORD, register.count)

        def generate(context, builder, signature, args):
            _, a, a_row, a_column, _, b, depth, _, _, c, width = args
            heads = {k: pointer(context, builder, signature.args[k], args[k], at) for k, at in ((0, a), (4, b), (8, c))}
            mask = _first(builder, register, width) if narrow else None
            begins = [ir.Constant(register, None)] * registers
            if not isinstance(start, types.NoneType):
                head = pointer(context, builder, signature.args[7], args[7], b)
                begins = [_load(builder, register, at, mask) for at in _steps(builder, head, beside, registers)]
            sums = [[cgutils.alloca_once_value(builder, begin) for begin in begins] for _ in range(rows)]
            with cgutils.for_range(builder, depth) as loop:
                line = builder.gep(heads[4], [builder.mul(loop.index, width)])
                line = [_load(builder, register, at, mask) for at in _steps(builder, line, beside, registers)]
                column = builder.gep(heads[0], [builder.mul(loop.index, a_column)])
                for at, row in zip(_steps(builder, column, a_row, rows), sums):
                    factor = _spread(builder, register, builder.load(at))
                    for numbers, total in zip(line, row):
                        term = builder.fmul(factor, numbers, flags=_FUSED)
                        builder.store(builder.fadd(builder.load(total), term, flags=_FUSED), total)
            for head, row in zip(_steps(builder, heads[8], width, rows), sums):
                for at, total in zip(_steps(builder, head, beside, registers), row):
                    _store(builder, builder.load(total), at, mask)
            return context.get_dummy_value()

        return types.void(A, step, step, step, B, step, step, start, C, step, step), generate

    return tile


tile_5x2, tile_4x2, tile_4x1, tile_1x2, tile_1x1 = _tile(5, 2), _tile(4, 2), _tile(4, 1), _tile(1, 2), _tile(1, 1)
narrow_8, narrow_1 = _tile(8, 1, narrow=True), _tile(1, 1, narrow=True)


@intrinsic
def turn_block(typing, W, w, w_row, out, o, o_row):
    """Transpose the square block of one register's width at W[w] into out[o]; rows are w_row and o_row long.

    Each round exchanges halves of pairs of rows, quarters, eighths, ... (Eklundh 1972, IEEE Trans. Comput. C-21, 801).
    """
    step, register = types.intp, _register(W.dtype)
    count = register.count

    def exchange(builder, rows, half):
        below = [k if not k & half else k - half + count for k in range(count)]
        above = [k + half if not k & half else k + count for k in range(count)]
        kind = ir.VectorType(_INDEX, count)
        for r in range(count):
            if not r & half:
                pair = rows[r], rows[r + half]
                rows[r] = builder.shuffle_vector(*pair, ir.Constant(kind, below))
                rows[r + half] = builder.shuffle_vector(*pair, ir.Constant(kind, above))

    def generate(context, builder, signature, args):
        _, w, w_row, _, o, o_row = args
        head = pointer(context, builder, signature.args[0], args[0], w)
        rows = [_load(builder, register, at) for at in _steps(builder, head, w_row, count)]
        half = 1
        while half < count:
            exchange(builder, rows, half)
            half *= 2
        head = pointer(context, builder, signature.args[3], args[3], o)
        for at, row in zip(_steps(builder, head, o_row, count), rows):
            _store(builder, row, at)
        return context.get_dummy_value()

    return types.void(W, step, step, out, step, step), generate
