"""The index of a folder of reports: every study with what its numbers say, and every run, each with a way to it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from scipy_ae.errors import InputError
from scipy_ae.report.blocks import Block, KeyFigure, Link, Links, Page, Section
from scipy_ae.report.findings import tell
from scipy_ae.report.parsing import checked, parsed
from scipy_ae.report.study_reader import read_study
from scipy_ae.report.translation import told_study
from scipy_ae.report.words import Words

#: Dots of a small picture, at most; the page holds them all.
THUMBNAIL = (240, 180)
#: The picture of a report that stands for it, the first that is there.
_STUDY = ("loss-seconds", "evidence", "noise")
_RUN = ("examples", "latent-plane", "inputs-outputs", "circles", "loss")


def is_root(folder: Path) -> bool:
    """Whether the folder is none of a report itself, but holds folders that are."""
    return folder.is_dir() and not (folder / "result.json").exists() and bool(_reports(folder))


def draw(folder: Path, words: Words) -> Page:
    """The page of all reports in that folder."""
    found = _reports(folder)
    groups: list[tuple[str, str, Callable[[Path, Words], Link]]] = [
        ("studies", "study.json", _study),
        ("runs", "result.json", _run),
        ("benches", "results.json", _bench),
    ]
    sections, figures = [], []
    for name, file, link in groups:
        links = [link(path, words) for path in found if (path / file).exists()]
        if links:
            blocks: list[Block] = [Links(words(f"index.{name}.list"), links, name == "runs")]
            sections.append(Section(name, words(f"index.{name}.title"), words(f"index.{name}.intro"), blocks))
            figures.append(KeyFigure(words.whole(len(links)), words(f"index.{name}.count", n=len(links))))
    if not sections:
        raise InputError(f"'{folder}' holds no reports")
    return Page(
        language=words.language,
        title=words("page.title", title=words("index.title")),
        over=words("index.over", name=folder.resolve().name),
        heading=words("index.title"),
        lead=words("index.lead"),
        warning="",
        key_figures=figures,
        sections=sections,
        contents=words("page.contents"),
        foot=words("page.foot"),
    )


def _reports(folder: Path) -> list[Path]:
    """Folders with a page, the ones numbered later after those before them."""
    found = [path.parent for path in folder.glob("*/index.html")]
    return sorted(found, key=lambda path: (path.name.rpartition("-")[0], len(path.name), path.name))


def _study(path: Path, words: Words) -> Link:
    study = told_study(read_study(path / "study.json"), words)
    said = tell(study["finding"], words)[:2]
    if study["missing"]:
        said.insert(0, words("study.interrupted", n=study["missing"]))
    return _link(path, study["title"], said, _STUDY)


def _run(path: Path, words: Words) -> Link:
    result = parsed(path / "result.json")
    checked(result, {"title": (str,), "command": (str,), "loss": (int, float, type(None))}, f"'{path}'")
    return _link(path, words.told(result["title"]), [f"{path.name}: {_outcome(result, words)}"], _RUN)


def _outcome(result: dict[str, Any], words: Words) -> str:
    loss = words("index.loss", loss=words.number(result["loss"]))
    wrong = result.get("wrong_pixels")
    return loss if wrong is None else f"{words('index.wrong', n=wrong)}, {loss}"


def _bench(path: Path, words: Words) -> Link:
    results = parsed(path / "results.json")
    return _link(path, path.name, [words.told(str(results.get("advice", "")))], ("curves",))


def _link(path: Path, title: str, remarks: list[str], pictures: tuple[str, ...]) -> Link:
    found = next((one for name in pictures if (one := path / "figures" / f"{name}.png").exists()), None)
    return Link(f"{path.name}/index.html", title, remarks, None if found is None else _small(found))


def _small(path: Path) -> bytes | None:
    """The picture's beginning, in few dots; None where it is no picture."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            whole = picture.convert("RGB").crop((0, 0, width, min(height, width * THUMBNAIL[1] // THUMBNAIL[0])))
    except OSError:
        return None
    whole.thumbnail(THUMBNAIL)
    file = io.BytesIO()
    whole.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
