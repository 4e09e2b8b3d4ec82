"""``scipy-ae experiment``: the published experiments as recipes, listed, shown and run."""

import copy
import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from scipy_ae.cli.options import FOLDER, lang_option
from scipy_ae.cli.train import train

#: Options of ``train`` that say how a run is shown and where it is written, not what it does.
_NOT_OF_A_RUN = ("out", "lang", "quiet", "as_json", "jobs", "restarts", "halving")


@click.group(short_help="The published experiments as recipes.")
def experiment() -> None:
    """Run the published experiments.

    \b
      scipy-ae experiment list
      scipy-ae experiment run font-solver circles
      scipy-ae experiment run study-every --seeds 10
      scipy-ae experiment run all
    """


@experiment.command("list")
def list_() -> None:
    """One line for each recipe.

    \b
      scipy-ae experiment list
    """
    from scipy_ae.experiments.recipe import find, names

    recipes = [find(name) for name in names()]
    width = max(len(recipe.name) for recipe in recipes)
    for recipe in recipes:
        runs = f" ({len(recipe.variants)} values)" if recipe.is_study else ""
        click.echo(f"{recipe.name:<{width}}  {recipe.title}{runs}")


@experiment.command()
@click.argument("name", metavar="NAME")
def show(name: str) -> None:
    """What a recipe asks for, what was published, and the same as commands.

    \b
      scipy-ae experiment show study-every
    """
    from scipy_ae.experiments.recipe import find

    recipe = find(name)
    click.echo(f"{recipe.title}\n\n{recipe.about}")
    for word, text in (("published", recipe.claim), ("source", recipe.source)):
        if text:
            click.echo(f"{word}: {text}")
    if recipe.is_study:
        click.echo(f"\n{recipe.seeds} starts of each:")
    else:
        click.echo()
    for case in recipe.cases():
        click.echo(f"{case.label + ': ' if case.label else ''}{case.spec.command()}")


@experiment.command(context_settings={"max_content_width": 110})
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--seeds", type=click.IntRange(min=1), help="Starts of each value of a study. [as the recipe says]")
@click.option("--out", type=FOLDER, default="reports", show_default=True, help="Where the folders NAME-NUMBER go.")
@lang_option
@click.option("--quiet", "-q", is_flag=True, help="No progress; the paths of the reports alone.")
@click.pass_context
def run(
    ctx: click.Context, names: tuple[str, ...], seeds: int | None, out: Path, lang: str, quiet: bool, **settings
) -> None:
    """Run recipes by NAME, all of them (all), or a recipe of your own (FILE.toml), each with its report.

    Every option of scipy-ae train that says what a run does is taken as well, and stands above the recipe:

    \b
      scipy-ae experiment run font-solver --letters 32
      scipy-ae experiment run study-std --init fan-in --seeds 10

    Ctrl-C ends after the current step; what is done is kept and reported.
    """
    from scipy_ae.cli.display import listening
    from scipy_ae.errors import InputError
    from scipy_ae.experiments import recipe as recipes
    from scipy_ae.experiments.run import Interrupt

    given = {name: value for name, value in settings.items() if ctx.get_parameter_source(name) is not _DEFAULT}
    wanted = recipes.names() if names == ("all",) else list(dict.fromkeys(names))
    chosen = [recipes.find(name) for name in wanted]
    if seeds is not None and not any(recipe.is_study for recipe in chosen):
        raise InputError("seeds: it is for studies, and none is asked for; --seed chooses the start of a single run")
    for recipe in chosen:
        recipe.cases(given)  # whatever is not accepted is refused before the first training
    interrupt = Interrupt()
    with listening(interrupt):
        for recipe in chosen:
            (_study if recipe.is_study else _single)(recipe, given, seeds, out, lang, quiet, interrupt)
            if interrupt.asked:
                ctx.exit(130)


_DEFAULT = ParameterSource.DEFAULT
for _option in train.params:
    if _option.name not in _NOT_OF_A_RUN:
        _option = copy.copy(_option)
        if isinstance(_option, click.Option):
            _option.hidden = True  # scipy-ae train --help tells of them
        run.params.append(_option)


def _single(
    recipe: Any, given: dict[str, Any], seeds: int | None, out: Path, lang: str, quiet: bool, interrupt: Any
) -> None:
    from scipy_ae.cli.display import Display
    from scipy_ae.experiments.report_process import ReportProcess

    with ReportProcess(lang) as reporter:
        from scipy_ae.experiments.run import free_folder, run
        from scipy_ae.experiments.setup import Setup

        setup = Setup.of(recipe.cases(given)[0].spec)
        display = Display(setup.iterations, silent=quiet)
        if not quiet:
            click.echo(f"{recipe.name}: {recipe.title}")
        with display:
            seen: dict[str, Any] = {"reader": display.record, "pulse": display.pulse, "interrupt": interrupt}
            outcome = run(setup, free_folder(recipe.name, out), **seen)
        index = reporter.write(outcome.folder)
    display.conclude(outcome, index, quiet=quiet, as_json=False)


def _study(
    recipe: Any, given: dict[str, Any], seeds: int | None, out: Path, lang: str, quiet: bool, interrupt: Any
) -> None:
    from scipy_ae import report
    from scipy_ae.cli.bench import _Progress
    from scipy_ae.cli.display import relative, tell_of_compilation
    from scipy_ae.experiments.run import free_folder
    from scipy_ae.experiments.study import run_study

    if not quiet:
        tell_of_compilation()
        click.echo(f"{recipe.name}: {recipe.title}")
    path = free_folder(recipe.name, out)
    with _Progress(quiet) as progress:
        results = run_study(
            recipe, path, given=given, seeds=seeds, command=_command(recipe, given, seeds), interrupt=interrupt,
            watch=lambda value, start, done, of: progress.show(f"{value}, start {start}", done, of),
        )  # fmt: skip
    index = report.write(path, lang=lang)
    if not quiet:
        click.echo(results["finding"])
    click.echo(relative(index))


def _command(recipe: Any, given: dict[str, Any], seeds: int | None) -> str:
    """The command line that asks for the same."""
    name = recipe.name if recipe.path.parent.name == "recipes" else str(recipe.path)
    words = ["scipy-ae", "experiment", "run", name]
    words += [] if seeds is None else ["--seeds", str(seeds)]
    for key, value in given.items():
        if key == "guard":
            words.append("--guard" if value else "--no-guard")
        elif key == "solver_options":
            words += [word for option in value for word in ("--solver-option", option)]
        else:
            words += [f"--{key.replace('_', '-')}", str(value)]
    return shlex.join(words)
