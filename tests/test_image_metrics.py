"""Numbers about images: PSNR and SSIM against loops written from the formulas, bits, and codes kept in few of them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.corruptions import Watermark
from scipy_ae.errors import InputError
from scipy_ae.metrics import bits_per_value, compression_ratio, psnr, psnr_of_rows, ssim
from scipy_ae.quantiser import Quantiser
from tests.photographs import letters, patches


def ssim_by_loops(y: np.ndarray, t: np.ndarray, shape: tuple[int, int, int], side: int = 11) -> float:
    """Of one image, pixel by pixel: Wang, Bovik, Sheikh and Simoncelli 2004, eqs. 13 to 16."""
    half = side // 2
    weights = np.array(
        [[math.exp(-(i * i + j * j) / (2 * 1.5**2)) for j in range(-half, half + 1)] for i in range(-half, half + 1)]
    )
    weights /= weights.sum()
    c1, c2 = 0.01**2, 0.03**2
    channels, h, w = shape
    found = []
    for channel in range(channels):
        a, b = y.reshape(shape)[channel], t.reshape(shape)[channel]
        for top in range(h - side + 1):
            for left in range(w - side + 1):
                window = np.s_[top : top + side, left : left + side]
                m_a, m_b = (weights * a[window]).sum(), (weights * b[window]).sum()
                s_a = (weights * (a[window] - m_a) ** 2).sum()
                s_b = (weights * (b[window] - m_b) ** 2).sum()
                s_ab = (weights * (a[window] - m_a) * (b[window] - m_b)).sum()
                likeness = (2 * m_a * m_b + c1) * (2 * s_ab + c2)
                found.append(likeness / ((m_a**2 + m_b**2 + c1) * (s_a + s_b + c2)))
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("shape", "side"), [((3, 16, 14), 11), ((1, 28, 28), 11), ((1, 11, 40), 11), ((2, 10, 20), 9), ((1, 8, 8), 7)]
)
def test_ssim_is_that_of_the_formula(shape, side):
    size = int(np.prod(shape))
    t = patches(3, 28)[:, :size].copy()
    rng = np.random.default_rng(0)
    for y in (t + 0.1 * rng.standard_normal(t.shape), 0.5 * t, 1 - t):
        by_loops = [ssim_by_loops(one, other, shape, side) for one, other in zip(y, t)]
        np.testing.assert_allclose(ssim(y, t, shape), by_loops, atol=1e-12)


def test_ssim_is_one_of_equal_images_and_falls_with_what_is_done_to_them():
    t, shape = patches(20, 32), (3, 32, 32)
    np.testing.assert_allclose(ssim(t, t, shape), 1)
    rng = np.random.default_rng(0)
    falling = [ssim(t + std * rng.standard_normal(t.shape), t, shape).mean() for std in (0.01, 0.05, 0.2, 1.0)]
    assert all(one > other for one, other in pairwise(falling))
    # of the same squared error a mark is liked better than noise: it leaves most places as they were
    marked = Watermark().apply(t, shape, rng)
    noisy = t + np.sqrt(np.square(marked - t).mean()) * rng.standard_normal(t.shape)
    assert ssim(marked, t, shape).mean() > ssim(noisy, t, shape).mean() + 0.1
    np.testing.assert_allclose(ssim(255 * noisy, 255 * t, shape, peak=255), ssim(noisy, t, shape))


def test_ssim_in_pieces_is_that_of_each_image_by_itself(monkeypatch):
    t, shape = letters(7), (1, 28, 28)
    y = np.clip(t + 0.2, 0, 1)
    whole = ssim(y, t, shape)
    monkeypatch.setattr("scipy_ae.metrics._AT_ONCE", 2000)
    np.testing.assert_array_equal(ssim(y, t, shape), whole)
    assert ssim(y[:0], t[:0], shape).shape == (0,)


def test_psnr_of_rows_is_that_of_each():
    t = patches(6, 20)
    y = t + np.linspace(0, 0.3, 6)[:, None]
    with np.errstate(divide="ignore"):
        expected = [10 * np.log10(1 / np.mean([(a - b) ** 2 for a, b in zip(*rows)])) for rows in zip(y, t)]
    np.testing.assert_allclose(psnr_of_rows(y, t), expected)
    assert psnr_of_rows(y, t)[0] == math.inf
    assert psnr_of_rows(y[2:3], t[2:3])[0] == pytest.approx(psnr(y[2:3], t[2:3]))


def test_bits_of_images_and_codes():
    assert bits_per_value(np.array([[0.0, 1.0]])) == 1
    assert bits_per_value(letters(3)) == 8
    assert compression_ratio(784, 32, 32) == 6.125
    assert compression_ratio(3072, 96, 8) == 32
    assert compression_ratio(35, 2, 32, bits_per_value(np.eye(35))) == pytest.approx(35 / 64)


@given(st.integers(1, 31), st.integers(0, 99))
def test_a_code_comes_back_to_within_half_a_level_and_no_level_more(bits, seed):
    z = np.random.default_rng(seed).normal(size=(50, 3)) * [1, 100, 1e-3]
    quantiser = Quantiser.fit(z, bits)
    back = quantiser.rounded(z)
    step = (z.max(axis=0) - z.min(axis=0)) / (2**bits - 1)
    assert (np.abs(back - z) <= 0.5 * step * (1 + 1e-6) + 1e-12 * np.abs(z).max(axis=0)).all()
    if bits < 5:
        assert all(len(np.unique(column)) <= 2**bits for column in back.T)
    np.testing.assert_allclose(quantiser.rounded(back), back, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(quantiser.rounded(z + 1e6), np.tile(quantiser.high, (50, 1)))


def test_a_code_that_never_changes_and_those_of_many_bits():
    z = np.array([[2.0, 0.1], [2.0, 0.7]])
    np.testing.assert_array_equal(Quantiser.fit(z, 1).rounded(z), z)
    np.testing.assert_array_equal(Quantiser.fit(z, 32).rounded(z), z.astype(np.float32))
    np.testing.assert_array_equal(Quantiser.fit(z, 64).rounded(z), z)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ssim(np.ones((2, 12)), np.ones((2, 13)), (1, 3, 4)), "one shape is accepted"),
        (lambda: ssim(np.ones((2, 12)), np.ones((2, 12)), (1, 3, 5)), r"are not images of \(1, 3, 5\)"),
        (lambda: ssim(np.ones((2, 12)), np.ones((2, 12)), (12,)), r"are not images of \(12,\)"),
        (lambda: psnr_of_rows(np.ones((2, 3)), np.ones((2, 4))), "one shape is accepted"),
        (lambda: Quantiser.fit(np.ones((2, 3)), 0), "code-bits: 0 is not accepted; a whole number from 1 to 64 is"),
        (lambda: Quantiser.fit(np.ones((2, 3)), True), "code-bits: True"),
        (lambda: Quantiser.fit(np.ones(3), 8), r"z: codes of shape \(3,\) are not accepted"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()
