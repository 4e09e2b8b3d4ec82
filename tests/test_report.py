"""The report: from a run folder to PNG files and one page, on real letters and circles, good runs and damaged ones."""

import json
import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import run_folders
from matplotlib.figure import Figure
from matplotlib.image import imread

from scipy_ae import report
from scipy_ae.errors import InputError
from scipy_ae.records import RunFolder
from scipy_ae.report import drawing

FIGURES = {
    "decoded-plane",
    "inputs-outputs",
    "latent-plane",
    "loss-iterations",
    "loss-seconds",
    "network",
    "new",
    "walk",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "$x^2$",
    "a\nb",
    "",
    " ",
    "漢字",
    r"\alpha_{",
    "&amp;",
    "x" * 300,
    '"onload="alert(1)',
]


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def heading(self) -> str:
        return re.search(r"<h1>(.*?)</h1>", self.source).group(1)


def page_of(folder: RunFolder) -> Page:
    return Page(report.write(folder))


def figures_of(folder: RunFolder) -> dict[str, np.ndarray]:
    return {path.stem: imread(path) for path in sorted(folder.figures.glob("*.png"))}


@pytest.fixture
def words_only(monkeypatch):
    """Lays figures out but does not render them, for tests of what the page says."""
    dot = np.zeros((1, 1, 3), np.uint8)
    monkeypatch.setattr(drawing, "pixels", lambda figure: dot)


@pytest.fixture(scope="module")
def letters(tmp_path_factory) -> tuple[RunFolder, Page]:
    folder = run_folders.letters(tmp_path_factory.mktemp("letters") / "run", wrong={3: 2, 6: 1})
    return folder, page_of(folder)


@pytest.fixture(scope="module")
def circles(tmp_path_factory) -> tuple[RunFolder, Page]:
    folder = run_folders.circles(tmp_path_factory.mktemp("circles") / "run")
    return folder, page_of(folder)


def test_letters_have_every_figure_and_none_is_blank(letters):
    folder, _ = letters
    pictures = figures_of(folder)
    assert set(pictures) == FIGURES
    for name, picture in pictures.items():
        height, width = picture.shape[:2]
        assert width == 800, name
        assert 100 < height < 1600, name
        assert picture[..., :3].std() > 0.02, name


def test_circles_have_pictures_of_their_own(circles):
    folder, page = circles
    assert set(figures_of(folder)) == FIGURES | {"circles", "circles-overlaid"}
    assert "30 circles passed through two numbers and came back round to within 0.71 % on average." in page.text


def test_page_needs_nothing_but_itself(letters, circles):
    for _, page in (letters, circles):
        pictures = page.all("img")
        assert len(pictures) >= 8
        assert all(picture["src"].startswith("data:image/png;base64,") for picture in pictures)
        assert not re.search(r"https?:|file:|url\(|@import", page.source)
        assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
        assert all(link["href"].startswith("#") for link in page.all("a"))
        assert "default-src 'none'" in page.source


def test_pictures_of_the_page_are_the_files_beside_it(letters):
    folder, page = letters
    inside = {b64decode(picture["src"].partition(",")[2]) for picture in page.all("img")}
    assert inside == {path.read_bytes() for path in folder.figures.glob("*.png")}


def test_every_picture_has_words_for_those_who_do_not_see_it_and_a_caption(letters, circles):
    for _, page in (letters, circles):
        assert all(len(picture["alt"]) > 20 for picture in page.all("img"))
        captions = re.findall(r"<figcaption>(.*?)</figcaption>", page.source)
        assert len(captions) == len(page.all("img"))
        assert min(map(len, captions)) > 40


def test_links_lead_to_sections(letters):
    _, page = letters
    sections = {section["id"] for section in page.all("section")}
    assert [link["href"][1:] for link in page.all("a")] == [section["id"] for section in page.all("section")]
    assert len(sections) == 6


def test_outcome_of_a_clean_run(tmp_path, words_only):
    page = page_of(run_folders.letters(tmp_path / "run"))
    assert page.heading() == "Ten letters passed through two numbers and came back with no wrong pixel."


def test_a_sign_with_a_longer_name_is_a_letter_too_and_classes_are_pictures(tmp_path, words_only):
    page = page_of(run_folders.letters(tmp_path / "signs", labels=["DEL", *"abcdefghi"]))
    assert page.heading().startswith("Ten letters")
    page = page_of(run_folders.letters(tmp_path / "classes", labels=list("aabbccddee")))
    assert page.heading().startswith("Ten pictures")


def test_outcome_names_the_worst_letter(letters):
    _, page = letters
    assert page.heading() == (
        "Ten letters passed through two numbers and came back with three wrong pixels, at most two in one letter (C)."
    )


def test_table_counts_the_wrong_pixels_of_each_letter(letters):
    folder, page = letters
    rows = re.findall(r"<tr([^>]*)><th scope=\"row\">(.*?)</th><td>(.*?)</td>", page.source)
    wrong = {name: (int(count), "marked" in style) for style, name, count in rows if len(name) == 1}
    labels = json.loads(folder.result.read_text())["labels"]
    assert wrong == {name: ({3: 2, 6: 1}.get(i, 0), i in (3, 6)) for i, name in enumerate(labels)}
    assert '<tfoot><tr><th scope="row">all</th><td>3</td>' in page.source


def test_settings_machine_advice_and_command_are_told(letters):
    _, page = letters
    for words in (
        "burst every (iterations)",
        "unheard",
        "abacus",
        "--init fan-in",
        "3,479",
        "every iteration was made",
    ):
        assert words in page.text
    command = re.search(r"<pre.*?</pre>", page.source, re.S).group()
    assert re.sub("<.*?>", "", command) == "scipy-ae train --solver BFGS --every 4 --std 0.73"


def test_hostile_words_are_shown_as_text(tmp_path, words_only):
    evil = "<img src=x onerror=alert(1)>"
    folder = run_folders.letters(
        tmp_path / "run", labels=HOSTILE, title=evil, command=evil, stop=evil, notes=[evil, "{braces} %s"]
    )
    folder.spec.write_text(f"'{evil}' = '{evil}'\n")
    page = page_of(folder)
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(picture["src"].startswith("data:") for picture in page.all("img"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "<script>alert(1)</script>" in page.text
    assert page.text.count(evil) >= 5
    assert "{braces} %s" in page.text


def test_a_label_of_mathematics_is_drawn_as_it_is_written(tmp_path):
    pictures = []
    for label in ("$x$", "xxx"):
        folder = run_folders.letters(tmp_path / label.strip("$"), n=1, labels=[label])
        report.write(folder)
        pictures.append(imread(folder.figures / "inputs-outputs.png"))
    # set as mathematics, '$x$' would be one letter wide; as text it covers about what 'xxx' does
    dark = [np.flatnonzero((picture[-45:, :, 0] < 0.5).any(axis=0)) for picture in pictures]
    spans = [columns.max() - columns.min() for columns in dark]
    assert spans[0] > 0.8 * spans[1]


@pytest.mark.parametrize(
    ("d", "words"),
    [
        (1, "a place on a line"),
        (2, "a place in a plane"),
        (5, "The pictures show the plane of the first two"),
    ],
)
def test_codes_of_any_length_are_explained(tmp_path, d, words, words_only):
    folder = run_folders.letters(tmp_path / "run", d=d)
    page = page_of(folder)
    assert words in page.text
    assert ("decoded-plane" in figures_of(folder)) == (d >= 2)


def test_of_many_rows_some_are_shown_and_the_page_says_so(tmp_path, words_only):
    page = page_of(run_folders.letters(tmp_path / "run", n=300, wrong={250: 7}))
    assert "The first 40 of 300 rows are shown." in page.text
    assert "The 40 worst of 300 are listed." in page.text
    assert "at most seven in one picture" in page.heading()
    first = re.search(r"<tr class=\"marked\"><th scope=\"row\">.*?</th><td>(\d+)</td>", page.source)
    assert first.group(1) == "7"


def test_a_table_has_heat_maps_and_no_pixels(tmp_path):
    folder = run_folders.table(tmp_path / "run")
    page = page_of(folder)
    assert page.heading().startswith("60 rows passed through two numbers and came back within 0.05 per value")
    assert "pixel" not in page.text
    assert set(figures_of(folder)) == FIGURES


def test_grey_pictures_keep_their_colours_in_the_dark(tmp_path, letters, words_only):
    x = np.random.default_rng(0).random((6, 64))
    folder = run_folders.run(tmp_path / "run", x, x - 0.05, x[:, :2], list("aabbcc"), "image", (8, 8))
    page = page_of(folder)
    assert page.heading().startswith("Six pictures passed through two numbers and came back within 0.05 per pixel")
    assert {picture.get("class") for picture in page.all("img")} == {"photo", None}
    assert {picture.get("class") for picture in letters[1].all("img")} == {None}


def test_noisy_inputs_stand_beside_what_was_wanted(tmp_path, words_only):
    folder = run_folders.letters(tmp_path / "run")
    held = dict(np.load(folder.arrays))
    held["input"] = np.abs(held["input"] - (np.arange(35) == 3))
    np.savez(folder.arrays, **held)
    assert "wanted: what should come out" in page_of(folder).text


def test_an_interrupted_run_says_so(tmp_path, words_only):
    page = page_of(run_folders.letters(tmp_path / "run", interrupted=True))
    assert "This run was interrupted after 40 iterations." in page.text


def test_a_run_of_one_record_has_a_report(tmp_path):
    folder = run_folders.letters(tmp_path / "run", best_iteration=0)
    folder.records.write_text(run_folders.records(0)[0].to_json() + "\n")
    page_of(folder)
    assert set(figures_of(folder)) == FIGURES


def test_a_loss_that_is_not_finite_is_told(tmp_path, words_only):
    folder = run_folders.letters(tmp_path / "run", loss=None, seconds=None, parts={"cross-entropy": None})
    records = run_folders.records(9)
    records[-1] = replace(records[-1], loss=float("nan"), grad_norm=float("inf"))
    folder.records.write_text("".join(record.to_json() + "\n" for record in records))
    page = page_of(folder)
    assert "The loss stopped being a finite number." in page.text
    assert "A gap is a loss that was not a finite number." in page.text


def test_a_run_without_new_codes_walk_and_plane_has_a_report(tmp_path, words_only):
    folder = run_folders.letters(tmp_path / "run")
    held = np.load(folder.arrays)
    np.savez(folder.arrays, **{name: held[name] for name in ("input", "target", "output", "codes")})
    page = page_of(folder)
    assert set(figures_of(folder)) == FIGURES - {"decoded-plane", "new", "walk"}
    assert "#new" not in page.source


def test_the_same_folder_gives_the_same_page(letters):
    folder, page = letters
    assert report.write(folder).read_text(encoding="utf-8") == page.source


def test_write_takes_a_path_and_returns_that_of_the_page(tmp_path, words_only):
    folder = run_folders.letters(tmp_path / "run")
    assert report.write(str(folder.path)) == folder.index


@pytest.mark.parametrize("damage", ["missing", "cut", "of another kind"])
@pytest.mark.parametrize("name", ["spec.toml", "records.jsonl", "machine.json", "result.json", "arrays.npz"])
def test_a_damaged_file_is_named(tmp_path, name, damage):
    folder = run_folders.letters(tmp_path / "run")
    path = folder.path / name
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:37])
    else:
        path.write_bytes(b"[1, 2]\n\xff")
    with pytest.raises(InputError, match=re.escape(name)):
        report.write(folder)
    assert not folder.index.exists()
    assert not folder.figures.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["A"]}, "1 labels for 10 rows"),
        ({"layers": []}, "names no layers"),
        ({"layers": [{"part": "encoder"}]}, "layers lacks 'name'"),
        ({"loss": "small"}, "'loss' is 'small', but must be float or int or null"),
        ({"dataset": {"name": "font2"}}, "dataset lacks 'about'"),
    ],
)
def test_a_result_that_does_not_fit_is_refused(tmp_path, change, message):
    folder = run_folders.letters(tmp_path / "run")
    folder.result.write_text(json.dumps(json.loads(folder.result.read_text()) | change))
    with pytest.raises(InputError, match=re.escape(message)):
        report.write(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("output", np.ones((9, 35)), "has shape"),
        ("codes", np.full((10, 2), np.nan), "'codes' holds a value that is not finite"),
        ("codes", np.empty((10, 0)), "'codes' has shape (10, 0)"),
        ("plane_output", np.ones((7, 35)), "'plane_output' has shape (7, 35)"),
        ("new_names", np.array(["one"]), "1 new_names for 6 rows"),
        ("walk_names", np.array(["one"]), "two ends of the walk"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, name, array, message):
    folder = run_folders.letters(tmp_path / "run")
    np.savez(folder.arrays, **(dict(np.load(folder.arrays)) | {name: array}))
    with pytest.raises(InputError, match=re.escape(message)):
        report.write(folder)


def test_pickled_arrays_are_refused(tmp_path):
    folder = run_folders.letters(tmp_path / "run")
    np.savez(folder.arrays, **(dict(np.load(folder.arrays)) | {"codes": np.array([{}], dtype=object)}))
    with pytest.raises(InputError, match=re.escape("arrays.npz")):
        report.write(folder)


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        report.write(tmp_path / "nowhere")


def test_a_report_that_fails_leaves_the_one_before(tmp_path, monkeypatch, words_only):
    folder = run_folders.letters(tmp_path / "run")
    report.write(folder)

    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}

    def broken(*_):
        raise InputError("no page today")

    before = state()
    monkeypatch.setattr(report, "html", broken)
    with pytest.raises(InputError, match="no page today"):
        report.write(folder)
    assert state() == before


def test_nothing_is_left_beside_the_files(letters):
    folder, _ = letters
    assert not [path for path in folder.path.rglob("*") if path.name.startswith(".") or path.suffix == ".part"]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, words_only):
    folder = run_folders.letters(tmp_path / "run")
    folder.figures.write_text("a file stands in the way")
    with pytest.raises(InputError, match="cannot make the folder"):
        report.write(folder)


def test_importing_the_package_does_not_load_matplotlib():
    code = "import sys, scipy_ae, scipy_ae.records; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_report_loads_neither_pyplot_nor_the_heavy_rooms():
    heavy = "{'matplotlib.pyplot', 'numba', 'scipy', 'sklearn', 'scipy_ae.network', 'scipy_ae.objective'}"
    code = f"import sys, scipy_ae.report; sys.exit(str({heavy} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.strip() in ("", "set()")


def test_pictures_by_two_processes_are_those_of_one():
    plots = {name: partial(loss_figure, k) for k, name in enumerate("abcde")}
    alone, together = drawing.drawn(plots), drawing.drawn(plots, jobs=2)
    assert list(together) == list(alone)
    assert together == alone
    assert len(set(alone.values())) == 5


def test_a_picture_that_fails_in_the_other_process_fails_here(capfd):
    def fails():
        raise ValueError("no such colour")

    with pytest.raises(ValueError, match="no such colour"):
        drawing.drawn({"a": partial(loss_figure, 1), "b": fails}, jobs=2)


def loss_figure(slope):
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([0, 1], [0, slope])
    return figure
