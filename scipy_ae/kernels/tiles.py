"""The inner parts of small matrix products, written for vector registers.

BLAS spends more on finding its way than on a product of 10 x 35 by 35 x 28 numbers, and loops that the compiler
vectorises by itself end in long scalar remainders at such widths. Here one tile of the result stays in registers while
all of the inner dimension passes by (Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication",
ACM TOMS 34, section 4.2). A tile of 4 or 5 rows and 2 vectors leaves registers free for what passes by.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from scipy_ae.kernels.registers import FUSED, INDEX, WORD, first, load, register_of, spread, steps, store
from scipy_ae.kernels.views import pointer


def _tile(rows, registers, narrow=False):
    """A tile of ``rows`` times ``registers`` vectors of C = start + A B; ``narrow``: of a C less than a vector wide."""

    @intrinsic
    def tile(typing, A, a, a_row, a_column, B, b, depth, start, C, c, width):
        """The tile whose first number is C[c]; B[b] is the head of its columns, start[b] what its sums begin from.

        A is read from A[a] on in steps of ``a_row`` and ``a_column``; B has ``depth`` rows; the rows of B and C are
        ``width`` long. ``start`` may be None, for 0.
        """
        step, register = types.intp, register_of(C.dtype)
        beside = ir.Constant(WORD, register.count)

        def generate(context, builder, signature, args):
            _, a, a_row, a_column, _, b, depth, _, _, c, width = args
            heads = {k: pointer(context, builder, signature.args[k], args[k], at) for k, at in ((0, a), (4, b), (8, c))}
            mask = first(builder, register, width) if narrow else None
            begins = [ir.Constant(register, None)] * registers
            if not isinstance(start, types.NoneType):
                head = pointer(context, builder, signature.args[7], args[7], b)
                begins = [load(builder, register, at, mask) for at in steps(builder, head, beside, registers)]
            sums = [[cgutils.alloca_once_value(builder, begin) for begin in begins] for _ in range(rows)]
            with cgutils.for_range(builder, depth) as loop:
                line = builder.gep(heads[4], [builder.mul(loop.index, width)])
                line = [load(builder, register, at, mask) for at in steps(builder, line, beside, registers)]
                column = builder.gep(heads[0], [builder.mul(loop.index, a_column)])
                for at, row in zip(steps(builder, column, a_row, rows), sums):
                    factor = spread(builder, register, builder.load(at))
                    for numbers, total in zip(line, row):
                        term = builder.fmul(factor, numbers, flags=FUSED)
                        builder.store(builder.fadd(builder.load(total), term, flags=FUSED), total)
            for head, row in zip(steps(builder, heads[8], width, rows), sums):
                for at, total in zip(steps(builder, head, beside, registers), row):
                    store(builder, builder.load(total), at, mask)
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
    step, register = types.intp, register_of(W.dtype)
    count = register.count

    def exchange(builder, rows, half):
        below = [k if not k & half else k - half + count for k in range(count)]
        above = [k + half if not k & half else k + count for k in range(count)]
        kind = ir.VectorType(INDEX, count)
        for r in range(count):
            if not r & half:
                pair = rows[r], rows[r + half]
                rows[r] = builder.shuffle_vector(*pair, ir.Constant(kind, below))
                rows[r + half] = builder.shuffle_vector(*pair, ir.Constant(kind, above))

    def generate(context, builder, signature, args):
        _, w, w_row, _, o, o_row = args
        head = pointer(context, builder, signature.args[0], args[0], w)
        rows = [load(builder, register, at) for at in steps(builder, head, w_row, count)]
        half = 1
        while half < count:
            exchange(builder, rows, half)
            half *= 2
        head = pointer(context, builder, signature.args[3], args[3], o)
        for at, row in zip(steps(builder, head, o_row, count), rows):
            store(builder, row, at)
        return context.get_dummy_value()

    return types.void(W, step, step, out, step, step), generate
