"""``scipy-ae sweep``: any parameters of a run varied, on a grid or at random, several starts of each."""

import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from scipy_ae.cli.study_options import options_of, settings_of_a_run, study_options


@click.command(context_settings={"max_content_width": 110}, short_help="Vary any parameters of a run.")
@click.option(
    "--vary",
    "varied",
    multiple=True,
    required=True,
    metavar="NAME=VALUES",
    help="An option of scipy-ae train and its values: every=1,4,10 a list, std=0.2:1.2:6 six numbers evenly,"
    " eta=1e-4:1e-1:4:log four by equal ratios. May be given several times: all combinations are run.",
)
@click.option(
    "--random",
    type=click.IntRange(min=1),
    metavar="N",
    help="N combinations drawn at random in place of all of them, the same for the same --seed.",
)
@study_options
@click.pass_context
def sweep(
    ctx: click.Context,
    varied: tuple[str, ...],
    random: int | None,
    seeds: int | None,
    jobs: int | None,
    out: Path,
    lang: str,
    quiet: bool,
    **settings,
) -> None:
    """Train every combination of the values from the same starts, and write one report and one table of them.

    \b
      scipy-ae sweep --vary every=1,4,10 --vary std=0.2:1.2:6 --seeds 10
      scipy-ae sweep --vary solver=BFGS,CG,L-BFGS --letters all --init fan-in
      scipy-ae sweep --vary eta=1e-4:1e-1:log --vary beta=0.2:2 --random 30 --solver adam

    Every option of scipy-ae train that says what a run does is taken as well, for all of them. Each run has a folder
    of its own, and results.csv a line for each. Ctrl-C keeps what is done; the same command goes on with the others,
    and with more --seeds adds to them.
    """
    from scipy_ae.cli.studies import run_recipes
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.fields import option
    from scipy_ae.experiments.sweep import sweep as recipe_of

    given = {
        name: value for name, value in settings.items()
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
    }  # fmt: skip
    recipe = recipe_of(varied, random=random, seed=given.get("seed", 0), starts=seeds)
    for name in recipe.variants[0][1]:
        if name in given:
            raise InputError(f"{option(name)}: it is varied; give it to --vary alone")
    recipe.cases(given)  # whatever is not accepted is refused before the first training
    if not quiet:
        values, starts = len(recipe.variants), recipe.seeds
        click.echo(f"{values} combinations, {starts} starts each: {values * starts} runs")
    words = ["scipy-ae", "sweep", *(word for text in varied for word in ("--vary", text))]
    words += [] if random is None else ["--random", str(random)]
    words += [] if seeds is None else ["--seeds", str(seeds)]
    command = shlex.join([*words, *options_of(given)])
    ctx.exit(run_recipes([(recipe, command)], given, seeds, jobs, out, lang, quiet))


sweep.params.extend(settings_of_a_run())
