"""SciPy's methods by name: lookup, options, memory, and the Hessian where only its products are there."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess, rosen_hess_prod, show_options
from zoo import ZOO, Counted, quadratic

from scipy_ae import solvers
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.problem import CAPABILITIES, FunctionProblem
from scipy_ae.solvers import free_memory, scipy_base
from scipy_ae.solvers.quasi_newton import BFGS
from scipy_ae.solvers.registry import OURS
from scipy_ae.solvers.scipy_methods import ScipyMethod
from scipy_ae.solvers.scipy_recipes import RECIPES

ROSEN = FunctionProblem(rosen, rosen_der, rosen_hess, rosen_hess_prod)
START = ZOO[0].start
METHODS = [recipe.method for recipe in RECIPES]

#: A value for each option, other than its default.
VALUES = {
    "maxfev": 50,
    "maxfun": 50,
    "initial_simplex": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    "adaptive": True,
    "direc": np.array([[1.0, 0.5], [0.0, 1.0]]),
    "norm": 2,
    "hess_inv0": np.eye(2) * 0.5,
    "maxcor": 5,
    "maxls": 10,
    "scale": np.array([2.0, 2.0]),
    "offset": np.array([0.1, 0.1]),
    "maxCGit": 2,
    "inexact": False,
    "subproblem_maxiter": 10,
    "c2": 0.3,
    "max_trust_radius": 50.0,
    "f_target": 1e-3,
}
#: What SciPy's texts list and we leave out: it prints, has no effect here, or is an argument of ``solve``.
LEFT_OUT = {
    "maxiter",
    "disp",
    "verbose",
    "iprint",
    "return_all",
    "eps",
    "finite_diff_rel_step",
    "workers",
    "bounds",
    "scale",
    "catol",
    "feasibility_tol",
    "barrier_tol",
    "sparse_jacobian",
    "initial_constr_penalty",
    "initial_barrier_parameter",
    "initial_barrier_tolerance",
    "factorization_method",
}


@pytest.mark.parametrize("method", METHODS)
def test_every_option_is_one_that_scipy_knows(method):
    recipe = next(recipe for recipe in RECIPES if recipe.method == method)
    for option in recipe.options:
        solver = solvers.get(f"scipy.{method}", **{option: VALUES.get(option, 1e-3)})
        assert solver.solve(ROSEN, START, maxiter=30).fun < rosen(START)


@pytest.mark.parametrize("method", METHODS)
def test_no_option_of_scipys_text_is_forgotten(method):
    text = show_options("minimize", method, disp=False).split("Returns\n")[0]
    listed = set(re.findall(r"^ {0,8}(\w+) : (?!OptimizeResult)", text, re.MULTILINE))
    recipe = next(recipe for recipe in RECIPES if recipe.method == method)
    of_results = {"fun", "x0", "args", "method", "options", "callback", "res", "x", "grad", "message", "jac"}
    if method == "trust-constr":  # its text goes on with the fields of the result
        listed &= {"gtol", "xtol", "initial_tr_radius", *LEFT_OUT}
    assert listed - of_results <= {*recipe.options, *LEFT_OUT}


@pytest.mark.parametrize("method", METHODS)
def test_options_reach_scipy(method):
    tight = {"COBYLA": {"tol": 1e-1}, "COBYQA": {"final_tr_radius": 1e-1}, "Nelder-Mead": {"xatol": 1, "fatol": 100}}
    options = tight.get(method, {})
    for option in ("gtol", "xtol", "ftol"):
        recipe = next(recipe for recipe in RECIPES if recipe.method == method)
        if option in recipe.options and not options:
            options = {option: 10.0}
    loose = solvers.get(f"scipy.{method}", **options).solve(ROSEN, START)
    assert loose.nfev < solvers.get(f"scipy.{method}").solve(ROSEN, START).nfev


@pytest.mark.parametrize("method", METHODS)
def test_unknown_option_is_refused_before_anything_runs(method):
    with pytest.raises(InputError, match=f"unknown option of .*{method} 'gtoll'.*accepted: "):
        solvers.get(f"scipy.{method}", gtoll=1.0)


def test_option_that_this_scipy_does_not_know_is_refused():
    newer = replace(RECIPES[0], options=("of_the_future",))
    with pytest.raises(InputError, match=r"SciPy .* does not know this option of Nelder-Mead: .*of_the_future"):
        ScipyMethod(newer, "Nelder-Mead", of_the_future=1).solve(ROSEN, START)


@pytest.mark.parametrize("method", METHODS)
def test_prefix_works_for_each_and_case_does_not_matter(method):
    solver = solvers.get(f"SciPy.{method.upper()}")
    assert isinstance(solver, ScipyMethod)
    assert solver.name == (f"scipy.{method}" if method in {ours.name for ours in OURS} else method)


def test_names_are_looked_up():
    assert isinstance(solvers.get("bfgs"), BFGS)
    assert isinstance(solvers.get("scipy.bfgs"), ScipyMethod)
    assert [solvers.get(short).name for short in ("gd", "adaptive", "lbfgs", "gradient_descent")] == [
        "gradient-descent",
        "adaptive-eta",
        "L-BFGS",
        "gradient-descent",
    ]
    for name in solvers.names():
        assert solvers.get(name).name == name
    with pytest.raises(InputError, match="unknown solver 'bfsg': did you mean 'BFGS'"):
        solvers.get("bfsg")
    with pytest.raises(InputError, match="solver: got 3"):
        solvers.get(3)


def test_table_tells_of_each():
    rows = list(solvers.table())
    assert [row.name for row in rows] == solvers.names()
    for row in rows:
        assert {"fun"} <= row.needs <= set(CAPABILITIES)
        assert row.about
        assert solvers.get(row.name).about == row.about
        assert row.options


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "trust-ncg", "SLSQP", "Powell", "Nelder-Mead"])
def test_the_way_is_scipys_own(method):
    gradient = {} if method in ("Powell", "Nelder-Mead") else {"jac": rosen_der}
    products = {"hessp": rosen_hess_prod} if method == "trust-ncg" else {}
    theirs = minimize(rosen, START, method=method, **gradient, **products)
    ours = solvers.get(f"scipy.{method}").solve(ROSEN, START)
    assert ours.nit == theirs.nit
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)


def test_value_and_gradient_are_asked_once_for_each_point():
    for method in ("CG", "BFGS", "L-BFGS-B", "TNC", "Newton-CG", "SLSQP", "trust-ncg", "trust-constr"):
        points = []
        problem = FunctionProblem(lambda x: points.append(tuple(x)) or rosen(x), rosen_der, rosen_hess)  # noqa: B023
        solvers.get(f"scipy.{method}").solve(problem, START, maxiter=10)
        assert all(one != two for one, two in pairwise(points))


@pytest.mark.parametrize("method", ["dogleg", "trust-exact"])
def test_hessian_is_made_of_products_where_need_be(method):
    whole, columns = Counted(ROSEN), Counted(ROSEN, {"fun", "jac", "hessp"})
    from_whole = solvers.get(method).solve(whole, START)
    from_columns = solvers.get(method).solve(columns, START)
    np.testing.assert_allclose(from_columns.x, from_whole.x, rtol=1e-8)
    assert from_columns.nhev == START.size * from_whole.nhev


@pytest.mark.parametrize("method", ["trust-ncg", "scipy.trust-krylov", "scipy.Newton-CG", "trust-constr"])
def test_products_are_made_of_the_hessian_where_need_be(method):
    result = solvers.get(method).solve(Counted(ROSEN, {"fun", "jac", "hess"}), START)
    assert result.fun < 1e-6
    assert result.nhev > 0


def test_newton_cg_does_without_products():
    result = solvers.get("scipy.Newton-CG").solve(Counted(ROSEN, {"fun", "jac"}), START)
    assert result.fun < 1e-6
    assert result.nhev == 0


@pytest.mark.parametrize(
    ("method", "alternative"),
    [("scipy.BFGS", "BFGS"), ("SLSQP", "BFGS"), ("trust-exact", "trust-ncg"), ("dogleg", "trust-ncg")],
)
def test_too_large_matrices_are_refused_with_number_and_alternative(monkeypatch, method, alternative):
    monkeypatch.setattr(scipy_base, "free_bytes", lambda: 5_000)
    start = np.ones(20)
    with pytest.raises(
        UnsupportedError,
        match=f"^{method} would need 0.0 GB for its matrices of 20 x 20, 0.0 GB are free; use {alternative}$",
    ):
        solvers.get(method).solve(quadratic(20, 2.0), start)
    for small in ("CG", "L-BFGS-B", "TNC", "scipy.Newton-CG", "trust-ncg", "trust-constr"):
        assert solvers.get(small).solve(quadratic(20, 2.0), start, maxiter=2).nit > 0
    with pytest.raises(UnsupportedError, match="trust-constr would need"):
        solvers.get("trust-constr").solve(Counted(quadratic(20, 2.0), {"fun", "jac"}), start)


def test_where_free_memory_is_not_known_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(scipy_base, "free_bytes", lambda: None)
    assert solvers.get("scipy.BFGS").solve(ROSEN, START).success


def test_free_memory_is_read(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")
    monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(free_memory, "_GROUP", tmp_path)
    assert free_memory.free_bytes() == 4000 * 1024
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_bytes() == 4000 * 1024
    (tmp_path / "memory.max").write_text("1500\n")
    assert free_memory.free_bytes() == 500
    monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(free_memory, "_GROUP", tmp_path / "none")
    assert free_memory.free_bytes() > 2**20


def test_matrix_of_scipys_bfgs_is_carried():
    first = solvers.get("scipy.BFGS").solve(ROSEN, START, maxiter=15)
    assert first.memory.shape == (2, 2)
    theirs = minimize(rosen, first.x, jac=rosen_der, method="BFGS", options={"hess_inv0": first.memory, "maxiter": 5})
    again = solvers.get("scipy.BFGS").solve(ROSEN, first.x, maxiter=5, memory=first.memory)
    np.testing.assert_allclose(again.x, theirs.x, rtol=1e-10)


def test_tnc_is_bounded_in_iterations_and_not_by_its_evaluations():
    result = solvers.get("TNC").solve(quadratic(30, 1e4), np.linspace(-1, 1, 30), maxiter=9)
    assert (result.nit, result.status) == (9, solvers.MAXITER)
    assert solvers.get("TNC").solve(quadratic(30, 1e4), np.linspace(-1, 1, 30), maxiter=60).nfev > 10 * 30 + 1
    assert solvers.get("TNC", maxfun=20).solve(quadratic(30, 1e4), np.linspace(-1, 1, 30), maxiter=90).nfev < 60
