"""The report of a bench: its folder's results.json becomes one picture and one page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.report.bench_curves import EMPHASISED, Curve, bench_curves
from scipy_ae.report.blocks import Block, Command, KeyFigure, Notes, Page, Picture, Section, Table
from scipy_ae.report.reader import checked, parsed
from scipy_ae.report.sheet import png, with_point
from scipy_ae.report.translation import told_bench
from scipy_ae.report.words import Words, sentence

RESULTS: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "command": (str,),
    "dataset": (dict,),
    "layers": (str,),
    "parameters": (int,),
    "loss": (str,),
    "binary": (bool,),
    "seconds": (int, float),
    "seeds": (list,),
    "target": (int, float, type(None)),
    "interrupted": (bool,),
    "advice": (str,),
    "solvers": (list,),
    "left_out": (list,),
}
_NUMBER: tuple[type, ...] = (int, float)
SOLVER: dict[str, tuple[type, ...]] = {"solver": (str,), "label": (str,), "error": (str,), "races": (int,)}
RACED: dict[str, tuple[type, ...]] = {
    "of": (list,),
    "loss": _NUMBER,
    "wrong_pixels": (*_NUMBER, type(None)),
    **dict.fromkeys(("seconds_to_10_percent", "seconds_to_1_percent", "seconds_to_target"), (*_NUMBER, type(None))),
    **dict.fromkeys(("iterations", "evaluations", "seconds"), _NUMBER),
    "message": (str,),
    "curve": (list,),
}


@dataclass(frozen=True)
class BenchReport:
    """The files of a bench's report, by name."""

    picture: bytes
    page: Page


def draw(folder: Path, words: Words) -> BenchReport:
    """Picture and page of the bench in that folder."""
    results = told_bench(_read(folder / "results.json"), words)
    raced = [row for row in results["solvers"] if row["races"]]
    if not raced:
        raise InputError(f"'{folder / 'results.json'}' holds no solver that came to a result")
    curves = [Curve(row["label"], np.array(row["curve"], float)) for row in raced]
    figure = bench_curves(curves, results["seconds"], words.group("bench.curves"), results["target"])
    picture = png(with_point(figure, words.point))
    return BenchReport(picture, _page(folder, results, raced, picture, words))


def _read(path: Path) -> dict[str, Any]:
    results = parsed(path)
    checked(results, RESULTS, f"'{path}'")
    for row in results["solvers"]:
        checked(row, SOLVER, f"'{path}', solvers")
        if row["races"]:
            checked(row, RACED, f"'{path}', solvers")
            if np.shape(row["curve"])[1:] != (2,):
                raise InputError(f"'{path}': the curve of {row['label']} does not hold pairs of seconds and loss")
    return results


def _page(folder: Path, results: dict[str, Any], raced: list[dict[str, Any]], picture: bytes, words: Words) -> Page:
    best, n = raced[0], len(results["seeds"])
    dataset = results["dataset"]
    lead = words(
        "bench.lead", about=sentence(dataset["about"]).rstrip("."), layers=results["layers"], n=results["parameters"],
        loss=results["loss"], rows=dataset["rows"], seconds=words.seconds(results["seconds"]),
    )  # fmt: skip
    alt = words("bench.alt", n=len(raced), seconds=words.seconds(results["seconds"]))
    caption = words("bench.caption", shown=min(EMPHASISED, len(raced)))
    if n > 1:
        caption += " " + words("bench.caption_first", seed=str(results["seeds"][0]))
    ends = [(row["label"], row["message"]) for row in raced]
    blocks: list[Block] = [Picture("curves", picture, alt, caption)]
    blocks.append(Table(words("bench.ends"), (words("bench.solver"), words("run.stop")), ends, numbers=False))
    blocks.append(_standings(results, raced, words))
    first, _, more = results["advice"].partition("; ")
    if more:
        blocks.insert(1, Notes(words("bench.advice"), [sentence(more)]))
    sections = [Section("result", words("bench.result"), words("bench.intro"), blocks)]
    sections.append(Section("run", words("bench.run"), words("bench.run_intro"), _run(results, words)))
    return Page(
        language=words.language,
        title=words("page.title", title=results["title"]),
        over=words("bench.over", name=folder.resolve().name),
        heading=first.rstrip(".") + ".",
        lead=lead,
        warning=words("bench.interrupted") if results["interrupted"] else "",
        key_figures=_figures(results, best, words),
        sections=sections,
        contents=words("page.contents"),
        foot=words("page.foot"),
    )


def _figures(results: dict[str, Any], best: dict[str, Any], words: Words) -> list[KeyFigure]:
    lowest = min((row for row in results["solvers"] if row["races"]), key=lambda row: row["loss"])
    figures = [KeyFigure(words.number(lowest["loss"]), words("bench.lowest"), lowest["label"])]
    when = best["seconds_to_1_percent"] if results["target"] is None else best["seconds_to_target"]
    if when is not None:
        name = words("bench.first" if results["target"] is None else "bench.first_target")
        figures.append(KeyFigure(_time(when, words), name, best["label"]))
    entered = sum(bool(row["races"]) for row in results["solvers"])
    figures.append(
        KeyFigure(words.whole(entered), words("bench.entered"), words("bench.starts", n=len(results["seeds"])))
    )
    remark = words("bench.parameters_of", layers=results["layers"])
    figures.append(KeyFigure(words.whole(results["parameters"]), words("key.parameters"), remark))
    return figures


def _standings(results: dict[str, Any], raced: list[dict[str, Any]], words: Words) -> Table:
    columns = ["loss", *(["wrong"] if results["binary"] else []), "to_10", "to_1"]
    columns += [*(["to_target"] if results["target"] is not None else []), "iterations", "evaluations"]
    headings = [words(f"bench.{name}") for name in ("solver", *columns)]
    rows = [[row["label"], *(_cell(row, name, words) for name in columns)] for row in raced]
    note = words("bench.note")
    if any(len(row["of"]) > 1 for row in raced):
        note += " " + words("bench.note_rates")
    return Table(words("bench.standings"), headings, rows, note=note, wide=True)


def _cell(row: dict[str, Any], name: str, words: Words) -> str:
    if name == "loss":
        return words.number(row["loss"], 4)
    if name == "wrong":
        return words.number(row["wrong_pixels"], 4)
    if name in ("iterations", "evaluations"):
        return words.whole(round(row[name]))
    key = {"to_10": "seconds_to_10_percent", "to_1": "seconds_to_1_percent", "to_target": "seconds_to_target"}[name]
    return "–" if row[key] is None else _time(row[key], words)


def _run(results: dict[str, Any], words: Words) -> list[Block]:
    blocks: list[Block] = [Command(words("run.command"), results["command"], words("run.hint"))]
    absent = [(row["label"], row["error"]) for row in results["solvers"] if row["error"]]
    absent += [(row["solver"], row["why"]) for row in results["left_out"]]
    if absent:
        blocks.append(Table(words("bench.absent"), (words("bench.solver"), words("bench.why")), absent, numbers=False))
    machine = [(str(key), str(value)) for key, value in results.get("machine", {}).items()]
    blocks.append(Table(words("run.machine"), (words("run.machine_item"), words("run.value")), machine, numbers=False))
    return blocks


def _time(seconds: float, words: Words) -> str:
    return words("bench.ms", x=words.number(1000 * seconds)) if seconds < 1 else words.seconds(seconds)
