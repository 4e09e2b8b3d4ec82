"""SciPy: its own methods on our objective, so that only the solver differs."""

import time
from functools import partial
from typing import Any

import numpy as np
from problems import Case, Trained, Trainer, wrong_pixels
from scipy.optimize import OptimizeResult, minimize
from settings import LOOK_EVERY, SECONDS

NAME = "SciPy"
PACKAGES = ("scipy",)

#: Methods and what was tried of their options. Their own tolerances are off: pixels and the clock decide.
_TRIED: dict[str, dict[str, dict[str, Any]]] = {
    "L-BFGS-B": {f"maxcor {pairs}": {"maxcor": pairs, "ftol": 0, "gtol": 0, "maxls": 50} for pairs in (10, 30)},
    "TNC": {"defaults": {"ftol": 0, "gtol": 0, "xtol": 0}},
}


def trainers() -> list[Trainer]:
    return [
        Trainer(f"SciPy {method}", setting, partial(_train, method, options), seeds=5)
        for method, settings in _TRIED.items()
        for setting, options in settings.items()
    ]


class _Enough(Exception):  # noqa: N818 - a way out, no error; StopIteration escapes from some methods and not from others
    """No pixel is wrong, or the time is over."""


def _train(method: str, options: dict[str, Any], case: Case) -> Trained:
    started, steps, last = time.perf_counter(), 0, case.theta

    def look(theta: np.ndarray) -> None:
        nonlocal steps, last
        steps, last = steps + 1, theta
        if steps % LOOK_EVERY[method] == 0 and wrong_pixels(case, theta) == 0:
            raise _Enough
        if time.perf_counter() - started > SECONDS:
            raise _Enough

    try:
        limits = {"maxfun": 10**7} if method == "TNC" else {"maxfun": 10**7, "maxiter": 10**7}
        found = minimize(
            case.objective.fun_and_jac, case.theta, jac=True, method=method, callback=look, options=options | limits
        )
        last = found.x
    except _Enough:
        pass
    return Trained(time.perf_counter() - started, steps, wrong_pixels(case, last))


def bfgs(case: Case, steps: int, callback=None) -> OptimizeResult:
    """SciPy's own BFGS on our objective, from the identity."""
    return minimize(
        case.objective.fun_and_jac, case.theta, jac=True, method="BFGS", callback=callback,
        options={"maxiter": steps, "gtol": 0.0},
    )  # fmt: skip
