"""Answers of the wrong shape, options of the wrong kind, errors half way: each is met in one sentence."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess, rosen_hess_prod

import scipy_ae
from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.problem import FunctionProblem

START = np.array([-1.2, 1.0, 0.5])
OURS = [solver.name for solver in solvers.registry.OURS if "jac" in solver.needs]
SECOND = ("Levenberg-Marquardt", "Gauss-Newton", "Newton-CG", "trust-krylov")
LINE = ("BFGS", "L-BFGS", "CG", *SECOND)


class Later:
    """``function``, but ``wrong`` at call ``k``, and raised where that is an exception."""

    def __init__(self, function, k, wrong):
        self.function, self.k, self.wrong, self.calls = function, k, wrong, 0

    def __call__(self, *arguments):
        self.calls += 1
        if self.calls != self.k:
            return self.function(*arguments)
        if isinstance(self.wrong, Exception):
            raise self.wrong
        return self.wrong


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("wrong", [1.0, np.ones(1), np.ones(2), np.ones(4)], ids=np.shape)
def test_gradient_whose_shape_changes_is_refused(name, wrong):
    problem = FunctionProblem(rosen, Later(rosen_der, 3, wrong), hessp=rosen_hess_prod)
    with pytest.raises(InputError, match=r"jac: got shape \(\d,\); accepted is \(3,\)"):
        solvers.get(name).solve(problem, START, maxiter=5)


@pytest.mark.parametrize("name", [*SECOND, "trust-exact"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("shape", [(400, 400), (2, 2), (3, 900), (900, 3), (3,)], ids=str)
def test_hessian_of_another_shape_is_refused(name, call, shape):
    problem = FunctionProblem(rosen, rosen_der, hess=Later(rosen_hess, call, np.ones(shape)))
    with pytest.raises(InputError, match=r"hess: got shape .*; accepted is \(3, 3\)"):
        solvers.get(name).solve(problem, START, maxiter=5)


@pytest.mark.parametrize("name", [*SECOND, "trust-ncg", "scipy.Newton-CG"])
@pytest.mark.parametrize("size", [1, 2, 4000])
def test_product_of_another_length_is_refused(name, size):
    problem = FunctionProblem(rosen, rosen_der, hessp=Later(rosen_hess_prod, 1, np.ones(size)))
    with pytest.raises(InputError, match=r"hessp: got shape \(\d+,\); accepted is \(3,\)"):
        solvers.get(name).solve(problem, START, maxiter=5)


@pytest.mark.parametrize("name", ["gradient-descent", "Adam", "Rprop", "momentum", "adaptive-eta"])
def test_iterations_before_an_error_are_counted(name):
    problem = FunctionProblem(lambda x: float(x @ x), Later(lambda x: 2 * x, 23, ValueError("boom")))
    options = {} if name == "Rprop" else {"eta": 1e-3}
    result = solvers.get(name, **options).solve(problem, START)
    assert result.nfev == 23
    assert "boom" in result.message
    # the start and the evaluation that raised are no steps
    assert result.nit == 21


@pytest.mark.parametrize("name", LINE)
@pytest.mark.parametrize("norm", [None, "inf", np.nan, 1j, [2.0]], ids=str)
def test_norm_that_is_no_number_is_refused(name, norm):
    with pytest.raises(InputError, match=r"norm: got .*; accepted is a number, inf or -inf"):
        solvers.get(name, norm=norm)


@pytest.mark.parametrize("wrong", [None, "x", np.nan])
def test_constant_of_the_line_search_that_is_no_number_is_refused(wrong):
    with pytest.raises(InputError, match="c1: got"):
        solvers.get("BFGS", c1=wrong)


def test_truth_value_is_no_number_of_iterations():
    with pytest.raises(InputError, match="maxiter: got True; accepted is a whole number"):
        solvers.get("BFGS").solve(FunctionProblem(rosen, rosen_der), START, maxiter=True)


@pytest.mark.parametrize("form", ["dual", "products"])
def test_marquardt_scaling_refuses_the_forms_that_know_no_diagonal(form):
    with pytest.raises(InputError, match=f"form: got '{form}' with scaling 'marquardt'"):
        solvers.get("Levenberg-Marquardt", scaling="marquardt", form=form)


def test_marquardt_scaling_takes_the_primal_form_though_residuals_are_few():
    net = scipy_ae.Network.parse("6-3-6")
    rng = np.random.default_rng(0)
    objective, theta = scipy_ae.Objective(net, scipy_ae.Batch(rng.random((2, 6)))), net.initialize(rng, std=0.5)
    chosen, told = (
        solvers.get("LM", scaling="marquardt", form=form).solve(objective, theta, maxiter=5)
        for form in ("auto", "primal")
    )
    np.testing.assert_array_equal(chosen.x, told.x)


def test_powell_goes_on_from_a_huge_value():
    result = solvers.get("Powell").solve(FunctionProblem(Later(rosen, 1, 1e308)), START)
    assert result.success
    np.testing.assert_allclose(result.x, 1.0, atol=1e-3)


def test_tol_is_powells_two_tolerances_as_in_scipy():
    by_tol = minimize(rosen, START, method=solvers.powell, tol=1e-9)
    by_name = solvers.powell(rosen, START, xtol=1e-9, ftol=1e-9)
    assert (by_tol.nfev, by_tol.fun) == (by_name.nfev, by_name.fun)
    assert by_tol.nfev > solvers.powell(rosen, START).nfev
    np.testing.assert_allclose(by_tol.x, 1.0, atol=1e-7)


@pytest.mark.parametrize("eps", [np.ones(2), [1e-8, 0.0, 1e-8], [1e-8, np.nan, 1e-8], ["a", "b", "c"]], ids=str)
def test_steps_of_differences_that_do_not_fit_theta_are_refused(eps):
    with pytest.raises(InputError, match=r"eps: got .* of shape \(\d,\); accepted is a number, or 3 that are finite"):
        minimize(rosen, START, method=solvers.bfgs, options={"eps": eps})


def test_one_step_of_differences_for_each_entry_is_taken():
    each = minimize(rosen, START, method=solvers.bfgs, options={"eps": np.full(3, 1e-7)})
    one = minimize(rosen, START, method=solvers.bfgs, options={"eps": 1e-7})
    np.testing.assert_array_equal(each.x, one.x)
