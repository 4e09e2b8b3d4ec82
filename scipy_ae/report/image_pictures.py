"""Pictures of an image task: examples side by side, the filters of the first layer, and what its layers make of one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from scipy_ae.metrics import psnr
from scipy_ae.report.image_reader import Images, Shape, Stage
from scipy_ae.report.image_tiles import (
    FINE,
    TEXT,
    WIDEST,
    Number,
    Scale,
    dots_a_pixel,
    enlarged,
    even,
    lettering,
    scale_width,
)
from scipy_ae.report.look import Look
from scipy_ae.report.sheet import MUTED, Sheet, fitted, text_width

#: Dots that the shorter side of an example takes at least: 84 pixels of the screen.
SMALLEST = 168
LABEL, GAP, HEAD, FOOT = 240, 24, 56, 52  # dots: names, between tiles, above the first row, below each
#: Values drawn at most, of all examples together: large pictures are shown in fewer rows, but not in fewer than these.
MOST_BYTES, MOST_FEW = 1_000_000, 4
MOST_FILTERS, MOST_CHANNELS, MOST_MAPS, LARGEST_MAP = 48, 4, 16, 64
MAPS_A_LINE, FILTERS_A_LINE = 8, 12


@dataclass(frozen=True)
class ExampleWords:
    """The lettering of the examples; ``headings`` by the name of a column."""

    headings: Mapping[str, str]
    error: str
    best: str
    worst: str
    decibels: Number
    number: Number


def look_at(shape: Shape) -> Look:
    """How a row of this shape (c, h, w) is drawn: values from 0 to 1 from black to white, or as red, green, blue."""
    return Look("image", (shape[1], shape[2]), 0.0, 1.0, ink=False, channels=shape[0])


def shown(images: Images) -> np.ndarray:
    """Which examples are drawn: all, or as many of large pictures as a page can hold, the best and the worst within."""
    m, p = images.target.shape
    columns = 4 + len(images.baselines)
    most = max(MOST_FEW, MOST_BYTES // (columns * p))
    return np.unique(np.linspace(0, m - 1, min(m, most)).round().astype(int))


def errors(images: Images) -> np.ndarray:
    """|output - target| at each pixel, (m, h, w); in colour the mean over the channels."""
    away = np.abs(images.output - images.target).reshape(-1, *images.target_shape)
    return away.mean(axis=1)


def columns_of(images: Images) -> dict[str, np.ndarray]:
    """The columns of the examples by name, but for the errors; a baseline that looks like the input has none."""
    columns = {"target": images.target}
    if not images.same_as_target:
        columns["input"] = images.input
    others = {name: rows for name, rows in images.baselines.items() if not _like_the_input(rows, images)}
    return {**columns, "output": images.output, **others}


def _like_the_input(rows: np.ndarray, images: Images) -> bool:
    """Whether rows are the input, its one channel in all of theirs."""
    (c, *pixels), (channels, *there) = images.input_shape, images.target_shape
    if there != pixels or c not in (1, channels):
        return False
    planes = (rows.reshape(-1, channels, *pixels), images.input.reshape(-1, c, *pixels))
    return bool(np.equal(*planes).all())


def examples(images: Images, words: ExampleWords) -> Figure:
    """Each example in a row: target, input if it differs, output, baselines, and where the output errs."""
    rows, columns, away = shown(images), columns_of(images), errors(images)
    labels = [images.labels[i] for i in rows]
    label = min(LABEL, max(even(max(text_width(name, TEXT) for name in [*labels, words.best, words.worst])) + 30, 90))
    w, h = _tile(images.target_shape, len(columns) + 1, label)
    grow = w // images.target_shape[2]
    pitch_x = even(max(w, max(text_width(words.headings[name], TEXT) for name in columns) + 2)) + GAP
    pitch_y = h + FOOT
    inside = label + (len(columns) + 1) * pitch_x
    sheet = Sheet(HEAD + len(rows) * pitch_y + 90, max(inside, even(scale_width(words.error)) + 2))
    scale = Scale(0.0, float(away[rows].max()), "inferno")
    for k, name in enumerate([*columns, "error"]):
        sheet.text(label + k * pitch_x + w / 2, 26, words.headings[name], TEXT, weight="bold")
    for j, i in enumerate(rows):
        y = HEAD + j * pitch_y
        extreme = words.best if i == 0 else words.worst if i == len(images.labels) - 1 else ""
        names = [fitted(images.labels[i], label - 24, TEXT), extreme if len(images.labels) > 1 else ""]
        lettering(sheet, 4, y + h / 2, names)
        for k, (name, values) in enumerate(columns.items()):
            x = label + k * pitch_x
            shape = images.input_shape if name == "input" else images.target_shape
            _paste(sheet, values[i], look_at(shape), (x, y, w, h))
            sheet.text(x + w / 2, y + h + 20, _below(name, values[i], i, images, words), FINE, color=MUTED)
        pixels = scale(_small_enough(away[i], h, w)) if grow == 0 else enlarged(scale(away[i]), grow)
        sheet.paste(pixels, label + len(columns) * pitch_x, y)
    scale.draw(sheet, sheet.width - 56, HEAD + len(rows) * pitch_y + 14, words.error, words.number)
    return sheet.done()


def filters(values: np.ndarray, name: str, number: Number) -> Figure:
    """Filters (out, in, k, k) on one scale; those of one output stand below each other, an input each."""
    values = values[:MOST_FILTERS, :MOST_CHANNELS]
    out, inputs, k, _ = values.shape
    grow = dots_a_pixel(k, 80)
    side, gap = grow * k, 16
    line = min(out, FILTERS_A_LINE)
    lines = -(-out // line)
    group = inputs * (side + 4) + 28
    scale = Scale.signed(values)
    wide = max(line * (side + gap) + gap, even(scale_width(name)) + 40)
    sheet = Sheet(16 + lines * group + 90, wide)
    for i in range(out):
        row, column = divmod(i, line)
        for j in range(inputs):
            corner = (gap + column * (side + gap), 16 + row * group + j * (side + 4))
            sheet.paste(enlarged(scale(values[i, j]), grow), *corner)
    scale.draw(sheet, sheet.width - 56, 16 + lines * group + 14, name, number)
    return sheet.done()


def feature_maps(first: np.ndarray, stages: list[tuple[str, Stage]], name: str, number: Number) -> Figure:
    """What the layers make of one picture ``first``, bytes (h, w, 3): lines of maps, each map on its own scale.

    ``stages`` are the layers with what they are called; ``name`` is what ``first`` is called.
    """
    rows: list[tuple[list[str], list[np.ndarray]]] = [([name], [_to_tile(first)])]
    for called, stage in stages:
        maps = np.stack([_small_enough(one, LARGEST_MAP, LARGEST_MAP) for one in stage.maps[:MOST_MAPS]])
        told = [called, " × ".join(map(str, stage.maps.shape)), Scale.of(maps).told(number)]
        one_of = Scale.signed if maps.min() < 0 else Scale.of
        rows.append((told, [_to_tile(one_of(one)(one)) for one in maps]))
    label = even(max(text_width(line, TEXT) for told, _ in rows for line in told)) + 32
    pitch = max(tile.shape[1] for _, tiles in rows for tile in tiles) + 12
    most = max(len(tiles) for _, tiles in rows)
    heights = [max(_lines(tiles) * (tiles[0].shape[0] + 12), 30 * len(told) + 10) + 16 for told, tiles in rows]
    sheet = Sheet(12 + sum(map(even, heights)), label + min(most, MAPS_A_LINE) * pitch)
    y = 12
    for (told, tiles), height in zip(rows, heights):
        lettering(sheet, 8, y + 18, told)
        for i, tile in enumerate(tiles):
            line, column = divmod(i, MAPS_A_LINE)
            sheet.paste(tile, label + column * pitch, y + line * (tile.shape[0] + 12))
        y += even(height)
    return sheet.done()


def _tile(shape: Shape, columns: int, label: int) -> tuple[int, int]:
    """Width and height of an example in dots."""
    _, h, w = shape
    room = (WIDEST - label) // columns - GAP
    grow = dots_a_pixel(min(h, w), SMALLEST)
    grow = min(grow, max(even(room / w), room // w if room >= w else 0))
    if grow:
        return grow * w, grow * h
    shrink = -(-w // room)
    return -(-w // shrink), -(-h // shrink)


def _paste(sheet: Sheet, row: np.ndarray, look: Look, box: tuple[int, int, int, int]) -> None:
    """A row in the middle of a box, at even dots."""
    x, y, w, h = box
    pixels = look.pixels(row, w, h)
    sheet.paste(pixels, x + even((w - pixels.shape[1]) / 2), y + even((h - pixels.shape[0]) / 2))


def _below(name: str, row: np.ndarray, i: int, images: Images, words: ExampleWords) -> str:
    """What is written below a tile: its PSNR, or the size of an input that has another."""
    if name == "target":
        return ""
    target = images.target[i].reshape(images.target_shape)
    values = row.reshape(images.input_shape if name == "input" else images.target_shape)
    if values.shape[1:] != target.shape[1:]:
        return " × ".join(map(str, values.shape[1:]))
    if values.shape[0] not in (1, target.shape[0]):
        return ""
    return words.decibels(psnr(np.broadcast_to(values, target.shape), target))


def _small_enough(values: np.ndarray, h: int, w: int) -> np.ndarray:
    """Values (h', w') as means of blocks, where they are larger than (h, w)."""
    shrink = max(-(-values.shape[0] // h), -(-values.shape[1] // w))
    if shrink <= 1:
        return values
    high, wide = (-(-side // shrink) for side in values.shape)
    padding = ((0, high * shrink - values.shape[0]), (0, wide * shrink - values.shape[1]))
    return np.pad(values, padding, mode="edge").reshape(high, shrink, wide, shrink).mean(axis=(1, 3))


def _to_tile(pixels: np.ndarray) -> np.ndarray:
    """A map at about 112 dots."""
    grow = 2 * max(1, round(112 / (2 * max(pixels.shape[:2]))))
    return enlarged(pixels, grow)


def _lines(tiles: list[np.ndarray]) -> int:
    return -(-len(tiles) // MAPS_A_LINE)
