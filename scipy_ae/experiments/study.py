"""Study: the runs of a recipe side by side, several starts of each, and what the numbers say."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from scipy_ae.errors import InputError
from scipy_ae.experiments import measures, tables
from scipy_ae.experiments.claims import claimed, reclaimed
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.crew import Crew, Done, Job
from scipy_ae.experiments.plan import Plan, Value, plan_file, trial_folder
from scipy_ae.experiments.run import Interrupt
from scipy_ae.experiments.trials import finish_trial, train_trial
from scipy_ae.records import RunFolder, write_aside

#: Told which run ended last, how many have, and of how many.
Watch = Callable[[str, int, int], None]


def run_study(
    plan: Plan,
    path: Path,
    *,
    command: str,
    lang: str = "en",
    crew: Crew | None = None,
    watch: Watch = lambda name, done, of: None,
    interrupt: Interrupt | None = None,
) -> dict[str, Any]:
    """Train every value from the same starts and write the folder of the study; returns what ``study.json`` holds.

    Each run has a folder of its own; those that are finished already are left as they are. A run that fails is told
    of, and the others go on. For each value the run of its median start gets a page.

    Parameters
    ----------
    plan : Plan
    path : Path
        The folder; made if it is not there, gone on with if it holds this study, refused if it holds anything else.
    command : str
        The command line that asks for the same.
    lang : str
        The language of the pages of runs.
    crew : Crew, optional
        Who does the runs; this process alone by default.
    watch, interrupt : optional
    """
    interrupt = interrupt or Interrupt()
    crew = crew or Crew(1, interrupt, None)
    if plan.recipe.test:
        for value in plan.values:
            measures.tested(value.setup, plan.recipe.test)  # refused before the first training
    with (reclaimed if plan.is_in(path) else claimed)(path) as folder:
        write_aside(plan_file(path), partial(Path.write_text, data=plan.text(), encoding="utf-8"))
        _train(plan, path, crew, watch)
        plan.read(path)
        if not any(value.kept for value in plan.values):
            _give_up(plan, folder)
        if not interrupt.asked:
            _finish(plan, path, lang, crew, watch)
        return tables.write(folder, plan, command, crew.size)


def _train(plan: Plan, path: Path, crew: Crew, watch: Watch) -> None:
    todo = plan.todo(path)
    if not todo:
        return
    compile_kernels(todo[0][0].setup)  # before the children begin: they find the kernels on disk
    jobs = [
        Job(_name(value, seed), train_trial, (value.case.spec, seed, trial_folder(path, value, seed)))
        for value, seed in todo
    ]
    ended = plan.size - len(todo)
    for place, done in crew(jobs):
        value, seed = todo[place]
        if done.left:
            continue
        ended += 1
        if done.why:
            value.lost[seed] = done.why
        watch(jobs[place].name, ended, plan.size)


def _finish(plan: Plan, path: Path, lang: str, crew: Crew, watch: Watch) -> None:
    """Pages of the runs that stand for their values."""
    kept = [(value, value.kept.seed) for value in plan.values if value.kept is not None]
    jobs = [
        Job(_name(value, seed), finish_trial, (value.case.spec, seed, trial_folder(path, value, seed), lang))
        for value, seed in kept
    ]
    ended: list[Done] = []
    for place, done in crew(jobs):
        ended.append(done)
        if done.why:
            kept[place][0].lost[kept[place][1]] = done.why
        watch(f"page of {jobs[place].name}", len(ended), len(kept))
    if any(value.setup.noise is not None for value, _ in kept):
        plan.read(path)  # their comparisons were added


def _give_up(plan: Plan, folder: RunFolder) -> None:
    """Nothing to report: say why, and leave nothing behind."""
    reasons = [trial.why for value in plan.values for trial in value.trials if trial.why]
    reasons += [why for value in plan.values for why in value.lost.values()]
    for value, seed in plan.runs():
        shutil.rmtree(trial_folder(folder.path, value, seed), ignore_errors=True)
    with suppress(OSError):  # runs of other starts stay
        for value in plan.values:
            if (folder.path / value.name).exists():
                (folder.path / value.name).rmdir()
        plan_file(folder.path).unlink(missing_ok=True)
    reason = reasons[0] if reasons else "the study ended before any run was done"
    raise InputError(f"no run came to a result; {reason}")


def _name(value: Value, seed: int) -> str:
    return f"{value.case.label}, seed {seed}"
