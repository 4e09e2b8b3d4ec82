"""Part K: our evaluation in float32 against float64: the time saved and the accuracy lost."""

from typing import Any

import numpy as np
from clock import interleave, summary
from peers import Peer
from problems import Case, evaluation_cases

from scipy_ae.batches import Batch
from scipy_ae.objective import Objective


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each network."""
    return [_row(case, 7 if quick else 31) for case in evaluation_cases()]


def _row(case: Case, rounds: int) -> dict[str, Any]:
    theta, double = case.theta, case.objective
    single = Objective(case.network, Batch(case.x), dtype=np.float32)
    (value, gradient), (near, nearby) = double.fun_and_jac(theta), single.fun_and_jac(theta)
    calls = {"float64": lambda: double.fun_and_jac(theta), "float32": lambda: single.fun_and_jac(theta)}
    times = summary(interleave(calls, rounds), "float32")
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": case.network.size,
        "times": times,
        "value_error": abs(near - value) / abs(value),
        "gradient_error": float(np.abs(nearby - gradient).max() / np.abs(gradient).max()),
    }
