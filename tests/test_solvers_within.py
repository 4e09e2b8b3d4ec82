"""Every method of ours stays in compiled code between evaluations, whatever the objective of ours."""

import numpy as np
import pytest

import scipy_ae
from scipy_ae import solvers
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import UnsupportedError
from scipy_ae.kernels import second_order
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity
from scipy_ae.problem import Problem
from scipy_ae.solvers import base, modelled, operators
from scipy_ae.solvers.krylov import columns
from scipy_ae.solvers.machine import Machine
from scipy_ae.solvers.watched import Watched

#: Method, options; those that need second derivatives last.
METHODS = [
    *((name, {}) for name in ("gradient-descent", "momentum", "adaptive-eta", "Adam", "Rprop", "BFGS", "L-BFGS", "CG")),
    ("CG", {"beta": "polak-ribiere"}),
    *((name, {"form": form}) for name in ("Levenberg-Marquardt", "Gauss-Newton") for form in ("auto", "products")),
    ("Levenberg-Marquardt", {"scaling": "marquardt"}),
    ("Levenberg-Marquardt", {"update": "nielsen", "form": "products"}),
    ("Newton-CG", {}),
    ("Newton-CG", {"curvature": "hessian", "stop": "forcing", "precondition": "none"}),
    ("trust-krylov", {}),
]
OF_SECOND_ORDER = ("Levenberg-Marquardt", "Gauss-Newton", "Newton-CG", "trust-krylov")
KINDS = {
    "plain": ((), None, np.float64),
    "decay": ((L2(1e-3),), None, np.float64),
    "single": ((L2(1e-3),), None, np.float32),
    "l1": ((L1Sparsity(1e-2, "all"),), None, np.float64),
    "kl": ((KLSparsity(0.1, 0.2, "encoder.0"), L2(1e-3)), None, np.float64),
    "contractive": ((Contractive(0.05),), None, np.float64),
    "variational": ((), Variational(0.5), np.float64),
    "sparse variational": ((KLSparsity(0.1, 0.2, "encoder.0"),), Variational(0.5), np.float64),
}
#: What a Python call could ask of an objective.
ASKED = (
    "fun", "jac", "fun_and_jac", "hess", "hessp", "gauss_newton", "gauss_newton_p", "gauss_newton_diagonal",
    "gauss_newton_root", "residual", "residual_jac",
)  # fmt: skip


def objective(kind):
    penalties, bottleneck, dtype = KINDS[kind]
    rng = np.random.default_rng(3)
    ends = 3 if bottleneck is None else bottleneck.outputs(3)
    layers = [
        scipy_ae.Dense(9, 6, "logistic"),
        scipy_ae.Dense(6, ends, "logistic" if bottleneck is None else "identity"),
    ]
    net = scipy_ae.Network(layers, [scipy_ae.Dense(3, 6, "tanh"), scipy_ae.Dense(6, 9, "logistic")], bottleneck)
    batch = scipy_ae.Batch((rng.random((12, 9)) > 0.5) * 1.0, weight=rng.uniform(0.5, 2.0, size=12))
    if bottleneck is not None:
        batch = batch.with_eps(rng, 3, 2)
    return Objective(net, batch, penalties=penalties, dtype=dtype), net.initialize(rng, init="fan-in")


def watch(monkeypatch):
    """Lists that grow with each question to an objective in Python, and with each entry into a kernel."""
    asked, entered = [], []
    for name in ASKED:
        whole = getattr(Objective, name)
        monkeypatch.setattr(Objective, name, lambda *given, name=name, whole=whole: asked.append(name) or whole(*given))
    run = Machine.run
    monkeypatch.setattr(Machine, "run", lambda *given: entered.append(1) or run(*given))
    return asked, entered


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "options"), METHODS, ids=str)
def test_no_step_goes_back_to_python(name, options, kind, monkeypatch):
    problem, theta = objective(kind)
    solver = solvers.get(name, **options)
    if kind == "contractive" and name in OF_SECOND_ORDER:
        with pytest.raises(UnsupportedError, match=f"{name} needs hessp; this objective offers fun, jac"):
            solver.solve(problem, theta)
        return
    for room in (base, "_HEARD"), (modelled, "HEARD"), (operators, "HEARD"):
        monkeypatch.setattr(*room, 1e9)  # nobody looks up
    asked, entered = watch(monkeypatch)
    result = solver.solve(problem, theta, maxiter=16)
    assert asked in (["fun_and_jac"], ["fun_and_jac", "jac"])
    assert result.nfev > result.nit > 0
    assert len(entered) <= 7


class Asked(Problem):
    """The same problem with nothing to call by address, which counts what is asked."""

    def __init__(self, problem):
        self._problem, self.offers = problem, problem.offers & {"fun", "jac", "hessp", "gauss_newton_p"}
        self.evaluations = self.products = 0

    def fun(self, theta):
        return self._problem.fun(theta)

    def fun_and_jac(self, theta):
        self.evaluations += 1
        return self._problem.fun_and_jac(theta)

    def hessp(self, theta, v):
        self.products += 1
        return self._problem.hessp(theta, v)

    def gauss_newton_p(self, theta, v):
        self.products += 1
        return self._problem.gauss_newton_p(theta, v)


FORMS = [("l1", "auto"), ("kl", "auto"), ("variational", "primal"), ("sparse variational", "auto")]
FORMS += [(kind, "products") for kind in ("plain", "decay", "single", "l1", "kl", "variational")]
forms = pytest.mark.parametrize(("kind", "form"), FORMS)
damped = pytest.mark.parametrize("name", ["Levenberg-Marquardt", "Gauss-Newton"])


def options_of(name, form):
    """Well damped: where mu is tiny rounding alone decides between two ways of working it out."""
    return {"form": form, **({"tau": 0.1} if name == "Levenberg-Marquardt" else {"regularisation": 1e-2})}


@damped
@forms
def test_compiled_models_of_products_take_the_steps_of_python(name, kind, form):
    problem, theta = objective(kind)
    plain, told, asked_told = Asked(problem), [], []
    solver = solvers.get(name, **options_of(name, form))
    ours = solver.solve(problem, theta, maxiter=10, callback=told.append)
    theirs = solver.solve(plain, theta, maxiter=10, callback=asked_told.append)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(ours.memory.mu, theirs.memory.mu, rtol=1e-9)
    for field in ("nit", "nfev", "njev", "nhev", "status", "message"):
        assert ours[field] == theirs[field]
    assert ours.nfev == plain.evaluations
    assert ours.nhev == plain.products >= (theta.size * ours.nit if form != "products" else ours.nit)
    assert ours.fun < problem.fun(theta)
    assert [state.nit for state in told] == list(range(1, 11))
    for mine, other in zip(told, asked_told, strict=True):
        np.testing.assert_allclose(mine.x, other.x, rtol=1e-9, atol=1e-11)
        assert mine.nfev == other.nfev


def test_marquardts_scale_is_that_of_the_columns():
    problem, theta = objective("kl")
    solver = solvers.get("lm", scaling="marquardt", tau=0.1)
    ours, theirs = (solver.solve(each, theta, maxiter=6) for each in (problem, Asked(problem)))
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(ours.memory.scale, theirs.memory.scale, rtol=1e-9)


@damped
@forms
def test_looking_up_within_a_model_changes_no_step(name, kind, form, monkeypatch):
    problem, theta = objective(kind)
    solver = solvers.get(name, form=form)
    whole = solver.solve(problem, theta, maxiter=6)
    for room in (modelled, operators):
        monkeypatch.setattr(room, "HEARD", 0.0)  # one product at a time
    _, entered = watch(monkeypatch)
    paused = solver.solve(problem, theta, maxiter=6)
    assert len(entered) >= paused.nhev > paused.nit
    np.testing.assert_array_equal(paused.x, whole.x)
    for field in ("nit", "nfev", "njev", "nhev", "message"):
        assert paused[field] == whole[field]


@damped
@pytest.mark.parametrize(("kind", "form"), [("kl", "auto"), ("plain", "products")])
def test_callback_ends_a_run_and_damping_goes_on_from_there(name, kind, form):
    problem, theta = objective(kind)
    solver = solvers.get(name, form=form)

    def stop(state):
        if state.nit == 3:
            raise StopIteration

    first = solver.solve(problem, theta, maxiter=9, callback=stop)
    assert (first.nit, first.status) == (3, solvers.STOPPED)
    on = solver.solve(problem, first.x, maxiter=1, memory=first.memory)
    assert on.fun < first.fun
    if form == "auto":  # conjugate gradients begin anew in each run
        np.testing.assert_array_equal(on.x, solver.solve(problem, theta, maxiter=4).x)


@damped
@forms
def test_work_arrays_that_grow_under_a_run_do_no_harm(name, kind, form):
    problem, theta = objective(kind)
    rows = np.tile(np.arange(12), 40)
    more = problem.on(problem.batch.rows(rows))

    def disturb(state):
        more.hessp(state.x + 1.0, state.x)

    solver = solvers.get(name, form=form)
    disturbed = solver.solve(problem, theta, maxiter=6, callback=disturb)
    np.testing.assert_array_equal(disturbed.x, solver.solve(objective(kind)[0], theta, maxiter=6).x)


@pytest.mark.parametrize("kind", ["plain", "kl", "sparse variational"])
def test_columns_are_the_hessian_whoever_makes_them(kind):
    problem, theta = objective(kind)
    expected = np.array([problem.hessp(theta, unit) for unit in np.eye(theta.size)])
    for each in problem, Asked(problem):
        watched = Watched(each)
        matrix = columns(operators.Operators(watched, "hessp"), theta)
        np.testing.assert_allclose(matrix, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(matrix, matrix.T)
        assert watched.nhev == theta.size


@pytest.mark.parametrize("kind", ["plain", "kl"])
@pytest.mark.parametrize("name", ["trust-exact", "dogleg"])
def test_scipys_methods_have_their_matrix_from_compiled_code(name, kind, monkeypatch):
    problem, theta = objective(kind)
    plain = Asked(problem)
    theirs = solvers.get(name).solve(plain, theta, maxiter=4)
    asked, _ = watch(monkeypatch)
    ours = solvers.get(name).solve(problem, theta, maxiter=4)
    assert "hessp" not in asked
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-8, atol=1e-10)
    assert (ours.nit, ours.nfev, ours.nhev) == (theirs.nit, theirs.nfev, theirs.nhev)
    assert ours.nhev == plain.products > 0


@pytest.mark.parametrize("product", ["gauss_newton_p", "hessp"])
def test_products_in_single_precision_are_those_in_double(product):
    (single, theta), (double, _) = objective("single"), objective("decay")
    rng, out = np.random.default_rng(2), np.empty(theta.size)
    address = single.native.product(product)
    for fresh in (1, 0):
        v = rng.normal(size=theta.size)
        second_order.product(address, single.native.context, fresh, theta, v, out)
        expected = getattr(double, product)(theta, v)
        assert 0 < np.linalg.norm(out - expected) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("kind", ["kl", "variational"])
def test_products_of_terms_sweep_forward_only_where_theta_is_new(kind):
    problem, theta = objective(kind)
    v = np.random.default_rng(1).normal(size=theta.size)
    expected, out = problem.hessp(theta, v), np.empty(theta.size)
    second_order.product(problem.native.product("hessp"), problem.native.context, 0, theta + 1.0, v, out)
    assert np.abs(out - expected).max() > 1e-6  # the weights are new, what was swept is not
    second_order.product(problem.native.product("hessp"), problem.native.context, 1, theta + 1.0, v, out)
    np.testing.assert_allclose(out, problem.hessp(theta + 1.0, v), rtol=1e-12)
    second_order.product(problem.native.product("hessp"), problem.native.context, 1, theta, v, out)
    second_order.product(problem.native.product("hessp"), problem.native.context, 0, theta, v, out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_powell_asks_for_few_values_in_a_round(kind, monkeypatch):
    """Directions change in Python, between rounds of some five values for each weight."""
    problem, theta = objective(kind)
    asked, _ = watch(monkeypatch)
    result = solvers.get("Powell").solve(problem, theta, maxiter=3)
    assert set(asked) == {"fun"}
    assert result.nfev > 2 * theta.size * result.nit
    assert len(asked) <= 1 + 4 * result.nit
