"""``scipy-ae info``: what a model file says of itself."""

import json
from pathlib import Path
from typing import Any

import click

from scipy_ae.cli.options import FOLDER


@click.command(short_help="What a trained model is, and how it came to be.")
@click.argument("model", type=FOLDER, metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object.")
def info(model: Path, as_json: bool) -> None:
    """Layers, data, loss and training of a model file, or of the one in a run folder.

    \b
      scipy-ae info reports/font2-bfgs-1
      scipy-ae info model.safetensors --json
    """
    from scipy_ae.cli.files import model_file
    from scipy_ae.persistence import load

    path = model_file(model)
    found = load(path)
    told = _told(path, found)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(found.network.describe())
    for word, sentence in _lines(told["about"], told):
        click.echo(f"{word:<10} {sentence}")


def _told(path: Path, model: Any) -> dict[str, Any]:
    """All that the file says, and what follows from it."""
    from scipy_ae.persistence import VERSION

    net = model.network
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "version": VERSION,
        "network": net.spec,
        "latent_dim": net.latent_dim,
        "parameters": net.size,
        "bottleneck": net.bottleneck.name,
        "layers": [
            {
                "name": name,
                **layer.to_plain(),
                "input_shape": inside,
                "output_shape": outside,
                "parameters": sum(_count(shape) for _, shape in layer.parameters()),
            }
            for (name, layer), inside, outside in zip(net.named_layers(), net.shapes, net.shapes[1:])
        ],
        "code_bits": None if model.quantiser is None else model.quantiser.bits,
        "about": model.about,
    }


def _count(shape: tuple[int, ...]) -> int:
    import math

    return math.prod(shape)


def _lines(about: dict[str, Any], told: dict[str, Any]) -> list[tuple[str, str]]:
    """A word and a sentence for each thing that the file tells; a file may tell little, or oddly."""
    bits = "" if told["code_bits"] is None else f"of {told['code_bits']} bits a number"
    lines = [("code", bits), ("slopes", _slopes(told["layers"]))]
    lines += [("data", _data(about)), ("labels", _labels(about.get("labels")))]
    loss, l2, trained = about.get("loss"), about.get("l2"), about.get("trained")
    if isinstance(loss, str):
        lines.append(("loss", loss + (f" + {l2:g} * sum of squared weights" if _is_number(l2) and l2 else "")))
    if isinstance(trained, dict):
        lines += [("trained", _training(about, trained)), ("command", _word(trained.get("command")))]
    versions = about.get("versions")
    if isinstance(versions, dict):
        lines.append(("versions", ", ".join(f"{_word(name)} {_word(number)}" for name, number in versions.items())))
    lines.append(("file", f"{told['file']}, {told['bytes']} bytes, version {told['version']}"))
    return [(word, sentence) for word, sentence in lines if sentence]


def _slopes(layers: list[dict[str, Any]]) -> str:
    """The slopes beta of the activations, where one is not 1."""
    betas = [layer["beta"] for layer in layers if "beta" in layer]
    return "" if set(betas) <= {1.0} else "beta " + ", ".join(f"{beta:g}" for beta in betas)


def _data(about: dict[str, Any]) -> str:
    words = [_word(about.get("dataset"))]
    if isinstance(about.get("rows"), int):
        words.append(f"{about['rows']} rows")
    shape = about.get("image_shape")
    if isinstance(shape, list):
        words.append(f"images of {' x '.join(map(_word, shape))} pixels")
    if about.get("binary") is True:
        words.append("each 0 or 1")
    return ", ".join(word for word in words if word)


def _labels(labels: Any, most: int = 40) -> str:
    if not isinstance(labels, list):
        return ""
    shown = " ".join(_word(label) for label in labels[:most])
    return shown + (f" ... ({len(labels)} in all)" if len(labels) > most else "")


def _training(about: dict[str, Any], trained: dict[str, Any]) -> str:
    solvers = about.get("solvers")
    words = [f"by {' and '.join(map(_word, solvers))}"] if isinstance(solvers, list) and solvers else []
    if _is_number(trained.get("loss")):
        words.append(f"loss {trained['loss']:.4g}")
    if isinstance(trained.get("wrong_pixels"), int):
        words.append(f"{trained['wrong_pixels'] or 'no'} wrong pixel{'' if trained['wrong_pixels'] == 1 else 's'}")
    words.append(f"at iteration {_word(trained.get('best_iteration'))}")
    if _is_number(trained.get("seconds")):
        words.append(f"{trained['seconds']:.2f} s")
    return ", ".join(words) + f"; {_word(trained.get('stop'))}"


def _word(value: Any) -> str:
    """A value on one line of a terminal, which nothing in a file can steer."""
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text[:1000])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
