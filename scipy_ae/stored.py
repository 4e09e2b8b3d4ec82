"""Stored rows: numbers that stay in a file until they are asked for, some rows at a time."""

import mmap
from collections.abc import Iterator

import numpy as np

from scipy_ae.errors import InputError

#: Bytes that are read at a time where all rows are looked at.
PIECE = 2**23
#: The types that stored rows may have.
TYPES = ("uint8", "float32", "float64")


class Rows:
    """Chosen rows of a matrix that stays where it is.

    Parameters
    ----------
    values : memory map or ndarray of shape (n, p)
    index : ndarray of int, shape (m,)
        Which rows, in which order; ascending numbers are read the fastest.
    """

    def __init__(self, values: np.ndarray, index: np.ndarray) -> None:
        self.values, self.index = values, np.asarray(index)
        self.shape, self.dtype, self.ndim = (len(self.index), values.shape[1]), values.dtype, 2

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, which) -> np.ndarray:
        """Some of the rows, read now."""
        return taken(self.values, self.index[which])


def taken(values: np.ndarray | Rows, which) -> np.ndarray:
    """Some rows as an array in memory; of a memory map, without keeping what was read of the file beside it."""
    if isinstance(values, Rows):
        return values[which]
    taken = np.array(values[which])
    release(values)
    return taken


def release(values: np.ndarray) -> None:
    """Let go of what was read of a memory map; the system keeps it as long as nobody else wants the memory."""
    held: object = values
    while isinstance(held, np.ndarray):
        held = held.base
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)


def pieces(rows: int, width: int, itemsize: int = 8) -> Iterator[slice]:
    """Slices that make up so many rows, each of a few megabytes."""
    step = max(1, PIECE // (width * itemsize))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def checked(name: str, values) -> np.ndarray | Rows:
    """Stored rows as they came; refused unless a matrix of finite numbers of a type that is accepted."""
    if not isinstance(values, np.ndarray | Rows) or values.dtype.name not in TYPES:
        got = getattr(values, "dtype", type(values).__name__)
        raise InputError(f"{name}: rows of type {got} cannot be stored; {', '.join(TYPES)} are accepted")
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(f"{name}: shape {values.shape} is not accepted; (n, p), both at least 1, is")
    if values.dtype.kind == "f":
        _refuse_infinite(name, values)
    return values


def _refuse_infinite(name: str, values: np.ndarray | Rows) -> None:
    for piece in pieces(len(values), values.shape[1], values.dtype.itemsize):
        numbers = taken(values, piece)
        bad = ~np.isfinite(numbers)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            number = numbers[row, column]
            raise InputError(
                f"{name}: row {piece.start + row}, column {column} is {number}; finite numbers are accepted"
            )
