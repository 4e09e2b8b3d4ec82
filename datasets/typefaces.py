"""Finding the fonts of a machine, and telling those that draw letters from those that do not."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scipy_ae.errors import InputError

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
SIZE_LIMIT = 2**27  # bytes of a font file
EM = 128  # pixels of the em square in which letters are drawn before they are made small
FACES = 32  # faces looked for in one .ttc file
SAME, KIN = 0.005, 0.05  # mean difference of shapes: below, one font twice; below, one font and its condensed form
LEAST_LIKENESS = 0.5  # of the letters, that resemble the letter they should be
_SIDE = 20  # pixels of the square in which shapes are compared
_NO_CHARACTER = "\U0010ffff"  # stands for no character in any font, so a font draws its sign for "missing"


@dataclass(frozen=True)
class Face:
    """One face of a font file, and its letters as they look plain."""

    path: Path
    font: ImageFont.FreeTypeFont

    @property
    def names(self) -> tuple[str, str]:
        """Family and style, as the file calls them."""
        family, style = self.font.getname()
        return family or "", style or ""

    def drawn(self, letter: str, stroke: int = 0) -> Image.Image:
        """As ``draw``, of a letter that the face is known to draw."""
        ink = self.draw(letter, stroke)
        assert ink is not None
        return ink

    def draw(self, letter: str, stroke: int = 0) -> Image.Image | None:
        """The ink of a letter, 0 to 255, cut to its bounds; None where there is none. ``stroke`` pixels thicken it."""
        left, top, right, bottom = self.font.getbbox(letter, stroke_width=stroke)
        width, height = int(right - left), int(bottom - top)
        if not (0 < width <= 8 * EM and 0 < height <= 8 * EM):
            return None
        ink = Image.new("L", (width, height))
        ImageDraw.Draw(ink).text((-left, -top), letter, fill=255, font=self.font, stroke_width=stroke)
        bounds = ink.getbbox()
        return None if bounds is None else ink.crop(bounds)


def usual_folders() -> tuple[Path, ...]:
    """Where this system keeps its fonts, and where matplotlib keeps its own, which are always there."""
    home = Path.home()
    if sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    elif sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        folders = [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", Path(local) / "Microsoft/Windows/Fonts"]
    else:
        share = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
        folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), share / "fonts", home / ".fonts"]
    return (*folders, _own_folder())


def _own_folder() -> Path:
    """matplotlib's folder of fonts; nothing of matplotlib is imported for it."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise InputError("fonts: matplotlib, whose fonts are used, is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def font_files(folders: Sequence[Path]) -> list[Path]:
    """All font files in the folders and below, by file name, so that the order depends on nothing else."""
    found: set[Path] = set()
    for folder in folders:
        if folder.is_file():
            found.add(folder)
        for place, inner, files in os.walk(folder):
            inner.sort()
            found |= {Path(place, name) for name in files if Path(name).suffix.lower() in SUFFIXES}
    return sorted(found, key=lambda path: (path.name, str(path)))


def faces(path: Path) -> Iterator[Face]:
    """The faces of a font file that Pillow can open; OSError where it can open none."""
    size = path.stat().st_size
    if size > SIZE_LIMIT:
        raise OSError(f"it has {size} bytes, and at most {SIZE_LIMIT} are accepted")
    for index in range(FACES if path.suffix.lower() in (".ttc", ".otc") else 1):
        try:
            yield Face(path, ImageFont.truetype(path, EM, index=index, layout_engine=ImageFont.Layout.BASIC))
        except (OSError, ValueError) as error:
            if index == 0:
                raise OSError(str(error)) from None
            return  # there is no such face


class Judge:
    """Tells faces that draw each letter, in a shape of its own that resembles that letter, and as no face before.

    A face is compared with DejaVu Sans and DejaVu Serif, both upright and slanted: a symbol font draws something for
    each letter too, and nothing in the file need say so.
    """

    def __init__(self, letters: str) -> None:
        self.letters = letters
        names = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-BoldOblique.ttf", "DejaVuSerif-BoldItalic.ttf")
        models = [shapes(next(faces(_own_folder() / name)), letters) for name in names]
        if any(model is None for model in models):
            raise InputError(f"letters: DejaVu Sans, by which fonts are judged, does not draw all of '{letters}'")
        self._models = [model for model in models if model is not None]
        self._seen: list[tuple[np.ndarray, int, Path]] = []

    def group(self, face: Face) -> int:
        """The group of a face; ValueError, which says why, where it is left out.

        Each file is a group, but for those that draw another's letters, narrower: they join that one's.
        """
        drawn = shapes(face, self.letters)
        if drawn is None:
            raise ValueError("it does not draw every letter")
        if len(np.unique(drawn.round(2), axis=0)) < len(set(self.letters)):
            raise ValueError("it draws the same for several letters")
        if self.likeness(drawn) < LEAST_LIKENESS:
            raise ValueError("it draws signs, not letters")
        apart, nearest = min(((_apart(drawn, other), group) for other, group, _ in self._seen), default=(1.0, 0))
        if apart < SAME:
            raise ValueError("another font draws the same")
        mates = [group for _, group, path in self._seen if path == face.path]
        new = 1 + max((group for _, group, _ in self._seen), default=-1)
        group = mates[0] if mates else nearest if apart < KIN else new
        self._seen.append((drawn, group, face.path))
        return group

    def likeness(self, drawn: np.ndarray) -> float:
        """The part of the letters that are nearest, of all letters of a model, to their own."""
        own = np.arange(len(drawn))
        return max(float(np.mean(_correlation(drawn, model).argmax(axis=1) == own)) for model in self._models)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation of each row of ``a`` with each of ``b``."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (a, b))
    norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return a @ b.T / np.maximum(norms, 1e-12)


def shapes(face: Face, letters: str) -> np.ndarray | None:
    """Each letter stretched to a small square, shape (letters, 400), in [0, 1]; None where one is missing or empty."""
    missing = face.draw(_NO_CHARACTER)
    rows = []
    for letter in letters:
        ink = face.draw(letter)
        if ink is None or (missing is not None and _same(ink, missing)):
            return None
        rows.append(_stretched(ink))
    return np.array(rows)


def _same(ink: Image.Image, other: Image.Image) -> bool:
    """Whether two drawings are one, but for the grid on which FreeType may set a letter and not a sign."""
    near = abs(ink.width - other.width) <= 2 and abs(ink.height - other.height) <= 2
    return near and _apart(_stretched(ink), _stretched(other)) < KIN


def _stretched(ink: Image.Image) -> np.ndarray:
    small = ink.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64).ravel() / 255
