"""How well noise is undone: the decoder of maximum likelihood, and scores on fresh noise."""

from itertools import product

import numpy as np
import pytest

from scipy_ae import denoising
from scipy_ae.corruptions import parse
from scipy_ae.datasets import load_font
from scipy_ae.denoising import decoder, most_likely, repeated, scores
from scipy_ae.errors import InputError

EVERY = np.array(list(product([0.0, 1.0], repeat=7)))  # all rows of 7 pixels
FEW = EVERY[[3, 20, 41, 77, 120]]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("probability", "sign"), [(0.1, 1), (0.4, 1), (0.7, -1)])
def test_for_flips_the_most_likely_row_is_the_nearest_and_beyond_one_half_the_farthest(probability, sign):
    noise = parse(f"flip:{probability}")
    found = most_likely(EVERY, FEW, noise)
    for row, index in zip(EVERY, found):
        likelihood = [np.prod([probability if a != b else 1 - probability for a, b in zip(row, x)]) for x in FEW]
        assert likelihood[index] == pytest.approx(max(likelihood), rel=1e-12)
        distances = sign * np.abs(FEW - row).sum(axis=1)
        assert distances[index] == distances.min()


def test_for_a_number_of_flips_only_rows_at_that_distance_count():
    noise = parse("flip:2")
    out = noise.corrupt(np.repeat(FEW, 200, axis=0), rng())
    distance = np.abs(FEW[most_likely(out, FEW, noise)] - out).sum(axis=1)
    assert set(distance) == {2.0}


@pytest.mark.parametrize("text", ["flip:20%", "flip:2", "salt-pepper:0.4", "mask:0.3"])
def test_no_decoder_is_right_more_often(text):
    """Exact, over all 128 rows that may come out: against each of 2000 other decisions."""
    noise = parse(text)
    told = np.exp(noise.log_likelihood(EVERY, FEW))
    told /= told.sum(axis=0)  # probability of each outcome (128) given each row (5)

    def right(decision: np.ndarray) -> float:
        return told[np.arange(len(EVERY)), decision].sum() / len(FEW)

    best = right(most_likely(EVERY, FEW, noise))
    assert best == pytest.approx(told.max(axis=1).sum() / len(FEW), rel=1e-12)
    others = rng().integers(0, len(FEW), (2000, len(EVERY)))
    assert max(right(other) for other in others) < best


def test_scores_are_counted_on_fresh_noise_that_is_the_same_for_all():
    x = load_font(3).x
    found = scores({"none": lambda noisy: noisy, "all": lambda noisy: 1 - noisy}, x, parse("flip:3"), rng(), draws=130)
    assert found["none"].wrong == 3.0
    assert found["none"].recovered == 0.0
    assert found["none"].rms == pytest.approx(np.sqrt(3 / 35))
    assert found["all"].wrong == 32.0
    one = scores({"none": lambda noisy: noisy}, x, parse("flip:1"), rng(), draws=7)["none"]
    assert (one.wrong, one.recovered) == (1.0, 1.0)


def test_the_limit_of_the_lowercase_letters():
    """By exhaustive distances on the same noise; the decoder knows nothing but the noisy rows."""
    x, noise = load_font(3).x, parse("flip:15%")
    found = scores({"limit": decoder(x, noise)}, x, noise, rng(5), draws=100)["limit"]
    out = noise.corrupt(np.tile(x, (100, 1)), rng(5))
    near = x[[int(np.abs(x - row).sum(axis=1).argmin()) for row in out]]
    wrong = np.abs(near - np.tile(x, (100, 1))).sum(axis=1)
    assert found.recovered == np.mean(wrong <= 1)
    assert found.wrong == pytest.approx(wrong.mean())


def test_grey_data_have_an_error_and_no_wrong_pixels():
    x = rng().random((20, 9))
    score = scores({"none": lambda noisy: noisy}, x, parse("gaussian:0.3"), rng(), draws=500)["none"]
    assert score.rms == pytest.approx(0.3, rel=0.02)
    assert score.wrong is None
    assert score.recovered is None


def test_passes_are_applied_one_after_the_other():
    assert repeated(lambda noisy: 2 * noisy + 1, 3)(np.array([1.0])) == 15.0
    with pytest.raises(InputError, match="passes: 0"):
        repeated(lambda noisy: noisy, 0)


def test_large_data_get_fewer_draws():
    assert denoising.draws_for(np.zeros((32, 35))) == 1000
    assert denoising.draws_for(np.zeros((40, 400))) == 1000
    assert denoising.draws_for(np.zeros((10_000, 3000))) == 1
