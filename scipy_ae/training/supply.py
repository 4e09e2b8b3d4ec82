"""Supply: the batches that a training works on, its objective's own or fresh ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.objective import Objective

#: A fresh batch, all its chance from the generator.
Draw = Callable[[np.random.Generator], Batch]
#: When one may be drawn: before each burst, or before each first-order step as well.
REDRAW = ("burst", "step")


@dataclass(frozen=True)
class Fresh:
    """Fresh batches, and when they are due."""

    draw: Draw
    redraw: str
    rng: np.random.Generator

    def __call__(self) -> Batch:
        return self.draw(self.rng)


class Supply:
    """The objective at work, and what single steps see of its rows.

    Parameters
    ----------
    objective : Objective
        On the full batch.
    batch_size : int, optional
        Rows of a mini-batch for single steps.
    rng : numpy.random.Generator, optional
        Shuffles mini-batches.
    fresh : Fresh, optional
    """

    def __init__(
        self, objective: Objective, batch_size: int | None, rng: np.random.Generator | None, fresh: Fresh | None
    ) -> None:
        self._own, self._fresh = objective, fresh
        self._each_step = None if fresh is None or fresh.redraw != "step" else fresh
        self._minibatches: Callable[[Batch], Iterator[Batch]] | None = None
        if batch_size is not None and rng is not None and batch_size < len(objective.batch):
            self._minibatches = partial(Batch.minibatches, size=batch_size, rng=rng)
        self.at_work = objective  # what solvers see: the objective itself, or one on a fresh batch
        self.drawn: dict[str, Any] | None = None  # the generator's state before the batch at work was drawn

    @property
    def own(self) -> bool:
        """Whether the objective itself is at work: the value on a fresh batch decides nothing."""
        return self.at_work is self._own

    @property
    def many(self) -> bool:
        """Whether single steps see other batches than the one at work."""
        return self._minibatches is not None or self._each_step is not None

    def renew(self) -> None:
        """Work on a fresh batch from here on, where there are such."""
        if self._fresh is not None:
            self.drawn = dict(self._fresh.rng.bit_generator.state)
            self.at_work = self._own.on(self._fresh())

    def restore(self, drawn: dict[str, Any] | None) -> None:
        """Work on the batch that was drawn from this state of the generator."""
        if self._fresh is not None and drawn is not None:
            self._fresh.rng.bit_generator.state = self.drawn = drawn
            self.at_work = self._own.on(self._fresh())

    def of_steps(self) -> Iterator[Batch]:
        """What the single steps of one iteration see."""
        batch = self.at_work.batch if self._each_step is None else self._each_step()
        return iter((batch,)) if self._minibatches is None else self._minibatches(batch)
