"""The three font blocks, 32 characters each of 7 rows of 5 pixels, drawn by this project (``fonts/``)."""

from importlib.resources import files

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

ROWS, COLUMNS = 7, 5
BLOCK = 32  # characters in a block: block b starts at code 32 b
ABOUT = {
    1: "signs and digits, 0x20 to 0x3F, 7 rows of 5 pixels",
    2: "uppercase letters and signs, 0x40 to 0x5F, 7 rows of 5 pixels",
    3: "lowercase letters and signs, 0x60 to 0x7F, 7 rows of 5 pixels",
}


def load_font(number: int) -> Dataset:
    """One of the three font blocks: 1 signs and digits, 2 uppercase, 3 lowercase.

    Returns
    -------
    Dataset
        ``x`` of shape (32, 35), 1 where a pixel is lit and 0 where it is dark; image_shape (7, 5); labels
        are the characters themselves, with ``space`` for 0x20 and ``DEL`` for 0x7F.
    """
    if isinstance(number, bool) or number not in ABOUT:
        raise InputError(f"font must be 1, 2 or 3, not {number!r}")
    text = files(__package__).joinpath("fonts", f"font{number}.txt").read_text(encoding="ascii")
    glyphs = [paragraph.splitlines() for paragraph in text.split("\n\n")]
    labels = tuple(header.split(" ", 1)[1] for header, *_ in glyphs)
    x = [[pixel == "#" for row in rows for pixel in row] for _, *rows in glyphs]
    return Dataset(f"font{number}", np.array(x), labels, (ROWS, COLUMNS), ABOUT[number], "image")


def character_name(code: int) -> str:
    """The label of a character: itself, or a safe name where it cannot be seen or printed.

    >>> [character_name(code) for code in (0x20, 0x41, 0x7F, 0x80)]
    ['space', 'A', 'DEL', '0x80']
    """
    safe = {0x20: "space", 0x7F: "DEL"}
    return safe.get(code, chr(code) if chr(code).isprintable() else f"0x{code:02X}")


def block_labels(number: int) -> tuple[str, ...]:
    """The 32 labels of a font block."""
    return tuple(character_name(code) for code in range(BLOCK * number, BLOCK * (number + 1)))
