"""Register tiles of correlations: sums of runs of numbers that lie shifted against each other.

Where an image lies row behind row with zeros between, what a tap of a kernel sees of it is one run, shifted by the same
offset for all pixels. A correlation is then a matrix product whose second factor is never formed: row ``tap`` of it is
the image itself, from ``offsets[tap]`` on. :func:`_sums` makes tiles of this product, :func:`_dots` of that of the
gradient by the weights. Both go over all taps, or all pixels, with the tile in registers.

``places`` is what the vectors of a result are: for each three numbers, where it begins in the image, where in the
result, and, bit by bit, which of its numbers are wanted; those go one behind the other into the result.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from scipy_ae.kernels.registers import FUSED, WIDE, WORD, load, register_of, short_name, spread, steps, store
from scipy_ae.kernels.views import pointer

#: Numbers of a vector in ``places``.
PLACE = 3
#: Rows of the largest tile, and vectors in it; vectors in tiles of fewer rows, of which ``places`` holds a multiple.
ROWS, ACROSS, ALONG = (8, 3, 6) if WIDE else (4, 3, 3)
#: Rows and taps of the largest tile of a gradient by weights.
DOT_ROWS, DOT_TAPS = (4, 6) if WIDE else (4, 3)


def _word(builder, head, index):
    return builder.load(builder.gep(head, [ir.Constant(WORD, index)]))


def _mask(builder, register, bits):
    """The mask of a register from the bits of a whole number."""
    bits = builder.trunc(bits, ir.IntType(register.count))
    return builder.bitcast(bits, ir.VectorType(ir.IntType(1), register.count))


def _packed(builder, value, mask):
    """The wanted numbers of a register at its head."""
    if not WIDE:  # there the wanted ones stand at the head already
        return value
    kind = ir.FunctionType(value.type, [value.type, value.type, mask.type])
    name = f"llvm.x86.avx512.mask.compress.{short_name(value.type)}"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [value, ir.Constant(value.type, None), mask])


def _add_product(builder, a, b, total):
    product = builder.fmul(a, b, flags=FUSED)
    builder.store(builder.fadd(builder.load(total), product, flags=FUSED), total)


def _sums(rows, registers):
    """A tile of a correlation: ``rows`` channels of the result times ``registers`` vectors of pixels."""

    @intrinsic
    def tile(typing, B, offsets, depth, W, w, places, place, Y, y, y_row):
        """The vectors from ``place`` on; Y[y] begins the first channel, the next one is ``y_row`` further.

        From W[w] on stand what the channels' sums begin from, then for each tap the weights of the channels.
        """
        step, register = types.intp, register_of(Y.dtype)

        def generate(context, builder, signature, args):
            def head(k, at):
                return pointer(context, builder, signature.args[k], args[k], at)

            _, _, depth, _, w, _, place, _, y, y_row = args
            zero = ir.Constant(WORD, 0)
            taps, weights = head(1, zero), head(3, w)
            first = builder.mul(place, ir.Constant(WORD, PLACE))
            table = head(5, first)
            images = [head(0, _word(builder, table, PLACE * j)) for j in range(registers)]
            begins = [spread(builder, register, _word(builder, weights, r)) for r in range(rows)]
            sums = [[cgutils.alloca_once_value(builder, begin) for _ in range(registers)] for begin in begins]
            weights = builder.gep(weights, [ir.Constant(WORD, rows)])
            with cgutils.for_range(builder, depth) as loop:
                offset = builder.load(builder.gep(taps, [loop.index]))
                seen = [load(builder, register, builder.gep(image, [offset])) for image in images]
                column = builder.gep(weights, [builder.mul(loop.index, ir.Constant(WORD, rows))])
                for r in range(rows):
                    factor = spread(builder, register, _word(builder, column, r))
                    for numbers, total in zip(seen, sums[r]):
                        _add_product(builder, factor, numbers, total)
            for j in range(registers):
                bits = _word(builder, table, PLACE * j + 2)
                wanted = _mask(builder, register, bits)
                one = ir.Constant(WORD, 1)
                prefix = builder.sub(builder.shl(one, builder.ctpop(bits)), one)
                prefix = _mask(builder, register, prefix)
                out = head(7, builder.add(y, _word(builder, table, PLACE * j + 1)))
                for r, at in enumerate(steps(builder, out, y_row, rows)):
                    store(builder, _packed(builder, builder.load(sums[r][j]), wanted), at, prefix)
            return context.get_dummy_value()

        return types.void(B, offsets, step, W, step, places, step, Y, step, step), generate

    return tile


sums_main = _sums(ROWS, ACROSS)
sums_4, sums_3, sums_2, sums_1 = (_sums(rows, ALONG) for rows in (4, 3, 2, 1))


def _across(builder, totals):
    """The sums of the numbers of each of some registers, as the numbers of fewer registers.

    Two registers become one by adding half of each to its other half, then two of those by quarters, ...
    """
    register = totals[0].type
    count = register.count
    size = count
    while size > 1:
        if len(totals) % 2:
            totals = [*totals, ir.Constant(register, None)]
        heads = [g * size + k for g in range(2 * count // size) for k in range(size // 2)]
        kind = ir.VectorType(ir.IntType(32), count)
        heads, tails = ir.Constant(kind, heads), ir.Constant(kind, [k + size // 2 for k in heads])
        totals = [
            builder.fadd(builder.shuffle_vector(a, b, heads), builder.shuffle_vector(a, b, tails))
            for a, b in zip(totals[::2], totals[1::2])
        ]
        size //= 2
    return totals


def _dots(rows, taps):
    """A tile of the gradient by the weights: the dot products of ``rows`` runs of D with ``taps`` shifted ones of B."""

    @intrinsic
    def tile(typing, B, b, b_sample, offsets, tap, D, d, d_row, d_sample, vectors, samples, out, o):
        """Adds to out[o] and what follows: the taps of the first row, then of the next; room for whole registers.

        D[d] begins the first run; ``d_row`` and ``d_sample`` lead to that of the next row or sample.
        """
        step, register = types.intp, register_of(D.dtype)

        def generate(context, builder, signature, args):
            def head(k, at):
                return pointer(context, builder, signature.args[k], args[k], at)

            _, first, b_sample, _, tap, _, d, d_row, d_sample, vectors, samples, _, o = args
            table = head(3, tap)
            images = [head(0, _word(builder, table, j)) for j in range(taps)]
            runs = steps(builder, head(5, d), d_row, rows)
            nothing = ir.Constant(register, None)
            sums = [[cgutils.alloca_once_value(builder, nothing) for _ in range(taps)] for _ in range(rows)]
            with cgutils.for_range(builder, samples) as sample:
                b = builder.add(first, builder.mul(sample.index, b_sample))
                d = builder.mul(sample.index, d_sample)
                with cgutils.for_range(builder, vectors) as loop:
                    at = builder.mul(loop.index, ir.Constant(WORD, register.count))
                    b_at, d_at = builder.add(b, at), builder.add(d, at)
                    seen = [load(builder, register, builder.gep(image, [b_at])) for image in images]
                    for run, row in zip(runs, sums):
                        numbers = load(builder, register, builder.gep(run, [d_at]))
                        for shifted, total in zip(seen, row):
                            _add_product(builder, numbers, shifted, total)
            totals = _across(builder, [builder.load(total) for row in sums for total in row])
            for total, at in zip(totals, steps(builder, head(11, o), ir.Constant(WORD, register.count), len(totals))):
                store(builder, builder.fadd(load(builder, register, at), total), at)
            return context.get_dummy_value()

        words = [step] * 3
        return types.void(B, step, step, offsets, step, D, *words, step, step, out, step), generate

    return tile


dots_4, dots_3, dots_2, dots_1 = (_dots(rows, DOT_TAPS) for rows in (4, 3, 2, 1))


@intrinsic
def sum_of_runs(typing, D, d, d_sample, samples, pixels):
    """The sum over D[d + i d_sample + p] for all i < samples, p < pixels."""
    step, register = types.intp, register_of(D.dtype)
    lanes, together = register.count, 4

    def generate(context, builder, signature, args):
        _, d, d_sample, samples, pixels = args
        head = pointer(context, builder, signature.args[0], args[0], d)
        sums = [cgutils.alloca_once_value(builder, ir.Constant(register, None)) for _ in range(together)]
        places = ir.VectorType(ir.IntType(32), lanes)
        with cgutils.for_range(builder, samples) as sample:
            run = builder.gep(head, [builder.mul(sample.index, d_sample)])
            width = ir.Constant(WORD, together * lanes)
            rounds = builder.sdiv(builder.add(pixels, ir.Constant(WORD, together * lanes - 1)), width)
            with cgutils.for_range(builder, rounds) as loop:
                at = builder.mul(loop.index, width)
                left = spread(builder, places, builder.trunc(builder.sub(pixels, at), ir.IntType(32)))
                for j, total in enumerate(sums):
                    here = ir.Constant(places, list(range(j * lanes, (j + 1) * lanes)))
                    inside = builder.icmp_signed("<", here, left)
                    place = builder.gep(run, [builder.add(at, ir.Constant(WORD, j * lanes))])
                    numbers = load(builder, register, place, inside)
                    builder.store(builder.fadd(builder.load(total), numbers), total)
        a, b, c, e = (builder.load(total) for total in sums)
        total = _across(builder, [builder.fadd(builder.fadd(a, b), builder.fadd(c, e))])[0]
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return D.dtype(D, step, step, step, step), generate
