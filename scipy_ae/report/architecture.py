"""A drawing of the network: a bar for each layer of numbers, narrowing to the code and widening again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon

from scipy_ae.report.layer_reader import Layer
from scipy_ae.report.sheet import ACCENT, COLUMN, FAINT, INK, LINE, MUTED, NORMAL, SMALL, Sheet, text_width

TOP, MIDDLE, TALLEST, SHORTEST = 44, 190, 230, 14  # dots
MOST_NAMED = 13  # more layers than this, and parameters are not written under each


@dataclass(frozen=True)
class NetworkWords:
    """The lettering of the drawing."""

    encoder: str = "encoder"
    decoder: str = "decoder"
    code: str = "code"
    parameters: str = "parameters"
    whole: Callable[[int], str] = "{:,}".format  # how a count is written


def network(layers: Sequence[Layer], latent_dim: int, words: NetworkWords | None = None) -> Figure:
    """The layers from input to output: sizes above the bars, parameters and activations below what links them.

    A bar's height grows with the square root of its size. The code is the highlighted bar in the middle.
    """
    words = words or NetworkWords()
    sheet = Sheet(452)
    sizes, code, links = _bars(layers, latent_dim)
    x = np.linspace(60, COLUMN - 60, len(sizes))
    half = np.maximum(TALLEST * np.sqrt(np.array(sizes) / max(sizes)), SHORTEST) / 2
    width = float(np.clip((x[1] - x[0]) * 0.22, 8, 22))
    small = SMALL if len(sizes) <= 9 else SMALL - 1 if len(sizes) <= 11 else SMALL - 2
    for layer, a in links:
        _link(sheet, x, half, a, width)
        if len(sizes) <= MOST_NAMED and layer.parameters:
            sheet.text(
                (x[a] + x[a + 1]) / 2, MIDDLE + TALLEST / 2 + 24, words.whole(layer.parameters), small, color=MUTED
            )
    for i, size in enumerate(sizes):
        _bar(sheet, x[i], half[i], width, i == code)
        style = {"color": ACCENT, "weight": "bold"} if i == code else {}
        sheet.text(x[i], MIDDLE - half[i] - 18, words.whole(size), NORMAL if len(sizes) <= 15 else SMALL - 2, **style)
    if len(sizes) <= MOST_NAMED and len(sizes) > 1:
        sheet.text(COLUMN / 2, MIDDLE + TALLEST / 2 + 50, words.parameters, small, color=MUTED)
    sheet.text(x[code], MIDDLE + half[code] + 20, words.code, SMALL, color=ACCENT, weight="bold")
    _brackets(sheet, [layer for layer, _ in links], [a for _, a in links], x)
    for name, at in ((words.encoder, (x[0] + x[code]) / 2), (words.decoder, (x[code] + x[-1]) / 2)):
        sheet.text(at, 18, name, SMALL, color=MUTED)
    return sheet.done()


def _bars(layers: Sequence[Layer], latent_dim: int) -> tuple[list[int], int, list[tuple[Layer, int]]]:
    """Sizes of the bars, which of them is the code, and each layer with the bar it starts from."""
    encoder = [layer for layer in layers if layer.part == "encoder"]
    decoder = [layer for layer in layers if layer.part != "encoder"]
    sizes, links = [layers[0].inputs], []
    for layer in encoder:
        links.append((layer, len(sizes) - 1))
        sizes.append(layer.outputs)
    if sizes[-1] != latent_dim:  # a variational encoder ends in means and variances, of which a code is drawn
        sizes.append(latent_dim)
    code = len(sizes) - 1
    for layer in decoder:
        links.append((layer, len(sizes) - 1))
        sizes.append(layer.outputs)
    return sizes, code, links


def _link(sheet: Sheet, x: np.ndarray, half: np.ndarray, a: int, width: float) -> None:
    left, right = x[a] + width / 2, x[a + 1] - width / 2
    corners = [
        (left, MIDDLE - half[a]),
        (right, MIDDLE - half[a + 1]),
        (right, MIDDLE + half[a + 1]),
        (left, MIDDLE + half[a]),
    ]
    sheet.patch(Polygon(corners, closed=True, facecolor=FAINT, edgecolor="none"))


def _bar(sheet: Sheet, x: float, half: float, width: float, code: bool) -> None:
    style = f"round,pad=0,rounding_size={min(width, 2 * half) / 3}"
    box = FancyBboxPatch((x - width / 2, MIDDLE - half), width, 2 * half, boxstyle=style, linewidth=0)
    box.set_facecolor(ACCENT if code else INK)
    sheet.patch(box)


def _brackets(sheet: Sheet, layers: Sequence[Layer], starts: Sequence[int], x: np.ndarray) -> None:
    """What the layers do (activation, and kind if it is not dense), once for each run of equal ones."""
    y = MIDDLE + TALLEST / 2 + 78
    segments, level = [], 0
    for words, run in groupby(zip(layers, starts), key=lambda pair: _what(pair[0])):
        places = [start for _, start in run]
        left, right = x[places[0]] + 12, x[places[-1] + 1] - 12
        segments.append(np.array([(left, y), (left, y + 8), (right, y + 8), (right, y)]))
        # neighbours whose names are wider than they are stand on two levels
        wide = text_width(words, SMALL)
        tight = wide > right - left
        level = 1 - level if tight else 0
        at = float(np.clip((left + right) / 2, wide / 2 + 4, COLUMN - wide / 2 - 4))
        sheet.text(at, y + 28 + 24 * level, words, SMALL)
    sheet.lines(segments, LINE, 1.0)


def _what(layer: Layer) -> str:
    return layer.activation if layer.kind == "dense" else f"{layer.kind}, {layer.activation}"
