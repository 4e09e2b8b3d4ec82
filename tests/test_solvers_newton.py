"""Newton-CG and trust-krylov, and the Krylov methods that they stand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lanczos import Lanczos
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess, rosen_hess_prod
from zoo import ZOO, Counted, max_entropy, max_entropy_hess, max_entropy_jac

import scipy_ae
from scipy_ae import solvers
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.problem import FunctionProblem
from scipy_ae.solvers.krylov import Stop, conjugate_gradients

START = np.array([-1.2, 1.0])
both = pytest.mark.parametrize("name", ["Newton-CG", "trust-krylov"])
callables = pytest.mark.parametrize("name", ["newton_cg", "trust_krylov"])


def symmetric(n, low, seed):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return (basis * np.linspace(low, 5.0, n)) @ basis.T, rng.normal(size=n), rng


def network(loss="squared-error", seed=0):
    rng = np.random.default_rng(seed)
    net = scipy_ae.Network.parse("8-5-2-5-8")
    x = 1 / (1 + np.exp(-rng.normal(size=(40, 2)) @ rng.normal(size=(2, 8))))
    return scipy_ae.Objective(net, scipy_ae.Batch(x), loss), net.initialize(rng, init="fan-in")


@settings(max_examples=25)
@given(n=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_conjugate_gradients_solve_from_any_start_under_any_preconditioner(n, seed):
    A, b, rng = symmetric(n, 0.5, seed)
    solved = conjugate_gradients(
        lambda v: A @ v, b, rng.normal(size=n), rng.uniform(0.5, 2, n), Stop("forcing", 99, 0, 1e-9)
    )
    np.testing.assert_allclose(A @ solved.x, b, atol=1e-7)
    np.testing.assert_allclose(b - A @ solved.x, solved.residual, atol=1e-10)


def test_conjugate_gradients_tell_of_negative_curvature():
    A, b, _ = symmetric(10, -2.0, 3)
    solved = conjugate_gradients(lambda v: A @ v, b, np.zeros(10), np.ones(10), Stop("forcing", 99, 0, 1e-9))
    assert solved.downward @ A @ solved.downward <= 0


def test_progress_rule_stops_before_the_end():
    A, b, _ = symmetric(400, 1e-4, 5)
    calls = []
    conjugate_gradients(lambda v: calls.append(0) or A @ v, b, np.zeros(400), np.ones(400), Stop("progress", 400))
    assert 10 < len(calls) < 200


@settings(max_examples=40)
@given(n=st.integers(1, 12), low=st.floats(-3, 1), radius=st.floats(1e-3, 1e3), seed=st.integers(0, 10**6))
def test_whole_krylov_space_holds_the_minimum_of_the_trust_region(n, low, radius, seed):
    """Moré and Sorensen (1983): (A + shift) s = -g with A + shift positive semidefinite, and shift 0 inside."""
    A, g, _ = symmetric(n, low, seed)
    space = Lanczos(lambda v: A @ v, g)
    while space.grow() and space.size < n:
        pass
    h, fall = space.within(radius)
    s = space.vector(h)
    assert np.linalg.norm(s) <= radius * (1 + 1e-9)
    assert fall == pytest.approx(-(g @ s + s @ A @ s / 2), rel=1e-8, abs=1e-10)
    shift = -(s @ (A @ s + g)) / (s @ s)
    if np.linalg.norm(s) < radius * (1 - 1e-6):
        assert abs(shift) < 1e-6
    np.testing.assert_allclose(A @ s + shift * s, -g, atol=1e-5 * (1 + abs(shift)) * np.linalg.norm(s) + 1e-7)
    assert np.linalg.eigvalsh(A)[0] + shift >= -1e-5


def test_basis_of_lanczos_is_orthonormal_and_makes_the_matrix_tridiagonal():
    A, g, _ = symmetric(60, 1e-6, 1)
    space = Lanczos(lambda v: A @ v, g)
    while space.size < 40 and space.grow():
        pass
    Q = np.array([space.vector(unit) for unit in np.eye(40)])
    np.testing.assert_allclose(Q @ Q.T, np.eye(40), atol=1e-12)
    between = Q @ A @ Q.T
    np.testing.assert_allclose(
        between - np.diag(np.diag(between)), between * (np.eye(40, k=1) + np.eye(40, k=-1)), atol=1e-10
    )


@callables
@pytest.mark.parametrize("given", [{"hess": rosen_hess}, {"hessp": rosen_hess_prod}])
def test_each_is_a_method_of_minimize(name, given):
    result = minimize(rosen, START, jac=rosen_der, method=getattr(solvers, name), **given)
    assert result.success
    assert result.fun < 1e-10
    result = minimize(
        max_entropy, np.zeros(3), jac=max_entropy_jac, hess=max_entropy_hess, method=getattr(solvers, name)
    )
    np.testing.assert_allclose(result.x[1:], [-0.524869316, 0.487525860], atol=1e-4)


@callables
def test_problem_behind_a_bound_method_gives_its_products(name):
    objective, theta = network()
    result = minimize(objective.fun_and_jac, theta, jac=True, method=getattr(solvers, name), options={"maxiter": 15})
    assert result.fun < 0.2 * objective.fun(theta)
    assert result.nhev > 15


@both
@pytest.mark.parametrize("curvature", ["gauss-newton", "hessian"])
@pytest.mark.parametrize("precondition", ["none", "diagonal"])
@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy"])
def test_network_is_trained_under_each_option(name, curvature, precondition, loss):
    objective, theta = network(loss)
    solver = solvers.get(name, curvature=curvature, precondition=precondition)
    lowest = solvers.get("lm").solve(objective, theta, maxiter=60).fun
    result = solver.solve(objective, theta, maxiter=60)
    assert result.fun - lowest < 1e-3 * (objective.fun(theta) - lowest)


@pytest.mark.parametrize(("name", "curvature"), [("Newton-CG", "gauss-newton"), ("trust-krylov", "hessian")])
def test_each_takes_its_own_curvature_first(name, curvature):
    objective, theta = network("cross-entropy")
    given = solvers.get(name, curvature=curvature).solve(objective, theta, maxiter=8)
    np.testing.assert_array_equal(solvers.get(name).solve(objective, theta, maxiter=8).x, given.x)
    other = {"gauss-newton": "hessian", "hessian": "gauss-newton"}[curvature]
    assert not np.array_equal(solvers.get(name, curvature=other).solve(objective, theta, maxiter=8).x, given.x)


@pytest.mark.parametrize("stop", ["progress", "forcing"])
@pytest.mark.parametrize("update", ["delayed", "nielsen"])
@pytest.mark.parametrize("animal", [a for a in ZOO if a.size <= 30], ids=str)
def test_each_rule_of_newton_cg_reaches_the_minimum(stop, update, animal):
    result = solvers.get("Newton-CG", stop=stop, update=update).solve(animal.problem, animal.start)
    assert result.fun - animal.minimum <= 1e-6


@both
def test_leaves_a_saddle_by_negative_curvature(name):
    problem = FunctionProblem(
        lambda x: float(x[0] ** 2 - x[1] ** 2 + 0.25 * x[1] ** 4),
        lambda x: np.array([2 * x[0], x[1] ** 3 - 2 * x[1]]),
        lambda x: np.diag([2.0, 3 * x[1] ** 2 - 2]),
    )
    result = solvers.get(name).solve(problem, np.array([1.0, 1e-3]))
    assert result.fun == pytest.approx(-1.0, abs=1e-8)


def test_failed_step_of_trust_krylov_costs_no_product():
    counted = Counted(ZOO[0].problem, {"fun", "jac", "hessp"})
    result = solvers.get("trust-krylov").solve(counted, START)
    assert result.nfev > result.nit + 2
    assert result.nhev <= 2 * result.nit


def test_radius_is_kept():
    for radius in (1e-3, 1e-2):
        result = solvers.get("trust-krylov", initial_trust_radius=radius).solve(ZOO[0].problem, START, maxiter=1)
        assert np.linalg.norm(result.x - START) == pytest.approx(radius, rel=1e-6)
    far = solvers.get("trust-krylov", initial_trust_radius=0.01, max_trust_radius=0.01)
    assert np.linalg.norm(far.solve(ZOO[0].problem, START, maxiter=5).x - START) <= 0.05 * (1 + 1e-9)


@both
def test_what_was_learned_is_carried(name):
    objective, theta = network()
    first = solvers.get(name).solve(objective, theta, maxiter=8)
    assert solvers.get(name).solve(objective, first.x, maxiter=5, memory=first.memory).fun < first.fun
    with pytest.raises(InputError, match=f"memory: not from a run of {name} with 2 weights"):
        solvers.get(name).solve(ZOO[0].problem, START, memory=first.memory)


@both
def test_options_that_do_not_fit_are_refused(name):
    for option in ("curvature", "precondition"):
        with pytest.raises(InputError, match=f"{option}: got 'what'; accepted are auto"):
            solvers.get(name, **{option: "what"})
    plain = Counted(ZOO[0].problem, {"fun", "jac", "hess"})
    with pytest.raises(UnsupportedError, match=f"{name}: curvature 'gauss-newton' needs gauss_newton_p"):
        solvers.get(name, curvature="gauss-newton").solve(plain, START)
    with pytest.raises(UnsupportedError, match=f"{name}: precondition 'diagonal' needs gauss_newton_diagonal"):
        solvers.get(name, precondition="diagonal").solve(plain, START)
    with pytest.raises(UnsupportedError, match=f"^{name} needs hessp; .*any of gauss_newton_p will do as well"):
        solvers.get(name).solve(Counted(ZOO[0].problem, {"fun", "jac"}), START)


def test_options_of_each_alone_are_refused():
    with pytest.raises(InputError, match="stop: got 'late'; accepted are progress, forcing"):
        solvers.get("Newton-CG", stop="late")
    with pytest.raises(InputError, match=r"eta: got 0\.5"):
        solvers.get("trust-krylov", eta=0.5)


@pytest.mark.parametrize(
    "name", ["scipy.Newton-CG", "scipy.trust-krylov", "trust-ncg", "trust-exact", "trust-constr", "TNC"]
)
def test_scipys_second_order_methods_train_a_network(name):
    objective, theta = network("cross-entropy")
    result = solvers.get(name).solve(objective, theta, maxiter=20)
    assert result.fun < 0.97 * objective.fun(theta)
    assert (result.nhev > 0) == (name != "TNC")
