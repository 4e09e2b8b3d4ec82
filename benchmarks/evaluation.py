"""Part A: loss and gradient, after a check that all contestants give the same."""

from typing import Any

import numpy as np
from clock import interleave, seconds, summary
from peers import Peer, numpy_peer
from problems import Case, Evaluation, evaluation_cases
from settings import OURS

FLOOR = "products alone"
#: Largest difference to ours that counts as the same, relative to the largest entry, by precision.
AGREEMENT = {"float64": 1e-9, "float32": 1e-4}
#: Networks whose products are large enough for BLAS alone to be a floor worth naming.
LARGE = ("digits", "digits, deep")


class DisagreementError(Exception):
    """A contestant computes something else, so that its time would say nothing."""


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each network."""
    return [_row(case, peers, rounds=7 if quick else 61) for case in evaluation_cases()]


def _row(case: Case, peers: list[Peer], rounds: int) -> dict[str, Any]:
    contestants = contestants_on(case, peers)
    first = {name: seconds(contestant.call) for name, contestant in contestants.items()}
    worst = check_agreement(case.name, contestants)
    if case.name in LARGE:
        contestants[FLOOR] = numpy_peer.products(case)
    times = interleave({name: contestant.call for name, contestant in contestants.items()}, rounds)
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": case.network.size,
        "loss": case.loss,
        "disagreement": worst,
        "first_call": first,
        "times": summary(times, OURS),
    }


def contestants_on(case: Case, peers: list[Peer]) -> dict[str, Evaluation]:
    """All who can evaluate the case; ours first, by the call that a solver makes."""
    objective, theta = case.objective, case.theta.astype(np.float64)

    def call() -> tuple[float, np.ndarray]:
        return objective.fun_and_jac(theta)

    return {OURS: Evaluation(call, call)} | {peer.name: peer.evaluation(case) for peer in peers if peer.evaluation}


def check_agreement(name: str, contestants: dict[str, Evaluation], precision: str = "float64") -> float:
    """The largest relative difference of any contestant to ours; refused where it is above AGREEMENT."""
    most = AGREEMENT[precision]
    value, gradient = contestants[OURS].answer()
    worst = 0.0
    for who, contestant in contestants.items():
        other, other_gradient = contestant.answer()
        gap = max(abs(other - value) / abs(value), np.abs(other_gradient - gradient).max() / np.abs(gradient).max())
        if not gap <= most:
            raise DisagreementError(f"{name}: {who} differs from {OURS} by {gap:.1e}, more than {most:g}")
        worst = max(worst, float(gap))
    return worst
