"""The quadratic model of a network's loss as machine code: its arrays, and where the code finds them."""

import numpy as np

from scipy_ae.gauss_newton import Rows
from scipy_ae.kernels import cholesky, native
from scipy_ae.kernels import gauss_newton as kernels
from scipy_ae.kernels import quadratic as Q
from scipy_ae.kernels import table as T
from scipy_ae.problem import Model


class NetworkModel(Model):
    """That of a data loss and a decay of weights, with the Gauss-Newton matrix for curvature.

    Parameters
    ----------
    rows : Rows
    size : int
        Length n of theta.
    decay : ndarray of shape (n,), optional
        The penalty is theta' diag(decay) theta, ``decay`` being one number on all weights and 0 elsewhere.
    form : {"primal", "dual", "diagonal"}
    """

    def __init__(self, rows: Rows, size: int, decay: np.ndarray | None, form: str) -> None:
        self._rows, self._size, self._decay, self._form = rows, size, decay, form
        self.order = {"primal": size, "dual": len(rows) * rows.outputs, "diagonal": 0}[form]
        bent = (rows.table[:, T.SLOPE] >= 0).any()
        slopes = 8 * self._at_once * rows.outputs * rows.units * (2 if bent else 1)
        self.nbytes = 2 * 8 * self.order**2 + slopes
        self._bent = bool(bent)
        self._held: dict[int, np.ndarray] = {}

    @property
    def _at_once(self) -> int:
        return len(self._rows) if self._form == "dual" else len(self._rows.parts()[0])

    def code(self) -> tuple[int, np.ndarray]:
        if not self._held:
            self._held = self._arrays()
            self._context = self._told()
        return Q.address_of(self._form), self._context

    def _arrays(self) -> dict[int, np.ndarray]:
        rows, n, q = self._rows, self._at_once, self._rows.outputs
        units, widest = n * rows.units, rows.widest
        given = {Q.TABLE: rows.table, Q.COEFS: rows.coefs, Q.X: rows.x, Q.TARGET: rows.target, Q.WEIGHT: rows.weight}
        if self._decay is not None:
            given[Q.DECAY] = self._decay
        sizes = {
            Q.BEFORE: units, Q.AFTER: units, Q.ROOT: n * q, Q.RESIDUAL: n * q, Q.SLOPES: units * q,
            Q.TURNS: units * q if self._bent else 0, Q.FACTORS: n * widest, Q.SPARE: rows.spare,
            Q.MATRIX: self.order**2, Q.ROOM: self.order**2,
        }  # fmt: skip
        if self._form == "primal":
            sides, strip = rows.sides, max(kernels.STRIP, widest + 1)
            sizes |= {Q.SIDES: n * sides, Q.LEFTS: n * strip, Q.STRIP: strip * sides}
        elif self._form == "diagonal":
            sizes[Q.STRIP] = widest
        else:
            more = max(n * widest, rows.largest)
            sizes |= {
                Q.INNER: q * n * q, Q.W: n * q, Q.ONES: n * q, Q.V_BEFORE: units, Q.V_AFTER: units, Q.MORE: more,
                Q.DELTAS: 2 * n * widest,
            }  # fmt: skip
        made = {place: np.empty(size) for place, size in sizes.items()}
        if Q.ONES in made:
            made[Q.ONES][:] = 1.0
        return {place: np.ascontiguousarray(array) for place, array in given.items()} | made

    def _told(self) -> np.ndarray:
        rows, context = self._rows, np.zeros(Q.CONTEXT_SIZE, dtype=np.intp)
        for place, number in (
            (Q.LAYERS, len(rows.table)), (Q.ROWS, len(rows)), (Q.INPUTS, rows.x.shape[1]), (Q.OUTPUTS, rows.outputs),
            (Q.SIZE, self._size), (Q.LOSS, rows.loss), (Q.THROUGH, rows.through), (Q.ROWS_AT_ONCE, self._at_once),
            (Q.HALF, self._at_once * rows.widest),
        ):  # fmt: skip
            context[place] = number
        context[Q.POTRF], context[Q.TRSV] = cholesky.lapack()
        for place, array in self._held.items():
            context[place] = native.data_of(array)
        return context
