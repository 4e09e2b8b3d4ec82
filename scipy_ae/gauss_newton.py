"""The Gauss-Newton matrix of a network on a batch: whole, as a square root, or as the derivative of its residuals.

All in float64. What is worked out for a matrix goes over the rows some hundred at a time, so that its work arrays stay
far below the matrix; a square root needs them for all rows.
"""

from dataclasses import dataclass

import numpy as np

from scipy_ae.kernels import gauss_newton as kernels
from scipy_ae.kernels import table as T
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS
from scipy_ae.kernels.products import SMALL
from scipy_ae.kernels.sweeps import backward, forward, tangent
from scipy_ae.problem import Root

#: Numbers that the work arrays of a matrix may take, where a single row does not take more.
_AT_ONCE = 2**22


@dataclass(frozen=True)
class Rows:
    """A network's table and the rows that it is held against, as the kernels take them.

    Attributes
    ----------
    table, coefs : ndarray
        Of the network.
    x, target, weight : ndarray of shape (n, p), (n, q), (n,)
    loss : int
        The kernels' code.
    """

    table: np.ndarray
    coefs: np.ndarray
    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    loss: int

    def __len__(self) -> int:
        return len(self.x)

    @property
    def outputs(self) -> int:
        return self.target.shape[1]

    @property
    def units(self) -> int:
        return int(self.table[:, T.OUTPUTS].sum())

    @property
    def widest(self) -> int:
        return int(self.table[:, [T.INPUTS, T.OUTPUTS]].max())

    @property
    def largest(self) -> int:
        """Numbers in the largest matrix of weights."""
        return int((self.table[:, T.INPUTS] * self.table[:, T.OUTPUTS]).max())

    @property
    def spare(self) -> int:
        """Room that sweeps back and slopes want."""
        return min(self.largest, SMALL)

    @property
    def sides(self) -> int:
        """Products of the outputs of two layers, or of one with itself, at most."""
        wide = sorted(self.table[:, T.OUTPUTS])
        return int(max(np.prod(wide[-2:]), wide[-1] ** 2))

    @property
    def through(self) -> bool:
        """Whether the loss is worked from what leaves the last activation, rather than what comes into it."""
        return self.loss != CROSS_ENTROPY_OF_LOGITS

    def part(self, start: int, stop: int) -> "Rows":
        part = slice(start, stop)
        return Rows(self.table, self.coefs, self.x[part], self.target[part], self.weight[part], self.loss)

    def parts(self) -> "list[Rows]":
        """Split so that the work arrays of a part stay within bounds."""
        two = sum(sorted(self.table[:, T.OUTPUTS])[-2:]) ** 2 // 4
        single = 2 * self.outputs * self.units + two + max(kernels.STRIP, self.widest + 1)
        step = max(1, min(len(self), _AT_ONCE // single))
        return [self.part(start, start + step) for start in range(0, len(self), step)]


class Slopes:
    """A forward sweep, and the derivative of each output by what comes into each activation.

    Parameters
    ----------
    rows : Rows
    theta : ndarray of shape (n,)
    root : ndarray of shape (rows, q), optional
        What each output is multiplied by; the square root of the loss's curvature where None.
    """

    def __init__(self, rows: Rows, theta: np.ndarray, root: np.ndarray | None = None) -> None:
        n, q, units = len(rows), rows.outputs, rows.units
        self.rows = rows
        before, self.after = np.empty(n * units), np.empty(n * units)
        through = rows.through
        if root is None:
            output = forward(rows.table, rows.coefs, theta, rows.x, before, self.after, True)
            root, unused = np.empty((n, q)), np.empty((n, q))
            beta = rows.coefs[-1, T.BETA]
            kernels.loss_root(rows.loss, beta, output, rows.target, rows.weight, root, unused)
        else:
            forward(rows.table, rows.coefs, theta, rows.x, before, self.after, True)
            through = True
        self.of_inputs = np.empty(n * q * units)
        bent = (rows.table[:, T.SLOPE] >= 0).any()
        self.of_turns = np.empty(n * q * units if bent else 0)
        factors, spare = np.empty(n * rows.widest), np.empty(rows.spare)
        kernels.output_slopes(
            rows.table, rows.coefs, theta, before, self.after, root, through, factors,
            self.of_inputs, self.of_turns, spare,
        )  # fmt: skip

    def add_to(self, matrix: np.ndarray) -> None:
        """Add R'R to the lower half of a matrix."""
        rows = self.rows
        most, strip = rows.sides, max(kernels.STRIP, rows.widest + 1)
        kernels.gauss_newton_add(
            rows.table, rows.x, self.after, self.of_inputs, self.of_turns, rows.outputs, rows.through,
            np.empty(len(rows) * most), np.empty(len(rows) * strip), np.empty(strip * most), matrix,
        )  # fmt: skip


def gauss_newton_matrix(rows: Rows, theta: np.ndarray) -> np.ndarray:
    """The generalised Gauss-Newton matrix of the data loss, (n, n)."""
    total = np.zeros((theta.size, theta.size))
    for part in rows.parts():
        Slopes(part, theta).add_to(total)
    kernels.mirror(total)
    return total


def jacobian(rows: Rows, theta: np.ndarray, out: np.ndarray) -> None:
    """The derivative of sqrt(weight_i) y_ij by theta into ``out`` (rows * q, n), row by row."""
    start = 0
    for part in rows.parts():
        root = np.repeat(np.sqrt(part.weight)[:, None], rows.outputs, axis=1)
        slopes, stop = Slopes(part, theta, root), start + len(part) * rows.outputs
        kernels.jacobian_rows(
            rows.table, part.x, slopes.after, slopes.of_inputs, slopes.of_turns, rows.outputs, out[start:stop]
        )
        start = stop


class NetworkRoot(Root):
    """The square root of the Gauss-Newton matrix at theta: one row for each output of each row of the batch.

    Parameters
    ----------
    rows : Rows
    theta : ndarray of shape (n,)
    decay : ndarray of shape (n,), optional
        The penalty is theta' diag(decay) theta, ``decay`` being one number on all weights and 0 elsewhere.
    """

    def __init__(self, rows: Rows, theta: np.ndarray, decay: np.ndarray | None) -> None:
        self._rows, self._theta = rows, theta.copy()
        if decay is not None:
            self.penalty = 2.0 * decay, 2.0 * decay * theta
        n, units, q = len(rows), rows.units, rows.outputs
        # those of one theta: a solver asks for other things in between
        self._before, self._after = np.empty(n * units), np.empty(n * units)
        self._root, residual = np.empty((n, q)), np.empty((n, q))
        output = forward(rows.table, rows.coefs, self._theta, rows.x, self._before, self._after, True)
        kernels.loss_root(
            rows.loss, rows.coefs[-1, T.BETA], output, rows.target, rows.weight, self._root, residual
        )  # fmt: skip
        self.residual = residual.reshape(-1)
        slopes = n * q * units * (2 if (rows.table[:, T.SLOPE] >= 0).any() else 1)
        self.nbytes = 8 * (slopes + (n * q) ** 2)

    def gram(self, mu: float) -> np.ndarray:
        rows, m, q = self._rows, self.residual.size, self._rows.outputs
        decay = 0.0 if self.penalty is None else float(self.penalty[0].max())
        slopes = Slopes(rows, self._theta)
        gram = np.zeros((m, m))
        kernels.gram_add(
            rows.table, rows.x, slopes.after, slopes.of_inputs, slopes.of_turns, q,
            1.0 / (decay + mu), 1.0 / mu, np.empty(q * m), gram,
        )  # fmt: skip
        kernels.mirror(gram)
        return gram

    def times(self, v: np.ndarray) -> np.ndarray:
        rows, n = self._rows, len(self._rows)
        v_before, v_after = np.empty_like(self._before), np.empty_like(self._after)
        more = np.empty(max(n * rows.widest, rows.largest))
        tangent(
            rows.table, rows.coefs, self._theta, v, rows.x, self._before, self._after, v_before, v_after, more
        )  # fmt: skip
        moved = (v_after if rows.through else v_before)[-self.residual.size :]
        return self._root.reshape(-1) * moved

    def back(self, w: np.ndarray) -> np.ndarray:
        rows, n = self._rows, len(self._rows)
        deltas = np.empty((2, n * rows.widest))
        deltas[0, : w.size] = self._root.reshape(-1) * w
        gradient = np.empty(self._theta.size)
        backward(
            rows.table, rows.coefs, self._theta, rows.x, self._before, self._after, deltas, rows.through,
            np.empty(rows.spare), gradient,
        )  # fmt: skip
        return gradient
