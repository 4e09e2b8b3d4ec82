"""Data: the rows of a spec in their parts, in memory or left in their file, and what a task makes of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np

from scipy_ae import datasets
from scipy_ae.batches import Batch
from scipy_ae.datasets import Dataset
from scipy_ae.errors import InputError
from scipy_ae.experiments.spec import Spec
from scipy_ae.splitting import Parts, split
from scipy_ae.stored import Rows, pieces, taken
from scipy_ae.tasks import Pairs, Task

#: Rows of a file left on disk that are read for the report.
SHOWN = 200
#: Tells the draw of the parts from others. It is the same for all seeds, so that runs of different seeds are of the
#: same rows and are compared on the same rows.
SPLIT = 5

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Data:
    """The rows that a run is about.

    Attributes
    ----------
    dataset : Dataset
        Those to train on; where rows are left in their file, some of them, for the report.
    train : Batch
        Rows as they are, without noise, or inputs and targets of the task.
    shapes : (shape, shape)
        Of input and target: (channels, height, width) of images, (numbers,) of other rows.
    validation, test : Batch
        None where they are not asked for.
    grouped_by : str, optional
        What rows stayed together when they were divided: "font".
    labels : sequence of str, optional
        Of all rows of the file or dataset.
    task : Task, optional
    numbers : Parts, optional
        Which rows of the file or dataset went where; None where all are trained on.
    """

    dataset: Dataset
    train: Batch
    shapes: tuple[Shape, Shape]
    validation: Batch | None = None
    test: Batch | None = None
    grouped_by: str | None = None
    labels: Sequence[str] | None = None
    task: Task | None = None
    numbers: Parts | None = None

    @classmethod
    def of(cls, spec: Spec) -> "Data":
        """The data of a spec, divided as it says."""
        if spec.mapped:
            return _mapped(spec)
        dataset = _found(spec.dataset)
        if spec.letters not in (None, "all"):
            dataset = dataset.select(spec.letters)
        if spec.task is None:
            shape = _shape(dataset)
            if dataset.paired is not None:
                raise InputError(
                    f"dataset '{spec.dataset}' has inputs and targets apart, for a task; give task too, such as"
                    " super-resolution"
                )
            return _divided(spec, dataset, Pairs(dataset.x, dataset.x, shape, shape))
        if dataset.kind != "image":
            raise InputError(f"task: {spec.task} is for images, and dataset '{spec.dataset}' has none")
        task = spec.task_on(paired=dataset.paired is not None)
        assert task is not None
        return replace(_divided(spec, dataset, pairs_of(task, dataset, spec.seed)), task=task)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each part has."""
        return {name: len(batch) for name, batch in self.parts.items()}

    @property
    def parts(self) -> dict[str, Batch]:
        """The parts that there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: batch for name, batch in parts.items() if batch is not None}

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


def _found(name: str) -> Dataset:
    """The dataset of that name; the last built-in one is kept, for to draw letters by all fonts takes seconds."""
    return _built_in(name) if name.partition(":")[0] in datasets.names() else datasets.find(name)


@lru_cache(maxsize=1)
def _built_in(name: str) -> Dataset:
    return datasets.find(name)


def _shape(dataset: Dataset) -> Shape:
    if dataset.image_shape is None:
        return (dataset.x.shape[1],)
    return (dataset.channels, *dataset.image_shape)


def pairs_of(task: Task, dataset: Dataset, seed: int) -> Pairs:
    """Inputs and targets of a task: made of the rows by the seed, or as the files have them."""
    if dataset.paired is not None:
        return Pairs(dataset.x, dataset.paired.x, _shape(dataset), _shape(dataset.paired))
    return task.pairs(dataset.x, _shape(dataset), seed)


def _divided(spec: Spec, dataset: Dataset, pairs: Pairs) -> Data:
    """The data of rows in memory."""
    parts, shapes = _parts(spec, len(dataset.x), dataset), (pairs.input_shape, pairs.target_shape)

    def of(index: np.ndarray) -> Batch | None:
        if not len(index):
            return None
        return Batch(pairs.x[index], None if pairs.target is pairs.x else pairs.target[index])

    if parts is None:
        whole = Batch(pairs.x, None if pairs.target is pairs.x else pairs.target)
        return Data(dataset, whole, shapes, labels=dataset.labels)
    train, validation, test = map(of, parts)
    assert train is not None
    together = None if dataset.groups is None else dataset.grouped_by or "group"
    return Data(
        dataset.rows(parts.train), train, shapes, validation, test, together, dataset.labels, numbers=parts
    )  # fmt: skip


def _parts(spec: Spec, n: int, dataset: Dataset | None) -> Parts | None:
    """Which rows go where: as the files say, as the spec does, or None for all in one."""
    given = None if dataset is None else dataset.parts
    if given is not None and spec.task is not None:
        return Parts(*(np.flatnonzero(np.asarray(given) == name) for name in Parts._fields))
    if not spec.validation and not spec.test:
        return None
    groups = None if dataset is None else dataset.groups
    return split(n, groups, spec.validation or 0.0, spec.test or 0.0, SPLIT)


def _mapped(spec: Spec) -> Data:
    """Rows that stay in their file."""
    path = Path(spec.dataset)
    values, image_shape = datasets.map_npy(path)
    if spec.task not in (None, "compress"):
        raise InputError(
            f"mapped and task {spec.task} contradict each other: inputs are made in memory; compress is accepted"
        )
    scale, n = 1 / 255 if values.dtype == np.uint8 else 1.0, len(values)
    parts = _parts(spec, n, None)
    whole = Batch.stored(values, scale=scale)  # which looks at all rows

    def of(index: np.ndarray) -> Batch | None:
        return Batch.stored(Rows(values, index), scale=scale) if len(index) else None

    train, validation, test = (whole, None, None) if parts is None else map(of, parts)
    if train is None:
        raise InputError(f"'{path}' has no rows to train on")
    shown = np.unique(np.linspace(0, len(train) - 1, min(SHOWN, len(train))).round().astype(int))
    numbers = shown if parts is None else parts.train[shown]
    about = f"{n} rows of {values.shape[1]} numbers, left in '{path.name}'; {len(shown)} of them are shown"
    kind, labels = "table" if image_shape is None else "image", tuple(f"r{row}" for row in numbers)
    channels = 1 if image_shape is None else values.shape[1] // prod(image_shape)
    dataset = Dataset(path.stem, train.rows(shown).x, labels, image_shape, about, kind, channels=channels)
    task = spec.task_on()
    if task is not None and image_shape is None:
        raise InputError(f"task: {spec.task} is for images, and '{path}' has rows of numbers")
    shape = _shape(dataset)
    return Data(dataset, train, (shape, shape), validation, test, task=task, numbers=parts)
