"""From a spec to the things it names: data, network, objective, start, schedule."""

from ast import literal_eval
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scipy_ae import corruptions, initializers, solvers
from scipy_ae.activations import Activation
from scipy_ae.batches import Batch
from scipy_ae.corruptions import Corruption
from scipy_ae.datasets import Dataset
from scipy_ae.errors import InputError, ScipyAEError, unknown
from scipy_ae.experiments import image_setup as images
from scipy_ae.experiments.data import Data
from scipy_ae.experiments.spec import PUBLISHED, Spec
from scipy_ae.kind import Kind
from scipy_ae.metrics import is_binary
from scipy_ae.network import Network
from scipy_ae.objective import AnyObjective, ChunkedObjective, Objective
from scipy_ae.penalties import L2
from scipy_ae.problem import FunctionProblem, Problem
from scipy_ae.schedule import Every, Then, parse_phases
from scipy_ae.solvers import Solver
from scipy_ae.training import Draw, Growth, Stop

#: What the published studies fix for a dataset, and the latent points they draw from.
PRESETS: dict[str, dict[str, Any]] = {
    "font1": {"letters": "10"},
    "font2": {"letters": "10"},
    "font3": {"letters": "10"},
    # fan-in: from some one in four gaussian starts all circles become one. Below this gtol nothing visible changes.
    "circles": {
        "layers": "42-25-15-9-3-2-3-9-15-25-42", "iterations": 1000, "eta": 0.01, "init": "fan-in", "gtol": 3e-4,
    },
}  # fmt: skip


#: Tells the rows that bursts see from the other draws of a seed.
BURSTS = 6
#: Tells what is drawn for held-out rows from what is drawn for those to train on.
HELD_OUT = 7


@dataclass(frozen=True)
class Setup:
    """Everything a training needs, made and checked before anything is written.

    ``asked`` is the spec as the user gave it, ``spec`` the one with all that was left open filled in. Where there is
    ``noise`` the objective is on a bank of noisy copies, which ``draw`` makes anew from any generator; ``compare`` are
    the kinds of noise (None: none) under which the same training is to be repeated for comparison.

    ``dataset`` are the rows to train on (of a file that is left where it is, some of them), ``data`` those and the
    others. Where bursts see a part of the rows only, the objective is on that part, ``pool`` has them all and
    ``growth`` says how the part grows. ``validation`` are rows that say when to stop.
    """

    asked: Spec
    spec: Spec
    dataset: Dataset
    network: Network
    data: Data
    objective: AnyObjective
    theta: np.ndarray
    schedule: Every | Then
    stop: Stop
    rng: np.random.Generator
    pool: Batch | None = None
    growth: Growth | None = None
    validation: Batch | None = None
    noise: Corruption | None = None
    compare: tuple[Corruption | None, ...] = ()

    @classmethod
    def of(cls, asked: Spec) -> "Setup":
        """The setup of a spec; whatever of it is not accepted is refused here, in one sentence."""
        spec = asked.resolved({} if asked.mapped else PRESETS.get(asked.dataset, {}))
        data = Data.of(spec)
        dataset = data.dataset
        spec = _shaped(spec, data)
        noise, compare = _noises(spec, dataset)
        kind = Kind.of(spec, noise)
        network = _network(spec, kind, data)
        batch = kind.batch(data.train, network, spec.seed)
        penalties = ((L2(spec.l2),) if spec.l2 else ()) + kind.penalties
        # rows in one piece of a file are read by the sweeps on images themselves
        chunked = batch.is_stored and not (network.on_images and isinstance(batch.x, np.ndarray))
        whole = (ChunkedObjective if chunked else Objective)(
            network, batch, spec.loss, penalties, np.dtype(spec.precision)
        )
        objective, pool, growth = _bursts(spec, whole)
        if spec.target_pixels is not None and (spec.mapped or not is_binary(dataset.x)):
            raise InputError("target-pixels: wrong pixels are counted on data of 0 and 1 alone; use target-loss here")
        rng = np.random.default_rng(spec.seed)
        theta = network.initialize(rng, spec.std, spec.init or PUBLISHED["init"])
        gtol = PUBLISHED["gtol"] if spec.gtol is None else spec.gtol
        stop = Stop(loss=spec.target_loss, pixels=spec.target_pixels, gradient=gtol, seconds=spec.seconds)
        schedule = _schedule(spec, objective)
        _refuse_idle(asked, schedule)
        if not any(solver.first_order for solver in schedule.solvers):
            spec = replace(spec, eta=None, guard=None)
        validation = _held_out(spec, kind, data.validation, network)
        return cls(
            asked, spec, dataset, network, data, objective, theta, schedule, stop, rng, pool, growth, validation,
            noise, compare,
        )  # fmt: skip

    def start(self, seed: int) -> "Setup":
        """The same from the start of another seed: what the spec of that seed alone, without restarts, would give."""
        rng = np.random.default_rng(seed)
        theta = self.network.initialize(rng, self.spec.std, self.spec.init or PUBLISHED["init"])
        asked, spec = (replace(one, seed=seed, restarts=None, halving=None) for one in (self.asked, self.spec))
        started = replace(self, asked=asked, spec=spec, theta=theta, rng=rng)
        if self.noise is not None:
            return started.under(self.noise)
        return started._on(self.kind.drawn(self.pool or self.objective.batch, self.network, seed), self.kind)

    def under(self, noise: Corruption | None) -> "Setup":
        """The same start and schedule with other noise, or none (None): a bank of it, drawn by the seed."""
        rng = np.random.default_rng(self.spec.seed)
        self.network.initialize(rng, self.spec.std, self.spec.init or PUBLISHED["init"])  # where training's draws begin
        kind = Kind.of(self.spec, noise)
        return replace(self, noise=noise, rng=rng)._on(kind.batch(self.data.train, self.network, self.spec.seed), kind)

    def _on(self, batch: Batch, kind: Kind) -> "Setup":
        """The same with these rows to train on, and validation rows of this kind."""
        own = self.pool is None and batch is self.objective.batch
        objective, pool, growth = _bursts(self.spec, self.objective if own else self.objective.on(batch))
        validation = _held_out(self.spec, kind, self.data.validation, self.network)
        return replace(self, objective=objective, pool=pool, growth=growth, validation=validation)

    @property
    def kind(self) -> Kind:
        """What of the spec makes it sparse, contractive, variational or denoising."""
        return Kind.of(self.spec, self.noise)

    @property
    def draw(self) -> Draw | None:
        """Makes a fresh batch where the spec asks for such and there is something to draw."""
        return self._fresh if self.spec.redraw is not None and self.kind.draws_anything else None

    def _fresh(self, rng: np.random.Generator) -> Batch:
        """Noise and all that terms draw, anew."""
        noisy = None if self.noise is None else self.kind.noisy(self.data.train, rng)
        return self.objective.drawn(rng, noisy)

    @property
    def test(self) -> Batch | None:
        """Rows by which nothing is chosen."""
        return _held_out(self.spec, self.kind, self.data.test, self.network)

    @property
    def counted(self) -> Batch | None:
        """The rows whose wrong pixels are counted, where they are not the objective's own."""
        return self.data.train if self.noise is not None else None

    @property
    def iterations(self) -> int:
        """Iterations of the whole training."""
        if isinstance(self.schedule, Then):
            return self.schedule.iterations
        return self.spec.iterations or PUBLISHED["iterations"]


def _noises(spec: Spec, dataset: Dataset) -> tuple[Corruption | None, tuple[Corruption | None, ...]]:
    """The noise to train under, and what it is compared with, each found fit for the data."""
    if spec.noise is None or spec.task is not None:  # a task has drawn its noise already
        return None, ()

    def of(text: str) -> Corruption:
        noise = corruptions.parse(text, dataset.image_shape)
        noise.check(dataset.x)
        return noise

    words = (spec.compare or "").replace(",", " ").split()
    if words == ["nothing"]:
        words = []
    return of(spec.noise), tuple(dict.fromkeys(None if word == "none" else of(word) for word in words))


def _bursts(spec: Spec, whole: AnyObjective) -> tuple[AnyObjective, Batch | None, Growth | None]:
    """What bursts see, all rows where that is not the same, and how the former become the latter."""
    n = len(whole.batch)
    if spec.burst_rows is None or spec.burst_rows >= n:
        return whole, None, None
    growth = Growth(np.random.default_rng([spec.seed, BURSTS]).permutation(n), spec.burst_growth or 1.0)
    return whole.on(growth.batch(whole.batch, spec.burst_rows)), whole.batch, growth


def _held_out(spec: Spec, kind: Kind, rows: Batch | None, network: Network) -> Batch | None:
    """Rows that are held out with noise of the kind that is trained on, drawn apart from it."""
    return None if rows is None else kind.batch(rows, network, [spec.seed, HELD_OUT])


def _shaped(spec: Spec, data: Data) -> Spec:
    """The spec with what depends on the data filled in: layers, output, loss, std."""
    filled: dict[str, Any] = {}
    x = data.dataset.x
    if spec.layers is None:
        task = spec.task
        filled["layers"] = default_layers(x.shape[1]) if task is None else images.default_layers(task, data.shapes)
    if spec.output is None:
        # data within [0, 1] are pixels: probabilities of being lit, under cross-entropy where nothing else is asked
        within = x.min() >= 0 and x.max() <= 1 and not images.adds_input(filled.get("layers") or spec.layers)
        filled["output"] = "logistic" if within and spec.loss in (None, "cross-entropy", "bce") else "identity"
    if spec.loss is None:
        output = Activation(filled.get("output") or spec.output or "identity")
        filled["loss"] = "cross-entropy" if output.name == "logistic" else "squared-error"
    if spec.std is None:
        filled["std"] = initializers.get(spec.init or PUBLISHED["init"]).std
    return replace(spec, **filled)


def default_layers(width: int) -> str:
    """The published widths around data of ``width`` columns; smaller ones where those would not narrow."""
    first, second = min(28, max(3, 4 * width // 5)), min(23, max(3, 2 * width // 3))
    code = 2 if width > 2 else 1
    return f"{width}-{first}-{second}-{code}-{second}-{first}-{width}"


def _network(spec: Spec, kind: Kind, data: Data) -> Network:
    hidden = Activation(spec.activation, beta=spec.beta)
    code = None if spec.code is None else Activation(spec.code, beta=spec.beta)
    output, (given, wanted) = spec.output or "identity", data.shapes
    network = Network.parse(spec.layers or "", hidden, output, code, kind.bottleneck, given, wanted)
    images.check_added_input(spec.task, network)
    return network


def _schedule(spec: Spec, objective: Problem) -> Every | Then:
    options = dict(_option(text) for text in spec.solver_options)
    if spec.schedule is not None:
        phases = parse_phases(spec.schedule)
        known = {name: _accepted(name) for name, _ in phases}
        for key in options:
            if not any(key in accepted for accepted in known.values()):
                raise unknown(
                    "solver-option", key, dict.fromkeys(name for accepted in known.values() for name in accepted)
                )
        return Then(
            *(
                (_solver(name, spec, objective, {key: options[key] for key in options if key in known[name]}), steps)
                for name, steps in phases
            )
        )
    burst = _solver(spec.solver or PUBLISHED["solver"], spec, objective, options)
    return Every(
        k=PUBLISHED["every"] if spec.every is None else spec.every,
        burst=burst,
        between=_solver(spec.between or PUBLISHED["between"], spec, objective, {}),
        steps=spec.burst or PUBLISHED["burst"],
        keep=spec.carry != "reset",
    )


def _refuse_idle(asked: Spec, schedule: Every | Then) -> None:
    """Refuse what was asked for and nobody would heed."""
    names = ", ".join(solver.name for solver in schedule.solvers)
    for name in ("eta", "guard"):
        if getattr(asked, name) is not None and not any(solver.first_order for solver in schedule.solvers):
            raise InputError(f"{name}: it is for first-order steps, and no solver at work here ({names}) takes them")
    if asked.redraw == "step" and not any(solver.first_order for solver in schedule.stepping):
        raise InputError(f"redraw: step is for first-order steps, and no solver at work here ({names}) takes them")
    if asked.batch_size is not None and not any(solver.first_order for solver in schedule.stepping):
        raise InputError(f"batch-size: it is for first-order steps, and no solver at work here ({names}) takes them")
    if asked.carry == "keep" and isinstance(schedule, Every) and not schedule.solvers[-1].carries:
        raise InputError(f"carry: {schedule.solvers[-1].name} has no memory that could be kept")


def _accepted(name: str) -> tuple[str, ...]:
    """The options of the solver of that name."""
    solver = solvers.get(name)
    return next(row.options for row in solvers.table() if row.name == solver.name)


def _solver(name: str, spec: Spec, objective: Problem, options: dict[str, Any]) -> Solver:
    """The solver of that name, with eta, guard and gtol of the spec where it knows them and ``options`` above all.

    What needs more than the objective offers is refused here, before anything is written.
    """
    accepted, taken = _accepted(name), dict(options)
    if solvers.get(name).first_order:
        taken = {"eta": spec.eta, "guard": spec.guard} | taken
    if "gtol" in accepted:
        taken.setdefault("gtol", spec.gtol)
    solver = solvers.get(name, **{key: value for key, value in taken.items() if value is not None})
    solver.check(objective)
    if options:
        _rehearse(solver, options)
    return solver


def _rehearse(solver: Solver, options: dict[str, Any]) -> None:
    """Two steps down a bowl: SciPy tells only then what it thinks of an option's value."""
    bowl = FunctionProblem(
        lambda x: (float(x @ x), 2.0 * x), jac=True, hess=lambda x: 2.0 * np.eye(x.size), hessp=lambda x, v: 2.0 * v
    )
    try:
        solver.solve(bowl, np.array([1.0, -2.0]), maxiter=2)
    except ScipyAEError:
        raise
    except Exception as error:  # whatever SciPy raises on a value that it cannot use
        given = ", ".join(f"{key}={value}" for key, value in options.items())
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"solver-option: {solver.name} does not accept {given} ({reason})") from None


def _option(text: str) -> tuple[str, Any]:
    """``gtol=1e-8`` as a name and a value: a number or truth value where it reads as one, else text."""
    key, equals, word = text.partition("=")
    if not equals or not key or not word:
        raise InputError(f"solver-option: '{text}' is not accepted; KEY=VALUE such as gtol=1e-8 is")
    try:
        return key, literal_eval(word)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return key, word
