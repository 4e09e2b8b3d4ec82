"""The line search as a machine: the Wolfe conditions, SciPy's trials, walls."""

import math

import numpy as np
import pytest
from scipy.optimize import line_search

from scipy_ae.kernels import line_interpolation, line_state
from scipy_ae.kernels import line_search as search


def drive(phi, dphi, c1=1e-4, c2=0.9, f_before=math.inf, start=None):
    """Run the machine along a function of one variable; verdict, step and all trials."""
    state, trials = np.empty(search.STATE_SIZE), []
    search.search_begin(state, phi(0.0), f_before, dphi(0.0), c1, c2)
    if start is not None:
        start(state)
    verdict = search.EVALUATE
    while verdict == search.EVALUATE:
        trials.append(float(state[search.STEP]))
        verdict = search.search_next(state, phi(trials[-1]), dphi(trials[-1]))
    return verdict, trials[-1], trials


VALLEYS = {
    "more-thuente-1": (lambda a: -a / (a * a + 2), lambda a: (a * a - 2) / (a * a + 2) ** 2),
    "more-thuente-2": (
        lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
        lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
    ),
    "wave": (lambda a: math.cos(3 * a) - 0.3 * a + 0.01 * a * a, lambda a: -3 * math.sin(3 * a) - 0.3 + 0.02 * a),
    "far": (lambda a: (a - 300) ** 2, lambda a: 2 * (a - 300)),
    "near": (lambda a: (1e3 * a - 1) ** 2, lambda a: 2e3 * (1e3 * a - 1)),
    "exponential": (lambda a: math.exp(min(a, 300) - 5) - a, lambda a: math.exp(min(a, 300) - 5) - 1),
}


@pytest.mark.parametrize("valley", VALLEYS)
@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (0.1, 0.1001), (1e-3, 1e-2)])
def test_accepted_steps_satisfy_the_strong_wolfe_conditions(valley, c1, c2):
    phi, dphi = VALLEYS[valley]
    verdict, step, _ = drive(phi, dphi, c1, c2)
    assert verdict == search.ACCEPTED
    assert phi(step) <= phi(0) + c1 * step * dphi(0)
    assert abs(dphi(step)) <= c2 * abs(dphi(0))


@pytest.mark.parametrize("valley", ["more-thuente-1", "more-thuente-2", "wave", "near", "exponential"])
@pytest.mark.parametrize("c2", [0.9, 0.1, 0.01])
def test_bracket_and_zoom_take_scipys_steps(valley, c2):
    phi, dphi = VALLEYS[valley]
    theirs = line_search(
        lambda x: phi(x[0]), lambda x: np.array([dphi(x[0])]), np.zeros(1), np.ones(1), c1=1e-4, c2=c2
    )[0]
    verdict, step, _ = drive(phi, dphi, 1e-4, c2, start=search._bracket_start)
    assert verdict == search.ACCEPTED
    assert step == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (0.05, 0.1), (1e-4, 1e-3), (1e-9, 1e-6)])
def test_interpolation_tries_what_scipys_tries(c1, c2):
    """Waves of random phase make every branch of the search happen."""
    theirs = pytest.importorskip("scipy.optimize._linesearch").scalar_search_wolfe1
    rng, longest = np.random.default_rng(0), 0
    for _ in range(300):
        size, speed, phase = rng.uniform(0, 3, 4), rng.uniform(0.1, 9, 4), rng.uniform(0, 6.28, 4)
        size[0] *= 10 ** rng.uniform(-2, 3)

        def phi(a, size=size, speed=speed, phase=phase):
            return float(size @ np.cos(speed * a + phase)) + 0.01 * a * a

        def dphi(a, size=size, speed=speed, phase=phase):
            return float(-(size * speed) @ np.sin(speed * a + phase)) + 0.02 * a

        if dphi(0.0) >= 0:
            continue
        before, seen = phi(0.0) + 10 ** rng.uniform(-4, 1), []
        theirs(
            lambda a, phi=phi, seen=seen: seen.append(a) or phi(a),
            dphi,
            phi(0.0),
            before,
            dphi(0.0),
            c1,
            c2,
            1e100,
            1e-100,
        )
        _, _, trials = drive(phi, dphi, c1, c2, before)
        np.testing.assert_allclose(trials[: len(seen)], seen, rtol=1e-9)
        longest = max(longest, len(seen))
    assert longest > 4


def test_each_case_of_the_safeguarded_step_is_minpacks():
    theirs = pytest.importorskip("scipy.optimize._dcsrch").dcstep
    rng, cases = np.random.default_rng(1), set()
    for _ in range(3000):
        best, other = rng.uniform(0, 2, 2)
        bracketed = bool(rng.integers(2))
        trial = rng.uniform(min(best, other), max(best, other)) if bracketed else best + rng.uniform(0, 2)
        low, high = (min(best, other), max(best, other)) if bracketed else (trial, 4 * trial)
        d_best = -np.sign(trial - best) * rng.exponential()
        f_best, f_other, f = rng.normal(size=3)
        d_other, d = rng.normal(size=2)
        state = np.zeros(search.STATE_SIZE)
        state[[line_state.BEST, line_state.F_BEST, line_state.D_BEST]] = best, f_best, d_best
        state[[line_state.OTHER, line_state.F_OTHER, line_state.D_OTHER]] = other, f_other, d_other
        state[[line_state.BRACKETED, line_state.LOW, line_state.HIGH]] = bracketed, low, high
        new = line_interpolation._safeguarded_step(state, trial, f, d)
        with np.errstate(all="ignore"):
            stepped = theirs(best, f_best, d_best, other, f_other, d_other, trial, f, d, bracketed, low, high)
        np.testing.assert_allclose(new, stepped[6], rtol=1e-9)
        kept = [line_state.BEST, line_state.F_BEST, line_state.D_BEST]
        kept += [line_state.OTHER, line_state.F_OTHER, line_state.D_OTHER]
        np.testing.assert_array_equal(state[kept], stepped[:6])
        assert state[line_state.BRACKETED] == stepped[7]
        cases.add((f > f_best, d * d_best < 0, abs(d) < abs(d_best), bracketed))
    assert len(cases) == 16


def test_first_trial_repeats_the_last_decrease():
    state = np.empty(search.STATE_SIZE)
    assert search.search_begin(state, 1.0, 1.1, -1.0, 1e-4, 0.9) == pytest.approx(0.202)
    assert search.search_begin(state, 1.0, 9.0, -1.0, 1e-4, 0.9) == 1.0
    assert search.search_begin(state, 1.0, 0.5, -1.0, 1e-4, 0.9) == 1.0
    assert search.search_begin(state, 1.0, math.inf, -1.0, 1e-4, 0.9) == 1.0


@pytest.mark.parametrize("beyond", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wall", [1e-6, 0.05, 0.7])
def test_step_stays_before_a_wall_and_goes_far(wall, beyond):
    verdict, step, trials = drive(lambda a: -a if a < wall else beyond, lambda a: -1.0)
    assert verdict == search.ACCEPTED
    assert 0.5 * wall < step < wall
    assert len(trials) < 60


def test_search_that_meets_nothing_finite_gives_up():
    verdict, _, trials = drive(lambda a: 0.0 if a == 0 else math.nan, lambda a: -1.0)
    assert verdict == search.FAILED
    assert len(trials) < 70


def test_search_on_a_slope_that_lies_gives_up():
    verdict, _, trials = drive(lambda a: a, lambda a: -1.0)
    assert verdict == search.FAILED
    assert len(trials) < 150
