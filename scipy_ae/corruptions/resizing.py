"""Images made smaller or larger by Pillow's kernels.

Resizing is linear and goes along columns and rows one after the other, so it is two matrices: what Pillow makes of the
unit images. A whole batch is then two products of matrices, in the precision of the batch.
"""

from functools import cache

import numpy as np

from scipy_ae.errors import InputError, unknown

#: The kernels by which images are resized.
KERNELS = ("bicubic", "box", "bilinear", "nearest")


def resize(x: np.ndarray, shape: tuple[int, ...], height: int, width: int, kernel: str = "bicubic") -> np.ndarray:
    """Images of another height and width.

    Where an image becomes smaller, the kernel grows with the factor, which keeps fine patterns from folding into coarse
    ones (antialiasing; not ``nearest``). The bicubic kernel is that of Keys (1981) with a = -1/2, the library's own; it
    overshoots at edges, and nothing is cut off here.

    Parameters
    ----------
    x : ndarray, shape (n, c*h*w)
    shape : (c, h, w)
    height, width : int
        In pixels.
    kernel : {"bicubic", "box", "bilinear", "nearest"}

    Returns
    -------
    ndarray, shape (n, c*height*width)
        Of the dtype of ``x``.
    """
    c, h, w = shape
    check_kernel(kernel)
    if height < 1 or width < 1:
        raise InputError(f"resize: {height}x{width} pixels are not accepted; at least 1x1 are")
    down, across = _weights(h, height, kernel).astype(x.dtype), _weights(w, width, kernel).astype(x.dtype)
    planes = x.reshape(len(x) * c, h, w) @ across.T  # (n c, h, width)
    return (down @ planes).reshape(len(x), c * height * width)


def check_kernel(kernel: str) -> None:
    if kernel not in KERNELS:
        raise unknown("downscale", kernel, KERNELS)


@cache
def _weights(size: int, wanted: int, kernel: str) -> np.ndarray:
    """What each of ``wanted`` pixels of a line takes from each of ``size``, (wanted, size)."""
    from PIL import Image

    unit = Image.fromarray(np.eye(size, dtype=np.float32))  # column j is the image that is 1 in row j
    return np.asarray(unit.resize((size, wanted), Image.Resampling[kernel.upper()]), dtype=np.float64)
