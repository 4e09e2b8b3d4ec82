"""Parts: which rows are trained on, which say when to stop, and which are kept for the end."""

from dataclasses import dataclass, fields, replace

import numpy as np

from scipy_ae.datasets import Dataset
from scipy_ae.errors import InputError

#: Tells the draw of the parts from others. It is the same for all seeds, so that runs of different seeds are of the
#: same rows and are compared on the same rows.
SPLIT = 5


@dataclass(frozen=True)
class Parts:
    """Numbers of rows, ascending, that make up each part; together they are all rows."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(n: int, groups: np.ndarray | None, validation: float, test: float, seed: int = SPLIT) -> Parts:
    """Rows at random in three parts; no group is in two of them.

    Parameters
    ----------
    n : int
        Rows.
    groups : ndarray of shape (n,), optional
        Rows of equal numbers are a group; each row is one where None.
    validation, test : float
        The part of the groups that each gets, rounded, at least one group where it is above 0.

    Raises
    ------
    InputError
        There are too few groups for a group in each part.
    """
    names, group = (np.arange(n),) * 2 if groups is None else np.unique(groups, return_inverse=True)
    counts = [max(1, round(len(names) * share)) if share > 0 else 0 for share in (test, validation)]
    if sum(counts) >= len(names):
        what = "rows" if groups is None else "groups of rows that stay together"
        raise InputError(
            f"validation {validation:g} and test {test:g} leave nothing to train on of {len(names)} {what}; smaller"
            " parts, or more data, are accepted"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    part = np.zeros(len(names), dtype=int)
    part[order[: counts[0]]], part[order[counts[0] : sum(counts)]] = 2, 1
    return Parts(*(np.flatnonzero(part[group] == which) for which in range(3)))


def rows_of(dataset: Dataset, index: np.ndarray) -> Dataset:
    """The dataset of these rows alone, with all that is said of each row."""
    more = {}
    for field in fields(dataset):
        value = getattr(dataset, field.name)
        if field.name in ("x", "groups") and value is not None:
            more[field.name] = value[index]
        elif field.name == "paired" and value is not None:
            more[field.name] = rows_of(value, index)
    return replace(dataset, labels=tuple(dataset.labels[row] for row in index), **more)
