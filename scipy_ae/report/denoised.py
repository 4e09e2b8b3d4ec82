"""Denoised: what became of fresh noise, as ``denoising.json`` and the arrays of a run say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.report.parsing import checked, parsed

TABLE: dict[str, tuple[type, ...]] = {
    "noise": (str,),
    "meaning": (str,),
    "seed": (int,),
    "draws": (int,),
    "rows": (int,),
    "allowed": (int,),
    "trained": (list,),
    "left_out": (list,),
    "tested": (list,),
}
TESTED: dict[str, tuple[type, ...]] = {
    "noise": (str,),
    "meaning": (str,),
    "unchanged": (dict,),
    "limit": (dict, type(None)),
    "once": (list,),
    "twice": (list,),
}
SCORE: dict[str, tuple[type, ...]] = {
    "rms": (float, int),
    "wrong": (float, int, type(None)),
    "recovered": (float, int, type(None)),
}


@dataclass(frozen=True)
class Score:
    """Errors over many noisy rows: root mean square, wrong pixels in a row, share of rows recovered."""

    rms: float
    wrong: float | None
    recovered: float | None


@dataclass(frozen=True)
class Tested:
    """One test noise: the noisy rows as they are, the limit, and each network's output after one pass and after two."""

    noise: str
    meaning: str
    unchanged: Score
    limit: Score | None
    once: Sequence[Score]
    twice: Sequence[Score]


@dataclass(frozen=True)
class Denoised:
    """How well a run undoes noise; ``trained`` names the noise of each network, the run's own first ("none": none).

    ``states`` are the rows of the picture, (m, p) each, by the words' key.
    """

    noise: str
    meaning: str
    seed: int
    draws: int
    allowed: int
    trained: Sequence[str]
    left_out: Sequence[str]
    tested: Sequence[Tested]
    states: dict[str, np.ndarray]

    @property
    def own(self) -> Tested:
        """The test under the noise of the training."""
        return next(test for test in self.tested if test.noise == self.noise)


def read_denoised(path: Path, arrays: dict[str, np.ndarray]) -> Denoised | None:
    """The file and its arrays, checked; None where the run had no noise."""
    if not path.exists():
        return None
    table = parsed(path)
    checked(table, TABLE, f"'{path}'")
    tested = [_tested(entry, len(table["trained"]), path) for entry in table["tested"]]
    if table["noise"] not in [test.noise for test in tested]:
        raise InputError(f"'{path}' has no test under the noise of the training, {table['noise']}")
    states = {"clean": arrays["target"]}
    for state, name in (
        ("noisy", "noisy"),
        ("plain", "noisy_plain"),
        ("once", "denoised"),
        ("twice", "denoised_twice"),
    ):
        if name in arrays:
            states[state] = arrays[name]
        elif name != "noisy_plain":
            raise InputError(f"'{path}' is there, but the arrays lack '{name}'")
    shown = len(states["noisy"])
    states["clean"] = states["clean"][:shown]
    if any(rows.shape != states["clean"].shape for rows in states.values()):
        raise InputError(f"'{path}': the arrays of noisy rows do not fit the others")
    names = {"trained": table["trained"], "left_out": table["left_out"]}
    plain: dict[str, Any] = {key: table[key] for key in ("noise", "meaning", "seed", "draws", "allowed")}
    return Denoised(**plain, **names, tested=tested, states=states)


def _tested(entry: Any, networks: int, path: Path) -> Tested:
    where = f"'{path}', tested"
    checked(entry, TESTED, where)
    if len(entry["once"]) != networks or len(entry["twice"]) != networks:
        raise InputError(f"{where}: {entry['noise']} has not one score for each of {networks} networks")
    limit = entry["limit"]
    return Tested(
        entry["noise"],
        entry["meaning"],
        _score(entry["unchanged"], where),
        None if limit is None else _score(limit, where),
        [_score(score, where) for score in entry["once"]],
        [_score(score, where) for score in entry["twice"]],
    )


def _score(score: Any, where: str) -> Score:
    checked(score, SCORE, where)
    return Score(**{key: score[key] for key in SCORE})
