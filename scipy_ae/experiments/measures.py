"""What tells trainings of different objectives apart, where their losses cannot: cost, robustness, sparsity."""

import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from scipy_ae import corruptions, denoising
from scipy_ae.batches import Batch
from scipy_ae.corruptions import Corruption
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.objective import Objective
from scipy_ae.penalties import Contractive

#: Tells the noise of these tests from the other draws of a seed.
TEST = 4
#: Evaluations timed, and seconds after which no more are.
REPEATS, ENOUGH = 30, 2.0
#: Of a spec, what makes its objective more than loss and decay, and what is said of that.
TERMS = ("l1", "kl", "contractive", "variational", "noise")
_ALL = (*TERMS, "rho", "sparse_layers", "probes", "kl_beta", "draws", "copies", "redraw", "compare")
#: A number of a code is at rest where it is within this part of the largest from 0.
REST = 0.05


def has_terms(spec: Spec) -> bool:
    return any(getattr(spec, name) for name in TERMS)


def cost(setup: Setup) -> dict[str, float]:
    """Seconds of one evaluation of value and gradient, and of the plain objective of the same network and rows.

    The least of many, taken in turns, so that whatever else the machine does weighs on both alike.
    """
    nothing: dict[str, Any] = dict.fromkeys(_ALL)
    plain = Setup.of(replace(setup.asked, **nothing))
    both = {"evaluation": setup, "plain": plain}
    least = dict.fromkeys(both, np.inf)
    began = time.perf_counter()
    for repeat in range(REPEATS + 1):
        for name, one in both.items():
            start = time.perf_counter()
            one.objective.fun_and_jac(one.theta)
            if repeat:  # the first one loads and compiles
                least[name] = min(least[name], time.perf_counter() - start)
        if repeat > 1 and time.perf_counter() - began > ENOUGH:
            break
    return {name: float(seconds) for name, seconds in least.items()}


def robustness(setup: Setup, theta: np.ndarray, test: str) -> dict[str, Any]:
    """Errors of noisy rows and of the network's outputs for them, and how much the code moves with the input."""
    dataset, network = setup.dataset, setup.network
    noise = tested(setup, test)
    denoisers: dict[str, denoising.Denoiser] = {
        "noisy": lambda noisy: noisy,
        "output": lambda noisy: network.reconstruct(theta, noisy),
    }
    found = denoising.scores(denoisers, dataset.x, noise, np.random.default_rng([setup.spec.seed, TEST]))
    return {name: asdict(score) for name, score in found.items()} | {"jacobian": jacobian(setup, theta)}


def tested(setup: Setup, test: str) -> Corruption:
    """The noise of that name, found fit for the data."""
    noise = corruptions.parse(test, setup.dataset.image_shape)
    noise.check(setup.dataset.x)
    return noise


def jacobian(setup: Setup, theta: np.ndarray) -> float:
    """Mean over the clean rows of the squared derivatives of the code by the input, summed."""
    batch = Batch(setup.dataset.x)
    if setup.spec.variational:
        batch = batch.with_eps(np.random.default_rng(0), setup.network.latent_dim)
    objective = Objective(setup.network, batch, setup.spec.loss, [Contractive(1.0)])
    return float(objective.parts(theta)[Contractive.name])


def activity(setup: Setup, theta: np.ndarray) -> dict[str, float]:
    """The share of the code's numbers, over all rows, near 0 beside the largest, and the mean of their sizes."""
    codes = np.abs(setup.network.encode(theta, setup.dataset.x))
    return {"resting": float(np.mean(codes <= REST * codes.max())), "mean": float(codes.mean())}
