"""ImageObjective: a network of layers on images, loss and batch as functions of theta.

The batch goes through the network in chunks that stay in cache, on as many threads as there are; the values of all
chunks are added up in float64, in one order, so that results are the same bytes on any number of threads. Rows that lie
in a file (``Batch.stored``) are read chunk by chunk. Batch normalisation takes mean and variance of the whole batch,
which makes it a part of the function, with exact derivatives.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from scipy_ae import losses, threads
from scipy_ae.batches import Batch
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.kernels import tape as T
from scipy_ae.layers.normalisation import EPSILON
from scipy_ae.network import Network, as_theta
from scipy_ae.network.images import ImageNetwork
from scipy_ae.network.machine import Machine
from scipy_ae.network.tape import Tape
from scipy_ae.objective.function import Objective
from scipy_ae.penalties import L2, Penalty
from scipy_ae.problem import Native

#: Machines that a family of objectives keeps, each for one number of rows.
_KEPT = 4
#: Rows whose targets are looked at together.
_AT_ONCE = 4096


class ImageObjective(Objective):
    """What ``Objective(...)`` makes of a network of layers on images; arguments are as there, L2 is the one penalty.

    Attributes
    ----------
    offers : frozenset of str
        fun, jac, gauss_newton_p.
    """

    network: ImageNetwork

    def __init__(
        self,
        network: Network,
        batch: Batch,
        loss: str | losses.SquaredError | losses.CrossEntropy | None = None,
        penalties: Sequence[Penalty] = (),
        dtype=np.float64,
    ) -> None:
        assert isinstance(network, ImageNetwork)
        self.network, self.size, self._term_work, self._terms = network, network.size, None, None
        for penalty in penalties:
            if not isinstance(penalty, L2):
                raise UnsupportedError(
                    f"penalties: {penalty.name} is for networks of dense layers; L2 is accepted with layers on images"
                )
        self._take_terms(loss, penalties, dtype)
        self.offers = frozenset({"fun", "jac", "gauss_newton_p"})
        self._machines: dict[Any, Machine] = {}
        self._take(batch)

    def _take(self, batch: Batch) -> None:
        if batch.is_stored and not _in_one_piece(batch):
            raise InputError("batch: some rows of a file are not accepted here; ChunkedObjective takes them")
        self._check_widths(batch)
        for start in range(0, 0 if self.loss.any_target else len(batch), _AT_ONCE):
            self.loss.check_target(batch.target[start : start + _AT_ONCE] * batch.scale)
        self.batch, self._rows = batch, len(batch)
        self._alike = batch.target is batch.x
        self._scale = batch.scale
        self._weight = batch.weight.astype(self.dtype, copy=False)
        dense = any(layer.kind == "dense" for layer in self.network.layers)
        self._threads = threads.one_thread() if dense else nullcontext()

    def on(self, batch: Batch) -> Any:
        """The same objective on other rows; some of those of a file are taken in chunks by ``ChunkedObjective``."""
        if batch.is_stored and not _in_one_piece(batch):
            from scipy_ae.objective.chunks import ChunkedObjective

            return ChunkedObjective.of(self, batch)
        other = object.__new__(ImageObjective)
        other.__dict__.update(self.__dict__)
        other._take(batch)
        return other

    @property
    def native(self) -> Native | None:
        return None

    def threads(self) -> AbstractContextManager:
        return self._threads

    def fun(self, theta: np.ndarray) -> float:
        theta = as_theta(theta, self.size)
        value = self._run("value", theta)[0]
        return value if self._decay is None else value + float(np.dot(theta * self._decay, theta))

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        theta = as_theta(theta, self.size)
        value, gradient = self._run("gradient", theta)
        if self._decay is not None:
            pull = theta * self._decay
            value, gradient = value + float(np.dot(pull, theta)), gradient + 2.0 * pull
        return value, gradient

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        theta, v = as_theta(theta, self.size), as_theta(v, self.size)
        product = self._run("product", theta, v)[1]
        return product if self._decay is None else product + 2.0 * self._decay * v

    def statistics(self, theta: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]] | None:
        """Mean and variance (channels,) of what enters each layer of batch normalisation, over the batch; or None."""
        if not self.network.normalises_batches:
            return None
        self._run("value", as_theta(theta, self.size))
        machine = self._machine()
        found = dict[str, tuple[np.ndarray, np.ndarray]]()
        for node in machine.tape.nodes:
            if node.layer.kind == "batch-norm":
                mean, inverse = (machine.shared[node.held[name]].view(np.float64) for name in ("means", "inverses"))
                found[node.name] = (mean.copy(), inverse**-2.0 - EPSILON)
        return found

    @property
    def chunks(self) -> int:
        """Into how many pieces the batch is cut."""
        return self._machine().chunks

    def _run(self, what: str, theta: np.ndarray, v: np.ndarray | None = None) -> tuple[float, np.ndarray]:
        machine, batch = self._machine(), self.batch
        machine.theta[:] = theta
        if v is not None:
            machine.direction[:] = v
        raw = self._raw()
        given = {T.RAW if raw[0] else T.INPUT: batch.x, T.ROW_WEIGHT: self._weight}
        if not self._alike:
            given[T.RAW_TARGET if raw[1] else T.TARGET] = batch.target
        with self._threads, np.errstate(all="ignore"):
            return machine.run(what, given, self._alike)

    def _raw(self) -> tuple[str | None, str | None]:
        """The types of input and target where they have to be read into the sweeps' own."""

        def read(array: np.ndarray) -> str | None:
            return None if array.dtype == self.dtype and self._scale == 1.0 else str(array.dtype)

        return read(self.batch.x), None if self._alike else read(self.batch.target)

    def _machine(self) -> Machine:
        """The machine for as many rows as the batch has; those used last are kept."""
        key = (self._rows, self._raw(), self._scale)
        machine = self._machines.pop(key, None)
        if machine is None:
            raw, scale = self._raw(), self._scale
            tape = Tape(self.network.nodes(), self._single, self._loss_code, raw=raw, scale=scale)
            machine = Machine(tape, self.size, self._rows)
            while len(self._machines) >= _KEPT:
                del self._machines[next(iter(self._machines))]
        self._machines[key] = machine
        return machine

    def __repr__(self) -> str:
        return f"<Objective {self.loss.name} of {self.network.spec} on {self._rows} rows>"


def _in_one_piece(batch: Batch) -> bool:
    """Whether stored rows lie one behind the other, so that sweeps can read them where they are."""
    return all(isinstance(one, np.ndarray) for one in (batch.x, batch.target))
