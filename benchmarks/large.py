"""Part H: loss and gradient of a large network on all cores, and the peak memory of that alone, process by process."""

import json
import sys
from pathlib import Path
from typing import Any

from children import all_threads, answer
from problems import large_case

PRECISIONS = ("float64", "float32")
#: Peers whose memory is looked at beside ours, by their modules.
MODULES = {"JAX": "jax_peer", "torch": "torch_peer"}


def measure(peers: list[Any], quick: bool) -> list[dict[str, Any]]:
    """One row for each precision."""
    names = [name for name in MODULES if name in {peer.name for peer in peers}]
    return [_row(precision, names, quick) for precision in PRECISIONS]


def _row(precision: str, names: list[str], quick: bool) -> dict[str, Any]:
    environment, case = all_threads(), large_case(precision)
    rounds = "3" if quick else "9"
    times, _ = answer(Path(__file__).stem, "times", precision, rounds, *names, environment=environment)
    who = ("scipy-ae", *names)
    peaks = {name: answer(Path(__file__).stem, "peak", precision, name, environment=environment)[1] for name in who}
    return {
        "case": case.name,
        "layers": case.layers,
        "rows": len(case.x),
        "parameters": sum(case.sizes),
        "precision": precision,
        **times,
        "peak_mb": peaks,
    }


def _times(precision: str, rounds: int, names: list[str]) -> dict[str, Any]:
    """In a process of its own: all contestants take turns."""
    from clock import interleave, seconds, summary
    from evaluation import check_agreement, contestants_on
    from settings import OURS

    case = large_case(precision)
    contestants = contestants_on(case, [_peer(name) for name in names])
    first = {name: seconds(contestant.call) for name, contestant in contestants.items()}
    worst = check_agreement(case.name, contestants, precision)
    times = interleave({name: contestant.call for name, contestant in contestants.items()}, rounds)
    return {"disagreement": worst, "first_call": first, "times": summary(times, OURS)}


def _peer(name: str) -> Any:
    from importlib import import_module

    return import_module(f"peers.{MODULES[name]}").PEER


def _evaluate_alone(precision: str, name: str) -> None:
    """In a process of its own: a few evaluations, and nothing imported that they do not need."""
    case = large_case(precision)
    if name in MODULES:
        call = _peer(name).evaluation(case).call
    else:
        objective, theta = case.objective, case.theta.astype("float64")

        def call() -> object:
            return objective.fun_and_jac(theta)

    for _ in range(3):
        call()


if __name__ == "__main__":
    what, precision, *rest = sys.argv[1:]
    if what == "times":
        print(json.dumps(_times(precision, int(rest[0]), rest[1:])))
    else:
        print(json.dumps(_evaluate_alone(precision, rest[0])))
