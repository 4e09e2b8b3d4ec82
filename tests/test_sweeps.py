"""The dot test of every layer: what backward does is the transpose of what tangent does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scipy_ae
from scipy_ae.activations import names
from scipy_ae.kernels import sweeps


@pytest.mark.parametrize("activation", names())
@given(
    widths=st.tuples(*[st.integers(2, 40)] * 3),
    rows=st.integers(1, 20),
    through=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_backward_is_the_transpose_of_tangent(activation, widths, rows, through, seed):
    """<u, J v> = <J' u, v>, with J the derivative by theta of the output, or of what comes into the last activation."""
    rng = np.random.default_rng(seed)
    p, h, q = widths
    net = scipy_ae.Network([scipy_ae.Dense(p, h, activation)], [scipy_ae.Dense(h, q, activation)])
    theta, v, u = rng.normal(size=net.size), rng.normal(size=net.size), rng.normal(size=(rows, q))
    x = rng.normal(size=(rows, p))
    before, after, v_before, v_after = (np.empty(rows * net.units) for _ in range(4))
    deltas, spare, gradient = np.empty((2, rows * net.widest)), np.empty(40 * 40), np.empty(net.size)
    more = np.empty(40 * 40)

    sweeps.forward(net.table, net.coefs, theta, x, before, after, True)
    sweeps.tangent(net.table, net.coefs, theta, v, x, before, after, v_before, v_after, more)
    moved = (v_after if through else v_before)[rows * h :].reshape(rows, q)
    deltas[0, : rows * q] = u.reshape(-1)
    sweeps.backward(net.table, net.coefs, theta, x, before, after, deltas, through, spare, gradient)

    assert np.isclose((u * moved).sum(), gradient @ v, rtol=1e-10, atol=1e-10)
