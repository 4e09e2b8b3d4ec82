"""Supply: the batches that a training works on, its objective's own, larger ones as it goes on, or fresh ones."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.errors import InputError
from scipy_ae.objective import AnyObjective, Passes, passes_of
from scipy_ae.problem import Series

#: A fresh batch, all its chance from the generator.
Draw = Callable[[np.random.Generator], Batch]
#: When one may be drawn: before each burst, or before each first-order step as well.
REDRAW = ("burst", "step")
#: Numbers that the copy of some rows of a stored batch may hold; where more rows are wanted, all of them are taken.
MOST_COPIED = 2**25


@dataclass(frozen=True)
class Fresh:
    """Fresh batches, and when they are due."""

    draw: Draw
    redraw: str
    rng: np.random.Generator

    def __call__(self) -> Batch:
        return self.draw(self.rng)


@dataclass(frozen=True)
class Growth:
    """How the rows that bursts see become more, from burst to burst, until they are all.

    A loss on few rows is cheap and leads the same way while the minimum is far; close to it more rows are needed (Byrd,
    Chin, Nocedal & Wu 2012, "Sample size selection in optimization methods for machine learning", section 1).

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        Each row of the pool once. A batch of m rows is that of the first m of these, so that the rows of a smaller one
        are those with which a larger one begins; the batch of all is the pool itself.
    factor : float
        At least 1: by which their number is multiplied before each burst but the first, and rounded up.
    """

    order: np.ndarray
    factor: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.factor) and self.factor >= 1):
            raise InputError(f"growth: a factor of {self.factor} is not accepted; a finite number of at least 1 is")

    def count(self, first: int, bursts: int) -> int:
        """Rows of the burst of that number, counted from 1, where the first one sees ``first``."""
        count, most = first, len(self.order)
        for _ in range(bursts - 1 if self.factor > 1 else 0):
            if count >= most:
                break
            count = math.ceil(min(count * self.factor, most))
        return min(count, most)

    def batch(self, pool: Batch, count: int) -> Batch:
        """The batch of that many rows."""
        if count >= len(pool) or (pool.is_stored and count * (pool.x.shape[1] + pool.target.shape[1]) > MOST_COPIED):
            return pool
        return pool.rows(self.order[:count])


class Supply:
    """The objective at work, and what single steps see of its rows.

    Parameters
    ----------
    objective : Objective
        Which records are of.
    batch_size : int, optional
        Rows of a mini-batch for single steps.
    rng : numpy.random.Generator, optional
        Shuffles mini-batches.
    fresh : Fresh, optional
    pool : Batch, optional
        The rows of the mini-batches; the objective's own where None.
    growth : Growth, optional
        Of the objective's rows, towards those of the pool.
    """

    def __init__(
        self,
        objective: AnyObjective,
        batch_size: int | None,
        rng: np.random.Generator | None,
        fresh: Fresh | None,
        pool: Batch | None = None,
        growth: Growth | None = None,
    ) -> None:
        self.own_objective, self._fresh, self._pool, self._growth = objective, fresh, pool, growth
        self._first, self.bursts = len(objective.batch), 0
        self._each_step = None if fresh is None or fresh.redraw != "step" else fresh
        self._minibatches: Callable[[Batch], Iterator[Batch]] | None = None
        if batch_size is not None and rng is not None and batch_size < len(pool or objective.batch):
            self._minibatches = partial(Batch.minibatches, size=batch_size, rng=rng)
        self._batch_size, self._rng = batch_size, rng
        self._passes: tuple[Batch, Passes | None] | None = None
        self.at_work = objective  # what solvers see: the objective itself, or one on a fresh batch
        self.drawn: dict[str, Any] | None = None  # the generator's state before the batch at work was drawn

    @property
    def own(self) -> bool:
        """Whether the objective itself is at work: the value on a fresh batch decides nothing."""
        return self.at_work is self.own_objective

    @property
    def many(self) -> bool:
        """Whether single steps see other batches than the one at work."""
        return self._minibatches is not None or self._each_step is not None

    @property
    def final(self) -> bool:
        """Whether the objective has all the rows that it will ever have."""
        return self._growth is None or self._growth.factor == 1 or self._pool is None or self._full

    @property
    def _full(self) -> bool:
        return len(self.own_objective.batch) >= len(self._pool or self.own_objective.batch)

    def begin_burst(self) -> bool:
        """Count a burst, and give it the rows that are due; whether the objective has others now."""
        self.bursts += 1
        return self._grow()

    def _grow(self) -> bool:
        if self.final or self._growth is None or self._pool is None:
            return False
        count = self._growth.count(self._first, self.bursts)
        if count <= len(self.own_objective.batch):
            return False
        self.own_objective = self.at_work = self.own_objective.on(self._growth.batch(self._pool, count))
        return True

    def renew(self) -> None:
        """Work on a fresh batch from here on, where there are such."""
        if self._fresh is not None:
            self.drawn = dict(self._fresh.rng.bit_generator.state)
            self.at_work = self.own_objective.on(self._fresh())

    def restore(self, drawn: dict[str, Any] | None, bursts: int) -> None:
        """Work on the rows of that burst, and on the batch that was drawn from this state of the generator."""
        self.bursts = bursts
        self._grow()
        if self._fresh is not None and drawn is not None:
            self._fresh.rng.bit_generator.state = self.drawn = drawn
            self.at_work = self.own_objective.on(self._fresh())

    def series(self) -> Series | None:
        """What the single steps of one iteration see, as machine code; None where there is no such."""
        if self._minibatches is None or self._each_step is not None or self._batch_size is None or self._rng is None:
            return None
        pool = self._pool or self.at_work.batch
        if self._passes is None or self._passes[0] is not pool:
            self._passes = pool, passes_of(self.own_objective, pool, self._batch_size)
        passes = self._passes[1]
        return None if passes is None else passes.shuffled(self._rng)

    def of_steps(self) -> Iterator[Batch]:
        """What the single steps of one iteration see."""
        if self._minibatches is None:
            return iter((self.at_work.batch if self._each_step is None else self._each_step(),))
        if self._each_step is not None:
            return self._minibatches(self._each_step())
        return self._minibatches(self._pool or self.at_work.batch)
