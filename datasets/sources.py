"""Images by path: which reader takes it, and what is asked of it after a colon."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.folders import PARTS
from scipy_ae.datasets.idx import is_idx, read_idx
from scipy_ae.datasets.image_files import Wish, read_images, read_pairs
from scipy_ae.datasets.images import check_amount
from scipy_ae.datasets.svhn import read_mat
from scipy_ae.errors import InputError

_ACCEPTED = "limitN, HxW (height and width), patchN, grey and colour"
_BEGINNINGS = {**PARTS, "t10k": "test"}  # of the names of files that are parts of one dataset


def parse_wish(text: str, path: Path, limit: int | None = None) -> Wish:
    """What stands after ``PATH:``, such as ``32x32,grey,limit1000``."""
    wish = Wish(limit=limit)
    for word in text.split(",") if text else []:
        size, patch, most = (re.fullmatch(form, word) for form in (r"(\d+)x(\d+)", r"patch(\d+)", r"limit(\d+)"))
        if size:
            wish = replace(wish, size=(int(size[1]), int(size[2])))
        elif patch:
            wish = replace(wish, patch=int(patch[1]))
        elif most:
            wish = replace(wish, limit=int(most[1]))
        elif word in ("grey", "colour"):
            wish = replace(wish, colour=word == "colour")
        else:
            raise InputError(f"dataset '{path}:{text}': '{word}' is not known; after a path {_ACCEPTED} are accepted")
    return wish


def read_source(path: Path, wish: Wish) -> Dataset:
    """The images of a folder, or of an IDX or ``.mat`` file."""
    if not path.is_dir():
        return _file(path, wish)
    files = _files_of_arrays(path)
    if not files:
        return read_images(path, wish.size, wish.colour, wish.patch, wish.limit)
    parts = [_part(file) for file in files]
    if len(files) > 1 and (None in parts or len(set(parts)) < len(files)):
        raise InputError(f"'{path}' holds {', '.join(file.name for file in files)}: name one of them as the dataset")
    return _joined([_file(file, wish) for file in files], parts, path)


def read_pair_of_folders(inputs: Path, targets: Path, wish: Wish) -> Dataset:
    return read_pairs(inputs, targets, wish.size, wish.colour, wish.patch, wish.limit)


def _file(path: Path, wish: Wish) -> Dataset:
    if wish != Wish(limit=wish.limit):
        raise InputError(f"dataset '{path}': its images are read as they are; after its path limitN alone is accepted")
    return read_idx(path, wish.limit) if is_idx(path) else read_mat(path, wish.limit)


def _files_of_arrays(folder: Path) -> list[Path]:
    """The IDX files of images, or the .mat files, that stand in a folder; parts of a split in the order of it."""
    try:
        every = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(f"cannot read the folder '{folder}': {error.strerror or error}") from None
    idx = [path for path in every if is_idx(path) and "labels" not in path.name]
    bare = {path.name for path in idx}
    idx = [path for path in idx if not (path.suffix == ".gz" and path.stem in bare)]  # both packed and unpacked
    files = idx or [path for path in every if path.suffix.lower() == ".mat"]
    order = list(dict.fromkeys(PARTS.values()))
    return sorted(files, key=lambda path: order.index(_part(path) or order[0]))


def _part(path: Path) -> str | None:
    """The part of a split that a file is by the beginning of its name, ``train-images...`` or ``t10k-...``."""
    beginning = re.split(r"[-_.]", path.name.lower(), maxsplit=1)[0]
    return _BEGINNINGS.get(beginning)


def _joined(datasets: list[Dataset], parts: list[str | None], folder: Path) -> Dataset:
    """The rows of files that are parts of one dataset, one below the other."""
    first = datasets[0]
    if len(datasets) == 1:
        return replace(first, name=folder.name, copy=False)
    for dataset, part in zip(datasets, parts):
        if dataset.sample_shape != first.sample_shape:
            shapes = f"{dataset.sample_shape} in its part '{part}' and {first.sample_shape} in '{parts[0]}'"
            raise InputError(f"'{folder}' holds images of shape {shapes}: one shape is accepted")
    check_amount(sum(len(dataset.x) for dataset in datasets), first.x.shape[1], f"'{folder}'")
    return replace(
        first,
        name=folder.name,
        x=np.concatenate([dataset.x for dataset in datasets]),
        labels=tuple(label for dataset in datasets for label in dataset.labels),
        parts=tuple(str(part) for dataset, part in zip(datasets, parts) for _ in dataset.x),
        about=_about(datasets, folder),
        copy=False,
    )


def _about(datasets: list[Dataset], folder: Path) -> str:
    """The line of the first, with the number of all and the folder's name."""
    n = sum(len(dataset.x) for dataset in datasets)
    kind = datasets[0].about.split(" ", 1)[1].rpartition(", from ")[0]
    return f"{n} {kind}, from '{folder.name}'"
