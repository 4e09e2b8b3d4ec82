"""Dataset: rows of numbers with a label each, and how they came to be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.datasets.choice import chosen_rows
from scipy_ae.errors import InputError

KINDS = ("image", "circles", "table")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of real numbers, each with a label; refused unless finite, of at least one row and one column.

    Parameters
    ----------
    name : str
        ``"font2"``, an array's name or a file's name.
    x : ndarray, shape (n, p), float64
        One row a sample. Values are kept as they came: nothing is scaled to [0, 1].
    labels : tuple of str, length n
        What a picture writes beside each row; they may repeat.
    image_shape : (int, int) or None
        Height and width in pixels of each row seen as an image, in row-major order: p = height * width.
    about : str
        One line for people.
    kind : {"image", "circles", "table"}
        ``"image"`` exactly when ``image_shape`` is set; a row of ``"circles"`` is x1, y1, x2, y2, ...
    """

    name: str
    x: np.ndarray
    labels: tuple[str, ...]
    image_shape: tuple[int, int] | None
    about: str
    kind: str

    def __post_init__(self) -> None:
        x = checked_rows(self.x, f"dataset '{self.name}'")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
        if len(self.labels) != len(x):
            raise InputError(f"dataset '{self.name}' has {len(x)} rows and {len(self.labels)} labels")
        if self.kind not in KINDS or (self.kind == "image") != (self.image_shape is not None):
            raise InputError(
                f"dataset '{self.name}': kind is '{self.kind}' with image_shape {self.image_shape}: "
                f"accepted are 'image' with a shape, 'circles' or 'table' without"
            )
        if self.image_shape is not None and self.image_shape[0] * self.image_shape[1] != x.shape[1]:
            height, width = self.image_shape
            raise InputError(
                f"dataset '{self.name}': images of {height} x {width} pixels do not fit {x.shape[1]} columns"
            )
        if self.kind == "circles" and x.shape[1] % 2:
            raise InputError(f"dataset '{self.name}': circles are pairs x, y, not {x.shape[1]} columns")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The rows, so that NumPy and scikit-learn take a dataset where they take an array."""
        return np.array(self.x, dtype=dtype) if copy else np.asarray(self.x, dtype=dtype)

    def select(self, choice: str | int | Iterable[str | int] | None) -> "Dataset":
        """The rows that ``choice`` names, as a dataset of the same name.

        Parameters
        ----------
        choice : str, int, sequence of str or int, or None
            None
                all rows;
            a count, ``"10"`` or ``10``
                that many rows: the letters and digits of the dataset first, then the others, each in their
                order; the rows chosen stay in the order of the dataset. So 10 is A to J of font 2, a to j of
                font 3, 0 to 9 of font 1, and 32 is the whole block as it stands. Where no label is a single
                letter or digit it is simply the first rows;
            a range, ``"A-J"``
                from one label to another, both included, or from one row number to another (``"0-9"``,
                counted from 0) where these are not labels: in font 1, ``"0-9"`` are the digits;
            a list, ``"A,B,C"``, ``"A B C"``, ``"ABC"``, ``"A-C,X"`` or ``["A", 7]``
                in the order given, each row once; a number in a list is a label, else a row number.
                Text that is a label itself, such as ``"space"``, ``","`` or ``"DEL"``, is that label.

        A label borne by several rows stands for all of them.
        """
        if choice is None:
            return self
        rows = chosen_rows(choice, self.labels, self.name)
        labels = tuple(self.labels[row] for row in rows)
        return Dataset(self.name, self.x[rows], labels, self.image_shape, self.about, self.kind)


def checked_rows(values: object, what: str) -> np.ndarray:
    """``values`` as a C-ordered float64 matrix, shape (n, p); ``what`` names them in the error.

    A NaN or an infinity is named by its row and column, both counted from 0.
    """
    raw = np.asarray(values)
    if raw.dtype.kind not in "biuf":
        raise InputError(f"{what} holds values of type {raw.dtype}: real numbers are accepted")
    if raw.ndim != 2:
        raise InputError(f"{what} has shape {raw.shape}: (rows, columns) is accepted")
    x = np.array(raw, dtype=np.float64, order="C")
    if x.size == 0:
        missing = "rows" if x.shape[0] == 0 else "columns"
        raise InputError(f"{what} has no {missing}: at least one is accepted")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise InputError(f"{what}, row {row}, column {column} is {x[row, column]}: finite numbers are accepted")
    return x
