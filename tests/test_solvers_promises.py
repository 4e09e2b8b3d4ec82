"""What every solver promises, whoever wrote it."""

import numpy as np
import pytest
from zoo import ZOO, Counted, log_barrier, quadratic

from scipy_ae import solvers
from scipy_ae.errors import InputError, NonFiniteError, UnsupportedError
from scipy_ae.problem import FunctionProblem

ROSENBROCK = ZOO[0]
EASY = quadratic(5, 10.0)
START = np.arange(1.0, 6.0)
FIRST_ORDER = ("gradient-descent", "momentum", "adaptive-eta", "Adam", "Rprop")

#: Those on residuals are held to the same in test_solvers_squares.py.
NAMES = [name for name in solvers.names() if "residual" not in solvers.get(name).needs]
every = pytest.mark.parametrize("name", NAMES)
with_jac = pytest.mark.parametrize("name", [name for name in NAMES if "jac" in solvers.get(name).needs])


def make(name):
    """Guarded where there is a guard, so that the best point is also the last."""
    return solvers.get(name, guard=True) if name in FIRST_ORDER else solvers.get(name)


@every
def test_counters_are_the_truth(name):
    counted = Counted(ROSENBROCK.problem)
    result = make(name).solve(counted, ROSENBROCK.start, maxiter=12)
    assert result.nfev == counted.calls["fun"] > 1
    assert result.njev == counted.calls["jac"]
    assert result.nhev == counted.calls["hess"]
    assert result.njev == (result.nfev if "jac" in make(name).needs else 0)


@every
def test_result_is_the_lowest_point_seen(name):
    counted = Counted(ROSENBROCK.problem)
    result = make(name).solve(counted, ROSENBROCK.start, maxiter=7)
    assert result.fun == min(counted.values) == ROSENBROCK.problem.fun(result.x)
    if "jac" in result:
        np.testing.assert_array_equal(result.jac, ROSENBROCK.problem.jac(result.x))


@every
def test_start_is_not_written_into(name):
    start = ROSENBROCK.start.copy()
    make(name).solve(ROSENBROCK.problem, start, maxiter=3)
    np.testing.assert_array_equal(start, ROSENBROCK.start)


@every
def test_result_shares_no_memory_with_the_start(name):
    start = ROSENBROCK.start.copy()
    for maxiter in (0, 3):
        assert not np.shares_memory(make(name).solve(ROSENBROCK.problem, start, maxiter=maxiter).x, start)


@every
def test_callback_sees_each_iteration(name):
    seen = []
    result = make(name).solve(EASY, START, maxiter=40, callback=seen.append)
    assert [state.nit for state in seen] == list(range(1, len(seen) + 1))
    # Nelder-Mead and trust-constr count the one in which they stop, COBYQA calls back at evaluations
    assert abs(result.nit - len(seen)) <= (1 if name != "COBYQA" else result.nfev)
    for state in seen:
        assert state.fun == pytest.approx(EASY.fun(state.x), rel=1e-12)
        if "jac" in state:
            np.testing.assert_allclose(state.jac, EASY.jac(state.x))


@every
def test_long_iterations_are_told_one_by_one_whatever_the_stride(name):
    told = []
    make(name).solve(ROSENBROCK.problem, ROSENBROCK.start, maxiter=6, callback=lambda s: told.append(s.nit), stride=3)
    assert told[0] == (3 if make(name).brisk else 1)


@every
def test_what_the_callback_does_to_its_arrays_changes_nothing(name):
    def spoil(state):
        state.x[:] = np.nan
        if "jac" in state:
            state.jac[:] = np.nan

    calm = make(name).solve(EASY, START, maxiter=20)
    spoiled = make(name).solve(EASY, START, maxiter=20, callback=spoil)
    np.testing.assert_array_equal(spoiled.x, calm.x)


@every
def test_stop_iteration_ends_it_cleanly(name):
    seen = []

    def stop(state):
        seen.append(state.nfev)
        if len(seen) == 2:
            raise StopIteration

    result = make(name).solve(ROSENBROCK.problem, ROSENBROCK.start, callback=stop)
    assert (result.status, result.message, result.success) == (99, "stopped by the callback", False)
    assert len(seen) == 2
    assert result.fun <= ROSENBROCK.problem.fun(ROSENBROCK.start)


@every
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, ValueError])
def test_other_exceptions_of_the_callback_pass_through(name, error):
    def fail(state):
        raise error("mine")

    with pytest.raises(error, match="mine"):
        make(name).solve(EASY, START, callback=fail)


@every
def test_keyboard_interrupt_in_the_objective_passes_through(name):
    left = [1]

    def fun(x):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return EASY.fun(x)

    with pytest.raises(KeyboardInterrupt):
        make(name).solve(FunctionProblem(fun, EASY.jac, EASY.hess), START)


@every
@pytest.mark.parametrize("error", [None, FloatingPointError, RuntimeWarning])
def test_finds_its_way_round_a_wall(name, error):
    start = np.array([0.01, 5.0])
    result = make(name).solve(log_barrier(2, error), start)
    assert np.isfinite(result.fun)
    assert np.isfinite(result.x).all()
    limit = 2 + (0.1 if name in FIRST_ORDER else 1e-4)
    if name != "Adam":  # its steps of 0.001 do not get there
        assert result.fun <= limit


@with_jac
def test_finds_its_way_round_a_gradient_that_is_not_finite(name):
    inside = log_barrier(2)

    def fun(x):
        return inside.fun(x) if x.min() > 0 else -100.0

    def jac(x):
        return inside.jac(x) if x.min() > 0 else np.array([1.0, np.nan])

    result = make(name).solve(FunctionProblem(fun, jac, inside.hess), np.array([0.01, 5.0]))
    assert result.x.min() > 0
    assert np.isfinite(result.jac).all()
    if name != "Adam":
        assert result.fun <= 2 + (0.1 if name in FIRST_ORDER else 1e-4)


@every
def test_objective_that_raises_ends_at_the_last_good_point(name):
    counted = Counted(ROSENBROCK.problem)

    def fun(x):
        if counted.calls["fun"] >= 6:
            raise OSError("the disk is full")
        return counted.fun(x)

    problem = FunctionProblem(fun, ROSENBROCK.problem.jac, ROSENBROCK.problem.hess)
    result = make(name).solve(problem, ROSENBROCK.start)
    assert (result.status, result.success) == (solvers.RAISED, False)
    assert "OSError: the disk is full" in result.message
    assert result.fun == min(counted.values)


@every
def test_objective_not_finite_anywhere_but_at_the_start(name):
    def fun(x):
        return 1.0 if np.array_equal(x, START) else np.nan

    problem = FunctionProblem(fun, lambda x: np.ones(5), lambda x: np.eye(5))
    result = make(name).solve(problem, START, maxiter=50)
    np.testing.assert_array_equal(result.x, START)
    assert result.fun == 1.0
    assert result.message


@every
def test_start_that_is_not_finite_is_named(name):
    with pytest.raises(NonFiniteError, match="the objective is nan at the start"):
        make(name).solve(FunctionProblem(lambda x: np.nan, lambda x: x, lambda x: np.eye(2)), np.ones(2))
    with pytest.raises(NonFiniteError, match="theta is not finite at the start: entry 1 is inf"):
        make(name).solve(EASY, [1.0, np.inf])


@with_jac
def test_gradient_that_is_not_finite_at_the_start_is_named(name):
    problem = FunctionProblem(lambda x: 1.0, lambda x: np.array([1.0, np.nan, np.inf]), lambda x: np.eye(3))
    with pytest.raises(NonFiniteError, match="2 of its 3 entries, the first at index 1"):
        make(name).solve(problem, np.ones(3))


@with_jac
def test_gradient_of_the_wrong_shape_is_refused(name):
    problem = FunctionProblem(lambda x: 1.0, lambda x: np.ones(4), lambda x: np.eye(3))
    with pytest.raises(InputError, match=r"jac: got shape \(4,\); accepted is \(3,\)"):
        make(name).solve(problem, np.ones(3))


@every
def test_what_is_lacking_is_refused_by_name(name):
    solver = make(name)
    for lacking in solver.needs:
        offers = {"fun", "jac", "hessp"} - {lacking}
        if lacking in ("hess", "hessp"):
            offers = {"fun", "jac"}
        with pytest.raises(UnsupportedError, match=f"^{name} needs {lacking}; this objective offers"):
            solver.solve(Counted(EASY, offers), START)


def test_refusal_names_both_sides():
    with pytest.raises(UnsupportedError, match=r"^trust-ncg needs hessp; this objective offers fun, jac$"):
        solvers.get("trust-ncg").solve(Counted(EASY, {"fun", "jac"}), START)


@every
def test_no_iteration_is_a_result_too(name):
    result = make(name).solve(EASY, START, maxiter=0)
    assert (result.nit, result.nfev, result.status) == (0, 1, solvers.MAXITER)
    np.testing.assert_array_equal(result.x, START)


@every
def test_maxiter_is_kept(name):
    result = make(name).solve(ROSENBROCK.problem, ROSENBROCK.start, maxiter=3)
    assert not result.success
    if name == "COBYLA":  # it counts evaluations
        assert result.nfev <= 2 + 2
    else:
        assert result.nit <= 3


@pytest.mark.parametrize("maxiter", [-1, 2.5, "ten"])
def test_bad_maxiter_is_refused(maxiter):
    with pytest.raises(InputError, match="maxiter"):
        solvers.get("BFGS").solve(EASY, START, maxiter=maxiter)


@pytest.mark.parametrize("theta", [[], [[1.0, 2.0]], 3.0])
def test_theta_of_another_shape_is_refused(theta):
    with pytest.raises(InputError, match="theta: got shape"):
        solvers.get("BFGS").solve(EASY, theta)


@every
def test_float32_theta_is_taken(name):
    result = make(name).solve(EASY, START.astype(np.float32), maxiter=30)
    assert result.x.dtype == np.float64
    assert result.fun < EASY.fun(START)


@every
def test_memory_of_another_solver_is_refused(name):
    with pytest.raises(InputError, match=f"memory: not from a run of {name}"):
        make(name).solve(EASY, START, memory="what another solver knew")


def test_memory_of_another_size_is_refused():
    for name in ("BFGS", "L-BFGS", "Adam", "Rprop", "momentum", "adaptive-eta", "scipy.BFGS"):
        memory = make(name).solve(EASY, START, maxiter=3).memory
        with pytest.raises(InputError, match="with 2 weights"):
            make(name).solve(ROSENBROCK.problem, ROSENBROCK.start, memory=memory)


@every
def test_carries_says_whether_there_is_a_memory(name):
    result = make(name).solve(EASY, START, maxiter=4)
    assert (result.memory is not None) == make(name).carries


@pytest.mark.parametrize("name", ["BFGS", "L-BFGS", "scipy.BFGS"])
def test_carried_curvature_saves_evaluations(name):
    def evaluations(carry):
        theta, memory, spent = np.linspace(-1, 1, 30), None, 0
        for _ in range(60):
            result = solvers.get(name).solve(quadratic(30, 1e3), theta, maxiter=5, memory=memory)
            theta, spent = result.x, spent + result.nfev
            if result.success:
                return spent
            memory = result.memory if carry else None
        return spent

    assert evaluations(carry=True) < 0.6 * evaluations(carry=False)


@pytest.mark.parametrize("name", ["BFGS", "L-BFGS", "scipy.BFGS", "Adam", "Rprop", "momentum", "adaptive-eta"])
def test_memory_survives_a_change_of_problem(name):
    memory = make(name).solve(quadratic(5, 1e4), START, maxiter=8).memory
    for _ in range(40):
        result = make(name).solve(EASY, START, maxiter=60, memory=memory)
        memory = result.memory
    assert result.fun < EASY.fun(START)
    if name.endswith("BFGS"):
        assert result.success
