"""What a study's page tells beside loss and time: evidence, noise undone, robustness, cost; all from ``study.json``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scipy_ae.report.bench_curves import Curve, bench_curves
from scipy_ae.report.blocks import Table
from scipy_ae.report.denoised import Denoised, Score
from scipy_ae.report.evidence import PARTS
from scipy_ae.report.look import Look
from scipy_ae.report.matrix import matrix
from scipy_ae.report.pictures import heat_map
from scipy_ae.report.reader import Run
from scipy_ae.report.sheet import CLASSES
from scipy_ae.report.words import Words, sentence

#: Values of the second field that a picture of a grid has room for.
MOST_COLUMNS = 12
_STATES = ("before", "once", "twice", "plain", "limit")
#: A value of a study as ``study.json`` has it, and the noise section of its kept run, if it has one.
Value = dict[str, Any]


def spread(found: Sequence[float | None], words: Words, decimals: int | None = None, never: str = "") -> str:
    """Median over the starts, and least and largest where there are several that differ.

    Infinite ones are told by the word ``never``, if one is given; the median is the lower one of two then.
    """
    known = np.array([number for number in found if number is not None], float)
    if not known.size:
        return "–"
    middle = np.median(known) if np.isfinite(known).all() else np.sort(known)[(known.size - 1) // 2]
    told = (float(middle), float(known.min()), float(known.max()))
    if never and np.isinf(told[-1]):
        cells = [words.number(x) if np.isfinite(x) else never for x in told]
    elif decimals is not None:
        cells = [words.fixed(x, decimals) for x in told]
    else:
        cells = [words.whole(int(x)) if abs(x) >= 1000 else words.number(x) for x in told]
    one, low, high = cells
    return one if low == high else words("study.spread", middle=one, low=low, high=high)


def heat(study: dict[str, Any], words: Words) -> Figure | None:
    """Medians of wrong pixels, or of the loss, over two varied fields; None where the study is no such grid."""
    if len(study["varied"]) != 2:
        return None
    one, other = study["varied"]
    rows, columns = (list(dict.fromkeys(value["settings"][name] for value in study["values"])) for name in (one, other))
    known = {(value["settings"][one], value["settings"][other]): value for value in study["values"]}
    if len(known) < len(rows) * len(columns) or min(len(rows), len(columns)) < 2 or len(columns) > MOST_COLUMNS:
        return None
    name = "wrong_pixels" if study["binary"] else "loss"
    found = np.array([[_median(known[row, column]["runs"], name) for column in columns] for row in rows])
    cells = [["–" if np.isnan(number) else words.number(number) for number in line] for line in found]
    # the fewer the darker: by rank, since losses are of very different sizes
    order = np.unique(found[np.isfinite(found)])
    shades = 1 - np.searchsorted(order, found) / max(1, len(order) - 1)
    names = [[f"{value:g}" if isinstance(value, float) else str(value) for value in axis] for axis in (rows, columns)]
    return matrix(cells, shades, [f"{one} {name}" for name in names[0]], names[1], other)


def _median(runs: Sequence[dict[str, Any]], name: str) -> float:
    known = [run[name] for run in runs if run[name] is not None]
    return float(np.median(known)) if known else np.nan


def evidence_curves(values: Sequence[Value], words: Words) -> Figure | None:
    """Minus the ELBO over the seconds, for each variational value; None where there is none."""
    curves = [
        Curve(value["label"], np.array(value["elbo"], float)[:, [0, 2]] * [1.0, -1.0])
        for value in values
        if value["elbo"]
    ]
    if not curves or any((curve.points[:, 1] <= 0).any() for curve in curves):
        return None
    end = max(float(curve.points[-1, 0]) for curve in curves) or 1.0
    lettering = {"seconds": words("study.seconds"), "loss": words("study.evidence.axis"), "target": ""}
    lettering["others"] = words("study.others")
    return bench_curves(curves, end, lettering, most=len(CLASSES))


def evidence_table(values: Sequence[Value], words: Words) -> Table | None:
    """ELBO, its parts and the importance-weighted bound of each variational value."""
    rows = []
    for value in values:
        known = [one for one in value["evidence"] if one is not None]
        if known:
            rows.append([value["label"], *(spread([one[name] for one in known], words, 1) for name in PARTS)])
    if not rows:
        return None
    headings = [words("study.value"), *(words(f"study.evidence.{name}") for name in PARTS)]
    return Table(words("study.evidence.title"), headings, rows, note=words("study.evidence.note"), wide=True)


def noise_summary(runs: Sequence[tuple[Value, Denoised]], words: Words) -> Table | None:
    """The noise of each training undone: before, after, after two passes, without noise in training, at best."""
    if not runs:
        return None
    counted = all(denoised.own.unchanged.wrong is not None for _, denoised in runs)

    def cell(score: Score | None) -> str:
        return "–" if score is None else words.fixed((score.wrong or 0.0) if counted else score.rms, 3)

    rows = []
    for value, denoised in runs:
        own = denoised.own
        plain = own.once[denoised.trained.index("none")] if "none" in denoised.trained else None
        scores = (own.unchanged, own.once[0], own.twice[0], plain, own.limit)
        rows.append([value["label"], *(cell(score) for score in scores)])
    headings = [words("study.value"), *(words(f"study.noise.{name}") for name in _STATES)]
    title = words("study.noise.title" if counted else "study.noise.title_rms")
    return Table(title, headings, rows, note=words("study.noise.note", n=runs[0][1].draws), wide=True)


def noise_said(runs: Sequence[tuple[Value, Denoised]], words: Words) -> list[str]:
    """A sentence for each noisy training: how long it took, and what it undid."""
    said = []
    for value, denoised in runs:
        own = denoised.own
        known = {"label": value["label"], "noise": denoised.noise, "allowed": denoised.allowed}
        known["time"] = words.seconds(float(np.median([run["seconds"] for run in value["runs"] if run["seconds"]])))
        best = min(own.once[0], own.twice[0], key=lambda score: -(score.recovered or 0.0) or score.rms)
        limit = own.limit
        if own.unchanged.recovered is None:
            errors = {"before": words.number(own.unchanged.rms), "after": words.number(best.rms)}
            most = "" if limit is None else words("study.noise.limit_is", x=words.number(limit.rms))
            said.append(sentence(words("study.noise.said_rms", **known, **errors, limit=most)))
            continue
        shares = {"before": words.share(own.unchanged.recovered), "after": words.share(best.recovered or 0.0)}
        most = "" if limit is None else words("study.noise.limit_is", x=words.share(limit.recovered or 0.0))
        if not own.unchanged.wrong:
            said.append(sentence(words("study.noise.said_harmless", **known, after=words.fixed(best.wrong or 0.0, 3))))
            continue
        left = words.share((best.wrong or 0.0) / own.unchanged.wrong)
        said.append(sentence(words("study.noise.said", **known, **shares, left=left, limit=most)))
    return said


def noise_overview(runs: Sequence[tuple[Value, Denoised]], words: Words) -> Figure | None:
    """Who was trained on what against the noise of the test, for all values together, under the tests all share."""
    tests = [{test.noise: test for test in denoised.tested} for _, denoised in runs]
    shared = [noise for noise in (tests[0] if tests else ()) if all(noise in known for known in tests)]
    if len(runs) < 2 or not shared or runs[0][1].own.unchanged.recovered is None:
        return None
    lines: list[tuple[str, list[Score | None]]] = [
        (words("noise.matrix.unchanged"), [tests[0][noise].unchanged for noise in shared])
    ]
    for (value, denoised), known in zip(runs, tests):
        lines.append((value["label"], [known[noise].once[0] for noise in shared]))
        lines.append((words("noise.matrix.twice"), [known[noise].twice[0] for noise in shared]))
        if "none" in denoised.trained:
            place = denoised.trained.index("none")
            lines.append((words("study.noise.same_plain"), [known[noise].once[place] for noise in shared]))
    lines.append((words("noise.matrix.limit"), [tests[0][noise].limit for noise in shared]))
    shares = [[np.nan if score is None else score.recovered or 0.0 for score in line] for _, line in lines]
    cells = [["" if np.isnan(share) else words.fixed(100 * share, 1) for share in line] for line in shares]
    over = words("noise.matrix.over", allowed=runs[0][1].allowed)
    return matrix(cells, np.nan_to_num(np.array(shares)) ** 2, [name for name, _ in lines], shared, over)


def robust_table(study: dict[str, Any], words: Words) -> Table | None:
    """Each kept network under the noise of the study's test, and how much its code moves with the input."""
    rows = []
    for value in study["values"]:
        robust = value["robust"]
        if not robust:
            continue
        counted = robust["noisy"]["wrong"] is not None
        key = "wrong" if counted else "rms"
        cells = [words.fixed(robust[name][key], 3) for name in ("noisy", "output")]
        rows.append([value["label"], *cells, words.number(robust["jacobian"], 3)])
    if not rows:
        return None
    headings = [words("study.value"), *(words(f"study.robust.{name}") for name in ("noisy", "output", "jacobian"))]
    title = words("study.robust.title" if counted else "study.robust.title_rms", noise=study["test"])
    note = words("study.robust.note", meaning=study["meaning"])
    return Table(title, headings, rows, note=note, wide=True)


def cost_table(values: Sequence[Value], words: Words) -> Table | None:
    """What an evaluation costs beside one of the plain objective."""
    rows = []
    for value in values:
        cost = value["cost"]
        if cost:
            times = [words.number(1000 * cost[name], 3) for name in ("evaluation", "plain")]
            rows.append([value["label"], *times, words.fixed(cost["evaluation"] / cost["plain"], 2)])
    if not rows:
        return None
    headings = [words("study.value"), *(words(f"study.cost.{name}") for name in ("evaluation", "plain", "ratio"))]
    return Table(words("study.cost.title"), headings, rows, note=words("study.cost.note"), wide=True)


def activity_table(values: Sequence[Value], words: Words) -> Table | None:
    """How active the code of each value is; None where no value asks for a sparse one."""
    rows = [
        [value["label"], words.percent(value["activity"]["resting"]), words.number(value["activity"]["mean"])]
        for value in values
        if value["activity"]
    ]
    if not rows:
        return None
    headings = [words("study.value"), words("study.activity.resting"), words("study.activity.mean")]
    return Table(words("study.activity.title"), headings, rows, note=words("study.activity.note"), wide=True)


def codes_map(run: Run, words: Words) -> Figure:
    """The code of each row, a line of it for each row and a column for each number."""
    reach = float(np.abs(run.codes).max()) or 1.0
    look = Look("table", None, float(min(0.0, run.codes.min())), reach)
    return heat_map({words("study.activity.codes"): run.codes}, look, run.labels)
