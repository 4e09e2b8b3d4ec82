"""In notebooks: plots in Matplotlib's axes hold what they should, cards and frames show it and run nothing."""

import copy
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import browser as browsers
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import run_folders
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scipy_ae
from scipy_ae import Autoencoder, History, Record, Report, report
from scipy_ae.datasets import Dataset, load_font, make_circles
from scipy_ae.errors import InputError
from scipy_ae.report.words import Words

PAGE = Path(__file__).parents[1] / "docs" / "notebooks.md"
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PLOTS = ("plot_latent", "plot_reconstruction", "plot_history")


class Html(HTMLParser):
    """Tags with their attributes, and the words, of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(autouse=True)
def no_figure_is_left() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def font() -> Dataset:
    return load_font(2).select("A-J")


@pytest.fixture(scope="module")
def letters(font) -> Autoencoder:
    return Autoencoder(random_state=0, iterations=24).fit(font)


@pytest.fixture(scope="module")
def iris() -> np.ndarray:
    return StandardScaler().fit_transform(load_iris().data)


@pytest.fixture(scope="module")
def flowers(iris) -> Autoencoder:
    return Autoencoder(random_state=0, iterations=12).fit(iris)


def points(axes) -> np.ndarray:
    """All dots of the axes, (n, 2)."""
    return np.concatenate([np.column_stack(line.get_data()) for line in axes.lines])


def drawn(axes) -> None:
    """Draw the figure once, so that whatever cannot be drawn fails."""
    axes.figure.savefig(BytesIO())


def card_of(model: Autoencoder) -> str:
    return model._repr_html_().partition('<div class="scipy-ae-card"')[2]


@pytest.mark.parametrize("numbers", [1, 2, 3])
def test_the_plane_has_a_point_for_each_row_and_a_picture_at_it(numbers, font):
    model = Autoencoder(n_components=numbers, random_state=0, iterations=4).fit(font)
    axes = model.plot_latent(font)
    codes = model.transform(font)
    wanted = np.column_stack([codes[:, 0], np.zeros(10)]) if numbers == 1 else codes[:, :2]
    assert (points(axes) == wanted).all()
    pictures = [artist for artist in axes.artists if isinstance(artist, AnnotationBbox)]
    at = np.array([picture.xy for picture in pictures])
    assert (at == wanted).all()
    assert all((box.offsetbox.get_data().ravel() == row).all() for box, row in zip(pictures, font.x))
    words = {1: "one number", 2: "two numbers", 3: "three numbers"}[numbers]
    assert axes.get_title() == f"10 codes of {words}"
    assert axes.get_xlabel() == "code number 1"
    assert axes.get_ylabel() == ("" if numbers == 1 else "code number 2")
    drawn(axes)


def test_pictures_in_the_plane_never_overlap(letters, font):
    axes = letters.plot_latent(font)
    drawn(axes)
    boxes = [a.offsetbox.get_window_extent() for a in axes.artists if isinstance(a, AnnotationBbox)]
    assert len(boxes) == 10
    assert sum(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i]) == 0


def test_rows_of_a_table_are_dots_coloured_by_their_names(flowers, iris):
    names = load_iris().target_names[load_iris().target]
    axes = flowers.plot_latent(iris, names)
    colours = {line.get_color() for line in axes.lines}
    assert [line.get_label() for line in axes.lines] == ["setosa", "versicolor", "virginica"]
    assert len(colours) == 3
    assert sorted(map(tuple, points(axes))) == sorted(map(tuple, flowers.transform(iris)))
    assert {text.get_text() for text in axes.texts} == {"setosa", "versicolor", "virginica"}
    drawn(axes)
    plain = flowers.plot_latent(pd.DataFrame(iris).to_numpy())
    assert len(points(plain)) == 150
    assert len(plain.texts) == 0


def test_circles_and_many_pictures_have_a_glyph_for_some():
    circles = make_circles(30)
    model = Autoencoder(n_components=1, random_state=0, iterations=4).fit(circles)
    axes = model.plot_latent(circles)
    assert len(points(axes)) == 30
    assert 5 <= sum(isinstance(artist, AnnotationBbox) for artist in axes.artists) <= 14
    drawn(axes)


def test_the_pictures_before_and_after_hold_the_values(letters, font):
    axes = letters.plot_reconstruction(font)
    output = letters.predict(font)
    shown = np.array([image.get_array().ravel() for image in axes.images])
    assert (shown == np.concatenate([font.x, output, output > 0.5])).all()
    wrong = int(((output > 0.5) != (font.x > 0.5)).sum())
    assert wrong > 0
    assert axes.get_title() == f"10 rows through two numbers: {Words().count(wrong)} wrong pixels"
    outlines = [c for c in axes.collections if isinstance(c, LineCollection)]
    assert sum(len(collection.get_segments()) for collection in outlines) == wrong
    words = {text.get_text().split(" · ")[0] for text in axes.texts}
    assert words == {*font.labels, "in", "out", "cut"}
    drawn(axes)


def test_of_values_between_no_pixel_is_wrong(letters, font):
    grey = 0.1 + 0.8 * font.x
    axes = letters.plot_reconstruction(grey, list("abcdefghij"), image_shape=(7, 5))
    shown = np.array([image.get_array().ravel() for image in axes.images])
    assert (shown == np.concatenate([grey, letters.predict(grey)])).all()
    error = np.sqrt(((letters.predict(grey) - grey) ** 2).mean())
    assert axes.get_title() == f"10 rows through two numbers: rms error {error:.3g}"
    drawn(axes)


def test_a_table_is_a_pair_of_heat_maps(flowers, iris):
    axes = flowers.plot_reconstruction(iris)
    before, after = (inner.images[0].get_array() for inner in axes.child_axes[:2])
    assert (before == iris).all()
    assert (after == flowers.predict(iris)).all()
    drawn(axes)


def test_of_many_rows_some_are_shown_and_the_title_tells_of_all(letters, font):
    many = np.tile(font.x, (9, 1))
    axes = letters.plot_reconstruction(many, image_shape=(7, 5))
    assert len(axes.images) == 3 * 40
    assert axes.get_title().startswith("90 rows through two numbers")


def test_circles_lie_over_each_other():
    circles = make_circles(8)
    model = Autoencoder(random_state=0, iterations=4).fit(circles)
    axes = model.plot_reconstruction(circles.x, circles.labels, kind="circles")
    assert [len(lines.get_segments()) for lines in axes.collections] == [8, 8, 8]  # frames, in, out
    drawn(axes)


def test_the_history_has_a_piece_for_each_record(letters):
    axes = letters.plot_history()
    history = letters.history_
    pieces = sum(len(lines.get_segments()) for lines in axes.collections)
    assert pieces == len(history) == 25
    assert axes.get_title().startswith(f"Loss {history.best.loss:.3g} after ")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "single steps",
        "solver bursts",
        "state kept",
    ]
    drawn(axes)
    below = letters.plot_history(over="seconds", show="wrong_pixels")
    x, y = below.lines[0].get_data()
    assert (y == history.column("wrong_pixels")).all()
    assert (x == history.column("seconds")).all()
    assert (below.get_xlabel(), below.get_ylabel()) == ("seconds", "wrong pixels")
    drawn(below)


def test_a_stream_has_a_history_too(iris):
    model = Autoencoder(random_state=0).partial_fit(iris).partial_fit(iris)
    drawn(model.plot_history())
    assert "2 iterations" in Html(card_of(model)).text


@pytest.mark.parametrize("plot", PLOTS)
def test_the_callers_axes_are_used_and_pyplot_is_left_alone(plot, letters, font):
    mine = Figure().subplots()
    given = () if plot == "plot_history" else (font,)
    assert getattr(letters, plot)(*given, ax=mine) is mine
    assert plt.get_fignums() == []
    drawn(mine)
    assert getattr(letters, plot)(*given).figure.number == 1
    with plt.rc_context({"figure.constrained_layout.use": True, "figure.figsize": (4.0, 3.0)}):
        drawn(getattr(letters, plot)(*given))
    with pytest.raises(InputError, match=r"ax: ndarray is not accepted; one matplotlib.axes.Axes is; of the array"):
        getattr(letters, plot)(*given, ax=np.array([mine]))
    assert plt.get_fignums() == [1, 2]


@pytest.mark.parametrize("plot", PLOTS)
def test_what_is_not_fitted_shows_nothing(plot, font):
    given = () if plot == "plot_history" else (font,)
    with pytest.raises(NotFittedError):
        getattr(Autoencoder(), plot)(*given)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"image_shape": (7, 4)}, "image_shape: 7 x 4 pixels do not fit rows of 35 columns"),
        ({"image_shape": 35}, "image_shape: 35 is not accepted; height and width, such as (7, 5), are"),
        ({"kind": "image"}, "image_shape: images need one, such as (7, 5) for 35 columns; 35 columns came"),
        ({"kind": "circle"}, "unknown kind 'circle': did you mean 'circles'?"),
        ({"kind": "circles"}, "kind: circles are pairs x1, y1, x2, y2..., and 35 columns came"),
        ({"kind": "table", "image_shape": (7, 5)}, "image_shape and kind contradict each other: table have no"),
        ({"labels": "AB"}, "labels: 1 came for 10 rows; one for each row is accepted"),
        ({"labels": list("ABC")}, "labels: 3 came for 10 rows; one for each row is accepted"),
    ],
)
@pytest.mark.parametrize("plot", PLOTS[:2])
def test_rows_that_are_not_as_told_are_refused(plot, given, sentence, letters, font):
    with pytest.raises(InputError, match=re.escape(sentence)):
        getattr(letters, plot)(font.x, **given)
    with pytest.raises(ValueError, match="35 features"):
        getattr(letters, plot)(font.x[:, :9])
    assert plt.get_fignums() == []


def test_histories_of_other_data_have_no_wrong_pixels(flowers):
    with pytest.raises(InputError, match="show: the training counted no wrong pixels"):
        flowers.plot_history(show="wrong_pixels")
    with pytest.raises(InputError, match="unknown over 'second': did you mean 'seconds'"):
        flowers.plot_history(over="second")


def test_labels_are_drawn_as_they_are_written(letters, font):
    names = ["$x^2$", r"\alpha_{", "$", "<b>", "a\nb", "", " ", "$$", "&amp;", "x" * 300]
    for plot in (letters.plot_latent, letters.plot_reconstruction):
        drawn(plot(font.x, names, image_shape=(7, 5)))
        axes = plot(font.x, names)
        drawn(axes)
    assert {r"\$x^2\$"} & {
        line.get_label() for line in letters.plot_latent(np.tile(font.x, (5, 1)), 5 * (names[:2] * 5)).lines
    }


def test_an_estimator_shows_scikit_learns_diagram_and_a_card(letters, font):
    assert "scipy-ae-card" not in Autoencoder()._repr_html_()
    bundle = letters._repr_mimebundle_()
    for html in (letters._repr_html_(), bundle["text/html"]):
        diagram, _, card = html.partition('<div class="scipy-ae-card"')
        assert "sk-top-container" in diagram
        page = Html('<div class="scipy-ae-card"' + card)
        best = letters.history_.best
        for words in ("35-18-2-18-35", "1,405 parameters", "BFGS + Adam", "24 iterations, 6 of them bursts"):
            assert words in page.text
        assert f"{best.loss:.3g}" in page.text
        assert f"{best.wrong_pixels}at most {best.worst_row} in one row" in page.text
        assert [picture["alt"].split(",")[0] for picture in page.all("img")] == [
            "10 rows as they went in and as they came out.",
            "The loss over 24 iterations",
        ]
    assert bundle["text/plain"] == repr(letters)
    assert plt.get_fignums() == []


def test_display_as_text_has_no_html(letters):
    with config_context(display="text"):
        assert not hasattr(letters, "_repr_html_")
        assert list(letters._repr_mimebundle_()) == ["text/plain"]


def test_pickles_and_clones_bring_no_rows_along(letters, font):
    row = font.x[:1].tobytes()
    assert row in letters._few.x.tobytes()
    assert row not in pickle.dumps(letters)
    for other in (pickle.loads(pickle.dumps(letters)), copy.deepcopy(letters)):
        assert [picture["alt"].split()[0] for picture in Html(card_of(other)).all("img")] == ["The"]
        assert (other.transform(font) == letters.transform(font)).all()
    assert "_few" not in vars(clone(letters))


def test_a_data_set_is_taken_as_its_rows(letters, font):
    plain = Autoencoder(random_state=0, iterations=24).fit(font.x)
    assert plain.theta_.tobytes() == letters.theta_.tobytes()
    assert (letters.predict(font) == letters.predict(font.x)).all()
    codes = make_pipeline(StandardScaler(), Autoencoder(random_state=0, iterations=4)).fit_transform(font)
    assert codes.shape == (10, 2)
    assert np.array(font, copy=True) is not font.x
    assert (np.asarray(font, dtype=np.float32) == font.x).all()


def hostile_history() -> History:
    """Records as a file by somebody else may have them."""
    parts = {EVIL: 1.0}
    records = [Record(i, "burst", EVIL, 1.0 / (i + 1), parts, 0.1, float(i), i, i, i, stop=EVIL) for i in range(3)]
    return History([*records, Record(3, "step", EVIL, float("nan"), parts, 0.1, 3.0, 3, stop=EVIL)])


def test_no_word_of_the_data_runs(font):
    names = [EVIL, '" onload="alert(3)', "{braces} %s", *font.labels[3:]]
    evil = Dataset(EVIL, font.x, tuple(names), (7, 5), EVIL, "image")
    model = Autoencoder(random_state=0, iterations=4).fit(evil)
    frame = pd.DataFrame(font.x, columns=[EVIL, *map(str, range(34))])
    table = Autoencoder(random_state=0, iterations=4).fit(frame)
    for html in (hostile_history()._repr_html_(), model._repr_html_(), table._repr_html_()):
        card = Html("<div class=" + html.partition("<div class=")[2])
        assert all(picture["src"].startswith("data:image/png;base64,") for picture in card.all("img"))
        assert not any("onerror" in attributes or "onload" in attributes for _, attributes in card.tags)
    assert "script" not in {tag for tag, _ in Html(hostile_history()._repr_html_()).tags}
    assert hostile_history()._repr_html_().count("&lt;script&gt;") >= 3
    assert "script" not in {tag for tag, _ in Html(card_of(model)).tags}


def test_a_history_shows_itself_once_it_has_a_record():
    assert History()._repr_html_() is None
    page = Html(hostile_history()._repr_html_())
    assert "a training of 3 iterations" in page.text
    assert len(page.all("img")) == 1
    assert repr(History()) == "<History of 0 records>"
    assert scipy_ae.records.History is History


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    run_folders.trained(path, labels=(EVIL, *"BCDEFGHIJ"))
    return path


def test_a_report_is_written_where_there_is_none_and_framed(folder, tmp_path):
    shown = Report(folder, height=640)
    assert Path(shown) == shown.page == folder / "index.html"
    (frame,) = Html(shown._repr_html_()).tags
    assert frame[0] == "iframe"
    assert frame[1]["srcdoc"].replace('<base href="about:srcdoc">', "") == shown.page.read_text(encoding="utf-8")
    assert frame[1]["sandbox"] == "allow-scripts allow-downloads"
    assert "height: 640px" in frame[1]["style"]
    assert repr(shown) == f"<Report {folder / 'index.html'}>"
    before = shown.page.stat().st_mtime_ns
    assert Report(str(folder)).page.stat().st_mtime_ns == before
    with pytest.raises(InputError, match="no run folder"):
        Report(tmp_path / "none")
    with pytest.raises(InputError, match="height: 0 is not accepted"):
        Report(folder, height=0)


def test_the_explorer_works_within_a_notebook_and_nothing_else_runs(folder, letters, tmp_path):
    page = tmp_path / "notebook.html"
    cards = '<div class="scipy-ae-card"' + card_of(letters) + hostile_history()._repr_html_()
    page.write_text(
        f"<!doctype html><meta charset=utf-8><title>n</title>{Report(folder)._repr_html_()}{cards}", "utf-8"
    )
    with browsers.chromium() as chromium, browsers.opened(chromium, page) as opened:
        frame = opened.frames[1]
        frame.locator("nav a[href='#explorer']").click()
        assert frame.url == "about:srcdoc#explorer"
        picture = frame.locator("[data-part=output]")
        before = picture.evaluate("canvas => canvas.toDataURL()")
        frame.locator("[data-part=plane]").press("PageDown")  # on to the next letter
        assert picture.evaluate("canvas => canvas.toDataURL()") != before
        assert frame.locator("img[src=x]").count() == opened.locator("img[src=x]").count() == 0
        assert opened.locator(".scipy-ae-card").count() == 2


def test_cards_need_neither_pyplot_nor_a_display():
    code = (
        "import sys, scipy_ae\n"
        "model = scipy_ae.Autoencoder(random_state=0, iterations=4).fit(scipy_ae.datasets.load_font(2))\n"
        "assert 'matplotlib' not in sys.modules\n"
        "assert 'scipy-ae-card' in model._repr_html_() and model.history_._repr_html_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "model.plot_history().figure.canvas.draw()\n"
    )
    bare = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_on_notebooks_is_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours = "from scipy_ae.cli.app import main; main()"
    run = subprocess.run

    def scipy_ae_of_this_checkout(command, **options):
        assert command[0] == "scipy-ae"
        return run([sys.executable, "-c", ours, *command[1:]], **options, capture_output=True)

    monkeypatch.setattr(subprocess, "run", scipy_ae_of_this_checkout)
    session: dict = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), session)
    assert len(blocks) == 4
    assert (tmp_path / "letters.png").stat().st_size > 1000
    assert Report("letters").page.is_file()
    assert (report.read("letters").codes.shape) == (10, 2)
