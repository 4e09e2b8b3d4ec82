"""Batch: the rows an objective is about, and the only place where chance enters (law 2)."""

from collections.abc import Iterator

import numpy as np

from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError


class Batch:
    """Inputs, targets and row weights, made once and not changed after.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Inputs, finite.
    target : array_like of shape (n, q), optional
        What the output should be; the input itself where None.
    weight : array_like of shape (n,), optional
        What each row counts for, not negative, some above 0; only ratios matter.
    """

    def __init__(self, x, target=None, weight=None) -> None:
        self.x = _matrix("x", x)
        self.target = self.x if target is None else _matrix("target", target)
        if len(self.target) != len(self.x):
            raise InputError(f"target: {len(self.target)} rows for {len(self.x)} rows of x")
        self.weight = _row_weights(weight, len(self.x))

    @classmethod
    def corrupted(
        cls, x, corruption: Corruption, copies: int, rng: np.random.Generator, target=None, weight=None
    ) -> "Batch":
        """Noisy copies of rows, each with what it should become: the batch of a denoising autoencoder.

        Parameters
        ----------
        x : array_like of shape (n, p)
            Clean rows.
        corruption : Corruption
        copies : int
            Noisy copies of each row, one behind the other: n * copies rows.
        rng : numpy.random.Generator
        target : array_like of shape (n, q), optional
            What the output should be; the clean row where None.
        weight : array_like of shape (n,), optional
        """
        if isinstance(copies, bool) or not isinstance(copies, (int, np.integer)) or copies < 1:
            raise InputError(f"copies: {copies!r} is not accepted; a whole number of at least 1 is")
        clean = np.repeat(_matrix("x", x), copies, axis=0)
        wanted = clean if target is None else np.repeat(_matrix("target", target), copies, axis=0)
        weight = None if weight is None else np.repeat(np.asarray(weight, dtype=np.float64), copies)
        return cls(corruption.corrupt(clean, rng), wanted, weight)

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, index) -> "Batch":
        """The batch of these rows alone."""
        target = None if self.target is self.x else self.target[index]
        return Batch(self.x[index], target, self.weight[index])

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator["Batch"]:
        """All rows once, shuffled, in batches of ``size`` (the last may be smaller)."""
        order = rng.permutation(len(self))
        for start in range(0, len(self), size):
            yield self.rows(order[start : start + size])


def _matrix(name: str, values) -> np.ndarray:
    try:
        matrix = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise InputError(f"{name}: a matrix of numbers is accepted, one row a sample") from None
    if matrix.ndim != 2:
        raise InputError(f"{name}: expected two dimensions (n, p), got shape {matrix.shape}")
    if matrix.size == 0:
        raise InputError(f"{name}: shape {matrix.shape} has no rows or no columns; at least one of each is needed")
    bad = np.argwhere(~np.isfinite(matrix))
    if len(bad):
        row, column = bad[0]
        raise InputError(f"{name}: row {row}, column {column} is {matrix[row, column]}; finite numbers are accepted")
    return matrix


def _row_weights(weight, n: int) -> np.ndarray:
    if weight is None:
        return np.full(n, 1.0 / n)
    weight = np.array(weight, dtype=np.float64)
    if weight.shape != (n,) or not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise InputError(f"weight: {n} finite numbers of at least 0, some above it, are accepted")
    return weight / weight.sum()
