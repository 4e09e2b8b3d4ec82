"""``scipy-ae experiment``: the published experiments as recipes, listed, shown and run."""

import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from scipy_ae.cli.study_options import options_of, settings_of_a_run, study_options


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
@study_options
@click.pass_context
def run(
    ctx: click.Context,
    names: tuple[str, ...],
    seeds: int | None,
    jobs: int | None,
    out: Path,
    lang: str,
    quiet: bool,
    **settings,
) -> None:
    """Run recipes by NAME, all of them (all), or a recipe of your own (FILE.toml), each with its report.

    Every option of scipy-ae train that says what a run does is taken as well, and stands above the recipe:

    \b
      scipy-ae experiment run font-solver --letters 32
      scipy-ae experiment run study-std --init fan-in --seeds 10
      scipy-ae experiment run all --jobs 2

    Ctrl-C ends after the current steps. Runs that are finished stay, and the same command goes on with the others:
    it never does a run twice. The index of all reports is index.html in the folder of --out.
    """
    from scipy_ae.cli.studies import run_recipes
    from scipy_ae.errors import InputError
    from scipy_ae.experiments import recipe as recipes

    given = {name: value for name, value in settings.items() if ctx.get_parameter_source(name) is not _DEFAULT}
    wanted = recipes.names() if names == ("all",) else list(dict.fromkeys(names))
    chosen = [recipes.find(name) for name in wanted]
    if seeds is not None and not any(recipe.is_study for recipe in chosen):
        raise InputError("seeds: it is for studies, and none is asked for; --seed chooses the start of a single run")
    for recipe in chosen:
        recipe.cases(given)  # whatever is not accepted is refused before the first training
    tasks = [(recipe, _command(recipe, given, seeds)) for recipe in chosen]
    ctx.exit(run_recipes(tasks, given, seeds, jobs, out, lang, quiet))


_DEFAULT = ParameterSource.DEFAULT
run.params.extend(settings_of_a_run())


def _command(recipe: Any, given: dict[str, Any], seeds: int | None) -> str:
    """The command line that asks for the same."""
    from scipy_ae.experiments.recipe import SHIPPED

    name = recipe.name if recipe.path.parent == SHIPPED else str(recipe.path)
    words = ["scipy-ae", "experiment", "run", name]
    words += [] if seeds is None else ["--seeds", str(seeds)]
    return shlex.join([*words, *options_of(given)])
