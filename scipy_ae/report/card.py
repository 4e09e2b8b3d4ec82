"""Cards: a training and an estimator in one glance, as HTML that a notebook shows; pictures are within it as PNG."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scipy_ae.metrics import wrong_pixels
from scipy_ae.records import History
from scipy_ae.report import pictures
from scipy_ae.report.blocks import KeyFigure, Picture
from scipy_ae.report.curves import CurveWords, loss_curve
from scipy_ae.report.look import Look
from scipy_ae.report.render import card as render
from scipy_ae.report.sheet import png, shown
from scipy_ae.report.words import Words


@dataclass(frozen=True)
class Card:
    """What a card says: ``title``, numbers that matter, a sentence below them, pictures."""

    language: str
    title: str
    figures: Sequence[KeyFigure]
    note: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Learned:
    """What an estimator has learned: its layers, and a few rows with what it makes of them."""

    layers: str  # widths
    activations: Sequence[str]  # of each layer
    latent_dim: int
    parameters: int


@dataclass(frozen=True)
class Glimpse:
    """A few rows (n, p) and what came back for them."""

    rows: np.ndarray
    output: np.ndarray
    look: Look
    names: Sequence[str]


def history_card(history: History, words: Words) -> str:
    """The card of a history, as HTML."""
    title = words("notebook.history", n=history[-1].iteration)
    return render(
        Card(words.language, title, _training(history, words), _ending(history, words), _curve(history, words))
    )


def model_card(learned: Learned, history: History, glimpse: Glimpse | None, words: Words) -> str:
    """The card of a fitted estimator, as HTML; without rows it shows only how the training went."""
    numbers = words("code.numbers", n=learned.latent_dim, count=words.count(learned.latent_dim))
    parameters = words("notebook.parameters", n=learned.parameters, numbers=numbers)
    figures = [KeyFigure(learned.layers, words("notebook.network"), parameters)]
    pairs = [] if glimpse is None else [_pairs(glimpse, words)]
    activations = words("notebook.activations", names=", ".join(learned.activations))
    note = " ".join([activations, _ending(history, words)])
    title = words("notebook.model")
    figures += _training(history, words)
    return render(Card(words.language, title, figures, note, [*pairs, *_curve(history, words)]))


def states_of(rows: np.ndarray, output: np.ndarray, look: Look, words: Words) -> tuple[dict, np.ndarray | None]:
    """Rows before and after the network by their headings, and which pixels are wrong where that can be said."""
    heads = words.group("figure.pairs.heading")
    states = {heads["in"]: rows, heads["out"]: output}
    if look.kind != "image" or not look.ink:
        return states, None
    cut = output > 0.5
    return {**states, heads["cut"]: cut.astype(float)}, cut != (rows > 0.5)


def reconstruction_title(rows: np.ndarray, output: np.ndarray, look: Look, latent_dim: int, words: Words) -> str:
    """How well the rows came back, in a few words."""
    numbers = words("code.numbers", n=latent_dim, count=words.count(latent_dim))
    if look.ink and look.kind != "circles":
        wrong = int(wrong_pixels(output, rows).sum())
        thing = "rows" if look.kind == "table" else "pictures"
        error = words(f"pixels.{thing}", n=wrong, count=words.count(wrong))
    else:
        error = words("notebook.rms", x=words.number(float(np.sqrt(np.mean((output - rows) ** 2)))))
    return words("notebook.reconstruction", n=len(rows), numbers=numbers, error=error)


def _training(history: History, words: Words) -> list[KeyFigure]:
    best, last = history.best or history[-1], history[-1]
    bursts = [record for record in history if record.phase == "burst"]
    steps = [record for record in history if record.phase == "step"]
    parts = ", ".join(f"{name} {words.number(value)}" for name, value in best.parts.items())
    figures = [KeyFigure(words.number(best.loss), words("key.loss"), parts)]
    if best.wrong_pixels is not None:
        good = best.wrong_pixels == 0
        remark = "" if not best.worst_row else words("notebook.worst", n=int(best.worst_row))
        figures.append(KeyFigure(words.whole(int(best.wrong_pixels)), words("key.wrong"), remark, good=good))
    solvers = list(dict.fromkeys(shown(record.solver) for record in [*bursts, *steps]))
    if solvers:
        many = words("key.iterations_remark", n=len(bursts), count=words.whole(len(bursts)))
        remark = words(
            "notebook.iterations", n=last.iteration, bursts=many if bursts else words("key.iterations_plain")
        )
        figures.append(KeyFigure(" + ".join(solvers), words("notebook.solver"), remark))
    evaluations = words("key.time_remark", n=last.evaluations)
    return [*figures, KeyFigure(words.seconds(last.seconds), words("key.time"), evaluations)]


def _ending(history: History, words: Words) -> str:
    return words("notebook.stop", stop=history[-1].stop) if history[-1].stop else ""


def _curve(history: History, words: Words) -> list[Picture]:
    best = history.best.iteration if history.best else None
    figure = loss_curve(history.records, "iteration", best, CurveWords(**words.group("figure.curve.words")))
    first, last = (words.number(record.loss) for record in (history[0], history.best or history[-1]))
    alt = words("notebook.curve", first=first, last=last, n=history[-1].iteration)
    return [Picture("loss", png(figure), alt, "")]


def _pairs(glimpse: Glimpse, words: Words) -> Picture:
    states, wrong = states_of(glimpse.rows, glimpse.output, glimpse.look, words)
    figure = pictures.pairs(states, glimpse.look, glimpse.names, wrong)
    n = len(glimpse.rows)
    return Picture(
        "pairs", png(figure), words("notebook.pairs", n=n), "", glimpse.look.kind == "image" and not glimpse.look.ink
    )
