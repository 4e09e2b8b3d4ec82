"""Spec: all that a run is asked to do, as one flat table that TOML can hold."""

import json
import re
import shlex
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from scipy_ae.errors import InputError, unknown
from scipy_ae.experiments.fields import LEAST, check_range, check_type, one_of, option
from scipy_ae.experiments.refusals import refuse_idle_rows
from scipy_ae.quantiser import MOST_BITS
from scipy_ae.tasks import Task


@dataclass(frozen=True)
class Spec:
    """The settings of a run. None means 'not given': :meth:`Spec.resolved` fills it in by the dataset and by the rest.

    Each field is an option of ``scipy-ae train`` of the same name (``solver_options`` is ``--solver-option``).
    """

    dataset: str = "font2"
    letters: str | None = None
    validation: float | None = None
    test: float | None = None
    mapped: bool | None = None
    layers: str | None = None
    activation: str = "tanh"
    output: str | None = None
    code: str | None = None
    beta: float = 1.0
    loss: str | None = None
    l2: float = 1e-4
    l1: float | None = None
    kl: float | None = None
    rho: float | None = None
    sparse_layers: str | None = None
    contractive: float | None = None
    probes: int | None = None
    variational: bool | None = None
    kl_beta: float | None = None
    draws: int | None = None
    init: str | None = None
    std: float | None = None
    solver: str | None = None
    solver_options: tuple[str, ...] = ()
    every: int | None = None
    burst: int | None = None
    between: str | None = None
    eta: float | None = None
    carry: str | None = None
    guard: bool | None = None
    schedule: str | None = None
    iterations: int | None = None
    batch_size: int | None = None
    burst_rows: int | None = None
    burst_growth: float | None = None
    noise: str | None = None
    copies: int | None = None
    redraw: str | None = None
    compare: str | None = None
    target_loss: float | None = None
    target_pixels: int | None = None
    gtol: float | None = None
    seconds: float | None = None
    patience: int | None = None
    precision: str | None = None
    seed: int = 0
    restarts: int | None = None
    halving: bool | None = None
    task: str | None = None
    watermark: str | None = None
    opacity: float | None = None
    place: str | None = None
    factor: int | None = None
    downscale: str | None = None
    code_bits: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            check_type(field.name, getattr(self, field.name), field.type)
            if field.name in LEAST:
                check_range(field.name, getattr(self, field.name))
        one_of("carry", self.carry, ("keep", "reset"))
        one_of("redraw", self.redraw, REDRAW)
        one_of("precision", self.precision, ("float64", "float32"))
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.schedule is not None:
            for name in ("solver", *OF_ALTERNATION, "iterations"):
                if getattr(self, name) is not None:
                    raise InputError(
                        f"{name} and schedule contradict each other: a schedule names its solvers and steps"
                    )
        if self.every == 0:
            for name in ("burst", "carry", "solver_options"):
                if getattr(self, name):
                    raise InputError(f"{option(name)} and every 0 contradict each other: there are no bursts then")
        if self.every == 1:
            for name in ("between", "batch_size"):
                if getattr(self, name) is not None:
                    raise InputError(
                        f"{option(name)} and every 1 contradict each other: every iteration is a burst then"
                    )

        for name, owners in OF_TERMS.items():
            if getattr(self, name) is not None and not any(getattr(self, owner) for owner in owners):
                raise InputError(
                    f"{option(name)}: it is for {' or '.join(map(option, owners))}, which is not asked for here"
                )
        if self.rho is not None and self.rho >= 1:
            raise InputError(f"rho: {self.rho} is not accepted; a number above 0 and below 1 is")
        self._refuse_idle_noise()
        refuse_idle_rows(self, preset=(self.task or self.implied) is not None)
        self._refuse_without_task()
        if (self.restarts or 1) < 2 and self.halving is not None:
            raise InputError("halving: it is for restarts, and there is one start; restarts of at least 2 are accepted")
        if (self.restarts or 1) > 1 and self.std == 0:
            raise InputError("restarts and std 0 contradict each other: all starts are the same then")

    def _refuse_idle_noise(self) -> None:
        """What is said of noise where there is none, and fresh noise for bursts or steps that nobody makes."""
        for name in ("copies", "compare"):
            if self.noise is None and getattr(self, name) is not None:
                raise InputError(f"{name}: it is for noisy training, and no noise was asked for; give noise too")
        if self.redraw is not None and not (self.noise is not None or self.variational or self.probes):
            raise InputError("redraw: nothing is drawn here; it is for noise, variational and probes")
        if self.redraw == "burst" and (self.every == 0 or self.schedule is not None):
            raise InputError("redraw: there are no bursts here; 'step' is accepted, for steps of first-order methods")
        if self.redraw == "step" and self.every == 1:
            raise InputError("redraw: every iteration is a burst here, with no single steps; 'burst' is accepted")

    def _refuse_without_task(self) -> None:
        """What is said of a task where it is another or none, and noise on rows beside it."""
        given = {name: getattr(self, name) for name in OF_TASKS if getattr(self, name) is not None}
        if self.task is None:
            if self.implied == "compress" and not given.keys() - {"code_bits"}:
                return
            for name in given:
                raise InputError(f"{option(name)}: it is for a task on images, and none was asked for; give task too")
            return
        self.task_on()
        if self.code_bits is not None and self.task != "compress":
            raise InputError(f"code-bits: it is for the task compress, and the task here is {self.task}")
        if self.code_bits is not None and self.code_bits > MOST_BITS:
            raise InputError(f"code-bits: {self.code_bits} is not accepted; a whole number from 1 to {MOST_BITS} is")
        for name in ("copies", "compare"):
            if getattr(self, name) is not None:
                raise InputError(f"{name}: it is for noisy training without a task; a task's noise is drawn once a row")
        if self.redraw is not None and not (self.variational or self.probes):
            raise InputError("redraw: a task's noise is drawn once a row; redraw is for noise without a task")

    def task_on(self, paired: bool = False) -> Task | None:
        """The task on images, None where there is none; ``paired``: of data that are inputs and targets already."""
        if self.task is None:
            return None
        asked = {name: getattr(self, name) for name in ("noise", *OF_TASKS) if name != "code_bits"}
        return Task.of(self.task, **asked, paired=paired)

    @property
    def implied(self) -> str | None:
        """The task of layers on images where none is named: to undo noise where there is some, else to compress.

        Noise of which copies are made, compared or drawn anew is that of rows, and no task.
        """
        if self.task is not None or not on_images(self.layers):
            return None
        if self.noise is None:
            return "compress"
        return "denoise" if self.copies is self.compare is self.redraw is None else None

    @property
    def halves(self) -> bool:
        """Whether starts are halved by their early results; from four on unless told otherwise."""
        many = (self.restarts or 1) >= HALVING_FROM
        return many if self.halving is None else self.halving

    def resolved(self, preset: dict[str, Any]) -> "Spec":
        """The spec with what was not given filled in, from ``preset`` first and then from the published run."""
        if self.implied is not None:
            return replace(self, task=self.implied).resolved(preset)
        filled = {**PUBLISHED, **preset}
        if (self.restarts or 1) > 1:
            filled["halving"] = self.halves
        terms = {"rho": 0.05, "sparse_layers": "code", "kl_beta": 1.0, "draws": 1}
        filled |= {
            name: value for name, value in terms.items() if any(getattr(self, owner) for owner in OF_TERMS[name])
        }
        if self.noise is not None and self.task is None:
            filled |= NOISY
        if self.task is not None:
            filled = {**OF_IMAGES, **preset, **({"code_bits": 32} if self.task == "compress" else {})}
        idle: tuple[str, ...] = ()
        if self.schedule is not None:
            idle = ("solver", *OF_ALTERNATION, "guard", "iterations", "burst_rows")
        elif self.every == 0:
            idle = ("solver", "burst", "carry", "burst_rows")
        elif self.every == 1:
            idle = ("between", "batch_size", "burst_rows")
        return replace(
            self,
            **{name: value for name, value in filled.items() if getattr(self, name) is None and name not in idle},
        )

    def command(self, verb: str = "train") -> str:
        """The command line that asks for the same, without what is default; the seed always stands in it."""
        words = ["scipy-ae", verb]
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or (value == field.default and field.name != "seed"):
                continue
            if field.name in ("guard", "halving"):
                words.append(f"--{field.name}" if value else f"--no-{field.name}")
            elif field.name in ("variational", "mapped"):
                words += [f"--{field.name}"] if value else []
            elif field.name == "solver_options":
                words += [word for option in value for word in ("--solver-option", option)]
            else:
                words += [f"--{option(field.name)}", str(value)]
        return shlex.join(words)

    def to_toml(self) -> str:
        """A flat TOML table; what is None is left out."""
        return "".join(f"{name} = {_toml(value)}\n" for name, value in asdict(self).items() if value is not None)

    @classmethod
    def read(cls, path: Path) -> "Spec":
        """The spec in a TOML file."""
        table = read_toml(path, "spec")
        try:
            return spec_of(table)
        except InputError as error:
            raise InputError(f"'{path}': {error}") from None


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The table in a file; ``what`` it is for says what cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the {what} '{path}': {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is not TOML: {error}") from None


def spec_of(table: dict[str, Any]) -> Spec:
    """The spec of a table as TOML holds it; an unknown key is refused by name."""
    known = {field.name for field in fields(Spec)}
    for key in table:
        if key not in known:
            raise unknown("key", key, sorted(known))
    if isinstance(table.get("solver_options"), list):
        table = table | {"solver_options": tuple(table["solver_options"])}
    return Spec(**table)


#: What a run takes where nothing was given: the published parameters 1.
PUBLISHED: dict[str, Any] = {
    "init": "gaussian",
    "solver": "BFGS",
    "every": 4,
    "burst": 5,
    "between": "gradient-descent",
    "eta": 0.0085,
    "carry": "keep",
    "guard": True,
    "iterations": 220,
    "gtol": 1e-5,
    "precision": "float64",
}
#: What a task on images takes where nothing was given: passes of Adam over mini-batches, and bursts on fixed rows.
OF_IMAGES: dict[str, Any] = {
    "validation": 0.2, "test": 0.15, "init": "he", "solver": "L-BFGS", "every": 5, "burst": 10, "between": "adam",
    "eta": 0.002, "carry": "reset", "guard": False, "iterations": 40, "batch_size": 32, "burst_rows": 512, "gtol": 1e-5,
    "precision": "float32",
}  # fmt: skip
#: What noisy training takes where nothing was given: noisy copies of each row, and the noise compared with.
NOISY: dict[str, Any] = {"copies": 20, "compare": "none"}
#: When fresh noise may be drawn; not at all unless asked for.
REDRAW = ("burst", "step")
#: Starts from which on they are halved.
HALVING_FROM = 4
#: What says more of a term, and the terms of which it is said.
OF_TERMS = {
    "rho": ("kl",), "sparse_layers": ("l1", "kl"), "probes": ("contractive",), "kl_beta": ("variational",),
    "draws": ("variational",),
}  # fmt: skip
#: What says more of a task on images.
OF_TASKS = ("watermark", "opacity", "place", "factor", "downscale", "code_bits")
#: What says how bursts and steps alternate.
OF_ALTERNATION = ("every", "burst", "between", "carry")
#: Words of layers that work on images.
_IMAGE_WORDS = re.compile(r"conv|pool|upsample|bilinear|shuffle|reshape|flatten|\b(bn|gn\d+)\b")


def on_images(layers: str | None) -> bool:
    """Whether layers are given as text that has some which work on images."""
    return layers is not None and _IMAGE_WORDS.search(layers.lower()) is not None


def _toml(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # TOML spells text, numbers and truth values as JSON does
