"""One entry of theta moved: the same value as by the whole objective."""

import numpy as np
import pytest

from scipy_ae.activations import Activation
from scipy_ae.batches import Batch
from scipy_ae.kernels.probe import probe
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2

CASES = [
    ("tanh", "logistic", None),
    ("tanh", "tanh", "squared-error"),
    ("elu", "identity", None),
    ("softmax", "identity", None),
    ("logistic", "softmax", "squared-error"),
    ("parametric-relu", "logistic", "squared-error"),
]


@pytest.mark.parametrize(("activation", "output", "loss"), CASES)
@pytest.mark.parametrize("weight", [0.0, 0.02])
@pytest.mark.parametrize("spec", ["6-4-2-5-6", "9-3-9"])
def test_probe_is_the_objective_at_the_moved_theta(activation, output, loss, weight, spec):
    rng = np.random.default_rng(3)
    network = Network.parse(spec, Activation.of(activation), output)
    x = rng.random((7, network.inputs))
    problem = Objective(network, Batch(x, weight=rng.random(7) + 0.1), loss, [L2(weight)] if weight else ())
    whole = Objective(network, problem.batch, loss, problem.penalties)  # with work arrays of its own
    theta = network.initialize(rng, std=0.6)
    code = problem.native
    address, here = code.probe(), theta.copy()
    assert probe(address, code.context, here, -1, 0.0, 1) == pytest.approx(whole.fun(theta), rel=1e-13)
    for k in rng.permutation(network.size):
        delta = rng.normal()
        there = here.copy()
        there[k] += delta
        seen = probe(address, code.context, here, k, delta, 0)
        assert seen == pytest.approx(whole.fun(there), rel=1e-12)
        assert here[k] == there[k] - delta or np.isclose(here[k], there[k] - delta, rtol=0, atol=1e-15)
        if k % 3 == 0:
            assert probe(address, code.context, here, k, delta, 1) == pytest.approx(seen, rel=1e-12)
            np.testing.assert_array_equal(here, there)
