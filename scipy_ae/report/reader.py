"""Run: everything that a run folder says, read and checked once, before a line is drawn."""

import tomllib
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.records import History, RunFolder
from scipy_ae.report.decoder import DecoderLayer, read_decoder
from scipy_ae.report.denoised import Denoised, read_denoised
from scipy_ae.report.film import Film, read_film
from scipy_ae.report.generated import Means, read_evidence, read_means
from scipy_ae.report.image_reader import Images, read_images
from scipy_ae.report.layer_reader import Layer, read_layer
from scipy_ae.report.parsing import arrays_of, checked, parse, parsed

#: What ``result.json`` must hold, and of which types.
RESULT: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "command": (str,),
    "dataset": (dict,),
    "labels": (list,),
    "layers": (list,),
    "latent_dim": (int,),
    "parameters": (int,),
    "binary": (bool,),
    "stop": (str,),
    "best_iteration": (int,),
    "loss": (float, int, type(None)),
    "parts": (dict,),
    "wrong_pixels": (int, type(None)),
    "worst_row": (int, type(None)),
    "seconds": (float, int, type(None)),
    "evaluations": (int,),
    "notes": (list,),
    "interrupted": (bool,),
}
DATASET: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "about": (str,),
    "kind": (str,),
    "rows": (int,),
    "image_shape": (list, type(None)),
}
START: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "rung": (int,),
    "iterations": (int,),
    "loss": (float, int, type(None)),
    "wrong_pixels": (int, type(None)),
    "seconds": (float, int),
    "stop": (str,),
}
#: What the result of an image task may leave out, and what it means there.
NO_ROWS = {"labels": [], "latent_dim": 0, "binary": False, "wrong_pixels": None, "worst_row": None, "notes": []}
KINDS = ("image", "circles", "table")


@dataclass(frozen=True)
class DecodedPlane:
    """The decoder over the plane of the first two code numbers.

    ``x`` and ``y``, both (k,), ascend; ``output`` is (k * k, p), row by row from the top (largest ``y``) down.
    """

    x: np.ndarray
    y: np.ndarray
    output: np.ndarray


@dataclass(frozen=True)
class Points:
    """Codes (m, d) that no row of the data has, what the decoder makes of them (m, p), and their names."""

    codes: np.ndarray
    output: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Starts:
    """The starts of which the run is the best: ``rows`` as ``starts.json`` has them, by seed."""

    winner: int
    halving: bool
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Split:
    """Rows by part ("train", "validation", "test"), and the losses without penalties on those held out."""

    rows: dict[str, int]
    loss: dict[str, float]


@dataclass(frozen=True)
class Run:
    """One finished (or interrupted) run; arrays are (n, p) for n rows of p values and codes (n, d).

    After an image task (``images``) the arrays may hold no row, and rows of ``input`` may have another length.
    """

    name: str
    title: str
    command: str
    dataset: str
    about: str
    kind: str
    image_shape: tuple[int, int] | None
    labels: tuple[str, ...]
    layers: tuple[Layer, ...]
    parameters: int
    binary: bool
    stop: str
    interrupted: bool
    best_iteration: int
    loss: float
    parts: dict[str, float | None]
    seconds: float
    evaluations: int
    notes: tuple[str, ...]
    history: History
    spec: dict[str, Any]
    machine: dict[str, Any]
    input: np.ndarray
    target: np.ndarray
    output: np.ndarray
    codes: np.ndarray
    plane: DecodedPlane | None
    new: Points | None
    walk: Points | None
    starts: Starts | None = None
    denoised: Denoised | None = None
    means: Means | None = None
    prior: Points | None = None
    evidence: dict[str, Any] | None = None
    decoder: tuple[DecoderLayer, ...] = ()
    film: Film | None = None
    split: Split | None = None
    images: Images | None = None

    @property
    def latent_dim(self) -> int:
        return self.codes.shape[1]

    @property
    def channels(self) -> int:
        """Planes of pixels in a row of the targets: 3 in colour."""
        return 1 if self.images is None else self.images.target_shape[0]

    @property
    def wrong_known(self) -> bool:
        """Whether the training counted wrong pixels."""
        return any(record.wrong_pixels is not None for record in self.history)


def read(folder: RunFolder | str | Path) -> Run:
    """Read a run folder; what is missing or damaged is one :class:`~scipy_ae.errors.InputError` with its name."""
    folder = folder if isinstance(folder, RunFolder) else RunFolder(Path(folder))
    if not folder.path.is_dir():
        raise InputError(f"no run folder '{folder.path}'")
    images = read_images(folder.images, folder.image_arrays)
    result = parsed(folder.result)
    if images is not None:
        result = NO_ROWS | result
    checked(result, RESULT, f"'{folder.result}'")
    checked(result["dataset"], DATASET, f"'{folder.result}', dataset")
    history = History.read(folder.records)
    if len(history) == 0:
        raise InputError(f"'{folder.records}' holds no record: the run has nothing to report")
    arrays = _arrays(folder, images)
    dataset = result["dataset"]
    shape = dataset["image_shape"] if images is None else images.target_shape[1:]
    run = Run(
        name=folder.path.resolve().name,
        title=result["title"],
        command=result["command"],
        dataset=dataset["name"],
        about=dataset["about"],
        kind=dataset["kind"],
        image_shape=None if shape is None else (int(shape[0]), int(shape[1])),
        labels=tuple(str(label) for label in result["labels"]),
        layers=tuple(read_layer(layer, f"'{folder.result}', layers") for layer in result["layers"]),
        parameters=result["parameters"],
        binary=result["binary"],
        stop=result["stop"],
        interrupted=result["interrupted"],
        best_iteration=result["best_iteration"],
        loss=_number(result["loss"]),
        parts=result["parts"],
        seconds=_number(result["seconds"]),
        evaluations=result["evaluations"],
        notes=tuple(str(note) for note in result["notes"]),
        history=history,
        spec=parse(folder.spec, tomllib.loads, "a TOML file"),
        machine=parsed(folder.machine),
        plane=_plane(arrays),
        new=_points(arrays, "new"),
        walk=_points(arrays, "walk"),
        starts=_starts(folder.starts),
        means=read_means(arrays, folder.arrays),
        prior=_points(arrays, "prior"),
        evidence=read_evidence(result, folder.result),
        denoised=read_denoised(folder.denoising, arrays),
        decoder=read_decoder(folder.model),
        film=None,  # needs the rest
        split=_split(result, folder.result),
        images=images,
        **{name: arrays[name] for name in ("input", "target", "output", "codes")},
    )
    _check_shapes(run, folder)
    return replace(run, film=read_film(folder.film, run)) if len(run.codes) else run


def _number(value: float | None) -> float:
    """A JSON number; null, which stands for one that is not finite, becomes NaN."""
    return float("nan") if value is None else float(value)


def _arrays(folder: RunFolder, images: Images | None) -> dict[str, np.ndarray]:
    """The arrays of the rows; an image task may have none, and its pages do without what they are drawn from."""
    if images is not None and not folder.arrays.exists():
        size = int(np.prod(images.target_shape))
        widths = {
            "input": int(np.prod(images.input_shape)),
            "target": size,
            "output": size,
            "codes": images.code.values,
        }
        return {name: np.empty((0, width)) for name, width in widths.items()}
    return arrays_of(folder.arrays, ("input", "target", "output", "codes"))


def _plane(arrays: dict[str, np.ndarray]) -> DecodedPlane | None:
    if "plane_output" not in arrays:
        return None
    return DecodedPlane(arrays.get("plane_x", np.empty(0)), arrays.get("plane_y", np.empty(0)), arrays["plane_output"])


def _starts(path: Path) -> Starts | None:
    if not path.exists():
        return None
    table = parsed(path)
    checked(table, {"winner": (int,), "halving": (bool,), "starts": (list,)}, f"'{path}'")
    for row in table["starts"]:
        checked(row, START, f"'{path}', starts")
    return Starts(table["winner"], table["halving"], tuple(table["starts"]))


def _split(result: dict[str, Any], path: Path) -> Split | None:
    """How the rows were divided, where they were."""
    if "split" not in result:
        return None
    checked(result, {"split": (dict,)}, f"'{path}'")
    split = result["split"]
    checked(split, {"rows": (dict,), "loss": (dict,)}, f"'{path}', split")
    for part in split["rows"]:
        checked(split["rows"], {part: (int,)}, f"'{path}', split, rows")
    for part in split["loss"]:
        checked(split["loss"], {part: (float, int, type(None))}, f"'{path}', split, loss")
    return Split(split["rows"], {part: _number(value) for part, value in split["loss"].items()})


def _points(arrays: dict[str, np.ndarray], group: str) -> Points | None:
    output = arrays.get(f"{group}_output")
    if output is None or len(output) == 0:
        return None
    names = tuple(str(name) for name in arrays.get(f"{group}_names", ()))
    return Points(arrays.get(f"{group}_codes", np.empty((0, 0))), output, names)


def _check_shapes(run: Run, folder: RunFolder) -> None:
    """Every array fits the others, the labels and the picture's shape."""
    if run.kind not in KINDS:
        raise InputError(f"'{folder.result}': the dataset's kind is '{run.kind}', not one of {', '.join(KINDS)}")
    if not run.layers:
        raise InputError(f"'{folder.result}' names no layers")
    if run.images is not None and not any(map(len, (run.input, run.target, run.output, run.codes))):
        return
    n, p = run.output.shape if run.output.ndim == 2 else (0, 0)
    p_in = p if run.images is None else int(np.prod(run.images.input_shape))
    plane, new, walk = run.plane, run.new, run.walk
    wanted = [
        ("output", run.output, (n, p)),
        ("target", run.target, (n, p)),
        ("input", run.input, (n, p_in)),
        ("codes", run.codes, (n, run.codes.shape[-1])),
    ]
    if plane is not None:
        wanted.append(("plane_output", plane.output, (len(plane.x) * len(plane.y), p)))
    for group, points in (("new", new), ("walk", walk), ("prior", run.prior)):
        if points is not None:
            wanted.append((f"{group}_output", points.output, (len(points.output), p)))
            wanted.append((f"{group}_codes", points.codes, (len(points.output), run.codes.shape[-1])))
    for name, array, shape in wanted:
        # a task whose outputs take more than a code has no rows here: images.npz holds what it shows
        if array.shape != shape or (array.size == 0 and run.images is None):
            raise InputError(
                f"'{folder.arrays}': the array '{name}' has shape {array.shape}, which does not fit the others"
            )
    if len(run.labels) != n:
        raise InputError(f"'{folder.result}' has {len(run.labels)} labels for {n} rows in '{folder.arrays}'")
    if new is not None and len(new.names) != len(new.output):
        raise InputError(f"'{folder.arrays}': {len(new.names)} new_names for {len(new.output)} rows of new_output")
    if walk is not None and len(walk.names) != 2:
        raise InputError(f"'{folder.arrays}': walk_names must be the two ends of the walk")
    if run.kind == "image" and (run.image_shape is None or prod(run.image_shape) * run.channels != p):
        raise InputError(f"'{folder.result}': image_shape {run.image_shape} does not fit rows of {p} values")
    if run.kind == "circles" and p % 2:
        raise InputError(f"'{folder.arrays}': circles need pairs x, y, but a row has {p} values")
    ends = [run.decoder[0].input_shape, run.decoder[-1].output_shape] if run.decoder else []
    if ends and [prod(shape) for shape in ends] != [run.latent_dim, p]:
        raise InputError(
            f"'{folder.model}' and '{folder.arrays}' are not of one run: the decoder does not fit codes and outputs"
        )
