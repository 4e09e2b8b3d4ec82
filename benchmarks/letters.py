"""Part C: the time to zero wrong pixels on all 32 letters of each font through a code of two numbers."""

import time
from typing import Any

from evaluation import check_agreement, contestants_on
from peers import Peer
from problems import Case, Trained, Trainer, wrong_pixels
from settings import OURS

from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.training import train

FONTS = ("font1", "font2", "font3")
SEEDS = 20
#: Our ways, of which the first is what the others are held against.
WAYS = {
    OURS: {"solver": "Rprop", "every": 1, "burst": 200},
    f"{OURS} BFGS": {"burst": 50},
}


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each run: font, method, setting, seed, and what came of it."""
    trainers = [trainer for peer in peers if peer.trainers for trainer in peer.trainers()]
    for way in WAYS:  # whatever is loaded or compiled on first use
        _ours(_setup("font1", 0, way))
    rows = []
    for font in FONTS[:1] if quick else FONTS:
        _check(font, peers)
        for seed in range(3 if quick else SEEDS):
            rows += _one_start(font, seed, trainers, 1 if quick else None)
    return rows


def _check(font: str, peers: list[Peer]) -> None:
    """All who take part compute the same on this font too, whose blanks make logits of exactly zero at the start."""
    case = _case(_setup(font, 0))
    check_agreement(f"letters of {font}", contestants_on(case, peers))


def _one_start(font: str, seed: int, trainers: list[Trainer], most: int | None) -> list[dict[str, Any]]:
    """All contestants from the same start, one after the other."""
    case = _case(_setup(font, seed))
    runs = [(way, _flags(way), _ours(_setup(font, seed, way))) for way in WAYS]
    for trainer in trainers:
        if seed < (trainer.seeds if most is None else most):
            runs.append((trainer.method, trainer.setting, trainer.train(case)))
    return [
        {"font": font, "seed": seed, "method": method, "setting": setting, **vars(trained)}
        for method, setting, trained in runs
    ]


def _setup(font: str, seed: int, way: str = OURS) -> Setup:
    settings = {"init": "fan-in", "code": "identity", "target_pixels": 0}
    return Setup.of(Spec(dataset=font, letters="all", seed=seed, **settings, **WAYS[way]))


def _case(setup: Setup) -> Case:
    return Case(setup.spec.dataset, setup.spec.layers, setup.dataset.x, code=setup.spec.code, start=setup.theta)


def _flags(way: str) -> str:
    return " ".join(f"--{name} {value}" for name, value in {"init": "fan-in", "code": "identity", **WAYS[way]}.items())


def _ours(setup: Setup) -> Trained:
    """The training that ``scipy-ae train`` runs, records and all, of which the best is kept."""
    started = time.perf_counter()
    best, steps = None, 0
    for record in train(
        setup.objective, setup.theta, setup.schedule, iterations=setup.spec.iterations, stop=setup.stop
    ):
        best = record if best is None or record.loss < best.loss else best
        steps += record.steps
    taken = time.perf_counter() - started
    return Trained(taken, steps, wrong_pixels(_case(setup), best.theta))
