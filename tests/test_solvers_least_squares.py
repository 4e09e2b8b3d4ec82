"""Levenberg-Marquardt and Gauss-Newton: their forms agree, their steps are the published ones, and they go far."""

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize, rosen, rosen_der, rosen_hess, rosen_hess_prod
from zoo import ZOO, Counted, beale, beale_hess, beale_jac

import scipy_ae
from scipy_ae import solvers
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.problem import LeastSquares
from scipy_ae.solvers import curvature

START = np.array([-1.2, 1.0])
BOTH = ("levenberg_marquardt", "gauss_newton")
both = pytest.mark.parametrize("name", BOTH)


def rosen_residual(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def rosen_residual_jac(x):
    return np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def network(spec="8-5-2-5-8", rows=30, loss="squared-error", l2=0.0, seed=0):
    rng = np.random.default_rng(seed)
    net = scipy_ae.Network.parse(spec)
    x = 1 / (1 + np.exp(-rng.normal(size=(rows, 2)) @ rng.normal(size=(2, net.inputs))))
    penalties = (scipy_ae.L2(l2),) if l2 else ()
    return scipy_ae.Objective(net, scipy_ae.Batch(x), loss, penalties), net.initialize(rng, init="fan-in")


@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy"])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("solver", ["Levenberg-Marquardt", "Gauss-Newton"])
def test_dual_and_primal_take_the_same_steps(solver, loss, l2):
    objective, theta = network(rows=4, loss=loss, l2=l2)
    # well damped, so that the one and the other rounding stay apart; Gauss-Newton's mu is relative to another diagonal
    options = {"regularisation": 1e-4} if solver == "Gauss-Newton" else {"tau": 1.0}
    dual, primal = (
        solvers.get(solver, form=form, **options).solve(objective, theta, maxiter=1) for form in ("dual", "primal")
    )
    auto = solvers.get(solver, **options).solve(objective, theta, maxiter=1)
    np.testing.assert_array_equal(auto.x, dual.x)
    if solver == "Levenberg-Marquardt":
        matrix = objective.gauss_newton(theta)
        root = objective.gauss_newton_root(theta)
        for result, mu in ((primal, matrix.diagonal().max()), (dual, root.gram(1.0).diagonal().max())):
            steps = [
                -np.linalg.solve(matrix + mu * 2.0**k * np.eye(theta.size), objective.jac(theta)) for k in range(8)
            ]
            assert min(np.abs(theta + step - result.x).max() for step in steps) < 1e-9
    else:
        np.testing.assert_allclose(dual.fun, primal.fun, rtol=0.2)


def test_residuals_alone_take_either_form_too():
    objective, theta = network(rows=4)
    problem = LeastSquares(objective.residual, objective.residual_jac)
    forms = [solvers.get("lm", form=form, tau=1.0).solve(problem, theta, maxiter=20) for form in ("dual", "primal")]
    for result in forms:
        assert result.fun < 0.2 * objective.fun(theta)
        assert result.nhev == 0


def test_small_network_ends_as_low_as_scipy_does():
    """SciPy's least_squares with the same derivative, stopped after as many of them."""
    objective, theta = network("8-5-2-5-8", rows=60)
    ours = solvers.get("lm").solve(objective, theta, maxiter=60)
    theirs = least_squares(objective.residual, theta, objective.residual_jac, method="trf", max_nfev=ours.nit + 1)
    assert ours.fun <= 2 * theirs.cost
    assert ours.fun < 1e-3 * objective.fun(theta)


@pytest.mark.parametrize("update", ["delayed", "nielsen"])
@pytest.mark.parametrize("scaling", ["identity", "marquardt"])
@pytest.mark.parametrize("animal", [a for a in ZOO if a.size <= 30], ids=str)
def test_each_rule_reaches_the_minimum(update, scaling, animal):
    result = solvers.get("lm", update=update, scaling=scaling).solve(animal.problem, animal.start)
    assert result.fun - animal.minimum <= 1e-6
    assert result.success


@both
def test_converges_quadratically_where_the_residuals_vanish(name):
    fun = []
    minimize(
        rosen, START, jac=rosen_der, method=getattr(solvers, name), callback=lambda x: fun.append(rosen(x)),
        options={"residual": rosen_residual, "residual_jac": rosen_residual_jac, "gtol": 1e-12},
    )  # fmt: skip
    assert fun[-1] < 1e-24
    assert fun[-2] > 1e3 * fun[-1]


@both
@pytest.mark.parametrize("given", [{"hess": rosen_hess}, {"hessp": rosen_hess_prod}])
def test_second_derivatives_of_minimize_are_used(name, given):
    result = minimize(rosen, START, jac=rosen_der, method=getattr(solvers, name), **given)
    assert result.success
    assert result.fun < 1e-12
    assert result.nhev > 0


@both
def test_scipys_functions_are_solved_from_the_hessian(name):
    result = minimize(beale, [1.0, 1.0], jac=beale_jac, hess=beale_hess, method=getattr(solvers, name), tol=1e-8)
    assert result.success
    np.testing.assert_allclose(result.x, [3, 0.5], atol=1e-6)


@both
def test_residuals_are_counted_by_call(name):
    calls = {"r": 0, "J": 0}

    def residual(x, scale):
        calls["r"] += 1
        return scale * rosen_residual(x)

    def residual_jac(x, scale):
        calls["J"] += 1
        return scale * rosen_residual_jac(x)

    result = minimize(
        lambda x, scale: scale**2 * rosen(x), START, args=(2.0,), method=getattr(solvers, name),
        options={"residual": residual, "residual_jac": residual_jac},
    )  # fmt: skip
    assert (result.nfev, result.njev) == (calls["r"], calls["J"])
    np.testing.assert_allclose(result.x, 1.0, atol=1e-5)


@both
def test_problem_behind_a_bound_method_gives_its_matrices(name):
    objective, theta = network(rows=40)
    method = getattr(solvers, name)
    both_at_once = minimize(objective.fun_and_jac, theta, jac=True, method=method, options={"maxiter": 10})
    apart = minimize(objective.fun, theta, jac=objective.jac, method=method, options={"maxiter": 10})
    direct = method(objective.fun_and_jac, theta, jac=True, maxiter=10)
    named = solvers.get(name).solve(objective, theta, maxiter=10)
    for result in (both_at_once, apart, direct):
        np.testing.assert_array_equal(result.x, named.x)
        assert (result.nfev, result.nhev) == (named.nfev, named.nhev)


@both
def test_nothing_is_found_behind_another_function(name):
    objective, theta = network()
    for arguments in ({"fun": objective.jac, "jac": True}, {"fun": lambda x: objective.fun_and_jac(x), "jac": True}):
        with pytest.raises(UnsupportedError, match="needs hessp; this objective offers fun, jac; any of gauss_newton"):
            getattr(solvers, name)(x0=theta, **arguments)


@both
def test_what_is_half_given_is_refused(name):
    method = getattr(solvers, name)
    with pytest.raises(InputError, match="residual, residual_jac: got one without the other"):
        minimize(rosen, START, jac=rosen_der, method=method, options={"residual": rosen_residual})
    with pytest.raises(InputError, match=r"hess: got '2-point'; .* takes a function"):
        method(rosen, START, jac=rosen_der, hess="2-point")
    with pytest.raises(InputError, match=r"residual_jac: got shape \(2, 3\); accepted is .*\(2, 2\)"):
        method(rosen, START, residual=rosen_residual, residual_jac=lambda x: np.ones((2, 3)))
    with pytest.raises(InputError, match="unknown option of BFGS 'residual'"):
        solvers.bfgs(rosen, START, jac=rosen_der, residual=rosen_residual)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"form": "both"}, "form: got 'both'; accepted are auto, dual, primal, products"),
        ({"scaling": "none"}, "scaling: got 'none'"),
        ({"update": "never"}, "update: got 'never'; accepted are delayed, nielsen"),
        ({"tau": 0.0}, "tau: got 0.0"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        solvers.get("lm", **options)


def test_dual_form_without_residuals_is_refused():
    with pytest.raises(UnsupportedError, match="form: 'dual' needs"):
        solvers.get("lm", form="dual").solve(ZOO[0].problem, START)


@pytest.mark.parametrize("solver", ["Levenberg-Marquardt", "Gauss-Newton"])
def test_too_large_matrices_are_refused_with_number_and_alternative(monkeypatch, solver):
    monkeypatch.setattr(curvature, "free_bytes", lambda: 30_000)
    objective, theta = network(rows=30)
    whole = Counted(objective, {"fun", "jac", "hess"})
    words = f"^{solver} would need 0.0 GB for the matrices of {theta.size} weights, 0.0 GB are free; use Newton-CG or"
    with pytest.raises(UnsupportedError, match=words):
        solvers.get(solver).solve(whole, theta)
    with pytest.raises(UnsupportedError, match=words):
        solvers.get(solver, form="primal").solve(objective, theta)
    residuals = Counted(objective, {"fun", "jac", "residual", "residual_jac"})
    with pytest.raises(UnsupportedError, match="for the derivative of 240 residuals of"):
        solvers.get(solver).solve(residuals, theta)
    assert solvers.get(solver).solve(network("8-2-8", rows=1)[0], np.ones(42), maxiter=2).nit == 2


@pytest.mark.parametrize("solver", ["Levenberg-Marquardt", "Gauss-Newton"])
def test_products_are_taken_where_matrices_do_not_fit(monkeypatch, solver):
    objective, theta = network(rows=30)
    asked = solvers.get(solver, form="products").solve(objective, theta, maxiter=10)
    monkeypatch.setattr(curvature, "free_bytes", lambda: 30_000)
    forced = solvers.get(solver).solve(objective, theta, maxiter=10)
    np.testing.assert_array_equal(forced.x, asked.x)
    assert forced.fun < 0.5 * objective.fun(theta)
    hessian = solvers.get(solver).solve(Counted(objective, {"fun", "jac", "hessp"}), theta, maxiter=10)
    assert hessian.fun < objective.fun(theta)
    with pytest.raises(UnsupportedError, match="form: 'products' needs gauss_newton_p or hessp"):
        solvers.get(solver, form="products").solve(ZOO[3].problem, ZOO[3].start)


@pytest.mark.parametrize("solver", ["Levenberg-Marquardt", "Gauss-Newton"])
def test_curvature_that_is_not_finite_ends_the_run(solver):
    animal = Counted(ZOO[0].problem)
    animal.hess = lambda x: np.full((2, 2), np.nan)
    result = solvers.get(solver).solve(animal, START)
    assert result.status == solvers.NON_FINITE
    np.testing.assert_array_equal(result.x, START)


def test_carried_damping_saves_trials():
    objective, theta = network(rows=60)
    first = solvers.get("lm", tau=1e3).solve(objective, theta, maxiter=10)
    carried = solvers.get("lm", tau=1e3).solve(objective, first.x, maxiter=3, memory=first.memory)
    fresh = solvers.get("lm", tau=1e3).solve(objective, first.x, maxiter=3)
    assert carried.fun < fresh.fun
