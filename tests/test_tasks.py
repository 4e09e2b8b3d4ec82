"""Tasks on images: what each degradation does, exactly, what is refused, and how rows are split."""

from itertools import combinations

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scipy_ae.cli.app import main
from scipy_ae.corruptions import Downscale, Grayscale, Noise, Watermark
from scipy_ae.corruptions.resizing import KERNELS, resize
from scipy_ae.corruptions.watermark import PLACES
from scipy_ae.errors import InputError
from scipy_ae.experiments.spec import Spec
from scipy_ae.metrics import psnr
from scipy_ae.splitting import split
from scipy_ae.tasks import OPTIONS, Task
from tests.photographs import letters, patches

SHAPE = (3, 48, 60)
X = patches(12, 60)[:, : 3 * 48 * 60].copy()  # bands of three patches each: any values of real images will do


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# watermark


@pytest.mark.parametrize("place", PLACES)
def test_a_watermark_is_white_laid_over_each_channel_by_its_cover(place):
    mark = Watermark("SAMPLE", 0.4, place)
    black, white = np.zeros((5, X.shape[1])), np.ones((5, X.shape[1]))
    cover = mark.apply(black, SHAPE, rng()) / 0.4  # what the text covers of each image
    assert 0.7 < cover.max() < 1 + 1e-12
    assert 0.01 < cover.mean() < 0.5
    np.testing.assert_array_equal(mark.apply(white, SHAPE, rng()), white)
    red, green, blue = cover.reshape(5, 3, -1).transpose(1, 0, 2)
    np.testing.assert_array_equal(red, green)
    np.testing.assert_array_equal(red, blue)
    by_hand = X[:5] + 0.4 * cover * (1 - X[:5])
    np.testing.assert_allclose(mark.apply(X[:5], SHAPE, rng()), by_hand, atol=1e-15)


def covers(place: str, n: int = 1, shape: tuple[int, int, int] = (1, 48, 60)) -> np.ndarray:
    return Watermark("SAMPLE", 1.0, place).apply(np.zeros((n, 48 * 60)), shape, rng()).reshape(n, *shape[1:])


def test_a_watermark_stands_where_it_should():
    for place, corner in {
        "top-left": np.s_[:24, :42], "top-right": np.s_[:24, 18:], "bottom-left": np.s_[24:, :42],
        "bottom-right": np.s_[24:, 18:],
    }.items():  # fmt: skip
        (cover,) = covers(place)
        assert cover[corner].sum() == cover.sum() > 0
    (cover,) = covers("centre")
    for ink, size in ((cover.sum(axis=1), 48), (cover.sum(axis=0), 60)):
        first, last = np.flatnonzero(ink)[[0, -1]]
        assert abs(first - (size - 1 - last)) <= 1
    assert covers("tiled").sum() > 3 * covers("top-left").sum()


def test_a_random_place_is_drawn_for_each_row_and_holds_the_whole_text():
    cover = covers("random", 400)
    inks = cover.sum(axis=(1, 2))
    np.testing.assert_allclose(inks, inks[0])
    tops = np.array([np.flatnonzero(one.sum(axis=1))[0] for one in cover])
    lefts = np.array([np.flatnonzero(one.sum(axis=0))[0] for one in cover])
    assert (tops.min(), lefts.min()) == (0, 0)
    assert len(set(tops)) > 30
    assert len(set(lefts)) > 20
    assert np.flatnonzero(cover.sum(axis=(0, 1)))[-1] == 59
    assert np.flatnonzero(cover.sum(axis=(0, 2)))[-1] == 47


# grey, downscaling, noise


def test_grey_is_the_luma_and_what_pillow_makes_of_the_colours():
    x = patches(3, 20)
    grey = Grayscale().apply(x, (3, 20, 20), rng())
    for row, out in zip(x, grey):
        red, green, blue = row.reshape(3, 400)
        for k in range(0, 400, 37):
            assert out[k] == pytest.approx(0.299 * red[k] + 0.587 * green[k] + 0.114 * blue[k])
        pixels = np.rint(255 * row.reshape(3, 20, 20).transpose(1, 2, 0)).astype(np.uint8)
        told = np.asarray(Image.fromarray(pixels).convert("L"), dtype=float).ravel()
        assert np.abs(255 * out - told).max() < 1.01


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("height", "width"), [(12, 15), (16, 30), (96, 180), (48, 60)])
def test_resizing_is_pillows(kernel, height, width):
    got = resize(X[:2], SHAPE, height, width, kernel).reshape(2, 3, height, width)
    for row, image in zip(X[:2].reshape(2, 3, 48, 60), got):
        for plane, out in zip(row, image):
            page = Image.fromarray(plane.astype(np.float32))
            told = np.asarray(page.resize((width, height), Image.Resampling[kernel.upper()]))
            np.testing.assert_allclose(out, told, atol=2e-6)


def test_a_box_is_the_mean_and_nearest_a_pixel():
    means = X.reshape(-1, 3, 12, 4, 15, 4).mean(axis=(3, 5)).reshape(len(X), -1)
    np.testing.assert_allclose(Downscale(4, "box").apply(X, SHAPE, rng()), means, atol=1e-7)
    nearest = Downscale(4, "nearest").apply(X, SHAPE, rng()).reshape(-1, 3, 12, 15)
    blocks = X.reshape(-1, 3, 12, 4, 15, 4).transpose(0, 1, 2, 4, 3, 5).reshape(-1, 3, 12, 15, 16)
    assert (np.abs(blocks - nearest[..., None]).min(axis=-1) < 1e-12).all()


def test_fine_stripes_become_grey_and_overshoot_is_cut_off():
    stripes = np.tile([0.0, 1.0], 48 * 30 * 3)[None]
    for kernel in ("bicubic", "bilinear", "box"):
        assert np.abs(Downscale(4, kernel).apply(stripes, SHAPE, rng()) - 0.5).max() < 0.1
    assert set(np.unique(Downscale(4, "nearest").apply(stripes, SHAPE, rng()))) <= {0.0, 1.0}
    edge = np.repeat(np.arange(60) >= 29, 1).astype(float)
    step = np.tile(edge, 3 * 48)[None]
    assert resize(step, SHAPE, 24, 30).max() > 1.01
    assert Downscale(2).apply(step, SHAPE, rng()).max() == 1
    assert Downscale(2).apply(step, SHAPE, rng()).min() == 0


def test_noise_is_that_on_rows_and_nothing_is_cut_off():
    noise = Noise("gaussian:0.1")
    made = noise.apply(X, SHAPE, rng(3))
    assert made.min() < 0
    assert psnr(made, X) == pytest.approx(20, abs=0.1)
    assert str(Noise("salt-pepper:0.1")) == "salt-pepper:10%"
    near = Noise("neighbourhood:0.3").apply(letters(3), (1, 28, 28), rng())
    assert near.shape == (3, 784)
    assert (near != letters(3)).any()


@pytest.mark.parametrize(
    "degradation", [Noise("gaussian:0.1"), Grayscale(), Watermark(place="random"), Downscale(2)], ids=str
)
def test_degradations_keep_their_word(degradation):
    """Shape, dtype, same bytes from the same seed, and the data stay as they were."""
    before = X.copy()
    made = degradation.apply(X, SHAPE, rng(1))
    assert made.shape == (len(X), int(np.prod(degradation.shape_out(SHAPE))))
    assert made.dtype == np.float64
    assert degradation.apply(X, SHAPE, rng(1)).tobytes() == made.tobytes()
    single = degradation.apply(X.astype(np.float32), SHAPE, rng(1))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, made, atol=1e-5)
    np.testing.assert_array_equal(X, before)
    assert degradation.meaning


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Watermark(""), "watermark: '' is not accepted"),
        (lambda: Watermark("a\nb"), "printable characters"),
        (lambda: Watermark(opacity=0), "opacity: 0 is not accepted; a number above 0 and at most 1 is"),
        (lambda: Watermark(opacity=1.1), "opacity: 1.1"),
        (lambda: Watermark(opacity=float("nan")), "opacity: nan"),
        (lambda: Watermark(place="center"), "unknown place 'center': did you mean 'centre'"),
        (lambda: Watermark("SAMPLE", 0.5, "tiled").shape_out((1, 28, 28)), "'SAMPLE' does not fit images of 28x28"),
        (lambda: Watermark("日本").shape_out((1, 64, 64)), "the font has no '日'"),
        (lambda: Watermark().shape_out((35,)), r"watermark: it is for images .* the shape here is \(35,\)"),
        (lambda: Grayscale().shape_out((1, 9, 9)), "images of 3 channels, and these have 1"),
        (lambda: Downscale(1), "factor: 1 is not accepted; a whole number of at least 2 is"),
        (lambda: Downscale(2.0), r"factor: 2\.0"),
        (lambda: Downscale(2, "lanczos"), "unknown downscale 'lanczos'"),
        (lambda: Downscale(3).shape_out((3, 28, 28)), "factor: 3 does not divide images of 28x28 pixels"),
        (lambda: Downscale(2).apply(X[:, :-1], SHAPE, rng()), r"do not fit images of \(3, 48, 60\); \(n, 8640\) do"),
        (lambda: Grayscale().apply(X * 2, SHAPE, rng()), "values from 0 to 1, and row 0, column 0 of the data is"),
        (lambda: Grayscale().apply(X * np.nan, SHAPE, rng()), "row 0, column 0 of the data is nan"),
        (lambda: Noise("gauss:0.1"), "unknown noise 'gauss'"),
        (lambda: Noise("neighbourhood:0.1").shape_out(SHAPE), "images of one channel, and these have 3"),
        (lambda: Noise("flip:1").apply(X, SHAPE, rng()), "inverts pixels of 0 and 1"),
        (lambda: resize(X, SHAPE, 0, 3), "resize: 0x3 pixels are not accepted"),
    ],
)
def test_what_cannot_be_degraded_is_refused(call, said):
    with pytest.raises(InputError, match=said) as refusal:
        call()
    assert "\n" not in str(refusal.value)


# tasks


@pytest.mark.parametrize("name", OPTIONS)
def test_a_task_gives_inputs_and_targets_by_a_seed(name):
    task = Task.of(name)
    pairs = task.pairs(X, SHAPE, 0)
    assert (pairs.input_shape, pairs.target_shape) == task.shapes(SHAPE)
    assert pairs.x.shape == (len(X), int(np.prod(pairs.input_shape)))
    assert pairs.target is X
    assert (pairs.x is X) == (name == "compress")
    assert task.pairs(X, SHAPE, 0).x.tobytes() == pairs.x.tobytes()
    assert (task.pairs(X, SHAPE, 1).x.tobytes() != pairs.x.tobytes()) == (name == "denoise")
    assert task.options == OPTIONS[name]
    assert bool(task.corruption) == (name != "compress")


def test_a_task_heeds_its_options():
    assert Task.of("denoise", noise="mask:0.2").degradation == Noise("mask:20%")
    mark = Task.of("unwatermark", watermark="(c) me", opacity=0.3, place="random")
    assert mark.degradation == Watermark("(c) me", 0.3, "random")
    assert mark.pairs(X, SHAPE, 0).x.tobytes() != mark.pairs(X, SHAPE, 1).x.tobytes()
    small = Task.of("super-resolution", factor=4, downscale="nearest")
    assert small.degradation == Downscale(4, "nearest")
    assert small.shapes(SHAPE) == ((3, 12, 15), SHAPE)
    assert Task.of("colorize").shapes(SHAPE) == ((1, 48, 60), SHAPE)
    paired = Task.of("denoise", paired=True)
    assert (paired.degradation, paired.corruption, paired.options) == (None, "", {})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "denose"}, "unknown task 'denose': did you mean 'denoise'"),
        (
            {"task": "compress", "noise": "gaussian:0.1"},
            "noise: it is for the task denoise, and the task here is compr",
        ),
        ({"task": "denoise", "factor": 2}, "factor: it is for the task super-resolution"),
        ({"task": "colorize", "place": "centre"}, "place: it is for the task unwatermark"),
        ({"task": "denoise", "noise": "gauss:1"}, "unknown noise 'gauss'"),
        ({"task": "unwatermark", "opacity": 1.5}, r"opacity: 1\.5 is not accepted"),
        ({"task": "unwatermark", "opacity": 0.0}, r"opacity: 0\.0 is not accepted"),
        ({"task": "unwatermark", "place": "middle"}, "unknown place 'middle'"),
        ({"task": "super-resolution", "factor": 1}, "factor: 1 is not accepted"),
        ({"task": "super-resolution", "downscale": "cubic"}, "unknown downscale 'cubic': did you mean 'bicubic'"),
        ({"task": "denoise", "code_bits": 8}, "code-bits: it is for the task compress"),
        ({"task": "compress", "code_bits": 0}, "code-bits: 0 is not accepted"),
        ({"task": "compress", "code_bits": 65}, "code-bits: 65 is not accepted; a whole number from 1 to 64"),
        ({"watermark": "me"}, "watermark: it is for a task on images, and none was asked for; give task too"),
        ({"code_bits": 8}, "code-bits: it is for a task on images"),
        ({"factor": 2}, "factor: it is for a task on images"),
        ({"task": "denoise", "noise": "mask:0.1", "copies": 3}, "copies: it is for noisy training without a task"),
        ({"task": "denoise", "noise": "mask:0.1", "compare": "none"}, "compare: it is for noisy training without"),
        ({"task": "denoise", "noise": "mask:0.1", "redraw": "step"}, "redraw: a task's noise is drawn once a row"),
    ],
)
def test_spec_and_command_line_refuse_what_no_task_heeds(options, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        Spec(**options)
    words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    done = CliRunner().invoke(main, ["train", *words])
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (2, 1)
    assert not list(tmp_path.iterdir())


def test_a_spec_names_its_task():
    assert Spec().task_on() is None
    spec = Spec(task="unwatermark", opacity=0.3)
    assert spec.task_on() == Task.of("unwatermark", opacity=0.3)
    assert Spec(task="denoise").task_on(paired=True) == Task.of("denoise", paired=True)
    with pytest.raises(InputError, match="opacity: the data are pairs of inputs and targets already"):
        spec.task_on(paired=True)
    assert spec.command() == "scipy-ae train --seed 0 --task unwatermark --opacity 0.3"
    assert Spec(task="compress").resolved({}).code_bits == 32
    noisy = Spec(task="denoise", noise="mask:10%").resolved({})
    assert (noisy.copies, noisy.compare) == (None, None)


# splitting

fractions = st.tuples(st.floats(0, 0.6), st.floats(0, 0.39))


@given(st.lists(st.integers(0, 12), min_size=3, max_size=60), fractions, st.integers(0, 9))
def test_no_group_is_in_two_parts_and_every_row_in_one(groups, parts, seed):
    validation, test = parts
    groups = np.array(groups) * 7 - 20
    wanted = 1 + (validation > 0) + (test > 0)
    if len(set(groups)) < wanted:
        with pytest.raises(InputError, match="cannot be split into"):
            split(len(groups), groups, validation, test, seed)
        return
    train, *others = made = split(len(groups), groups, validation, test, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(made)), np.arange(len(groups)))
    for one, other in combinations(made, 2):
        assert not set(groups[one]) & set(groups[other])
    assert len(train)
    assert [len(part) > 0 for part in others] == [validation > 0, test > 0]
    for part in made:
        assert (np.diff(part) > 0).all()
    again = split(len(groups), groups, validation, test, seed)
    assert all(np.array_equal(one, other) for one, other in zip(made, again))


@given(st.lists(st.integers(1, 30), min_size=2, max_size=9), st.floats(0.001, 0.9), st.integers(0, 9))
def test_a_part_is_as_near_to_its_fraction_as_groups_allow(sizes, fraction, seed):
    """Against all choices of groups that leave one to train on."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    got = len(split(len(groups), groups, 0.0, fraction, seed).test)
    sums = {
        sum(chosen)
        for count in range(1, len(sizes) + 1)
        for chosen in combinations(sizes, count)
    }  # fmt: skip
    wanted = fraction * len(groups)
    best = min(abs(total - wanted) for total in sums)
    if min((total for total in sums if abs(total - wanted) <= best + 1e-9), default=0) < len(groups):
        assert abs(got - wanted) <= best + 1e-9
    assert got < len(groups)


def test_rows_without_groups_and_many_groups_are_split_exactly():
    parts = split(73_257, None, 0.1, 0.15, 0)
    assert [len(part) for part in parts] == [54_942, 7_326, 10_989] or abs(len(parts.test) - 10_988.55) < 1
    assert not np.array_equal(parts.test, split(73_257, None, 0.1, 0.15, 1).test)
    groups = rng().integers(0, 5000, 100_000)
    assert [len(part) for part in split(100_000, groups, 0.2, 0.1, 0)] == [70_000, 20_000, 10_000]
    # in another order of the same rows the same groups stay together
    shuffled = rng().permutation(100_000)
    made = split(100_000, groups[shuffled], 0.2, 0.1, 0)
    assert set(groups[shuffled][made.test]) == set(groups[split(100_000, groups, 0.2, 0.1, 0).test])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: split(2, None, 0.1, 0.1, 0), "validation and test: 2 rows cannot be split into 3 parts"),
        (lambda: split(9, np.zeros(9), 0.1, 0.0, 0), "validation: 1 group of rows cannot be split into 2 parts"),
        (lambda: split(0, None, 0.0, 0.0, 0), "data: 0 rows cannot be split into 1 part; at least one"),
        (lambda: split(9, np.zeros(8), 0.1, 0.0, 0), r"groups: an array of shape \(8,\) does not fit 9 rows"),
        (lambda: split(9, None, 1.0, 0.0, 0), "validation: 1 is not accepted; a fraction of the rows from 0"),
        (lambda: split(9, None, 0.0, -0.1, 0), "test: -0.1 is not accepted"),
        (lambda: split(9, None, float("nan"), 0.0, 0), "validation: nan is not accepted"),
        (lambda: split(9, None, 0.5, 0.5, 0), "validation and test: 0.5 and 0.5 leave no rows to train on"),
    ],
)
def test_what_cannot_be_split_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
