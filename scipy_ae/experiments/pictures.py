"""What a finished model makes of images, beside baselines: the run's ``images.json`` and ``images.npz``.

The network comes in as functions alone: from rows to rows, and from one row to the maps behind its layers.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae import metrics
from scipy_ae.baselines import JPEG, PCA, Baseline, Bicubic, Grey, Median, evenly
from scipy_ae.corruptions.images import Shape
from scipy_ae.errors import InputError
from scipy_ae.records import RunFolder, write_aside
from scipy_ae.tasks import Task

#: Rows of a part that are measured at most, at even distances, and rows that the network sees at once.
MOST_MEASURED, AT_ONCE = 1000, 250
#: Images shown; layers whose maps are shown, and maps of each.
MOST_SHOWN, MOST_LAYERS, MOST_MAPS = 10, 8, 16
#: The parts of the data, that which says most of unseen images last.
PARTS = ("train", "validation", "test")
#: What a task is to be better than, and by how many decibels.
GOALS = {
    "compress": ("pca", 0.0), "denoise": ("median", 0.0), "colorize": ("grey", 0.0), "unwatermark": ("input", 10.0),
    "super-resolution": ("bicubic", 1.0),
}  # fmt: skip

#: From inputs (n, p) to outputs (n, q).
Reconstruct = Callable[[np.ndarray], np.ndarray]
#: From one input (1, p) to the names of layers and what is behind each, (channels, h, w).
Features = Callable[[np.ndarray], Sequence[tuple[str, np.ndarray]]]


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the data: inputs (n, p), targets (n, q), and the number of each row in the dataset, (n,)."""

    x: np.ndarray
    target: np.ndarray
    rows: np.ndarray

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.target) == len(self.rows) or not len(self.x):
            raise InputError(
                f"part: {len(self.x)} inputs, {len(self.target)} targets and {len(self.rows)} row numbers are not"
                " accepted; as many of each, and at least one, are"
            )

    def evenly(self, most: int) -> "Part":
        """At most so many of its rows, at even distances."""
        index = evenly(len(self.x), most)
        return Part(*(np.asarray(values[index]) for values in (self.x, self.target, self.rows)))


@dataclass(frozen=True)
class Code:
    """What the bottleneck holds of an image: a shape, and the bits in which each of its values is kept."""

    shape: Shape
    value_bits: int = 32

    @property
    def values(self) -> int:
        return math.prod(self.shape)

    @property
    def bits(self) -> int:
        """Of a whole image."""
        return self.values * self.value_bits


@dataclass(frozen=True)
class Pictures:
    """``table`` is what ``images.json`` holds, ``arrays`` (float32) what ``images.npz`` does."""

    table: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def write(self, folder: RunFolder) -> None:
        """Both files, each aside and then renamed."""
        text = json.dumps(self.table, indent=1, allow_nan=False)

        def put(aside) -> None:
            held: dict[str, Any] = dict(self.arrays)
            with aside.open("wb") as file:
                np.savez_compressed(file, **held)

        write_aside(folder.image_arrays, put)
        write_aside(folder.images, lambda aside: aside.write_text(text, encoding="utf-8"))


def measure(
    task: Task,
    reconstruct: Reconstruct,
    parts: Mapping[str, Part],
    shapes: tuple[Shape, Shape],
    code: Code,
    *,
    labels: Sequence[str] | None = None,
    grouped_by: str | None = None,
    seed: int = 0,
    filters: tuple[str, np.ndarray] | None = None,
    features: Features | None = None,
) -> Pictures:
    """The quality of inputs, outputs and baselines on each part, and some held-out images from best to worst.

    Errors are of at most 1000 rows of a part, at even distances. ``psnr`` is that of the mean squared error of all of
    them, ``ssim`` the mean over images. Outputs are cut off at 0 and 1, as those of baselines are. A part's input is
    measured where it has the target's shape and is not the target.

    Parameters
    ----------
    task : Task
    reconstruct : callable
        Of the finished model; where a code is kept in fewer bits it rounds the code, too.
    parts : mapping of str to Part
        ``train``, and ``validation`` and ``test`` where there are such. Baselines learn from ``train`` alone, and
        choose by ``validation`` where it is there.
    shapes : (shape, shape)
        Of input and target, (c, h, w).
    code : Code
    labels : sequence of str, optional
        Of the rows of the dataset; their numbers where None.
    grouped_by : str, optional
        What never goes to two parts: "font", "photograph".
    seed : int
    filters : (str, ndarray of shape (out, in, k, k)), optional
        The first convolution: its name and weights.
    features : callable, optional

    Raises
    ------
    InputError
        No ``train``, a part of another name, or outputs of another shape than the targets.
    """
    _check(parts)
    baselines = _baselines(task, parts, shapes, code, seed)
    quality = []
    for held in (name for name in PARTS if name in parts):  # the last one is the held-out one
        part = parts[held].evenly(MOST_MEASURED)
        outputs = _outputs(task, reconstruct, baselines, part, shapes)
        kept = _kept(task, code, baselines)
        quality += [_quality(name, held, y, part.target, shapes[1]) | kept[name] for name, y in outputs.items()]
    chosen, examples = _examples(part, outputs["output"], labels)
    shown = {"input": part.x, "target": part.target, "output": outputs["output"]}
    shown |= {f"baseline_{one.name}": outputs[one.name] for one in baselines}
    seen = int(part.x[chosen].std(axis=1).argmax())  # a plain patch would show nothing on its way through the layers
    arrays, inside = _inside(filters, features, part.x[chosen[seen]][None])
    arrays |= {name: rows[chosen] for name, rows in shown.items()}
    table = {
        "task": task.name,
        "corruption": task.corruption,
        "input_shape": list(shapes[0]),
        "target_shape": list(shapes[1]),
        "code": _code(code, parts["train"], shapes[0]),
        "parts": {name: len(parts[name].x) for name in PARTS if name in parts},
        "measured": {name: min(len(parts[name].x), MOST_MEASURED) for name in PARTS if name in parts},
        "grouped_by": grouped_by,
        "quality": quality,
        "examples": {"part": held, **examples},
        "seen": seen,
        **_goal(task.name, held, quality),
        **inside,
    }
    return Pictures(table, {name: np.asarray(values, dtype=np.float32) for name, values in arrays.items()})


def _check(parts: Mapping[str, Part]) -> None:
    for name in parts:
        if name not in PARTS:
            raise InputError(f"parts: '{name}' is not accepted; {', '.join(PARTS)} are")
    if "train" not in parts:
        raise InputError("parts: there is no 'train', which is needed")


def _baselines(
    task: Task, parts: Mapping[str, Part], shapes: tuple[Shape, Shape], code: Code, seed: int
) -> list[Baseline]:
    """Those that a task is held beside; of pairs that came as files, those that fit their shapes."""
    given, wanted = shapes
    if task.name == "compress":
        pca = PCA(parts["train"].target, code.values, code.value_bits, seed)
        return [pca, JPEG(wanted, code.bits)] if wanted[0] in (1, 3) else [pca]
    if task.name == "denoise" and given == wanted:
        chooses = parts.get("validation", parts["train"]).evenly(MOST_MEASURED)
        return [Median(chooses.x, chooses.target, given)]
    if task.name == "super-resolution" and given[0] == wanted[0]:
        return [Bicubic(given, wanted)]
    if task.name == "colorize" and given == (1, *wanted[1:]):
        return [Grey(wanted[0])]
    return []


def _outputs(
    task: Task, reconstruct: Reconstruct, baselines: Sequence[Baseline], part: Part, shapes: tuple[Shape, Shape]
) -> dict[str, np.ndarray]:
    """What stands for the target of each row, by name: the input where it may, the output, the baselines."""
    found: dict[str, np.ndarray] = {}
    if shapes[0] == shapes[1] and task.name != "compress":
        found["input"] = part.x
    pieces = [reconstruct(part.x[k : k + AT_ONCE]) for k in range(0, len(part.x), AT_ONCE)]
    found["output"] = np.clip(np.concatenate(pieces), 0, 1)
    if found["output"].shape != part.target.shape:
        raise InputError(
            f"reconstruct: outputs of shape {found['output'].shape} are not accepted; {part.target.shape} is"
        )
    return found | {one.name: one.apply(part.x) for one in baselines}


def _quality(name: str, part: str, y: np.ndarray, target: np.ndarray, shape: Shape) -> dict[str, Any]:
    mse = float(np.square(np.subtract(y, target, dtype=np.float64)).mean())
    return {
        "name": name,
        "part": part,
        "mse": _finite(mse),
        "psnr": _finite(metrics.psnr(y, target)),
        "ssim": _finite(float(metrics.ssim(y, target, shape).mean())),
    }


def _kept(task: Task, code: Code, baselines: Sequence[Baseline]) -> dict[str, dict[str, Any]]:
    """By name the bits in which an image is kept, and what else a baseline tells of the images that it saw last."""
    own = code.bits if task.name == "compress" else None
    kept: dict[str, dict[str, Any]] = {"input": {"bits": None}, "output": {"bits": own}}
    return kept | {one.name: {"bits": one.bits, **one.notes} for one in baselines}


def _code(code: Code, train: Part, shape: Shape) -> dict[str, Any]:
    """The bottleneck in numbers, beside the images that go in; ``bits`` are those of a whole image."""
    pixel_bits = metrics.bits_per_value(train.evenly(MOST_MEASURED).x)
    ratio = metrics.compression_ratio(math.prod(shape), code.values, code.value_bits, pixel_bits)
    return {
        "values": code.values, "shape": list(code.shape), "bits": code.bits, "value_bits": code.value_bits,
        "pixel_bits": pixel_bits, "ratio": ratio,
    }  # fmt: skip


def _examples(part: Part, y: np.ndarray, labels: Sequence[str] | None) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows at even distances of error, best first, and what is told of them."""
    errors = np.square(np.subtract(y, part.target, dtype=np.float64)).mean(axis=1)
    chosen = np.argsort(errors, kind="stable")[evenly(len(errors), MOST_SHOWN)]
    rows = [int(row) for row in part.rows[chosen]]
    told = [str(row) if labels is None else str(labels[row]) for row in rows]
    return chosen, {"labels": told, "rows": rows, "mse": [_finite(float(error)) for error in errors[chosen]]}


def _inside(
    filters: tuple[str, np.ndarray] | None, features: Features | None, x: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Filters of the first convolution and maps behind layers for one image: arrays, and what they are."""
    arrays, about = dict[str, np.ndarray](), dict[str, Any]()
    if filters is not None:
        arrays["filters"] = filters[1]
        about["filters"] = {"layer": filters[0], "shape": list(filters[1].shape)}
    maps = [] if features is None else list(features(x))
    shown = [maps[k] for k in evenly(len(maps), MOST_LAYERS)] if maps else []
    if shown:
        about["features"] = []
    for number, (layer, values) in enumerate(shown):
        arrays[f"features_{number}"] = values[:MOST_MAPS]
        about["features"].append({"layer": layer, "shape": list(values.shape)})
    return arrays, about


def _goal(task: str, part: str, quality: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Whether the output is better than it has to be, in decibels, on the part that was held out."""
    if part == "train":
        return {}
    than, margin = GOALS[task]
    psnr = {one["name"]: one["psnr"] for one in quality if one["part"] == part}
    if psnr.get(than) is None or psnr["output"] is None:
        return {}
    found = psnr["output"] - psnr[than]
    met = found > margin if margin == 0 else found >= margin
    return {"goal": {"than": than, "measure": "psnr", "margin": margin, "found": found, "met": met, "part": part}}


def _finite(value: float) -> float | None:
    """For JSON, which knows no infinity."""
    return value if math.isfinite(value) else None
