"""``scipy-ae reconstruct``: pass rows through a trained model and look at what comes back."""

from pathlib import Path
from typing import Any

import click

from scipy_ae.cli.options import FILE, FOLDER

#: Rows that the picture shows at most.
MOST_SHOWN = 200


@click.command(short_help="Pass rows through a trained model, and see what returns.")
@click.argument("run", type=FOLDER, metavar="RUN")
@click.option("--dataset", metavar="NAME|FILE", help="Data to pass through; that of the training by default.")
@click.option("--letters", metavar="CHOICE", help="Which rows: a count, a range (A-J), a list (A,B,C) or all.")
@click.option("--out", type=FILE, metavar="FILE.png", help="The picture. [reconstruct.png in the run folder]")
@click.option("--csv", type=FILE, metavar="FILE.csv", help="Label, code and output of each row as numbers.")
def reconstruct(run: Path, dataset: str | None, letters: str | None, out: Path | None, csv: Path | None) -> None:
    """Pass rows through a trained model: input, output, and the wrong pixels outlined.

    Of a task on images the rows are spoilt as they were for training, and what was wanted stands beside the output.

    \b
      scipy-ae reconstruct reports/font2-bfgs-1
      scipy-ae reconstruct reports/font2-bfgs-1 --letters K-Z --csv codes.csv
      scipy-ae reconstruct reports/font2-bfgs-1 --dataset font3 --letters all
    """
    import numpy as np

    from scipy_ae import report
    from scipy_ae.cli.files import finished_run, writable, write_table
    from scipy_ae.experiments.spec import Spec
    from scipy_ae.metrics import is_binary
    from scipy_ae.records import RunFolder

    model, _, look = finished_run(run)
    spec = Spec.read(RunFolder(run).spec)
    data, pairs = _rows(spec, model.network, dataset, letters)
    out = out or run / "reconstruct.png"
    writable(out, csv)
    output, coded = model.reconstruct(pairs.x), spec.task in (None, "compress")
    binary = is_binary(pairs.target) and coded
    shown = np.unique(np.linspace(0, len(output) - 1, min(MOST_SHOWN, len(output))).round().astype(int))
    if len(shown) < len(output):
        click.echo(f"{len(shown)} of {len(output)} rows are shown, spread evenly; --csv writes all")
    labels = [data.labels[row] for row in shown]
    _tell(labels, output[shown], pairs.target[shown], binary)
    columns = {name: rows[shown] for name, rows in _columns(pairs, output).items()}
    wrong = (output[shown] > 0.5) != (pairs.target[shown] > 0.5) if binary else None
    figure = report.pairs(columns, look, labels, wrong)
    if csv is not None:
        codes = model.encode(pairs.x) if coded else np.empty((len(output), 0))
        header = ["label", *(f"code{k + 1}" for k in range(codes.shape[1]))]
        header += [f"value{k + 1}" for k in range(output.shape[1])]
        rows = [[label, *row] for label, row in zip(data.labels, np.hstack([codes, output]).tolist())]
        write_table(csv, header, rows)
    click.echo(report.save(figure, out))


def _rows(spec: Any, network: Any, dataset: str | None, letters: str | None) -> tuple[Any, Any]:
    """The rows that are asked for, and what goes in and should come out for them: of a task, spoilt and clean."""
    from scipy_ae import datasets
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.data import Data, pairs_of
    from scipy_ae.tasks import Pairs

    if spec.mapped and dataset is None:
        data = Data.of(spec).dataset  # some rows of the file, which may be more than memory holds
    else:
        data = datasets.find(dataset or spec.dataset)
    chosen = letters or (spec.letters if dataset is None else None)
    if chosen not in (None, "all"):
        data = data.select(chosen)
    task = spec.task_on(paired=data.paired is not None)
    if task is None:
        pairs = Pairs(data.x, data.x, (), ())
    elif data.kind == "image":
        pairs = pairs_of(task, data, spec.seed)
    else:
        raise InputError(f"dataset: '{data.name}' has no images, which this model takes")
    for what, width, rows in (("takes", network.inputs, pairs.x), ("gives", network.outputs, pairs.target)):
        if rows.shape[1] != width:
            raise InputError(f"dataset: '{data.name}' has rows of {rows.shape[1]} values; this model {what} {width}")
    return data, pairs


def _columns(pairs: Any, output: Any) -> dict[str, Any]:
    """What the picture shows side by side, each (n, q); an input of another shape is enlarged or repeated."""
    import numpy as np

    if pairs.target is pairs.x:
        return {"in": pairs.x, "out": output}
    (c, h, w), (channels, height, width) = pairs.input_shape, pairs.target_shape
    columns = {"out": output, "wanted": pairs.target}
    if channels % c or height % h or width % w:
        return columns
    x = pairs.x.reshape(-1, c, h, w).repeat(height // h, axis=2).repeat(width // w, axis=3)
    return {"in": np.tile(x, (1, channels // c, 1, 1)).reshape(len(x), -1), **columns}


def _tell(labels: list[str], output: Any, target: Any, binary: bool) -> None:
    """A line for each row: its wrong pixels, or its error."""
    from scipy_ae.metrics import wrong_pixels

    if binary:
        for label, count in zip(labels, wrong_pixels(output, target)):
            click.echo(f"{label:<8} {count} wrong pixel{'' if count == 1 else 's'}")
        return
    for label, value in zip(labels, ((output - target) ** 2).sum(axis=1)):
        click.echo(f"{label:<8} squared error {value:.4g}")
