"""An objective on rows that stay in a file: value and derivatives as sums over chunks of rows.

A loss that is a mean over rows is the mean of its means over chunks of them, weighted by their share of the rows; so
are its derivatives. A penalty on weights is in each chunk as a whole, and the shares add up to 1. Chunks are taken in
the order of their rows and added up in float64, so that the same batch gives the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from scipy_ae import losses
from scipy_ae.batches import Batch
from scipy_ae.errors import InputError
from scipy_ae.network import Network
from scipy_ae.objective.function import Objective
from scipy_ae.penalties import KLSparsity, Penalty
from scipy_ae.problem import Problem

#: Numbers that the rows of a chunk and the activations of the network on them make up, and bounds on its rows.
NUMBERS, FEWEST, MOST = 2**21, 256, 8192
#: What is a sum over rows, of all that an objective may offer.
SUMS = frozenset({"fun", "jac", "hessp", "gauss_newton_p"})


class ChunkedObjective(Problem):
    """An :class:`~scipy_ae.Objective` whose batch is taken in chunks of rows.

    Parameters
    ----------
    network : Network
    batch : Batch
        Stored rows (:meth:`~scipy_ae.Batch.stored`), or any others.
    loss, penalties, dtype
        As of :class:`~scipy_ae.Objective`. A :class:`~scipy_ae.KLSparsity` is refused: it is no sum over rows.
    rows : int, optional
        Of a chunk; as many as make up some megabytes where None. Which ones there are decides the last bits.

    Attributes
    ----------
    offers : frozenset of str
        fun, jac, gauss_newton_p and hessp, as far as an objective in one piece offers them.
    size : int
        Length n of theta.
    """

    def __init__(
        self,
        network: Network,
        batch: Batch,
        loss: str | losses.SquaredError | losses.CrossEntropy | None = None,
        penalties: Sequence[Penalty] = (),
        dtype=np.float64,
        rows: int | None = None,
    ) -> None:
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, (int, np.integer)) or rows < 1):
            raise InputError(f"rows: {rows!r} is not accepted; a whole number of at least 1 is")
        self._take(Objective(network, batch.one(), loss, penalties, dtype), batch, rows)

    @classmethod
    def of(cls, piece: Objective, batch: Batch, rows: int | None = None) -> "ChunkedObjective":
        """The same objective as ``piece`` on another batch, in chunks."""
        made = object.__new__(cls)
        made._take(piece, batch, rows)
        return made

    def _take(self, piece: Objective, batch: Batch, rows: int | None) -> None:
        if piece.network.on_images and piece.network.normalises_batches:
            raise InputError("layers: batch norm is about means over all rows, which are no sum over chunks")
        for penalty in piece.penalties:
            if isinstance(penalty, KLSparsity):
                raise InputError("penalties: KLSparsity is about means over all rows, which are no sum over chunks")
        self._piece, self.batch, self._asked = piece, batch, rows
        self._step = min(len(batch), rows or chunk_rows(piece.network))
        self.network, self.size, self.loss = piece.network, piece.size, piece.loss
        self.penalties, self.dtype, self.offers = piece.penalties, piece.dtype, piece.offers & SUMS
        for start in range(0, len(batch), self._step) if not self.loss.any_target else ():
            self.loss.check_target(batch.targets(slice(start, start + self._step)))

    def on(self, batch: Batch) -> "Objective | ChunkedObjective":
        """The same objective on other rows: in chunks where they are stored, else in one piece."""
        return ChunkedObjective.of(self._piece, batch, self._asked) if batch.is_stored else self._piece.on(batch)

    def without_penalties(self, batch: Batch) -> "Objective | ChunkedObjective":
        """The loss, and the divergence of a variational bottleneck, on other rows."""
        bare = self._piece.without_penalties(batch.one())
        return ChunkedObjective.of(bare, batch, self._asked)

    def drawn(self, rng: np.random.Generator, batch: Batch | None = None) -> Batch:
        """A batch, this one's where None, with all chance that the objective needs drawn anew by ``rng``."""
        return self._piece.drawn(rng, batch or self.batch)

    def threads(self) -> AbstractContextManager:
        return self._piece.threads()

    def fun(self, theta: np.ndarray) -> float:
        return sum(share * one.fun(theta) for share, one in self._chunks())

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return self.fun_and_jac(theta)[1]

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = 0.0, np.zeros(self.size)
        for share, one in self._chunks():
            part, slope = one.fun_and_jac(theta)
            value += share * part
            slope *= share
            gradient += slope
        return value, gradient

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The exact Hessian at theta times v."""
        return self._summed("hessp", lambda one: one.hessp(theta, v))

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The generalised Gauss-Newton matrix at theta times v."""
        return self._summed("gauss_newton_p", lambda one: one.gauss_newton_p(theta, v))

    def parts(self, theta: np.ndarray, value: float | None = None) -> dict[str, float]:
        """The loss and each penalty by name; they sum to ``fun``. ``value`` is that of ``fun`` where it is known."""
        if value is not None and not self._piece.has_terms:
            return self._piece.parts(theta, value)
        parts: dict[str, float] = {}
        for share, one in self._chunks():
            for name, part in one.parts(theta).items():
                parts[name] = parts.get(name, 0.0) + share * part
        return parts

    def _summed(self, name: str, product: Callable[[Objective], np.ndarray]) -> np.ndarray:
        if name not in self.offers:
            raise self._lacks(name)
        total = np.zeros(self.size)
        for share, one in self._chunks():
            total += share * product(one)
        return total

    def _chunks(self) -> Iterator[tuple[float, Objective]]:
        """Each chunk's share of the weight, and the objective on it; one of no weight is left out."""
        for start in range(0, len(self.batch), self._step):
            chunk = slice(start, start + self._step)
            share = float(self.batch.weight[chunk].sum())
            if share > 0:
                yield share, self._piece.on(self.batch.rows(chunk))

    def __reduce__(self) -> tuple[Any, ...]:
        return ChunkedObjective, (
            self.network, self.batch, self.loss, self.penalties, self.dtype, self._asked
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<ChunkedObjective {self.loss.name} of {self.network.spec} on {len(self.batch)} rows>"


def chunk_rows(network: Network) -> int:
    """Rows of a chunk, which with all that the network makes of them are some tens of megabytes."""
    return int(np.clip(NUMBERS // (network.inputs + network.outputs + 2 * network.units), FEWEST, MOST))
