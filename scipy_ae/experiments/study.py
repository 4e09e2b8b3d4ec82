"""Study: the runs of a recipe side by side, several starts of each, and what the numbers say."""

import csv
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import StringIO
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.recipe import Case, Recipe
from scipy_ae.experiments.run import Interrupt, Trained, claimed, conclude, follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.metrics import is_binary
from scipy_ae.records import RunFolder, write_aside
from scipy_ae.training import INTERRUPTED

#: Points of a curve that the report keeps.
POINTS = 240
#: How rarely chance alone may let one value beat another from so many starts before it counts as better.
CHANCE = 0.05
_COLUMNS = ("value", "seed", "loss", "wrong_pixels", "worst_row", "iterations", "seconds", "evaluations", "stop")

#: Told of each run as it begins: the value, the start (from 1), how many runs are done, and of how many.
Watch = Callable[[str, int, int, int], None]


@dataclass
class Value:
    """One value of a study: its setup and the trainings from each start; None where none was finite."""

    case: Case
    setup: Setup
    trained: list[Trained | None]
    why: list[str]  # of each start that failed


def run_study(
    recipe: Recipe,
    path: Path,
    *,
    given: dict[str, Any],
    seeds: int | None = None,
    command: str,
    watch: Watch = lambda value, start, done, of: None,
    interrupt: Interrupt | None = None,
) -> dict[str, Any]:
    """Train every value from the same starts and write the folder of the study; returns what ``study.json`` holds.

    Starts go one after the other through all values, so that an interrupted study has compared all of them. For each
    value the run of its median start is kept in a run folder of its own.

    Parameters
    ----------
    recipe : Recipe
        Of a study.
    path : Path
        The folder; made if it is not there, refused if it holds something.
    given : dict
        Fields that the user gave in place of the recipe's.
    seeds : int, optional
        Starts of each value; as many as the recipe says where None.
    command : str
        The command line that asks for the same.
    watch, interrupt : optional
    """
    interrupt = interrupt or Interrupt()
    values = [Value(case, Setup.of(case.spec), [], []) for case in recipe.cases(given)]
    with claimed(path) as folder:
        for value in values:
            _warm_up(value.setup)
        first, count = values[0].setup.spec.seed, seeds or recipe.seeds
        done = 0
        for seed in range(first, first + count):
            for value in values:
                watch(value.case.label, seed - first + 1, done, count * len(values))
                _train(value, seed, interrupt)
                done += 1
                if interrupt.asked:
                    break
            if interrupt.asked:
                break
        if not any(trained for value in values for trained in value.trained):
            reasons = [why for value in values for why in value.why] or ["the study ended before any run was done"]
            raise InputError(f"no run came to a result; {reasons[0]}")
    return _write(folder, recipe, [value for value in values if value.trained], command, interrupt.asked)


def _warm_up(setup: Setup) -> None:
    """Have the compiler off the clock: one step for a solver that asks for more than value and gradient."""
    compile_kernels(setup)
    with suppress(NonFiniteError):  # the training will say it better
        for solver in setup.schedule.solvers:
            if solver.needs - {"fun", "jac"}:
                solver.solve(setup.objective, setup.theta, maxiter=1)


def _train(value: Value, seed: int, interrupt: Interrupt) -> None:
    start = value.setup.start(seed)
    try:
        trained = follow(start, start.iterations, reader=lambda record: None, asked=interrupt)
    except NonFiniteError as error:
        value.trained.append(None)
        value.why.append(str(error))
        return
    if trained.history[-1].stop != INTERRUPTED:
        value.trained.append(trained)


def merit(trained: Trained | None) -> tuple[float, float]:
    """What runs are ranked by, the lower the better: wrong pixels, then loss."""
    if trained is None or trained.diverged:
        return np.inf, np.inf
    return trained.best.wrong_pixels or 0, trained.best.loss


def finding(values: list[Value], vary: str = "") -> str:
    """One sentence of which value is best, from the numbers; undecided where starts disagree."""

    def name(value: Value) -> str:
        return f"{vary} {value.case.label}".strip()

    ranked = sorted(values, key=lambda value: _median([merit(one) for one in value.trained]))
    best, rest = ranked[0], ranked[1:]
    if not rest:
        return f"Only {name(best)} was run."
    even = [other for other in rest if not _decided(best, other)]
    n = min(len(value.trained) for value in ranked)
    if not even:
        wins = min(_wins(best, other) for other in rest)
        return f"Best is {name(best)}: it beats each of the others from at least {wins} of {n} starts."
    told = ", ".join(f"{name(other)} (beaten from {_wins(best, other)})" for other in even)
    starts = "one start does" if n == 1 else f"{n} starts do"
    more = "More starts (--seeds) may decide."
    return f"Undecided: {name(best)} has the best median, but {starts} not tell it from {told}. {more}"


def _decided(one: Value, other: Value) -> bool:
    """Whether ``one`` is better by the sign test over the starts (Conover 1999, section 3.4), one-sided."""
    n = min(len(one.trained), len(other.trained))
    return sum(comb(n, k) for k in range(_wins(one, other), n + 1)) <= CHANCE * 2**n


def _wins(one: Value, other: Value) -> int:
    return sum(merit(mine) < merit(theirs) for mine, theirs in zip(one.trained, other.trained))


def _median(merits: list[tuple[float, float]]) -> tuple[float, float]:
    return sorted(merits)[(len(merits) - 1) // 2]


def _write(folder: RunFolder, recipe: Recipe, values: list[Value], command: str, interrupted: bool) -> dict[str, Any]:
    setup = values[0].setup
    described = [_describe(folder.path, place, value) for place, value in enumerate(values, 1)]
    results = {
        "name": recipe.name,
        "title": recipe.title,
        "about": recipe.about,
        "claim": recipe.claim,
        "source": recipe.source,
        "finding": finding(values, recipe.vary),
        "command": command,
        "vary": recipe.vary,
        "dataset": {"name": setup.dataset.name, "about": setup.dataset.about, "rows": len(setup.dataset.x)},
        "binary": is_binary(setup.dataset.x),
        "starts": max(len(value.trained) for value in values),
        "interrupted": interrupted,
        "values": described,
        **describe_machine(),
    }
    table = StringIO()
    lines = csv.writer(table)
    lines.writerow(_COLUMNS)
    lines.writerows([row["label"], *(run[name] for name in _COLUMNS[1:])] for row in described for run in row["runs"])
    for name, text in (("results.csv", table.getvalue()), ("study.json", json.dumps(results, allow_nan=False))):
        write_aside(folder.path / name, partial(Path.write_text, data=text, encoding="utf-8"))
    return results


def _describe(root: Path, place: int, value: Value) -> dict[str, Any]:
    """A value as JSON holds it; the run of its median start goes into a folder of its own."""
    seed = value.setup.spec.seed
    kept, name = None, ""
    order = sorted(range(len(value.trained)), key=lambda start: merit(value.trained[start]))
    finite = [start for start in order if value.trained[start] is not None]
    if finite:
        kept = finite[(len(finite) - 1) // 2]
        trained = value.trained[kept]
        assert trained is not None
        name = f"{place}-{re.sub(r'[^A-Za-z0-9.]+', '-', value.case.label).strip('-.')}"
        with claimed(root / name) as folder:
            conclude(folder, value.setup.start(seed + kept), trained)
    return {
        "label": value.case.label,
        "command": value.case.spec.command(),
        "folder": name,
        "kept_seed": None if kept is None else seed + kept,
        "runs": [_run(seed + start, trained) for start, trained in enumerate(value.trained)],
        "why": value.why[0] if value.why else "",
        "curve": _curve([trained for trained in value.trained if trained is not None]),
    }


def _run(seed: int, trained: Trained | None) -> dict[str, Any]:
    if trained is None:
        return {"seed": seed, "stop": "not finite at the start"} | dict.fromkeys(_COLUMNS[2:-1])
    best, last = trained.best, trained.history[-1]
    return {
        "seed": seed,
        "loss": best.loss,
        "wrong_pixels": best.wrong_pixels,
        "worst_row": best.worst_row,
        "iterations": last.iteration,
        "seconds": last.seconds,
        "evaluations": last.evaluations,
        "stop": last.stop,
    }


def _curve(runs: list[Trained]) -> list[list[float]]:
    """Iteration, seconds, and the lowest loss by then: its least, median and largest over the starts."""
    if not runs:
        return []
    longest = max(len(trained.history) for trained in runs)
    chosen = np.unique(np.concatenate([[0], np.geomspace(1, longest, POINTS).astype(int) - 1]))
    loss, seconds = (np.array([_held(trained, name, chosen) for trained in runs]) for name in ("loss", "seconds"))
    rows = np.column_stack([chosen, np.median(seconds, axis=0), loss.min(0), np.median(loss, axis=0), loss.max(0)])
    return [[float(f"{number:.6g}") for number in row] for row in rows.tolist()]


def _held(trained: Trained, name: str, chosen: np.ndarray) -> np.ndarray:
    """A column at the chosen iterations, the loss as the lowest so far; held where the training has ended."""
    column = trained.history.column(name)
    if name == "loss":
        column = np.fmin.accumulate(column)
    return column[np.minimum(chosen, len(column) - 1)]
