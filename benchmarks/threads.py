"""Part L: loss and gradient with one thread and with all, each in processes of their own that take turns."""

import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any

from children import all_threads, answer
from settings import ONE_THREAD


def measure(peers: list[Any], quick: bool) -> list[dict[str, Any]]:
    """One row for each network."""
    pairs, rounds = (1, "3") if quick else (3, "5")
    settings = {"one": os.environ | ONE_THREAD, "all": all_threads()}
    runs: dict[str, list[dict[str, float]]] = {"one": [], "all": []}
    for k in range(pairs):
        # who goes first changes, so that a machine that slows down favours nobody
        for name in list(settings)[:: 1 if k % 2 else -1]:
            runs[name].append(answer(Path(__file__).stem, rounds, environment=settings[name])[0])
    return [_row(case, runs) for case in runs["one"][0]]


def _row(case: str, runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    one, every = ([run[case] for run in runs[name]] for name in ("one", "all"))
    return {
        "case": case,
        "cores": os.cpu_count() or 1,
        "one": median(one),
        "all": median(every),
        "ratio": median(b / a for a, b in zip(one, every)),
        "spread": max(one) / min(one),
    }


def _times(rounds: int) -> dict[str, float]:
    """In a process of its own: median seconds of an evaluation of each network."""
    from clock import interleave
    from evaluation import contestants_on
    from problems import evaluation_cases, large_case
    from settings import OURS

    cases = {case.name: case for case in (*evaluation_cases(), large_case("float64"))}
    calls = {name: contestants_on(case, [])[OURS].call for name, case in cases.items()}
    return {name: median(times) for name, times in interleave(calls, rounds).items()}


if __name__ == "__main__":
    print(json.dumps(_times(int(sys.argv[1]))))
