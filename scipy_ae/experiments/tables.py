"""The tables of a study: ``study.json`` for its page, and ``results.csv``, one line a run, for whoever computes on."""

import csv
import json
import re
from dataclasses import asdict, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.experiments import measures, study_images
from scipy_ae.experiments.fields import option
from scipy_ae.experiments.finding import Entry, Merit, finding, objective_of, verdict
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.plan import Plan, Value, trial_folder
from scipy_ae.experiments.trials import Trial
from scipy_ae.metrics import is_binary
from scipy_ae.records import RunFolder, finite, write_aside

#: Points of a curve that the report keeps.
POINTS, ELBO_POINTS = 240, 60
#: What the table says of each run beside its value, its seed, and the settings that differ among values.
COLUMNS = (
    "status", "loss", "wrong_pixels", "worst_row", "iterations", "seconds", "evaluations", "clean_iteration",
    "clean_seconds", "loss_at_equal_seconds", "wrong_pixels_at_equal_seconds", "recovered", "elbo",
    *study_images.MEASURES, "stop",
)  # fmt: skip
DONE, DIVERGED, FAILED, LOST, MISSING = "done", "diverged", "not finite", "failed", "not run"


def write(folder: RunFolder, plan: Plan, command: str, jobs: int) -> dict[str, Any]:
    """Write both into the folder of the study; returns what ``study.json`` holds."""
    values = [value for value in plan.values if value.trials or value.lost]
    seconds = None if _differ_in_length(values) else _equal_seconds(values)
    described = [_describe(value, plan, folder.path, seconds) for value in values]
    missing = sum(run["status"] == MISSING for row in described for run in row["runs"])
    missing += (len(plan.values) - len(values)) * len(plan.seeds)
    recipe, setup = plan.recipe, values[0].setup
    alike = _differ_in_length(values)
    entries = [_entry(value, recipe.vary, seconds, alike) for value in values if value.trials]
    labels = [value.case.label for value in values if value.trials]
    said = study_images.said([(f"{recipe.vary} {value.case.label}".strip(), value.kept) for value in values])
    if not said or len(plan.seeds) > 1:  # one start ranks no losses
        said = [*said, *finding(entries, seconds)]
    results = {
        **{name: getattr(recipe, name) for name in ("name", "title", "about", "claim", "source", "vary", "test")},
        "finding": [asdict(one) for one in said],
        "verdict": [asdict(one) for one in verdict(entries, labels, recipe.expect)],
        "command": command,
        "meaning": measures.tested(setup, recipe.test).meaning if recipe.test else "",
        "dataset": {"name": setup.dataset.name, "about": setup.dataset.about, "rows": len(setup.dataset.x)},
        "binary": all(is_binary(value.setup.dataset.x) for value in values),
        "starts": len(plan.seeds),
        "equal_seconds": seconds,
        "runs": plan.size,
        "missing": missing,
        "interrupted": bool(missing),
        "jobs": jobs,
        "varied": [option(name) for name in _varied(plan)],
        "values": described,
        **describe_machine(),
    }
    for name, text in (
        ("results.csv", _csv(plan, list(zip(values, described)))),
        ("study.json", json.dumps(finite(results), allow_nan=False)),
    ):
        write_aside(folder.path / name, partial(Path.write_text, data=text, encoding="utf-8"))
    return results


def _differ_in_length(values: list[Value]) -> bool:
    """Whether the values are one training of several lengths: then seconds tell of the clock and of nothing else."""
    blank: dict[str, Any] = {"iterations": None, "seconds": None}
    specs = [
        replace(one.setup.spec, **blank, schedule=re.sub(r":\d+", "", one.setup.spec.schedule or "") or None)
        for one in values
    ]
    return len(specs) > 1 and len(set(specs)) == 1


def _equal_seconds(values: list[Value]) -> float | None:
    """How long all values were trained, at the median start: the time after which they can be compared."""
    ends = []
    for value in values:
        finite = [trial.history[-1].seconds for trial in value.trials if trial.history and not trial.diverged]
        if finite:
            ends.append(float(np.median(finite)))
    return min(ends) if len(ends) > 1 else None


def _entry(value: Value, vary: str, seconds: float | None, alike: bool) -> Entry:
    setup, trials = value.setup, value.trials
    ends = [trial.history[-1].seconds for trial in trials if trial.history is not None]
    variational = bool(setup.spec.variational)
    counted = is_binary(setup.dataset.x) and setup.noise is None and not alike
    times: dict[int, Merit] = {}
    if seconds is not None and not variational:
        times = {trial.seed: trial.merit_at(seconds) for trial in trials}
    return Entry(
        name=f"{vary} {value.case.label}".strip(),
        objective=objective_of(setup.spec),
        merits={trial.seed: trial.merit for trial in trials},
        timed=times,
        clean={trial.seed: trial.clean.seconds if trial.clean else np.inf for trial in trials} if counted else {},
        variational=variational,
        second_order=not any(solver.first_order for solver in setup.schedule.solvers),
        seconds=float(np.median(ends)) if ends else np.nan,
    )


def _describe(value: Value, plan: Plan, root: Path, seconds: float | None) -> dict[str, Any]:
    """A value as JSON holds it."""
    kept, spec = value.kept, value.setup.spec
    known = {trial.seed: trial for trial in value.trials}
    elbo = [trial.result["elbo_curve"] for trial in value.trials if trial.result.get("elbo_curve")]
    why = [trial.why for trial in value.trials if trial.why] + list(value.lost.values())
    return {
        "label": value.case.label,
        "command": value.case.spec.command(),
        "settings": {option(name): _setting(getattr(value.case.spec, name)) for name in _varied(plan)},
        "folder": "" if kept is None else trial_folder(root, value, kept.seed).relative_to(root).as_posix(),
        "kept_seed": None if kept is None else kept.seed,
        "runs": [_run(seed, known.get(seed), value.lost.get(seed), seconds) for seed in plan.seeds],
        "why": why[0] if why else "",
        "curve": _curve([trial for trial in value.trials if trial.history is not None]),
        "evidence": [trial.result.get("evidence") for trial in value.trials] if spec.variational else [],
        "elbo": _elbo_curve(elbo),
        **_measured(value, kept, plan),
    }


def _measured(value: Value, kept: Trial | None, plan: Plan) -> dict[str, Any]:
    """What is measured of the kept run alone."""
    specs = [one.setup.spec for one in plan.values]
    costly, sparse = any(map(measures.has_terms, specs)), any(spec.l1 or spec.kl for spec in specs)
    found: dict[str, Any] = {"robust": None, "activity": None}
    found["cost"] = measures.cost(value.setup) if costly else None
    if kept is not None and (plan.recipe.test or sparse):
        theta = kept.theta()
        found["robust"] = measures.robustness(value.setup, theta, plan.recipe.test) if plan.recipe.test else None
        found["activity"] = measures.activity(value.setup, theta) if sparse else None
    return found


def _run(seed: int, trial: Trial | None, lost: str | None, seconds: float | None) -> dict[str, Any]:
    blank: dict[str, Any] = {"seed": seed, **dict.fromkeys(COLUMNS)}
    if trial is None:
        return blank | {"status": LOST if lost else MISSING, "stop": lost or ""}
    if trial.history is None or trial.best is None:
        return blank | {"status": FAILED, "stop": "not finite at the start"}
    best, last, clean = trial.best, trial.history[-1], trial.clean
    timed = (None, None) if seconds is None or trial.diverged else trial.merit_at(seconds)
    pictures = study_images.held_out(trial) or {}
    scores = [trial.result["denoising"][name]["recovered"] for name in ("once", "twice") if "denoising" in trial.result]
    return blank | {
        "status": DIVERGED if trial.diverged else DONE,
        "loss": best.loss,
        "wrong_pixels": best.wrong_pixels,
        "worst_row": best.worst_row,
        "iterations": last.iteration,
        "seconds": last.seconds,
        "evaluations": last.evaluations,
        "clean_iteration": None if clean is None else clean.iteration,
        "clean_seconds": None if clean is None else clean.seconds,
        "loss_at_equal_seconds": _finite(timed[1]),
        "wrong_pixels_at_equal_seconds": None if best.wrong_pixels is None else _finite(timed[0]),
        "recovered": max((score for score in scores if score is not None), default=None),
        "elbo": trial.result["evidence"]["elbo"] if "evidence" in trial.result else None,
        **{name: pictures.get(name) for name in study_images.MEASURES},
        "stop": last.stop,
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and np.isfinite(number) else None


def _setting(value: Any) -> Any:
    return " ".join(value) if isinstance(value, tuple) else value


def _varied(plan: Plan) -> list[str]:
    """The fields that the study varies, in the order in which it does."""
    return list(dict.fromkeys(name for _, fields in plan.recipe.variants for name in fields))


def _csv(plan: Plan, described: list[tuple[Value, dict[str, Any]]]) -> str:
    """One line a run: study, value, settings that differ, seed, and what came of it.

    A setting of the name of an outcome (``loss``, ``iterations``) is told as ``spec_loss``.
    """
    differ = _varied(plan)
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(
        [
            "study",
            "value",
            *(f"spec_{name}" if name in COLUMNS else name for name in differ),
            "seed",
            *COLUMNS,
            "folder",
        ]
    )
    for value, row in described:
        settings = [getattr(value.setup.spec, name) for name in differ]
        for run in row["runs"]:
            place = f"{value.name}/seed-{run['seed']}" if run["status"] in (DONE, DIVERGED) else ""
            cells = [run[name] for name in COLUMNS]
            lines.writerow([plan.recipe.name, row["label"], *settings, run["seed"], *cells, place])
    return text.getvalue()


def _curve(trials: list[Trial]) -> list[list[float]]:
    """Iteration, seconds, and the lowest loss by then: the lower quartile, median and upper one over the starts."""
    if not trials:
        return []
    longest = max(len(trial.history or ()) for trial in trials)
    chosen = np.unique(np.concatenate([[0], np.geomspace(1, longest, POINTS).astype(int) - 1]))
    loss, seconds = (np.array([_held(trial, name, chosen) for trial in trials]) for name in ("loss", "seconds"))
    return _rows([chosen, np.median(seconds, axis=0), *_quartiles(loss)])


def _elbo_curve(starts: list[list[list[float]]]) -> list[list[float]]:
    """Seconds, and the ELBO then: its quartiles over the starts, from where all of them have one."""
    if not starts:
        return []
    curves = [np.array(start) for start in starts]
    first, last = (max(float(curve[end, 0]) for curve in curves) for end in (0, -1))
    seconds = np.geomspace(max(first, 1e-3), max(last, 1e-3), ELBO_POINTS)
    held = np.array(
        [curve[np.clip(np.searchsorted(curve[:, 0], seconds, "right") - 1, 0, None), 1] for curve in curves]
    )
    return _rows([seconds, *_quartiles(held)])


def _quartiles(held: np.ndarray) -> np.ndarray:
    """Lower quartile, median and upper one over the starts."""
    return np.quantile(held, [0.25, 0.5, 0.75], axis=0)


def _rows(columns: list[Any]) -> list[list[float]]:
    return [[float(f"{number:.6g}") for number in row] for row in np.column_stack(columns).tolist()]


def _held(trial: Trial, name: str, chosen: np.ndarray) -> np.ndarray:
    """A column at the chosen iterations, the loss as the lowest so far; held where the training has ended."""
    assert trial.history is not None
    column = trial.history.column(name)
    if name == "loss":
        column = np.fmin.accumulate(column)
    return column[np.minimum(chosen, len(column) - 1)]
