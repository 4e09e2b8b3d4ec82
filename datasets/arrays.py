"""Datasets from the user's NumPy files. Nothing is ever unpickled, and no value is scaled."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.datasets.dataset import KINDS, Dataset, checked_rows
from scipy_ae.datasets.files import read_bytes
from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

SIZE_LIMIT = 2**30  # bytes
MAPPED = ("uint8", "float32", "float64")  # what may stay in its file
_EXTRAS = ("labels", "image_shape", "kind")  # arrays of an .npz that speak of its array x


def read_npy(path: str | Path) -> Dataset:
    """A ``.npy`` file: an array of real numbers, (n, p) or, for grey images, (n, height, width).

    Values are kept as they are, so that images of 0..255 stay 0..255. Labels are r0, r1, ... At most 1 GiB
    is read.
    """
    path = Path(path)
    data = read_bytes(path, SIZE_LIMIT)
    try:
        array = np.lib.format.read_array(BytesIO(data), allow_pickle=False)
    except Exception:  # a damaged file makes NumPy raise a dozen kinds of error
        raise InputError(f"'{path}' is not a NumPy file of one array of plain numbers (.npy)") from None
    return _dataset(array, path.stem, path, {})


def map_npy(path: str | Path) -> tuple[np.ndarray, tuple[int, int] | None]:
    """The rows (n, p) of a ``.npy`` file as a memory map, which stay in the file, and the shape of an image.

    uint8, float32 or float64 in C order, (n, p), (n, height, width) or (n, channels, height, width), of any size.
    Values are not looked at.
    """
    path = Path(path)
    if path.suffix.lower() != ".npy":
        raise InputError(f"mapped: '{path}' cannot be left in its file; the path of a .npy file is accepted")
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror or error}") from None
    except Exception:  # as in read_npy
        raise InputError(f"'{path}' is not a NumPy file of one array of plain numbers (.npy)") from None
    if (
        array.ndim not in (2, 3, 4)
        or 0 in array.shape
        or array.dtype.name not in MAPPED
        or not array.flags.c_contiguous
    ):
        raise InputError(
            f"mapped: '{path}' has an array of {array.dtype} and shape {array.shape}; {', '.join(MAPPED)} of shape"
            " (n, p), (n, height, width) or (n, channels, height, width) in C order are accepted"
        )
    shape = None if array.ndim == 2 else (int(array.shape[-2]), int(array.shape[-1]))
    return array.reshape(len(array), -1), shape


def read_npz(path: str | Path, key: str | None = None) -> Dataset:
    """One array of a ``.npz`` file, as in ``read_npy``.

    Without ``key`` it is the array ``x``, or the only one there is. Arrays named ``labels`` (n,),
    ``image_shape`` (2,) and ``kind`` go with it, where the file holds them.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    main = [name for name in arrays if name not in _EXTRAS]
    default = "x" if "x" in arrays else main[0] if len(main) == 1 else None
    held = f"it holds {', '.join(arrays) or 'none'}"
    wanted = default if key is None else key
    if wanted is None:
        raise InputError(f"name one array of '{path}', as in '{path.name}:NAME': {held}")
    if wanted not in arrays:
        raise InputError(f"'{path}' has no array '{wanted}': {held}")
    if wanted != default:
        return _dataset(arrays[wanted], wanted, path, {})
    return _dataset(arrays[wanted], path.stem, path, {name: arrays[name] for name in _EXTRAS if name in arrays})


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    data = read_bytes(path, SIZE_LIMIT)
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception:  # as in read_npy; a file of one array ends here too
        raise InputError(f"'{path}' is not a NumPy file of named arrays of plain numbers (.npz)") from None


def _dataset(array: np.ndarray, name: str, path: Path, extras: Mapping[str, np.ndarray]) -> Dataset:
    """The dataset of an array (n, p) or (n, height, width) and what else its file says of it."""
    if array.ndim not in (2, 3):
        raise InputError(f"'{path}' has an array of shape {array.shape}: (n, p) or (n, height, width) is accepted")
    x = checked_rows(array.reshape(len(array), int(np.prod(array.shape[1:]))), f"'{path}'")
    image_shape = array.shape[1:] if array.ndim == 3 else None
    if "image_shape" in extras and image_shape is None:
        image_shape = _image_shape(extras["image_shape"], path)
    kind = str(extras["kind"]) if "kind" in extras else "table"
    if kind not in KINDS:
        raise InputError(f"'{path}' has the kind '{kind}': {', '.join(KINDS)} are accepted")
    given = extras["labels"].ravel().tolist() if "labels" in extras else [f"r{row}" for row in range(len(x))]
    labels = tuple(str(label) for label in given)
    about = f"{x.shape[0]} rows of {x.shape[1]} numbers, from '{path.name}'"
    return Dataset(name, x, labels, image_shape, about, "image" if image_shape else kind)


def _image_shape(value: np.ndarray, path: Path) -> tuple[int, int]:
    if value.shape != (2,) or value.dtype.kind not in "iu" or value.min() < 1:
        raise InputError(f"'{path}' has the image_shape {value.tolist()}: height and width are accepted")
    return int(value[0]), int(value[1])


def write_npy(dataset: Dataset, path: str | Path) -> None:
    """Write the values alone: (n, height, width) for images, else (n, p). Labels are left out."""
    shape = dataset.image_shape or (dataset.x.shape[1],)

    def write(aside: Path) -> None:
        with aside.open("wb") as file:  # given a name, NumPy would add a suffix to it
            np.save(file, dataset.x.reshape(-1, *shape))

    write_aside(Path(path), write)


def write_npz(dataset: Dataset, path: str | Path) -> None:
    """Write ``x``, ``labels``, ``kind`` and, for images, ``image_shape``; ``read_npz`` gives them back."""
    arrays: dict[str, Any] = {
        "x": dataset.x,
        "labels": np.array(dataset.labels, dtype=str),
        "kind": np.array(dataset.kind),
    }
    if dataset.image_shape is not None:
        arrays["image_shape"] = np.array(dataset.image_shape)

    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez(file, **arrays)

    write_aside(Path(path), write)
