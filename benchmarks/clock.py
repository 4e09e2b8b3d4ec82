"""Timing side by side: contestants take turns, so that what disturbs the machine disturbs all of them."""

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np


def interleave(calls: Mapping[str, Callable[[], object]], rounds: int, least: float = 2e-3) -> dict[str, np.ndarray]:
    """Seconds per call of each contestant in each round, arrays of shape (rounds,).

    In each round each contestant is called once untimed, to find its data in the caches again, and then as often as
    makes up ``least`` seconds.
    """
    repeats = {name: _repeats(call, least) for name, call in calls.items()}
    times = {name: np.empty(rounds) for name in calls}
    gc.collect()
    gc.disable()
    try:
        for k in range(rounds):
            for name, call in calls.items():
                call()
                started = time.perf_counter()
                for _ in range(repeats[name]):
                    call()
                times[name][k] = (time.perf_counter() - started) / repeats[name]
    finally:
        gc.enable()
    return times


def _repeats(call: Callable[[], object], least: float) -> int:
    call()
    fastest = min(seconds(call) for _ in range(3))
    return max(1, round(least / max(fastest, 1e-7)))


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def summary(times: Mapping[str, np.ndarray], ours: str) -> dict[str, dict[str, float]]:
    """Median and least seconds of each contestant, and how many times as long as ours it takes.

    The ratio is the median over the rounds of the ratio within a round.
    """
    return {
        name: {
            "median": float(np.median(own)),
            "least": float(own.min()),
            "ratio": float(np.median(own / times[ours])),
        }
        for name, own in times.items()
    }
