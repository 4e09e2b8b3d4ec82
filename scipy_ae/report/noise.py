"""The section on noise: what it did to the data, what the network made of it, and the best that anyone could."""

import numpy as np
from matplotlib.figure import Figure

from scipy_ae.report import pictures
from scipy_ae.report.blocks import KeyFigure, Table, Terms
from scipy_ae.report.denoised import Denoised, Score, Tested
from scipy_ae.report.look import Look
from scipy_ae.report.matrix import matrix
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words, sentence

#: More than 16 are drawn small, two groups side by side.
MOST_NOISY = 18


def noisy_rows(run: Run, denoised: Denoised, look: Look, words: Words) -> Figure:
    """Rows clean, noisy and as the networks gave them back; what the last one got wrong is outlined."""
    states = {state: rows[:MOST_NOISY] for state, rows in denoised.states.items()}
    columns = {words(f"noise.heading.{state}"): rows for state, rows in states.items()}
    wrong = None
    if run.binary and look.kind == "image":
        wrong = (states["twice"] > 0.5) != (states["clean"] > 0.5)
    return pictures.pairs(columns, look, run.labels[: len(states["clean"])], wrong)


def noise_matrix(denoised: Denoised, words: Words) -> Figure:
    """Who was trained on what, against the noise of the test: the share recovered, or else the error."""
    rows = _rows(denoised, words)
    scores = [[pick(test) for test in denoised.tested] for _, pick, _ in rows]
    counted = denoised.own.unchanged.recovered is not None
    if counted:
        cells = [["" if score is None else words.fixed(100 * _share(score), 1) for score in line] for line in scores]
        shades = np.array([[0.0 if score is None else _share(score) ** 2 for score in line] for line in scores])
    else:
        cells = [["" if score is None else words.number(score.rms, 2) for score in line] for line in scores]
        worst = max(test.unchanged.rms for test in denoised.tested) or 1.0
        shades = np.array([[0.0 if score is None else 1 - score.rms / worst for score in line] for line in scores])
    over = words("noise.matrix.over", allowed=denoised.allowed) if counted else words("noise.matrix.over_rms")
    names, marked = [name for name, _, _ in rows], [own for _, _, own in rows]
    return matrix(cells, shades, names, [test.noise for test in denoised.tested], over, marked)


def _rows(denoised: Denoised, words: Words) -> list:
    """The lines of the matrix: name, which score of a test, whether it is the run's own network."""
    lines: list = [(words("noise.matrix.unchanged"), lambda test: test.unchanged, False)]
    for place in reversed(range(len(denoised.trained))):
        name = denoised.trained[place]
        name = words("noise.matrix.none") if name == "none" else words("noise.matrix.trained", noise=name)
        lines.append((name, lambda test, place=place: test.once[place], place == 0))
        lines.append((words("noise.matrix.twice"), lambda test, place=place: test.twice[place], place == 0))
    if any(test.limit is not None for test in denoised.tested):
        lines.append((words("noise.matrix.limit"), lambda test: test.limit, False))
    return lines


def noise_table(denoised: Denoised, words: Words) -> Table:
    """What is wrong before and after, for each test noise."""
    counted = denoised.own.unchanged.wrong is not None
    measure = _wrong if counted else _rms

    def cell(score: Score | None) -> str:
        return "–" if score is None else words.fixed(measure(score), 3)

    def line(test: Tested) -> list[str]:
        plain = [cell(test.once[denoised.trained.index("none")])] if "none" in denoised.trained else []
        return [test.noise, *map(cell, (test.unchanged, test.once[0], test.twice[0])), *plain, cell(test.limit)]

    plain = [words("noise.table.plain")] if "none" in denoised.trained else []
    headings = [words(f"noise.table.{key}") for key in ("noise", "before", "once", "twice")]
    marked = frozenset(i for i, test in enumerate(denoised.tested) if test.noise == denoised.noise)
    return Table(
        words("noise.table.title" if counted else "noise.table.title_rms"),
        [*headings, *plain, words("noise.table.limit")],
        [line(test) for test in denoised.tested],
        note=words("noise.table.note"),
        marked=marked,
    )


def noise_terms(denoised: Denoised, words: Words) -> Terms:
    """What each noise does, exactly, and what the limit is."""
    meanings = [(test.noise, sentence(test.meaning) + ".") for test in denoised.tested]
    told = [(words(f"noise.terms.{key}"), words(f"noise.terms.{key}_is")) for key in ("limit", "twice")]
    if "none" in denoised.trained:
        told.append((words("noise.terms.plain"), words("noise.terms.plain_is")))
    return Terms(words("noise.terms.title"), [*meanings, *told])


def noise_key(denoised: Denoised, words: Words, thing: str) -> KeyFigure | None:
    """The share recovered under the noise of the training, by one pass or by two."""
    own = denoised.own
    if own.unchanged.recovered is None:
        return None
    remark = words("noise.key.remark", noise=denoised.noise)
    if own.limit is not None:
        remark += words("noise.key.limit", x=words.share(_share(own.limit)))
    best = max(_share(own.once[0]), _share(own.twice[0]))
    return KeyFigure(words.share(best), words("noise.key.name", thing=thing), remark)


def _share(score: Score) -> float:
    return score.recovered or 0.0


def _wrong(score: Score) -> float:
    return score.wrong or 0.0


def _rms(score: Score) -> float:
    return score.rms
