"""House numbers of SVHN, cropped to 32 x 32 pixels, as MATLAB files (Y. Netzer et al., 2011)."""

import zlib
from pathlib import Path

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.files import checked_file
from scipy_ae.datasets.images import check_amount, checked_limit, image_dataset
from scipy_ae.errors import InputError

UNPACKED_LIMIT = 2**31  # bytes of a file once unpacked
_COMPRESSED = 15  # the type of a packed element
_STEP = 2**20  # bytes unpacked at once, to count them


def read_mat(path: str | Path, limit: int | None = None) -> Dataset:
    """``train_32x32.mat`` and its kind: bytes ``X`` (height, width, 3, n) and digits ``y`` (n, 1), 10 standing for 0.

    MATLAB's version 4 to 7.2. Refused, before anything is unpacked for good, where that were more than 2 GiB.

    Parameters
    ----------
    path : str or Path
        The file.
    limit : int, optional
        Only so many images, the first.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 3 * height * width), bytes divided by 255; labels 0 to 9.
    """
    path, limit = Path(path), checked_limit(limit)
    size = checked_file(path)
    if size > UNPACKED_LIMIT:
        raise InputError(f"dataset file '{path}' has {size} bytes: at most {UNPACKED_LIMIT} are accepted")
    arrays = _arrays(path, limit)
    images, digits = arrays["X"], np.asarray(arrays["y"]).ravel()
    if images.ndim != 4 or images.shape[2] != 3 or images.dtype.kind not in "uif":
        raise InputError(f"'{path}': X has shape {images.shape} and type {images.dtype}: bytes of shape "
                         "(height, width, 3, n) are accepted")  # fmt: skip
    n = images.shape[3]
    if len(digits) != n:
        raise InputError(f"'{path}' has {len(digits)} labels y and {n} images X")
    if digits.dtype.kind not in "iuf" or not np.isin(digits, np.arange(11)).all():
        raise InputError(f"'{path}': y holds other values than the digits 1 to 9, and 10 or 0 for the digit 0")
    n = n if limit is None else min(n, limit)
    labels = tuple(str(int(digit) % 10) for digit in digits[:n])
    return image_dataset(images[..., :n].transpose(3, 2, 0, 1), path, labels)


def _arrays(path: Path, limit: int | None) -> dict[str, np.ndarray]:
    """X and y, once it is known that the file holds them and how large they are."""
    from scipy.io import loadmat, whosmat

    with path.open("rb") as file:
        newer = file.read(10) == b"MATLAB 7.3"
    if newer:
        raise InputError(f"'{path}' is a MATLAB 7.3 file: save it as version 7 (save -v7), which is accepted")
    try:
        shapes = {name: shape for name, shape, _ in whosmat(str(path))}
    except Exception:  # a damaged file makes SciPy raise a dozen kinds of error
        raise InputError(f"'{path}' is not a MATLAB file, or a damaged one") from None
    for name in ("X", "y"):
        if name not in shapes:
            raise InputError(f"'{path}' has no array '{name}': it holds {', '.join(shapes) or 'none'}")
    if limit is None and len(shapes["X"]) == 4:
        check_amount(shapes["X"][3], int(np.prod(shapes["X"][:3])), f"'{path}'")
    _count(path)
    try:
        return loadmat(str(path), variable_names=["X", "y"])
    except Exception:  # as of the shapes above
        raise InputError(f"'{path}' is damaged: X and y cannot be read") from None


def _count(path: Path) -> None:
    """Refuse a file that unpacks to more than the limit, whatever it tells of its sizes."""
    total = 0
    with path.open("rb") as file:
        head = file.read(128)
        order = {b"IM": "<u4", b"MI": ">u4"}.get(head[126:128])
        while order is not None and len(tag := file.read(8)) == 8:
            kind, size = (int(value) for value in np.frombuffer(tag, order))
            if kind != _COMPRESSED:
                file.seek(size, 1)
                continue
            unpacker = zlib.decompressobj()
            while size > 0 and not unpacker.eof:
                piece = file.read(min(size, _STEP))
                if not piece:
                    break
                size -= len(piece)
                while piece:
                    try:
                        total += len(unpacker.decompress(piece, _STEP))
                    except zlib.error:
                        raise InputError(f"'{path}' is damaged: it cannot be unpacked") from None
                    if total > UNPACKED_LIMIT:
                        raise InputError(f"'{path}' unpacks to more than the {UNPACKED_LIMIT} bytes that are accepted")
                    piece = unpacker.unconsumed_tail
            file.seek(max(size, 0), 1)
