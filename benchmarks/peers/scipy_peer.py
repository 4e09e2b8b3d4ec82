"""SciPy: its own methods on our objective, so that only the solver differs."""

import time
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from descents import Course, Descent, Enough, Limits, Minimiser
from problems import Case, Trained, Trainer, wrong_pixels
from scipy.optimize import OptimizeResult, least_squares, minimize
from settings import DECAY, LOOK_EVERY, PAIRS, SECONDS

from peers import Peer, numpy_peer
from scipy_ae.batches import Batch
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2

#: What others are held against in the descents.
YARDSTICK = "SciPy L-BFGS-B"
#: Options that keep the methods' own tolerances and limits from ending a run: pixels and the clock decide.
_LIMITS: dict[str, dict[str, Any]] = {
    "L-BFGS-B": {"ftol": 0, "gtol": 0, "maxfun": 10**7, "maxiter": 10**7},
    "TNC": {"ftol": 0, "gtol": 0, "xtol": 0, "maxfun": 10**7},
}


def trainers() -> list[Trainer]:
    """The settings that did best of more pairs, longer line searches, more inner steps, other rescaling."""
    return [
        Trainer("SciPy L-BFGS-B", "maxcor 10", partial(_train, "L-BFGS-B", {}, 0.0), seeds=3),
        Trainer("SciPy L-BFGS-B", f"maxcor 10, L2 {DECAY:g}", partial(_train, "L-BFGS-B", {}, DECAY), seeds=3),
        Trainer("SciPy TNC", "rescale 0", partial(_train, "TNC", {"rescale": 0}, 0.0), seeds=5),
        Trainer("SciPy TNC", f"L2 {DECAY:g}", partial(_train, "TNC", {}, DECAY), seeds=5),
    ]


def _train(method: str, options: dict[str, Any], l2: float, case: Case) -> Trained:
    objective = Objective(case.network, Batch(case.x), penalties=(L2(l2),)) if l2 else case.objective
    started, steps, last = time.perf_counter(), 0, case.theta

    def look(theta: np.ndarray) -> None:
        nonlocal steps, last
        steps, last = steps + 1, theta
        if steps % LOOK_EVERY[method] == 0 and wrong_pixels(case, theta) == 0:
            raise Enough
        if time.perf_counter() - started > SECONDS:
            raise Enough

    with suppress(Enough):
        last = minimize(
            objective.fun_and_jac, case.theta, jac=True, method=method, callback=look,
            options=_LIMITS[method] | options,
        ).x  # fmt: skip
    return Trained(time.perf_counter() - started, steps, wrong_pixels(case, last))


def bfgs(case: Case, steps: int, callback=None) -> OptimizeResult:
    """SciPy's own BFGS on our objective, from the identity."""
    return minimize(
        case.objective.fun_and_jac, case.theta, jac=True, method="BFGS", callback=callback,
        options={"maxiter": steps, "gtol": 0.0},
    )  # fmt: skip


def minimisers() -> list[Minimiser]:
    """The first is the yardstick: only the solver differs from ours."""
    lbfgs = f"{PAIRS} pairs"
    squares = "Levenberg-Marquardt"
    return [
        Minimiser(YARDSTICK, lbfgs, "L-BFGS", partial(_descend, False), on_ours=True),
        Minimiser("SciPy L-BFGS-B, NumPy objective", lbfgs, "L-BFGS", partial(_descend, True)),
        Minimiser("SciPy least_squares", "trf", squares, partial(_descend_squares, "trf"), on_ours=True),
        Minimiser("SciPy least_squares", "lm", squares, partial(_descend_squares, "lm"), on_ours=True),
        Minimiser("SciPy Powell", "defaults", "Powell", _descend_powell, on_ours=True),
    ]


def _descend(by_numpy: bool, case: Case, limits: Limits) -> Descent:
    course = Course(limits)
    function, last = numpy_peer.function(case) if by_numpy else case.objective.fun_and_jac, case.theta
    steps = evaluations = 0

    def fun(theta: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal evaluations
        evaluations += 1
        return function(theta)

    def look(intermediate_result: OptimizeResult) -> None:
        nonlocal steps, last
        steps, last = steps + 1, intermediate_result.x
        course.require(intermediate_result.fun)

    function(case.theta)
    course.begin()
    with suppress(Enough):
        result = minimize(
            fun, case.theta, jac=True, method="L-BFGS-B", callback=look if limits.watch else None,
            options=_LIMITS["L-BFGS-B"] | {"maxcor": PAIRS, "maxiter": limits.steps},
        )  # fmt: skip
        steps, last = result.nit, result.x
    return course.end(steps, evaluations, last, course.seconds)


def _descend_squares(method: str, case: Case, limits: Limits) -> Descent:
    """Least squares on our residuals and their derivative; a step is a Jacobian taken."""
    course, objective = Course(limits), case.objective
    objective.residual_jac(case.theta), objective.residual(case.theta)
    course.begin()
    result = least_squares(
        objective.residual, case.theta, objective.residual_jac, method=method,
        ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=limits.steps,
    )  # fmt: skip
    return course.end(result.njev, result.nfev, result.x, course.seconds)


def _descend_powell(case: Case, limits: Limits) -> Descent:
    course, fun = Course(limits), case.objective.fun
    fun(case.theta)
    course.begin()
    result = minimize(fun, case.theta, method="Powell", options={"maxiter": limits.steps, "ftol": 0.0})
    return course.end(result.nit, result.nfev, result.x, course.seconds)


PEER = Peer("SciPy", ("scipy",), trainers=trainers, minimisers=minimisers)
