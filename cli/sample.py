"""``scipy-ae sample``: decode points of the latent plane that no training row has."""

from pathlib import Path

import click

from scipy_ae.cli.options import FILE, FOLDER


@click.command(short_help="Decode codes that no row has: a point, a grid, a walk.")
@click.argument("run", type=FOLDER, metavar="RUN")
@click.option("--at", "points", multiple=True, metavar="X,Y", help="Decode this code; may be given several times.")
@click.option("--grid", type=click.IntRange(2, 60), metavar="N", help="Decode N x N codes over the plane.")
@click.option("--walk", nargs=2, metavar="FROM TO", help="From the code of one letter to that of another.")
@click.option(
    "--random", "count", type=click.IntRange(1, 10_000), metavar="N",
    help="Decode N codes drawn at random: evenly among those of the data, of a variational network from its prior.",
)  # fmt: skip
@click.option("--steps", type=click.IntRange(2, 1000), default=9, show_default=True, help="Codes of a walk.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of --random.")
@click.option("--out", type=FILE, metavar="FILE.png", help="The picture. [sample.png in the run folder]")
@click.option("--csv", type=FILE, metavar="FILE.csv", help="Codes and decoded values as numbers.")
def sample(run: Path, points, grid, walk, count, steps, seed, out: Path | None, csv: Path | None) -> None:
    """Decode what was never seen: a point, a grid, a walk between two letters, random codes.

    \b
      scipy-ae sample reports/font2-bfgs-1 --at 0.3,-0.5 --at 0,0
      scipy-ae sample reports/font2-bfgs-1 --grid 20 --out plane.png
      scipy-ae sample reports/font2-bfgs-1 --walk A J --steps 12 --csv walk.csv
      scipy-ae sample reports/font2-bfgs-1 --random 30 --seed 7
    """
    import numpy as np

    from scipy_ae import latent, report
    from scipy_ae.cli.files import finished_run, writable, write_table
    from scipy_ae.errors import InputError

    asked = [name for name, given in (("at", points), ("grid", grid), ("walk", walk), ("random", count)) if given]
    if len(asked) != 1:
        got = " and ".join(f"--{name}" for name in asked) or "none"
        raise InputError(f"one of --at, --grid, --walk and --random is accepted, got {got}")
    model, past, look = finished_run(run)
    codes, labels = past.codes, past.labels
    if not len(codes):
        raise InputError(f"run: '{run}' is of a task whose outputs take more than a code; one of compress is accepted")
    if points:
        z = np.array([_point(text, codes.shape[1]) for text in points])
    elif walk:
        start, end = (codes[_row(labels, label)] for label in walk)
        z = latent.walk(start, end, steps)
    elif grid:
        x, y, z = latent.grid(codes, grid)
    elif model.network.bottleneck.name == "variational":
        z = latent.prior_codes(model.network.latent_dim, count, np.random.default_rng(seed))
    else:
        z = latent.random_codes(codes, count, np.random.default_rng(seed))
    output = model.decode(z)
    if grid:
        figure = report.decoded_plane(x, y, output, look, codes)
    else:
        names = ["(" + ", ".join(f"{number:.2f}" for number in code[:3]) + ")" for code in z]
        figure = report.strip(output, look, names)
    out = out or run / "sample.png"
    writable(out, csv)
    if csv is not None:
        header = [f"code{k + 1}" for k in range(z.shape[1])] + [f"value{k + 1}" for k in range(output.shape[1])]
        write_table(csv, header, np.hstack([z, output]))
    click.echo(report.save(figure, out))


def _point(text: str, width: int) -> list[float]:
    import math

    from scipy_ae.errors import InputError

    try:
        point = [float(word) for word in text.split(",")]
    except ValueError:
        point = []
    if len(point) != width or not all(map(math.isfinite, point)):
        example = ",".join(["0.5"] * min(width, 4)) + (",..." if width > 4 else "")
        raise InputError(f"at: '{text}' is not accepted; a code of {width} numbers such as {example} is")
    return point


def _row(labels: tuple[str, ...], label: str) -> int:
    from scipy_ae.errors import unknown

    if label not in labels:
        raise unknown("letter", label, labels)
    return labels.index(label)
