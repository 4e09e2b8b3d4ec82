"""The report of a study: its folder's study.json and the kept run of each value become pictures and one page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.report.bench_curves import Curve, bench_curves
from scipy_ae.report.blocks import Block, Command, KeyFigure, Link, Links, Notes, Page, Picture, Section, Table
from scipy_ae.report.denoised import Denoised
from scipy_ae.report.figures import draw as draw_run
from scipy_ae.report.figures import look_of
from scipy_ae.report.findings import tell
from scipy_ae.report.noise import noise_table, noise_terms
from scipy_ae.report.reader import Run, read
from scipy_ae.report.sheet import CLASSES, png, with_point
from scipy_ae.report.study_images import images_table
from scipy_ae.report.study_reader import read_study
from scipy_ae.report.study_tables import (
    activity_table,
    codes_map,
    cost_table,
    evidence_curves,
    evidence_table,
    heat,
    noise_overview,
    noise_said,
    noise_summary,
    robust_table,
    spread,
)
from scipy_ae.report.teller import PHOTOS
from scipy_ae.report.translation import told_run, told_study
from scipy_ae.report.words import Words, sentence

#: Values that get a section of their own, at most; the tables are of all of them.
MOST_SHOWN = 12
#: What a run is called that came to its end, well or not.
ENDED = ("done", "diverged", "not finite")


@dataclass(frozen=True)
class StudyReport:
    """The pictures of a study's report by name, and its page."""

    files: dict[str, bytes]
    page: Page


def draw(folder: Path, words: Words) -> StudyReport:
    """Pictures and page of the study in that folder."""
    study = told_study(read_study(folder / "study.json"), words)
    files: dict[str, bytes] = {}
    runs = [told_run(read(folder / value["folder"]), words) if value["folder"] else None for value in study["values"]]
    sections = [_result(study, runs, files, words)]
    shown = _shown(study["values"])
    sections += [_value(folder, study, place, runs[place], files, words) for place in shown]
    sections.append(Section("run", words("study.run"), words("study.run_intro"), _again(study, words)))
    page = Page(
        language=words.language,
        title=words("page.title", title=study["title"]),
        over=words("study.over", name=folder.resolve().name),
        heading=study["title"],
        lead=study["about"] or words("study.swept", n=len(study["values"])),
        warning=words("study.interrupted", n=study["missing"]) if study["missing"] else "",
        key_figures=_figures(study, words),
        sections=sections,
        contents=words("page.contents"),
        foot=words("page.foot"),
    )
    return StudyReport(files, page)


def _result(study: dict[str, Any], runs: list[Run | None], files: dict[str, bytes], words: Words) -> Section:
    noisy = _noisy(study, runs)
    found = [*tell(study["finding"], words), *noise_said(noisy, words)]
    if study["starts"] > 1:
        found.append(words("study.decided"))
    blocks: list[Block] = [Notes(words("study.finding"), found)]
    said = [text for text in (sentence(study["claim"]), *tell(study["verdict"], words), study["source"]) if text]
    if said:
        blocks.append(Notes(words("study.claim" if study["claim"] else "study.source"), said))
    if lost := _lost(study, words):
        blocks.append(Notes(words("study.lost_title"), lost))
    for over, column in (("iterations", 0), ("seconds", 1)):
        picture = _curves(study, column, words(f"study.{over}"), words)
        if picture is not None:
            files[f"loss-{over}"] = picture
            blocks.append(Picture(f"loss-{over}", picture, words("study.alt"), words(f"study.caption_{over}")))
    figure = heat(study, words)
    if figure is not None:
        files["grid"] = png(with_point(figure, words.point))
        caption = words("study.grid.wrong_pixels" if study["binary"] else "study.grid.loss")
        blocks.append(Picture("grid", files["grid"], caption, caption))
    pictures = images_table(study, runs, words)
    blocks += [table for table in (pictures, _table(study, words)) if table is not None]
    blocks += _more(study, runs, files, words)
    return Section("result", words("study.result"), words("study.intro", n=study["starts"]), blocks)


def _more(study: dict[str, Any], runs: list[Run | None], files: dict[str, bytes], words: Words) -> list[Block]:
    """What loss and time do not tell of the values, where there is something."""
    values = study["values"]
    noisy = _noisy(study, runs)
    blocks: list[Block] = []
    for name, figure in (
        ("evidence", evidence_curves(values, words)),
        ("noise", noise_overview(noisy, words)),
    ):
        if figure is not None:
            files[name] = png(with_point(figure, words.point))
            alt, caption = (words(f"study.{name}.{key}") for key in ("alt", "caption"))
            blocks.append(Picture(name, files[name], alt, caption))
    tables = [
        evidence_table(values, words),
        noise_summary(noisy, words),
        robust_table(study, words),
        activity_table(values, words),
        cost_table(values, words),
    ]
    blocks += [table for table in tables if table is not None]
    if noisy:
        blocks.append(noise_terms(max((denoised for _, denoised in noisy), key=lambda one: len(one.tested)), words))
    return blocks


def _noisy(study: dict[str, Any], runs: list[Run | None]) -> list[tuple[dict[str, Any], Denoised]]:
    """The values trained on noise, and what became of it."""
    both = zip(study["values"], runs)
    return [(value, run.denoised) for value, run in both if run is not None and run.denoised is not None]


def _curves(study: dict[str, Any], column: int, axis: str, words: Words) -> bytes | None:
    """Median loss of every value over iterations or seconds; None where nothing was finite."""
    held = [(value["label"], np.array(value["curve"], float)) for value in study["values"] if value["curve"]]
    band = study["starts"] > 1 and len(held) <= len(CLASSES)
    curves = [Curve(label, curve[:, [column, 3]], curve[:, [2, 4]] if band else None) for label, curve in held]
    if not curves:
        return None
    end = max(float(curve.points[-1, 0]) for curve in curves) or 1.0
    lettering = {"seconds": axis, "loss": words("study.loss"), "others": words("study.others"), "target": ""}
    return png(with_point(bench_curves(curves, end, lettering, most=len(CLASSES)), words.point))


def _table(study: dict[str, Any], words: Words) -> Table:
    values, binary = study["values"], study["binary"]
    names = ["loss", *(["wrong_pixels", "clean_seconds"] if binary else []), "seconds", "iterations"]
    if study["equal_seconds"] is not None and _known(values, "loss_at_equal_seconds"):
        names.insert(1, "loss_at_equal_seconds")
    if _known(values, "recovered"):
        names.append("recovered")
    over = {"loss_at_equal_seconds": words("study.head.timed", time=words.seconds(study["equal_seconds"] or 0.0))}
    headings = [words("study.value"), *(over.get(name) or words(f"study.head.{name}") for name in names)]
    rows = [[value["label"], *(_cell(value["runs"], name, words) for name in names)] for value in values]
    if binary:
        headings.insert(1, words("study.head.perfect"))
        for row, value in zip(rows, values):
            ended = [run for run in value["runs"] if run["status"] in ENDED]
            row.insert(
                1,
                words(
                    "study.of",
                    k=sum(run["status"] == "done" and run["wrong_pixels"] == 0 for run in ended),
                    n=len(ended),
                ),
            )
    return Table(words("study.table"), headings, rows, note=words("study.note"), wide=True)


def _known(values: list[dict[str, Any]], name: str) -> bool:
    return any(run[name] is not None for value in values for run in value["runs"])


def _cell(runs: list[dict[str, Any]], name: str, words: Words) -> str:
    """Over all runs that ended; one that did not stay finite is worse than any other."""
    ended = [run for run in runs if run["status"] in ENDED]
    if name == "clean_seconds":
        times = [np.inf if run[name] is None or run["status"] != "done" else run[name] for run in ended]
        return spread(times, words, never=words("study.never"))
    if name in ("loss", "loss_at_equal_seconds", "wrong_pixels"):
        found = [run[name] if run["status"] == "done" else np.inf for run in ended]
        return spread(found, words, never=words("number.not_finite"))
    return spread([run[name] for run in ended], words)


def _lost(study: dict[str, Any], words: Words) -> list[str]:
    """Each run that failed, and why."""
    return [
        words("study.lost", name=f"{value['label']}, {words('starts.seed')} {run['seed']}", why=run["stop"])
        for value in study["values"]
        for run in value["runs"]
        if run["status"] == "failed"
    ]


def _shown(values: list[dict[str, Any]]) -> list[int]:
    """Which values get a section: all, or of very many those of the least wrong pixels and loss."""

    def merit(place: int) -> tuple[float, float]:
        ended = [run for run in values[place]["runs"] if run["loss"] is not None]
        if not ended:
            return np.inf, np.inf
        wrong, loss = (float(np.median([run[name] or 0 for run in ended])) for name in ("wrong_pixels", "loss"))
        return wrong, loss

    return sorted(sorted(range(len(values)), key=merit)[:MOST_SHOWN])


def _value(
    folder: Path, study: dict[str, Any], place: int, run: Run | None, files: dict[str, bytes], words: Words
) -> Section:
    """Latent plane and outputs of the run kept of one value, and what else its kind of training is about."""
    value = study["values"][place]
    title = words("study.of_value", label=value["label"], vary=study["vary"] or words("study.case")).strip()
    if run is None:
        failed = [Notes(words("study.failed"), [sentence(value["why"])])]
        lost = all(run["status"] not in ENDED for run in value["runs"])
        return Section(f"value-{place}", title, words("study.lost_title" if lost else "study.no_run"), failed)
    generative = any(other.get("evidence") for other in study["values"])
    names = ["latent-plane", "inputs-outputs"] if run.latent_dim <= 2 else ["inputs-outputs"]
    names += ["decoded-plane", "means", "prior"] if generative else []
    names = ["examples"] if run.images is not None else names
    names += ["noisy-rows"] if run.denoised is not None else []
    look = look_of(run)
    gallery = draw_run(run, look, words, only=names)
    blocks: list[Block] = []
    if value["activity"]:
        files[f"{place}-codes"] = png(with_point(codes_map(run, words), words.point))
        caption = words("study.activity.caption", label=value["label"])
        blocks.append(Picture(f"{place}-codes", files[f"{place}-codes"], caption, caption, photo=True))
    for name in (name for name in names if name in gallery.files):
        files[f"{place}-{name}"] = gallery.files[name]
        noise = run.denoised.noise if run.denoised is not None else ""
        plain = run.denoised is not None and "plain" in run.denoised.states
        key = f"{name}-alone" if name == "noisy-rows" and not plain else name
        caption = words(f"study.caption.{key}", label=value["label"], noise=noise)
        photo = look.kind == "image" and not look.ink and name in PHOTOS
        crisp = name == "examples"
        blocks.append(Picture(f"{place}-{name}", gallery.files[name], caption, caption, photo or crisp, crisp=crisp))
    if run.denoised is not None:
        blocks.append(noise_table(run.denoised, words))
    page = f"{value['folder']}/index.html"
    if (folder / page).exists():
        remark = words("study.page_remark" if len(run.codes) else "study.page_remark_plain")
        blocks.append(Links(words("study.page_of"), [Link(page, run.title, [remark])]))
    intro = words("study.kept", seed=str(value["kept_seed"]), stop=run.history[-1].stop or run.stop)
    intro += " " + words("study.took", time=words.seconds(run.seconds))
    return Section(f"value-{place}", title, intro, blocks)


def _figures(study: dict[str, Any], words: Words) -> list[KeyFigure]:
    dataset = study["dataset"]
    runs = [run for value in study["values"] for run in value["runs"] if run["status"] in ENDED]
    figures = [KeyFigure(words.whole(len(study["values"])), words("study.values"), study["vary"])]
    figures.append(KeyFigure(words.whole(len(runs)), words("study.runs"), words("study.starts", n=study["starts"])))
    if study["binary"]:
        perfect = sum(run["wrong_pixels"] == 0 for run in runs)
        figures.append(KeyFigure(words.whole(perfect), words("study.perfect"), words("study.of_runs", n=len(runs))))
    seconds = sum(run["seconds"] or 0.0 for run in runs)
    figures.append(KeyFigure(words.seconds(seconds), words("study.trained"), dataset["name"]))
    return figures


def _again(study: dict[str, Any], words: Words) -> list[Block]:
    blocks: list[Block] = [Command(words("run.command"), study["command"], words("run.hint"))]
    commands = [(value["label"], value["command"]) for value in study["values"]]
    headings = (words("study.value"), words("study.alone"))
    blocks.append(Table(words("study.each"), headings, commands, numbers=False, wide=True))
    machine = [(str(key), str(value)) for key, value in study.get("machine", {}).items()]
    blocks.append(Table(words("run.machine"), (words("run.machine_item"), words("run.value")), machine, numbers=False))
    return blocks
