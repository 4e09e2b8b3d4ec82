"""From arrays of pixels to rows in [0, 1], and how many are too many."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

VALUE_LIMIT = 2**28  # values of a dataset: 2 GiB as float64
COLOURS = (1, 3)  # channels that images may have


def check_amount(rows: int, values: int, what: str) -> None:
    """Refuse what would take too much memory, before it does."""
    if values > VALUE_LIMIT:
        raise InputError(f"{what} holds rows of {values} values each, and at most {VALUE_LIMIT} values are read")
    if rows * values > VALUE_LIMIT:
        raise InputError(
            f"{what} holds {rows} rows of {values} values, and at most {VALUE_LIMIT} values are read: give a limit of "
            f"{VALUE_LIMIT // values} rows or less (':limitN' after the path), or leave them in an .npy file "
            "that training maps"
        )


def checked_limit(limit: Any) -> int | None:
    """A number of rows, or None: all."""
    whole = isinstance(limit, int | np.integer) and not isinstance(limit, bool) and limit > 0
    if limit is not None and not whole:
        raise InputError(f"limit must be an integer of at least 1, not {limit!r}")
    return None if limit is None else int(limit)


def channel_first(array: np.ndarray, what: str) -> np.ndarray:
    """Images (n, h, w), (n, c, h, w) or (n, h, w, c) as a view (n, c, h, w); c is 1 or 3, first where both would do."""
    if array.ndim == 3:
        return array[:, None]
    if array.ndim == 4 and array.shape[1] in COLOURS:
        return array
    if array.ndim == 4 and array.shape[3] in COLOURS:
        return array.transpose(0, 3, 1, 2)
    raise InputError(
        f"{what} has an array of shape {array.shape}: (n, height, width), (n, channels, height, width) or "
        "(n, height, width, channels) with 1 or 3 channels is accepted"
    )


def image_rows(images: np.ndarray, what: str) -> np.ndarray:
    """Images (n, c, h, w) as rows (n, c * h * w) of float64; bytes of which one is above 1 are divided by 255."""
    n, values = len(images), int(np.prod(images.shape[1:]))
    check_amount(n, values, what)
    if images.dtype.kind not in "biuf":
        raise InputError(f"{what} holds values of type {images.dtype}: real numbers are accepted")
    x = np.empty(images.shape)
    if images.dtype == np.uint8 and images.size and images.max() > 1:
        np.divide(images, 255.0, out=x)
    else:
        x[...] = images
    return x.reshape(n, values)


def image_dataset(
    images: np.ndarray, path: Path, labels: Sequence[str] | None = None, source: str | None = None, **companions: Any
) -> Dataset:
    """The dataset of images (n, c, h, w) that came from ``path``."""
    x = image_rows(images, f"'{path}'")
    n, (channels, height, width) = len(x), images.shape[1:]
    colour = "grey images" if channels == 1 else "images in colour"
    about = f"{n} {colour} of {height} x {width} pixels, from '{source or path.name}'"
    names = tuple(f"r{row}" for row in range(n)) if labels is None else tuple(labels)
    name = path.name.split(".")[0] or path.name
    return Dataset(name, x, names, (height, width), about, "image", channels=channels, copy=False, **companions)
