"""All figures of one run, by file name, drawn from its arrays."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from scipy_ae.metrics import circle_geometry, nearest_rows
from scipy_ae.report import circles, pictures
from scipy_ae.report.architecture import NetworkWords, network
from scipy_ae.report.curves import CurveWords, loss_curve
from scipy_ae.report.drawing import drawn
from scipy_ae.report.explorer import by_axes
from scipy_ae.report.generated import Means
from scipy_ae.report.image_pictures import look_at
from scipy_ae.report.image_plots import image_plots
from scipy_ae.report.look import Look
from scipy_ae.report.noise import noise_matrix, noisy_rows
from scipy_ae.report.planes import decoded_plane, latent_plane
from scipy_ae.report.reader import Points, Run
from scipy_ae.report.sheet import shown, with_point
from scipy_ae.report.words import Words

Plots = dict[str, Callable[[], Figure]]

MOST_PICTURES, MOST_CIRCLES, MOST_LINES, MOST_NEW = 40, 12, 200, 20


@dataclass(frozen=True)
class Gallery:
    """The PNG files of a run by name, and which rows and states the picture of inputs and outputs shows."""

    files: dict[str, bytes]
    rows_shown: np.ndarray
    states: tuple[str, ...]


def draw(run: Run, look: Look, words: Words, only: Collection[str] | None = None, jobs: int = 1) -> Gallery:
    """Draw everything that the run has arrays for, or only the pictures of these names, by ``jobs`` processes."""
    rows, states = _shown(run), _states(run, look)
    plots: Plots = {
        "loss-iterations": lambda: _curve(run, "iteration", words),
        "loss-seconds": lambda: _curve(run, "seconds", words),
    }
    if run.images is not None:
        plots |= image_plots(run, run.images, words)
    else:
        plots["inputs-outputs"] = lambda: _in_and_out(run, look, words, rows, states)
        plots["network"] = lambda: network(run.layers, run.latent_dim, _network_words(words))
    if len(run.codes):
        plots |= _code_plots(run, look, words)
    if run.denoised is not None:
        denoised = run.denoised
        plots["noisy-rows"] = lambda: noisy_rows(run, denoised, look, words)
        plots["noise-matrix"] = lambda: noise_matrix(denoised, words)
    chosen = {name: plot for name, plot in plots.items() if only is None or name in only}
    pointed = {name: partial(_pointed, plot, words) for name, plot in chosen.items()}
    return Gallery(drawn(pointed, jobs), rows, tuple(states))


def _code_plots(run: Run, look: Look, words: Words) -> Plots:
    """The codes of the rows, and what the decoder makes of others."""
    axis = words.group("figure.latent")
    plots: Plots = {}
    # of a long code of images two numbers say little, see image_page
    short = run.images is None or not by_axes(run)
    if short:
        plots["latent-plane"] = lambda: latent_plane(run.codes, run.target, look, run.labels, axis["axis"])
    if run.kind == "circles":
        heads = words.group("figure.pairs.heading")
        both = {heads["in"]: run.input, heads["out"]: run.output}
        plots["circles"] = lambda: circles.side_by_side(both)
        plots["circles-overlaid"] = lambda: circles.overlaid(run.input, run.output, (heads["in"], heads["out"]))
    if run.plane is not None and short:
        plane, new = run.plane, run.new.codes[:MOST_NEW] if run.new else None
        plots["decoded-plane"] = lambda: decoded_plane(
            plane.x, plane.y, plane.output, look, run.codes, new, axis["axis"], axis["value"]
        )
    if run.new is not None and short:
        points = run.new
        plots["new"] = lambda: _new(run, points, look, words)
    if run.means is not None:
        means = run.means
        plots["means"] = lambda: _means(run, means, look, words)
    if run.prior is not None:
        prior = run.prior
        plots["prior"] = lambda: _new(run, prior, look, words, coded=False)
    if run.walk is not None:
        walk = run.walk
        names = [run.walk.names[0]] + [""] * (len(walk.output) - 2) + [run.walk.names[1]]
        plots["walk"] = lambda: pictures.strip(walk.output, look, names[: len(walk.output)])
    return plots


def _pointed(plot: Callable[[], Figure], words: Words) -> Figure:
    """The figure with numbers at its axes as they are written in the language."""
    return with_point(plot(), words.point)


def _network_words(words: Words) -> NetworkWords:
    return NetworkWords(**words.group("figure.network.words"), whole=words.whole)


def look_of(run: Run) -> Look:
    """How the rows of a run are drawn: on the range of its data, those of an image task from 0 to 1."""
    if run.images is not None:
        return look_at(run.images.target_shape)
    if run.kind == "circles":
        drawn = [run.input, run.output, run.target, *(points.output for points in (run.new, run.walk) if points)]
        return Look.around(*drawn)
    return Look.of(run.kind, run.target, run.image_shape)


def _shown(run: Run) -> np.ndarray:
    """Which rows the picture of inputs and outputs shows: the first ones, or circles of all sizes."""
    n = len(run.target)
    if run.kind == "circles":
        return np.unique(np.linspace(0, n - 1, min(n, MOST_CIRCLES)).round().astype(int))
    return np.arange(min(n, MOST_LINES if run.kind == "table" else MOST_PICTURES))


def _states(run: Run, look: Look) -> dict[str, np.ndarray]:
    """The states of a row, by the words' key: what went in, what was wanted if that differs, what came out."""
    if run.images is not None:  # it has pictures of its own
        return {}
    states = {"in": run.input}
    if not np.array_equal(run.input, run.target):
        states["wanted"] = run.target
    states["out"] = run.output
    if run.binary and look.kind == "image":
        states["cut"] = (run.output > 0.5).astype(float)
    return states


def _in_and_out(run: Run, look: Look, words: Words, chosen: np.ndarray, states: dict[str, np.ndarray]) -> Figure:
    columns = {words(f"figure.pairs.heading.{state}"): rows[chosen] for state, rows in states.items()}
    wrong = ((run.output > 0.5) != (run.target > 0.5))[chosen] if "cut" in states else None
    return pictures.pairs(columns, look, [run.labels[i] for i in chosen], wrong)


def _curve(run: Run, over: str, words: Words) -> Figure:
    lettering = CurveWords(**words.group("figure.curve.words"))
    return loss_curve(run.history.records, over, run.best_iteration, lettering)


def _means(run: Run, means: Means, look: Look, words: Words) -> Figure:
    """What the decoder makes of the mean of two codes, between the two rows."""
    one, other = run.target[means.rows[:, 0]], run.target[means.rows[:, 1]]
    heads = words.group("figure.means.heading")
    return pictures.pairs({heads["one"]: one, heads["mean"]: means.output, heads["other"]: other}, look, means.names)


def _new(run: Run, new: Points, look: Look, words: Words, coded: bool = True) -> Figure:
    """New codes decoded, with what can be said of each in a line or two of small print."""
    rows = new.output[:MOST_NEW]
    lines: list[list[str]] = [[] for _ in rows]
    # a point without a name of its own is called by its code
    if coded and run.latent_dim <= 2 and not all(name.startswith("(") for name in new.names):
        for line, code in zip(lines, new.codes):
            line.append(words.code(code))
    if run.kind == "circles":
        shape = circle_geometry(rows)
        for line, radius, error in zip(lines, shape.radius, shape.roundness_error):
            line.append(words("figure.new.radius", x=words.number(float(radius), 3)))
            line.append(words("figure.new.round", x=words.percent(float(error))))
    elif run.binary and run.kind == "image":
        near = nearest_rows(rows, run.target)
        for line, index, distance in zip(lines, near.row, near.distance):
            line.append(words("figure.new.near", n=int(distance), name=shown(run.labels[index])))
    notes = ["\n".join(line) for line in lines]
    return pictures.strip(rows, look, new.names or None, notes if any(notes) else None)
