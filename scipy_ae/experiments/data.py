"""Data: the rows of a spec in their parts, in memory or left in their file."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scipy_ae import datasets
from scipy_ae.batches import Batch
from scipy_ae.datasets import Dataset
from scipy_ae.errors import InputError
from scipy_ae.experiments.parts import Parts, rows_of, split
from scipy_ae.experiments.spec import Spec
from scipy_ae.stored import Rows, pieces, taken

#: Rows of a file left on disk that are read for the report.
SHOWN = 200


@dataclass(frozen=True)
class Data:
    """The rows that a run is about.

    Attributes
    ----------
    dataset : Dataset
        Those to train on; where rows are left in their file, some of them, for the report.
    train, validation, test : Batch
        Rows as they are, without noise; the last two None where they are not asked for.
    grouped : bool
        Whether rows stayed together in groups when they were divided.
    """

    dataset: Dataset
    train: Batch
    validation: Batch | None = None
    test: Batch | None = None
    grouped: bool = False

    @classmethod
    def of(cls, spec: Spec) -> "Data":
        """The data of a spec, divided as it says."""
        if spec.mapped:
            return _mapped(spec)
        dataset = datasets.find(spec.dataset)
        if spec.letters not in (None, "all"):
            dataset = dataset.select(spec.letters)
        groups = getattr(dataset, "groups", None)
        parts = _parts(spec, len(dataset.x), groups)
        if parts is None:
            return cls(dataset, Batch(dataset.x))
        train, validation, test = (_batch(dataset, index) for index in (parts.train, parts.validation, parts.test))
        assert train is not None
        return cls(rows_of(dataset, parts.train), train, validation, test, groups is not None)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each part has."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: len(batch) for name, batch in parts.items() if batch is not None}

    @property
    def divided(self) -> bool:
        return self.validation is not None or self.test is not None

    def fingerprint(self) -> str:
        """A digest of all rows."""
        digest = hashlib.sha256()
        for batch in (self.train, self.validation, self.test):
            x = np.empty((0, 0)) if batch is None else batch.x
            digest.update(repr((x.shape, x.dtype.str)).encode())
            for piece in pieces(len(x), max(1, x.shape[1]), x.dtype.itemsize):
                digest.update(np.ascontiguousarray(taken(x, piece)).data)
        return digest.hexdigest()


def _parts(spec: Spec, n: int, groups: np.ndarray | None) -> Parts | None:
    if spec.validation is None and spec.test is None:
        return None
    return split(n, groups, spec.validation or 0.0, spec.test or 0.0)


def _batch(dataset: Dataset, index: np.ndarray) -> Batch | None:
    return Batch(dataset.x[index]) if len(index) else None


def _mapped(spec: Spec) -> Data:
    """Rows that stay in their file."""
    path = Path(spec.dataset)
    values, image_shape = datasets.map_npy(path)
    scale, n = 1 / 255 if values.dtype == np.uint8 else 1.0, len(values)
    parts = _parts(spec, n, None)
    whole = Batch.stored(values, scale=scale)  # which looks at all rows

    def of(index: np.ndarray) -> Batch | None:
        return Batch.stored(Rows(values, index), scale=scale) if len(index) else None

    train, validation, test = (
        (whole, None, None) if parts is None else map(of, (parts.train, parts.validation, parts.test))
    )
    if train is None:
        raise InputError(f"'{path}' has no rows to train on")
    shown = np.unique(np.linspace(0, len(train) - 1, min(SHOWN, len(train))).round().astype(int))
    numbers = shown if parts is None else parts.train[shown]
    about = f"{n} rows of {values.shape[1]} numbers, left in '{path.name}'; {len(shown)} of them are shown"
    kind, labels = "table" if image_shape is None else "image", tuple(f"r{row}" for row in numbers)
    dataset = Dataset(path.stem, train.rows(shown).x, labels, image_shape, about, kind)
    return replace(Data(dataset, train), validation=validation, test=test)
