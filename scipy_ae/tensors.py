"""Files of named arrays and a specification in JSON (safetensors): all is checked before any array is made; no pickle.

A file says in its metadata which ``format`` and ``version`` it has; its ``specification`` is JSON as well.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

#: Bytes of a header at most, the specification included: reading one takes some twenty times as much memory.
LARGEST_HEADER = 2**24
#: What the file of a model says it is, and the version of its specification; a later one is refused.
MODEL = ("scipy-ae", 1)
_NAMES = {"<f8": "F64", "<i8": "I64"}


@dataclass(frozen=True)
class Opened:
    """An open file: ``specification`` as JSON has it, dtype and shape of each array, and the arrays one by one."""

    path: Path
    specification: Any
    entries: dict[str, tuple[str, tuple[int, ...]]]
    _file: Any

    def array(self, name: str) -> np.ndarray:
        """One of the arrays; only ask for what ``entries`` has, of a dtype that NumPy knows."""
        return self._file.get_tensor(name)


def write(
    path: Path,
    kind: str,
    version: int,
    specification: Any,
    arrays: Mapping[str, np.ndarray],
    *,
    safe: bool = False,
) -> None:
    """Write the file aside, then rename it; arrays are of float64 or int64, and none is copied.

    ``safe`` waits until the disk has it, so that it outlives a loss of power.
    """
    try:
        text = json.dumps(specification, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"cannot write '{path}': what it is to say is not JSON ({error})") from None
    header: dict[str, Any] = {"__metadata__": {"format": kind, "version": str(version), "specification": text}}
    blocks, start = [np.ascontiguousarray(array) for array in arrays.values()], 0
    for name, block in zip(arrays, blocks):
        entry = {"dtype": _NAMES[block.dtype.str], "shape": block.shape, "data_offsets": (start, start + block.nbytes)}
        header[name], start = entry, start + block.nbytes
    first = json.dumps(header).encode()
    first += b" " * (-len(first) % 8)  # so that the arrays lie at multiples of their size
    if len(first) > LARGEST_HEADER:
        raise InputError(
            f"cannot write '{path}': its description takes {len(first)} bytes; {LARGEST_HEADER} at most are accepted"
        )

    def put(aside: Path) -> None:
        with aside.open("wb") as file:
            file.write(struct.pack("<Q", len(first)) + first)
            for block in blocks:
                file.write(block.data if block.size else b"")
            if safe:
                file.flush()
                os.fsync(file.fileno())

    write_aside(path, put)


@contextmanager
def opened(path: Path, kind: str, version: int, what: str) -> Iterator[Opened]:
    """The file, checked but for its arrays; ``what`` is how a sentence calls such a file.

    Raises
    ------
    InputError
        Missing, damaged, of another format or version; also where what is done within finds it damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError(f"{what} file '{path}' does not exist")
    try:
        entries = _entries(path)
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != kind:
                raise InputError(f"'{path}' is a safetensors file, but not a {what} of scipy-ae")
            if metadata.get("version") != str(version):
                raise InputError(
                    f"'{path}' has version {_short(metadata.get('version'))}; this program reads {version}"
                )
            yield Opened(path, _specification(path, metadata.get("specification", "")), entries, file)
    except (SafetensorError, OSError, _DamagedError) as error:
        raise InputError(f"'{path}' is not a readable safetensors file ({error})") from None


class _DamagedError(Exception):
    """What is wrong with a header."""


def _entries(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Dtype and shape of each array, as the header has them; what else is wrong with it the library will say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
        if length < 2 or length > size - 8:
            raise _DamagedError(f"its header of {length} bytes does not fit into {size}")
        if length > LARGEST_HEADER:
            raise _DamagedError(f"its header takes {length} bytes, at most {LARGEST_HEADER} are accepted")
        text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats)
        return {
            name: (str(entry["dtype"]), tuple(entry["shape"]))
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _DamagedError(f"its header is no table of arrays: {_short(error)}") from None


def _specification(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' has a damaged specification ({_short(error)})") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands in it twice")
    return table


def _short(value: Any) -> str:
    """A value for a sentence, however long it is."""
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
