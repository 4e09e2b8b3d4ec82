"""What solvers carry from run to run, as plain numbers and arrays, and back: for a file, without pickle.

A memory that comes back gives the same steps to the last bit. What lies in its arrays is worked on by compiled code,
which checks no index; so what could lead it astray is refused here.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.kernels import curvature as C
from scipy_ae.solvers.conjugate_gradient import Conjugate
from scipy_ae.solvers.damping import Damping
from scipy_ae.solvers.directions import Directions
from scipy_ae.solvers.first_order import Lengths, Moments, Rate, Velocity
from scipy_ae.solvers.inverse_hessian import DenseMatrix, DirectionSum, PairRing
from scipy_ae.solvers.newton import Carried

_TABLES: dict[str, type] = {kind.__name__: kind for kind in (Velocity, Rate, Moments, Lengths, Damping, Carried)}
_FORMS: dict[str, type[Directions]] = {kind.__name__: kind for kind in (DirectionSum, DenseMatrix, PairRing, Conjugate)}
_BARE = "matrix"  # SciPy's BFGS carries its matrix as it is
_TOP = {C.JOINED: 1, C.RESCALE: C.BY_NEWEST, C.BETA: 1}  # the largest of each of these whole numbers


def to_plain(memory: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A memory as a table that JSON can hold, and arrays by name, which are not copies."""
    kind = type(memory).__name__
    if isinstance(memory, np.ndarray):
        return {"kind": _BARE}, {"matrix": memory}
    if kind in _FORMS:
        return _of_form(kind, memory)
    if kind not in _TABLES:
        raise InputError(f"memory: one of kind {kind} cannot be kept in a file")
    table: dict[str, Any] = {"kind": kind}
    arrays: dict[str, np.ndarray] = {}
    for field in fields(memory):
        value = getattr(memory, field.name)
        if isinstance(value, Damping):
            table[field.name], inner = to_plain(value)
            arrays |= {f"{field.name}.{name}": array for name, array in inner.items()}
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
        else:
            table[field.name] = value
    return table, arrays


def from_plain(table: Mapping[str, Any], arrays: Mapping[str, np.ndarray], size: int) -> Any:
    """The memory that :func:`to_plain` was given, for ``size`` weights.

    Raises
    ------
    InputError
        They are not what that gives.
    """
    try:
        memory = _made(table, arrays, size)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"memory: what a solver had learned is damaged ({error})") from None
    return memory


def _made(table: Mapping[str, Any], arrays: Mapping[str, np.ndarray], size: int) -> Any:
    kind = table["kind"]
    if kind == _BARE:
        return _shaped(arrays["matrix"], (size, size))
    if kind in _FORMS:
        return _as_form(kind, table, arrays, size)
    given: dict[str, Any] = {key: value for key, value in table.items() if key != "kind"}
    for key, value in given.items():
        if isinstance(value, dict):
            inner = {name.removeprefix(f"{key}."): a for name, a in arrays.items() if name.startswith(f"{key}.")}
            given[key] = _made(value, inner, size)
        elif isinstance(value, bool) or not isinstance(value, int | float | None):
            raise ValueError(f"{key} is {value!r}")
    given |= {name: _shaped(array, (size,)) for name, array in arrays.items() if "." not in name}
    made = _TABLES[kind](**given)
    if made.size != size:
        raise ValueError(f"{kind} of {made.size} weights")
    return made


def _of_form(kind: str, memory: Directions) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The rows in use, and all numbers."""
    count = {"DirectionSum": int(memory.whole[C.COUNT]), "PairRing": memory.pairs}.get(kind)
    arrays: dict[str, np.ndarray] = {"reals": memory.reals, "whole": memory.whole}
    arrays |= {"A": memory.A[:count], "B": memory.B[:count], "v": memory.v[:count]}
    table: dict[str, Any] = {"kind": kind}
    if isinstance(memory, PairRing):
        table["rows"] = memory.rows
    if isinstance(memory, Conjugate) and memory.last is not None:
        arrays["p"], arrays["g"] = memory.last
    return table, arrays


def _as_form(kind: str, table: Mapping[str, Any], arrays: Mapping[str, np.ndarray], size: int) -> Directions:
    whole = _shaped(arrays["whole"], (C.WHOLE_SIZE,), np.int64)
    if (whole < 0).any() or any(whole[place] > top for place, top in _TOP.items()):
        raise ValueError(f"its whole numbers are {whole.tolist()}")
    count, pairs = int(whole[C.COUNT]), int(whole[C.PAIRS])
    if kind == "DirectionSum" and not (pairs <= count and (count or whole[C.JOINED])):
        raise ValueError(f"a sum of {pairs} pairs over {count} directions")
    memory: Directions
    shapes: dict[str, tuple[int, ...]]
    if kind == "DirectionSum":
        memory, shapes = DirectionSum(size), {"A": (count, size), "B": (count, 2), "v": (0,)}
    elif kind == "DenseMatrix":
        memory, shapes = DenseMatrix(arrays["A"]), {"A": (size, size), "B": (2, size), "v": (0,)}
    elif kind == "PairRing":
        rows = table["rows"]
        if not isinstance(rows, int) or isinstance(rows, bool) or not pairs <= rows or whole[C.OLDEST] >= max(pairs, 1):
            raise ValueError(f"a ring of {pairs} pairs in {rows!r} rows, the oldest in {whole[C.OLDEST]}")
        memory, shapes = PairRing(size, rows), {"A": (pairs, size), "B": (pairs, size), "v": (pairs,)}
    else:
        memory, shapes = Conjugate(size, int(whole[C.BETA])), {"A": (0, size), "B": (0, 2), "v": (0,)}
        if "p" in arrays:
            memory.last = _shaped(arrays["p"], (size,)), _shaped(arrays["g"], (size,))
    for name, shape in shapes.items():
        setattr(memory, name, _shaped(arrays[name], shape))
    memory.reals, memory.whole = _shaped(arrays["reals"], (C.REALS_SIZE,)), whole
    return memory


def _shaped(array: np.ndarray, shape: tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """The array as one's own, of that shape and kind."""
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"an array has shape {array.shape} of {array.dtype}, expected {shape}")
    return np.array(array, dtype=dtype, order="C")
