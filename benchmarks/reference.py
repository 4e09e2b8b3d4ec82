"""Part E: the reference run and the forms that it was published in, from 20 starts each."""

import time
from statistics import median
from typing import Any

from peers import Peer

from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.records import History
from scipy_ae.training import train

SEEDS = 20
PUBLISHED = {"output": "tanh", "loss": "squared-error", "carry": "reset", "guard": False, "l2": 0.0}
FORMS: dict[str, dict[str, Any]] = {
    "the reference run": {},
    "without L2 (`--l2 0`)": {"l2": 0.0},
    "with fan-in scaled weights (`--init fan-in`)": {"init": "fan-in"},
    "as published (`--output tanh --loss squared-error --carry reset --no-guard --l2 0`)": PUBLISHED,
}


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each form: of how many starts, how many have at most one wrong pixel in any letter, and none."""
    _one({}, 0)  # whatever is loaded or compiled on first use
    return [_row(form, settings, 3 if quick else SEEDS) for form, settings in FORMS.items()]


def _row(form: str, settings: dict[str, Any], seeds: int) -> dict[str, Any]:
    runs = [_one(settings, seed) for seed in range(seeds)]
    return {
        "form": form,
        "starts": seeds,
        "within_one": sum(worst <= 1 for worst, _, _ in runs),
        "perfect": sum(worst == 0 for worst, _, _ in runs),
        "wrong": median(wrong for _, wrong, _ in runs),
        "seconds": median(seconds for _, _, seconds in runs),
    }


def _one(settings: dict[str, Any], seed: int) -> tuple[int, int, float]:
    """Wrong pixels in the worst letter and in all, and seconds."""
    setup = Setup.of(Spec(seed=seed, **settings))
    started, history = time.perf_counter(), History()
    for record in train(
        setup.objective, setup.theta, setup.schedule, iterations=setup.spec.iterations, stop=setup.stop, rng=setup.rng
    ):
        history.add(record)
    return history.best.worst_row, history.best.wrong_pixels, time.perf_counter() - started
