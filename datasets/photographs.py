"""Patches of the two photographs that come with scikit-learn."""

from itertools import product

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

ABOUT = "patches in colour of scikit-learn's two photographs, 32 rows of 32 pixels"
LEAST, MOST = 8, 128  # pixels of a patch's side
FEWEST = 4  # blocks across a photograph
FLATTEST = 0.02  # standard deviation of a patch, its channels' variances averaged, below which it is left out


def load_photographs(size: int = 32, stride: int | None = None) -> Dataset:
    """Square colour patches of ``china.jpg`` and ``flower.jpg`` (427 x 640 pixels), from scikit-learn.

    Each photograph is cut into blocks of two to three patches a side, with a margin of a quarter of a patch between
    them that no patch enters, so that patches of two blocks share no pixel. Within a block patches overlap. Blocks are
    many, so that each part of a split has some of all that the photographs show. Patches with next to nothing in them
    (a third of all: the sky above the roofs, the blurred ground behind the flower), whose standard deviation is under
    0.02, are left out, whatever part they would come to.

    Parameters
    ----------
    size : int
        Height and width of a patch in pixels, 8 to 128.
    stride : int, optional
        Pixels from one patch to the next, across and down; by default three eighths of ``size`` or one less: an odd
        number, so that patches begin at even and at odd pixels, which differ once they are made smaller.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 3 * size * size), bytes divided by 255, channel by channel; at 32 pixels n = 1396. Labels are
        ``china`` and ``flower``; ``groups`` number the blocks, 49 of them at 32 pixels.
    """
    from sklearn.datasets import load_sample_image

    stride = 3 * size // 8 - 1 | 1 if stride is None and isinstance(size, int | np.integer) else stride
    for name, value, least, most in (("size", size, LEAST, MOST), ("stride", stride, 1, MOST)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or not least <= value <= most:
            raise InputError(f"{name} must be an integer from {least} to {most}, not {value!r}")
    patches, labels, groups = [], [], []
    for photograph, name in enumerate(("china", "flower")):
        picture = load_sample_image(f"{name}.jpg")  # (h, w, 3) of bytes
        ends = product(blocks(picture.shape[0], size), blocks(picture.shape[1], size, FEWEST))
        for block, ((top, bottom), (left, right)) in enumerate(ends):
            cut = patches_of(picture[top:bottom, left:right], size, int(stride or 1))
            cut = cut[deviations(cut) >= FLATTEST]
            patches.append(cut)
            labels += [name] * len(cut)
            groups += [(photograph, block)] * len(cut)
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
        grouped_by="block of a photograph",
        copy=False,
    )


def blocks(length: int, size: int, fewest: int = 1) -> list[tuple[int, int]]:
    """Ends of the blocks along a side of so many pixels: two and a half patches long or more, a margin between them."""
    margin = size // 4
    count = max(fewest, (length + margin) // (5 * size // 2 + margin))
    along = (length + margin) // count - margin
    return [(block * (along + margin), block * (along + margin) + along) for block in range(count)]


def patches_of(picture: np.ndarray, size: int, stride: int) -> np.ndarray:
    """All patches of a picture (h, w, c) at whole strides, row by row; (n, c, size, size)."""
    every = np.lib.stride_tricks.sliding_window_view(picture, (size, size), axis=(0, 1))[::stride, ::stride]
    return every.reshape(-1, *every.shape[2:])


def deviations(patches: np.ndarray) -> np.ndarray:
    """Standard deviation (n,) of the pixels of each patch (n, c, h, w) of bytes in [0, 1], averaged over channels."""
    variances = (patches / np.float32(255)).var(axis=(2, 3), dtype=np.float64)  # (n, c)
    return np.sqrt(variances.mean(axis=1))
