"""Datasets by name or by file: what ``--dataset`` takes."""

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
from scipy_ae.datasets.logos import load_logos
from scipy_ae.datasets.photographs import load_photographs
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


def names() -> dict[str, str]:
    """The built-in datasets and a line about each."""
    return {name: about for name, (about, _) in _BUILT_IN.items()}


def find(spec: str | Path, key: str | None = None) -> Dataset:
    """A dataset by name, or from a file.

    Parameters
    ----------
    spec : str or Path
        ``font1``, ``font2``, ``font3``, ``circles``, ``logos``, or the path of a ``.h``, ``.npy``, ``.npz``
        or ``.csv`` file; ``font.h:Font3`` and ``data.npz:images`` name an array inside a file.
    key : str, optional
        The array inside a file, as another way to name it.
    """
    if str(spec) in _BUILT_IN:
        if key is not None:
            raise InputError(f"dataset '{spec}' is built in and has no array '{key}' inside: give no array name")
        return _BUILT_IN[str(spec)][1]()
    name, colon, number = str(spec).partition(":")
    if colon and name in _BY_NUMBER:
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise InputError(f"dataset '{spec}': a number is accepted after '{name}:', not '{number}'")
        return _BY_NUMBER[name](int(number))
    path, key = _divide(str(spec), key)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        if suffix or len(path.parts) > 1:
            raise InputError(f"dataset file '{path}' must end in one of {', '.join(SUFFIXES)}")
        raise unknown("dataset", str(spec), [*_BUILT_IN, *(f"FILE{suffix}" for suffix in SUFFIXES)])
    if suffix == ".h":
        return _header_array(path, key)
    if suffix == ".npz":
        return read_npz(path, key)
    if key is not None:
        raise InputError(f"dataset file '{path}' holds one array without a name: '{key}' cannot be chosen")
    return read_npy(path) if suffix == ".npy" else read_csv(path)


def _divide(spec: str, key: str | None) -> tuple[Path, str | None]:
    """``FILE.h:NAME`` as its two parts, where ``FILE.h`` ends as a dataset file does."""
    front, colon, name = spec.rpartition(":")
    if colon and key is None and Path(front).suffix.lower() in SUFFIXES:
        return Path(front), name
    return Path(spec), key


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
