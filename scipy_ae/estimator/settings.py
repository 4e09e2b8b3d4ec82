"""Settings: the parameters of an estimator, checked, and what they make of the data. No scikit-learn here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scipy_ae import corruptions, initializers, losses, solvers
from scipy_ae.activations import Activation
from scipy_ae.batches import Batch
from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError, unknown
from scipy_ae.kind import Kind
from scipy_ae.layers import Dense
from scipy_ae.metrics import is_binary
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2
from scipy_ae.schedule import Every
from scipy_ae.solvers import Solver
from scipy_ae.training import REDRAW, Draw, Stop

#: Weight decay where none is asked for: this part of the squared error that the column means leave. Chosen by
#: cross-validation on iris, wine, breast cancer, diabetes and digits, where no decay learns the rows by heart.
DECAY = 7e-4
#: The same for cross-entropy, as it stands: all 32 letters of a font still pass through two numbers without an error.
DECAY_OF_CROSS_ENTROPY = 1e-4
#: Of what the column means leave: a gradient below this part ends the training.
FLAT = 1e-6
#: The widest hidden layer of a network that nobody asked for.
WIDEST = 64

#: The least value of each number, and whether None is accepted too.
_WHOLE = {"n_components": (1, True), "every": (0, False), "iterations": (1, False), "burst": (1, False),
          "n_init": (1, False), "batch_size": (1, True), "verbose": (0, False), "probes": (1, True),
          "draws": (1, False), "copies": (1, False)}  # fmt: skip
_REAL = {"std": (0.0, False), "eta": (0.0, False), "l2": (0.0, True), "tol": (0.0, False), "l1": (0.0, True),
         "kl": (0.0, True), "contractive": (0.0, True), "kl_beta": (0.0, False)}  # fmt: skip
_TRUE_OR_FALSE = ("guard", "warm_start", "variational")
_WORDS = {"carry": ("keep", "reset"), "precision": ("float64", "float32"), "init": tuple(initializers.INITIALIZERS),
          "redraw": (None, *REDRAW)}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """The constructor's parameters; see :class:`scipy_ae.Autoencoder`. One that is not accepted is refused here."""

    layers: str | Sequence[int] | None
    solver: str | Solver
    every: int
    std: float
    eta: float
    iterations: int
    n_components: int | None
    activation: str | Activation
    code: str | Activation
    output: str | Activation | None
    loss: Any
    l2: float | None
    penalties: Sequence[Any]
    l1: float | None
    kl: float | None
    rho: float
    sparse_layers: str | Sequence[str]
    contractive: float | None
    probes: int | None
    variational: bool
    kl_beta: float
    draws: int
    noise: str | Corruption | None
    copies: int
    redraw: str | None
    init: str
    n_init: int
    burst: int
    between: str | Solver
    carry: str
    guard: bool
    solver_options: dict[str, Any] | None
    batch_size: int | None
    tol: float
    precision: str
    warm_start: bool
    random_state: Any
    verbose: int

    def __post_init__(self) -> None:
        for name, (least, optional) in _WHOLE.items():
            _check_number(name, getattr(self, name), least, optional, (int, np.integer), "a whole number")
        for name, (low, optional) in _REAL.items():
            kinds = (int, float, np.integer, np.floating)
            _check_number(name, getattr(self, name), low, optional, kinds, "a finite number")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise unknown(name, str(getattr(self, name)), [str(word) for word in words])
        for name in _TRUE_OR_FALSE:
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise InputError(f"{name}: {getattr(self, name)!r} is not accepted; True or False is")
        if not isinstance(self.penalties, (tuple, list)):
            raise InputError(f"penalties: {self.penalties!r} is not accepted; a list such as [scipy_ae.L2(0.01)] is")
        _check_layers(self.sparse_layers)
        _check_rho(self.rho)
        if not isinstance(self.solver_options, (dict, type(None))):
            raise InputError(f"solver_options: {self.solver_options!r} is not accepted; a dict of options is")
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.layers is not None and self.n_components is not None:
            raise InputError("layers and n_components contradict each other: the narrowest of the layers is the code")
        if self.warm_start and self.n_init > 1:
            raise InputError("warm_start and n_init contradict each other: a warm start is one start")
        kind = self.kind
        if self.precision == "float32" and (kind.penalties or kind.variational):
            raise InputError("precision: float32 is for a loss, l2 and noise alone; other terms take float64")

    @cached_property
    def kind(self) -> Kind:
        """What makes it sparse, contractive, variational or denoising."""
        if isinstance(self.noise, str):
            return Kind.of(self, corruptions.parse(self.noise))
        if not isinstance(self.noise, (Corruption, type(None))):
            accepted = "text such as 'flip:10%', or one of scipy_ae.corruptions, is"
            raise InputError(f"noise: {self.noise!r} is not accepted; {accepted}")
        return Kind.of(self, self.noise)

    def rows(self, x: np.ndarray, weight: np.ndarray | None, *, merge: bool) -> Batch:
        """The clean rows, found fit for the noise; see :func:`rows`."""
        if self.kind.noise is not None:
            self.kind.noise.check(x)
        return rows(x, weight, merge=merge)

    def network(self, x: np.ndarray) -> Network:
        """The network for data x (n, p)."""
        columns = x.shape[1]
        hidden, code, output = (Activation.of(one) for one in (self.activation, self.code, self._output(x)))
        if self.layers is not None:
            made = Network.parse(self.layers, hidden, output, code, self.kind.bottleneck)
            if (made.inputs, made.outputs) != (columns, columns):
                raise InputError(f"layers: {made.spec} does not fit data of {columns} columns, n_features = {columns}")
            return made
        width = (2 if columns > 2 else 1) if self.n_components is None else self.n_components
        if width > columns:
            accepted = f"a whole number from 1 to {columns} is"
            raise InputError(f"n_components: {width} is not accepted for n_features = {columns}; {accepted}")
        middle = max(3 * width, min(WIDEST, -(-columns // 2)))
        return Network(
            encoder=[Dense(columns, middle, hidden), Dense(middle, self.kind.bottleneck.outputs(width), code)],
            decoder=[Dense(width, middle, hidden), Dense(middle, columns, output)],
            bottleneck=self.kind.bottleneck,
        )

    def _output(self, x: np.ndarray) -> str | Activation:
        if self.output is not None:
            return self.output
        if self.loss is None:
            return "logistic" if is_binary(x) and x.min() < x.max() else "identity"
        return "logistic" if losses.get(self.loss, "").name == "cross-entropy" else "identity"

    def objective(self, network: Network, batch: Batch, decay: float) -> Objective:
        """The objective on these rows, with this weight decay."""
        penalties = ((L2(decay),) if decay else ()) + self.kind.penalties + tuple(self.penalties)
        return Objective(network, batch, self._loss(network), penalties, np.dtype(self.precision))

    def decay(self, network: Network, clean: Batch) -> float:
        """The weight of the L2 penalty."""
        if self.l2 is not None:
            return float(self.l2)
        return DECAY * spread(clean) if self._loss(network).sum_of_squares else DECAY_OF_CROSS_ENTROPY

    def _loss(self, network: Network) -> Any:
        return losses.get(self.loss, network.output_activation.name)

    def draw(self, objective: Objective, clean: Batch) -> Draw | None:
        """Makes a fresh batch where such are asked for and there is something to draw."""
        if self.redraw is None or not self.kind.draws_anything:
            return None
        return lambda rng: objective.drawn(rng, self.kind.noisy(clean, rng))

    def schedule(self, batch: Batch) -> Every:
        """Who steps when."""
        gtol = FLAT * spread(batch)
        burst = _solver("solver", self.solver, {"gtol": gtol, "eta": self.eta}, self.solver_options or {})
        return Every(self.every, burst, self.stepper(gtol), self.burst, self.carry == "keep")

    def stepper(self, gtol: float = 0.0) -> Solver:
        """Who takes the steps between bursts."""
        return _solver("between", self.between, {"eta": self.eta, "guard": bool(self.guard), "gtol": gtol}, {})

    def stop(self, batch: Batch) -> Stop:
        return Stop(gradient=FLAT * spread(batch))

    @property
    def patience(self) -> int:
        """Iterations over which the loss has to fall by ``tol``: two cycles of steps and burst, and not less than 8."""
        return max(8, 2 * self.every)


def spread(batch: Batch) -> float:
    """The squared error a row that is left where the column means stand for all rows: the sum of the variances."""
    mean = batch.weight @ batch.target
    return float(batch.weight @ ((batch.target - mean) ** 2).sum(axis=1))


def rows(x: np.ndarray, weight: np.ndarray | None, *, merge: bool) -> Batch:
    """The batch of these rows, without those of weight 0.

    Where ``merge`` is true equal rows become one that weighs as much as they do, and all rows are sorted: a weight of
    3 is the same as three copies, and their order makes no difference, to the last bit of theta.
    """
    x = np.asarray(x, dtype=np.float64)
    weight = np.ones(len(x)) if weight is None else np.asarray(weight)
    if (weight < 0).any():
        raise InputError(f"sample_weight: {weight.min():g} is not accepted; no weight may be negative")
    if not weight.any():
        raise InputError("sample_weight: all weights are zero; at least one above zero is needed")
    x, weight = x[weight > 0], weight[weight > 0]
    if merge:
        x, inverse = np.unique(x, axis=0, return_inverse=True)
        weight = np.bincount(inverse.reshape(-1), weight)
    return Batch(x, weight=weight)


def _solver(name: str, solver: Any, offered: dict[str, Any], asked: dict[str, Any]) -> Solver:
    """The solver itself, or the one of that name with what it knows of ``offered`` and all that is ``asked``."""
    if isinstance(solver, Solver):
        if asked:
            raise InputError(f"solver_options: they are for a solver by its name; {name} is {solver!r} already")
        return solver
    if not isinstance(solver, str):
        raise InputError(f"{name}: {solver!r} is not accepted; a solver or its name is")
    plain = solvers.get(solver)
    known = next(row.options for row in solvers.table() if row.name == plain.name)
    return solvers.get(solver, **({key: value for key, value in offered.items() if key in known} | asked))


def _check_number(name: str, value: Any, least: float, optional: bool, kinds: tuple, words: str) -> None:
    if value is None and optional:
        return
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kinds) or not least <= value < np.inf:
        more = ", or None," if optional else ""
        raise InputError(f"{name}: {value!r} is not accepted; {words} of at least {least:g}{more} is")


def _check_layers(layers: Any) -> None:
    words = layers.split(",") if isinstance(layers, str) else layers
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) and word.strip() for word in words):
        raise InputError(f"sparse_layers: {layers!r} is not accepted; code, all, or names such as 'encoder.0' are")


def _check_rho(rho: Any) -> None:
    if isinstance(rho, (bool, np.bool_)) or not isinstance(rho, (float, np.floating)) or not 0 < rho < 1:
        raise InputError(f"rho: {rho!r} is not accepted; a number above 0 and below 1 is")
