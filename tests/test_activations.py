"""Activations against formulas written out in NumPy, and their derivatives against each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scipy_ae.activations import Activation, names
from scipy_ae.errors import InputError


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


FORMULAS = {
    "identity": lambda z: z,
    "step": lambda z: np.where(z >= 0, 1.0, 0.0),
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "arctan": np.arctan,
    "relu": lambda z: np.maximum(z, 0),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "parametric-relu": lambda z: np.where(z > 0, z, 0.25 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "saturating-linear": lambda z: np.clip(z, 0, 1),
    "softmax": softmax,
}
SMOOTH = ["identity", "logistic", "tanh", "arctan", "softplus", "softmax"]
rows = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-6, 6))


def test_the_published_table_is_complete():
    assert set(names()) == set(FORMULAS)


@pytest.mark.parametrize("beta", [1.0, 0.2])
@pytest.mark.parametrize("name", FORMULAS)
@given(a=rows)
def test_value_is_the_formula_of_beta_a(name, beta, a):
    np.testing.assert_allclose(Activation(name, beta).value(a), FORMULAS[name](beta * a), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_are_those_of_the_value(name):
    """Central differences away from the kinks, along random directions."""
    rng = np.random.default_rng(0)
    kind = Activation(name, beta=0.7)
    a = rng.choice([-1, 1], (6, 5)) * rng.uniform(0.2, 1.2, (6, 5))
    v, u, h = rng.normal(size=a.shape), rng.normal(size=a.shape), 1e-6
    rise = (kind.value(a + h * v) - kind.value(a - h * v)) / (2 * h)
    np.testing.assert_allclose(kind.derivative(a, v), rise, rtol=1e-7, atol=1e-9)
    bend = (kind.derivative(a + h * v, u) - kind.derivative(a - h * v, u)) / (2 * h)
    np.testing.assert_allclose(kind.second_derivative(a, v, u), bend, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "at", "value", "slope"),
    [
        ("step", 0.0, 1.0, 0.0),
        ("relu", 0.0, 0.0, 0.0),
        ("leaky-relu", 0.0, 0.0, 0.01),
        ("parametric-relu", 0.0, 0.0, 0.25),
        ("elu", 0.0, 0.0, 1.0),
        ("saturating-linear", 0.0, 0.0, 0.0),
        ("saturating-linear", 1.0, 1.0, 1.0),
    ],
)
def test_the_stated_convention_at_a_kink(name, at, value, slope):
    kind = Activation(name)
    assert kind.value(np.array([at])) == value
    assert kind.derivative(np.array([at])) == slope


@pytest.mark.parametrize("name", FORMULAS)
def test_nan_comes_out_as_nan_and_infinity_does_not(name):
    kind = Activation(name)
    out = kind.value(np.array([[np.nan, 1.0]]))
    assert np.isnan(out[0, 0])
    if name not in ("softmax",):
        assert not np.isnan(kind.value(np.array([np.inf, -np.inf]))).any()


@pytest.mark.parametrize("name", FORMULAS)
def test_single_precision_agrees_with_double(name):
    a = np.random.default_rng(2).normal(size=(4, 7)).astype(np.float32)
    single = Activation(name, 0.5).value(a)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, Activation(name, 0.5).value(a.astype(float)), rtol=1e-6, atol=1e-6)


def test_softmax_survives_large_numbers():
    np.testing.assert_allclose(Activation("softmax").value(np.array([1000.0, 1000.0, -1000.0])), [0.5, 0.5, 0.0])


def test_alpha_in_brackets_and_aliases():
    assert Activation("leaky-relu(0.1)").value(np.array([-2.0])) == -0.2
    assert Activation("elu(0.5)").range == (-0.5, np.inf)
    assert Activation("Sigmoid").name == "logistic"
    assert str(Activation("leaky-relu(0.1)")) == "leaky-relu(0.1)"
    assert str(Activation("elu")) == "elu"
    assert Activation("prelu").trains_slope


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tnah",), "unknown activation 'tnah': did you mean 'tanh'?"),
        (("tanh", 0.0), "beta: 0.0"),
        (("tanh", float("nan")), "beta"),
        (("tanh", 1.0, 0.1), "alpha: tanh has none"),
        (("elu(x)",), "alpha: 'x'"),
    ],
)
def test_what_is_not_accepted_is_named(arguments, words):
    with pytest.raises(InputError) as refused:
        Activation(*arguments)
    assert words in str(refused.value)
