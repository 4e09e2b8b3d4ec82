"""Part B: a step of BFGS, evaluation included, ours against SciPy's from the same start and the identity."""

import os
from typing import Any

import numpy as np
from clock import seconds
from peers import Peer, scipy_peer
from problems import Case, step_cases
from scipy.optimize import OptimizeResult
from threadpoolctl import threadpool_limits

from scipy_ae import solvers

#: SciPy's steps, fewer where each takes a second and more, and ours.
STEPS, LONG_STEPS, LONG = 30, 3, 2000


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each network."""
    return [_row(case, quick) for case in step_cases()]


def _row(case: Case, quick: bool) -> dict[str, Any]:
    n = case.network.size
    steps = LONG_STEPS if n > LONG else STEPS
    repeats = 3 if quick else 15
    own, own_long = (_own_seconds(case, count, repeats) for count in (STEPS, 200))
    theirs = {
        threads: min(_their_seconds(case, steps, threads) for _ in range(1 if n > LONG else 3))
        for threads in sorted({1, os.cpu_count() or 1})
        if not (quick and n > LONG and threads == 1)
    }
    threads = min(theirs, key=theirs.__getitem__)
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": n,
        "steps": STEPS,
        "ours": own,
        "ours_200": own_long,
        "scipy_steps": steps,
        "scipy": theirs[threads],
        "scipy_threads": threads,
        "ratio": theirs[threads] / own,
        "difference": _difference(case, steps),
    }


def _solver() -> solvers.Solver:
    return solvers.BFGS(gtol=0.0)


def _own_seconds(case: Case, steps: int, repeats: int) -> float:
    """Median seconds a step, on one thread."""

    def run() -> OptimizeResult:
        return _solver().solve(case.objective, case.theta, maxiter=steps)

    done = run().nit
    return float(np.median([seconds(run) for _ in range(repeats)])) / done


def _their_seconds(case: Case, steps: int, threads: int) -> float:
    """Seconds a step; SciPy's products are large enough to gain from more threads."""
    with threadpool_limits(threads, user_api="blas"):
        return seconds(lambda: scipy_peer.bfgs(case, steps)) / steps


def _difference(case: Case, steps: int) -> float:
    """Largest distance between the two methods' iterates, relative to the iterate's length."""
    own: list[np.ndarray] = []
    theirs: list[np.ndarray] = []
    _solver().solve(case.objective, case.theta, maxiter=steps, callback=lambda state: own.append(state.x))
    scipy_peer.bfgs(case, steps, callback=lambda theta: theirs.append(theta.copy()))
    if not len(own) == len(theirs) == steps:
        return float("inf")
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(own, theirs))
