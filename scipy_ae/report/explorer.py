"""What the latent explorer is given: the decoder's weights, the codes and rows of the data, and its words."""

from base64 import b64encode
from typing import Any

import numpy as np

from scipy_ae.report.blocks import Explorer
from scipy_ae.report.decoder import DecoderLayer
from scipy_ae.report.film import film_data, film_words
from scipy_ae.report.look import Look
from scipy_ae.report.reader import Run
from scipy_ae.report.sheet import shown
from scipy_ae.report.words import Words

#: A decoder of more numbers than this is not put into a page (16 MB, and a third more as text).
LARGEST_DECODER = 2_000_000
#: Rows of the data that the plane shows at most, and numbers in them: evenly chosen where there are more.
MOST_ROWS, MOST_NUMBERS = 1000, 200_000
LONGEST_NAME = 60


def explorable(run: Run) -> bool:
    """Whether the run has a decoder that a page can hold."""
    return 0 < sum(layer.weight.size + layer.bias.size for layer in run.decoder) <= LARGEST_DECODER


def explorer(run: Run, look: Look, things: str, words: Words) -> Explorer:
    """The explorer of a run; ``things`` is what its rows are called, by the words' key."""
    chosen = _rows_shown(run)
    names = [shown(run.labels[i])[:LONGEST_NAME] for i in chosen]
    table: dict[str, Any] = words.group("explorer")
    form = "circles" if run.kind == "circles" else "rows"
    maps = [(name, table["maps"][form].get(name) or table["maps"][name]) for name in ("nearest", "distance")]
    maps += [(name, table["maps"][name]) for name in ("pictures", "none") if name == "none" or run.kind != "table"]
    film = film_data(run, chosen, words)
    data = {
        "run": run.name,
        "kind": run.kind,
        "shape": run.image_shape,
        "low": look.low,
        "high": look.high,
        "ink": look.ink,
        "binary": run.binary and run.kind != "circles",
        "latent": run.latent_dim,
        "decoder": [_layer(layer) for layer in run.decoder],
        "codes": _packed(run.codes[chosen], "<f8"),
        "rows": _packed(run.target[chosen], "<f4"),
        "names": names,
        "film": film,
        "words": _live_words(things, run.kind, words),
    }
    return Explorer(table, maps, names, run.latent_dim, data, film_words(film, bool(data["binary"]), words))


def _rows_shown(run: Run) -> np.ndarray:
    n, p = run.target.shape
    most = max(1, min(n, MOST_ROWS, MOST_NUMBERS // p))
    return np.unique(np.linspace(0, n - 1, most).round().astype(int))


def _layer(layer: DecoderLayer) -> dict[str, Any]:
    inputs, outputs = layer.weight.shape
    return {
        "inputs": inputs,
        "outputs": outputs,
        "activation": layer.activation,
        "beta": layer.beta,
        "alpha": layer.alpha,
        "weight": _packed(layer.weight, "<f8"),
        "bias": _packed(layer.bias, "<f8"),
        "slope": None if layer.slope is None else _packed(layer.slope, "<f8"),
    }


def _packed(array: np.ndarray, dtype: str) -> str:
    """The bytes of an array, little end first, as text."""
    return b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")


def _live_words(things: str, kind: str, words: Words) -> dict[str, Any]:
    """The words that change while one plays; the page fills in their {names}, but for that of a row."""
    live: dict[str, Any] = words.group("explorer.live")
    unit = "values" if kind == "table" else "pixels"

    def said(texts: dict[str, Any]) -> dict[str, str]:
        known = {name: text for name, text in texts.items() if isinstance(text, str)}
        return {name: words.partly(text, thing=words.noun(things)) for name, text in known.items()}

    return {
        **said(live),
        "differ": live["differ"][unit],
        "legend": said(live["legend"]["circles" if kind == "circles" else unit]),
        **{name: words.group("figure.latent")[name] for name in ("axis", "value")},
        "point": words.point,
    }
