"""Degradations of whole images: what a task undoes. Unlike noise on rows they may change the shape.

Each is a small value: ``shape_out(shape)`` says what becomes of an image of that shape, or refuses it, and
``apply(x, shape, rng)`` what becomes of rows. Images are rows of c*h*w values within [0, 1], channel first; a shape is
(c, h, w).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scipy_ae.corruptions.resizing import check_kernel, resize
from scipy_ae.errors import InputError

Shape = tuple[int, ...]
#: Red, green and blue in the luma of ITU-R BT.601 (1982), section 2.5.1.
LUMA = (0.299, 0.587, 0.114)


class Degradation(ABC):
    """What all degradations offer. Rows are (n, c*h*w)."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def amount(self) -> str:
        """As it stands behind the colon of ``KIND:AMOUNT``; empty where there is nothing to say."""

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What it does, in one sentence."""

    def shape_out(self, shape: Shape) -> Shape:
        """The shape of what it makes of images of ``shape``.

        Raises
        ------
        InputError
            Images of that shape cannot be degraded so.
        """
        if len(shape) != 3 or min(shape) < 1:
            raise InputError(f"{self.kind}: it is for images (channels, height, width), and the shape here is {shape}")
        return shape

    def apply(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        """Degraded rows, one for each of ``x``, which stays as it is.

        Parameters
        ----------
        x : ndarray, shape (n, c*h*w)
            Within [0, 1].
        shape : (c, h, w)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray, shape (n, size of shape_out)
            float32 where ``x`` is, else float64.
        """
        self.shape_out(shape)
        rows = as_rows(x, shape, self.kind)
        self._check_values(rows, shape)
        return self._made(rows, shape, rng)

    def _check_values(self, x: np.ndarray, shape: Shape) -> None:
        # the least and the greatest first: they need no further array, and a NaN fails both
        if not (x.min(initial=0) >= 0 and x.max(initial=1) <= 1):
            row, column = np.argwhere(~((x >= 0) & (x <= 1)))[0]
            raise InputError(
                f"{self.kind}: it is for values from 0 to 1, and row {row}, column {column} of the data is"
                f" {x[row, column]:g}"
            )

    @abstractmethod
    def _made(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        """Degraded rows of images that are accepted."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.amount}" if self.amount else self.kind


def as_rows(x: np.ndarray, shape: Shape, what: str) -> np.ndarray:
    """``x`` as a matrix of float32 or float64 whose rows are images of ``shape``; ``what`` says who asks."""
    rows = np.asarray(x)
    rows = rows if rows.dtype in (np.float32, np.float64) else rows.astype(np.float64)
    if rows.ndim != 2 or rows.shape[1] != int(np.prod(shape)):
        raise InputError(
            f"{what}: rows of shape {rows.shape} do not fit images of {shape}; (n, {int(np.prod(shape))}) do"
        )
    return rows


@dataclass(frozen=True)
class Noise(Degradation):
    """Noise of :func:`scipy_ae.corruptions.parse` on each value of an image; its shape stays.

    Nothing is cut off, so that ``gaussian:0.1`` is N(0, 0.1²) everywhere and its PSNR is 20 dB whatever the image; the
    values leave [0, 1]. Of an image in colour each channel is struck by itself.

    Parameters
    ----------
    text : str
        ``KIND:AMOUNT``.
    """

    text: str
    kind = "noise"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", str(self._corruption((1, 1, 1))))

    @property
    def amount(self) -> str:
        return self.text

    @property
    def meaning(self) -> str:
        return self._corruption((1, 1, 1)).meaning

    def shape_out(self, shape: Shape) -> Shape:
        shape = super().shape_out(shape)
        if shape[0] != 1 and self.text.startswith("neighbourhood"):
            raise InputError(f"noise: {self.text} is for images of one channel, and these have {shape[0]}")
        return shape

    def _check_values(self, x: np.ndarray, shape: Shape) -> None:
        self._corruption(shape).check(x)

    def _made(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        return self._corruption(shape).corrupt(x, rng).astype(x.dtype, copy=False)

    def _corruption(self, shape: Shape):
        from scipy_ae.corruptions import parse  # the room's door stands above this file

        return parse(self.text, (shape[1], shape[2]))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Grayscale(Degradation):
    """Colour taken away: 0.299 red + 0.587 green + 0.114 blue (the luma of ITU-R BT.601), in one channel."""

    kind = "grayscale"
    amount = ""
    meaning = "colour is taken away: 0.299 red + 0.587 green + 0.114 blue, in one channel"

    def shape_out(self, shape: Shape) -> Shape:
        c, h, w = super().shape_out(shape)
        if c != 3:
            raise InputError(f"grayscale: it takes the colour from images of 3 channels, and these have {c}")
        return (1, h, w)

    def _made(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        return np.array(LUMA, dtype=x.dtype) @ x.reshape(len(x), 3, -1)


@dataclass(frozen=True)
class Downscale(Degradation):
    """Height and width divided by a factor, by Pillow's kernels, antialiased but for ``nearest``.

    Where the bicubic kernel overshoots, values are cut off at 0 and 1, as any image file would have them.

    Parameters
    ----------
    factor : int
        At least 2; it divides height and width, so that a decoder can return to the image.
    kernel : {"bicubic", "box", "bilinear", "nearest"}
    """

    factor: int = 2
    kernel: str = "bicubic"
    kind = "downscale"

    def __post_init__(self) -> None:
        if isinstance(self.factor, bool) or not isinstance(self.factor, (int, np.integer)) or self.factor < 2:
            raise InputError(f"factor: {self.factor!r} is not accepted; a whole number of at least 2 is")
        check_kernel(self.kernel)

    @property
    def amount(self) -> str:
        return f"{self.factor},{self.kernel}"

    @property
    def meaning(self) -> str:
        return f"height and width are divided by {self.factor} with the {self.kernel} kernel"

    def shape_out(self, shape: Shape) -> Shape:
        c, h, w = super().shape_out(shape)
        if h % self.factor or w % self.factor:
            raise InputError(
                f"factor: {self.factor} does not divide images of {h}x{w} pixels; a factor of height and width is"
                " accepted"
            )
        return (c, h // self.factor, w // self.factor)

    def _made(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> np.ndarray:
        c, h, w = self.shape_out(shape)
        return np.clip(resize(x, (c, shape[1], shape[2]), h, w, self.kernel), 0, 1)
