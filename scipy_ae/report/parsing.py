"""Files of a run folder as objects; what is missing or damaged is one error with its name."""

import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError


def parsed(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    return parse(path, json.loads, "a JSON object")


def parse(path: Path, loads: Callable[[str], Any], what: str) -> dict[str, Any]:
    """The object in a file of text, by ``loads``; ``what`` names its format in the error."""
    try:
        value = loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"'{path}' is not {what} ({error})") from None
    if not isinstance(value, dict):
        raise InputError(f"'{path}' is not {what}: it holds a {type(value).__name__}")
    return value


def checked(value: Any, wanted: dict[str, tuple[type, ...]], where: str) -> None:
    """Refuse an object that lacks a key or holds a value of another type under it."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected an object, not {value!r}")
    for key, types in wanted.items():
        if key not in value:
            raise InputError(f"{where} lacks '{key}'")
        if not isinstance(value[key], types):
            accepted = " or ".join("null" if kind is type(None) else kind.__name__ for kind in types)
            raise InputError(f"{where}: '{key}' is {value[key]!r}, but must be {accepted}")


def arrays_of(path: Path, needed: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays of a file (NumPy .npz) by name: numbers, all finite, as float64, and words as they are."""
    try:
        # opened here, since NumPy leaves a damaged file open
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"cannot read the arrays of '{path}': {error}") from None
    for name in needed:
        if name not in arrays:
            raise InputError(f"'{path}' lacks the array '{name}'")
    for name, array in arrays.items():
        if array.dtype.kind in "fiub":
            if not np.isfinite(array).all():
                raise InputError(f"'{path}': the array '{name}' holds a value that is not finite")
            arrays[name] = array.astype(float)
        elif name in needed:
            raise InputError(f"'{path}': the array '{name}' is of {array.dtype}, not of numbers")
    return arrays
