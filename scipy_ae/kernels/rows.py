"""Rows of images taken apart into every second, third or fourth number, with zeros around, and put together again."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from scipy_ae.kernels.registers import INDEX, WORD, load, register_of, spread, store
from scipy_ae.kernels.views import pointer


def _inside(builder, register, start, width):
    """Which of start, start + 1, ... are at least 0 and less than ``width``."""
    kind = ir.VectorType(INDEX, register.count)
    here = builder.add(spread(builder, kind, builder.trunc(start, INDEX)), ir.Constant(kind, list(range(kind.count))))
    return builder.icmp_unsigned("<", here, spread(builder, kind, builder.trunc(width, INDEX)))


def _picked(builder, registers, places):
    """A register whose number l is that at ``places[l]``, a pair of the register it is in and its place there."""
    count = len(places)
    kind = ir.VectorType(INDEX, count)
    result = registers[0]
    for r, other in enumerate(registers):
        if r == 0:
            mask = [place if at == 0 else lane for lane, (at, place) in enumerate(places)]
        else:
            mask = [count + place if at == r else lane for lane, (at, place) in enumerate(places)]
        result = builder.shuffle_vector(result, other, ir.Constant(kind, mask))
    return result


def _rounds(builder, columns, count):
    """How many registers hold so many numbers."""
    return builder.sdiv(builder.add(columns, ir.Constant(WORD, count - 1)), ir.Constant(WORD, count))


def _split(step):
    """Part rows into ``step`` rows each."""

    @intrinsic
    def split(typing, X, x, x_row, rows, width, before, B, b, b_row, apart, columns):
        """B[b + q apart + j] = number ``step`` j + q - before of the row of ``width`` at X[x], 0 where it has none.

        For all j < columns and q < step, and for so many rows, ``x_row`` apart in X and ``b_row`` in B.
        """
        word, register = types.intp, register_of(X.dtype)
        count = register.count

        def generate(context, builder, signature, args):
            _, x, x_row, rows, width, before, _, b, b_row, apart, columns = args
            source = pointer(context, builder, signature.args[0], args[0], builder.sub(x, before))
            target = pointer(context, builder, signature.args[6], args[6], b)
            before = builder.sub(ir.Constant(WORD, 0), before)
            rounds = _rounds(builder, columns, count)
            with cgutils.for_range(builder, rows) as row, cgutils.for_range(builder, rounds) as loop:
                x = builder.gep(source, [builder.mul(row.index, x_row)])
                b = builder.gep(target, [builder.mul(row.index, b_row)])
                at = builder.mul(loop.index, ir.Constant(WORD, count))
                parts = []
                for t in range(step):
                    place = builder.add(builder.mul(at, ir.Constant(WORD, step)), ir.Constant(WORD, t * count))
                    mask = _inside(builder, register, builder.add(place, before), width)
                    parts.append(load(builder, register, builder.gep(x, [place]), mask))
                mask = _inside(builder, register, at, columns)
                for q in range(step):
                    places = [divmod(step * lane + q, count) for lane in range(count)]
                    place = builder.add(builder.mul(apart, ir.Constant(WORD, q)), at)
                    numbers = _picked(builder, parts, places) if step > 1 else parts[0]
                    store(builder, numbers, builder.gep(b, [place]), mask)
            return context.get_dummy_value()

        return types.void(X, *[word] * 5, B, *[word] * 4), generate

    return split


def _join(step):
    """Put ``step`` rows together."""

    @intrinsic
    def join(typing, B, b, b_row, apart, before, X, x, x_row, rows, width):
        """X[x + step j + q - before] = B[b + q apart + j] wherever that is one of the row of ``width``.

        For so many rows, ``b_row`` apart in B and ``x_row`` in X. A register's worth behind each row of B may be read.
        """
        word, register = types.intp, register_of(X.dtype)
        count = register.count

        def generate(context, builder, signature, args):
            _, b, b_row, apart, before, _, x, x_row, rows, width = args
            source = pointer(context, builder, signature.args[0], args[0], b)
            target = pointer(context, builder, signature.args[5], args[5], builder.sub(x, before))
            rounds = _rounds(builder, builder.add(width, before), step * count)
            before = builder.sub(ir.Constant(WORD, 0), before)
            with cgutils.for_range(builder, rows) as row, cgutils.for_range(builder, rounds) as loop:
                b = builder.gep(source, [builder.mul(row.index, b_row)])
                x = builder.gep(target, [builder.mul(row.index, x_row)])
                at = builder.mul(loop.index, ir.Constant(WORD, count))
                places = [builder.add(builder.mul(apart, ir.Constant(WORD, q)), at) for q in range(step)]
                parts = [load(builder, register, builder.gep(b, [place])) for place in places]
                for t in range(step):
                    place = builder.add(builder.mul(at, ir.Constant(WORD, step)), ir.Constant(WORD, t * count))
                    numbers = _picked(builder, parts, [divmod(t * count + lane, step)[::-1] for lane in range(count)])
                    mask = _inside(builder, register, builder.add(place, before), width)
                    store(builder, numbers, builder.gep(x, [place]), mask)
            return context.get_dummy_value()

        return types.void(B, *[word] * 4, X, *[word] * 4), generate

    return join


pad_rows, split_2, split_3, split_4 = (_split(step) for step in (1, 2, 3, 4))
join_2, join_3, join_4 = (_join(step) for step in (2, 3, 4))
