"""Part I: a step of Levenberg-Marquardt on the table of 200."""

from typing import Any

import numpy as np
from descents import Limits
from peers import Peer, minimisers, ours
from problems import Case, small_case

NAME, STEPS = "Levenberg-Marquardt", 20


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each method and setting; a line where ours is not there."""
    case = small_case()
    rows = [_row(case, each, 1 if quick else 3) for each in minimisers(peers, NAME)]
    return rows + [{"left_out": line} for line in ours.missing() if NAME in line]


def _row(case: Case, each: Any, repeats: int) -> dict[str, Any]:
    runs = [each.descend(case, Limits(STEPS, watch=False)) for _ in range(repeats)]
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": case.network.size,
        "method": each.method,
        "setting": each.setting,
        "ours": each.ours,
        "steps": runs[0].steps,
        "step": float(np.median([run.seconds / run.steps for run in runs])),
        "loss": case.objective.fun(runs[0].theta),
    }
