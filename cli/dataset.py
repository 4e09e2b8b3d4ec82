"""``scipy-ae dataset``: list, look at and export data."""

from pathlib import Path

import click

from scipy_ae.cli.options import FILE


@click.group(short_help="List, look at and export data.")
def dataset() -> None:
    """List the built-in data, look at any data, write it in another format.

    Files of your own, and where to get MNIST, notMNIST, SVHN and photographs: docs/data.md.

    \b
      scipy-ae dataset list
      scipy-ae dataset preview font3 --out font3.png
      scipy-ae dataset preview font.h:Font3 --letters a-j
      scipy-ae dataset preview photos:patch64,limit500
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
    click.echo(f"{'IMAGES':<11} yours: {'; '.join(datasets.IMAGE_SOURCES)}")
    click.echo(
        f"{'':<11} after the path :limit1000, of pictures :28x28, :patch32, :grey, :colour, as in photos:patch32,grey"
    )
    click.echo(
        f"{'NAME:N':<11} glyphs:8 (variations of each letter), curves:20000 (how many), photographs:64 (pixels a side)"
    )


@dataset.command()
@click.argument("name", metavar="NAME|FILE")
@click.option("--letters", metavar="CHOICE", help="Which rows: a count, a range (A-J), a list (A,B,C) or all.")
@click.option("--out", type=FILE, metavar="FILE.png", help="The picture. [NAME.png]")
def preview(name: str, letters: str | None, out: Path | None) -> None:
    """A picture of the data, row by row, with its labels.

    \b
      scipy-ae dataset preview font3 --out font3.png
      scipy-ae dataset preview font.h:Font3 --letters a-j
      scipy-ae dataset preview train-images-idx3-ubyte.gz --letters 0-9
    """
    from scipy_ae import datasets, report
    from scipy_ae.cli.files import writable

    data = _chosen(name, letters)
    out = out or Path(f"{data.name}.png")
    writable(out)
    click.echo(f"{data.name}: {len(data.x)} rows of {data.x.shape[1]} values. {data.about}")
    for line in _more(data):
        click.echo(line)
    most = 200
    if len(data.x) > most:
        spread = data.kind == "image"
        click.echo(f"the picture shows {f'{most} rows, spread evenly' if spread else f'the first {most} rows'}")
        data = data.rows([row * len(data.x) // most for row in range(most)] if spread else slice(most))
    if data.channels > 1:
        datasets.write_sheet(data, out)
        click.echo(out)
        return
    look = report.Look.of(data.kind, data.x, data.image_shape)
    figure = report.strip(data.x, look, data.labels)
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


def _more(data) -> list[str]:
    """What a dataset of images is besides its rows, a line each."""
    from collections import Counter

    lines = []
    if data.groups is not None:
        lines.append(
            f"{len(set(data.groups.tolist()))} groups ({data.grouped_by or 'of rows'}), which no split divides"
        )
    if data.parts is not None:
        lines.append("parts: " + ", ".join(f"{part} {count} rows" for part, count in Counter(data.parts).items()))
    if data.paired is not None:
        shape = " x ".join(map(str, data.paired.sample_shape))
        lines.append(f"each row has a target of {shape} (channels, height, width)")
    return lines


def _chosen(name: str, letters: str | None):
    from scipy_ae import datasets

    data = datasets.find(name)
    return data if letters in (None, "all") else data.select(letters)
