"""The latent plane: grids, walks, codes never seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae import latent
from scipy_ae.errors import InputError


def codes(n=12, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_the_box_holds_every_code_with_its_margin():
    low, high = latent.extent(np.array([[0.0, 5.0], [2.0, 5.0]]), margin=0.1)
    np.testing.assert_allclose(low, [-0.2, 4.9])
    np.testing.assert_allclose(high, [2.2, 5.1])


def test_a_grid_goes_from_the_top_left_row_by_row():
    x, y, z = latent.grid(codes(), 4)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    np.testing.assert_array_equal(z[0], [x[0], y[-1]])
    np.testing.assert_array_equal(z[3], [x[-1], y[-1]])
    np.testing.assert_array_equal(z[4], [x[0], y[-2]])
    np.testing.assert_array_equal(z[-1], [x[-1], y[0]])


def test_a_grid_holds_further_numbers_at_their_median():
    many = codes(d=4)
    _, _, z = latent.grid(many, 3)
    assert z.shape == (9, 4)
    np.testing.assert_array_equal(z[:, 2:], np.tile(np.median(many[:, 2:], axis=0), (9, 1)))


def test_a_grid_needs_two_numbers():
    with pytest.raises(InputError, match="codes of at least 2 numbers are accepted, these have 1"):
        latent.grid(codes(d=1))


@given(st.integers(2, 30), st.integers(1, 5))
def test_a_walk_is_straight_even_and_holds_both_ends(steps, d):
    start, end = codes(2, d, seed=steps)
    way = latent.walk(start, end, steps)
    assert way.shape == (steps, d)
    np.testing.assert_array_equal(way[0], start)
    np.testing.assert_array_equal(way[-1], end)
    np.testing.assert_allclose(np.diff(way, axis=0), np.tile((end - start) / (steps - 1), (steps - 1, 1)), atol=1e-12)


def test_a_walk_of_one_step_is_refused():
    with pytest.raises(InputError, match="steps: 1"):
        latent.walk(np.zeros(2), np.ones(2), 1)


@pytest.mark.parametrize("draw", [latent.random_codes, latent.far_codes])
def test_drawn_codes_lie_within_the_box_and_come_again_from_the_same_seed(draw):
    known = codes(d=3)
    z = draw(known, 20, np.random.default_rng(4))
    assert z.shape == (20, 3)
    assert (z >= known.min(axis=0)).all()
    assert (z <= known.max(axis=0)).all()
    np.testing.assert_array_equal(z, draw(known, 20, np.random.default_rng(4)))
    assert not np.array_equal(z, draw(known, 20, np.random.default_rng(5)))


def test_far_codes_are_farther_than_random_ones():
    known = codes(30)

    def gap(z):
        every = np.concatenate([known, z])
        distance = np.linalg.norm(z[:, None] - every[None], axis=2)
        return np.sort(distance, axis=1)[:, 1].min()  # the nearest but itself

    rng = np.random.default_rng(0)
    assert gap(latent.far_codes(known, 8, rng)) > 3 * gap(latent.random_codes(known, 8, rng))


def test_codes_that_are_all_alike_still_make_a_box():
    z = latent.far_codes(np.ones((5, 2)), 3, np.random.default_rng(0))
    np.testing.assert_array_equal(z, np.ones((3, 2)))
    assert latent.grid(np.ones((5, 2)), 3)[2].std() > 0


def test_the_nearest_code_is_that_of_a_plain_search():
    known, z = codes(20, 3), codes(50, 3, seed=1)
    plain = [min(range(20), key=lambda k: float(np.sum((known[k] - point) ** 2))) for point in z]
    np.testing.assert_array_equal(latent.nearest(known, z), plain)
