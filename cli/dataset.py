"""``scipy-ae dataset``: list, look at and export data."""

from pathlib import Path

import click

from scipy_ae.cli.options import FILE


@click.group(short_help="List, look at and export data.")
def dataset() -> None:
    """List the built-in data, look at any data, write it in another format.

    \b
      scipy-ae dataset list
      scipy-ae dataset preview font3 --out font3.png
      scipy-ae dataset preview font.h:Font3 --letters a-j
      scipy-ae dataset export font2 font2.h
    """


@dataset.command("list")
def list_() -> None:
    """The built-in datasets, and which files are read.

    \b
      scipy-ae dataset list
    """
    from scipy_ae import datasets

    for name, about in datasets.names().items():
        click.echo(f"{name:<11} {about}")
    click.echo(f"{'FILE':<11} yours: {', '.join(datasets.SUFFIXES)}; NAME.h:ARRAY and NAME.npz:KEY name what is inside")


@dataset.command()
@click.argument("name", metavar="NAME|FILE")
@click.option("--letters", metavar="CHOICE", help="Which rows: a count, a range (A-J), a list (A,B,C) or all.")
@click.option("--out", type=FILE, metavar="FILE.png", help="The picture. [NAME.png]")
def preview(name: str, letters: str | None, out: Path | None) -> None:
    """A picture of the data, row by row, with its labels.

    \b
      scipy-ae dataset preview font3 --out font3.png
      scipy-ae dataset preview font.h:Font3 --letters a-j
    """
    from scipy_ae import report
    from scipy_ae.cli.files import writable

    data = _chosen(name, letters)
    out = out or Path(f"{data.name}.png")
    writable(out)
    look = report.Look.of(data.kind, data.x, data.image_shape)
    click.echo(f"{data.name}: {len(data.x)} rows of {data.x.shape[1]} values. {data.about}")
    most = 200
    if len(data.x) > most:
        click.echo(f"the picture shows the first {most} rows")
    figure = report.strip(data.x[:most], look, data.labels[:most])
    click.echo(report.save(figure, out))


@dataset.command(short_help="Write data as .h, .npy, .npz or .csv.")
@click.argument("name", metavar="NAME|FILE")
@click.argument("path", type=FILE, metavar="TARGET")
@click.option("--letters", metavar="CHOICE", help="Which rows: a count, a range (A-J), a list (A,B,C) or all.")
def export(name: str, path: Path, letters: str | None) -> None:
    """Write the data to TARGET in the format of its suffix: .h, .npy, .npz or .csv.

    \b
      scipy-ae dataset export font2 font2.h
      scipy-ae dataset export circles circles.csv
    """
    from scipy_ae import datasets

    datasets.export(_chosen(name, letters), path)
    click.echo(path)


def _chosen(name: str, letters: str | None):
    from scipy_ae import datasets

    data = datasets.find(name)
    return data if letters in (None, "all") else data.select(letters)
