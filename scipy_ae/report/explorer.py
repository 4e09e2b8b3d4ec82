"""What the latent explorer is given: the decoder's weights, the codes and rows of the data, and its words."""

from base64 import b64encode
from math import prod
from typing import Any

import numpy as np

from scipy_ae.layers.normalisation import EPSILON
from scipy_ae.report.axes import LONGEST, principal_axes
from scipy_ae.report.blocks import Explorer
from scipy_ae.report.decoder import DecoderLayer
from scipy_ae.report.film import film_data, film_words
from scipy_ae.report.look import Look
from scipy_ae.report.reader import Run
from scipy_ae.report.sheet import shown
from scipy_ae.report.words import Words

#: A decoder of more numbers than this is not put into a page (16 MB, and a third more as text), nor one that takes
#: more multiplications for one code (some tenths of a second), or has layers of more values in all.
LARGEST_DECODER, MOST_WORK, MOST_VALUES = 2_000_000, 100_000_000, 4_000_000
#: Rows of the data that the plane shows at most, and numbers in them or in their codes: evenly chosen where there are
#: more.
MOST_ROWS, MOST_NUMBERS = 1000, 200_000
LONGEST_NAME = 60


def explorable(run: Run) -> bool:
    """Whether the run has a decoder that a page can hold."""
    return (
        len(run.decoder) > 0
        and len(run.codes) > 0
        and sum(array.size for layer in run.decoder for array in layer.arrays.values()) <= LARGEST_DECODER
        and sum(layer.work for layer in run.decoder) <= MOST_WORK
        and sum(prod(layer.output_shape) for layer in run.decoder) <= MOST_VALUES
    )


def by_axes(run: Run) -> bool:
    """Whether one moves along principal axes of the codes, since a code has too many numbers."""
    return run.latent_dim > LONGEST


def explorer(run: Run, look: Look, things: str, words: Words) -> Explorer:
    """The explorer of a run; ``things`` is what its rows are called, by the words' key."""
    chosen = _rows_shown(run)
    channels = run.target.shape[1] // prod(run.image_shape) if run.image_shape else 1
    names = [shown(run.labels[i])[:LONGEST_NAME] for i in chosen]
    table: dict[str, Any] = words.group("explorer")
    form = "circles" if run.kind == "circles" else "rows"
    maps = [(name, table["maps"][form].get(name) or table["maps"][name]) for name in ("nearest", "distance")]
    maps += [(name, table["maps"][name]) for name in ("pictures", "none") if name == "none" or run.kind != "table"]
    basis = None
    if by_axes(run):
        middle, axes = principal_axes(run.codes[chosen])
        basis = {"middle": _packed(middle, "<f8"), "axes": _packed(axes, "<f8")}
        maps.sort(key=lambda named: named[0] != "pictures")  # the one that is shown first
        table |= {"slider": table["slider_axis"], "code": table["code_axes"]}
    film = film_data(run, chosen, words)
    data = {
        "run": run.name,
        "kind": run.kind,
        "shape": run.image_shape,
        "low": look.low,
        "high": look.high,
        "channels": channels,
        "ink": look.ink and channels == 1,
        "binary": run.binary and run.kind != "circles" and channels == 1,
        "latent": run.latent_dim,
        "basis": basis,
        "decoder": [layer_data(layer) for layer in run.decoder],
        "codes": _packed(run.codes[chosen], "<f8"),
        "rows": _packed(run.target[chosen], "<f4"),
        "names": names,
        "film": film,
        "words": _live_words(things, run, words),
    }
    count = run.latent_dim if basis is None else len(axes)
    return Explorer(table, maps, names, count, data, film_words(film, bool(data["binary"]), words))


def _rows_shown(run: Run) -> np.ndarray:
    n, p = run.target.shape
    most = max(1, min(n, MOST_ROWS, MOST_NUMBERS // max(p, run.latent_dim)))
    return np.unique(np.linspace(0, n - 1, most).round().astype(int))


def layer_data(layer: DecoderLayer) -> dict[str, Any]:
    """A layer as the page is given it."""
    f = layer.layer.activation
    return {
        **layer.layer.to_plain(),
        "activation": f.name,
        "beta": f.beta,
        "alpha": f.alpha or 0.0,
        "eps": EPSILON,
        "from": layer.input_shape,
        "to": layer.output_shape,
        "work": layer.work,
        "arrays": [(name, _packed(array, "<f8")) for name, array in layer.arrays.items()],
    }


def _packed(array: np.ndarray, dtype: str) -> str:
    """The bytes of an array, little end first, as text."""
    return b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")


def _live_words(things: str, run: Run, words: Words) -> dict[str, Any]:
    """The words that change while one plays; the page fills in their {names}, but for that of a row."""
    live: dict[str, Any] = words.group("explorer.live")
    unit = "values" if run.kind == "table" else "pixels"
    if by_axes(run):
        live["code"] = live["code_axes"]

    def said(texts: dict[str, Any]) -> dict[str, str]:
        known = {name: text for name, text in texts.items() if isinstance(text, str)}
        return {name: words.partly(text, thing=words.noun(things)) for name, text in known.items()}

    return {
        **said(live),
        "differ": live["differ"][unit],
        "legend": said(live["legend"]["circles" if run.kind == "circles" else unit]),
        **{name: words.group("figure.latent")[name] for name in ("axis", "value")},
        "point": words.point,
    }
