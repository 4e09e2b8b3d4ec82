"""BFGS and L-BFGS: SciPy's iterates, three forms of one matrix, and what happens at their limits."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der
from zoo import ZOO, Counted, quadratic, rosenbrock

from scipy_ae import solvers
from scipy_ae.errors import InputError
from scipy_ae.kernels import quasi_newton as kernels
from scipy_ae.problem import FunctionProblem
from scipy_ae.solvers.inverse_hessian import DenseMatrix, DirectionSum, PairRing

ROSEN = FunctionProblem(rosen, rosen_der)


def iterates(solver, problem, start, steps):
    seen = []
    result = solver.solve(problem, start, maxiter=steps, callback=lambda state: seen.append(state.x))
    return np.array(seen), result


def scipys_iterates(problem, start, steps, **options):
    seen = []
    minimize(
        problem.fun,
        start,
        jac=problem.jac,
        method="BFGS",
        callback=lambda x: seen.append(x.copy()),
        options={"maxiter": steps, **options},
    )
    return np.array(seen)


def worst_difference(ours, theirs):
    assert len(ours) == len(theirs) > 5
    return np.max(np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1))


# ---------------------------------------------------------------------------------- SciPy's iterates


@pytest.mark.parametrize("size", [2, 10, 200])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_iterates_are_scipys_on_rosenbrock(size, seed):
    start = np.tile([-1.2, 1.0], size // 2) if seed is None else np.random.default_rng(seed).normal(size=size)
    ours, _ = iterates(solvers.get("BFGS"), ROSEN, start, 30)
    assert worst_difference(ours, scipys_iterates(ROSEN, start, 30)) < 1e-6


@pytest.mark.parametrize("animal", ZOO[3:], ids=str)
def test_iterates_are_scipys_on_the_zoo(animal):
    ours, _ = iterates(solvers.get("BFGS"), animal.problem, animal.start, 15)
    assert worst_difference(ours, scipys_iterates(animal.problem, animal.start, 15)) < 1e-6


@pytest.mark.parametrize(("c1", "c2"), [(0.3, 0.31), (1e-4, 1e-3), (0.4, 0.9)])
def test_iterates_are_scipys_under_hard_wolfe_conditions(c1, c2):
    start = np.random.default_rng(5).normal(size=6) * 3
    ours, _ = iterates(solvers.get("BFGS", c1=c1, c2=c2), ROSEN, start, 12)
    assert worst_difference(ours, scipys_iterates(ROSEN, start, 12, c1=c1, c2=c2)) < 1e-6


def test_evaluations_are_no_more_than_scipys():
    start = ZOO[0].start
    theirs = minimize(rosen, start, jac=rosen_der, method="BFGS")
    ours = solvers.get("BFGS").solve(ROSEN, start)
    assert (ours.nit, ours.nfev) == (theirs.nit, theirs.nfev)


# ---------------------------------------------------------------------------------- one matrix, three forms


def updated(matrix, s, y):
    """The BFGS formula, as published."""
    rho, unit = 1 / (s @ y), np.eye(s.size)
    return (unit - rho * np.outer(s, y)) @ matrix @ (unit - rho * np.outer(y, s)) + rho * np.outer(s, s)


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 9])
@pytest.mark.parametrize("bursts", [False, True])
@pytest.mark.parametrize("form", ["sum", "ring", "dense"])
def test_forms_follow_the_formula(form, bursts, steps):
    """Also where every other step begins anew at another point, as a burst does."""
    rng, n = np.random.default_rng(steps), 40
    hessian = quadratic(n, 50.0)
    memory = {"sum": DirectionSum(n), "ring": PairRing(n, 20, "fixed"), "dense": DenseMatrix(np.eye(n))}[form]
    matrix, g = np.eye(n), rng.normal(size=n)
    p, _ = memory.direction(g)
    for step in range(steps):
        if bursts and step % 2:
            g = g + hessian.jac(rng.normal(size=n))
            for _ in range(step):  # what is asked and not used leaves nothing behind
                p, slope = memory.direction(g)
            np.testing.assert_allclose(p, -matrix @ g, rtol=1e-8, atol=1e-10)
            assert slope == pytest.approx(p @ g, rel=1e-10)
        memory = memory.roomy()
        alpha = rng.uniform(0.1, 2)
        g_new = g + hessian.jac(alpha * p)
        matrix = updated(matrix, alpha * p, g_new - g)
        p, slope = memory.advance(alpha, p, g, g_new)
        g = g_new
        np.testing.assert_allclose(p, -matrix @ g, rtol=1e-8, atol=1e-10)
        assert slope == pytest.approx(p @ g, rel=1e-10)
    assert memory.pairs == steps
    v = rng.normal(size=n)
    np.testing.assert_allclose(memory.matvec(v), matrix @ v, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("scaling", ["newest", "first", "fixed"])
def test_full_ring_keeps_the_newest_pairs(scaling):
    rng, n, rows = np.random.default_rng(0), 7, 3
    hessian = quadratic(n, 10.0)
    ring, g, pairs = PairRing(n, rows, scaling), rng.normal(size=n), []
    p, _ = ring.direction(g)
    for _ in range(8):
        ring = ring.roomy()
        g_new = g + hessian.jac(0.3 * p)
        pairs.append((0.3 * p, g_new - g))
        p, _ = ring.advance(0.3, p, g, g_new)
        g = g_new
    s, y = pairs[-1]
    matrix = np.eye(n) * (s @ y) / (y @ y)
    for s, y in pairs[-rows:]:
        matrix = updated(matrix, s, y)
    assert ring.pairs == rows
    np.testing.assert_allclose(p, -matrix @ g, rtol=1e-10)


@pytest.mark.parametrize("size", [2, 3, 10, 30])
def test_fold_into_the_matrix_changes_no_iterate(size):
    start = np.random.default_rng(size).normal(size=size)
    steps = size + 5
    folded, result = iterates(solvers.get("BFGS"), ROSEN, start, steps)
    dense, _ = iterates(solvers.get("BFGS", hess_inv0=np.eye(size)), ROSEN, start, steps)
    assert isinstance(result.memory, DenseMatrix)
    assert worst_difference(folded, dense) < 1e-6


def test_rows_are_kept_until_they_take_more_room_than_the_matrix():
    start = np.random.default_rng(0).normal(size=20)
    assert isinstance(solvers.get("BFGS").solve(ROSEN, start, maxiter=18).memory, DirectionSum)
    assert isinstance(solvers.get("BFGS").solve(ROSEN, start, maxiter=20).memory, DenseMatrix)


def test_memory_limit_is_kept_by_dropping_the_oldest_pairs():
    n, limit = 200, 16 * 200 * 12
    start = rosenbrock(n).start
    result = solvers.get("BFGS", max_memory=limit).solve(ROSEN, start, maxiter=400)
    assert isinstance(result.memory, PairRing)
    assert result.memory.pairs == 12
    assert result.memory.nbytes <= limit + 8 * 12
    assert solvers.get("BFGS", max_memory=limit).solve(ROSEN, start).success


def test_limited_memory_is_bfgs_until_a_pair_is_dropped():
    n = 200
    start = rosenbrock(n).start
    limited, result = iterates(solvers.get("BFGS", max_memory=16 * n * 30), ROSEN, start, 30)
    full, _ = iterates(solvers.get("BFGS"), ROSEN, start, 30)
    assert isinstance(result.memory, PairRing)
    assert worst_difference(limited, full) < 1e-6


def test_default_limit_is_one_gib():
    assert isinstance(solvers.get("BFGS").solve(quadratic(6, 2.0), np.ones(6), maxiter=1).memory, DirectionSum)
    big = FunctionProblem(lambda x: 0.5 * x @ x, lambda x: x.copy())
    assert isinstance(solvers.get("BFGS").solve(big, np.ones(8192), maxiter=1).memory, DirectionSum)
    assert isinstance(solvers.get("BFGS").solve(big, np.ones(8193), maxiter=1).memory, PairRing)


def test_pair_without_curvature_is_left_out():
    n = 6
    for memory in (DirectionSum(n), PairRing(n, 3), DenseMatrix(np.eye(n))):
        memory, g = memory.roomy(), np.ones(n)
        p, _ = memory.direction(g)
        p, slope = memory.advance(0.5, p, g, g * 1.5)  # the slope grew along the step
        assert memory.pairs == 0
        np.testing.assert_allclose(p, -1.5 * g)
        assert slope == pytest.approx(-n * 2.25)


# ---------------------------------------------------------------------------------- where H starts


def test_scaled_start_is_the_scaled_problem():
    times = FunctionProblem(lambda x: 4 * rosen(x), lambda x: 4 * rosen_der(x))
    start = rosenbrock(10).start
    scaled, _ = iterates(solvers.get("BFGS", h0=4.0), ROSEN, start, 20)
    plain, _ = iterates(solvers.get("BFGS"), times, start, 20)
    assert worst_difference(scaled, plain) < 1e-9


@pytest.mark.parametrize("max_memory", [2**28, 16 * 10 * 8])
def test_first_pair_scales_once(max_memory):
    start = rosenbrock(10).start
    seen, _ = iterates(solvers.get("BFGS", h0="first-pair", max_memory=max_memory), ROSEN, start, 6)
    s, y = seen[0] - start, rosen_der(seen[0]) - rosen_der(start)
    gamma = (s @ y) / (y @ y)
    expected = DenseMatrix.given(updated(gamma * np.eye(10), s, y), 10)
    result = solvers.get("BFGS", h0="first-pair", max_memory=max_memory).solve(ROSEN, start, maxiter=1)
    v = np.arange(10.0)
    np.testing.assert_allclose(result.memory.matvec(v), expected.matvec(v), rtol=1e-8)


def test_given_inverse_hessian_is_used_and_left_alone():
    problem, matrix = quadratic(5, 100.0), np.linalg.inv(quadratic(5, 100.0).hess(None))
    matrix = 0.5 * (matrix + matrix.T)
    before = matrix.copy()
    result = solvers.get("BFGS", hess_inv0=matrix).solve(problem, np.arange(1.0, 6.0))
    assert result.nit <= 3
    np.testing.assert_array_equal(matrix, before)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hess_inv0": np.eye(3)}, r"hess_inv0: got shape \(3, 3\); accepted is \(2, 2\)"),
        ({"hess_inv0": np.array([[1.0, 2.0], [2.0, 1.0]])}, "not positive definite"),
        ({"hess_inv0": np.array([[1.0, 0.5], [0.0, 1.0]])}, "not symmetric"),
        ({"hess_inv0": np.eye(2), "h0": 3.0}, "contradicts hess_inv0"),
        ({"h0": "one"}, "h0: got 'one'; accepted are"),
        ({"h0": -1.0}, "h0: got -1.0"),
        ({"gtol": -1}, "gtol: got -1"),
        ({"gtol": math.nan}, "gtol: got nan"),
        ({"c1": 0.9, "c2": 0.1}, "accepted is 0 < c1 < c2 < 1"),
        ({"max_memory": 0}, "max_memory: got 0"),
    ],
)
def test_bad_options_are_refused(options, sentence):
    with pytest.raises(InputError, match=sentence):
        solvers.get("BFGS", **options).solve(ROSEN, np.ones(2) * 3)


@pytest.mark.parametrize("maxcor", [0, 2.5, "many"])
def test_bad_maxcor_is_refused(maxcor):
    with pytest.raises(InputError, match="maxcor"):
        solvers.get("L-BFGS", maxcor=maxcor)


# ---------------------------------------------------------------------------------- going on, and stopping


@pytest.mark.parametrize("name", ["BFGS", "L-BFGS"])
def test_carried_run_first_tries_the_whole_step(name):
    # at this point the last decrease, as if from scratch, would suggest a shorter one
    problem = quadratic(5, 10.0)
    first = solvers.get(name).solve(problem, np.arange(1e4, 6e4, 1e4), maxiter=2)
    whole = first.memory.matvec(first.jac)
    assert 1.01 * np.linalg.norm(first.jac) / (first.jac @ whole) < 1
    expected = first.x - whole
    tried = []

    def fun(x):
        tried.append(x)
        return problem.fun(x)

    solvers.get(name).solve(FunctionProblem(fun, problem.jac), first.x, maxiter=1, memory=first.memory)
    np.testing.assert_allclose(tried[1], expected, rtol=1e-12)


def test_bursts_with_carry_are_one_long_run():
    """Where every line search takes its first trial, there is nothing that a burst forgets."""
    problem, start = quadratic(30, 100.0), np.linspace(-1, 1, 30)
    long = solvers.get("BFGS").solve(problem, start)
    theta, memory, steps = start, None, 0
    for _ in range(30):
        result = solvers.get("BFGS").solve(problem, theta, maxiter=5, memory=memory)
        theta, memory, steps = result.x, result.memory, steps + result.nit
        if result.success:
            break
    assert result.success
    assert abs(steps - long.nit) <= 6


def test_stop_by_the_callback_keeps_the_memory():
    def stop(state):
        if state.nit == 4:
            raise StopIteration

    result = solvers.get("BFGS").solve(ROSEN, rosenbrock(10).start, callback=stop)
    assert result.memory.pairs == 4


def test_misleading_memory_is_forgotten():
    steep = FunctionProblem(lambda x: 0.5 * x @ x, lambda x: x.copy())
    memory = DenseMatrix(np.diag([1.0, -1.0]), pairs=3)  # no descent where the second weight has a slope
    result = solvers.get("BFGS").solve(steep, np.array([0.1, 2.0]), memory=memory)
    assert result.success
    assert result.memory is not memory


def test_precision_of_the_objective_used_up_is_said():
    wrong = FunctionProblem(lambda x: float(x @ x), lambda x: -2 * x)
    result = solvers.get("BFGS").solve(wrong, np.array([3.0, 4.0]))
    assert (result.status, result.success) == (solvers.STUCK, False)
    assert "precision" in result.message


@pytest.mark.parametrize(("option", "value"), [("xrtol", 1e-2), ("gtol", 1.0), ("ftol", 1e-3)])
def test_each_tolerance_stops_earlier(option, value):
    name = "L-BFGS" if option == "ftol" else "BFGS"
    plain = solvers.get(name).solve(ROSEN, rosenbrock(10).start)
    early = solvers.get(name, **{option: value}).solve(ROSEN, rosenbrock(10).start)
    assert early.success
    assert early.nit < plain.nit
    assert option in early.message


@pytest.mark.parametrize("norm", [math.inf, 2, 1])
def test_norm_of_the_gradient_is_the_one_asked(norm):
    result = solvers.get("BFGS", norm=norm, gtol=1e-3).solve(ROSEN, rosenbrock(10).start)
    assert np.linalg.norm(result.jac, norm) <= 1e-3


def test_one_evaluation_for_each_trial():
    counted = Counted(ROSEN, {"fun", "jac"})
    points = []
    counted_fun = FunctionProblem(lambda x: points.append(tuple(x)) or counted.fun(x), counted.jac)
    solvers.get("BFGS").solve(counted_fun, ZOO[0].start)
    assert len(set(points)) == len(points) == counted.calls["jac"]


def test_largest_entry_counts_by_size():
    assert kernels.largest(np.array([1.0, -3.0, 2.0])) == 3.0
    assert kernels.largest(np.zeros(0)) == 0.0
