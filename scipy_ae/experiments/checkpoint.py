"""Checkpoints of a run: how to go on with it, to the same bytes, after whatever ended it.

A training is a function of its spec, and of a snapshot between two iterations. The checkpoint holds both, and how many
records were told before; these stand in ``records.jsonl``, to which each checkpoint adds the new ones. Until the first
snapshot it holds the spec alone, and the run is resumed from its beginning.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from scipy_ae import __version__, tensors
from scipy_ae.errors import InputError
from scipy_ae.experiments.film import Reel
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.setup import Setup
from scipy_ae.records import History, Record, RunFolder, Snapshot
from scipy_ae.solvers import memories

FORMAT, VERSION = "scipy-ae checkpoint", 3
#: Seconds between two checkpoints, at least; and how many times what the last one took.
INTERVAL, SPARING = 5.0, 50.0
#: What of a snapshot JSON holds as it is, and the types of these.
_PLAIN: dict[str, Any] = {
    "turn": int, "steps": int, "iteration": int, "evaluations": int, "seconds": float, "value": float, "ending": str,
    "rng": dict | None, "drawn": dict | None, "bursts": int, "lowest": float | None, "waited": int,
}  # fmt: skip


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands: the records told before the snapshot, the theta of the best, the film, the snapshot.

    ``elsewhere`` says what of machine and libraries is no longer as it was.
    """

    history: History
    best: np.ndarray
    reel: Reel
    snapshot: Snapshot
    elsewhere: tuple[str, ...] = ()


class Keeper:
    """Writes checkpoints at the boundaries of a training, as seldom as it takes to cost nothing to speak of.

    ``trouble`` says why one could not be written, if so; the training goes on without.
    """

    def __init__(self, folder: RunFolder, setup: Setup) -> None:
        self._folder = folder
        self._said: dict[str, Any] = {"program": __version__, "asked": asdict(setup.asked), "data": fingerprint(setup)}
        self._told, self._digest = 0, hashlib.sha256()  # records in the file so far
        self._due = time.perf_counter() + INTERVAL
        self.kept, self.trouble = False, ""

    def begin(self) -> None:
        """Say what the run is, before its first snapshot."""
        tensors.write(self._folder.checkpoint, FORMAT, VERSION, self._said, {})

    def look(self, snapshot: Callable[[], Snapshot], history: History, best: np.ndarray, reel: Reel) -> None:
        """Between two iterations: write a checkpoint if one is due."""
        begun = time.perf_counter()
        if begun < self._due or self.trouble:
            return
        try:
            self._keep(Checkpoint(history, best, reel, snapshot()))
        except (OSError, InputError) as error:
            self.trouble = f"No further checkpoint could be written: {error}."
        now = time.perf_counter()
        self._due = now + max(INTERVAL, SPARING * (now - begun))

    def _keep(self, there: Checkpoint) -> None:
        self._add_records(there.history)
        table, arrays = to_plain(there)
        if "made" not in self._said:  # asked for once: it takes longer than all else
            self._said["made"] = describe_machine()
        said = {**self._said, "records": [self._told, self._digest.hexdigest()]}
        said |= {"state": table, "digest": _digest(table, arrays)}
        tensors.write(self._folder.checkpoint, FORMAT, VERSION, said, arrays, safe=True)
        self.kept = True

    def _add_records(self, history: History) -> None:
        """Bring ``records.jsonl`` up to date: anew at first, since there may be records of an interrupted run."""
        lines = [record.to_json() + "\n" for record in islice(history, self._told, None)]
        if self._told == 0:
            history.write(self._folder.records)
        with self._folder.records.open("a", encoding="utf-8") as file:
            file.writelines(lines if self._told else ())
            file.flush()
            os.fsync(file.fileno())
        self._told += len(lines)
        self._digest.update("".join(lines).encode())


@contextmanager
def keeping(folder: RunFolder, setup: Setup, *, again: bool = False) -> Iterator[Keeper]:
    """Checkpoints of the run in that folder; ``again`` where it is resumed.

    If the work within fails before there is anything to go on from, nothing of the run is left.
    """
    keeper = Keeper(folder, setup)
    try:
        if again:
            for part in folder.path.glob(".*.part"):  # of a process that was killed while it wrote
                part.unlink(missing_ok=True)
        else:
            keeper.begin()
        yield keeper
    except BaseException:
        if not (keeper.kept or again):
            with suppress(OSError):
                for file in folder.written:
                    file.unlink(missing_ok=True)
        raise


def read(folder: RunFolder, setup: Setup) -> Checkpoint | None:
    """Where the run stands; None where its checkpoint holds the spec alone.

    Raises
    ------
    InputError
        The checkpoint is damaged, or the records or the data are not those it was made with.
    """
    with tensors.opened(folder.checkpoint, FORMAT, VERSION, "checkpoint") as file:
        said = file.specification
        refuse_other_data(said, setup)
        if "state" not in said:
            return None
        try:
            _refuse_odd(file)
            arrays = {name: file.array(name) for name in file.entries}
            if said["digest"] != _digest(said["state"], arrays):
                raise ValueError("its contents are not what was written")
            history = _records(folder, *said["records"])
            made = from_plain(said["state"], arrays, history, setup.network.size)
            changes = _changes(said["made"], describe_machine())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"'{folder.checkpoint}' is damaged ({error}): the run cannot be resumed") from None
    return replace(made, elsewhere=changes)


def fingerprint(setup: Setup) -> str:
    """A digest of the data that a run learns, and of those that it holds out."""
    return setup.data.fingerprint()


def refuse_other_data(said: Mapping[str, Any], setup: Setup) -> None:
    """Refuse to go on where the data are not those of the checkpoint that says so."""
    if said.get("data") != fingerprint(setup):
        raise InputError(f"resume: the data of '{setup.spec.dataset}' are no longer those the run began with")


def to_plain(there: Checkpoint) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A table for JSON, and arrays by name."""
    snapshot = there.snapshot
    arrays = {"theta": snapshot.theta, "best": there.best}
    optional = {"gradient": snapshot.gradient, "held": snapshot.held.theta}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    tables = []
    for place, memory in enumerate(snapshot.memories):
        table, held = (None, {}) if memory is None else memories.to_plain(memory)
        tables.append(table)
        arrays |= {f"memory.{place}.{name}": array for name, array in held.items()}
    table = {name: getattr(snapshot, name) for name in _PLAIN}
    reel, thetas = there.reel.to_plain()
    arrays |= {"film": thetas} if thetas.size else {}
    return {**table, "held": snapshot.held.to_json(), "memories": tables, "film": reel}, arrays


def from_plain(table: Mapping[str, Any], arrays: Mapping[str, np.ndarray], history: History, size: int) -> Checkpoint:
    """What :func:`to_plain` was given, for ``size`` weights; InputError or ValueError where it cannot be."""
    theta, best = (_vector(arrays, name, size) for name in ("theta", "best"))
    gradient, held_at = (_vector(arrays, name, size) if name in arrays else None for name in ("gradient", "held"))
    for name, kind in _PLAIN.items():
        if not isinstance(table[name], kind) or (kind is int and table[name] < 0):
            raise ValueError(f"{name} is {table[name]!r}")
    learned = []
    for place, plain in enumerate(table["memories"]):
        first = f"memory.{place}."
        held = {name.removeprefix(first): array for name, array in arrays.items() if name.startswith(first)}
        learned.append(None if plain is None else memories.from_plain(plain, held, size))
    record = Record.from_json(table["held"])
    thetas = arrays.get("film", np.empty((0, size)))
    if thetas.ndim != 2 or thetas.shape[1] != size:
        raise ValueError(f"'film' is not of vectors of {size} numbers")
    reel = Reel.from_plain(table["film"], thetas, history)
    snapshot = Snapshot(
        **{name: table[name] for name in _PLAIN},
        theta=theta,
        gradient=gradient,
        held=record.at(held_at),
        memories=tuple(learned),
    )
    return Checkpoint(history, best, reel, snapshot)


def _vector(arrays: Mapping[str, np.ndarray], name: str, size: int) -> np.ndarray:
    vector = arrays.get(name)
    if vector is None or vector.shape != (size,):
        raise ValueError(f"'{name}' is not a vector of {size} numbers")
    return vector


def _refuse_odd(file: tensors.Opened) -> None:
    for name, (dtype, _) in file.entries.items():
        if dtype not in ("F64", "I64"):
            raise ValueError(f"the array '{name}' is of type {dtype}")


def _records(folder: RunFolder, count: int, digest: str) -> History:
    """The first so many records of the file, which may have more."""
    try:
        with folder.records.open(encoding="utf-8") as file:
            lines = list(islice(file, count))
    except OSError as error:
        raise ValueError(f"cannot read '{folder.records}': {error.strerror or error}") from None
    if hashlib.sha256("".join(lines).encode()).hexdigest() != digest:
        raise ValueError(f"'{folder.records.name}' does not hold its {count} records")
    return History(Record.from_json(line) for line in lines)


def _digest(table: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.shape} {array.dtype.str}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the machine is no longer as it was, such as 'numpy 1.26.4 → 2.0.0'."""
    return tuple(
        f"{name} {was} → {now[part].get(name, '–')}"
        for part in ("machine", "versions")
        for name, was in then[part].items()
        if now[part].get(name) != was
    )
