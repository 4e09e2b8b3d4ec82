"""Part F: 200 steps of L-BFGS from the same start, and what a step costs beside its evaluations."""

from typing import Any

import numpy as np
from clock import seconds, summary
from descents import Descent, Limits, Minimiser, thinned
from evaluation import AGREEMENT, DisagreementError, check_agreement, contestants_on
from peers import Peer, minimisers
from problems import Case, digits_case, small_case

STEPS = 200
#: Rows that are left where a method's own cost is measured: evaluations are then small beside it.
FEW = 32


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each network and method."""
    contestants = minimisers(peers, "L-BFGS")
    repeats = {"table of 200": 3 if quick else 9, "digits": 1 if quick else 3}
    return [
        row
        for case in (small_case(), digits_case())
        for row in _rows(case, contestants, peers, repeats[case.name], 3 if quick else 15)
    ]


def _rows(
    case: Case, contestants: list[Minimiser], peers: list[Peer], repeats: int, rounds: int
) -> list[dict[str, Any]]:
    check_agreement(case.name, contestants_on(case, peers))
    watched = [each.descend(case, Limits(STEPS)) for each in contestants]
    for each, descent in zip(contestants, watched):
        check_descent(case, each.method, descent)
    runs = [[each.descend(case, Limits(STEPS, watch=False)) for each in contestants] for _ in range(repeats)]
    times = {str(k): np.array([run[k].seconds for run in runs]) for k in range(len(contestants))}
    summaries = summary(times, "0")
    return [
        {
            "case": case.name,
            "layers": case.layers,
            "rows": len(case.x),
            "parameters": case.network.size,
            "method": each.method,
            "setting": each.setting,
            "ours": each.ours,
            "preparing": watched[k].preparing,
            "steps": runs[0][k].steps,
            "evaluations": runs[0][k].evaluations,
            **summaries[str(k)],
            "loss": case.objective.fun(runs[0][k].theta),
            "own_cost": own_cost(case, each, rounds) if each.on_ours else None,
            "curve": thinned(watched[k].curve),
        }
        for k, each in enumerate(contestants)
    ]


def check_descent(case: Case, method: str, descent: Descent) -> None:
    """The loss of the last weights, by our objective, must be among those that the contestant saw."""
    ours = case.objective.fun(descent.theta)
    gap = min(abs(loss - ours) / abs(ours) for _, loss in descent.curve)
    if not gap <= AGREEMENT["float64"]:
        raise DisagreementError(f"{case.name}: the loss of {method} differs from ours by {gap:.1e} at its end")


def own_cost(case: Case, method: Minimiser, rounds: int) -> float:
    """Seconds a step without its evaluations: the least time of a run less the least of as many evaluations."""
    small = Case(case.name, case.layers, case.x[:FEW], case.output, start=case.theta)
    objective = small.objective
    whole, evaluations = [], []
    for _ in range(rounds):
        descent = method.descend(small, Limits(STEPS, watch=False))

        def evaluate(times: int = descent.evaluations, theta: np.ndarray = descent.theta) -> None:
            for _ in range(times):
                objective.fun_and_jac(theta)

        whole.append(descent.seconds)
        evaluations.append(seconds(evaluate))
    return (min(whole) - min(evaluations)) / descent.steps
