"""``scipy-ae report``: draw the report of a run folder again."""

from pathlib import Path

import click

from scipy_ae.cli.options import FOLDER, lang_option


@click.command(short_help="Draw the reports of old runs again.")
@click.argument("runs", nargs=-1, required=True, type=FOLDER, metavar="RUN...")
@lang_option
def report(runs: tuple[Path, ...], lang: str) -> None:
    """Draw pictures and page of old runs again, from nothing but their folders, in the language that you want.

    \b
      scipy-ae report reports/font2-bfgs-1
      scipy-ae report reports/*/ --lang pt
    """
    from scipy_ae import report as reports

    for run in runs:
        click.echo(reports.write(run, lang=lang))
