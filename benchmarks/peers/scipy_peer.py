"""SciPy: its own methods on our objective, so that only the solver differs."""

import time
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from problems import Case, Trained, Trainer, wrong_pixels
from scipy.optimize import OptimizeResult, minimize
from settings import DECAY, LOOK_EVERY, SECONDS

from peers import Peer
from scipy_ae.batches import Batch
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2

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


class _Enough(Exception):  # noqa: N818 - a way out, no error; StopIteration escapes from some methods and not from others
    """No pixel is wrong, or the time is over."""


def _train(method: str, options: dict[str, Any], l2: float, case: Case) -> Trained:
    objective = Objective(case.network, Batch(case.x), penalties=(L2(l2),)) if l2 else case.objective
    started, steps, last = time.perf_counter(), 0, case.theta

    def look(theta: np.ndarray) -> None:
        nonlocal steps, last
        steps, last = steps + 1, theta
        if steps % LOOK_EVERY[method] == 0 and wrong_pixels(case, theta) == 0:
            raise _Enough
        if time.perf_counter() - started > SECONDS:
            raise _Enough

    with suppress(_Enough):
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


PEER = Peer("SciPy", ("scipy",), trainers=trainers)
