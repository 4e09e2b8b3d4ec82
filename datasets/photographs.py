"""Patches of the two photographs that come with scikit-learn."""

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

ABOUT = "patches in colour of scikit-learn's two photographs, 32 rows of 32 pixels"
LEAST, MOST = 8, 128  # pixels of a patch's side
FEWEST_BANDS = 4  # of a photograph


def load_photographs(size: int = 32, stride: int | None = None) -> Dataset:
    """Square colour patches of ``china.jpg`` and ``flower.jpg`` (427 x 640 pixels), from scikit-learn.

    Each photograph is cut into upright bands, with a margin of a quarter of a patch between them that no patch enters,
    so that patches of two bands share no pixel. Within a band patches overlap.

    Parameters
    ----------
    size : int
        Height and width of a patch in pixels, 8 to 128.
    stride : int, optional
        Pixels from one patch to the next, across and down; by default three eighths of ``size``.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 3 * size * size), bytes divided by 255, channel by channel; at 32 pixels n = 2376. Labels are
        ``china`` and ``flower``; ``groups`` number the bands, 12 of them at 32 pixels.
    """
    from sklearn.datasets import load_sample_image

    stride = max(1, 3 * size // 8) if stride is None and isinstance(size, int | np.integer) else stride
    for name, value, least, most in (("size", size, LEAST, MOST), ("stride", stride, 1, MOST)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or not least <= value <= most:
            raise InputError(f"{name} must be an integer from {least} to {most}, not {value!r}")
    patches, labels, groups = [], [], []
    for photograph, name in enumerate(("china", "flower")):
        picture = load_sample_image(f"{name}.jpg")  # (h, w, 3) of bytes
        for band, (left, right) in enumerate(bands(picture.shape[1], size)):
            cut = patches_of(picture[:, left:right], size, int(stride or 1))
            patches.append(cut)
            labels += [name] * len(cut)
            groups += [(photograph, band)] * len(cut)
    pixels = np.concatenate(patches)
    number = {group: index for index, group in enumerate(dict.fromkeys(groups))}
    about = f"{len(pixels)} patches in colour of scikit-learn's two photographs, {size} rows of {size} pixels"
    return Dataset(
        "photographs",
        pixels.reshape(len(pixels), -1) / 255.0,
        tuple(labels),
        (size, size),
        about,
        "image",
        channels=3,
        groups=np.array([number[group] for group in groups]),
        grouped_by="band of a photograph",
        copy=False,
    )


def bands(width: int, size: int) -> list[tuple[int, int]]:
    """Left and right ends of the bands of a photograph, about three patches wide, a margin between them."""
    margin = size // 4
    count = max(FEWEST_BANDS, (width + margin) // (3 * size + margin))
    across = (width + margin) // count - margin
    return [(band * (across + margin), band * (across + margin) + across) for band in range(count)]


def patches_of(picture: np.ndarray, size: int, stride: int) -> np.ndarray:
    """All patches of a picture (h, w, c) at whole strides, row by row; (n, c, size, size)."""
    every = np.lib.stride_tricks.sliding_window_view(picture, (size, size), axis=(0, 1))[::stride, ::stride]
    return every.reshape(-1, *every.shape[2:])
