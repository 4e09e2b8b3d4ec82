"""Recipes at work, one after the other: studies by a crew of processes, single runs as ``train`` does them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def run_recipes(
    tasks: Sequence[tuple[Any, str]],
    given: dict[str, Any],
    seeds: int | None,
    jobs: int | None,
    out: Path,
    lang: str,
    quiet: bool,
) -> int:
    """Run each recipe, whose command line stands beside it, write the index, and give the exit code."""
    from scipy_ae import report
    from scipy_ae.cli.display import listening, relative
    from scipy_ae.errors import ScipyAEError
    from scipy_ae.experiments.crew import crew
    from scipy_ae.experiments.run import Interrupt

    interrupt, failed, lost = Interrupt(), [], 0
    with listening(interrupt), crew(jobs, interrupt) as hands:
        for recipe, command in tasks:
            try:
                if recipe.is_study:
                    lost += _study(recipe, command, given, seeds, out, lang, quiet, interrupt, hands)
                else:
                    _single(recipe, given, out, lang, quiet, interrupt)
            except ScipyAEError as error:
                if interrupt.asked:
                    break
                if len(tasks) == 1:
                    raise
                failed.append(f"{recipe.name}: {error}")
                click.echo(f"Error: {failed[-1]}", err=True)
            if interrupt.asked:
                break
    if out.is_dir() and any(out.glob("*/index.html")):
        index = report.write(out, lang=lang)
        if len(tasks) > 1:
            click.echo(relative(index))
    if interrupt.asked:
        click.echo("Interrupted: what is done is kept; the same command goes on from here.", err=True)
        return 130
    return 2 if failed else 1 if lost else 0


def _single(recipe: Any, given: dict[str, Any], out: Path, lang: str, quiet: bool, interrupt: Any) -> None:
    from scipy_ae import report
    from scipy_ae.cli.display import Display, announce, relative
    from scipy_ae.experiments.report_process import ReportProcess

    with ReportProcess(lang) as reporter:
        from scipy_ae.experiments.run import fitting_folder, run
        from scipy_ae.experiments.setup import Setup
        from scipy_ae.experiments.starts import run_starts
        from scipy_ae.records import RunFolder

        setup = Setup.of(recipe.cases(given)[0].spec)
        path = fitting_folder(recipe.name, out, lambda path: _holds(RunFolder(path), setup))
        folder = RunFolder(path)
        if not quiet:
            click.echo(f"{recipe.name}: {recipe.title}")
        if folder.result.exists() and not folder.checkpoint.exists():
            if not quiet:
                click.echo("done already")
            if not report.is_written(folder, lang):
                reporter.write(folder)
            click.echo(relative(folder.index))
            return
        if not quiet:
            announce(setup)
        display = Display(setup.iterations, silent=quiet)
        with display:
            seen: dict[str, Any] = {"reader": display.record, "pulse": display.pulse, "interrupt": interrupt}
            if (setup.spec.restarts or 1) > 1:
                outcome = run_starts(setup, path, watch=display.rung, **seen)
            else:
                outcome = run(setup, path, resume=folder.checkpoint.exists(), **seen)
        index = reporter.write(outcome.folder)
    display.conclude(outcome, index, quiet=quiet, as_json=False)


def _holds(folder: Any, setup: Any) -> bool:
    """Whether just that run was begun there, on the same data: finished, or to be gone on with."""
    import numpy as np

    from scipy_ae.errors import InputError
    from scipy_ae.experiments.resume import resumable

    if folder.checkpoint.exists():
        try:
            return resumable(folder.path).spec == setup.spec
        except InputError:
            return False
    if not folder.result.exists() or not folder.spec.exists() or not folder.arrays.exists():
        return False
    if folder.spec.read_text(encoding="utf-8") != setup.spec.to_toml():
        return False
    with np.load(folder.arrays) as arrays:
        return np.array_equal(arrays["target"], setup.dataset.x)


def _study(
    recipe: Any,
    command: str,
    given: dict[str, Any],
    seeds: int | None,
    out: Path,
    lang: str,
    quiet: bool,
    interrupt: Any,
    hands: Any,
) -> int:
    """The number of runs that failed."""
    from scipy_ae import report
    from scipy_ae.cli.bench import _Progress
    from scipy_ae.cli.display import relative, tell_of_compilation
    from scipy_ae.experiments.plan import Plan
    from scipy_ae.experiments.study import run_study
    from scipy_ae.report.findings import tell
    from scipy_ae.report.words import Words

    plan = Plan.of(recipe, given, seeds)
    path = plan.folder(out)
    todo = len(plan.todo(path))
    if not quiet:
        click.echo(f"{recipe.name}: {recipe.title}")
        if todo < plan.size:
            click.echo(f"{plan.size - todo} of {plan.size} runs are done already")
        if todo:
            tell_of_compilation(*(value.setup for value in plan.values))
    with _Progress(quiet) as progress:
        results = run_study(
            plan, path, command=command, lang=lang, crew=hands, watch=progress.show, interrupt=interrupt
        )
    index = report.write(path, lang=lang)
    if not quiet:
        words = Words()
        for text in (*tell(results["finding"], words), *tell(results["verdict"], words)):
            click.echo(text)
        if results["missing"]:
            click.echo(f"{results['missing']} of {results['runs']} runs are left; the same command goes on with them")
    lost = [(value, run) for value in results["values"] for run in value["runs"] if run["status"] == "failed"]
    for value, run in lost:
        click.echo(f"failed: {value['label']}, seed {run['seed']}: {run['stop']}", err=True)
    click.echo(relative(index))
    return len(lost)
