"""Derivative checks: a right one passes, a slightly wrong one does not."""

import numpy as np
import pytest

from scipy_ae.batches import Batch
from scipy_ae.checks import check_problem, hessian_symmetry, jacobian_error, taylor_slope
from scipy_ae.datasets import load_font
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.problem import Problem


def objective(loss="squared-error", output="tanh"):
    net = Network.parse("35-6-2-6-35", output=output)
    theta = net.initialize(np.random.default_rng(0), 0.5)
    return Objective(net, Batch(load_font(2).x[:6]), loss), theta


class Wrong(Problem):
    """An objective one of whose answers is bent."""

    def __init__(self, right, name, bend):
        self.right, self.name, self.bend, self.offers = right, name, bend, right.offers

    def fun(self, theta):
        return self.right.fun(theta)

    def _ask(self, name, *arguments):
        value = getattr(self.right, name)(*arguments)
        return self.bend(value) if name == self.name else value

    def jac(self, theta):
        return self._ask("jac", theta)

    def fun_and_jac(self, theta):
        return self.fun(theta), self.jac(theta)

    def hessp(self, theta, v):
        return self._ask("hessp", theta, v)

    def gauss_newton_p(self, theta, v):
        return self._ask("gauss_newton_p", theta, v)

    def residual(self, theta):
        return self._ask("residual", theta)

    def residual_jac(self, theta):
        return self._ask("residual_jac", theta)


def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize(("loss", "output"), [("squared-error", "tanh"), ("cross-entropy", "logistic")])
def test_right_derivatives_pass_every_check(loss, output):
    right, theta = objective(loss, output)
    checks = check_problem(right, theta, rng())
    assert len(checks) == (5 if loss == "squared-error" else 4)
    assert [check.name for check in checks if not check.passed] == []


def _one_sign(vector):
    bent = vector.copy()
    bent[np.argmax(np.abs(bent))] *= -1
    return bent


def _tilt(matrix_or_vector):
    bent = matrix_or_vector.copy()
    bent.flat[::2] *= 1.01
    return bent


@pytest.mark.parametrize(
    ("name", "bend", "failing"),
    [
        ("jac", lambda g: 1.001 * g, "jac: Taylor error"),
        ("jac", _one_sign, "jac: Taylor error"),
        ("hessp", lambda g: 1.01 * g, "hessp: Taylor error"),
        ("hessp", _tilt, "hessp: u'Hv = v'Hu"),
        ("gauss_newton_p", _tilt, "gauss_newton_p: u'Gv = v'Gu"),
        ("residual_jac", _tilt, "residual_jac: 2 J'r = jac"),
        ("residual", lambda r: 1.001 * r, "residual_jac: 2 J'r = jac"),
    ],
)
def test_a_slightly_wrong_derivative_fails(name, bend, failing):
    right, theta = objective()
    failed = {check.name for check in check_problem(Wrong(right, name, bend), theta, rng()) if not check.passed}
    assert failing in failed


def test_slopes_are_2_and_3_and_1_where_the_gradient_is_wrong():
    right, theta = objective()
    assert taylor_slope(right, theta, rng()) == pytest.approx(2, abs=0.05)
    assert taylor_slope(right, theta, rng(), order=2) == pytest.approx(3, abs=0.05)
    assert taylor_slope(Wrong(right, "jac", lambda g: 1.05 * g), theta, rng()) == pytest.approx(1, abs=0.1)


class Bowl(Problem):
    offers = frozenset({"fun", "jac", "hessp"})

    def fun(self, theta):
        return float(theta @ theta)

    def jac(self, theta):
        return 2 * theta

    def hessp(self, theta, v):
        return 2 * v


def test_a_quadratic_is_its_own_expansion():
    assert taylor_slope(Bowl(), np.ones(4), rng(), order=2) == np.inf
    assert all(check.passed for check in check_problem(Bowl(), np.zeros(3), rng()))


def test_only_what_is_offered_is_checked():
    class Value(Problem):
        def fun(self, theta):
            return 1.0

    assert check_problem(Value(), np.ones(2), rng()) == []


def test_the_measures_alone():
    right, theta = objective()
    assert hessian_symmetry(right, theta, rng()) < 1e-12
    assert jacobian_error(right, theta) < 1e-12
    assert jacobian_error(Wrong(right, "residual_jac", lambda j: 1.1 * j), theta) == pytest.approx(0.1, rel=1e-6)
