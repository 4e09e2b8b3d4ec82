"""The elementary functions against extended precision, over the whole range of both float types."""

import numpy as np
import pytest
from numba import njit

from scipy_ae.kernels import elementary

WIDE = np.longdouble


def logistic(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, WIDE(1), e) / (1 + e)


EXACT = {
    "exp": np.exp,
    "expm1_negative": np.expm1,
    "tanh": np.tanh,
    "logistic": logistic,
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "arctan": np.arctan,
}
AT_THE_ENDS = {  # at 0, -0, inf, -inf
    "exp": (1, 1, np.inf, 0),
    "expm1_negative": (0, 0, None, -1),
    "tanh": (0, -0.0, 1, -1),
    "logistic": (0.5, 0.5, 1, 0),
    "softplus": (np.log(2), np.log(2), np.inf, 0),
    "arctan": (0, -0.0, np.pi / 2, -np.pi / 2),
}


def over_arrays(name):
    function = getattr(elementary, name)

    @njit(fastmath=elementary.FLAGS, error_model="numpy")
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    def call(x):
        y = np.empty_like(x)
        loop(x, y)
        return y

    return call


def whole_range(dtype, rng):
    """Ordinary values, the far ends, and every size down to the denormals."""
    single = dtype == np.float32
    far, tiny = (110, -45) if single else (750, -323)
    sizes = 10.0 ** rng.uniform(tiny, 3, 60_000) * rng.choice([-1, 1], 60_000)
    parts = [rng.normal(size=60_000), rng.uniform(-far, far, 60_000), rng.uniform(-40, 40, 60_000), sizes]
    return np.concatenate(parts).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", EXACT)
def test_within_six_units_in_the_last_place(name, dtype):
    x = whole_range(dtype, np.random.default_rng(1))
    if name == "expm1_negative":
        x = -np.abs(x)
    got = over_arrays(name)(x)
    with np.errstate(all="ignore"):
        exact = EXACT[name](x.astype(WIDE))
        rounded = exact.astype(dtype)
        finite = np.isfinite(rounded)
        units = np.abs(got.astype(WIDE) - exact)[finite] / np.spacing(np.abs(rounded[finite])).astype(WIDE)
    assert np.array_equal(got[~finite], rounded[~finite])
    assert units.max() <= 6


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", EXACT)
def test_at_zeros_infinities_and_nan(name, dtype):
    expected = AT_THE_ENDS[name]
    x = np.array([0.0, -0.0, np.inf, -np.inf], dtype)
    known = np.array([value is not None for value in expected])
    got = over_arrays(name)(x)
    want = np.array([0 if value is None else value for value in expected], dtype)
    np.testing.assert_array_max_ulp(got[known], want[known], 2)
    if name in ("tanh", "arctan"):
        assert np.signbit(got[1])
        assert not np.signbit(got[0])
    assert np.isnan(over_arrays(name)(np.array([np.nan, -np.nan], dtype))).all()


def test_single_precision_stays_single():
    """A constant of the wrong type would promote every element to double and halve the speed."""

    @njit(error_model="numpy")
    def kind(x):
        return elementary.tanh(x), elementary.logistic(x), elementary.softplus(x), elementary.exp(x)

    kind(np.float32(0.5))
    result = kind.nopython_signatures[0].return_type
    assert str(result) == "UniTuple(float32 x 4)"


@pytest.mark.parametrize("name", EXACT)
def test_plain_python_gives_the_same_numbers(name):
    x = -np.linspace(0.1, 5, 40)
    plain = [getattr(elementary, name)(float(value)) for value in x]
    np.testing.assert_allclose(over_arrays(name)(x), plain, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logistic_and_softplus_of_one_exponential_are_the_two_of_them(dtype):
    function = elementary.logistic_softplus

    @njit(fastmath=elementary.FLAGS, error_model="numpy")
    def both(x, y, s):
        for i in range(x.size):
            y[i], s[i] = function(x[i])

    x = np.append(whole_range(dtype, np.random.default_rng(2)), [0.0, -0.0, np.inf, -np.inf, np.nan]).astype(dtype)
    y, s = np.empty_like(x), np.empty_like(x)
    both(x, y, s)
    np.testing.assert_array_max_ulp(y, over_arrays("logistic")(x), maxulp=1)
    np.testing.assert_array_max_ulp(s, over_arrays("softplus")(x), maxulp=1)
