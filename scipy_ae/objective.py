"""Objective: network, loss, penalties and batch as functions of theta.

Conventions
-----------
``theta`` and all that is laid out as it are float64 of shape (n,); x is (rows, p), target and output (rows, q). The
value is the loss averaged over the rows and summed over the outputs, plus the penalties. An objective is
deterministic and is not changed after it is made: a new batch is a new objective, ``objective.on(batch)``, that
shares the work arrays (so that objectives of one family serve one thread at a time). ``jac`` is a fresh array at each
call, since SciPy's CG, BFGS and trust-krylov keep references to it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np

from scipy_ae import losses
from scipy_ae.batches import Batch
from scipy_ae.errors import InputError
from scipy_ae.gauss_newton import NetworkRoot, Rows, gauss_newton_diagonal, gauss_newton_matrix, jacobian
from scipy_ae.kernels import native, probe, second_order
from scipy_ae.kernels.products import IN_REGISTERS, SMALL
from scipy_ae.kernels.sweeps import gauss_newton_product, hessian_product, loss_only
from scipy_ae.network import Network, as_theta
from scipy_ae.penalties import L2
from scipy_ae.problem import Native, Problem, Root
from scipy_ae.threads import suited


class Objective(Problem):
    """A training objective that SciPy can minimise.

    Parameters
    ----------
    network : Network
    batch : Batch
    loss : str or loss, optional
        ``squared-error`` or ``cross-entropy``; by default cross-entropy for a logistic output, else squared error.
    penalties : sequence of L2
    dtype : float64 or float32
        Precision of the sweeps. theta and the gradient are float64 either way; with float32 the value and the gradient
        carry some 6 correct digits, so that solvers stop at a gradient about 1e-6 of its start at best.

    Attributes
    ----------
    offers : frozenset of str
        fun, jac, hessp, gauss_newton, gauss_newton_diagonal, gauss_newton_p, gauss_newton_root; for the squared error
        also residual and residual_jac.
    size : int
        Length n of theta.
    """

    def __init__(
        self,
        network: Network,
        batch: Batch,
        loss: str | losses.SquaredError | losses.CrossEntropy | None = None,
        penalties: Sequence[L2] = (),
        dtype=np.float64,
    ) -> None:
        self.network, self.size = network, network.size
        output = network.layers[-1].activation.name
        self.loss = losses.get(loss, output)
        self._loss_code = self.loss.code(output)
        self.penalties = tuple(penalties)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise InputError(f"dtype: {dtype} is not accepted; float64 and float32 are")
        self._single = self.dtype == np.float32
        self._decay = (
            np.sum([penalty.curvature(network.layout) for penalty in self.penalties], axis=0)
            if self.penalties
            else None
        )
        self.offers = frozenset(
            {"fun", "jac", "hessp", "gauss_newton", "gauss_newton_diagonal", "gauss_newton_p", "gauss_newton_root"}
            | ({"residual", "residual_jac"} if self.loss.sum_of_squares else set())
        )
        self._work = _Work(network, self.dtype)
        self._table, self._coefs = network.table, self._work.coefs
        self._take(batch)

    def _take(self, batch: Batch) -> None:
        for name, got, width in (
            ("x", batch.x.shape[1], self.network.inputs),
            ("target", batch.target.shape[1], self.network.outputs),
        ):
            if got != width:
                raise InputError(
                    f"layers: {self.network.spec} does not fit a {name} of {got} columns; it takes {width}"
                )
        self.loss.check_target(batch.target)
        self.batch, self._rows = batch, len(batch)
        largest = self._rows * max(layer.inputs * layer.outputs for layer in self.network.layers)
        blas = largest > IN_REGISTERS
        self._threads = suited(largest, blas)
        self._each = self._threads if blas else nullcontext()  # for an evaluation by itself
        self._code: Native | None = None
        self._data = tuple(part.astype(self.dtype, copy=False) for part in (batch.x, batch.target, batch.weight))

    def on(self, batch: Batch) -> "Objective":
        """The same objective on other rows; network and work arrays are shared."""
        other = object.__new__(Objective)
        other.__dict__.update(self.__dict__)
        other._take(batch)
        return other

    def threads(self) -> AbstractContextManager:
        return self._threads

    def fun(self, theta: np.ndarray) -> float:
        theta = as_theta(theta, self.size)
        x, target, weight = self._data
        before, after, deltas = self._work.of(self._rows)[:3]
        with self._each:
            value = loss_only(
                self._table, self._coefs, self._in_precision(theta),
                x, target, weight, self._loss_code, before, after, deltas,
            )  # fmt: skip
        return value if self._decay is None else value + float(np.dot(theta * self._decay, theta))

    def _in_precision(self, vector: np.ndarray) -> np.ndarray:
        return vector.astype(np.float32) if self._single else vector

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return self.fun_and_jac(theta)[1]

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        code, gradient, theta = self.native, np.empty(self.size), as_theta(theta, self.size)
        with self._each:
            return native.evaluate(code.address, code.context, theta, gradient), gradient

    @property
    def native(self) -> Native:
        work = self._work.of(self._rows)
        if self._code is None or self._code.keep[0] is not work:
            context = self._work.context.copy()
            context[native.ROWS], context[native.LOSS] = self._rows, self._loss_code
            for place, array in zip((native.X, native.TARGET, native.WEIGHT, native.DECAY), (*self._data, self._decay)):
                context[place] = native.data_of(array)
            held = [work]  # and, once products are wanted, the arrays of the tangents
            optional = () if self._single else (probe.address, partial(self._work.product_code, context, held))
            self._code = Native(native.address_of(self._single), context, held, *optional)
        return self._code

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The exact Hessian at theta times v (Pearlmutter 1994)."""
        theta, direction, common, product = self._for_product(theta, v)
        with self._each:
            hessian_product(*common, *self._work.of(self._rows)[:4], *self._work.of_tangents(), product)
        return self._with_decay(product, direction)

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The generalised Gauss-Newton matrix at theta times v (Schraudolph 2002); never of negative curvature."""
        theta, direction, common, product = self._for_product(theta, v)
        work, (v_before, v_after, _, more) = self._work.of(self._rows), self._work.of_tangents()
        with self._each:
            gauss_newton_product(*common, *work[:4], v_before, v_after, more, product)
        return self._with_decay(product, direction)

    def _for_product(self, theta: np.ndarray, v: np.ndarray) -> tuple:
        theta, v = as_theta(theta, self.size), as_theta(v, self.size)
        x, target, weight = self._data
        common = (
            self._table, self._coefs, self._in_precision(theta), self._in_precision(v),
            x, target, weight, self._loss_code,
        )  # fmt: skip
        return theta, v, common, np.empty(self.size, self.dtype)

    def _with_decay(self, product: np.ndarray, v: np.ndarray) -> np.ndarray:
        product = product.astype(np.float64, copy=False)
        return product if self._decay is None else product + 2.0 * self._decay * v

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """sqrt(weight_i) (y_ij - t_ij), row by row, then the root of each penalised entry, shape (m,).

        m is rows * q, plus the number of penalised weights; the squares sum to ``fun``.
        """
        if "residual" not in self.offers:
            raise self._lacks("residual")
        theta = as_theta(theta, self.size)
        error = self.network.reconstruct(theta, self.batch.x) - self.batch.target
        data = (np.sqrt(self.batch.weight)[:, None] * error).reshape(-1)
        if self._decay is None:
            return data
        penalised = self._decay > 0
        return np.concatenate([data, np.sqrt(self._decay[penalised]) * theta[penalised]])

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        """The derivative of :meth:`residual` by theta, shape (m, n)."""
        if "residual_jac" not in self.offers:
            raise self._lacks("residual_jac")
        theta = as_theta(theta, self.size)
        count = len(self.batch) * self.network.outputs
        decay = np.zeros(0) if self._decay is None else self._decay
        penalised = np.flatnonzero(decay)
        rows = np.empty((count + len(penalised), self.size))
        jacobian(self._held(), theta, rows[:count])
        rows[count:] = 0.0
        rows[count + np.arange(len(penalised)), penalised] = np.sqrt(decay[penalised])
        return rows

    def parts(self, theta: np.ndarray) -> dict[str, float]:
        """The loss and each penalty by name; they sum to ``fun``."""
        theta = as_theta(theta, self.size)
        # by the kernel that a training has compiled already, though it works out more than is asked for
        bare = self.native.context.copy()
        bare[native.DECAY] = 0
        with self._each:
            parts = {self.loss.name: native.evaluate(self.native.address, bare, theta, np.empty(self.size))}
        for penalty in self.penalties:
            value = float(np.dot(theta * penalty.curvature(self.network.layout), theta))
            parts[penalty.name] = parts.get(penalty.name, 0.0) + value
        return parts

    def __reduce__(self) -> tuple:  # a copy has work arrays and addresses of its own
        return Objective, (self.network, self.batch, self.loss, self.penalties, self.dtype)

    def gauss_newton(self, theta: np.ndarray) -> np.ndarray:
        """The generalised Gauss-Newton matrix at theta, (n, n), in float64 whatever the precision of the sweeps."""
        theta = as_theta(theta, self.size)
        matrix = gauss_newton_matrix(self._held(), theta)
        if self._decay is not None:
            matrix[np.diag_indices(self.size)] += 2.0 * self._decay
        return matrix

    def gauss_newton_diagonal(self, theta: np.ndarray) -> np.ndarray:
        """The diagonal of the generalised Gauss-Newton matrix at theta, (n,), at the cost of some q / 3 gradients."""
        theta = as_theta(theta, self.size)
        diagonal = gauss_newton_diagonal(self._held(), theta)
        return diagonal if self._decay is None else diagonal + 2.0 * self._decay

    def gauss_newton_root(self, theta: np.ndarray) -> Root:
        """A square root of the generalised Gauss-Newton matrix at theta, in float64."""
        return NetworkRoot(self._held(), as_theta(theta, self.size), self._decay)

    def _held(self) -> Rows:
        network, batch = self.network, self.batch
        return Rows(
            network.table, network.coefs, batch.x, batch.target, batch.weight, self._loss_code
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Objective {self.loss.name} of {self.network.spec} on {len(self.batch)} rows>"


class _Work:
    """Work arrays of the sweeps, for as many rows as were ever asked for; objectives of one family share them."""

    def __init__(self, network: Network, dtype: np.dtype) -> None:
        self._network, self._dtype, self._rows = network, dtype, -1
        self.coefs = network.coefs.astype(dtype)
        self._largest = max(layer.inputs * layer.outputs for layer in network.layers)
        self._arrays: tuple[np.ndarray, ...] = ()
        self._tangents: tuple[np.ndarray, ...] | None = None
        self.context = np.zeros(native.CONTEXT_SIZE, dtype=np.intp)

    def of(self, rows: int) -> tuple[np.ndarray, ...]:
        """before, after (rows * units), deltas (2, rows * widest), spare; theta and gradient in float32; for probes."""
        if rows > self._rows:
            single = self._network.size if self._dtype == np.float32 else 0
            probes = probe.scratch_size(rows, self._network.outputs)
            vectors = (min(self._largest, SMALL), single, single, probes)
            self._arrays = (*self._made(rows), *(np.empty(size, self._dtype) for size in vectors))
            self._tangents, self._rows = None, rows
            self._tell()
        return self._arrays

    def _tell(self) -> None:
        """What compiled code has to know of network and work arrays."""
        table, context = self._network.table, self.context
        context[native.LAYERS], context[native.SIZE] = len(table), self._network.size
        context[native.INPUTS], context[native.OUTPUTS] = self._network.inputs, self._network.outputs
        context[native.HALF] = self._arrays[2].shape[1]
        places = [native.TABLE, native.COEFS, native.BEFORE, native.AFTER, native.DELTAS, native.SPARE]
        places += [native.THETA, native.GRADIENT, native.PROBE]
        for place, array in zip(places, (table, self.coefs, *self._arrays)):
            context[place] = native.data_of(array)

    def of_tangents(self) -> tuple[np.ndarray, ...]:
        """For the same rows: the tangents of before, after and deltas, and room for one product more."""
        if self._tangents is None:
            more = np.empty(max(self._largest, self._rows * self._network.widest), self._dtype)
            self._tangents = (*self._made(self._rows), more)
        return self._tangents

    def product_code(self, context: np.ndarray, held: list, name: str) -> int:
        held[1:] = [self.of_tangents()]
        return second_order.address_of(name, context, held[1])

    def _made(self, rows: int) -> tuple[np.ndarray, ...]:
        units, widest = self._network.units, self._network.widest
        shapes = (rows * units, rows * units, (2, rows * widest))
        return tuple(np.empty(shape, self._dtype) for shape in shapes)
