"""Watermark: white text over each image, half transparent, as pictures for sale carry it."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from scipy_ae.corruptions.images import Degradation, Shape
from scipy_ae.errors import InputError, unknown

#: Where the text may stand, and how a sentence says it.
PLACES = {
    "centre": "in the centre", "top-left": "top left", "top-right": "top right", "bottom-left": "bottom left",
    "bottom-right": "bottom right", "tiled": "again and again", "random": "at a place drawn at random",
}  # fmt: skip
#: The least size of letters in points; the share of an image's width, and of its height, that a text may take up.
SMALLEST, TALLEST = 5, 0.6
WIDEST = {"centre": 0.9, "tiled": 0.45}
_ELSEWHERE = 0.6


@dataclass(frozen=True)
class Watermark(Degradation):
    """White text laid over each image: x becomes (1 - opacity m) x + opacity m, with m the text's cover in [0, 1].

    The letters are as large as the place allows: 90 % of the width in the centre, 45 % where they are tiled, 60 %
    elsewhere, and at most 60 % of the height. They are drawn by Pillow in its own font, so no font need be there; on
    one machine they are the same to the byte. On white ground nothing is seen of them.

    Parameters
    ----------
    text : str
    opacity : float
        Above 0; at most 1, where nothing is left of the image beneath.
    place : {"centre", "top-left", "top-right", "bottom-left", "bottom-right", "tiled", "random"}
        "random" draws a place for each row, any that holds the whole text.
    """

    text: str = "SAMPLE"
    opacity: float = 0.5
    place: str = "centre"
    kind = "watermark"

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not self.text.strip() or not self.text.isprintable():
            raise InputError(f"watermark: {self.text!r} is not accepted; text of printable characters is")
        real = isinstance(self.opacity, (int, float, np.number)) and not isinstance(self.opacity, bool)
        if not real or not 0 < self.opacity <= 1:  # NaN included
            raise InputError(f"opacity: {self.opacity!r} is not accepted; a number above 0 and at most 1 is")
        if self.place not in PLACES:
            raise unknown("place", self.place, PLACES)

    @property
    def amount(self) -> str:
        return f"{self.text},{self.opacity:g},{self.place}"

    @property
    def meaning(self) -> str:
        return (
            f"the text '{self.text}' is laid over it in white with an opacity of {self.opacity:g}, {PLACES[self.place]}"
        )

    def shape_out(self, shape: Shape) -> Shape:
        c, h, w = super().shape_out(shape)
        _stamp(self.text, self.place, h, w)
        return (c, h, w)

    def cover(self, shape: Shape) -> np.ndarray:
        """The text's cover at its place, (h, w) within [0, 1]; of "random" the stamp alone, which is smaller."""
        _, h, w = self.shape_out(shape)
        stamp = _stamp(self.text, self.place, h, w)
        if self.place == "random":
            return stamp
        return _tiled(stamp, h, w) if self.place == "tiled" else _placed(stamp, h, w, self.place)

    def _made(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        made = x.copy()
        images = made.reshape(len(x), *shape)
        cover = (self.opacity * self.cover(shape)).astype(x.dtype)
        if self.place != "random":
            images += cover * (1 - images)
            return made
        height, width = cover.shape
        tops = rng.integers(0, shape[1] - height + 1, len(x))
        lefts = rng.integers(0, shape[2] - width + 1, len(x))
        for image, top, left in zip(images, tops, lefts):
            beneath = image[:, top : top + height, left : left + width]
            beneath += cover * (1 - beneath)
        return made


@cache
def _stamp(text: str, place: str, h: int, w: int) -> np.ndarray:
    """The text as large as it may be, cut to its ink: (height, width) within [0, 1].

    Raises
    ------
    InputError
        The font lacks a character, or the text does not fit even in the smallest letters.
    """
    from PIL import ImageFont

    share = WIDEST.get(place, _ELSEWHERE)
    missing = _ink(ImageFont.load_default(20), "\uffff")
    for character in text:
        if character != " " and np.array_equal(_ink(ImageFont.load_default(20), character), missing):
            raise InputError(f"watermark: the font has no '{character}'; letters, digits and signs of English are fine")
    best = None
    for size in range(SMALLEST, max(h, SMALLEST) + 1):
        ink = _ink(ImageFont.load_default(size), text)
        if ink.shape[1] > max(share * w, 1) or ink.shape[0] > max(TALLEST * h, 1):
            break
        best = ink
    if best is None:
        raise InputError(
            f"watermark: '{text}' does not fit images of {h}x{w} pixels at place {place}; a shorter text is accepted"
        )
    return best


def _ink(font, text: str) -> np.ndarray:
    """The text as drawn, without empty rows and columns around it."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = map(round, font.getbbox(text))
    page = Image.new("L", (max(right - left, 1) + 4, max(bottom - top, 1) + 4))
    ImageDraw.Draw(page).text((2 - left, 2 - top), text, fill=255, font=font)
    ink = np.asarray(page, dtype=np.float64) / 255
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return ink[:1, :1]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _placed(stamp: np.ndarray, h: int, w: int, place: str) -> np.ndarray:
    height, width = stamp.shape
    edge = max(1, min(h, w) // 32)  # from a corner, where there is room
    up, left = min(edge, h - height), min(edge, w - width)
    tops = {"top": up, "bottom": h - height - up}
    lefts = {"left": left, "right": w - width - left}
    first, _, second = place.partition("-")
    cover = np.zeros((h, w))
    top, side = tops.get(first, (h - height) // 2), lefts.get(second, (w - width) // 2)
    cover[top : top + height, side : side + width] = stamp
    return cover


def _tiled(stamp: np.ndarray, h: int, w: int) -> np.ndarray:
    """The stamp all over, every other line moved by half a step."""
    height, width = stamp.shape
    down, across = 2 * height + 2, width + max(2, width // 5)
    cover = np.zeros((h + down, w + 2 * across))
    for line, top in enumerate(range(0, h, down)):
        for left in range(across // 2 * (line % 2), w + across, across):
            cover[top : top + height, left : left + width] = stamp
    return cover[:h, across // 2 : across // 2 + w]
