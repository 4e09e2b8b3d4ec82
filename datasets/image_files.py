"""Datasets of the user's pictures: folders, divided and labelled by sub-folders, and pairs of folders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.folders import Found, paired, pictures_in
from scipy_ae.datasets.images import check_amount, checked_limit, image_dataset
from scipy_ae.datasets.photographs import patches_of
from scipy_ae.datasets.pictures import picture_size, read_picture
from scipy_ae.errors import InputError


@dataclass(frozen=True)
class Wish:
    """What a user wants made of pictures as they are read; see ``read_images``."""

    size: tuple[int, int] | None = None
    colour: bool | None = None
    patch: int | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", checked_limit(self.limit))
        if self.colour not in (None, True, False):
            raise InputError(f"colour must be True, False or None, not {self.colour!r}")
        sides = [] if self.size is None else list(self.size)
        for name, value in (*(("size", side) for side in sides), ("patch", self.patch)):
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and 1 <= value <= 4096
            if value is not None and not whole:
                raise InputError(f"{name} must be from 1 to 4096 pixels, not {value!r}")
        if self.size is not None and len(sides) != 2:
            raise InputError(f"size must be height and width, not {self.size!r}")
        if self.size is not None and self.patch is not None:
            raise InputError("give size, which scales whole pictures, or patch, which cuts them, not both")


def read_images(
    folder: str | Path,
    size: tuple[int, int] | None = None,
    colour: bool | None = None,
    patch: int | None = None,
    limit: int | None = None,
) -> Dataset:
    """The pictures of a folder and of the folders in it: PNG, JPEG, BMP, GIF, TIFF, WebP, PPM.

    Sub-folders are labels, ``train`` and ``val`` or ``test`` parts, ``low`` and ``high`` (or ``lr`` and ``hr``,
    ``input`` and ``target``, ``noisy`` and ``clean``) inputs and targets by the same file names. All pictures must be
    of one size, and grey or in colour, unless the parameters make them so.

    Parameters
    ----------
    folder : str or Path
        The folder.
    size : (int, int), optional
        Height and width to which each picture is scaled.
    colour : bool, optional
        True: all in colour; False: all grey.
    patch : int, optional
        Cut each picture into squares of so many pixels, side by side; the pictures may be of any size then, and
        ``groups`` number them.
    limit : int, optional
        Only so many rows, spread evenly over all there are.

    Returns
    -------
    Dataset
        ``x`` of shape (n, c * h * w), bytes divided by 255. Where one file name stands in several sub-folders, as
        each font's does in notMNIST, ``groups`` number the names.
    """
    folder = Path(folder)
    return _read(pictures_in(folder), Wish(size, colour, patch, limit), folder, folder.name)


def read_pairs(
    inputs: str | Path,
    targets: str | Path,
    size: tuple[int, int] | None = None,
    colour: bool | None = None,
    patch: int | None = None,
    limit: int | None = None,
) -> Dataset:
    """Two folders of pictures by the same names: ``x`` are the inputs, ``paired`` the targets.

    The parameters are those of ``read_images``; inputs and targets may be of two sizes, unless they are cut.
    """
    inputs, targets = Path(inputs), Path(targets)
    return _read(paired(inputs, targets), Wish(size, colour, patch, limit), inputs, f"{inputs.name} to {targets.name}")


def _read(found: Sequence[Found], wish: Wish, folder: Path, source: str) -> Dataset:
    if wish.patch is not None:
        return _cut(found, wish, folder, source)
    if wish.limit is not None and wish.limit < len(found):
        found = [found[row] for row in _evenly(len(found), wish.limit)]
    images = _whole([one.path for one in found], wish)
    dataset = image_dataset(
        images, folder, [one.label for one in found], source, parts=_parts(found), **_groups_by_name(found)
    )
    if found[0].target is None:
        return dataset
    targets = _whole([one.target for one in found if one.target is not None], wish)
    return replace(dataset, paired=image_dataset(targets, folder, dataset.labels, source), copy=False)


def _whole(paths: Sequence[Path], wish: Wish) -> np.ndarray:
    """Whole pictures of one size and one number of channels, (n, c, h, w) of bytes."""
    first = read_picture(paths[0], wish.colour, wish.size)
    check_amount(len(paths), first.size, f"the folder '{paths[0].parent}'")
    images = np.empty((len(paths), *first.shape), dtype=np.uint8)
    for row, path in enumerate(paths):
        image = first if row == 0 else read_picture(path, wish.colour, wish.size)
        _alike(image, path, first, paths[0])
        images[row] = image
    return images


def _alike(image: np.ndarray, path: Path, first: np.ndarray, other: Path, *, sizes: bool = True) -> None:
    """Refuse a picture that does not go with the first."""
    if len(image) != len(first):
        words = ["in colour" if len(one) == 3 else "grey" for one in (image, first)]
        raise InputError(
            f"'{path}' is {words[0]} and '{other}' {words[1]}: one is accepted; ':grey' or ':colour' after the folder "
            "makes all so"
        )
    if sizes and image.shape != first.shape:
        shapes = [f"{one.shape[1]} x {one.shape[2]}" for one in (image, first)]
        raise InputError(
            f"'{path}' has {shapes[0]} pixels and '{other}' {shapes[1]}: one size is accepted; ':HxW' after the "
            "folder scales all to it, ':patchN' cuts squares out of them"
        )


def _cut(found: Sequence[Found], wish: Wish, folder: Path, source: str) -> Dataset:
    """Squares cut out of pictures of any size."""
    side = wish.patch or 1
    sizes = [picture_size(one.path) for one in found]
    small = next((row for row, size in enumerate(sizes) if min(size) < side), None)
    if small is not None:
        height, width = sizes[small]
        raise InputError(f"'{found[small].path}' has {height} x {width} pixels: no patch of {side} x {side} is in it")
    counts = [(height // side) * (width // side) for height, width in sizes]
    total = sum(counts)
    kept = _evenly(total, min(total, wish.limit or total))
    check_amount(len(kept), 3 * side * side, f"the folder '{folder}', in patches of {side} x {side} pixels,")
    owner = np.repeat(np.arange(len(found)), counts)[kept]
    within = kept - np.concatenate([[0], np.cumsum(counts)])[owner]
    dataset = _patches([one.path for one in found], owner, within, sizes, wish, folder, source)
    labels, parts = tuple(found[row].label for row in owner), _parts([found[row] for row in owner])
    goals: Dataset | None = None
    if found[0].target is not None:
        targets = [one.target for one in found if one.target is not None]
        for target, one, size in zip(targets, found, sizes):
            if picture_size(target) != size:
                raise InputError(f"'{one.path}' and '{target}' are of two sizes: patches are cut of pairs of one size")
        goals = replace(_patches(targets, owner, within, sizes, wish, folder, source), labels=labels, copy=False)
    return replace(dataset, labels=labels, parts=parts, groups=owner, grouped_by="picture", paired=goals, copy=False)


def _patches(
    paths: Sequence[Path],
    owner: np.ndarray,
    within: np.ndarray,
    sizes: Sequence[tuple[int, int]],
    wish: Wish,
    folder: Path,
    source: str,
) -> Dataset:
    """The patches ``within`` (their numbers) of the pictures ``owner`` (theirs), both of shape (n,)."""
    side = wish.patch or 1
    cut: list[np.ndarray] = []
    first, other = None, paths[0]
    for row in np.unique(owner):
        image = read_picture(paths[row], wish.colour)
        if image.shape[1:] != sizes[row]:
            raise InputError(f"'{paths[row]}' is damaged: its header tells of another size than it has")
        first, other = (image, paths[row]) if first is None else (first, other)
        _alike(image, paths[row], first, other, sizes=False)
        cut.append(patches_of(image.transpose(1, 2, 0), side, side)[within[owner == row]])
    return image_dataset(np.concatenate(cut), folder, None, source)


def _evenly(n: int, count: int) -> np.ndarray:
    """``count`` of n row numbers, spread evenly."""
    return np.arange(count, dtype=np.int64) * n // count


def _parts(found: Sequence[Found]) -> tuple[str, ...] | None:
    parts = tuple(one.part for one in found if one.part is not None)
    return parts if len(parts) == len(found) else None


def _groups_by_name(found: Sequence[Found]) -> dict[str, Any]:
    """Groups of rows of one file name, where such stand in folders of two labels."""
    if found[0].target is not None or len({one.label for one in found}) == len(found):
        return {}
    names = [one.path.stem for one in found]
    number = {name: index for index, name in enumerate(dict.fromkeys(names))}
    if len(number) == len(names):
        return {}
    return {"groups": np.array([number[name] for name in names]), "grouped_by": "file name"}
