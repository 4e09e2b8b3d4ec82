"""Letters drawn by the fonts of the machine, after notMNIST (Y. Bulatov, 2011)."""

import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.typefaces import SUFFIXES, Face, Judge, faces, font_files, usual_folders
from scipy_ae.errors import InputError

SIDE = 28
ABOUT = "letters A to J, drawn by the fonts of this machine, 28 rows of 28 pixels"
USUAL = 3000  # images that are made where the number of variations is left open, about
MOST = 200_000  # images
_FINE = 4  # dots a pixel, side by side, before the picture is made small
_INK = 24  # pixels of the longer side of a plain letter: two of the 28 stay dark at either end


def make_glyphs(
    letters: str = "ABCDEFGHIJ",
    folders: Sequence[str | Path] | str | Path | None = None,
    variations: int | None = None,
    seed: int = 0,
    fonts: int | None = 400,
) -> Dataset:
    """Letters as 28 x 28 grey images, drawn by each TrueType and OpenType font found.

    Left out are fonts that do not draw each letter, or draw boxes or signs instead, fonts that look as an earlier one
    does, and files that cannot be read. Where fonts are few, each letter of a font is drawn several times: first plain,
    then slightly slanted, turned, stretched, thickened, smaller and off the centre.

    Parameters
    ----------
    letters : str
        The letters, each once.
    folders : sequence of paths, optional
        Folders with fonts, searched through and through, or font files. By default those where the system keeps its
        fonts, and matplotlib's own, so that there are always some twenty.
    variations : int, optional
        Images of each letter of each font, the first one plain. By default as many as make about 3000 images in all.
    seed : int
        Draws the variations, for each font by itself: what one font looks like does not depend on the others.
    fonts : int or None
        At most so many fonts, by file name; None: all.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 784) in [0, 1], 0 around the letter and 1 in its ink; labels are the letters; font by font,
        by file name, variation by variation, letter by letter. ``groups`` number the fonts: a group is a font file,
        together with files that draw the same letters narrower.
    """
    _check(letters, variations, seed, fonts)
    chosen = _found(letters, folders, fonts)
    if variations is None:
        variations = max(1, round(USUAL / (len(chosen) * len(letters))))
    n = len(chosen) * variations * len(letters)
    if n > MOST:
        raise InputError(
            f"variations: {variations} of {len(letters)} letters of {len(chosen)} fonts are {n} images: "
            f"at most {MOST} are made"
        )
    pixels = np.empty((n, SIDE * SIDE), dtype=np.uint8)
    row = 0
    for face, _ in chosen:
        rng = np.random.default_rng([seed, zlib.crc32(" ".join((face.path.name, *face.names)).encode())])
        for variation in range(variations):
            for letter in letters:
                pixels[row] = _plain(face, letter) if variation == 0 else _varied(face, letter, rng)
                row += 1
    each = variations * len(letters)
    groups = np.repeat([group for _, group in chosen], each)
    times = "once" if variations == 1 else f"{variations} times"
    about = f"{n} letters, {letters}, of {len(chosen)} fonts, {times} each, 28 rows of 28 pixels"
    labels = tuple(letters) * (len(chosen) * variations)
    return Dataset(
        "glyphs", pixels / 255.0, labels, (SIDE, SIDE), about, "image", groups=groups, grouped_by="font", copy=False
    )


def _check(letters: str, variations: int | None, seed: int, fonts: int | None) -> None:
    if not isinstance(letters, str) or len(set(letters)) < max(2, len(letters)) or not letters.isalnum():
        raise InputError(f"letters: at least two letters or digits, each once, are accepted, not {letters!r}")
    for name, value, least in (("variations", variations, 1), ("seed", seed, 0), ("fonts", fonts, 1)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least
        if not whole and (value is not None or name == "seed"):
            raise InputError(f"{name} must be an integer of at least {least}, not {value!r}")


def _found(letters: str, folders: Sequence[str | Path] | str | Path | None, most: int | None) -> list[tuple[Face, int]]:
    """The faces that draw the letters, by file name, each with its group."""
    named = [folders] if isinstance(folders, str | Path) else folders
    places = usual_folders() if named is None else [Path(place) for place in named]
    missing = next((place for place in places if named is not None and not place.exists()), None)
    if missing is not None:
        raise InputError(f"folders: '{missing}' does not exist")
    judge, fault = Judge(letters), ""
    chosen: list[tuple[Face, int]] = []
    for path in font_files(places):
        try:
            for face in faces(path):
                if len(chosen) == most:
                    return chosen
                chosen.append((face, judge.group(face)))
        except (OSError, ValueError) as error:
            fault = f"'{path}' was left out: {error}"
            if path in places:
                raise InputError(f"font file {fault}") from None
    if not chosen:
        searched = ", ".join(f"'{place}'" for place in places)
        raise InputError(f"folders: no font in {searched} draws '{letters}' ({fault or 'no ' + ' '.join(SUFFIXES)})")
    return chosen


def _plain(face: Face, letter: str) -> np.ndarray:
    """The letter as the font draws it, centred, its longer side 24 pixels."""
    return _placed(face.drawn(letter), np.eye(2), 1.0, np.zeros(2))


def _varied(face: Face, letter: str, rng: np.random.Generator) -> np.ndarray:
    """The letter slightly changed: up to 6 degrees turned, a tenth slanted, and so on."""
    thicker = int(rng.integers(0, 4))  # dots of the em square's 128
    angle, slant = math.radians(rng.uniform(-6, 6)), rng.uniform(-0.1, 0.2)
    wider = math.exp(rng.uniform(-0.12, 0.12))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shape = turn @ np.array([[wider, -slant], [0.0, 1.0]])
    return _placed(face.drawn(letter, thicker), shape, rng.uniform(0.85, 1.0), rng.uniform(-1, 1, 2))


def _placed(ink: Image.Image, shape: np.ndarray, size: float, shift: np.ndarray) -> np.ndarray:
    """Ink under the linear map ``shape``, made ``size`` times 24 pixels long and moved by ``shift`` pixels; (784,)."""
    corners = shape @ (np.array([[-1, 1, -1, 1], [-1, -1, 1, 1]]) * np.array(ink.size)[:, None] / 2)
    longest = 2 * np.abs(corners).max()
    there = shape * (size * _INK * _FINE / longest)
    back = np.linalg.inv(there)
    middle = np.full(2, SIDE * _FINE / 2) + shift * _FINE
    offset = np.array(ink.size) / 2 - back @ middle
    whole = ink.transform(
        (SIDE * _FINE, SIDE * _FINE),
        Image.Transform.AFFINE,
        (back[0, 0], back[0, 1], offset[0], back[1, 0], back[1, 1], offset[1]),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(whole.reduce(_FINE)).ravel()
