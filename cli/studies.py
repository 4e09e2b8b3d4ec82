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
    from scipy_ae.cli.display import listening, relative, tell_of_compilation
    from scipy_ae.errors import ScipyAEError
    from scipy_ae.experiments.crew import crew
    from scipy_ae.experiments.run import Interrupt

    if not quiet:
        tell_of_compilation()
    interrupt, failed = Interrupt(), []
    with listening(interrupt), crew(jobs, interrupt) as hands:
        for recipe, command in tasks:
            try:
                if recipe.is_study:
                    _study(recipe, command, given, seeds, out, lang, quiet, interrupt, hands)
                else:
                    _single(recipe, given, out, lang, quiet, interrupt)
            except ScipyAEError as error:
                if len(tasks) == 1:
                    raise
                failed.append(f"{recipe.name}: {error}")
                click.echo(f"Error: {failed[-1]}", err=True)
            if interrupt.asked:
                break
    if len(tasks) > 1 and out.is_dir() and any(out.glob("*/index.html")):
        click.echo(relative(report.write(out, lang=lang)))
    if interrupt.asked:
        click.echo("Interrupted: what is done is kept; the same command goes on from here.", err=True)
        return 130
    return 2 if failed else 0


def _single(recipe: Any, given: dict[str, Any], out: Path, lang: str, quiet: bool, interrupt: Any) -> None:
    from scipy_ae.cli.display import Display, relative
    from scipy_ae.experiments.report_process import ReportProcess

    with ReportProcess(lang) as reporter:
        from scipy_ae.experiments.run import fitting_folder, run
        from scipy_ae.experiments.setup import Setup
        from scipy_ae.records import RunFolder

        setup = Setup.of(recipe.cases(given)[0].spec)
        path = fitting_folder(recipe.name, out, lambda path: _holds(RunFolder(path), setup))
        if not quiet:
            click.echo(f"{recipe.name}: {recipe.title}")
        if path.exists():
            if not quiet:
                click.echo("done already")
            click.echo(relative(RunFolder(path).index))
            return
        display = Display(setup.iterations, silent=quiet)
        with display:
            seen: dict[str, Any] = {"reader": display.record, "pulse": display.pulse, "interrupt": interrupt}
            outcome = run(setup, path, **seen)
        index = reporter.write(outcome.folder)
    display.conclude(outcome, index, quiet=quiet, as_json=False)


def _holds(folder: Any, setup: Any) -> bool:
    """Whether a run of just that setup is finished there, page and all."""
    if not folder.index.exists() or not folder.spec.exists() or folder.checkpoint.exists():
        return False
    return folder.spec.read_text(encoding="utf-8") == setup.spec.to_toml()


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
) -> None:
    from scipy_ae import report
    from scipy_ae.cli.bench import _Progress
    from scipy_ae.cli.display import relative
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
    with _Progress(quiet) as progress:
        results = run_study(plan, path, command=command, crew=hands, watch=progress.show, interrupt=interrupt)
    index = report.write(path, lang=lang)
    if not quiet:
        words = Words()
        for text in (*tell(results["finding"], words), *tell(results["verdict"], words)):
            click.echo(text)
        for value in results["values"]:
            for run in value["runs"]:
                if run["status"] == "failed":
                    click.echo(f"failed: {value['label']}, seed {run['seed']}: {run['stop']}")
        if results["missing"]:
            click.echo(f"{results['missing']} of {results['runs']} runs are left; the same command goes on with them")
    click.echo(relative(index))
