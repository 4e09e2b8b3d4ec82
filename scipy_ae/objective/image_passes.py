"""Passes over images: all rows once, shuffled, each mini-batch through a network of layers on images.

The sweeps run on several threads, which the compiled loop of a first-order method cannot start. So it calls back: what
it takes for machine code is a C function that leads here. A step then costs one evaluation, as on any other network.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.objective.images import ImageObjective
from scipy_ae.problem import Native, Series

_DOUBLES = ctypes.POINTER(ctypes.c_double)
_Function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, _DOUBLES, _DOUBLES)


class ImagePasses:
    """Mini-batches of the rows of a batch for a network of layers on images.

    Parameters
    ----------
    objective : ImageObjective
    pool : Batch
    size : int
        Rows of a mini-batch.
    """

    def __init__(self, objective: ImageObjective, pool: Batch, size: int) -> None:
        self.pool, self._objective, self._size = pool, objective, size
        self._order, self._place = np.zeros(0, dtype=np.int64), 0
        self._raised: BaseException | None = None
        self._context = np.zeros(1, dtype=np.intp)
        self._functions = _Function(self._evaluate), _Function(self._next)
        self._addresses = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in self._functions]

    def shuffled(self, rng: np.random.Generator) -> Series:
        """One pass, in an order drawn now; the one before must be over."""
        self._order, self._place, self._raised = rng.permutation(len(self.pool)), 0, None
        evaluate, following = self._addresses
        return Series(Native(evaluate, self._context), following, self._context, None, self._watched, self)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """What was raised behind the compiled loop is raised again in front of it."""
        with self._objective.threads():
            yield
        if self._raised is not None:
            raise self._raised

    def _next(self, context: Any, theta: Any, gradient: Any) -> float:
        index = self._order[self._place : self._place + self._size]
        if not len(index) or self._raised is not None:
            return 0.0
        try:
            self._objective = self._objective.on(self.pool.rows(index))
        except BaseException as error:  # which C cannot pass on
            self._raised = error
            return 0.0
        self._place += len(index)
        return 1.0

    def _evaluate(self, context: Any, theta: Any, gradient: Any) -> float:
        size = self._objective.size
        try:
            value, slope = self._objective.fun_and_jac(np.ctypeslib.as_array(theta, (size,)))
        except BaseException as error:
            self._raised = error
            return float("nan")
        np.ctypeslib.as_array(gradient, (size,))[:] = slope
        return value
