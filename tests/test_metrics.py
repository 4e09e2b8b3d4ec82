"""Numbers for people."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.datasets import load_font, make_circles
from scipy_ae.errors import InputError
from scipy_ae.metrics import circle_geometry, is_binary, nearest_rows, psnr, wrong_pixels


@given(st.data())
def test_wrong_pixels_are_the_flipped_ones(data):
    x = load_font(2).x[:4]
    flips = [data.draw(st.sets(st.integers(0, 34))) for _ in x]
    output = x.copy()
    for row, columns in enumerate(flips):
        output[row, list(columns)] = 1 - output[row, list(columns)]
    output = 0.5 + (output - 0.5) * data.draw(st.floats(0.01, 3))
    np.testing.assert_array_equal(wrong_pixels(output, x), [len(columns) for columns in flips])


def test_the_threshold_itself_is_dark_and_nan_is_wrong():
    output = np.array([[0.5], [0.5], [np.nan], [np.nan], [0.6], [0.4], [0.4]])
    target = np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [0.0], [0.5]])
    assert wrong_pixels(output, target).tolist() == [1, 0, 1, 1, 0, 0, 0]
    assert wrong_pixels(output, target, threshold=0.3).tolist() == [0, 1, 1, 1, 0, 1, 0]
    assert wrong_pixels([[0.6, 0.4]], [[1, 0]]).dtype.kind == "i"


def test_is_binary_is_exact():
    assert is_binary(load_font(1).x)
    assert is_binary(np.array([True, False]))
    for value in (0.5, -1.0, 2.0, np.nan, 1 - 1e-16 * 2):
        assert not is_binary(np.array([[0.0, 1.0], [1.0, value]]))


def test_psnr_in_decibels():
    t = np.zeros((3, 4))
    assert psnr(t + 0.1, t) == pytest.approx(20)
    assert psnr(t + 0.01, t) == pytest.approx(40)
    assert psnr(t + 25.5, t, peak=255) == pytest.approx(20)
    one_pixel = t.copy()
    one_pixel[1, 2] = 1
    assert psnr(one_pixel, t) == pytest.approx(10 * math.log10(12))
    assert psnr(t, t) == math.inf


def test_psnr_of_bytes_does_not_wrap_around():
    assert psnr(np.array([[0]], dtype=np.uint8), np.array([[255]], dtype=np.uint8), peak=255) == 0


def test_perfect_circles_are_round_and_centred():
    radius, roundness, offset = circle_geometry(make_circles().x)
    np.testing.assert_allclose(radius, np.linspace(0.1, 0.9, 100))
    np.testing.assert_allclose(roundness, 0, atol=1e-14)
    np.testing.assert_allclose(offset, 0, atol=1e-14)


def test_a_circle_off_centre_is_still_round():
    moved = make_circles(3).x + np.tile([3.0, 4.0], 21)
    geometry = circle_geometry(moved)
    np.testing.assert_allclose(geometry.radius, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(geometry.roundness_error, 0, atol=1e-13)
    np.testing.assert_allclose(geometry.centre_offset, 5)


def test_roundness_error_is_the_spread_of_the_radius_over_its_mean():
    cross = [[3, 0, 0, 1, -3, 0, 0, -1]]  # distances 3, 1, 3, 1
    geometry = circle_geometry(cross)
    assert geometry.radius.tolist() == [2]
    assert geometry.roundness_error.tolist() == [0.5]
    np.testing.assert_allclose(circle_geometry(10 * np.array(cross)).roundness_error, 0.5)


def test_noise_of_one_percent_is_a_roundness_error_of_one_percent():
    rng = np.random.default_rng(0)
    circles = make_circles(200, 200, 0.5, 0.6).x.reshape(200, 200, 2)
    noisy = circles * (1 + 0.01 * rng.standard_normal((200, 200, 1)))
    assert circle_geometry(noisy.reshape(200, 400)).roundness_error.mean() == pytest.approx(0.01, rel=0.02)


def test_a_circle_of_one_point_has_no_roundness():
    geometry = circle_geometry([[1.0, 2.0, 1.0, 2.0], [1.0, 0.0, -1.0, 0.0]])
    assert math.isnan(geometry.roundness_error[0])
    assert geometry.roundness_error[1] == 0
    assert geometry.radius.tolist() == [0, 1]


def test_nearest_rows_and_their_distance_in_pixels():
    x = load_font(2).x
    output = 0.9 * x[[5, 0, 31]] + 0.05
    output[1, 3] = 1 - output[1, 3]
    output[1, 7] = 1 - output[1, 7]
    nearest = nearest_rows(output, x)
    assert nearest.row.tolist() == [5, 0, 31]
    assert nearest.distance.tolist() == [0, 2, 0]


def test_nearest_rows_agrees_with_the_plain_count():
    rng = np.random.default_rng(1)
    output, x = rng.random((9, 35)), rng.integers(0, 2, (17, 35))
    row, distance = nearest_rows(output, x, threshold=0.4)
    apart = ((output > 0.4)[:, None] != (x > 0.4)[None]).sum(axis=2)
    np.testing.assert_array_equal(distance, apart.min(axis=1))
    np.testing.assert_array_equal(row, apart.argmin(axis=1))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: wrong_pixels(np.ones((2, 3)), np.ones((2, 4))), r"output has shape \(2, 3\) and target \(2, 4\)"),
        (lambda: wrong_pixels(np.ones(3), np.ones(3)), r"output must have the shape \(n, p\), not \(3,\)"),
        (lambda: psnr(np.ones(3), np.ones((1, 3))), r"output has shape \(3,\) and target \(1, 3\)"),
        (lambda: circle_geometry(np.ones((2, 3))), r"points must have the shape \(n, 2 \* points\), not \(2, 3\)"),
        (lambda: circle_geometry(np.ones(4)), r"points must have the shape \(n, 2 \* points\), not \(4,\)"),
        (lambda: nearest_rows(np.ones((2, 3)), np.ones((2, 4))), r"not \(2, 3\), \(2, 4\)"),
        (lambda: nearest_rows(np.ones((2, 3)), np.ones((0, 3))), r"not \(2, 3\), \(0, 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
