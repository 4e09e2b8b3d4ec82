"""Part G: the digits, to the loss that SciPy's L-BFGS-B reaches in 5000 steps on our objective."""

from math import inf
from typing import Any

from descents import Descent, Limits, Minimiser, thinned
from evaluation import check_agreement, contestants_on
from lbfgs import check_descent
from peers import Peer, minimisers, ours
from problems import Case, digits_case

STEPS, FEW_STEPS = 5000, 200
#: Seconds after which a contestant gives up, in terms of what the yardstick took.
PATIENCE = 1.25
KINDS = ("L-BFGS", "BFGS", "Levenberg-Marquardt", "second order", "first order")
#: What is left out, and why.
HOPELESS = {
    "SciPy least_squares": "the derivative of the residuals would take 4.4 GB",
    "optimistix Levenberg-Marquardt": "the derivative of the residuals would take 4.4 GB",
    "jaxopt BFGS": "each step multiplies n x n matrices, for many seconds",
    "pytorch-minimize BFGS": "each step multiplies n x n matrices, for many seconds",
}


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each method, the yardstick first, and a line for each of ours that is not there."""
    case = digits_case()
    check_agreement(case.name, contestants_on(case, peers))
    offered = [each for each in minimisers(peers, *KINDS) if each.method not in HOPELESS]
    yardstick = next(each for each in offered if each.on_ours and not each.ours)
    standard = yardstick.descend(case, Limits(FEW_STEPS if quick else STEPS))
    target = case.objective.fun(standard.theta)
    limits = Limits(seconds=PATIENCE * standard.seconds, target=target)
    rows = [_row(case, yardstick, standard, target)]
    for each in offered:
        if each is not yardstick:
            rows.append(_row(case, each, each.descend(case, limits), target))
    named = dict.fromkeys(each.method for each in minimisers(peers, *KINDS) if each.method in HOPELESS)
    lines = [line for line in ours.missing() if "Powell" not in line]
    return rows + [
        {"left_out": line} for line in (*lines, *(f"{name} is left out: {HOPELESS[name]}." for name in named))
    ]


def _row(case: Case, each: Minimiser, descent: Descent, target: float) -> dict[str, Any]:
    check_descent(case, each.method, descent)
    loss = min(loss for _, loss in descent.curve)
    reached = next((seconds for seconds, seen in descent.curve if seen <= target), inf)
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": case.network.size,
        "method": each.method,
        "setting": each.setting,
        "ours": each.ours,
        "preparing": descent.preparing,
        "reached": loss <= target,
        "seconds": min(reached, descent.seconds),
        "steps": descent.steps,
        "evaluations": descent.evaluations,
        "loss": loss,
        "curve": thinned(descent.curve),
    }
