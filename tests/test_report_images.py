"""The report of image tasks, on real letters and photographs with real baselines: what it says, shows and refuses."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import image_folders
import numpy as np
import pytest
import test_languages
from browser import chromium, opened
from click.testing import CliRunner
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from test_report import Page, figures_of

from scipy_ae import report
from scipy_ae.cli.app import main
from scipy_ae.errors import InputError
from scipy_ae.records import RunFolder
from scipy_ae.report import drawing, image_pictures
from scipy_ae.report.architecture import NetworkWords
from scipy_ae.report.image_network import image_network, steps_of
from scipy_ae.report.image_quality import heading, judge, lead
from scipy_ae.report.image_reader import Images, Score
from scipy_ae.report.image_tiles import Scale
from scipy_ae.report.layer_reader import Layer, read_layer
from scipy_ae.report.look import Look
from scipy_ae.report.words import Words

ALWAYS = {"examples", "network", "loss-iterations", "loss-seconds"}
EN = Words()


def images_of(folder: RunFolder) -> Images:
    images = report.read(folder).images
    assert images is not None
    return images


def scores_of(folder: RunFolder, part: str = "test") -> dict[str, dict[str, Any]]:
    table = json.loads(folder.images.read_text())
    return {row["name"]: row for row in table["quality"] if row["part"] == part}


def bytes_of(picture: np.ndarray) -> np.ndarray:
    return np.round(255 * picture[..., :3]).astype(np.uint8)


def holds(picture: np.ndarray, tile: np.ndarray) -> tuple[int, int] | None:
    """Where a tile lies in a picture, (row, column), dot for dot."""
    h, w = tile.shape[:2]
    one, other = (shades.astype(np.int64) @ (65536, 256, 1) for shades in (picture, tile))
    # begun from the dot of the tile that is rarest in the picture
    values, counts = np.unique(one, return_counts=True)
    place = np.minimum(np.searchsorted(values, other), len(values) - 1)
    often = np.where(values[place] == other, counts[place], 0)
    row, column = np.unravel_index(np.argmin(often), other.shape)
    for y, x in np.argwhere(one == other[row, column]) - (row, column):
        if min(y, x) >= 0 and np.array_equal(one[y : y + h, x : x + w], other):
            return int(y), int(x)
    return None


@pytest.fixture
def words_only(monkeypatch):
    """Lays figures out but does not render them, for tests of what the page says."""
    dot = np.zeros((2, 2, 3), np.uint8)
    monkeypatch.setattr(drawing, "pixels", lambda figure: dot)


@pytest.fixture(scope="module")
def compressed(tmp_path_factory) -> tuple[RunFolder, Page]:
    folder = image_folders.compress(tmp_path_factory.mktemp("compress") / "run")
    return folder, Page(report.write(folder))


@pytest.fixture(scope="module")
def denoised(tmp_path_factory) -> tuple[RunFolder, Page]:
    folder = image_folders.denoise(tmp_path_factory.mktemp("denoise") / "run", n=120)
    return folder, Page(report.write(folder))


# --- the page


def test_an_image_task_has_its_pictures_and_none_of_a_plane(compressed, denoised):
    for folder, page in (compressed, denoised):
        assert not folder.arrays.exists()
        pictures = figures_of(folder)
        assert set(pictures) == ALWAYS | {"filters", "feature-maps"}
        assert all(picture[..., :3].std() > 0.02 for picture in pictures.values())
        sections = [section["id"] for section in page.all("section")]
        assert sections == ["images", "training", "image_network", "seen", "run"]
        assert len(page.all("img")) == len(pictures)
        assert all(len(picture["alt"]) > 20 for picture in page.all("img"))
        assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}


def test_compression_is_judged_on_fonts_never_seen_beside_pca(compressed):
    folder, page = compressed
    scores = scores_of(folder)
    ours, pca, jpeg = (scores[name]["psnr"] for name in ("output", "pca", "jpeg"))
    assert ours > pca + 0.1
    gain = f"{ours - pca:.2f} dB better than PCA with as many numbers."
    assert page.heading() == f"Pictures passed through ten numbers and came back at {ours:.2f} dB: {gain}"
    assert f"Compression, judged by 20 pictures held out for the test: a PSNR of {ours:.2f} dB" in page.text
    assert f"SSIM of {scores['pca']['ssim']:.3f} of the best baseline, PCA" in page.text
    assert f"the network is better by {ours - pca:.2f} dB" in page.text
    assert "takes 320 bits (10 numbers), 19.6 times fewer than the picture." in page.text
    assert "split by font: no group has pictures in two parts." in page.text
    # the smallest JPEG file of so small a picture has many more bits than the code, and that is said
    assert scores["jpeg"]["bits"] > 5 * 320
    assert f"bits a picture at the least and comes to {jpeg:.2f} dB with them." in page.text


@pytest.mark.parametrize(
    ("values", "ratio", "said"),
    [
        (1, 196.0, "takes 320 bits (1 number), 196 times fewer than the picture."),
        (10, 1.0, "takes 320 bits (10 numbers), as many as the picture."),
        (10, 0.25, "takes 320 bits (10 numbers), 4 times as many as the picture."),
    ],
)
def test_bits_are_told_beside_those_of_the_picture(compressed, values, ratio, said):
    images = report.read(compressed[0]).images
    images = replace(images, code=replace(images.code, values=values, ratio=ratio))
    assert said in lead(images, judge(images), EN)


def test_the_maps_are_named_by_the_example_that_they_are_of(compressed, tmp_path, words_only):
    folder = RunFolder(Path(shutil.copytree(compressed[0].path, tmp_path / "run")))
    with_json(lambda table: table.update(seen=3))(folder)
    name = json.loads(folder.images.read_text())["examples"]["labels"][3]
    assert f"The example {name} on its way through the network" in Page(report.write(folder)).text


def test_the_table_has_every_measure_of_every_part(denoised):
    folder, page = denoised
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?) dB</td><td>(.*?)</td></tr>', page.source)
    table = json.loads(folder.images.read_text())
    names = {"input": "input", "output": "output", "median": "median filter"}
    wanted = [
        (names[row["name"]], f"{row['mse']:.3g}", f"{row['psnr']:.2f}", f"{row['ssim']:.3f}")
        for part in ("test", "validation", "train")
        for row in table["quality"]
        if row["part"] == part
    ]
    assert len(wanted) == 9
    assert rows == wanted
    for part, count in (("Test", 24), ("Validation", 24), ("Training", 72)):
        assert f"<h3>{part}, {count} pictures</h3>" in page.source


def test_a_network_that_is_worse_is_said_to_be_worse(tmp_path, words_only):
    folder = image_folders.enlarge(tmp_path / "run", n=60, nearest=True)
    page = Page(report.write(folder))
    scores = scores_of(folder)
    loss = scores["bicubic"]["psnr"] - scores["output"]["psnr"]
    assert loss > 0.1
    assert page.heading().endswith(f": {loss:.2f} dB worse than bicubic enlargement.")
    assert f"the network is worse by {loss:.2f} dB" in page.text
    green = re.findall(r'<div class="good">\s*<dt>(.*?)</dt>', page.source)
    assert "PSNR, in dB" not in green
    # of these two SSIM thinks otherwise, and that is said too
    assert scores["output"]["ssim"] > scores["bicubic"]["ssim"]
    assert "though its SSIM is higher by" in page.text
    assert "SSIM" in green


def test_grey_is_the_baseline_of_colours(tmp_path):
    folder = image_folders.colorize(tmp_path / "run", n=60)
    page = Page(report.write(folder))
    scores = scores_of(folder)
    assert page.heading().startswith(f"Grey pictures are given colours, to {scores['output']['psnr']:.2f} dB")
    assert "the grey picture" in page.heading()
    assert "grey" not in image_pictures.columns_of(images_of(folder))  # the input shows it
    picture = bytes_of(figures_of(folder)["examples"])
    colourless = (picture[..., 0] == picture[..., 1]) & (picture[..., 1] == picture[..., 2])
    assert 0.1 < (~colourless).mean() < 0.9


def changed(images: Images, *scores: Score, **values: Any) -> Images:
    return replace(images, quality=scores, **values)


def score(name: str, psnr: float, ssim: float | None = 0.5, part: str = "test", bits: float | None = None) -> Score:
    return Score(name, part, 10 ** (-psnr / 10), psnr, ssim, bits)


def test_verdicts(denoised):
    images = images_of(denoised[0])
    ours = score("output", 25.0, 0.8)

    def said(*scores: Score, **values: Any) -> str:
        now = changed(images, *scores, **values)
        verdict = judge(now)
        return heading(now, verdict, "512 numbers", EN) + " " + lead(now, verdict, EN)

    text = said(ours, score("median", 24.0, 0.9), score("input", 26.0))
    assert "1.00 dB better than the median filter." in text
    assert "though its SSIM is lower by 0.100." in text
    text = said(ours, score("median", 26.5, 0.7), score("wavelet", 24.0))
    assert "1.50 dB worse than the median filter." in text
    assert "though its SSIM is higher by 0.100." in text
    assert "no better and no worse than the median filter." in said(ours, score("median", 25.001, 0.8))
    # where there is no baseline, the input says what was gained
    text = said(ours, score("input", 13.0), task="unwatermark")
    assert text.startswith("Watermarks are taken off pictures, to 25.00 dB: 12.00 dB better than the input.")
    assert "against a PSNR of 13.00 dB and an SSIM of 0.500 of the input itself" in text
    assert "better" not in said(ours)
    assert "∞ dB better" in said(score("output", np.inf, None), score("median", 24.0))
    # nothing held out: that is said
    text = said(score("output", 25.0, part="train"), score("median", 24.0, part="train"))
    assert "of the training itself, since none were held out" in text
    # a name that is not known is shown as it is
    assert "better than bm3d." in said(ours, score("bm3d", 24.0))


def test_a_dear_baseline_is_a_rival_only_where_there_is_no_other(compressed):
    images = images_of(compressed[0])
    ours, dear = score("output", 16.0, bits=320), score("jpeg", 20.0, bits=2963)
    assert judge(changed(images, ours, dear, score("pca", 15.0, bits=320))).rival.name == "pca"
    alone = changed(images, ours, dear)
    assert judge(alone).rival.name == "jpeg"
    assert heading(alone, judge(alone), "ten numbers", EN).endswith("4.00 dB worse than JPEG at 2,963 bits.")
    cheap = score("jpeg", 17.0, bits=325)
    assert judge(changed(images, ours, cheap, score("pca", 15.0, bits=320))).rival.name == "jpeg"


def test_a_dense_network_on_images_has_no_filters_and_no_empty_section(tmp_path, words_only):
    rows = [("encoder", "dense", "dense", (10,)), ("decoder", "dense", "dense", (784,))]
    layers = image_folders.described((784,), rows)
    folder = image_folders.compress(tmp_path / "run", layers=layers)
    table = json.loads(folder.images.read_text())
    del table["filters"], table["features"]
    folder.images.write_text(json.dumps(table))
    with np.load(folder.image_arrays) as file:
        kept = {name: file[name] for name in file.files if name != "filters" and not name.startswith("features")}
    np.savez(folder.image_arrays, **kept)
    page = Page(report.write(folder))
    assert [section["id"] for section in page.all("section")] == ["images", "training", "image_network", "run"]
    assert {path.stem for path in folder.figures.glob("*.png")} == ALWAYS


def test_codes_of_an_image_task_are_drawn_where_the_run_has_them(tmp_path):
    folder = image_folders.colorize(tmp_path / "run", side=16, n=40, coded=True)
    page = Page(report.write(folder))
    assert "plane" in [section["id"] for section in page.all("section")]
    plane = bytes_of(figures_of(folder)["latent-plane"]).astype(int)
    hues = np.ptp(plane, axis=2) > 40
    assert hues.sum() > 2000  # its patches are in colour


# --- pictures


def test_small_pictures_are_enlarged_dot_for_dot(compressed):
    folder, _ = compressed
    images, picture = images_of(folder), bytes_of(figures_of(folder)["examples"])
    places = {}
    for name, rows in (("target", images.target), ("output", images.output), ("pca", images.baselines["pca"])):
        shades = np.round(255 * rows[2].reshape(28, 28)).astype(np.uint8)
        tile = np.kron(np.repeat(shades[..., None], 3, axis=2), np.ones((6, 6, 1), np.uint8))
        places[name] = holds(picture, tile)
    assert None not in places.values()
    tops, lefts = zip(*places.values())
    assert len(set(tops)) == 1
    assert list(lefts) == sorted(lefts)
    assert not any(side % 2 for side in (*tops, *lefts, *picture.shape[:2]))  # two dots are a pixel of the screen


def test_colours_stand_in_the_right_channels(denoised):
    folder, _ = denoised
    images, picture = images_of(folder), bytes_of(figures_of(folder)["examples"])
    tile = np.round(255 * images.target[3].reshape(3, 32, 32).transpose(1, 2, 0)).astype(np.uint8)
    assert holds(picture, np.kron(tile, np.ones((6, 6, 1), np.uint8))) is not None


def test_errors_are_on_one_scale_up_to_the_largest(denoised):
    folder, _ = denoised
    images, picture = images_of(folder), bytes_of(figures_of(folder)["examples"])
    away = image_pictures.errors(images)
    assert away.shape == (10, 32, 32)
    assert np.allclose(away[0], np.abs(images.output[0] - images.target[0]).reshape(3, 32, 32).mean(axis=0))
    shades = np.round(255 * colormaps["inferno"](away[[0, 9]] / away.max())[..., :3]).astype(np.uint8)
    places = [holds(picture, np.kron(one, np.ones((6, 6, 1), np.uint8))) for one in shades]
    assert None not in places
    assert places[0][1] == places[1][1] > 0.7 * picture.shape[1]


@pytest.mark.parametrize("side", [8, 20, 28, 32, 50, 64, 84, 128, 200])
def test_an_example_is_large_enough_to_be_seen_and_the_picture_fits_a_screen(side):
    for columns in (3, 4, 5, 6):
        w, h = image_pictures._tile((1, side, side), columns, 240)
        assert w == h >= 168
        assert w % side == 0
        room = (2100 - 240) // columns - image_pictures.GAP
        assert w // side % 2 == 0 or 2 * side > room  # whole pixels of the screen
        assert 240 + columns * (w + image_pictures.GAP) <= 2100


def test_pictures_larger_than_their_place_are_drawn_smaller(denoised, tmp_path):
    rows = image_folders.patches(3, 320)
    kept = {"input": rows, "target": rows[:, ::-1], "output": 0.9 * rows, "baselines": {}, "labels": tuple("abc")}
    images = replace(images_of(denoised[0]), **kept)
    headings = dict.fromkeys([*image_pictures.columns_of(images), "error"], "x")
    words = image_pictures.ExampleWords(headings, *"abc", str, str)
    for shape in ((3, 320, 320), (3, 80, 1280)):
        one = replace(images, target_shape=shape, input_shape=shape)
        picture = imread(report.save(image_pictures.examples(one, words), tmp_path / "x.png"))
        assert picture.shape[1] <= 2110
        assert picture[..., :3].std() > 0.1


def test_what_stands_below_an_example(tmp_path):
    for folder, input_below in (
        (image_folders.enlarge(tmp_path / "small", side=16, n=30), "8 × 8"),
        (image_folders.colorize(tmp_path / "grey", side=16, n=30), None),
    ):
        images = images_of(folder)
        columns = image_pictures.columns_of(images)
        words = image_pictures.ExampleWords(dict.fromkeys([*columns, "error"], "x"), *"abc", "{:.2f}".format, str)
        texts = [text.get_text() for text in image_pictures.examples(images, words).texts]
        for i in range(len(images.labels)):
            mse = np.mean((images.output[i] - images.target[i]) ** 2)
            assert f"{-10 * np.log10(mse):.2f}" in texts
            grey = np.tile(images.input[i], 3) if input_below is None else images.target[i]
            wanted = input_below or f"{-10 * np.log10(np.mean((grey - images.target[i]) ** 2)):.2f}"
            assert wanted in texts


def test_signed_values_have_white_for_zero():
    values = np.array([[-1.0, 0.0, 0.5, 2.0]])
    blue, white, pale, red = Scale.signed(values)(values)[0].astype(int)
    assert np.ptp(white) < 6
    assert white.min() > 240
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert pale.min() > red.min()
    assert (Scale.signed(np.zeros((2, 2)))(np.zeros((2, 2))) > 240).all()
    assert (Scale.of(np.zeros((2, 2)))(np.zeros((2, 2))) == 0).all()


def test_every_filter_and_every_map_is_drawn(denoised):
    folder, page = denoised
    images, pictures = images_of(folder), figures_of(folder)
    filters = bytes_of(pictures["filters"])
    scale = Scale.signed(images.filters)
    corners = {holds(filters, np.kron(scale(one), np.ones((28, 28, 1), np.uint8))) for one in images.filters[:, 2]}
    assert None not in corners
    assert len(corners) == 8
    maps = bytes_of(pictures["feature-maps"])
    for stage in images.stages:
        for one in stage.maps:
            signed = stage.maps.min() < 0
            tile = (Scale.signed if signed else Scale.of)(one)(one)
            assert holds(maps, np.repeat(np.repeat(tile, 112 // len(tile) // 2 * 2 or 2, 0), 2, 1)[:2, :2]) is not None
    said = page.text
    assert "The weights of conv8k3: 8 filters of 3 × 3" in said
    assert "one for each of 3 input channels" in said


# --- the drawing of the network


def chain(count: int, channels: int = 8) -> list[Layer]:
    """So many layers with long names, half of them in each part."""
    wide = [channels * (i + 1) for i in range(count // 2)]
    rows = [("encoder", "conv", f"conv{c}k3", (c, 32, 32)) for c in wide]
    back = [("decoder", "conv-transpose", f"convt{c}k4s2p1k3", (c, 32, 32)) for c in reversed(wide)]
    return layers_of((3, 32, 32), [*rows, *back])


def layers_of(shape: tuple[int, ...], rows: list[tuple[str, str, str, tuple[int, ...]]]) -> list[Layer]:
    return [read_layer(layer, "result.json") for layer in image_folders.described(shape, rows)]


@pytest.mark.parametrize("count", [4, 10, 24])
@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_network_is_readable_at_any_length(count, language):
    words = Words(language)
    lettering = NetworkWords(**words.group("figure.network.words"), whole=words.whole)
    layers = chain(count)
    figure = image_network(layers, lettering, "input")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    assert width <= 2100
    boxes = [text.get_window_extent() for text in figure.texts]
    assert all(0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1), (a, b)
    said = [text.get_text() for text in figure.texts]
    for layer in layers:
        assert layer.text in said
        assert f"{words.whole(layer.parameters)} {lettering.parameters}" in said
        assert " × ".join(map(words.whole, layer.output_shape)) in said
    assert said.count(lettering.code) == 1
    assert min(text.get_fontsize() for text in figure.texts) > 9.5  # 11 pixels of the screen


def test_layers_that_only_bend_or_reshape_stand_with_the_step_that_they_belong_to():
    rows = [
        ("encoder", "conv", "conv8k3", (8, 28, 28)),
        ("encoder", "batch-norm", "bn", (8, 28, 28)),
        ("encoder", "elementwise", "relu", (8, 28, 28)),
        ("encoder", "max-pool", "pool2", (8, 14, 14)),
        ("encoder", "flatten", "flatten", (1568,)),
        ("encoder", "dense", "dense", (10,)),
        ("decoder", "dense", "dense", (1568,)),
        ("decoder", "reshape", "reshape8x14x14", (8, 14, 14)),
        ("decoder", "upsample", "upsample2", (8, 28, 28)),
        ("decoder", "conv", "conv1k3", (1, 28, 28)),
    ]
    steps = steps_of(layers_of((1, 28, 28), rows))
    assert [step.lines for step in steps] == [
        (),
        ("conv8k3", "relu", "bn", "relu"),
        ("pool2",),
        ("flatten", "dense10", "relu"),
        ("dense1568", "relu", "reshape8x14x14"),
        ("upsample2",),
        ("conv1k3", "logistic"),
    ]
    assert [step.shape for step in steps][3:5] == [(10,), (8, 14, 14)]
    assert [step.code for step in steps] == [False, False, False, True, False, False, False]
    assert steps[1].parameters == 80
    flat, back = ("encoder", "flatten", "flatten", (6272,)), ("decoder", "reshape", "reshape", (8, 28, 28))
    steps = steps_of(layers_of((1, 28, 28), [rows[0], flat, back, rows[-1]]))
    assert [(step.lines, step.shape, step.code) for step in steps] == [
        ((), (1, 28, 28), False),
        (("conv8k3", "relu", "flatten"), (6272,), True),
        (("reshape", "conv1k3", "logistic"), (1, 28, 28), False),
    ]


# --- damaged folders


def with_json(change: Callable[[dict[str, Any]], Any]) -> Callable[[RunFolder], None]:
    def damage(folder: RunFolder) -> None:
        table = json.loads(folder.images.read_text())
        change(table)
        folder.images.write_text(json.dumps(table))

    return damage


def with_arrays(change: Callable[[dict[str, np.ndarray]], Any]) -> Callable[[RunFolder], None]:
    def damage(folder: RunFolder) -> None:
        with np.load(folder.image_arrays) as file:
            arrays = dict(file)
        change(arrays)
        np.savez(folder.image_arrays, **arrays)

    return damage


def cut(name: str) -> Callable[[RunFolder], None]:
    def damage(folder: RunFolder) -> None:
        path = folder.path / name
        path.write_bytes(path.read_bytes()[:-200])

    return damage


def spoil(arrays: dict[str, np.ndarray]) -> None:
    arrays["output"][3, 5] = np.nan


DAMAGES: list[tuple[Callable[[RunFolder], None], str]] = [
    (cut("images.json"), r"images\.json' is not a JSON object"),
    (cut("images.npz"), r"cannot read the arrays of '.*images\.npz'"),
    (lambda folder: folder.images.unlink(), r"cannot read '.*images\.json'"),
    (lambda folder: folder.image_arrays.unlink(), r"cannot read the arrays of '.*images\.npz'"),
    (with_json(lambda table: table.pop("quality")), r"images\.json' lacks 'quality'"),
    (with_json(lambda table: table.update(task="denoize")), r"images\.json': unknown task .* did you mean 'denoise'"),
    (with_json(lambda table: table.update(input_shape=[28, 28])), r"'input_shape' is \[28, 28\], but must be 3 whole"),
    (with_json(lambda table: table.update(target_shape=[2, 14, 28])), r"'target_shape' has 2 channels"),
    (with_json(lambda table: table.update(parts={"exam": 9})), r"parts has 'exam': 9"),
    (with_json(lambda table: table["parts"].pop("test")), r"there are no rows of 'test' in 'parts'"),
    (with_json(lambda table: table["quality"][0].update(psnr="high")), r"quality: 'psnr' is 'high'"),
    (with_json(lambda table: table.update(quality=[])), r"there is no row of the output"),
    (with_json(lambda table: table["examples"]["labels"].pop()), r"'input' has shape \(10, 784\), not \(9, 784\)"),
    (with_json(lambda table: table["features"].append({"layer": "x", "shape": [1]})), r"no array 'features_3'"),
    (with_json(lambda table: table["code"].update(values="ten")), r"code: 'values' is 'ten'"),
    (with_json(lambda table: table.update(seen=10)), r"'seen' is 10, but must be the number of one of 10 examples"),
    (with_json(lambda table: table["code"].update(ratio=0)), r"code: 'ratio' is 0; a finite number above 0"),
    (with_arrays(lambda arrays: arrays.pop("target")), r"images\.npz' lacks the array 'target'"),
    (with_arrays(spoil), r"images\.npz': the array 'output' holds a value that is not finite"),
    (with_arrays(lambda arrays: arrays.update(baseline_pca=arrays["target"][:4])), r"'baseline_pca' has shape"),
    (with_arrays(lambda arrays: arrays.update(filters=np.zeros((3, 3)))), r"'filters' has shape \(3, 3\)"),
    (with_arrays(lambda arrays: arrays.update(output=np.array(["a"]))), r"'output' is of <U1, not of numbers"),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> RunFolder:
    return image_folders.compress(tmp_path_factory.mktemp("sound") / "run")


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_folder_is_refused_in_a_sentence(sound, tmp_path, damage, message):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    for path in sound.path.iterdir():
        (folder.path / path.name).write_bytes(path.read_bytes())
    damage(folder)
    with pytest.raises(InputError, match=message) as caught:
        report.write(folder)
    assert str(folder.path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not folder.index.exists()
    assert not folder.figures.exists()


def test_layers_must_say_their_shapes(sound, tmp_path):
    layer = {"part": "encoder", "name": "encoder.0", "kind": "conv", "activation": "relu", "parameters": 80}
    with pytest.raises(InputError, match="layers lacks 'inputs'"):
        read_layer(layer, "layers")
    with pytest.raises(InputError, match="layers lacks 'text'"):
        read_layer(layer | {"input_shape": [1, 28, 28]}, "layers")
    with pytest.raises(InputError, match="'output_shape' is \\[0\\]"):
        read_layer(layer | {"text": "conv8k3", "input_shape": [1, 28, 28], "output_shape": [0]}, "layers")
    with pytest.raises(InputError, match="expected an object"):
        read_layer(7, "layers")  # type: ignore[arg-type]


# --- languages, the command line, the browser


@pytest.mark.parametrize("language", test_languages.OTHERS)
def test_the_command_line_writes_it_in_any_language(denoised, tmp_path, language):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    for path in denoised[0].path.iterdir():
        if path.is_file():
            (folder.path / path.name).write_bytes(path.read_bytes())
    called = CliRunner().invoke(main, ["report", str(folder.path), "--lang", language])
    assert called.exit_code == 0, called.output
    page = Page(folder.index)
    assert f'<html lang="{language}">' in page.source
    scores = scores_of(folder)
    gain = f"{scores['output']['psnr'] - scores['median']['psnr']:.2f}".replace(".", ",")
    assert f"{gain} dB" in page.heading()
    heard = test_languages.Said(folder.index).said
    assert len(heard) > 100
    assert not [text for text in heard if test_languages.in_english(text)]


def test_a_damaged_folder_ends_the_command_with_two(sound, tmp_path):
    (tmp_path / "images.json").write_text("{")
    called = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert called.exit_code == 2
    assert "images.json" in called.output
    assert "Traceback" not in called.output


def test_the_index_shows_the_examples(compressed):
    folder, _ = compressed
    page = Page(report.write(folder.path.parent))
    assert len(page.all("img")) == 1


def test_pages_fit_screens_and_keep_the_dots(compressed, denoised):
    with chromium() as browser:
        for folder, _ in (compressed, denoised):
            for width, scheme in ((1280, "light"), (400, "dark")):
                size = {"width": width, "height": 900}
                with opened(browser, folder.index, viewport=size, color_scheme=scheme) as page:
                    root = "document.documentElement"
                    assert page.evaluate(f"{root}.scrollWidth") <= width
                    sides = "[i.width, i.naturalWidth, i.height, i.naturalHeight]"
                    drawn = page.evaluate(f"[...document.querySelectorAll('.crisp img')].map(i => {sides})")
                    assert len(drawn) == 4
                    assert all(2 * w == wide and 2 * h == high for w, wide, h, high in drawn)
                    held = "[...document.querySelectorAll('.crisp div')].map(d => d.scrollWidth - d.clientWidth)"
                    assert (max(page.evaluate(held)) > 0) == (width == 400)


def test_the_page_of_large_pictures_is_small_enough(tmp_path):
    folder = image_folders.denoise(tmp_path / "run", side=128, n=30)
    rng = np.random.default_rng(0)

    def noisy(arrays: dict[str, np.ndarray]) -> None:
        for i in range(8):
            arrays[f"features_{i}"] = rng.normal(size=(16, 128, 128)).astype(np.float32)

    with_arrays(noisy)(folder)
    stages = [{"layer": f"encoder.{i}", "shape": [16, 128, 128]} for i in range(8)]
    with_json(lambda table: table.update(features=stages))(folder)
    page = report.write(folder)
    assert page.stat().st_size < 3_000_000
    assert "4 of 6 are drawn." in Page(page).text


def test_a_look_in_colour():
    look = Look("image", (1, 2), ink=False, channels=3)
    row = np.array([1.0, 0.0, 0.5, 0.0, 0.0, 2.0])  # red of both pixels, green, blue
    assert look.pixels(row, 2, 1).tolist() == [[[255, 128, 0], [0, 0, 255]]]
    assert look.grid(row).shape == (1, 2, 3)
    assert look.pixels(np.full(6, 0.5), 1, 1).shape == (1, 1, 3)
    with pytest.raises(InputError, match=r"channels: got 2; a picture is drawn with 1 .* or 3"):
        Look("image", (1, 2), channels=2)


def test_the_builder_measures_what_it_says(denoised):
    folder, _ = denoised
    images = images_of(folder)
    noise = images.input - images.target
    assert noise.std() == pytest.approx(0.1, rel=0.05)
    errors = ((images.output - images.target) ** 2).mean(axis=1)
    assert (np.diff(errors) >= 0).all()  # from best to worst
    assert Path(folder.path).is_dir()
