"""Images: what a run folder holds of an image task, ``images.json`` and ``images.npz``, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, unknown
from scipy_ae.report.parsing import arrays_of, checked, parsed

TASKS = ("compress", "denoise", "colorize", "unwatermark", "super-resolution")
#: The parts of the data, the one to judge by first.
PARTS = ("test", "validation", "train")

_NUMBER: tuple[type, ...] = (int, float)
_MAYBE: tuple[type, ...] = (*_NUMBER, type(None))
TABLE: dict[str, tuple[type, ...]] = {
    "task": (str,),
    "corruption": (str, type(None)),
    "input_shape": (list,),
    "target_shape": (list,),
    "code": (dict,),
    "parts": (dict,),
    "grouped_by": (str, type(None)),
    "quality": (list,),
    "examples": (dict,),
}
CODE: dict[str, tuple[type, ...]] = {"values": (int,), "shape": (list,), "bits": _MAYBE, "ratio": _MAYBE}
SCORE: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "part": (str,),
    **dict.fromkeys(("mse", "psnr", "ssim", "bits"), _MAYBE),
}
EXAMPLES: dict[str, tuple[type, ...]] = {"labels": (list,), "rows": (list,)}
STAGE: dict[str, tuple[type, ...]] = {"layer": (str,), "shape": (list,)}

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Code:
    """What passes from encoder to decoder: ``bits`` a picture, ``ratio`` times fewer than the picture has."""

    values: int
    shape: Shape
    bits: float | None
    ratio: float | None


@dataclass(frozen=True)
class Score:
    """How near one thing (``"input"``, ``"output"`` or a baseline) comes to the targets of one part of the data.

    ``mse`` and ``ssim`` have no unit, ``psnr`` is in dB and infinite where nothing differs, ``bits`` are those of a
    picture. What was not measured is None.
    """

    name: str
    part: str
    mse: float | None
    psnr: float | None
    ssim: float | None
    bits: float | None


@dataclass(frozen=True)
class Stage:
    """What a layer makes of the example ``seen``, (channels, h, w)."""

    layer: str
    maps: np.ndarray


@dataclass(frozen=True)
class Images:
    """An image task. ``input`` is (m, p_in), ``target``, ``output`` and each baseline (m, p), best example first;
    ``filters`` (out, in, k, k) are those of the layer ``filters_of``, or None; ``stages`` are of example ``seen``."""

    task: str
    corruption: str
    input_shape: Shape
    target_shape: Shape
    code: Code
    parts: Mapping[str, int]
    grouped_by: str
    quality: tuple[Score, ...]
    labels: tuple[str, ...]
    input: np.ndarray
    target: np.ndarray
    output: np.ndarray
    baselines: Mapping[str, np.ndarray]
    filters: np.ndarray | None
    filters_of: str
    stages: tuple[Stage, ...]
    seen: int = 0

    @property
    def same_as_target(self) -> bool:
        """Whether what goes in is what is to come out."""
        return self.input.shape == self.target.shape and bool((self.input == self.target).all())

    def score(self, name: str, part: str) -> Score | None:
        """How near it comes on that part; None where it was not measured there."""
        return next((score for score in self.quality if (score.name, score.part) == (name, part)), None)


def read_images(path: Path, arrays: Path) -> Images | None:
    """Both files of an image task; None where there is neither, as after any other training.

    Raises
    ------
    InputError
        A file is missing or damaged, or the two do not belong together.
    """
    if not path.exists() and not arrays.exists():
        return None
    table = parsed(path)
    where = f"'{path}'"
    checked(table, TABLE, where)
    checked(table["code"], CODE, f"{where}, code")
    checked(table["examples"], EXAMPLES, f"{where}, examples")
    if table["task"] not in TASKS:
        raise InputError(f"{where}: {unknown('task', table['task'], TASKS)}")
    held = arrays_of(arrays, ("input", "target", "output"))
    code = table["code"]
    if code["ratio"] is not None and not 0 < code["ratio"] < np.inf:
        raise InputError(f"{where}, code: 'ratio' is {code['ratio']}; a finite number above 0 is accepted")
    filters, parts = table.get("filters"), _parts(table["parts"], where)
    images = Images(
        task=table["task"],
        corruption=table["corruption"] or "",
        input_shape=shape_of(table["input_shape"], f"{where}: 'input_shape'", 3),
        target_shape=shape_of(table["target_shape"], f"{where}: 'target_shape'", 3),
        code=Code(code["values"], shape_of(code["shape"], f"{where}: the code's shape"), code["bits"], code["ratio"]),
        parts=parts,
        grouped_by=table["grouped_by"] or "",
        quality=_quality(table["quality"], parts, where),
        labels=tuple(str(label) for label in table["examples"]["labels"]),
        input=held["input"],
        target=held["target"],
        output=held["output"],
        baselines={name.removeprefix("baseline_"): held[name] for name in held if name.startswith("baseline_")},
        filters=held.get("filters"),
        filters_of=str(filters.get("layer", "")) if isinstance(filters, dict) else "",
        stages=_stages(table.get("features") or [], held, where, arrays),
        seen=_seen(table.get("seen", 0), len(table["examples"]["labels"]), where),
    )
    _check_fit(images, path, arrays)
    return images


def shape_of(value: list[Any], where: str, length: int | None = None) -> Shape:
    """A shape from JSON: whole numbers above 0, ``length`` of them where that is given."""
    whole = all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in value)
    if not value or not whole or (length is not None and len(value) != length):
        raise InputError(f"{where} is {value!r}, but must be {length or 'some'} whole numbers above 0")
    return tuple(value)


def _parts(parts: dict[str, Any], where: str) -> dict[str, int]:
    for name, rows in parts.items():
        if name not in PARTS or not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
            raise InputError(f"{where}: parts has {name!r}: {rows!r}, but must count rows of {', '.join(PARTS)}")
    return {name: parts[name] for name in PARTS if parts.get(name)}


def _quality(rows: list[Any], parts: Mapping[str, int], where: str) -> tuple[Score, ...]:
    scores = []
    for row in rows:
        checked(row, SCORE, f"{where}, quality")
        if row["part"] not in PARTS:
            raise InputError(f"{where}, quality: {unknown('part', row['part'], PARTS)}")
        values = {key: None if row[key] is None else float(row[key]) for key in ("mse", "psnr", "ssim", "bits")}
        if values["mse"] == 0:  # JSON has no word for infinity
            values["psnr"] = float("inf")
        scores.append(Score(row["name"], row["part"], **values))
        if row["part"] not in parts:
            raise InputError(f"{where}, quality: there are no rows of '{row['part']}' in 'parts'")
    if not any(score.name == "output" for score in scores):
        raise InputError(f"{where}, quality: there is no row of the output")
    return tuple(scores)


def _stages(rows: list[Any], held: dict[str, np.ndarray], where: str, path: Path) -> tuple[Stage, ...]:
    stages = []
    for i, row in enumerate(rows):
        checked(row, STAGE, f"{where}, features")
        maps = held.get(f"features_{i}")
        if maps is None or maps.ndim != 3 or maps.size == 0:
            raise InputError(f"'{path}' has no array 'features_{i}' (channels, h, w) of {row['layer']}")
        stages.append(Stage(row["layer"], maps))
    return tuple(stages)


def _seen(number: Any, examples: int, where: str) -> int:
    """Which example the stages are of: the first where nothing is said."""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < max(1, examples):
        raise InputError(f"{where}: 'seen' is {number!r}, but must be the number of one of {examples} examples")
    return number


def _check_fit(images: Images, path: Path, arrays: Path) -> None:
    """Every array fits the shapes and the labels."""
    m, p, p_in = len(images.labels), int(np.prod(images.target_shape)), int(np.prod(images.input_shape))
    if m == 0:
        raise InputError(f"'{path}', examples: there is none")
    wanted = {"input": (images.input, p_in), "target": (images.target, p), "output": (images.output, p)}
    wanted |= {f"baseline_{name}": (rows, p) for name, rows in images.baselines.items()}
    for name, (rows, size) in wanted.items():
        if rows.shape != (m, size):
            raise InputError(f"'{arrays}': the array '{name}' has shape {rows.shape}, not {(m, size)} as '{path}' says")
    for key, shape in (("input_shape", images.input_shape), ("target_shape", images.target_shape)):
        if shape[0] not in (1, 3):
            raise InputError(f"'{path}': '{key}' has {shape[0]} channels; a picture is drawn with 1 or 3")
    if images.filters is not None and (images.filters.ndim != 4 or images.filters.size == 0):
        raise InputError(f"'{arrays}': the array 'filters' has shape {images.filters.shape}, not (out, in, k, k)")
