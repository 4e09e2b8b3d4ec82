"""Passes: all rows once, shuffled, in mini-batches that machine code takes one after the other."""

from functools import partial

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.kernels import native
from scipy_ae.kernels import shuffled as R
from scipy_ae.objective.chunks import ChunkedObjective
from scipy_ae.objective.function import Objective
from scipy_ae.problem import Series
from scipy_ae.stored import Rows, release


class Passes:
    """Mini-batches of the rows of a batch for a plain objective.

    Parameters
    ----------
    objective : Objective
        Without terms; that it is on other rows does not matter.
    pool : Batch
    size : int
        Rows of a mini-batch, at most those of the pool.
    """

    def __init__(self, objective: Objective, pool: Batch, size: int) -> None:
        self.pool = pool
        # an objective of nobody else's, into whose rows each mini-batch is written
        heaviest = np.argsort(-pool.weight, kind="stable")[:size]
        self._objective = objective.on(pool.rows(heaviest))
        x, target, weight = self._objective.held_rows
        self._values, self._index = _source(pool.x)
        self._targets = None if pool.target is pool.x else _source(pool.target)[0]
        self._scale = np.array([pool.scale])
        self._context = context = np.zeros(R.CONTEXT_SIZE, dtype=np.intp)
        context[R.COUNT], context[R.SIZE] = len(pool), size
        context[R.KIND], context[R.SINGLE] = R.KINDS[self._values.dtype.name], x.dtype == np.float32
        context[R.INPUTS], context[R.OUTPUTS] = x.shape[1], target.shape[1]
        self._weights = None if np.ptp(pool.weight) == 0 else pool.weight
        for place, array in (
            (R.X, self._values), (R.X_OUT, x), (R.TARGET, self._targets), (R.TARGET_OUT, target),
            (R.WEIGHT, self._weights), (R.WEIGHT_OUT, weight), (R.SCALE, self._scale),
        ):  # fmt: skip
            context[place] = native.data_of(array)

    def shuffled(self, rng: np.random.Generator) -> Series:
        """One pass, in an order drawn now; the one before must be over."""
        order = rng.permutation(len(self.pool))
        order = np.ascontiguousarray(order if self._index is None else self._index[order], dtype=np.int64)
        code, context = self._objective.native, self._context
        context[R.PLACE], context[R.ORDER] = 0, native.data_of(order)
        context[R.ROWS] = native.data_of(code.context) + native.ROWS * code.context.itemsize
        rest = partial(release, self._values) if self.pool.is_stored else None
        return Series(code, R.address(), context, rest, self._objective.threads, (self, order))


def passes_of(objective: object, pool: Batch, size: int) -> Passes | None:
    """Passes over the rows of a pool; None where the objective or the pool are not made for such."""
    if isinstance(objective, ChunkedObjective):
        objective = objective.on(pool.one())
    plain = type(objective) is Objective and not objective.has_terms
    weighted_apart = pool.is_stored and np.ptp(pool.weight) != 0
    alike = all(_source(part)[0].dtype == _source(pool.x)[0].dtype for part in (pool.x, pool.target))
    same_rows = pool.target is pool.x or (not isinstance(pool.x, Rows) and not isinstance(pool.target, Rows))
    if not plain or weighted_apart or not alike or not same_rows:
        return None
    if not all(
        _source(part)[0].flags.c_contiguous and _source(part)[0].dtype.isnative for part in (pool.x, pool.target)
    ):
        return None
    assert isinstance(objective, Objective)
    return Passes(objective, pool, size)


def _source(values: np.ndarray | Rows) -> tuple[np.ndarray, np.ndarray | None]:
    """The array that holds the rows, and which of its rows they are, where not all."""
    return (values.values, values.index) if isinstance(values, Rows) else (values, None)
