"""Small pictures at a readable size: how many dots a pixel takes, colours of signed values, a scale below them.

The pictures of an image task are drawn two dots to a pixel of the screen and shown at exactly that size, see
:attr:`~scipy_ae.report.blocks.Picture.crisp`: all that is pasted stands at even dots and has even sizes, so that no
screen blurs it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps

from scipy_ae.report.sheet import INK, LINE, MUTED, Sheet, text_width

#: Dots of the widest picture: half as many pixels of the screen.
WIDEST = 2100
#: Points of the lettering: 12 pixels of the screen, and 11.
TEXT, FINE = 10.8, 9.9
BAR = (320, 20)  # dots of a scale's bar

#: How a number is written.
Number = Callable[[float], str]


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` as colours."""

    low: float
    high: float
    colours: str

    @classmethod
    def of(cls, values: np.ndarray) -> "Scale":
        """Shades from 0 up; where a value is negative, blue to red with white for 0 in the middle."""
        high = float(np.abs(values).max())
        return cls(-high, high, "RdBu_r") if values.min() < 0 else cls(0.0, high, "gray")

    @classmethod
    def signed(cls, values: np.ndarray) -> "Scale":
        """Blue to red, white for 0, both ends as far from it."""
        high = float(np.abs(values).max()) or 1.0
        return cls(-high, high, "RdBu_r")

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Values (h, w) as bytes (h, w, 3)."""
        span = self.high - self.low
        part = (values - self.low) / span if span > 0 else np.zeros(values.shape)
        return np.round(255 * colormaps[self.colours](part)[..., :3]).astype(np.uint8)

    def told(self, number: Number) -> str:
        """Its ends in words."""
        return f"±{number(self.high)}" if self.low < 0 else f"0 … {number(self.high)}"

    def draw(self, sheet: Sheet, x: float, y: float, name: str, number: Number) -> None:
        """A bar from ``low`` to ``high`` that ends at dot ``x``, its name before it."""
        width, height = BAR
        left = x - width
        sheet.paste(self(np.tile(np.linspace(self.low, self.high, width), (height, 1))), left, y)
        frame = [(left, y), (x, y), (x, y + height), (left, y + height), (left, y)]
        sheet.lines([np.array(frame)], LINE, 0.8)
        sheet.text(left - 16, y + height / 2, name, FINE, ha="right", color=MUTED)
        ends = [self.low, 0.0, self.high] if self.low < 0 else [0.0, self.high / 2, self.high]
        for at, value in zip((left, left + width / 2, x), ends):
            sheet.text(at, y + height + 22, number(value), FINE, color=MUTED)


def scale_width(name: str) -> float:
    """Dots that a scale takes, its name and the half numbers at its ends within."""
    return BAR[0] + 32 + text_width(name, FINE) + 60


def enlarged(pixels: np.ndarray, grow: int) -> np.ndarray:
    """A picture (h, w, 3) with ``grow`` x ``grow`` dots for each pixel."""
    return np.repeat(np.repeat(pixels, grow, axis=0), grow, axis=1)


def even(x: float) -> int:
    """The even whole number below."""
    return 2 * int(x // 2)


def dots_a_pixel(side: int, wanted: int) -> int:
    """How many dots a pixel takes so that ``side`` pixels are at least ``wanted`` dots: an even number."""
    return 2 * max(1, -(-wanted // (2 * side)))


def lettering(sheet: Sheet, x: float, y: float, lines: list[str], ha: str = "left") -> None:
    """Lines of lettering, the first in ink and those below it muted."""
    for k, line in enumerate(lines):
        sheet.text(x, y + 30 * k, line, FINE if k else TEXT, ha=ha, color=MUTED if k else INK)
