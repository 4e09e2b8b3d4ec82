"""Study: the runs of a recipe side by side, several starts of each, and what the numbers say."""

import csv
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments import measures
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.finding import WORST, Entry, Merit, finding, objective_of
from scipy_ae.experiments.generative import Trace, is_variational, measured
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.recipe import Case, Recipe
from scipy_ae.experiments.run import Interrupt, Trained, claimed, compare, conclude, follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.metrics import is_binary
from scipy_ae.records import RunFolder, write_aside
from scipy_ae.solvers.registry import OURS
from scipy_ae.training import INTERRUPTED

#: Points of a curve that the report keeps.
POINTS, ELBO_POINTS = 240, 60
_COLUMNS = ("value", "seed", "loss", "wrong_pixels", "worst_row", "iterations", "seconds", "evaluations", "stop")

#: Told of each run as it begins: the value, the start (from 1), how many runs are done, and of how many.
Watch = Callable[[str, int, int, int], None]


@dataclass
class Value:
    """One value of a study: its setup, and what became of each start, None where that was not finite."""

    case: Case
    setup: Setup
    trained: list[Trained | None] = field(default_factory=list)
    why: list[str] = field(default_factory=list)  # of each start that failed
    evidence: list[dict[str, Any] | None] = field(default_factory=list)  # of variational ones, as ``measured``
    elbo: list[list[list[float]]] = field(default_factory=list)  # over the seconds, as ``Trace.curve``

    @property
    def merits(self) -> list[Merit]:
        return [merit(trained, evidence) for trained, evidence in zip(self.trained, self.evidence)]


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
    values = [Value(case, Setup.of(case.spec)) for case in recipe.cases(given)]
    if recipe.test:
        for value in values:
            measures.tested(value.setup, recipe.test)  # refused before the first training
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
    return _write(folder, recipe, [value for value in values if value.trained], command, interrupt)


def _warm_up(setup: Setup) -> None:
    """Have the compiler off the clock: a step of each solver, since kernels of one tell nothing of another's."""
    compile_kernels(setup)
    with suppress(NonFiniteError):  # the training will say it better
        for solver in setup.schedule.solvers:
            if solver.needs - {"fun", "jac"} or isinstance(solver, OURS):
                solver.solve(setup.objective, setup.theta, maxiter=1)


def _train(value: Value, seed: int, interrupt: Interrupt) -> None:
    start, trace = value.setup.start(seed), Trace()
    variational = is_variational(start.network)
    try:
        reader = trace if variational else lambda record: None
        trained = follow(start, start.iterations, reader=reader, asked=interrupt)
    except NonFiniteError as error:
        value.trained.append(None)
        value.evidence.append(None)
        value.why.append(str(error))
        return
    if trained.history[-1].stop != INTERRUPTED:
        value.trained.append(trained)
        value.evidence.append(measured(start, trained.theta))
        value.elbo += [trace.curve(start)] if variational else []


def merit(trained: Trained | None, evidence: dict[str, Any] | None) -> Merit:
    """What runs are ranked by: the ELBO of variational ones, of others wrong pixels and then the loss."""
    if trained is None or trained.diverged:
        return WORST
    if evidence is not None:
        return (-evidence["elbo"], 0.0) if np.isfinite(evidence["elbo"]) else WORST
    return trained.best.wrong_pixels or 0, trained.best.loss


def _entry(value: Value, vary: str) -> Entry:
    setup = value.setup
    solvers = setup.schedule.solvers
    seconds = [trained.history[-1].seconds for trained in value.trained if trained is not None]
    return Entry(
        name=f"{vary} {value.case.label}".strip(),
        objective=objective_of(setup.spec),
        merits=value.merits,
        variational=bool(setup.spec.variational),
        second_order=not any(solver.first_order for solver in solvers),
        seconds=float(np.median(seconds)) if seconds else np.nan,
    )


def _write(
    folder: RunFolder, recipe: Recipe, values: list[Value], command: str, interrupt: Interrupt
) -> dict[str, Any]:
    setup, interrupted = values[0].setup, interrupt.asked
    costly = any(measures.has_terms(value.setup.spec) for value in values)
    sparse = any(value.setup.spec.l1 or value.setup.spec.kl for value in values)
    described = [
        _describe(folder.path, place, value, interrupt)
        | _measured(value, recipe.test, sparse)
        | {"cost": measures.cost(value.setup) if costly else None}
        for place, value in enumerate(values, 1)
    ]
    results = {
        "name": recipe.name,
        "title": recipe.title,
        "about": recipe.about,
        "claim": recipe.claim,
        "source": recipe.source,
        "finding": "\n".join(finding([_entry(value, recipe.vary) for value in values])),
        "command": command,
        "vary": recipe.vary,
        "test": recipe.test,
        "meaning": measures.tested(setup, recipe.test).meaning if recipe.test else "",
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


def _describe(root: Path, place: int, value: Value, interrupt: Interrupt) -> dict[str, Any]:
    """A value as JSON holds it; the run of its median start goes into a folder of its own."""
    seed, kept, name = value.setup.spec.seed, _kept(value), ""
    if kept is not None:
        trained, setup = value.trained[kept], value.setup.start(seed + kept)
        assert trained is not None
        name = f"{place}-{re.sub(r'[^A-Za-z0-9.]+', '-', value.case.label).strip('-.')}"
        with claimed(root / name) as folder:
            denoised = compare(
                setup, trained, lambda noise: None, reader=lambda record: None, pulse=None, asked=interrupt
            )
            conclude(folder, setup, trained, denoised=denoised)
    return {
        "label": value.case.label,
        "command": value.case.spec.command(),
        "folder": name,
        "kept_seed": None if kept is None else seed + kept,
        "runs": [_run(seed + start, trained) for start, trained in enumerate(value.trained)],
        "why": value.why[0] if value.why else "",
        "curve": _curve([trained for trained in value.trained if trained is not None]),
        "evidence": value.evidence if value.setup.spec.variational else [],
        "elbo": _elbo_curve([curve for curve in value.elbo if curve]),
    }


def _kept(value: Value) -> int | None:
    """The start of the median merit among those that stayed finite."""
    order = sorted(range(len(value.trained)), key=lambda start: value.merits[start])
    finite = [start for start in order if value.trained[start] is not None]
    return finite[(len(finite) - 1) // 2] if finite else None


def _measured(value: Value, test: str, sparse: bool) -> dict[str, Any]:
    """What is measured of the kept run alone."""
    kept = _kept(value)
    trained = None if kept is None else value.trained[kept]
    if trained is None:
        return {"robust": None, "activity": None}
    return {
        "robust": measures.robustness(value.setup, trained.theta, test) if test else None,
        "activity": measures.activity(value.setup, trained.theta) if sparse else None,
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


def _elbo_curve(starts: list[list[list[float]]]) -> list[list[float]]:
    """Seconds, and the ELBO then: its least, median and largest over the starts, from where all of them have one."""
    if not starts:
        return []
    curves = [np.array(start) for start in starts]
    first, last = (max(float(curve[end, 0]) for curve in curves) for end in (0, -1))
    seconds = np.geomspace(max(first, 1e-3), max(last, 1e-3), ELBO_POINTS)
    held = np.array(
        [curve[np.clip(np.searchsorted(curve[:, 0], seconds, "right") - 1, 0, None), 1] for curve in curves]
    )
    rows = np.column_stack([seconds, held.min(0), np.median(held, axis=0), held.max(0)])
    return [[float(f"{number:.6g}") for number in row] for row in rows.tolist()]


def _held(trained: Trained, name: str, chosen: np.ndarray) -> np.ndarray:
    """A column at the chosen iterations, the loss as the lowest so far; held where the training has ended."""
    column = trained.history.column(name)
    if name == "loss":
        column = np.fmin.accumulate(column)
    return column[np.minimum(chosen, len(column) - 1)]
