"""Baselines: each is what its library gives, learns from training rows alone, and keeps within its bits."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn import decomposition
from threadpoolctl import threadpool_limits

from scipy_ae.baselines import JPEG, PCA, Bicubic, Grey, Median, evenly
from scipy_ae.corruptions import Downscale, Grayscale, Noise
from scipy_ae.errors import InputError
from scipy_ae.metrics import psnr
from tests.photographs import letters, patches


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of small products wait for each other where other tests run beside them."""
    with threadpool_limits(1):
        yield


# principal components


@pytest.mark.parametrize(("train", "values"), [(letters(120), 12), (patches(80, 12), 20)])
def test_pca_is_scikit_learns_and_the_subspace_of_the_singular_vectors(train, values):
    unseen = train[1::7] * 0.9 + 0.02
    ours = PCA(train, values, seed=3).apply(unseen)
    fitted = decomposition.PCA(values, iterated_power=7, random_state=3).fit(train)
    np.testing.assert_allclose(ours, np.clip(fitted.inverse_transform(fitted.transform(unseen)), 0, 1), atol=1e-12)
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:values]
    best = np.clip((unseen - mean) @ axes.T @ axes + mean, 0, 1)
    assert psnr(ours, unseen) == pytest.approx(psnr(best, unseen), abs=0.02)  # a randomised solver finds nearly that


def test_pca_of_few_rows_and_of_many(monkeypatch):
    few = PCA(letters(5), 40)
    assert few.notes == {"components": 5}
    assert few.bits == 5 * 64
    monkeypatch.setattr("scipy_ae.baselines.MOST_FITTED", 50)
    some = PCA(letters(200), 4).apply(letters(9))
    np.testing.assert_array_equal(some, PCA(letters(200)[evenly(200, 50)], 4).apply(letters(9)))
    assert evenly(200, 50)[[0, -1]].tolist() == [0, 199]
    assert evenly(3, 50).tolist() == [0, 1, 2]


def test_pca_in_fewer_bits_is_worse_and_eight_are_nearly_enough():
    train = patches(120, 16, colour=False)
    by_bits = {bits: psnr(PCA(train, 20, bits).apply(train), train) for bits in (1, 2, 4, 8, 64)}
    assert by_bits[1] < by_bits[2] < by_bits[4] < by_bits[8]
    assert by_bits[8] == pytest.approx(by_bits[64], abs=0.1)
    assert PCA(train, 20, 8).bits == 160


# JPEG


@pytest.mark.parametrize(
    ("x", "shape"), [(letters(40), (1, 28, 28)), (patches(30, 32), (3, 32, 32)), (patches(8, 64), (3, 64, 64))]
)
def test_jpeg_keeps_within_its_bits_wherever_a_file_can(x, shape):
    smallest = JPEG(shape, 0)
    smallest.apply(x)
    assert smallest.notes["over"] == 1
    for budget in (smallest.sizes.mean(), 1.5 * smallest.sizes.max(), 1e6):
        jpeg = JPEG(shape, budget)
        y = jpeg.apply(x)
        possible = smallest.sizes <= budget
        assert (jpeg.sizes[possible] <= budget).all()
        np.testing.assert_array_equal(jpeg.sizes[~possible], smallest.sizes[~possible])
        assert jpeg.notes["over"] == pytest.approx(np.mean(~possible))
        assert jpeg.bits == jpeg.sizes.mean()
        assert y.shape == x.shape
        assert 0 <= y.min() <= y.max() <= 1
    assert psnr(y, x) > (40 if shape[0] == 1 else 30)  # colours stay at half the resolution
    assert psnr(smallest.apply(x), x) < psnr(y, x) - 8


def test_jpeg_takes_the_best_file_of_all_qualities():
    """Against every quality; files that do not grow with quality may cost it a step or two, and few bytes."""
    x, shape = patches(20, 48), (3, 48, 48)
    jpeg = JPEG(shape, 6000)
    jpeg.apply(x)
    exact = 0
    for row, size in zip(x, jpeg.sizes):
        image = Image.fromarray(np.rint(255 * row.reshape(shape).transpose(1, 2, 0)).astype(np.uint8))
        files = []
        for quality in range(1, 96):
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality, optimize=True)
            files.append(8 * len(file.getvalue()))
        best = max((bits for bits in files if bits <= 6000), default=min(files))
        exact += size == best
        assert abs(size - best) <= 0.05 * best
    assert exact >= 15


def test_the_header_of_a_jpeg_is_all_but_its_picture():
    x, shape = patches(4, 64), (3, 64, 64)
    small, large = JPEG(shape, 0), JPEG(shape, 1e6)
    small.apply(x), large.apply(x)
    assert 8 * 200 < small.notes["header"] < small.bits
    # the tables grow little with the quality, the picture much
    assert large.notes["header"] < 2.5 * small.notes["header"]
    assert large.bits - large.notes["header"] > 10 * (small.bits - small.notes["header"])
    blank = JPEG((1, 8, 8), 1e6)
    blank.apply(np.full((1, 64), 128 / 255))
    assert blank.bits - blank.notes["header"] == 8  # one block of nothing is one byte
    assert JPEG(shape, 100).bits is None
    assert JPEG(shape, 100).notes == {}


# filters


def test_the_median_is_that_of_a_window_and_its_side_is_chosen_on_validation_rows():
    x, shape = patches(6, 24), (3, 24, 24)
    strong, weak = (Noise(text).apply(x, shape, rng()) for text in ("salt-pepper:60%", "salt-pepper:10%"))
    assert Median(strong, x, shape).notes == {"window": 5}
    median = Median(weak, x, shape)
    assert median.side == 3
    out = median.apply(weak).reshape(-1, 24, 24)
    noisy = weak.reshape(-1, 24, 24)
    for plane in (0, 7, 17):
        for row, column in ((1, 1), (10, 20), (22, 22)):
            window = noisy[plane, row - 1 : row + 2, column - 1 : column + 2]
            assert out[plane, row, column] == np.median(window)
    assert psnr(median.apply(weak), x) > psnr(weak, x) + 5
    assert median.bits is None


def test_bicubic_is_pillows_and_beats_repeated_pixels():
    x, large = patches(8, 32), (3, 32, 32)
    small = Downscale(2).shape_out(large)
    given = Downscale(2).apply(x, large, rng())
    y = Bicubic(small, large).apply(given)
    page = Image.fromarray(given.reshape(8, *small)[3, 1].astype(np.float32))
    told = np.clip(np.asarray(page.resize((32, 32), Image.Resampling.BICUBIC)), 0, 1)
    np.testing.assert_allclose(y.reshape(8, *large)[3, 1], told, atol=2e-6)
    repeated = np.kron(given.reshape(8, 3, 16, 16), np.ones((2, 2))).reshape(8, -1)
    assert psnr(y, x) > psnr(repeated, x) + 0.3
    assert 0 <= y.min() <= y.max() <= 1


def test_grey_is_the_same_in_each_channel():
    x, shape = patches(4, 16), (3, 16, 16)
    grey = Grayscale().apply(x, shape, rng())
    y = Grey(3).apply(grey).reshape(4, 3, 256)
    for channel in range(3):
        np.testing.assert_array_equal(y[:, channel], grey)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: PCA(letters(5), 0), "values: 0 components are not accepted"),
        (lambda: PCA(letters(5), 2, 65), "code-bits: 65 is not accepted"),
        (lambda: JPEG((2, 8, 8), 1000), r"jpeg: images of \(2, 8, 8\) are not accepted; those of 1 or 3 channels are"),
        (lambda: JPEG((1, 8, 8), 1000).apply(np.zeros((2, 63))), r"jpeg: rows of shape \(2, 63\) do not fit"),
        (lambda: Bicubic((1, 8, 8), (3, 16, 16)), "bicubic: from images of .* is not accepted"),
        (lambda: Median(letters(2), letters(2), (3, 28, 28)), "median: rows of shape"),
    ],
)
def test_what_no_baseline_is_for_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
