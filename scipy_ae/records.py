"""Record, History and Snapshot: what a training says of itself; RunFolder: where a run keeps it on disk."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from scipy_ae.errors import InputError


@dataclass(frozen=True)
class Record:
    """One iteration of a training, as it stands at its end.

    ``loss`` is the whole objective (data loss and penalties, whose ``parts`` are by name); ``grad_norm`` is the
    maximum norm of the gradient; ``wrong_pixels`` counts the pixels of all rows on the wrong side of one half,
    ``worst_row`` those of the worst row (both None where the target is not binary); ``seconds`` and ``evaluations``
    count from the start of the training. A solver burst also tells the loss ``before`` it.

    ``rows`` is how many rows all this is about: losses on different numbers of rows are not compared. ``validation`` is
    the loss without penalties on rows that are not trained on; None where there are none, or it is not finite.
    """

    iteration: int
    phase: str  # "start", "step" or "burst"
    solver: str
    loss: float
    parts: dict[str, float]
    grad_norm: float
    seconds: float
    evaluations: int
    wrong_pixels: int | None = None
    worst_row: int | None = None
    before: float | None = None  # bursts: the loss at their start
    steps: int = 0  # bursts: solver steps made
    message: str = ""  # bursts: why the solver ended
    stop: str = ""  # last record: why the training ended
    rows: int | None = None
    validation: float | None = None
    theta: np.ndarray | None = field(default=None, repr=False, compare=False)

    def better_than(self, other: "Record | None") -> bool:
        """Whether this one is to be kept in place of another one, or of none.

        Where there are validation rows, the lower loss on them decides. Else a finite loss on more rows is better than
        any on fewer, and on as many rows the lower one is.
        """
        if not np.isfinite(self.loss):
            return False
        if other is None:
            return True
        if self.validation is not None or other.validation is not None:
            return _or_infinite(self.validation) < _or_infinite(other.validation)
        return (-(self.rows or 0), self.loss) < (-(other.rows or 0), other.loss)

    def to_json(self) -> str:
        """One line of ``records.jsonl``; ``theta`` stays in memory, a non-finite number becomes null."""
        plain = asdict(replace(self, theta=None))
        del plain["theta"]
        return json.dumps(finite(plain), allow_nan=False)

    def at(self, theta: np.ndarray | None) -> "Record":
        """The same record with that theta."""
        return self if theta is self.theta else replace(self, theta=theta)

    @classmethod
    def from_json(cls, line: str) -> "Record":
        plain = json.loads(line)
        for name in ("loss", "grad_norm", "seconds"):
            plain[name] = float("nan") if plain[name] is None else plain[name]
        record = cls(**plain)
        for name, kinds in _JSON_TYPES.items():
            if not isinstance(getattr(record, name), kinds):
                raise TypeError(f"{name} is {getattr(record, name)!r}")
        return record


@dataclass(frozen=True)
class Snapshot:
    """A training between two of its iterations: all that it takes to go on as if it had never been left.

    ``turn`` is the schedule's turn that comes next, counted from 0, of which ``steps`` are done already; ``held`` the
    record of the last iteration, which is told when the next one is known. ``theta``, ``value`` and ``gradient`` (None
    where it is not known yet) are where the training stands, ``memories`` what the schedule's solvers carry, in their
    order, ``rng`` the state of the generator, if there is one, and ``drawn`` what it was before the batch at work was
    drawn, if one was. ``bursts`` have begun, which says how far the rows have grown; ``lowest`` is the lowest
    validation loss so far (None before there is one), and ``waited`` records were made since. The arrays are the
    training's own, which writes into some of them as it goes on.
    """

    turn: int
    steps: int
    iteration: int
    evaluations: int
    seconds: float
    theta: np.ndarray
    value: float
    gradient: np.ndarray | None
    held: Record
    ending: str
    memories: tuple[Any, ...]
    rng: dict[str, Any] | None
    drawn: dict[str, Any] | None = None
    bursts: int = 0
    lowest: float | None = None
    waited: int = 0


_NUMBER = (int, float)
_JSON_TYPES: dict[str, Any] = {
    **dict.fromkeys(("iteration", "evaluations", "steps"), int),
    **dict.fromkeys(("phase", "solver", "message", "stop"), str),
    **dict.fromkeys(("loss", "grad_norm", "seconds"), _NUMBER),
    **dict.fromkeys(("wrong_pixels", "worst_row", "before", "rows", "validation"), (*_NUMBER, type(None))),
    "parts": dict,
}


def _or_infinite(value: float | None) -> float:
    return np.inf if value is None else value


def finite(value: Any) -> Any:
    """The same value with every non-finite number replaced by None (JSON has no word for them)."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


class History:
    """All records of a training, without their thetas, and the best theta seen.

    The best is the record of the lowest finite loss, the earlier one on a tie: of the loss on the validation rows where
    there are such, and else among the records on the most rows (:meth:`Record.better_than`).
    """

    #: Makes HTML of a history; :mod:`scipy_ae.display`, which is higher up, says who.
    drawn_by: ClassVar[Callable[["History"], str] | None] = None

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.records: list[Record] = []
        self.best: Record | None = None
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        if record.better_than(self.best):
            self.best = record
        self.records.append(record.at(None))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __getitem__(self, index: int) -> Record:
        return self.records[index]

    def column(self, name: str) -> np.ndarray:
        """One field of all records as an array; None becomes NaN."""
        values = [getattr(record, name) for record in self.records]
        return np.array([np.nan if value is None else value for value in values])

    def __repr__(self) -> str:
        return f"<History of {len(self)} records>"

    def _repr_html_(self) -> str | None:
        """What a notebook shows; None, which is no HTML, before there is a record."""
        draw = type(self).drawn_by
        return draw(self) if self.records and draw is not None else None

    def write(self, path: Path) -> None:
        text = "".join(record.to_json() + "\n" for record in self.records)
        write_aside(path, lambda aside: aside.write_text(text, encoding="utf-8"))

    @classmethod
    def read(cls, path: Path) -> "History":
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            return cls(Record.from_json(line) for line in lines if line.strip())
        except OSError as error:
            raise InputError(f"cannot read the records '{path}': {error.strerror or error}") from None
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"'{path}' is not a file of records, one JSON object a line ({error})") from None


@dataclass(frozen=True)
class RunFolder:
    """The files of one run; the report reads these and nothing else."""

    path: Path

    @property
    def spec(self) -> Path:
        """What was asked (TOML)."""
        return self.path / "spec.toml"

    @property
    def records(self) -> Path:
        """One JSON line for each iteration."""
        return self.path / "records.jsonl"

    @property
    def model(self) -> Path:
        """The best theta and the network (safetensors)."""
        return self.path / "model.safetensors"

    @property
    def checkpoint(self) -> Path:
        """How to go on (safetensors); only there as long as the run is not finished."""
        return self.path / "checkpoint.safetensors"

    @property
    def lock(self) -> Path:
        """Held by the process that writes the run; only there as long as it does, or was killed."""
        return self.path / ".lock"

    @property
    def machine(self) -> Path:
        """Processor, versions and threads (JSON)."""
        return self.path / "machine.json"

    @property
    def result(self) -> Path:
        """The outcome in numbers and words, and the network's layers (JSON)."""
        return self.path / "result.json"

    @property
    def arrays(self) -> Path:
        """Inputs, outputs, codes and decoded points, as the pictures show them (NumPy .npz)."""
        return self.path / "arrays.npz"

    @property
    def film(self) -> Path:
        """Moments of the training: decoder and codes at some of its iterations (NumPy .npz); not of large networks."""
        return self.path / "film.npz"

    @property
    def starts(self) -> Path:
        """The starts of which the run is the best (JSON); only there after ``--restarts``."""
        return self.path / "starts.json"

    @property
    def denoising(self) -> Path:
        """How well fresh noise was undone, and by whom (JSON); only there after ``--noise``."""
        return self.path / "denoising.json"

    @property
    def images(self) -> Path:
        """What a task on images came to: quality beside baselines, shapes, bits (JSON); only there after ``--task``."""
        return self.path / "images.json"

    @property
    def image_arrays(self) -> Path:
        """Some held-out images with what was made of them, filters and feature maps (NumPy .npz); as ``images``."""
        return self.path / "images.npz"

    @property
    def figures(self) -> Path:
        """The pictures (PNG)."""
        return self.path / "figures"

    @property
    def written(self) -> tuple[Path, ...]:
        """All files that a training writes, not the report."""
        files = (self.checkpoint, self.spec, self.records, self.model, self.machine, self.arrays, self.result)
        return (*files, self.film, self.starts, self.denoising, self.images, self.image_arrays)

    @property
    def index(self) -> Path:
        """The report: one self-contained page."""
        return self.path / "index.html"


def write_aside(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` make a file beside ``path``, then rename it over: a reader never sees half a file."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(aside)
        os.replace(aside, path)
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
