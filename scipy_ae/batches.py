"""Batch: the rows an objective is about, and the only place where chance enters (law 2)."""

from collections.abc import Iterator
from copy import copy

import numpy as np

from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError
from scipy_ae.stored import checked, taken


class Batch:
    """Inputs, targets, row weights and all that is drawn at random for them, made once and not changed after.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Inputs, finite.
    target : array_like of shape (n, q), optional
        What the output should be; the input itself where None.
    weight : array_like of shape (n,), optional
        What each row counts for, not negative, some above 0; only ratios matter.
    eps : array_like of shape (n, draws, latent_dim), optional
        The noise of a variational bottleneck, some draws for each row; see :meth:`with_eps`.
    probes : array_like of shape (n, count, latent_dim), optional
        The signs of an estimated contractive term; see :meth:`with_probes`.

    Attributes
    ----------
    is_stored : bool
        Whether x and target are left where they are, such as in a file; see :meth:`stored`.
    scale : float
        What numbers of stored x and target are multiplied by; 1 for all others.
    """

    is_stored: bool = False
    scale: float = 1.0

    def __init__(self, x, target=None, weight=None, eps=None, probes=None) -> None:
        self.x = _matrix("x", x)
        self.target = self.x if target is None else _matrix("target", target)
        if len(self.target) != len(self.x):
            raise InputError(f"target: {len(self.target)} rows for {len(self.x)} rows of x")
        self.weight = _row_weights(weight, len(self.x))
        self.eps, self.probes = _drawn("eps", eps, len(self.x)), _drawn("probes", probes, len(self.x))

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

    @classmethod
    def stored(cls, x, target=None, scale: float = 1.0, weight=None) -> "Batch":
        """Rows that stay where they are, so that they may be more than memory holds.

        Parameters
        ----------
        x : memory map or ndarray of shape (n, p), or :class:`~scipy_ae.stored.Rows`
            uint8, float32 or float64. Read once here, piece by piece, to see that all is finite.
        target : the same of shape (n, q), optional
            What the output should be; the input itself where None.
        scale : float
            What both are multiplied by, such as 1 / 255 for bytes.
        weight : array_like of shape (n,), optional

        Notes
        -----
        ``x`` and ``target`` are what was given, unscaled: a slice ``batch.x[a:b] * batch.scale`` is a piece of them.
        :meth:`rows` gives an ordinary batch of some rows, float64 and scaled, and so do mini-batches.
        """
        if not (np.isfinite(scale) and scale > 0):
            raise InputError(f"scale: {scale} is not accepted; a finite number above 0 is")
        batch = cls.__new__(cls)
        batch.is_stored, batch.scale = True, float(scale)
        batch.x = checked("x", x)  # type: ignore[assignment]
        batch.target = batch.x if target is None else checked("target", target)  # type: ignore[assignment]
        if len(batch.target) != len(batch.x):
            raise InputError(f"target: {len(batch.target)} rows for {len(batch.x)} rows of x")
        batch.weight = _row_weights(weight, len(batch.x))
        batch.eps = batch.probes = None
        return batch

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, index) -> "Batch":
        """The batch of these rows alone: a slice, or an array of their numbers or of truth values."""
        part = object.__new__(Batch)  # what has been checked is not checked again
        part.x = self._piece(self.x, index)
        part.target = part.x if self.target is self.x else self._piece(self.target, index)
        weight = self.weight[index]
        total = weight.sum()
        if not len(part.x) or total <= 0:
            return Batch(part.x, part.target, weight)  # which says what is wrong
        part.weight = weight / total
        part.eps, part.probes = (None if drawn is None else drawn[index] for drawn in (self.eps, self.probes))
        return part

    def one(self) -> "Batch":
        """The batch of its weightiest row alone, for what needs any row at all."""
        return self.rows([int(np.argmax(self.weight))])

    def targets(self, index) -> np.ndarray:
        """The targets of these rows."""
        return self._piece(self.target, index)

    def _piece(self, values, index) -> np.ndarray:
        """Rows of x or target as contiguous float64."""
        piece = taken(values, index) if self.is_stored else values[index]
        piece = np.ascontiguousarray(piece, dtype=np.float64)
        return piece * self.scale if self.scale != 1.0 else piece

    def with_eps(self, rng: np.random.Generator, latent_dim: int, draws: int = 1) -> "Batch":
        """The same rows with new noise for a variational bottleneck: N(0, 1), independent, ``draws`` a row."""
        shape = (len(self), _count("draws", draws), _count("latent_dim", latent_dim))
        return self._with(eps=rng.standard_normal(shape))

    def with_probes(self, rng: np.random.Generator, latent_dim: int, count: int = 1) -> "Batch":
        """The same rows with new signs for an estimated contractive term: -1 or 1, independent, ``count`` a row."""
        shape = (len(self), _count("count", count), _count("latent_dim", latent_dim))
        return self._with(probes=rng.choice((-1.0, 1.0), shape))

    def _with(self, **drawn: np.ndarray) -> "Batch":
        other = copy(self)  # what has been checked is shared
        for name, values in drawn.items():
            setattr(other, name, values)
        return other

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


def _drawn(name: str, values, rows: int) -> np.ndarray | None:
    """What was drawn for the rows, (n, draws, latent_dim), as contiguous float64."""
    if values is None:
        return None
    try:
        drawn = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        drawn = np.zeros(0)
    if drawn.ndim != 3 or len(drawn) != rows or not drawn.size or not np.isfinite(drawn).all():
        got = f"shape {drawn.shape}" if drawn.ndim != 3 or len(drawn) != rows or not drawn.size else "other ones"
        raise InputError(f"{name}: finite numbers of shape ({rows}, draws, latent_dim) are accepted, not {got}")
    return drawn


def _count(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least 1 is")
    return int(value)


def _row_weights(weight, n: int) -> np.ndarray:
    if weight is None:
        return np.full(n, 1.0 / n)
    weight = np.array(weight, dtype=np.float64)
    if weight.shape != (n,) or not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise InputError(f"weight: {n} finite numbers of at least 0, some above it, are accepted")
    return weight / weight.sum()
