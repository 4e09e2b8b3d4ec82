"""``scipy-ae reconstruct``: pass rows through a trained model and look at what comes back."""

from pathlib import Path

import click

from scipy_ae.cli.options import FILE, FOLDER


@click.command(short_help="Pass rows through a trained model, and see what returns.")
@click.argument("run", type=FOLDER, metavar="RUN")
@click.option("--dataset", metavar="NAME|FILE", help="Data to pass through; that of the training by default.")
@click.option("--letters", metavar="CHOICE", help="Which rows: a count, a range (A-J), a list (A,B,C) or all.")
@click.option("--out", type=FILE, metavar="FILE.png", help="The picture. [reconstruct.png in the run folder]")
@click.option("--csv", type=FILE, metavar="FILE.csv", help="Label, code and output of each row as numbers.")
def reconstruct(run: Path, dataset: str | None, letters: str | None, out: Path | None, csv: Path | None) -> None:
    """Pass rows through a trained model: input, output, and the wrong pixels outlined.

    \b
      scipy-ae reconstruct reports/font2-bfgs-1
      scipy-ae reconstruct reports/font2-bfgs-1 --letters K-Z --csv codes.csv
      scipy-ae reconstruct reports/font2-bfgs-1 --dataset font3 --letters all
    """
    import numpy as np

    from scipy_ae import datasets, report
    from scipy_ae.cli.files import finished_run, writable, write_table
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.spec import Spec
    from scipy_ae.metrics import is_binary, wrong_pixels
    from scipy_ae.records import RunFolder

    model, _, look = finished_run(run)
    spec = Spec.read(RunFolder(run).spec)
    data = datasets.find(dataset or spec.dataset)
    chosen = letters or (spec.letters if dataset is None else None)
    if chosen not in (None, "all"):
        data = data.select(chosen)
    if data.x.shape[1] != model.network.inputs:
        width = model.network.inputs
        raise InputError(f"dataset: '{data.name}' has rows of {data.x.shape[1]} values; this model takes {width}")
    out = out or run / "reconstruct.png"
    writable(out, csv)
    codes = model.encode(data.x)
    output = model.decode(codes)
    binary = is_binary(data.x)
    if binary:
        for label, count in zip(data.labels, wrong_pixels(output, data.x)):
            click.echo(f"{label:<8} {count} wrong pixel{'' if count == 1 else 's'}")
    else:
        error = ((output - data.x) ** 2).sum(axis=1)
        for label, value in zip(data.labels, error):
            click.echo(f"{label:<8} squared error {value:.4g}")
    columns = {"in": data.x, "out": output}
    wrong = (output > 0.5) != (data.x > 0.5) if binary else None
    figure = report.pairs(columns, look, data.labels, wrong)
    if csv is not None:
        header = ["label", *(f"code{k + 1}" for k in range(codes.shape[1]))]
        header += [f"value{k + 1}" for k in range(output.shape[1])]
        rows = [[label, *row] for label, row in zip(data.labels, np.hstack([codes, output]).tolist())]
        write_table(csv, header, rows)
    click.echo(report.save(figure, out))
