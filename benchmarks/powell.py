"""Part J: a round of Powell's method, ours against SciPy's on the same kernel."""

from typing import Any

from descents import Limits
from peers import Peer, minimisers, ours
from problems import Case, small_case, step_cases


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each network, or a line where a Powell of ours is not there."""
    contestants = minimisers(peers, "Powell")
    lines = [line for line in ours.missing() if "Powell" in line]
    if lines or len(contestants) < 2:
        return [{"left_out": line} for line in lines]
    return [_row(case, contestants) for case in (small_case(), step_cases()[-1])]


def _row(case: Case, contestants: list[Any]) -> dict[str, Any]:
    """The first of the contestants is ours; a round moves along each coordinate once."""
    start = case.objective.fun(case.theta)
    own, theirs = (each.descend(case, Limits(1, watch=False)) for each in contestants)
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": case.network.size,
        "start": start,
        "seconds": {"ours": own.seconds, "scipy": theirs.seconds},
        "evaluations": {"ours": own.evaluations, "scipy": theirs.evaluations},
        "loss": {"ours": case.objective.fun(own.theta), "scipy": case.objective.fun(theirs.theta)},
        "ratio": theirs.seconds / own.seconds,
    }
