"""Outcome: what a training came to, and how a run folder tells it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import latent
from scipy_ae.baselines import evenly
from scipy_ae.datasets import Dataset
from scipy_ae.experiments import generative, image_setup
from scipy_ae.experiments.denoise import Study
from scipy_ae.experiments.film import Film
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.setup import Setup
from scipy_ae.metrics import is_binary
from scipy_ae.network import Network
from scipy_ae.persistence import Model, save
from scipy_ae.records import History, Record, RunFolder, finite, write_aside
from scipy_ae.training import DIVERGED, INTERRUPTED

#: The latent points from which the study draws its new circles.
CIRCLE_CODES = ((-0.8, 0.8), (0.7, -0.7), (0.0, 0.0), (0.2, -0.2))
NEW_CODES, GRID, WALK = 8, 15, 9
#: Rows of a task on images whose codes are shown, at most.
SHOWN_IMAGES = 120
#: A code of more numbers is told of by the explorer alone: a plane of two of them, or codes far from all, mean little.
LONGEST_CODE = 12
#: What tasks without a code worth telling of have done to the images.
_DONE = {
    "denoise": "freed of noise", "colorize": "coloured", "unwatermark": "freed of a watermark",
    "super-resolution": "enlarged",
}  # fmt: skip
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
    """A training that ended: its records, the theta of the best of them, and its film, if one was made."""

    history: History
    theta: np.ndarray
    film: Film | None = None

    @property
    def diverged(self) -> bool:
        return self.history[-1].stop.startswith(DIVERGED)

    @property
    def best(self) -> Record:
        return self.history.best or self.history[0]


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
    if setup.data.divided:
        result["split"] = _split(setup, trained.theta)
    if (evidence := generative.measured(setup, trained.theta)) is not None:
        result["evidence"] = evidence
    if denoised is not None:
        result["denoising"] = denoised.own
        notes = [*notes, denoised.note]
    result["notes"] = [*notes, *result["notes"]]
    network = image_setup.normalised(setup, setup.network, trained.theta)
    model = Model(network, trained.theta, _about(setup, result, machine["versions"]))
    model = image_setup.quantised(setup, model)
    if (pictures := image_setup.pictures(setup, model)) is not None:
        pictures.write(folder)
    if trained.film is not None:
        trained.film.write(folder.film)
    _write(folder, setup, trained.history, model, result, machine, denoised)
    return Outcome(folder, trained.history, model, result)


def supplement(folder: RunFolder, denoised: Study) -> None:
    """Add to the folder of a finished run what was found out about fresh noise afterwards."""
    result = json.loads(folder.result.read_text(encoding="utf-8"))
    result |= {"denoising": denoised.own, "notes": [denoised.note, *result["notes"]]}
    with np.load(folder.arrays) as file:
        held = {name: file[name] for name in file.files} | denoised.arrays
    _write_arrays(folder.arrays, held)
    _write_json(folder.denoising, denoised.table)
    _write_json(folder.result, result)


def _write(
    folder: RunFolder,
    setup: Setup,
    history: History,
    model: Model,
    result: dict[str, Any],
    machine: dict[str, Any],
    denoised: Study | None,
) -> None:
    write_aside(folder.spec, partial(Path.write_text, data=setup.spec.to_toml(), encoding="utf-8"))
    history.write(folder.records)
    save(model, folder.model)
    _write_json(folder.machine, machine)
    _write_arrays(folder.arrays, _arrays(setup, model) | ({} if denoised is None else denoised.arrays))
    if denoised is not None:
        _write_json(folder.denoising, denoised.table)
    _write_json(folder.result, result)


def _write_json(path: Path, table: dict[str, Any]) -> None:
    text = json.dumps(table, indent=1, ensure_ascii=False)
    write_aside(path, partial(Path.write_text, data=text, encoding="utf-8"))


def _write_arrays(path: Path, held: dict[str, Any]) -> None:
    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez_compressed(file, **held)

    write_aside(path, write)


def _about(setup: Setup, result: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """What the model file says of the data it learned, and of how."""
    dataset, spec = setup.dataset, setup.spec
    # a file's description has an end: names of a great many rows are left out
    few = sum(map(len, dataset.labels)) <= LABELS
    return {
        "dataset": dataset.name,
        "about": dataset.about,
        "kind": dataset.kind,
        "rows": setup.data.rows["train"],
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
    rows, code = setup.data.rows["train"], network.latent_dim
    shown = shown_rows(setup)
    letters = dataset.name.startswith("font") and setup.data.task is None
    noun = {"image": "letters" if letters else "images", "circles": "circles"}
    return {
        "title": f"{rows} {noun.get(dataset.kind, 'rows')} {_done(setup)}",
        "command": setup.asked.command(),
        "dataset": {
            "name": dataset.name,
            "about": dataset.about,
            "kind": dataset.kind,
            "rows": rows,
            "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        },
        "labels": list(shown.labels) if shown is not None else [],
        "layers": _layers(network),
        "latent_dim": code,
        "parameters": network.size,
        "binary": is_binary(dataset.x),
        "stop": last.stop,
        "best_iteration": best.iteration,
        "loss": best.loss,
        "parts": best.parts,
        "wrong_pixels": best.wrong_pixels,
        "worst_row": best.worst_row,
        "validation": best.validation,
        "seconds": last.seconds,
        "evaluations": last.evaluations,
        "notes": _notes(setup, best),
        "interrupted": last.stop == INTERRUPTED,
    }


def _done(setup: Setup) -> str:
    """What was done to the rows, as the title says it."""
    if setup.data.task is not None and setup.data.task.name in _DONE:
        return _DONE[setup.data.task.name]
    code = setup.network.latent_dim
    return f"through {code} number{'s' if code > 1 else ''}"


def _layers(network: Network) -> list[dict[str, Any]]:
    """What the report draws of each layer."""
    shapes, made = network.shapes, []
    for (name, layer), inside, outside in zip(network.named_layers(), shapes, shapes[1:]):
        row = {
            "part": name.partition(".")[0],
            "name": name,
            "kind": layer.kind,
            "inputs": prod(inside),
            "outputs": layer.outputs if layer.kind == "dense" else prod(outside),
            "activation": str(layer.activation),
            "parameters": sum(prod(shape) for _, shape in layer.parameters()),
        }
        if network.on_images:
            row |= {"text": layer.text, "input_shape": list(inside), "output_shape": list(outside)}
        made.append(row)
    return made


def _split(setup: Setup, theta: np.ndarray) -> dict[str, Any]:
    """Rows of each part, and the losses without penalties on those held out, test rows among them."""
    with np.errstate(all="ignore"):
        losses = {
            name: setup.objective.without_penalties(batch).fun(theta)
            for name, batch in (("validation", setup.validation), ("test", setup.test))
            if batch is not None
        }
    return {"rows": setup.data.rows, "grouped": setup.data.grouped_by is not None, "loss": finite(losses)}


def _notes(setup: Setup, best: Record) -> list[str]:
    """What to try where the outcome is not perfect; advice from measurements, see README."""
    if not best.wrong_pixels or setup.noise is not None or setup.data.task is not None:
        return []  # the advice is on clean letters and the published run
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


def shown_rows(setup: Setup) -> Dataset | None:
    """The rows whose codes the report shows: all, some of a task's, or None where outputs take more than a code."""
    if setup.data.task is None:
        return setup.dataset
    if setup.data.task.name != "compress":
        return None
    return setup.dataset.rows(evenly(len(setup.dataset.x), SHOWN_IMAGES))


def _arrays(setup: Setup, model: Model) -> dict[str, np.ndarray]:
    """What the pictures of the report show."""
    dataset, rng = shown_rows(setup), np.random.default_rng(setup.spec.seed)
    if dataset is None:
        nothing = {"input": setup.network.inputs, "target": setup.network.outputs, "output": setup.network.outputs}
        return {name: np.empty((0, width)) for name, width in (nothing | {"codes": setup.network.latent_dim}).items()}
    x = dataset.x
    codes = model.encode(x)
    arrays = {"input": x, "target": x, "output": model.decode(codes), "codes": codes}
    if setup.data.task is None or codes.shape[1] <= LONGEST_CODE:
        arrays |= _between(dataset, model, codes, rng)
    if len(x) > 1:
        steps = latent.walk(codes[0], codes[-1], WALK)
        ends = np.array([dataset.labels[0], dataset.labels[-1]])
        arrays |= {"walk_names": ends, "walk_codes": steps, "walk_output": model.decode(steps)}
    return arrays | generative.arrays(dataset, model, rng)


def _between(dataset: Dataset, model: Model, codes: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Codes that no row has, far from all and over the plane of the first two numbers, decoded."""
    new = latent.far_codes(codes, NEW_CODES, rng)
    if dataset.kind == "circles" and codes.shape[1] == 2:
        new = np.concatenate([np.array(CIRCLE_CODES), new[: NEW_CODES - len(CIRCLE_CODES)]])
    names = ["(" + ", ".join(f"{number:.2f}" for number in code[:3]) + ")" for code in new]
    arrays = {"new_codes": new, "new_output": model.decode(new), "new_names": np.array(names)}
    if codes.shape[1] >= 2:
        plane_x, plane_y, plane = latent.grid(codes, GRID)
        arrays |= {"plane_x": plane_x, "plane_y": plane_y, "plane_output": model.decode(plane)}
    return arrays
