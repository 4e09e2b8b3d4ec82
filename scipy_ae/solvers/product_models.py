"""Quadratic models that are known by products alone: those of any problem that is machine code."""

import numpy as np

from scipy_ae.kernels import cholesky, krylov, native
from scipy_ae.kernels import product_models as M
from scipy_ae.kernels.quasi_newton import CLEAR
from scipy_ae.problem import Model
from scipy_ae.solvers.krylov import Stop
from scipy_ae.solvers.operators import Operators


class ProductModel(Model):
    """B by its products, minimised by conjugate gradients, or worked out column by column and factorised.

    Parameters
    ----------
    operators : Operators
        Whose problem is machine code.
    size : int
        Length n of theta.
    form : {"products", "columns"}
    stop : Stop
        Of conjugate gradients.
    """

    def __init__(self, operators: Operators, size: int, form: str, stop: Stop) -> None:
        self._operators, self.order, self._form, self._stop = operators, size, form, stop
        self.nbytes = 8 * (2 * size**2 if form == "columns" else krylov.CG_VECTORS * size)
        self._states = np.zeros(M.WHOLE, dtype=np.int64)
        self._held: dict[int, np.ndarray] = {}

    def code(self) -> tuple[int, np.ndarray]:
        if not self._held:
            self._held = self._arrays()
            self._context = self._told()
        producer, self._known = self._operators.code()  # looked up each time: its work arrays may have moved
        for place, number in (
            (M.PRODUCER, producer), (M.KNOWN, native.data_of(self._known)), (M.ALLOWED, self._operators.portion),
        ):  # fmt: skip
            self._context[place] = number
        return M.address_of(self._form), self._context

    def spent(self, built: int, seconds: float) -> int:
        return self._operators.spent(self._states, seconds)

    def _arrays(self) -> dict[int, np.ndarray]:
        matrix = (self.order, self.order) if self._form == "columns" else (0, 0)
        return {
            M.VECTORS: np.zeros((krylov.CG_VECTORS, self.order + CLEAR)), M.NUMBERS: self._stop.numbers(),
            M.STATES: self._states, M.FALLS: np.empty(self._stop.most), M.MATRIX: np.empty(matrix),
            M.ROOM: np.empty(matrix),
        }  # fmt: skip

    def _told(self) -> np.ndarray:
        self._held[M.VECTORS][krylov.W] = 1.0
        context = np.zeros(M.CONTEXT_SIZE, dtype=np.intp)
        context[M.SIZE], context[M.STRIDE], context[M.MOST] = self.order, self.order + CLEAR, self._stop.most
        context[M.POTRF], context[M.TRSV] = cholesky.lapack()
        for place, array in self._held.items():
            context[place] = native.data_of(array)
        return context
