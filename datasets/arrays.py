"""Datasets from the user's NumPy files. Nothing is ever unpickled."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.datasets.dataset import KINDS, Dataset, checked_rows
from scipy_ae.datasets.files import checked_file, read_bytes
from scipy_ae.datasets.images import channel_first, check_amount, checked_limit, image_rows
from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

SIZE_LIMIT = 2**30  # bytes
MAPPED = ("uint8", "float32", "float64")  # what may stay in its file
#: Arrays of an .npz that speak of its array x.
_EXTRAS = ("labels", "image_shape", "kind", "channels", "groups", "grouped_by", "parts")
_PAIRED = "paired_"  # begins the names of the arrays that speak of the targets


def read_npy(path: str | Path, limit: int | None = None) -> Dataset:
    """A ``.npy`` file: an array of real numbers, (n, p), or images (n, h, w), (n, c, h, w) or (n, h, w, c).

    Images of bytes of which one is above 1 are divided by 255; all other values are kept as they are. Labels are r0,
    r1, ... At most 1 GiB is read. Of a larger file the first ``limit`` rows can be read.
    """
    path, limit = Path(path), checked_limit(limit)
    if limit is not None:
        return _dataset(_first_rows(path, limit), path.stem, path, {})
    data = read_bytes(path, SIZE_LIMIT)
    try:
        array = np.lib.format.read_array(BytesIO(data), allow_pickle=False)
    except Exception:  # a damaged file makes NumPy raise a dozen kinds of error
        raise InputError(_no_npy(path)) from None
    return _dataset(array, path.stem, path, {})


def map_npy(path: str | Path) -> tuple[np.ndarray, tuple[int, int] | None]:
    """The rows (n, p) of a ``.npy`` file as a memory map, which stay in the file, and the shape of an image.

    uint8, float32 or float64 in C order, (n, p), (n, height, width) or (n, channels, height, width) with 1 or 3
    channels, of any size. Channels that stand last cannot be moved without a copy, and are refused. Values are not
    looked at.
    """
    path = Path(path)
    if path.suffix.lower() != ".npy":
        raise InputError(f"mapped: '{path}' cannot be left in its file; the path of a .npy file is accepted")
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror or error}") from None
    except Exception:  # as in read_npy
        raise InputError(_no_npy(path)) from None
    if (
        array.ndim not in (2, 3, 4)
        or 0 in array.shape
        or array.dtype.name not in MAPPED
        or not array.flags.c_contiguous
        or (array.ndim == 4 and array.shape[1] not in (1, 3))
    ):
        raise InputError(
            f"mapped: '{path}' has an array of {array.dtype} and shape {array.shape}; {', '.join(MAPPED)} of shape"
            " (n, p), (n, height, width) or (n, 1 or 3 channels, height, width) in C order are accepted"
        )
    shape = None if array.ndim == 2 else (int(array.shape[-2]), int(array.shape[-1]))
    return array.reshape(len(array), -1), shape


def _no_npy(path: Path) -> str:
    return f"'{path}' is not a NumPy file of one array of plain numbers (.npy)"


def _first_rows(path: Path, limit: int) -> np.ndarray:
    """The first rows of a file that is left where it is."""
    checked_file(path)
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise InputError(f"cannot read the dataset file '{path}': {error.strerror or error}") from None
    except Exception:  # as in read_npy
        raise InputError(_no_npy(path)) from None
    return array[:limit] if array.ndim else array


def read_npz(path: str | Path, key: str | None = None) -> Dataset:
    """One array of a ``.npz`` file, as in ``read_npy``.

    Without ``key`` it is the array ``x``, or the only one there is. With it go, where the file holds them, ``labels``
    (n,), ``image_shape`` (2,), ``channels``, ``kind``, ``groups`` (n,), ``grouped_by``, ``parts`` (n,), and the
    targets ``paired_x`` with ``paired_image_shape`` and ``paired_channels``. Refused where its arrays are more than
    1 GiB once unpacked.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    main = [name for name in arrays if name not in _EXTRAS and not name.startswith(_PAIRED)]
    default = "x" if "x" in arrays else main[0] if len(main) == 1 else None
    held = f"it holds {', '.join(arrays) or 'none'}"
    wanted = default if key is None else key
    if wanted is None:
        raise InputError(f"name one array of '{path}', as in '{path.name}:NAME': {held}")
    if wanted not in arrays:
        raise InputError(f"'{path}' has no array '{wanted}': {held}")
    if wanted != default:
        return _dataset(arrays[wanted], wanted, path, {})
    return _dataset(arrays[wanted], path.stem, path, arrays)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    data = read_bytes(path, SIZE_LIMIT)
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())  # no entry gives more than it tells
        if size <= SIZE_LIMIT:
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except Exception:  # as in read_npy; a file of one array ends here too
        raise InputError(f"'{path}' is not a NumPy file of named arrays of plain numbers (.npz)") from None
    raise InputError(f"dataset file '{path}' has {size} bytes once unpacked: at most {SIZE_LIMIT} are accepted")


def _dataset(array: np.ndarray, name: str, path: Path, extras: Mapping[str, np.ndarray]) -> Dataset:
    """The dataset of an array and what else its file says of it."""
    if array.ndim not in (2, 3, 4):
        raise InputError(f"'{path}' has an array of shape {array.shape}: (n, p), or images as (n, height, width), "
                         "(n, channels, height, width) or (n, height, width, channels), is accepted")  # fmt: skip
    if array.ndim == 2:
        check_amount(len(array), array.shape[1], f"'{path}'")
        x, image_shape, channels = checked_rows(array, f"'{path}'"), None, 1
    else:
        images = channel_first(array, f"'{path}'")
        x, image_shape, channels = image_rows(images, f"'{path}'"), images.shape[2:], images.shape[1]
        checked_rows(x, f"'{path}'", copy=False)
    if "image_shape" in extras and image_shape is None:
        image_shape = _image_shape(extras["image_shape"], path)
        channels = _channels(extras, path)
    kind = str(extras["kind"]) if "kind" in extras else "table"
    if kind not in KINDS:
        raise InputError(f"'{path}' has the kind '{kind}': {', '.join(KINDS)} are accepted")
    texts = {
        word: [str(item) for item in extras[word].ravel().tolist()] for word in ("labels", "parts") if word in extras
    }
    return Dataset(
        name,
        x,
        tuple(texts.get("labels", [f"r{row}" for row in range(len(x))])),
        image_shape,
        f"{x.shape[0]} rows of {x.shape[1]} numbers, from '{path.name}'",
        "image" if image_shape else kind,
        channels=channels,
        groups=extras.get("groups"),
        grouped_by=str(extras.get("grouped_by", "")),
        parts=tuple(texts["parts"]) if "parts" in texts else None,
        paired=_targets(extras, name, path),
        copy=False,
    )


def _targets(extras: Mapping[str, np.ndarray], name: str, path: Path) -> Dataset | None:
    """The targets that a file holds beside its rows."""
    own = {word.removeprefix(_PAIRED): array for word, array in extras.items() if word.startswith(_PAIRED)}
    return _dataset(own["x"], name, path, own) if "x" in own else None


def _image_shape(value: np.ndarray, path: Path) -> tuple[int, int]:
    if value.shape != (2,) or value.dtype.kind not in "iu" or value.min() < 1:
        raise InputError(f"'{path}' has the image_shape {value.tolist()}: height and width are accepted")
    return int(value[0]), int(value[1])


def _channels(extras: Mapping[str, np.ndarray], path: Path) -> int:
    value = extras.get("channels", np.array(1))
    if value.size != 1 or value.dtype.kind not in "iu" or value.item() < 1:
        raise InputError(f"'{path}' has the channels {value.tolist()}: one integer of at least 1 is accepted")
    return int(value.item())


def write_npy(dataset: Dataset, path: str | Path) -> None:
    """Write the values alone: (n, height, width) for grey images, (n, channels, height, width) for others, else (n, p).

    Labels are left out.
    """
    shape = dataset.sample_shape[1:] if dataset.kind == "image" and dataset.channels == 1 else dataset.sample_shape

    def write(aside: Path) -> None:
        with aside.open("wb") as file:  # given a name, NumPy would add a suffix to it
            np.save(file, dataset.x.reshape(-1, *shape))

    write_aside(Path(path), write)


def write_npz(dataset: Dataset, path: str | Path) -> None:
    """Write ``x``, ``labels``, ``kind`` and what else the dataset has but ``about``; ``read_npz`` gives them back."""
    arrays = _arrays_of(dataset)

    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez(file, **arrays)

    write_aside(Path(path), write)


def _arrays_of(dataset: Dataset) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "x": dataset.x,
        "labels": np.array(dataset.labels, dtype=str),
        "kind": np.array(dataset.kind),
    }
    if dataset.image_shape is not None:
        arrays["image_shape"] = np.array(dataset.image_shape)
    if dataset.channels != 1:
        arrays["channels"] = np.array(dataset.channels)
    if dataset.groups is not None:
        arrays |= {"groups": dataset.groups, "grouped_by": np.array(dataset.grouped_by)}
    if dataset.parts is not None:
        arrays["parts"] = np.array(dataset.parts, dtype=str)
    if dataset.paired is not None:
        targets = _arrays_of(dataset.paired)
        arrays |= {f"{_PAIRED}{name}": array for name, array in targets.items()}
    return arrays
