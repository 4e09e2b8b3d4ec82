"""Datasets by name, by file or by folder: what ``--dataset`` takes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from scipy_ae.datasets import circles, curves, digits, fonts, glyphs, logos, photographs
from scipy_ae.datasets.arrays import read_npy, read_npz, write_npy, write_npz
from scipy_ae.datasets.circles import make_circles
from scipy_ae.datasets.curves import make_curves
from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.digits import load_digits
from scipy_ae.datasets.font_header import read_font_header, write_font_header
from scipy_ae.datasets.fonts import load_font
from scipy_ae.datasets.glyphs import make_glyphs
from scipy_ae.datasets.idx import is_idx
from scipy_ae.datasets.image_files import Wish
from scipy_ae.datasets.logos import load_logos
from scipy_ae.datasets.photographs import load_photographs
from scipy_ae.datasets.sources import parse_wish, read_pair_of_folders, read_source
from scipy_ae.datasets.tables import read_csv, write_csv
from scipy_ae.errors import InputError, unknown

_BUILT_IN: dict[str, tuple[str, Callable[[], Dataset]]] = {
    **{f"font{number}": (about, partial(load_font, number)) for number, about in fonts.ABOUT.items()},
    "circles": (f"100 {circles.ABOUT}", make_circles),
    "logos": (f"40 {logos.ABOUT}", load_logos),
    "digits": (f"1797 {digits.ABOUT}", load_digits),
    "glyphs": (glyphs.ABOUT, make_glyphs),
    "curves": (f"4000 {curves.ABOUT}", make_curves),
    "photographs": (photographs.ABOUT, load_photographs),
}
#: What a number after a name means, as in ``photographs:64``.
_BY_NUMBER: dict[str, Callable[[int], Dataset]] = {
    "glyphs": lambda variations: make_glyphs(variations=variations),
    "curves": make_curves,
    "photographs": load_photographs,
}
_WRITERS: dict[str, Callable[[Dataset, Path], None]] = {
    ".h": write_font_header,
    ".npy": write_npy,
    ".npz": write_npz,
    ".csv": write_csv,
}
SUFFIXES = tuple(_WRITERS)
#: What is read besides, as an error and a help text list it.
IMAGE_SOURCES = ("a folder of pictures", "two such as INPUTS:TARGETS", "IDX files (-ubyte, .idx, also .gz)", ".mat")


def names() -> dict[str, str]:
    """The built-in datasets and a line about each."""
    return {name: about for name, (about, _) in _BUILT_IN.items()}


def find(spec: str | Path, key: str | None = None, limit: int | None = None) -> Dataset:
    """A dataset by name, or from a file or a folder.

    Parameters
    ----------
    spec : str or Path
        A built-in name (``names()``), of which ``glyphs:8`` asks for eight variations of each letter, ``curves:20000``
        for so many curves and ``photographs:64`` for patches of 64 x 64 pixels. Or a path:

        - ``.h``, ``.npy``, ``.npz``, ``.csv``; ``font.h:Font3`` and ``data.npz:images`` name an array inside a file;
        - an IDX file, ``train-images-idx3-ubyte.gz``, with its labels beside it; a ``.mat`` file of SVHN;
        - a folder of pictures (``read_images``), of IDX or of SVHN files (``train`` and ``test`` become parts);
        - ``INPUTS:TARGETS``, two folders of pictures by the same names.

        Of IDX, ``.mat``, ``.npy`` and folders, ``PATH:limit1000`` reads so many rows; of pictures, ``PATH:32x48``
        scales all to height 32 and width 48, ``PATH:patch32`` cuts squares out of them, ``PATH:grey`` and
        ``PATH:colour`` make them so; several such stand between commas.
    key : str, optional
        The array inside a file, as another way to name it.
    limit : int, optional
        As ``:limitN``.
    """
    text = str(spec)
    name, colon, _ = text.partition(":")
    if text in _BUILT_IN or (colon and name in _BY_NUMBER):
        if key is not None or limit is not None:
            ask = f"array '{key}' inside" if key is not None else "rows left out by a limit"
            raise InputError(
                f"dataset '{spec}' is built in and has no {ask}: give no {'array name' if key else 'limit'}"
            )
        return _BY_NUMBER[name](_number(text)) if colon else _BUILT_IN[text][1]()
    folders = _two_folders(text)
    if folders is not None:
        return read_pair_of_folders(*folders, Wish(limit=limit))
    path, choice = _divide(text, key)
    if path.suffix.lower() in SUFFIXES:
        return _array_file(path, choice, limit)
    if not path.exists():
        if path.suffix or len(path.parts) > 1:
            raise InputError(f"dataset '{path}': there is no such file or folder")
        raise unknown("dataset", text, [*_BUILT_IN, *(f"FILE{suffix}" for suffix in SUFFIXES), "FOLDER"])
    if path.is_dir() or is_idx(path) or path.suffix.lower() == ".mat":
        return read_source(path, parse_wish(choice or "", path, limit))
    raise InputError(f"dataset file '{path}' must end in one of {', '.join(SUFFIXES)}, or be one of these: "
                     f"{'; '.join(IMAGE_SOURCES)}")  # fmt: skip


def _number(spec: str) -> int:
    name, _, number = spec.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InputError(f"dataset '{spec}': a number is accepted after '{name}:', not '{number}'")
    return int(number)


def _two_folders(spec: str) -> tuple[Path, Path] | None:
    """``INPUTS:TARGETS``, at the first colon that divides it into two folders."""
    if Path(spec).exists():
        return None
    for at, character in enumerate(spec):
        if character == ":" and Path(spec[:at]).is_dir() and Path(spec[at + 1 :]).is_dir():
            return Path(spec[:at]), Path(spec[at + 1 :])
    return None


def _divide(spec: str, key: str | None) -> tuple[Path, str | None]:
    """``FILE.h:NAME`` or ``FOLDER:32x32`` as its two parts."""
    front, colon, name = spec.rpartition(":")
    place = Path(front)
    if colon and key is None and (place.suffix.lower() in (*SUFFIXES, ".mat") or is_idx(place) or place.is_dir()):
        return place, name
    return Path(spec), key


def _array_file(path: Path, choice: str | None, limit: int | None) -> Dataset:
    suffix = path.suffix.lower()
    if suffix == ".npy" and (limit is not None or (choice or "").startswith("limit")):
        return read_npy(path, parse_wish(choice or "", path, limit).limit)
    if limit is not None:
        raise InputError(f"limit: '{path}' is read whole; of .npy, IDX, .mat and pictures a part can be read")
    if suffix == ".h":
        return _header_array(path, choice)
    if suffix == ".npz":
        return read_npz(path, choice)
    if choice is not None:
        raise InputError(f"dataset file '{path}' holds one array without a name: '{choice}' cannot be chosen")
    return read_npy(path) if suffix == ".npy" else read_csv(path)


def _header_array(path: Path, name: str | None) -> Dataset:
    arrays = read_font_header(path)
    first = next(iter(arrays))
    if name is None and len(arrays) > 1:
        held = ", ".join(arrays)
        raise InputError(f"name one array of '{path}', as in '{path.name}:{first}': it holds {held}")
    name = first if name is None else name
    if name not in arrays:
        raise unknown(f"array in '{path}'", name, arrays)
    return arrays[name]


def export(dataset: Dataset, path: str | Path) -> None:
    """Write a dataset in the format of the suffix: ``.h`` (7 x 5 images), ``.npy``, ``.npz`` or ``.csv``.

    ``.npz`` keeps everything but ``about``; ``.csv`` keeps values and labels; ``.npy`` values and image
    shape.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"cannot export to '{path}': the suffixes {', '.join(_WRITERS)} are accepted")
    _WRITERS[suffix](dataset, Path(path))
