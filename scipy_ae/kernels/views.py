"""Views of arrays that cost nothing: no bounds checked, no reference counted.

Slicing and reshaping inside a kernel costs tens of nanoseconds at run time and half a second at compile time for each
place where it stands, and counting references a fifth of an evaluation on small networks. These give the same view by
arithmetic on the pointer. They borrow the memory, so a kernel that uses them makes no arrays of its own: all that it
works on comes from Python, which holds it until the call is over.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

_WORD = ir.IntType(64)


def pointer(context, builder, kind, array, start):
    """The address of number ``start`` of an array of that Numba type, in C order."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [start])


def _view(context, builder, kind, data, shape):
    itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides = [ir.Constant(_WORD, itemsize)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    view = context.make_array(kind)(context, builder)
    populate_array(view, data, cgutils.pack_array(builder, shape), cgutils.pack_array(builder, strides), itemsize, None)
    return view._getvalue()


@intrinsic
def vector(typing, array, start, n):
    """Numbers start ... start + n - 1 of an array in C order, as (n,)."""
    kind = types.Array(array.dtype, 1, "C")

    def generate(context, builder, signature, args):
        data = pointer(context, builder, signature.args[0], args[0], args[1])
        return _view(context, builder, kind, data, [args[2]])

    return kind(array, types.intp, types.intp), generate


@intrinsic
def matrix(typing, array, start, n, q):
    """Numbers start ... start + n q - 1 of an array in C order, as (n, q)."""
    kind = types.Array(array.dtype, 2, "C")

    def generate(context, builder, signature, args):
        data = pointer(context, builder, signature.args[0], args[0], args[1])
        return _view(context, builder, kind, data, [args[2], args[3]])

    return kind(array, types.intp, types.intp, types.intp), generate


@intrinsic
def flat(typing, array):
    """All numbers of an array in C order, as a vector."""
    kind = types.Array(array.dtype, 1, "C")

    def generate(context, builder, signature, args):
        owner = context.make_array(signature.args[0])(context, builder, args[0])
        return _view(context, builder, kind, owner.data, [owner.nitems])

    return kind(array), generate


@intrinsic
def vector_at(typing, address, n, number):
    """The ``n`` numbers of a kind (``np.float64``) at an address, as (n,)."""
    kind = types.Array(number.instance_type, 1, "C")

    def generate(context, builder, signature, args):
        data = builder.inttoptr(args[0], context.get_data_type(kind.dtype).as_pointer())
        return _view(context, builder, kind, data, [args[1]])

    return kind(types.intp, types.intp, number), generate


@intrinsic
def matrix_at(typing, address, n, q, number):
    """The ``n q`` numbers of a kind at an address, as (n, q)."""
    kind = types.Array(number.instance_type, 2, "C")

    def generate(context, builder, signature, args):
        data = builder.inttoptr(args[0], context.get_data_type(kind.dtype).as_pointer())
        return _view(context, builder, kind, data, [args[1], args[2]])

    return kind(types.intp, types.intp, types.intp, number), generate


@intrinsic
def pointed(typing, pointer, n):
    """The ``n`` numbers that a C pointer leads to, as (n,)."""
    kind = types.Array(pointer.dtype, 1, "C")

    def generate(context, builder, signature, args):
        return _view(context, builder, kind, args[0], [args[1]])

    return kind(pointer, types.intp), generate


#: How many numbers :func:`aside` gives.
ASIDE = 64


@intrinsic
def aside(typing, array):
    """``ASIDE`` numbers of the array's kind on the stack, as (ASIDE,), for as long as the kernel runs that asks."""
    kind = types.Array(array.dtype, 1, "C")

    def generate(context, builder, signature, args):
        room = cgutils.alloca_once(builder, context.get_data_type(kind.dtype), ir.Constant(_WORD, ASIDE))
        return _view(context, builder, kind, room, [ir.Constant(_WORD, ASIDE)])

    return kind(array), generate
