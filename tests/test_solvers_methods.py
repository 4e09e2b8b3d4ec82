"""Our solvers as ``minimize(method=...)``."""

import numpy as np
import pytest
from scipy.optimize import Bounds, minimize, rosen, rosen_der, rosen_hess

from scipy_ae import solvers
from scipy_ae.errors import InputError

START = np.array([-1.2, 1.0])
CALLABLES = {
    "bfgs": {},
    "lbfgs": {},
    "adam": {"eta": 0.1, "maxiter": 5000},
    "gradient_descent": {"eta": 2e-3, "maxiter": 20000},
    "momentum": {"eta": 1e-3, "maxiter": 5000},
    "adaptive_eta": {"eta": 1e-3, "up": 1.2, "guard": True, "maxiter": 20000},
}


@pytest.mark.parametrize("name", CALLABLES)
def test_each_is_a_method_of_minimize(name):
    result = minimize(rosen, START, jac=rosen_der, method=getattr(solvers, name), tol=1e-3, options=CALLABLES[name])
    assert result.success
    np.testing.assert_allclose(result.x, 1.0, atol=1e-2)


def test_bfgs_counts_and_ends_as_scipys():
    theirs = minimize(rosen, START, jac=rosen_der, method="BFGS", tol=1e-7)
    ours = minimize(rosen, START, jac=rosen_der, method=solvers.bfgs, tol=1e-7)
    assert (ours.nit, ours.nfev, ours.njev) == (theirs.nit, theirs.nfev, theirs.njev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-6)
    np.testing.assert_allclose(ours.hess_inv @ np.eye(2), theirs.hess_inv, rtol=0.05)


def test_value_and_gradient_from_one_function():
    calls = []

    def both(x):
        calls.append(x)
        return rosen(x), rosen_der(x)

    result = minimize(both, START, jac=True, method=solvers.bfgs)
    assert result.success
    assert len(calls) == result.nfev
    assert solvers.bfgs(both, START, jac=True).nit == result.nit


def test_without_gradient_by_forward_differences_as_scipy():
    # the noise of the differences, 1e-8, grows a hundredfold every five steps, and decides the last ones
    theirs = minimize(rosen, START, method="BFGS", options={"maxiter": 20})
    ours = minimize(rosen, START, method=solvers.bfgs, options={"maxiter": 20})
    assert (ours.nit, ours.nfev, ours.njev) == (theirs.nit, theirs.nfev, theirs.njev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-2)
    assert minimize(rosen, START, method=solvers.bfgs, options={"gtol": 1e-3}).fun < 1e-9


def test_step_of_differences_is_the_one_given():
    coarse = minimize(rosen, START, method=solvers.bfgs, options={"eps": 1e-3, "maxiter": 1})
    fine = minimize(rosen, START, method=solvers.bfgs, options={"maxiter": 1})
    assert np.abs(coarse.x - fine.x).max() > 1e-5


def test_eps_of_adam_is_its_own():
    plain = minimize(rosen, START, jac=rosen_der, method=solvers.adam, options={"maxiter": 5})
    damped = minimize(rosen, START, jac=rosen_der, method=solvers.adam, options={"maxiter": 5, "eps": 100.0})
    assert np.abs(damped.x - START).max() < 0.9 * np.abs(plain.x - START).max()


def test_args_reach_function_and_gradient():
    def fun(x, a, b):
        return float(np.sum((x - a) ** 2) * b)

    def jac(x, a, b):
        return 2 * b * (x - a)

    result = minimize(fun, START, args=(3.0, 2.0), jac=jac, method=solvers.bfgs)
    np.testing.assert_allclose(result.x, 3.0, atol=1e-6)


@pytest.mark.parametrize("new_style", [True, False])
def test_both_forms_of_callback(new_style):
    seen = []

    def by_result(intermediate_result):
        seen.append(intermediate_result.x)

    result = minimize(
        rosen, START, jac=rosen_der, method=solvers.bfgs, callback=by_result if new_style else seen.append
    )
    assert len(seen) == result.nit
    np.testing.assert_array_equal(seen[-1], result.x)


def test_callback_stops_it():
    def stop(intermediate_result):
        raise StopIteration

    result = minimize(rosen, START, jac=rosen_der, method=solvers.lbfgs, callback=stop)
    assert (result.nit, result.status) == (1, 99)


def test_return_all_and_disp(capsys):
    result = minimize(rosen, START, jac=rosen_der, method=solvers.bfgs, options={"return_all": True, "disp": True})
    assert len(result.allvecs) == result.nit + 1
    np.testing.assert_array_equal(result.allvecs[0], START)
    np.testing.assert_array_equal(result.allvecs[-1], result.x)
    assert f"Iterations: {result.nit}" in capsys.readouterr().out
    minimize(rosen, START, jac=rosen_der, method=solvers.bfgs)
    assert capsys.readouterr().out == ""


def test_memory_goes_round():
    first = minimize(rosen, START, jac=rosen_der, method=solvers.bfgs, options={"maxiter": 20})
    again = minimize(rosen, first.x, jac=rosen_der, method=solvers.bfgs, options={"memory": first.memory})
    scratch = minimize(rosen, first.x, jac=rosen_der, method=solvers.bfgs)
    assert again.success
    assert again.nfev < scratch.nfev


@pytest.mark.parametrize(
    "given",
    [
        {"bounds": [(0, 1), (0, 1)]},
        {"bounds": Bounds(0, 1)},
        {"constraints": {"type": "eq", "fun": lambda x: x[0]}},
        {"hess": rosen_hess},
        {"hessp": lambda x, v: v},
    ],
)
@pytest.mark.parametrize("name", ["bfgs", "adam"])
def test_what_cannot_be_honoured_is_refused(name, given):
    keyword = next(iter(given))
    with pytest.raises(InputError, match=f"^{keyword}: .* cannot use it"):
        minimize(rosen, START, jac=rosen_der, method=getattr(solvers, name), **given)


def test_what_is_none_or_empty_is_not_refused():
    assert solvers.bfgs(
        rosen, START, (), rosen_der, hess=None, hessp=None, bounds=None, constraints=(), tol=None
    ).success


def test_unknown_option_is_named_with_the_nearest():
    with pytest.raises(InputError, match="unknown option of BFGS 'maxit': did you mean 'maxiter'"):
        minimize(rosen, START, jac=rosen_der, method=solvers.bfgs, options={"maxit": 3})


def test_start_of_one_number():
    result = minimize(lambda x: float((x[0] - 2) ** 2), 0.0, method=solvers.bfgs)
    np.testing.assert_allclose(result.x, [2.0], atol=1e-5)


def test_each_tells_what_it_is():
    for name in CALLABLES:
        assert getattr(solvers, name).__name__ in (name, name.replace("lbfgs", "l_bfgs"))
        assert "minimize" in getattr(solvers, name).__doc__
