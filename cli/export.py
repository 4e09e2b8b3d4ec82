"""``scipy-ae export``: a trained model for other programs."""

from pathlib import Path

import click

from scipy_ae.cli.options import FOLDER


@click.command(short_help="Write a trained model for other programs (ONNX).")
@click.argument("model", type=FOLDER, metavar="MODEL")
@click.option("--onnx", type=FOLDER, required=True, metavar="FOLDER", help="Write the three ONNX files here.")
@click.option(
    "--precision",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="float64 gives our outputs to about twelve digits; float32 to six, for runtimes that know nothing else.",
)
def export(model: Path, onnx: Path, precision: str) -> None:
    """Write a model, or that of a run folder, as ONNX files: encoder (x to z), decoder (z to y) and both (x to y).

    \b
      scipy-ae export reports/font2-bfgs-1 --onnx letters
      scipy-ae export model.safetensors --onnx letters --precision float32

    Needs the package onnx: pip install scipy-ae[onnx].
    """
    from scipy_ae.cli.files import model_file
    from scipy_ae.persistence import load

    for path in load(model_file(model)).to_onnx(onnx, precision):
        click.echo(path)
