"""IDX files, the format of MNIST (Y. LeCun, C. Cortes and C. Burges), plain or packed by gzip."""

import gzip
import math
import re
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.files import checked_file
from scipy_ae.datasets.images import channel_first, check_amount, checked_limit, image_dataset
from scipy_ae.errors import InputError

#: The third byte of a file, and the numbers that follow its header, highest byte first.
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"(ubyte|[.-]idx\d?(-\w+)?)(\.gz)?$", re.IGNORECASE)
_MOST_AXES = 4


def is_idx(path: Path) -> bool:
    """Whether a file is called as IDX files are: ``...-ubyte``, ``.idx``, ``.idx3-ubyte``, each also with ``.gz``."""
    return _NAME.search(path.name) is not None


def read_idx(path: str | Path, limit: int | None = None) -> Dataset:
    """Images or rows of an IDX file, with the labels of the file beside it where there is one.

    Images of bytes are divided by 255. The labels of ``train-images-idx3-ubyte.gz`` are looked for in
    ``train-labels-idx1-ubyte`` and in the same with ``.gz``; without them rows are called r0, r1, ...

    Parameters
    ----------
    path : str or Path
        (n, h, w), (n, h, w, c), (n, c, h, w) or (n, p) numbers of any of the format's six types.
    limit : int, optional
        Only so many rows, the first; the others are not even unpacked.
    """
    path, limit = Path(path), checked_limit(limit)
    array = _array(path, limit)
    if array.ndim == 1:
        raise InputError(f"'{path}' holds {len(array)} numbers without rows, as files of labels do: name the images")
    beside = labels_file(path)
    labels = None if beside is None else _labels(beside, path, len(array), limit)
    if array.ndim > 2:
        return image_dataset(channel_first(array, f"'{path}'"), path, labels)
    about = f"{len(array)} rows of {array.shape[1]} numbers, from '{path.name}'"
    names = labels or tuple(f"r{row}" for row in range(len(array)))
    return Dataset(path.name.split(".")[0], array, names, None, about, "table")


def labels_file(path: Path) -> Path | None:
    """The file of labels beside a file of images, by the names that are usual."""
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels"))
    bare = name.removesuffix(".gz")
    if bare == path.name.removesuffix(".gz"):
        return None
    return next(
        (path.with_name(other) for other in (name, bare, f"{bare}.gz") if path.with_name(other).is_file()), None
    )


def _labels(beside: Path, path: Path, rows: int, limit: int | None) -> tuple[str, ...]:
    values = _array(beside, limit)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise InputError(f"'{beside}', the labels of '{path}', has shape {values.shape} and type {values.dtype}: "
                         "a whole number for each row is accepted")  # fmt: skip
    if len(values) != rows:
        raise InputError(f"'{beside}' has {len(values)} labels and '{path}' {rows} rows")
    return tuple(str(value) for value in values.tolist())


def _array(path: Path, limit: int | None) -> np.ndarray:
    """The numbers of an IDX file, of its first ``limit`` rows; no more is unpacked than its header tells."""
    checked_file(path)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not packed:
                return _unpacked(file, path, limit)
            with gzip.GzipFile(fileobj=file) as unpacking:
                return _unpacked(unpacking, path, limit)  # type: ignore[arg-type]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"'{path}' is damaged: it cannot be unpacked by gzip to its end") from None
    except OSError as error:
        raise InputError(f"cannot read the dataset file '{path}': {error.strerror or error}") from None


def _unpacked(file: BinaryIO, path: Path, limit: int | None) -> np.ndarray:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES or not 1 <= start[3] <= _MOST_AXES:
        raise InputError(
            f"'{path}' is no IDX file: it begins with the bytes {start.hex(' ') or '(none)'}, and 00 00, "
            f"a type from 08 to 0e and 01 to 0{_MOST_AXES} axes are accepted"
        )
    axes = file.read(4 * start[3])
    if len(axes) < 4 * start[3]:
        raise InputError(f"'{path}' is cut off within its header")
    shape = [int(side) for side in np.frombuffer(axes, ">u4")]
    if 0 in shape:
        raise InputError(f"'{path}' has the shape {tuple(shape)}: at least one row and one value are accepted")
    told = shape[0]
    shape[0] = told if limit is None else min(limit, told)
    each = math.prod(shape[1:])
    check_amount(shape[0], each, f"'{path}'")
    dtype = np.dtype(TYPES[start[2]])
    size = shape[0] * each * dtype.itemsize
    data = file.read(size)
    if len(data) < size:
        raise InputError(f"'{path}' has {len(data)} bytes after its header, which tells of {size}")
    if shape[0] == told and file.read(1):
        raise InputError(f"'{path}' has more than the {size} bytes after its header of which that tells")
    return np.frombuffer(data, dtype).reshape(shape)
