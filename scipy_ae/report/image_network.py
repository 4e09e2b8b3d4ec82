"""A drawing of an image network: a block for each step, as high as its pixels and as thick as its channels.

Layers that only scale, bend or reorder numbers (norms, activations by themselves, flatten, reshape) stand in the words
below the block of the step that they belong to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from scipy_ae.report.architecture import NetworkWords
from scipy_ae.report.image_reader import Shape
from scipy_ae.report.image_tiles import FINE, TEXT, WIDEST, even
from scipy_ae.report.layer_reader import Layer
from scipy_ae.report.sheet import ACCENT, INK, LINE, MUTED, Sheet, text_width

SIDE, THICK = (40, 130), (10, 64)  # dots of the smallest and the largest block
SLANT = 0.36  # how far a block goes back, as a part of its width
HEAD, LINES, LEAST_PITCH = 44, 30, 150  # dots
QUIET = ("elementwise", "batch-norm", "group-norm")
RESHAPING = ("flatten", "reshape")
_GREYS, _BLUES = ("#44566a", "#9aa9b8", "#6b7d90"), (ACCENT, "#8fbfe0", "#4a90c2")  # front, top, side


@dataclass(frozen=True)
class Step:
    """A block of the drawing: what is there after some layers (none: the input), and what they are called."""

    part: str
    shape: Shape
    lines: tuple[str, ...] = ()
    parameters: int = 0
    code: bool = False
    main: int | None = None  # which of the lines is the layer that computes

    def after(self, layer: Layer) -> "Step":
        """The same block with one layer more."""
        first = self.main is None and layer.kind not in RESHAPING
        return replace(
            self,
            shape=layer.output_shape,
            main=len(self.lines) if first else self.main,
            lines=(*self.lines, *_lines(layer)),
            parameters=self.parameters + layer.parameters,
        )


def image_network(layers: Sequence[Layer], words: NetworkWords, given: str) -> Figure:
    """The network from the input, which is called ``given``, to the output; in rows where it is long.

    Below each block: the layers that lead to it, its shape (channels x height x width), their parameters.
    """
    steps = steps_of(layers)
    said = [_said(step, words, given) for step in steps]
    widest = max(
        _width(line, k == (step.main or 0)) for step, lines in zip(steps, said) for k, line in enumerate(lines)
    )
    pitch = max(LEAST_PITCH, even(widest) + 26)
    rows = _rows(steps, max(2, WIDEST // pitch))
    heights = [HEAD + SIDE[1] + 66 + LINES * max(len(said[i]) for i in row) + 26 for row in rows]
    sheet = Sheet(even(sum(heights)) + 2, max(map(len, rows)) * pitch)
    sizes = _Sizes.of(steps)
    y = 0
    for row, height in zip(rows, heights):
        _draw_row(sheet, [(steps[i], said[i]) for i in row], pitch, y, sizes, words)
        y += height
    return sheet.done()


def steps_of(layers: Sequence[Layer]) -> list[Step]:
    """The blocks of a network, the input first; one of them is the code."""
    steps = [Step("encoder", layers[0].input_shape)]
    waiting: list[Layer] = []  # a change of shape that leads to the next layer

    def end_part() -> None:
        for layer in waiting:
            own = steps[-1].part == layer.part and steps[-1].lines
            steps.append((steps.pop() if own else Step(layer.part, layer.output_shape)).after(layer))
        waiting.clear()

    for i, layer in enumerate(layers):
        if i and layer.part != layers[i - 1].part:
            end_part()
            steps[-1] = replace(steps[-1], code=True)
        own = steps[-1].part == layer.part and bool(steps[-1].lines)
        if layer.kind in RESHAPING and not (own and len(steps[-1].shape) == 1):
            waiting.append(layer)
        elif own and not waiting and (layer.kind in QUIET or layer.kind in RESHAPING):
            steps.append(steps.pop().after(layer))
        else:
            step = Step(layer.part, layer.output_shape)
            for one in (*waiting, layer):
                step = step.after(one)
            waiting.clear()
            steps.append(step)
    end_part()
    return steps


def _lines(layer: Layer) -> list[str]:
    """What a layer is called: its text, and its activation where the text has it not."""
    text = layer.text or layer.kind
    return [text, layer.activation] if layer.activation not in ("", "identity") else [text]


def _said(step: Step, words: NetworkWords, given: str) -> list[str]:
    """The lines below a block; the first is the layer that gave it its shape."""
    lines = [*(step.lines or (given,)), " × ".join(map(words.whole, step.shape))]
    return [*lines, f"{words.whole(step.parameters)} {words.parameters}"] if step.parameters else lines


def _width(line: str, bold: bool) -> float:
    """Dots of a line below a block; bold lettering is a seventh wider."""
    return text_width(line, TEXT) * 8 / 7 if bold else text_width(line, FINE)


def _rows(steps: list[Step], most: int) -> list[list[int]]:
    """Which blocks stand in each row: all in one, or encoder and decoder each in as few as they take."""
    if len(steps) <= most:
        return [list(range(len(steps)))]
    first = next((i for i, step in enumerate(steps) if step.part == "decoder"), len(steps))
    rows = []
    for part in (list(range(first)), list(range(first, len(steps)))):
        if part:
            rows += [list(map(int, row)) for row in np.array_split(part, -(-len(part) // most))]
    return rows


@dataclass(frozen=True)
class _Sizes:
    """How large a block is drawn: sides by the square root of the pixels, thickness by that of the channels."""

    side: float
    channels: float

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "_Sizes":
        images = [step.shape for step in steps if len(step.shape) == 3] or [(1, 1, 1)]
        return cls(max(max(shape[1:]) for shape in images), max(shape[0] for shape in images))

    def __call__(self, shape: Shape) -> tuple[float, float, float]:
        """Height, thickness and depth in dots; a vector is a thin bar without depth."""
        if len(shape) != 3:
            return _between(SIDE, np.sqrt(np.prod(shape)) / self.side), 12.0, 0.0
        c, h, w = shape
        return _between(SIDE, h / self.side), _between(THICK, c / self.channels), _between(SIDE, w / self.side) * SLANT


def _between(ends: tuple[int, int], part: float) -> float:
    low, high = ends
    return low + (high - low) * float(np.sqrt(min(part, 1.0)))


def _draw_row(
    sheet: Sheet,
    row: Sequence[tuple[Step, Sequence[str]]],
    pitch: int,
    top: int,
    sizes: Callable[[Shape], tuple[float, float, float]],
    words: NetworkWords,
) -> None:
    floor = top + HEAD + SIDE[1] + 44
    edges: list[tuple[float, float]] = []
    for k, (step, lines) in enumerate(row):
        x = (k + 0.5) * pitch
        edges.append(_block(sheet, x, floor, sizes(step.shape), step.code))
        for j, line in enumerate(lines):
            layer = j == (step.main or 0)
            weight = {"weight": "bold"} if layer else {}
            colour = INK if j < len(lines) - (2 if step.parameters else 1) else MUTED
            sheet.text(x, floor + 36 + LINES * j, line, TEXT if layer else FINE, color=colour, **weight)
    middle = floor - SIDE[0] / 2
    arrows = [(before[1] + 6, after[0] - 6) for before, after in pairwise(edges)]
    if row[0][0].lines:  # a row that goes on
        arrows.append((4.0, edges[0][0] - 6))
    for left, right in arrows:
        head = [(right - 9, middle - 6), (right, middle), (right - 9, middle + 6)]
        sheet.lines([np.array([(left, middle), (right, middle)]), np.array(head)], MUTED, 1.0)
    _headings(sheet, [step for step, _ in row], pitch, top, words)


def _block(sheet: Sheet, x: float, floor: float, size: tuple[float, float, float], code: bool) -> tuple[float, float]:
    """A block that stands on ``floor``; returns its left end and, at its front, its right end."""
    height, thick, depth = size
    left, right = x - (thick + depth) / 2, x - (thick + depth) / 2 + thick
    back = np.array([(depth, -0.6 * depth)])
    front, lid, flank = _BLUES if code else _GREYS
    face = np.array([(left, floor - height), (right, floor - height), (right, floor), (left, floor)])
    faces = [(face, front)]
    if depth:
        faces.append((np.concatenate([face[:2], (face[:2] + back)[::-1]]), lid))
        faces.append((np.concatenate([face[1:3], (face[1:3] + back)[::-1]]), flank))
    for corners, colour in faces:
        sheet.patch(Polygon(corners, closed=True, facecolor=colour, edgecolor="#ffffff", linewidth=0.5))
    return left, right + depth


def _headings(sheet: Sheet, steps: Sequence[Step], pitch: int, top: int, words: NetworkWords) -> None:
    """The names of the parts above their blocks."""
    names = {"encoder": words.encoder, "decoder": words.decoder}
    parts = ["code" if step.code else step.part for step in steps]
    for part in dict.fromkeys(parts):
        places = [k for k, name in enumerate(parts) if name == part]
        left, right = (places[0] + 0.1) * pitch, (places[-1] + 0.9) * pitch
        name = names.get(part, words.code)
        style = {"color": ACCENT, "weight": "bold"} if part == "code" else {"color": MUTED}
        sheet.text((left + right) / 2, top + 20, name, TEXT, **style)
        sheet.lines([np.array([(left, top + 40), (right, top + 40)])], ACCENT if part == "code" else LINE, 1.0)
