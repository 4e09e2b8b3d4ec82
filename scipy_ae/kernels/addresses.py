"""Calls of C functions by their address, as the code that Numba generates for its intrinsics.

The first argument is the address; of arrays the function is given where their numbers lie.
"""

from llvmlite import ir
from numba import types


def number(context, builder, signature, args):
    """For a function that returns a double."""
    return _called(ir.DoubleType(), context, builder, signature, args)


def nothing(context, builder, signature, args):
    """For a function that returns nothing."""
    _called(ir.VoidType(), context, builder, signature, args)
    return context.get_dummy_value()


def _called(returned, context, builder, signature, args):
    data = [
        context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args[1:], args[1:])
    ]
    kind = ir.FunctionType(returned, [value.type for value in data])
    return builder.call(builder.inttoptr(args[0], kind.as_pointer()), data)
