"""The report of a study: its folder's study.json and the kept run of each value become pictures and one page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.report.bench_curves import Curve, bench_curves
from scipy_ae.report.blocks import Block, Command, KeyFigure, Notes, Page, Picture, Section, Table
from scipy_ae.report.denoised import SCORE, Denoised
from scipy_ae.report.figures import draw as draw_run
from scipy_ae.report.figures import look_of
from scipy_ae.report.generated import EVIDENCE
from scipy_ae.report.noise import noise_table, noise_terms
from scipy_ae.report.reader import Run, checked, parsed, read
from scipy_ae.report.run_page import PHOTOS
from scipy_ae.report.sheet import CLASSES, png
from scipy_ae.report.study_tables import (
    activity_table,
    codes_map,
    cost_table,
    evidence_curves,
    evidence_table,
    noise_overview,
    noise_said,
    noise_summary,
    robust_table,
    spread,
)
from scipy_ae.report.words import Words, sentence

_NUMBER: tuple[type, ...] = (int, float, type(None))
STUDY: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(
        ("name", "title", "about", "claim", "source", "finding", "command", "vary", "test", "meaning"), (str,)
    ),
    "dataset": (dict,),
    "binary": (bool,),
    "starts": (int,),
    "interrupted": (bool,),
    "values": (list,),
}
VALUE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("label", "command", "folder", "why"), (str,)),
    "runs": (list,),
    "curve": (list,),
    "evidence": (list,),
    "elbo": (list,),
    **dict.fromkeys(("robust", "activity", "cost"), (dict, type(None))),
}
ROBUST: dict[str, tuple[type, ...]] = {"noisy": (dict,), "output": (dict,), "jacobian": (float, int)}
ACTIVITY: dict[str, tuple[type, ...]] = dict.fromkeys(("resting", "mean"), (float, int))
COST: dict[str, tuple[type, ...]] = dict.fromkeys(("evaluation", "plain"), (float, int))
RUN: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "stop": (str,),
    **dict.fromkeys(("loss", "wrong_pixels", "worst_row", "iterations", "seconds", "evaluations"), _NUMBER),
}


@dataclass(frozen=True)
class StudyReport:
    """The pictures of a study's report by name, and its page."""

    files: dict[str, bytes]
    page: Page


def draw(folder: Path, words: Words) -> StudyReport:
    """Pictures and page of the study in that folder."""
    study = _read(folder / "study.json")
    files: dict[str, bytes] = {}
    runs = [read(folder / value["folder"]) if value["folder"] else None for value in study["values"]]
    sections = [_result(study, runs, files, words)]
    sections += [
        _value(study, value, run, files, words, i) for i, (value, run) in enumerate(zip(study["values"], runs))
    ]
    sections.append(Section("run", words("study.run"), words("study.run_intro"), _again(study, words)))
    page = Page(
        language=words.language,
        title=words("page.title", title=study["title"]),
        over=words("study.over", name=folder.resolve().name),
        heading=study["title"],
        lead=study["about"],
        warning=words("study.interrupted") if study["interrupted"] else "",
        key_figures=_figures(study, words),
        sections=sections,
        contents=words("page.contents"),
        foot=words("page.foot"),
    )
    return StudyReport(files, page)


def _read(path: Path) -> dict[str, Any]:
    study = parsed(path)
    checked(study, STUDY, f"'{path}'")
    for value in study["values"]:
        checked(value, VALUE, f"'{path}', values")
        for run in value["runs"]:
            checked(run, RUN, f"'{path}', runs")
        _check_value(value, path)
    if not study["values"]:
        raise InputError(f"'{path}' holds no value that was run")
    return study


def _check_value(value: dict[str, Any], path: Path) -> None:
    """What a value holds beside its runs."""
    for name, columns in (("curve", 5), ("elbo", 4)):
        if not all(isinstance(row, list) and len(row) == columns for row in value[name]):
            raise InputError(f"'{path}': the {name} of {value['label']} does not hold rows of {columns} numbers")
    for one in value["evidence"]:
        if one is not None:
            checked(one, EVIDENCE, f"'{path}', evidence")
    for name, wanted in (("robust", ROBUST), ("activity", ACTIVITY), ("cost", COST)):
        if value[name] is not None:
            checked(value[name], wanted, f"'{path}', {name}")
    if value["robust"]:
        for name in ("noisy", "output"):
            checked(value["robust"][name], SCORE, f"'{path}', robust")


def _result(study: dict[str, Any], runs: list[Run | None], files: dict[str, bytes], words: Words) -> Section:
    noisy = _noisy(study, runs)
    blocks: list[Block] = [Notes(words("study.finding"), [*study["finding"].splitlines(), *noise_said(noisy, words)])]
    said = [text for text in (sentence(study["claim"]), study["source"]) if text]
    if said:
        blocks.append(Notes(words("study.claim" if study["claim"] else "study.source"), said))
    for over, column in (("iterations", 0), ("seconds", 1)):
        picture = _curves(study, column, words(f"study.{over}"), words)
        if picture is not None:
            files[f"loss-{over}"] = picture
            blocks.append(Picture(f"loss-{over}", picture, words("study.alt"), words(f"study.caption_{over}")))
    blocks.append(_table(study, words))
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
            files[name] = png(figure)
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
    curves = [
        Curve(value["label"], np.array(value["curve"], float)[:, [column, 3]])
        for value in study["values"]
        if value["curve"]
    ]
    if not curves:
        return None
    end = max(float(curve.points[-1, 0]) for curve in curves) or 1.0
    lettering = {"seconds": axis, "loss": words("study.loss"), "others": words("study.others"), "target": ""}
    return png(bench_curves(curves, end, lettering, most=len(CLASSES)))


def _table(study: dict[str, Any], words: Words) -> Table:
    names = ["loss", *(["wrong_pixels"] if study["binary"] else []), "seconds", "iterations"]
    headings = [words("study.value"), *(words(f"study.head.{name}") for name in names)]
    if study["binary"]:
        headings.insert(2, words("study.head.perfect"))
    rows = []
    for value in study["values"]:
        cells = [value["label"], *(spread([run[name] for run in value["runs"]], words) for name in names)]
        if study["binary"]:
            perfect = sum(run["wrong_pixels"] == 0 for run in value["runs"])
            cells.insert(2, words("study.of", k=perfect, n=len(value["runs"])))
        rows.append(cells)
    return Table(words("study.table"), headings, rows, note=words("study.note"), wide=True)


def _value(
    study: dict[str, Any], value: dict[str, Any], run: Run | None, files: dict[str, bytes], words: Words, place: int
) -> Section:
    """Latent plane and outputs of the run kept of one value, and what else its kind of training is about."""
    title = words("study.of_value", label=value["label"], vary=study["vary"] or words("study.case")).strip()
    if run is None:
        failed = [Notes(words("study.failed"), [sentence(value["why"])])]
        return Section(f"value-{place}", title, words("study.no_run"), failed)
    generative = any(other.get("evidence") for other in study["values"])
    names = ["latent-plane", "inputs-outputs"] if run.latent_dim <= 2 else ["inputs-outputs"]
    names += ["decoded-plane", "means", "prior"] if generative else []
    names += ["noisy-rows"] if run.denoised is not None else []
    look = look_of(run)
    gallery = draw_run(run, look, words, only=names)
    blocks: list[Block] = []
    if value["activity"]:
        files[f"{place}-codes"] = png(codes_map(run, words))
        caption = words("study.activity.caption", label=value["label"])
        blocks.append(Picture(f"{place}-codes", files[f"{place}-codes"], caption, caption, photo=True))
    for name in (name for name in names if name in gallery.files):
        files[f"{place}-{name}"] = gallery.files[name]
        noise = run.denoised.noise if run.denoised is not None else ""
        plain = run.denoised is not None and "plain" in run.denoised.states
        key = f"{name}-alone" if name == "noisy-rows" and not plain else name
        caption = words(f"study.caption.{key}", label=value["label"], noise=noise)
        photo = look.kind == "image" and not look.ink and name in PHOTOS
        blocks.append(Picture(f"{place}-{name}", gallery.files[name], caption, caption, photo))
    if run.denoised is not None:
        blocks.append(noise_table(run.denoised, words))
    intro = words("study.kept", seed=str(value["kept_seed"]), stop=run.history[-1].stop or run.stop)
    intro += " " + words("study.took", time=words.seconds(run.seconds))
    return Section(f"value-{place}", title, intro, blocks)


def _figures(study: dict[str, Any], words: Words) -> list[KeyFigure]:
    dataset = study["dataset"]
    runs = [run for value in study["values"] for run in value["runs"]]
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
