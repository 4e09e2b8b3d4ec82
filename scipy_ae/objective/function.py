"""Objective: network, loss, penalties and batch as functions of theta.

Conventions
-----------
``theta`` and all that is laid out as it are float64 of shape (n,); x is (rows, p), target and output (rows, q). The
value is the loss averaged over the rows and summed over the outputs, plus the penalties. An objective is
deterministic and is not changed after it is made: a new batch is a new objective, ``objective.on(batch)``, that
shares the work arrays (so that objectives of one family serve one thread at a time). ``jac`` is a fresh array at each
call, since SciPy's CG, BFGS and trust-krylov keep references to it.

A plain objective is a loss and a decay of weights. A variational bottleneck and the other penalties make it one with
terms: its value, gradient and Hessian products are those of ``terms.py``, by machine code of their own.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from scipy_ae import losses
from scipy_ae.batches import Batch
from scipy_ae.errors import InputError
from scipy_ae.gauss_newton import NetworkRoot, Rows, gauss_newton_matrix, jacobian
from scipy_ae.kernels import native, probe, quadratic, second_order
from scipy_ae.kernels.products import IN_REGISTERS
from scipy_ae.kernels.sweeps import loss_only
from scipy_ae.network import Network, as_theta
from scipy_ae.objective.halves import Halves, drawn_anew, drawn_of, halves_of
from scipy_ae.objective.terms import Terms, TermWork
from scipy_ae.objective.work import Work
from scipy_ae.penalties import L2, Penalty
from scipy_ae.problem import Model, Native, Problem, Root
from scipy_ae.quadratic import NetworkModel
from scipy_ae.threads import suited


class Objective(Problem):
    """A training objective that SciPy can minimise.

    Parameters
    ----------
    network : Network
    batch : Batch
    loss : str or loss, optional
        ``squared-error`` or ``cross-entropy``; by default cross-entropy for a logistic output, else squared error.
    penalties : sequence of L2, L1Sparsity, KLSparsity, Contractive
        Of each kind any number, but one Contractive.
    dtype : float64 or float32
        Precision of the sweeps. theta and the gradient are float64 either way; with float32 the value and the gradient
        carry some 6 correct digits, so that solvers stop at a gradient about 1e-6 of its start at best. For a plain
        objective alone.

    Attributes
    ----------
    offers : frozenset of str
        fun, jac, hessp, gauss_newton, gauss_newton_diagonal, gauss_newton_p, gauss_newton_root; for the squared error
        also residual and residual_jac. One with terms offers fun, jac and, without Contractive, hessp.
    size : int
        Length n of theta.
    """

    def __new__(cls, network: Network, *more: Any, **named: Any) -> "Objective":
        if cls is Objective and network.on_images:
            from scipy_ae.objective.images import ImageObjective

            return object.__new__(ImageObjective)
        return object.__new__(cls)

    def __init__(
        self,
        network: Network,
        batch: Batch,
        loss: str | losses.SquaredError | losses.CrossEntropy | None = None,
        penalties: Sequence[Penalty] = (),
        dtype=np.float64,
    ) -> None:
        self.network, self.size = network, network.size
        self._take_terms(loss, penalties, dtype)
        halves = halves_of(network, self.penalties)
        if halves is not None and self._single:
            raise InputError(
                "dtype: float32 is for a loss and L2 alone; with other penalties or a variational bottleneck float64 is"
                " accepted"
            )
        self.offers = self._offered(halves)
        self._work = Work(network, self.dtype)
        self._term_work = None if halves is None else TermWork(halves)
        self._table, self._coefs = network.table, self._work.coefs
        self._take(batch)

    @property
    def has_terms(self) -> bool:
        """Whether there is more to it than a loss and a decay of weights."""
        return self._term_work is not None

    def _take_terms(
        self, loss: str | losses.SquaredError | losses.CrossEntropy | None, penalties: Sequence[Penalty], dtype
    ) -> None:
        """Loss, penalties and precision."""
        output = self.network.output_activation.name
        self.loss = losses.get(loss, output)
        self._loss_code = self.loss.code(output)
        self.penalties = tuple(penalties)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise InputError(f"dtype: {dtype} is not accepted; float64 and float32 are")
        self._single = self.dtype == np.float32
        decays = [(one.name, one.curvature(self.network.layout)) for one in self.penalties if isinstance(one, L2)]
        self._decays = decays
        self._decay = np.sum([curvature for _, curvature in decays], axis=0) if decays else None

    @property
    def held_rows(self) -> tuple[np.ndarray, ...]:
        """x, target and weights as the sweeps read them."""
        return self._data

    def _offered(self, halves: Halves | None) -> frozenset[str]:
        if halves is not None:
            return frozenset({"fun", "jac"} | (set() if halves.vectors else {"hessp"}))
        return frozenset(
            {"fun", "jac", "hessp", "gauss_newton", "gauss_newton_diagonal", "gauss_newton_p", "gauss_newton_root"}
            | ({"residual", "residual_jac"} if self.loss.sum_of_squares else set())
        )

    def _take(self, batch: Batch) -> None:
        if batch.is_stored:
            raise InputError("batch: stored rows are not accepted here; ChunkedObjective takes them, a chunk at a time")
        self._check_widths(batch)
        self.loss.check_target(batch.target)
        self.batch, self._rows = batch, len(batch)
        self._code: Native | None = None
        self._data = tuple(part.astype(self.dtype, copy=False) for part in (batch.x, batch.target, batch.weight))
        self._terms: Terms | None = None
        draws = 1
        if self._term_work is not None:
            eps, probes = drawn_of(batch, self.network, self.penalties)
            x, target, weight = self._data
            self._terms = Terms(self._term_work, self._loss_code, x, target, weight, eps, probes, self._decay)
            draws = 1 if eps is None else eps.shape[1]
        largest = self._rows * draws * max(layer.inputs * layer.outputs for layer in self.network.layers)
        self._threads = suited(largest, largest > IN_REGISTERS)
        self._each = self._threads if largest > IN_REGISTERS else nullcontext()  # for an evaluation by itself

    def _check_widths(self, batch: Batch) -> None:
        for name, got, width in (
            ("x", batch.x.shape[1], self.network.inputs),
            ("target", batch.target.shape[1], self.network.outputs),
        ):
            if got != width:
                raise InputError(
                    f"layers: {self.network.spec} does not fit a {name} of {got} columns; it takes {width}"
                )

    def drawn(self, rng: np.random.Generator, batch: Batch | None = None) -> Batch:
        """A batch, this one's where None, with all chance that the objective needs drawn anew by ``rng``.

        As many draws a row as this objective's batch has, and as many signs as its contractive term wants.
        """
        return drawn_anew(batch or self.batch, self.batch, self.network, self.penalties, rng)

    def on(self, batch: Batch) -> Any:
        """The same objective on other rows; network and work arrays are shared.

        On stored rows it is a :class:`~scipy_ae.objective.ChunkedObjective`.
        """
        if batch.is_stored:
            from scipy_ae.objective.chunks import ChunkedObjective

            return ChunkedObjective.of(self, batch)
        other = object.__new__(Objective)
        other.__dict__.update(self.__dict__)
        other._take(batch)
        return other

    def without_penalties(self, batch: Batch) -> Any:
        """The loss, and the divergence of a variational bottleneck, on other rows: what held-out rows are judged by."""
        if not batch.is_stored:
            return Objective(self.network, batch, self.loss, (), self.dtype)
        return self.without_penalties(batch.one()).on(batch)

    def threads(self) -> AbstractContextManager:
        return self._threads

    def fun(self, theta: np.ndarray) -> float:
        theta = as_theta(theta, self.size)
        if self._terms is not None:
            with self._each:
                return self._terms.fun(theta)
        x, target, weight = self._data
        before, after, deltas = self._work.of(self._rows)[:3]
        with self._each:
            value = loss_only(
                self._table, self._coefs, theta.astype(self.dtype, copy=False),
                x, target, weight, self._loss_code, before, after, deltas,
            )  # fmt: skip
        return value if self._decay is None else value + float(np.dot(theta * self._decay, theta))

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return self.fun_and_jac(theta)[1]

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        code, gradient, theta = self.native, np.empty(self.size), as_theta(theta, self.size)
        assert code is not None
        with self._each:
            return native.evaluate(code.address, code.context, theta, gradient), gradient

    @property
    def native(self) -> Native | None:
        if self._terms is not None:
            return self._terms.native
        work = self._work.of(self._rows)
        if self._code is None or self._code.keep[0] is not work:
            context = self._work.context.copy()
            context[native.ROWS], context[native.LOSS] = self._rows, self._loss_code
            for place, array in zip((native.X, native.TARGET, native.WEIGHT, native.DECAY), (*self._data, self._decay)):
                context[place] = native.data_of(array)
            held = [work]  # and, once products are wanted, the arrays of the tangents
            product = partial(self._work.product_code, context, held)
            # of its own methods it keeps none: in a ring of references, large rows would wait for the collector
            model = partial(NetworkModel, self._held(), self.size, self._decay)
            code, move = native.address_of(self._single), None if self._single else probe.address
            self._code = Native(code, context, held, move, product, model)
        return self._code

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The exact Hessian at theta times v (Pearlmutter 1994)."""
        return self._product("hessp", theta, v)

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The generalised Gauss-Newton matrix at theta times v (Schraudolph 2002); never of negative curvature."""
        return self._product("gauss_newton_p", theta, v)

    def _product(self, name: str, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        self._needs(name)
        code, product = self.native, np.empty(self.size)
        assert code is not None
        assert code.product is not None
        theta, v = as_theta(theta, self.size), as_theta(v, self.size)
        with self._each:
            second_order.product(code.product(name), code.context, 1, theta, v, product)
        return product

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """sqrt(weight_i) (y_ij - t_ij), row by row, then the root of each penalised entry, shape (m,).

        m is rows * q, plus the number of penalised weights; the squares sum to ``fun``.
        """
        self._needs("residual")
        theta = as_theta(theta, self.size)
        error = self.network.reconstruct(theta, self.batch.x) - self.batch.target
        data = (np.sqrt(self.batch.weight)[:, None] * error).reshape(-1)
        if self._decay is None:
            return data
        penalised = self._decay > 0
        return np.concatenate([data, np.sqrt(self._decay[penalised]) * theta[penalised]])

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        """The derivative of :meth:`residual` by theta, shape (m, n)."""
        self._needs("residual_jac")
        theta = as_theta(theta, self.size)
        count = len(self.batch) * self.network.outputs
        decay = np.zeros(0) if self._decay is None else self._decay
        penalised = np.flatnonzero(decay)
        rows = np.empty((count + len(penalised), self.size))
        jacobian(self._held(), theta, rows[:count])
        rows[count:] = 0.0
        rows[count + np.arange(len(penalised)), penalised] = np.sqrt(decay[penalised])
        return rows

    def parts(self, theta: np.ndarray, value: float | None = None) -> dict[str, float]:
        """The loss, the divergence of a variational bottleneck and each penalty by name; they sum to ``fun``.

        ``value`` is that of ``fun`` where it is known, which saves an evaluation.
        The negative ELBO is the loss plus the divergence over its beta; see :class:`~scipy_ae.bottlenecks.Variational`.
        """
        theta = as_theta(theta, self.size)
        decays = [(name, float(np.dot(theta * curvature, theta))) for name, curvature in self._decays]
        if self._terms is not None:
            with self._each:
                parts = self._terms.parts(theta, self.loss.name)
        else:
            # by the kernel that a training has compiled already, though it works out more than is asked for
            value = self.fun_and_jac(theta)[0] if value is None else value
            parts = {self.loss.name: value - sum(decay for _, decay in decays)}
        for name, decay in decays:
            parts[name] = parts.get(name, 0.0) + decay
        return parts

    def __reduce__(self) -> tuple:  # a copy has work arrays and addresses of its own
        return Objective, (self.network, self.batch, self.loss, self.penalties, self.dtype)

    def gauss_newton(self, theta: np.ndarray) -> np.ndarray:
        """The generalised Gauss-Newton matrix at theta, (n, n), in float64 whatever the precision of the sweeps."""
        self._needs("gauss_newton")
        theta = as_theta(theta, self.size)
        matrix = gauss_newton_matrix(self._held(), theta)
        if self._decay is not None:
            matrix[np.diag_indices(self.size)] += 2.0 * self._decay
        return matrix

    def gauss_newton_diagonal(self, theta: np.ndarray) -> np.ndarray:
        """The diagonal of the generalised Gauss-Newton matrix at theta, (n,), at the cost of some q / 3 gradients."""
        self._needs("gauss_newton_diagonal")
        theta = as_theta(theta, self.size)
        model, diagonal = self._model("diagonal"), np.empty(self.size)  # which holds the arrays
        quadratic.evaluate(*model.code(), quadratic.BUILD, theta, theta, 0.0, theta, diagonal)
        return diagonal

    def gauss_newton_root(self, theta: np.ndarray) -> Root:
        """A square root of the generalised Gauss-Newton matrix at theta, in float64."""
        self._needs("gauss_newton_root")
        return NetworkRoot(self._held(), as_theta(theta, self.size), self._decay)

    def _model(self, form: str) -> Model:
        return NetworkModel(self._held(), self.size, self._decay, form)

    def _needs(self, what: str) -> None:
        if what not in self.offers:
            raise self._lacks(what)

    def _held(self) -> Rows:
        network, batch = self.network, self.batch
        return Rows(
            network.table, network.coefs, batch.x, batch.target, batch.weight, self._loss_code
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Objective {self.loss.name} of {self.network.spec} on {len(self.batch)} rows>"
