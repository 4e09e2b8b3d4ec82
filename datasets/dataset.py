"""Dataset: rows of numbers with a label each, and how they came to be."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass, replace
from typing import Any

import numpy as np

from scipy_ae.datasets.choice import chosen_rows
from scipy_ae.errors import InputError

KINDS = ("image", "circles", "table")
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of real numbers, each with a label; refused unless finite, of at least one row and one column.

    Parameters
    ----------
    name : str
        ``"font2"``, an array's name or a file's name.
    x : ndarray, shape (n, p), float64
        One row a sample. Images that came as bytes 0..255 are in [0, 1]; all else is kept as it came.
    labels : tuple of str, length n
        What a picture writes beside each row; they may repeat.
    image_shape : (int, int) or None
        Height and width in pixels of each row seen as an image: p = channels * height * width, channel by
        channel, each in row-major order (C order of (c, h, w)).
    about : str
        One line for people.
    kind : {"image", "circles", "table"}
        ``"image"`` exactly when ``image_shape`` is set; a row of ``"circles"`` is x1, y1, x2, y2, ...
    channels : int
        1 for grey images (and all that are no images), 3 for red, green and blue.
    groups : ndarray, shape (n,), int64, or None
        Rows of one number belong together (a font, a photograph) and never go to two parts of a split.
    paired : Dataset or None
        The targets of the same rows, ``x`` being the inputs; its images may be of another size.
    parts : tuple of str, length n, or None
        ``"train"``, ``"validation"`` or ``"test"`` for each row, where the files themselves are divided so.
    grouped_by : str
        What ``groups`` are, in one word or two: ``"font"``; empty where there are none.
    copy : bool
        False lets ``x`` be kept without a copy, for makers that hand theirs over.
    """

    name: str
    x: np.ndarray
    labels: tuple[str, ...]
    image_shape: tuple[int, int] | None
    about: str
    kind: str
    channels: int = 1
    groups: np.ndarray | None = None
    paired: "Dataset | None" = None
    parts: tuple[str, ...] | None = None
    grouped_by: str = ""
    copy: InitVar[bool] = True

    def __post_init__(self, copy: bool) -> None:
        x = checked_rows(self.x, f"dataset '{self.name}'", copy)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
        if len(self.labels) != len(x):
            raise InputError(f"dataset '{self.name}' has {len(x)} rows and {len(self.labels)} labels")
        self._check_kind()
        self._check_companions()

    def _check_kind(self) -> None:
        columns = self.x.shape[1]
        if self.kind not in KINDS or (self.kind == "image") != (self.image_shape is not None):
            raise InputError(
                f"dataset '{self.name}': kind is '{self.kind}' with image_shape {self.image_shape}: "
                f"accepted are 'image' with a shape, 'circles' or 'table' without"
            )
        whole = isinstance(self.channels, int | np.integer) and not isinstance(self.channels, bool)
        if not whole or self.channels < 1 or (self.image_shape is None and self.channels != 1):
            raise InputError(
                f"dataset '{self.name}': channels is {self.channels!r} with image_shape {self.image_shape}: "
                "an integer of at least 1 is accepted, and 1 alone without a shape"
            )
        object.__setattr__(self, "channels", int(self.channels))
        if self.image_shape is not None and self.channels * self.image_shape[0] * self.image_shape[1] != columns:
            height, width = self.image_shape
            times = f" times {self.channels} channels" if self.channels > 1 else ""
            raise InputError(
                f"dataset '{self.name}': images of {height} x {width} pixels{times} do not fit {columns} columns"
            )
        if self.kind == "circles" and columns % 2:
            raise InputError(f"dataset '{self.name}': circles are pairs x, y, not {columns} columns")

    def _check_companions(self) -> None:
        """Groups, parts and targets: one for each row."""
        n = len(self.x)
        if self.groups is not None:
            groups = np.asarray(self.groups)
            if groups.shape != (n,) or groups.dtype.kind not in "iu":
                raise InputError(
                    f"dataset '{self.name}': groups are {groups.dtype} of shape {groups.shape}: "
                    f"an integer for each of the {n} rows is accepted"
                )
            object.__setattr__(self, "groups", groups.astype(np.int64))
        if self.parts is not None:
            parts = tuple(str(part) for part in self.parts)
            strange = next((part for part in parts if part not in PARTS), None)
            if len(parts) != n or strange is not None:
                held = f"{len(parts)} of them" if strange is None else f"'{strange}' among them"
                raise InputError(
                    f"dataset '{self.name}': parts, {held}: for each of {n} rows one of {', '.join(PARTS)} is accepted"
                )
            object.__setattr__(self, "parts", parts)
        if self.paired is not None and len(self.paired.x) != n:
            raise InputError(f"dataset '{self.name}' has {n} rows and {len(self.paired.x)} paired targets")

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
        return self.rows(chosen_rows(choice, self.labels, self.name))

    def rows(self, index: Any) -> "Dataset":
        """Some rows, as a dataset of the same name, with all that belongs to them.

        Parameters
        ----------
        index : sequence of int, ndarray of int or of bool, or slice
            Row numbers in the order wanted, or what NumPy takes to choose from an axis of n rows.
        """
        try:
            chosen = np.arange(len(self.x))[index if isinstance(index, slice) else np.asarray(index)]
        except IndexError as error:
            raise InputError(f"rows of '{self.name}': {error}") from None
        if chosen.ndim != 1 or not len(chosen):
            raise InputError(f"rows of '{self.name}': {index!r} names no list of rows")
        return replace(
            self,
            x=self.x[chosen],
            labels=tuple(self.labels[row] for row in chosen),
            groups=None if self.groups is None else self.groups[chosen],
            paired=None if self.paired is None else self.paired.rows(chosen),
            parts=None if self.parts is None else tuple(self.parts[row] for row in chosen),
            copy=False,
        )

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(channels, height, width) of a row that is an image, else (p,)."""
        return self.x.shape[1:] if self.image_shape is None else (self.channels, *self.image_shape)


def checked_rows(values: object, what: str, copy: bool = True) -> np.ndarray:
    """``values`` as a C-ordered float64 matrix, shape (n, p); ``what`` names them in the error.

    Without ``copy`` an array that is such a matrix already is given back itself. A NaN or an infinity is named by its
    row and column, both counted from 0.
    """
    raw = np.asarray(values)
    if raw.dtype.kind not in "biuf":
        raise InputError(f"{what} holds values of type {raw.dtype}: real numbers are accepted")
    if raw.ndim != 2:
        raise InputError(f"{what} has shape {raw.shape}: (rows, columns) is accepted")
    x = np.array(raw, dtype=np.float64, order="C") if copy else np.ascontiguousarray(raw, dtype=np.float64)
    if x.size == 0:
        missing = "rows" if x.shape[0] == 0 else "columns"
        raise InputError(f"{what} has no {missing}: at least one is accepted")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise InputError(f"{what}, row {row}, column {column} is {x[row, column]}: finite numbers are accepted")
    return x
