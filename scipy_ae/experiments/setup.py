"""From a spec to the things it names: data, network, objective, start, schedule."""

from ast import literal_eval
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scipy_ae import datasets, initializers, solvers
from scipy_ae.activations import Activation
from scipy_ae.batches import Batch
from scipy_ae.datasets import Dataset
from scipy_ae.errors import InputError
from scipy_ae.experiments.spec import Spec
from scipy_ae.metrics import is_binary
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2
from scipy_ae.schedule import Every, Schedule, Then, parse_phases
from scipy_ae.solvers import Solver
from scipy_ae.training import Stop

#: What the published studies fix for a dataset, and the latent points they draw from.
PRESETS: dict[str, dict[str, Any]] = {
    "font1": {"letters": "10"},
    "font2": {"letters": "10"},
    "font3": {"letters": "10"},
    "circles": {"layers": "42-25-15-9-3-2-3-9-15-25-42", "iterations": 1000, "eta": 0.01},
}


@dataclass(frozen=True)
class Setup:
    """Everything a training needs, made and checked before anything is written."""

    spec: Spec
    dataset: Dataset
    network: Network
    objective: Objective
    theta: np.ndarray
    schedule: Schedule
    stop: Stop
    rng: np.random.Generator

    @classmethod
    def of(cls, spec: Spec) -> "Setup":
        """The setup of a spec; whatever of it is not accepted is refused here, in one sentence."""
        spec = spec.resolved(PRESETS.get(spec.dataset, {}))
        dataset = datasets.find(spec.dataset)
        if spec.letters not in (None, "all"):
            dataset = dataset.select(spec.letters)
        spec = _shaped(spec, dataset)
        network = _network(spec)
        penalties = (L2(spec.l2),) if spec.l2 else ()
        objective = Objective(network, Batch(dataset.x), spec.loss, penalties, np.dtype(spec.precision))
        if spec.target_pixels is not None and not is_binary(dataset.x):
            raise InputError("target-pixels: wrong pixels are counted on data of 0 and 1 alone; use target-loss here")
        rng = np.random.default_rng(spec.seed)
        theta = network.initialize(rng, spec.std, spec.init)
        stop = Stop(loss=spec.target_loss, pixels=spec.target_pixels, gradient=spec.gtol, seconds=spec.seconds)
        return cls(spec, dataset, network, objective, theta, _schedule(spec, objective), stop, rng)


def _shaped(spec: Spec, dataset: Dataset) -> Spec:
    """The spec with what depends on the data filled in: layers, output, loss, std."""
    filled: dict[str, Any] = {}
    if spec.layers is None:
        filled["layers"] = default_layers(dataset.x.shape[1])
    if spec.output is None:
        # data within [0, 1] are pixels: probabilities of being lit, under cross-entropy where nothing else is asked
        within = 0 <= dataset.x.min() and dataset.x.max() <= 1
        filled["output"] = "logistic" if within and spec.loss in (None, "cross-entropy", "bce") else "identity"
    if spec.loss is None:
        output = Activation(filled.get("output", spec.output))
        filled["loss"] = "cross-entropy" if output.name == "logistic" else "squared-error"
    if spec.std is None:
        filled["std"] = initializers.get(spec.init).std
    return replace(spec, **filled)


def default_layers(width: int) -> str:
    """The published widths around data of ``width`` columns; smaller ones where those would not narrow."""
    first, second = min(28, max(3, 4 * width // 5)), min(23, max(3, 2 * width // 3))
    code = 2 if width > 2 else 1
    return f"{width}-{first}-{second}-{code}-{second}-{first}-{width}"


def _network(spec: Spec) -> Network:
    hidden = Activation(spec.activation, beta=spec.beta)
    code = None if spec.code is None else Activation(spec.code, beta=spec.beta)
    return Network.parse(spec.layers, hidden, spec.output, code)


def _schedule(spec: Spec, objective: Objective) -> Schedule:
    if spec.schedule is not None:
        phases = parse_phases(spec.schedule)
        return Then(*((_solver(name, spec, objective), steps) for name, steps in phases))
    return Every(
        k=spec.every,
        burst=_solver(spec.solver, spec, objective),
        between=_solver(spec.between or "gradient-descent", spec, objective),
        steps=spec.burst or 10,
        keep=spec.carry != "reset",
    )


def _solver(name: str, spec: Spec, objective: Objective) -> Solver:
    """The solver of that name with what the spec has for it.

    First-order methods take eta and guard, the others the solver options; gtol goes to each that knows it. What needs more
    than the objective offers is refused here, before anything is written.
    """
    plain = solvers.get(name)
    if plain.first_order:
        options = {"eta": spec.eta, "guard": spec.guard}
    else:
        options = dict(_option(text) for text in spec.solver_options)
    accepted = next(row.options for row in solvers.table() if row.name == plain.name)
    if "gtol" in accepted:
        options.setdefault("gtol", spec.gtol)
    solver = solvers.get(name, **{key: value for key, value in options.items() if value is not None})
    solver._refuse_lacking(objective)
    return solver


def _option(text: str) -> tuple[str, Any]:
    """``gtol=1e-8`` as a name and a value: a number or truth value where it reads as one, else text."""
    key, equals, word = text.partition("=")
    if not equals or not key:
        raise InputError(f"solver-option: '{text}' is not accepted; KEY=VALUE such as gtol=1e-8 is")
    try:
        return key, literal_eval(word)
    except (ValueError, SyntaxError):
        return key, word
