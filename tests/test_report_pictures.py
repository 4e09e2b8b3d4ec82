"""The report's pictures from arrays: what is drawn where, and labels that never overlap."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import run_folders
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.image import imread

from scipy_ae import report
from scipy_ae.datasets import load_font, make_circles
from scipy_ae.errors import InputError
from scipy_ae.records import Record
from scipy_ae.report import placing
from scipy_ae.report.architecture import network
from scipy_ae.report.curves import HELD_OUT, CurveWords
from scipy_ae.report.layer_reader import Layer
from scipy_ae.report.look import Look
from scipy_ae.report.planes import MOST_LABELS
from scipy_ae.report.sheet import ACCENT, ALERT, COLUMN, INK, Sheet, fitted, png, shown, text_width
from scipy_ae.report.words import Words, sentence

BOUNDS = (100.0, 20.0, 780.0, 700.0)
LETTERS = Look("image", (7, 5))


def pixels(figure, tmp_path) -> np.ndarray:
    """The figure as it is written to disk, in bytes (h, w, 3)."""
    picture = imread(report.save(figure, tmp_path / "figure.png"))
    return np.round(255 * picture[..., :3]).astype(int)


def colour(words: str) -> np.ndarray:
    return np.array([int(words[i : i + 2], 16) for i in (1, 3, 5)])


def count(picture: np.ndarray, words: str) -> int:
    """How many dots have exactly this colour."""
    return int((picture == colour(words)).all(axis=-1).sum())


def cloud(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    if kind == "random":
        return rng.uniform((110, 30), (770, 690), (n, 2))
    if kind == "clustered":
        return np.concatenate([rng.normal((400, 300), 4, (n - 2, 2)), [(120.0, 40.0), (760.0, 680.0)]])
    if kind == "line":
        return np.column_stack([np.linspace(120, 760, n), np.full(n, 650.0)])
    return np.full((n, 2), 400.0)


@pytest.mark.parametrize("n", [1, 2, 10, 32])
@pytest.mark.parametrize("kind", ["random", "clustered", "line", "one point"])
def test_labels_never_overlap_and_stay_inside(kind, n):
    anchors = cloud(kind, max(n, 2))[:n]
    sizes = np.full((n, 2), (48.0, 64.0))
    centres = placing.place(anchors, sizes, BOUNDS)
    assert np.isfinite(centres).all()
    assert placing.overlaps(centres, sizes) == 0
    low, high = centres - sizes / 2, centres + sizes / 2
    assert (low >= np.array(BOUNDS[:2]) - 1e-9).all()
    assert (high <= np.array(BOUNDS[2:]) + 1e-9).all()


@settings(max_examples=40)
@given(arrays(float, (12, 2), elements=st.floats(100, 700)), st.integers(0, 2**32 - 1))
def test_labels_of_any_size_never_overlap(anchors, seed):
    sizes = np.random.default_rng(seed).uniform((20, 20), (220, 60), (12, 2))
    centres = placing.place(anchors, sizes, BOUNDS)
    assert placing.overlaps(centres, sizes) == 0


def test_a_lonely_label_lies_on_its_point_and_a_crowded_one_hides_no_point():
    anchors = np.array([(200.0, 200.0), (500.0, 500.0), (510.0, 500.0)])
    sizes = np.full((3, 2), 50.0)
    centres = placing.place(anchors, sizes, BOUNDS)
    assert (centres[0] == anchors[0]).all()
    for centre in centres[1:]:
        hidden = (np.abs(centre - anchors) < 25).all(axis=1)
        assert not hidden.any()
        assert np.linalg.norm(centre - anchors[1]) < 100


def test_names_lie_beside_their_points():
    anchors = cloud("random", 8)
    sizes = np.full((8, 2), (60.0, 26.0))
    centres = placing.place(anchors, sizes, BOUNDS, beside=True)
    apart = np.abs(centres[:, None] - anchors[None])
    assert not (apart < sizes[0] / 2).all(axis=2).any()


def test_leader_lines_do_not_cross_where_an_exchange_would_uncross_them():
    anchors = cloud("clustered", 20)
    sizes = np.full((20, 2), (48.0, 64.0))
    centres = placing.place(anchors, sizes, BOUNDS)
    moved = np.flatnonzero((centres != anchors).any(axis=1))
    length = np.linalg.norm(centres[:, None] - anchors[None], axis=2)  # [place, anchor]
    for a in moved:
        for b in moved:
            assert length[a, a] + length[b, b] <= length[a, b] + length[b, a] + 1e-6


def test_placing_is_deterministic():
    anchors, sizes = cloud("clustered", 32), np.full((32, 2), (48.0, 64.0))
    assert (placing.place(anchors, sizes, BOUNDS) == placing.place(anchors, sizes, BOUNDS)).all()


def test_a_label_without_room_is_left_out_and_the_others_stay_apart():
    sizes = np.full((50, 2), (200.0, 200.0))
    centres = placing.place(np.full((50, 2), 300.0), sizes, BOUNDS)
    assert 4 <= np.isfinite(centres).all(axis=1).sum() < 50
    assert placing.overlaps(centres, sizes) == 0


def test_spread_chooses_far_from_each_other():
    points = np.concatenate([np.random.default_rng(0).normal(0, 0.01, (200, 2)), [(9, 9), (-9, 9), (9, -9), (-9, -9)]])
    assert set(placing.spread(points, 5)) >= {200, 201, 202, 203}


def test_overlaps_are_counted():
    centres = np.array([(0.0, 0.0), (10.0, 0.0), (100.0, 0.0), (np.nan, 0.0)])
    assert placing.overlaps(centres, np.full((4, 2), 20.0)) == 1


def test_a_glyph_is_crisp_ink_on_its_ground():
    font = load_font(2)
    glyph = font.x[1]
    tile = LETTERS.pixels(glyph, 60, 84)
    assert tile.shape == (84, 60, 3)
    lit = (tile == colour(INK)).all(axis=2)
    assert (lit == np.kron(glyph.reshape(7, 5), np.ones((12, 12))).astype(bool)).all()
    assert len(np.unique(tile.reshape(-1, 3), axis=0)) == 2


def test_values_outside_the_range_are_clipped_and_large_pictures_shrink():
    tile = LETTERS.pixels(np.linspace(-5, 5, 35), 5, 7)
    assert (tile[0, 0] == LETTERS.pixels(np.zeros(35), 5, 7)[0, 0]).all()
    photo = Look("image", (300, 200), 0.0, 1.0, ink=False)
    small = photo.pixels(np.full(60000, 0.5), 50, 80)
    assert small.shape[0] <= 80
    assert small.shape[1] <= 50
    assert set(np.unique(small)) <= {127, 128}


def test_a_look_is_taken_from_the_data():
    assert Look.of("image", np.array([[0.0, 1.0]]), (1, 2)) == Look("image", (1, 2))
    assert Look.of("image", np.array([[-2.0, 3.0]]), (1, 2)) == Look("image", (1, 2), -2.0, 3.0, ink=False)
    with pytest.raises(InputError, match="unknown kind of data 'circle': did you mean 'circles'"):
        Look("circle")
    with pytest.raises(InputError, match="image_shape"):
        Look("image")


def test_a_strip_shows_every_row(tmp_path):
    font = load_font(2)
    picture = pixels(report.strip(font.x[:10], LETTERS, font.labels[:10]), tmp_path)
    assert picture.shape[1] == COLUMN
    cells = np.array([count(pixels(report.strip(font.x[i : i + 1], LETTERS), tmp_path), INK) for i in (1, 12)])
    assert (cells[0] > cells[1]) == (font.x[1].sum() > font.x[12].sum())
    assert count(picture, INK) > 9 * 35


def test_a_strip_of_many_wraps(tmp_path):
    font = load_font(2)
    one, three = (report.strip(font.x[:n], LETTERS, font.labels[:n]) for n in (8, 30))
    assert pixels(three, tmp_path).shape[0] > 2.5 * pixels(one, tmp_path).shape[0]


def test_names_of_a_strip_are_whole_while_they_fit():
    names = [f"(-0.{i}3, -0.{i}7)" for i in range(10)]
    font = load_font(2)
    assert [text.get_text() for text in report.strip(font.x[:10], LETTERS, names).texts] == names
    notes = ["radius 0.9\nroundness error 0.0028 %"] * 10
    assert [text.get_text() for text in report.strip(font.x[:10], LETTERS, None, notes).texts] == notes


def test_a_circle_beyond_the_range_stays_in_its_box():
    look = Look("circles", None, -1.0, 1.0)
    far = look.into_box(3 * make_circles(1).x.reshape(-1, 2) / 0.1, (10, 20, 100, 100))
    assert far.min(axis=0).tolist() == [10, 20]
    assert far.max(axis=0).tolist() == [110, 120]


def test_wrong_pixels_are_outlined_and_right_ones_are_not(tmp_path):
    font = load_font(2)
    x, names = font.x[1:4], font.labels[1:4]
    wrong = np.zeros(x.shape, bool)
    clean = pixels(report.pairs({"in": x, "out": x, "cut": x}, LETTERS, names, wrong), tmp_path)
    assert count(clean, ALERT) == 0
    wrong[1, ::5] = True  # the first column of the second letter
    one = pixels(report.pairs({"in": x, "out": x, "cut": x}, LETTERS, names, wrong), tmp_path)
    rows, columns = np.nonzero((one == colour(ALERT)).all(axis=2))
    third = COLUMN / 3
    assert third < columns.min() <= columns.max() < 2 * third  # in the second group, outlines and name
    above = rows < one.shape[0] - 50
    assert np.ptp(rows[above]) > 5 * np.ptp(columns[above]) > 20


@pytest.mark.parametrize("n", [1, 10, 32, MOST_LABELS + 60])
def test_the_plane_shows_the_letters_at_their_codes(tmp_path, n):
    font = load_font(2)
    rng = np.random.default_rng(n)
    x, names = np.resize(font.x, (n, 35)), [str(i) for i in range(n)]
    picture = pixels(report.latent_plane(rng.normal(size=(n, 2)), x, LETTERS, names), tmp_path)
    assert count(picture, INK) > 200


def test_a_letter_with_room_is_drawn_around_its_own_code(tmp_path):
    codes = np.array([(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)])
    full, bare = np.ones((1, 35)), np.zeros((3, 35))
    picture = pixels(report.latent_plane(codes, np.concatenate([full, bare]), LETTERS, list("abcd")), tmp_path)
    rows, columns = np.nonzero((picture == colour(INK)).all(axis=2))
    assert columns.mean() < COLUMN / 3  # code number 1 is least: left
    assert rows.mean() > 2 * picture.shape[0] / 3  # code number 2 is least: below


def test_letters_that_are_neighbours_leave_both_codes_to_be_seen(tmp_path):
    codes = np.array([(0.0, 0.0), (0.03, 0.0), (1.0, 1.0)])
    picture = pixels(report.latent_plane(codes, np.ones((3, 35)), LETTERS, list("abc")), tmp_path)
    _, columns = np.nonzero((picture == colour(ACCENT)).all(axis=2))
    assert np.ptp(columns) > 20  # two dots side by side, each some 10 wide


def test_the_decoded_plane_has_its_first_row_on_top(tmp_path):
    axis = np.linspace(-1, 1, 4)
    output = np.zeros((16, 35))
    output[0] = 1.0  # largest second number, smallest first one
    picture = pixels(report.decoded_plane(axis, axis, output, LETTERS), tmp_path)
    rows, columns = np.nonzero((picture == colour(INK)).all(axis=2))
    assert rows.mean() < picture.shape[0] / 4
    assert columns.mean() < COLUMN / 3


@pytest.mark.parametrize("draw", ["strip", "pairs", "latent_plane", "decoded_plane", "heat_map"])
@pytest.mark.parametrize("kind", ["circles", "table"])
def test_circles_and_tables_are_drawn_too(tmp_path, draw, kind):
    x = make_circles(9).x if kind == "circles" else np.random.default_rng(0).random((9, 4))
    look = Look(kind, None, -1.0, 1.0)
    names = [f"row {i}" for i in range(9)]
    axis = np.linspace(0, 1, 3)
    figure = {
        "strip": lambda: report.strip(x, look, names),
        "pairs": lambda: report.pairs({"in": x, "out": 0.9 * x}, look, names),
        "latent_plane": lambda: report.latent_plane(x[:, :2], x, look, names),
        "decoded_plane": lambda: report.decoded_plane(axis, axis, x, look, x[:, :2]),
        "heat_map": lambda: report.heat_map({"in": x}, look),
    }[draw]()
    assert pixels(figure, tmp_path).std() > 5


def test_circles_are_laid_over_each_other(tmp_path):
    x = make_circles(5).x
    exact = pixels(report.overlaid(x, x), tmp_path)
    small = pixels(report.overlaid(x, 0.5 * x), tmp_path)
    assert count(small, "#cfd6dd") > count(exact, "#cfd6dd")  # what went in shows where nothing covers it


@pytest.mark.parametrize("over", ["iteration", "seconds"])
def test_bursts_and_steps_have_their_own_colours(tmp_path, over):
    records = run_folders.records(40)
    picture = pixels(report.loss_curve(records, over, 40), tmp_path)
    assert count(picture, ALERT) > 50
    alone = [record for record in records if record.phase != "burst"]
    assert count(pixels(report.loss_curve(alone, over), tmp_path), ALERT) == 0


def test_a_burst_is_drawn_from_the_loss_before_it():
    losses = [(0, "start", 4.0, None), (1, "step", 3.0, None), (2, "burst", 1.0, 2.0)]
    records = [Record(i, phase, "", loss, {}, 0.0, float(i), i, before=before) for i, phase, loss, before in losses]
    axes = report.loss_curve(records).axes[0]
    burst, steps = axes.collections
    assert burst.get_segments()[0].tolist() == [[1.0, 2.0], [2.0, 1.0]]
    assert steps.get_segments()[1].tolist() == [[0.0, 4.0], [1.0, 3.0]]


def test_the_loss_on_rows_held_out_has_a_line_of_its_own_with_the_ring_on_it():
    records = [replace(record, validation=9.0 - record.iteration) for record in run_folders.records(8)]
    figure = report.loss_curve(records, "iteration", 3, CurveWords(validation="held out"))
    lines = {line.get_color(): line for line in figure.axes[0].lines}
    assert lines[HELD_OUT].get_ydata().tolist() == [record.validation for record in records]
    ring = next(line for line in figure.axes[0].lines if line.get_markersize() == 8)
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (3, 6.0)
    assert "held out" in [text.get_text() for text in figure.texts]
    plain = report.loss_curve(run_folders.records(8))
    assert HELD_OUT not in {line.get_color() for line in plain.axes[0].lines}


def test_the_loss_has_a_logarithmic_scale_unless_it_is_not_positive():
    records = run_folders.records(8)
    assert report.loss_curve(records).axes[0].get_yscale() == "log"
    below = [*records, Record(9, "step", "", -1.0, {}, 0.0, 1.0, 9)]
    assert report.loss_curve(below).axes[0].get_yscale() == "linear"


def test_the_network_names_sizes_parameters_and_activations():
    layers = [
        Layer("encoder", "encoder.0", "dense", 35, 28, "tanh", 1008),
        Layer("encoder", "encoder.1", "dense", 28, 4, "identity", 116),  # two means and two variances
        Layer("decoder", "decoder.0", "dense", 2, 35, "logistic", 105),
    ]
    said = [text.get_text() for text in network(layers, 2).texts]
    assert [word for word in said if word.isdigit()] == ["116", "105", "35", "28", "4", "2", "35"]
    assert {"1,008", "tanh", "identity", "logistic", "code", "encoder", "decoder"} <= set(said)


def test_labels_are_made_fit_to_be_seen():
    assert shown(" ") == "␣"
    assert shown("") == "–"
    assert shown("a\nb\tc") == "a b c"
    assert fitted("short", 200) == "short"
    cut = fitted("x" * 300, 120)
    assert cut.endswith("…")
    assert 90 < text_width(cut) <= 120


def test_pasted_dots_stay_where_they_were_put():
    sheet = Sheet(40, 60)
    sheet.paste(np.full((10, 5, 3), 7, np.uint8), 20, 8)
    picture = (255 * imread(BytesIO(png(sheet.done())))).round().astype(int)
    rows, columns = np.nonzero(picture[..., 0] == 7)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 17, 20, 24)


def test_only_png_is_written(tmp_path):
    with pytest.raises(InputError, match=r"\.png, not 'a\.jpg'"):
        report.save(report.strip(load_font(2).x[:1], LETTERS), tmp_path / "a.jpg")
    with pytest.raises(InputError, match="cannot write"):
        report.save(report.strip(load_font(2).x[:1], LETTERS), tmp_path / "no" / "a.png")


def test_words_have_singular_plural_and_plain_numbers():
    words = Words()
    assert words("code.numbers", n=1, count=words.count(1)) == "one number"
    assert words("code.numbers", n=13, count=words.count(13)) == "13 numbers"
    assert words.whole(1234567) == "1,234,567"
    assert words.number(float("nan")) == "not finite"
    assert words.number(-0.012345) == "−0.0123"
    assert words.seconds(83.4) == "1 min 23 s"
    assert words.percent(0.0123) == "1.2 %"
    assert sentence("ten {x}") == "Ten {x}"
