"""run: a spec becomes a run folder, from which the report is drawn."""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import latent
from scipy_ae.batches import Batch
from scipy_ae.errors import NonFiniteError
from scipy_ae.experiments import checkpoint, generative
from scipy_ae.experiments.claims import claimed, reclaimed
from scipy_ae.experiments.denoise import Study, named, study
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.kernels.native import is_compiled
from scipy_ae.metrics import is_binary
from scipy_ae.persistence import Model, save
from scipy_ae.records import History, Record, RunFolder, Snapshot, write_aside
from scipy_ae.solvers.registry import OURS
from scipy_ae.solvers.result import Result
from scipy_ae.training import DIVERGED, INTERRUPTED, train

#: The latent points from which the study draws its new circles.
CIRCLE_CODES = ((-0.8, 0.8), (0.7, -0.7), (0.0, 0.0), (0.2, -0.2))
NEW_CODES, GRID, WALK = 8, 15, 9
#: Characters of labels that a model file holds, at most.
LABELS = 2**20
#: What of the result it tells as well.
_TOLD = (
    "command", "best_iteration", "loss", "parts", "wrong_pixels", "worst_row", "evaluations", "seconds", "stop",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """A finished run: its folder, its history and the model of the best record."""

    folder: RunFolder
    history: History
    model: Model
    result: dict[str, Any]

    @property
    def diverged(self) -> bool:
        """Whether the loss became non-finite; the model is the best one before."""
        return self.history[-1].stop.startswith(DIVERGED)


@dataclass(frozen=True)
class Trained:
    """A training that ended: its records and the theta of the best of them."""

    history: History
    theta: np.ndarray

    @property
    def diverged(self) -> bool:
        return self.history[-1].stop.startswith(DIVERGED)

    @property
    def best(self) -> Record:
        return self.history.best or self.history[0]


class Interrupt:
    """Becomes true when the user asks to end; handed to the training, set by whoever listens for Ctrl-C."""

    def __init__(self) -> None:
        self._asked = False
        self._told: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        return self._asked

    @asked.setter
    def asked(self, asked: bool) -> None:
        self._asked = asked
        for tell in self._told if asked else ():
            tell()

    def pass_on(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called as soon as the user asks, to carry it to other processes."""
        self._told.append(tell)
        if self._asked:
            tell()

    def __call__(self) -> bool:
        return self._asked


def new_folder(spec: Spec, root: Path) -> Path:
    """The next free folder for a run of this spec: ``reports/font2-bfgs-1``."""
    name = spec.schedule or (spec.between if spec.every == 0 else spec.solver)
    return free_folder(f"{Path(spec.dataset).stem}-{name}", root)


def free_folder(name: str, root: Path) -> Path:
    """The next free folder of that name, made fit for one, and a number."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    number = 1
    while (root / f"{stem}-{number}").exists():
        number += 1
    return root / f"{stem}-{number}"


def run(
    setup: Setup,
    path: Path,
    *,
    reader: Callable[[Record], None] = lambda record: None,
    pulse: Callable[[int, Result], None] | None = None,
    comparing: Callable[[str], None] = lambda noise: None,
    interrupt: Interrupt | None = None,
    resume: bool = False,
) -> Outcome:
    """Train as the setup says and write all files of the run folder but the report's.

    While it goes on there is a checkpoint in the folder, and a lock for as long as this process lives.

    Parameters
    ----------
    setup : Setup
    path : Path
        The run folder; made if it is not there, refused if it holds a run, or another process writes it.
    reader : callable
        Reads each record as it comes.
    pulse : callable, optional
        As in :func:`scipy_ae.train`.
    comparing : callable
        Told of the noise ("none" for none) as a training for comparison begins, whose records ``reader`` reads then.
    interrupt : Interrupt, optional
        Once asked, the training ends after the current step and everything is written; it can be resumed.
    resume : bool
        Go on with the run in that folder, whose setup (``resumable``) this is: to the bytes it would have come to.
    """
    interrupt = interrupt or Interrupt()
    with reclaimed(path) if resume else claimed(path) as folder:
        begun = checkpoint.read(folder, setup) if resume else None
        with checkpoint.keeping(folder, setup, again=resume) as keeper:
            compile_kernels(setup)
            trained = follow(
                setup, setup.iterations, reader=reader, pulse=pulse, asked=interrupt, keeper=keeper, begun=begun
            )
            denoised = compare(setup, trained, comparing, reader=reader, pulse=pulse, asked=interrupt)
            outcome = conclude(folder, setup, trained, _of_resuming(begun, keeper), denoised=denoised)
        if not outcome.result["interrupted"]:
            folder.checkpoint.unlink(missing_ok=True)
    return outcome


def compare(
    setup: Setup,
    trained: Trained,
    comparing: Callable[[str], None],
    *,
    reader: Callable[[Record], None],
    pulse: Callable[[int, Result], None] | None,
    asked: Callable[[], bool],
) -> Study | None:
    """What a noisy training has learned, on fresh noise and beside its comparisons; None without noise."""

    def retrain(other: Setup) -> np.ndarray | None:
        if asked():
            return None
        comparing(named(other.noise))
        repeated = follow(other, setup.iterations, reader=reader, pulse=pulse, asked=asked)
        return None if asked() or repeated.diverged else repeated.theta

    return study(setup, trained.theta, retrain)


def follow(
    setup: Setup,
    iterations: int,
    *,
    reader: Callable[[Record], None],
    pulse: Callable[[int, Result], None] | None = None,
    asked: Callable[[], bool],
    keeper: checkpoint.Keeper | None = None,
    begun: checkpoint.Checkpoint | None = None,
) -> Trained:
    """Train as the setup says, for so many iterations at most, from its start or from where a run had ``begun``.

    Nothing is written but what a ``keeper`` keeps.
    """
    history, best = (History(), setup.theta) if begun is None else (begun.history, begun.best)

    def boundary(snapshot: Callable[[], Snapshot]) -> None:
        if keeper is not None:
            keeper.look(snapshot, history, best)

    stream = train(
        setup.objective, setup.theta, setup.schedule, iterations=iterations, batch_size=setup.spec.batch_size,
        rng=setup.rng, stop=replace(setup.stop, asked=asked), pulse=pulse,
        resume=None if begun is None else begun.snapshot, boundary=boundary,
        draw=setup.draw, redraw=None if setup.draw is None else setup.spec.redraw, counted=Batch(setup.dataset.x),
    )  # fmt: skip
    for record in stream:
        history.add(record)
        if history.best is record and record.theta is not None:
            best = record.theta
        reader(record)
    return Trained(history, best)


def _of_resuming(begun: checkpoint.Checkpoint | None, keeper: checkpoint.Keeper) -> list[str]:
    """What is to be noted of a run that was resumed, or could not be."""
    notes = [keeper.trouble] if keeper.trouble else []
    if begun is not None:
        notes.append(f"Resumed after iteration {begun.snapshot.iteration}.")
        if begun.elsewhere:
            notes.append(f"Resumed elsewhere, so bytes may differ: {'; '.join(begun.elsewhere)}.")
    return notes


def conclude(
    folder: RunFolder,
    setup: Setup,
    trained: Trained,
    notes: Sequence[str] = (),
    more: dict[str, Any] | None = None,
    denoised: Study | None = None,
) -> Outcome:
    """Write all files of the run folder but the report's, with further notes and ``more`` entries of the result."""
    result, machine = _result(setup, trained.history) | (more or {}), describe_machine()
    if (evidence := generative.measured(setup, trained.theta)) is not None:
        result["evidence"] = evidence
    if denoised is not None:
        result["denoising"] = denoised.own
        notes = [*notes, denoised.note]
    result["notes"] = [*notes, *result["notes"]]
    model = Model(setup.network, trained.theta, _about(setup, result, machine["versions"]))
    _write(folder, setup, trained.history, model, result, machine, denoised)
    return Outcome(folder, trained.history, model, result)


def compile_kernels(setup: Setup) -> None:
    """Evaluate once, and where kernels have yet to compile take two steps of each solver, and throw it all away.

    So neither the compiler nor what is loaded on first use is on the training's clock.
    """
    compiled = is_compiled()
    with suppress(NonFiniteError):  # the training will say it better
        with np.errstate(all="ignore"):
            setup.objective.fun_and_jac(setup.theta)
        if compiled:
            return
        for solver in setup.schedule.solvers:
            if isinstance(solver, OURS):  # SciPy's own are compiled already, and some have long steps
                solver.solve(setup.objective, setup.theta, maxiter=2)


def _write(
    folder: RunFolder,
    setup: Setup,
    history: History,
    model: Model,
    result: dict[str, Any],
    machine: dict[str, Any],
    denoised: Study | None,
) -> None:
    def text(path: Path, content: str) -> None:
        write_aside(path, lambda aside: aside.write_text(content, encoding="utf-8"))

    def arrays(aside: Path) -> None:
        with aside.open("wb") as file:
            more = {} if denoised is None else denoised.arrays
            np.savez_compressed(file, **_arrays(setup, model), **more)  # type: ignore[arg-type]

    text(folder.spec, setup.spec.to_toml())
    history.write(folder.records)
    save(model, folder.model)
    text(folder.machine, json.dumps(machine, indent=1, ensure_ascii=False))
    write_aside(folder.arrays, arrays)
    if denoised is not None:
        text(folder.denoising, json.dumps(denoised.table, indent=1, ensure_ascii=False))
    text(folder.result, json.dumps(result, indent=1, ensure_ascii=False))


def _about(setup: Setup, result: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """What the model file says of the data it learned, and of how."""
    dataset, spec = setup.dataset, setup.spec
    # a file's description has an end: names of a great many rows are left out
    few = sum(map(len, dataset.labels)) <= LABELS
    return {
        "dataset": dataset.name,
        "about": dataset.about,
        "kind": dataset.kind,
        "rows": len(dataset.x),
        "labels": list(dataset.labels) if few else [],
        "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        "binary": is_binary(dataset.x),
        "loss": spec.loss,
        "l2": spec.l2,
        "trained": {name: result[name] for name in _TOLD},
        "solvers": [solver.name for solver in setup.schedule.solvers],
        "versions": versions,
    }


def _result(setup: Setup, history: History) -> dict[str, Any]:
    dataset, network, best, last = setup.dataset, setup.network, history.best or history[0], history[-1]
    rows, code = len(dataset.x), network.latent_dim
    noun = {"image": "letters" if dataset.name.startswith("font") else "images", "circles": "circles"}
    return {
        "title": f"{rows} {noun.get(dataset.kind, 'rows')} through {code} number{'s' if code > 1 else ''}",
        "command": setup.asked.command(),
        "dataset": {
            "name": dataset.name,
            "about": dataset.about,
            "kind": dataset.kind,
            "rows": rows,
            "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        },
        "labels": list(dataset.labels),
        "layers": [
            {
                "part": name.partition(".")[0],
                "name": name,
                "kind": layer.kind,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "activation": str(layer.activation),
                "parameters": sum(int(np.prod(shape)) for _, shape in layer.parameters()),
            }
            for name, layer in network.named_layers()
        ],
        "latent_dim": code,
        "parameters": network.size,
        "binary": is_binary(dataset.x),
        "stop": last.stop,
        "best_iteration": best.iteration,
        "loss": best.loss,
        "parts": best.parts,
        "wrong_pixels": best.wrong_pixels,
        "worst_row": best.worst_row,
        "seconds": last.seconds,
        "evaluations": last.evaluations,
        "notes": _notes(setup, best),
        "interrupted": last.stop == INTERRUPTED,
    }


def _notes(setup: Setup, best: Record) -> list[str]:
    """What to try where the outcome is not perfect; advice from measurements, see README."""
    if not best.wrong_pixels or setup.noise is not None:
        return []  # the advice is on clean rows
    spec, notes = setup.spec, []
    if spec.loss == "squared-error":
        notes.append("Squared error stalls where outputs saturate: try --output logistic --loss cross-entropy.")
    if spec.init == "gaussian":
        notes.append("Weights drawn alike for every layer saturate wide ones: try --init fan-in.")
    if spec.carry == "reset":
        notes.append("A memory emptied at each burst never learns the curvature: try --carry keep.")
    if spec.guard is False:
        notes.append("One unguarded gradient step can undo a burst: try --guard.")
    if spec.restarts is None or spec.restarts == 1:
        notes.append(f"Another start may do better: try --seed {spec.seed + 1}, or --restarts 8 for the best of eight.")
    return notes


def _arrays(setup: Setup, model: Model) -> dict[str, np.ndarray]:
    """What the pictures of the report show."""
    dataset, rng = setup.dataset, np.random.default_rng(setup.spec.seed)
    x = dataset.x
    codes = model.encode(x)
    arrays = {"input": x, "target": x, "output": model.decode(codes), "codes": codes}
    new = latent.far_codes(codes, NEW_CODES, rng)
    if dataset.kind == "circles" and codes.shape[1] == 2:
        new = np.concatenate([np.array(CIRCLE_CODES), new[: NEW_CODES - len(CIRCLE_CODES)]])
    names = ["(" + ", ".join(f"{number:.2f}" for number in code[:3]) + ")" for code in new]
    arrays |= {"new_codes": new, "new_output": model.decode(new), "new_names": np.array(names)}
    if codes.shape[1] >= 2:
        plane_x, plane_y, plane = latent.grid(codes, GRID)
        arrays |= {"plane_x": plane_x, "plane_y": plane_y, "plane_output": model.decode(plane)}
    if len(x) > 1:
        steps = latent.walk(codes[0], codes[-1], WALK)
        ends = np.array([dataset.labels[0], dataset.labels[-1]])
        arrays |= {"walk_names": ends, "walk_codes": steps, "walk_output": model.decode(steps)}
    return arrays | generative.arrays(dataset, model, rng)
