"""Corruptions: what each does, exactly; what it refuses; how likely it makes what it made."""

import numpy as np
import pytest

from scipy_ae import corruptions
from scipy_ae.corruptions import FlipChance, FlipCount, Gaussian, Mask, Neighbourhood, SaltPepper, parse
from scipy_ae.datasets import load_font
from scipy_ae.errors import InputError

SHAPE = (7, 5)
X = np.tile(load_font(3).x, (300, 1))  # (9600, 35): 336 000 pixels


def noisy(text: str, seed: int = 0) -> np.ndarray:
    return parse(text, SHAPE).corrupt(X, np.random.default_rng(seed))


def within_binomial(hits: np.ndarray, probability: float) -> bool:
    """Whether so many hits are within five standard deviations of what is expected."""
    n = hits.size
    return abs(int(hits.sum()) - n * probability) < 5 * np.sqrt(n * probability * (1 - probability))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 34, 35])
def test_flip_count_inverts_so_many_pixels_of_each_row(count):
    assert set((noisy(f"flip:{count}") != X).sum(axis=1)) == {count}


def test_flip_count_reaches_every_pixel_alike():
    hits = (noisy("flip:2") != X).sum(axis=0)
    expected = len(X) * 2 / 35
    assert np.all(np.abs(hits - expected) < 5 * np.sqrt(expected))


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_flip_chance_inverts_with_its_probability_lit_and_dark_alike(probability):
    changed = noisy(f"flip:{100 * probability:g}%") != X
    assert within_binomial(changed[X == 1], probability)
    assert within_binomial(changed[X == 0], probability)
    assert set(np.unique(noisy(f"flip:{probability}"))) == {0.0, 1.0}


def test_salt_and_pepper_sets_to_0_or_1_whatever_a_pixel_was():
    changed = noisy("salt-pepper:0.2") != X
    assert within_binomial(changed[X == 1], 0.1)
    assert within_binomial(changed[X == 0], 0.1)
    grey = np.full((400, 500), 0.5)
    out = parse("salt-pepper:0.2").corrupt(grey, np.random.default_rng(1))
    assert within_binomial(out == 0, 0.1)
    assert within_binomial(out == 1, 0.1)
    assert set(np.unique(out)) == {0.0, 0.5, 1.0}


def test_mask_sets_to_0_and_nothing_else():
    out = noisy("mask:0.25")
    assert within_binomial(out[X == 1] == 0, 0.25)
    assert not out[X == 0].any()


def test_gaussian_adds_and_cuts_nothing_off():
    added = noisy("gaussian:0.3") - X
    assert abs(added.mean()) < 5 * 0.3 / np.sqrt(X.size)
    assert abs(added.std() - 0.3) < 5 * 0.3 / np.sqrt(2 * X.size)
    assert noisy("gaussian:0.3").min() < -0.5 < 1.5 < noisy("gaussian:0.3").max()


def test_neighbourhood_changes_all_around_lit_pixels_and_nothing_else():
    """Against a loop written from the definition."""
    out, changed = noisy("neighbourhood:0.3"), np.zeros(X.shape, bool)
    for row in range(32):
        image = X[row].reshape(SHAPE)
        for y in range(7):
            for x in range(5):
                around = [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
                lit = [image[v, u] for v, u in around if 0 <= v < 7 and 0 <= u < 5]
                changed[row::32, 5 * y + x] = max(lit) > 0.5
    assert np.array_equal(out != X, changed)
    added = (out - X)[changed] / (0.3 / 2)
    assert abs(added.mean() - 1) < 5 / np.sqrt(added.size)
    assert abs(added.std() - 1) < 5 / np.sqrt(2 * added.size)


@pytest.mark.parametrize(
    "text", ["flip:2", "flip:10%", "salt-pepper:0.2", "mask:0.2", "gaussian:0.3", "neighbourhood:0.3"]
)
def test_same_seed_same_noise_and_the_data_stay_as_they_were(text):
    before = X.copy()
    assert noisy(text, 3).tobytes() == noisy(text, 3).tobytes()
    assert noisy(text, 3).tobytes() != noisy(text, 4).tobytes()
    assert X.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    "text", ["flip:0", "flip:0%", "salt-pepper:0", "mask:0", "gaussian:0", "neighbourhood:0"]
)  # fmt: skip
def test_no_noise_changes_nothing(text):
    assert np.array_equal(noisy(text), X)


def test_text_and_corruption_are_one():
    for made in (FlipCount(2), FlipChance(0.1), SaltPepper(0.2), Mask(0.25), Gaussian(0.3), Neighbourhood(0.5, SHAPE)):
        assert parse(str(made), SHAPE) == made
        assert made.kind in corruptions.KINDS
    assert str(parse("flip:0.1")) == "flip:10%" == str(parse("flip:10%"))
    assert parse("flip:1") == FlipCount(1) != parse("flip:1.0")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flop:2", "flip"),
        ("flip", "flip:2"),
        ("flip:", "flip:2"),
        ("flip:two", "number"),
        ("flip:-1", "at least 0"),
        ("flip:110%", "0 to 1"),
        ("flip:-0.1", "0 to 1"),
        ("flip:nan", "0 to 1"),
        ("mask:2", "0 to 1"),
        ("salt-pepper:-20%", "0 to 1"),
        ("gaussian:-0.3", "at least 0"),
        ("gaussian:inf", "finite"),
        ("gaussian:30%", "without %"),
        ("neighbourhood:-1", "at least 0"),
    ],
)
def test_what_is_no_noise_is_refused(text, said):
    with pytest.raises(InputError, match="noise") as refusal:
        parse(text, SHAPE)
    assert said in str(refusal.value)


def test_data_out_of_range_are_refused_by_row_and_column():
    grey = np.array([[0.0, 1.0], [0.5, 1.0]])
    for text in ("flip:1", "flip:10%"):
        with pytest.raises(InputError, match=r"row 1, column 0 of the data is 0\.5"):
            parse(text).corrupt(grey, np.random.default_rng(0))
    parse("salt-pepper:0.1").check(grey)
    for text in ("salt-pepper:0.1", "neighbourhood:0.1"):
        with pytest.raises(InputError, match=r"row 0, column 1 of the data is 1\.5"):
            parse(text, (1, 2)).corrupt(np.array([[0.0, 1.5]]), np.random.default_rng(0))
    with pytest.raises(InputError, match="more pixels than a row has; at most 35"):
        parse("flip:36").corrupt(X, np.random.default_rng(0))
    with pytest.raises(InputError, match="no image shape"):
        parse("neighbourhood:0.1")
    with pytest.raises(InputError, match="does not fit"):
        Neighbourhood(0.1, (3, 3)).corrupt(X, np.random.default_rng(0))


def rows(n: int = 5, p: int = 6) -> np.ndarray:
    return (np.random.default_rng(7).random((n, p)) < 0.5).astype(float)


@pytest.mark.parametrize("text", ["flip:2", "flip:10%", "flip:80%", "salt-pepper:0.3", "mask:0.4"])
def test_likelihood_is_how_often_it_happens(text):
    """Over all rows of 6 pixels that may come out, exp(log-likelihood) is the share in which they do."""
    noise, x = parse(text), rows()
    every = np.array([[(code >> bit) & 1 for bit in range(6)] for code in range(64)], dtype=float)
    told = np.exp(noise.log_likelihood(every, x))  # (64, n)
    told /= told.sum(axis=0)
    draws = 40_000
    for k in range(len(x)):
        out = noise.corrupt(np.tile(x[k], (draws, 1)), np.random.default_rng(k))
        seen = np.bincount((out @ (1 << np.arange(6))).astype(int), minlength=64)
        expected = draws * told[:, k]
        assert np.all(seen[expected == 0] == 0)
        assert np.all(np.abs(seen - expected) <= 5.5 * np.sqrt(expected) + 1e-9)


@pytest.mark.parametrize("text", ["gaussian:0.3", "neighbourhood:0.5"])
def test_density_of_real_noise(text):
    """Differences between clean rows equal those of a loop over pixels with the normal density."""
    noise, x = parse(text, (2, 3)), rows()
    out = noise.corrupt(x, np.random.default_rng(0))
    told = noise.log_likelihood(out, x)
    for i, row in enumerate(out):
        loop = np.array([_density(noise, row, clean) for clean in x])
        possible = np.isfinite(loop)
        assert np.array_equal(possible, np.isfinite(told[i]))
        assert possible[i]
        assert np.allclose((told[i] - told[i, i])[possible], (loop - loop[i])[possible])


def _density(noise, row: np.ndarray, clean: np.ndarray) -> float:
    total = 0.0
    for j in range(len(row)):
        if noise.kind == "gaussian":
            total += -((row[j] - clean[j]) ** 2) / (2 * noise.std**2)
        elif noise.around(clean[None])[0, j]:
            half = noise.intensity / 2
            total += -((row[j] - clean[j] - half) ** 2) / (2 * half**2) if row[j] != clean[j] else -np.inf
        elif row[j] != clean[j]:
            return -np.inf
    return total
