"""``scipy-ae solvers``: which solvers there are, what each needs and what it is good for."""

import sys

import click


@click.command(short_help="Which solvers there are, and what each is good for.")
@click.option("--options", "with_options", is_flag=True, help="Also the options that --solver-option takes.")
def solvers(with_options: bool) -> None:
    """The solvers that --solver, --between and --schedule take.

    \b
      scipy-ae solvers
      scipy-ae solvers --options
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from scipy_ae import solvers as room

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("solver", no_wrap=True)
    table.add_column("needs")
    table.add_column("good for")
    if with_options:
        table.add_column("options")
    for row in room.table():
        words = [row.name, ", ".join(sorted(row.needs)), row.about]
        table.add_row(*words, *([", ".join(row.options)] if with_options else []))
    Console(width=None if sys.stdout.isatty() else 110).print(table)
