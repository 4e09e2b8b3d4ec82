"""What a network makes of codes that no row has, and how probable a variational one finds its rows.

The loss of a variational training is of the codes that were drawn for it. A network can learn those few by heart, and
then its loss says nothing of others: so the evidence is always estimated on codes drawn anew, of another seed.
"""

from typing import Any

import numpy as np

from scipy_ae import evidence, latent
from scipy_ae.bottlenecks import Variational
from scipy_ae.datasets import Dataset
from scipy_ae.experiments.setup import Setup
from scipy_ae.network import Network
from scipy_ae.persistence import Model
from scipy_ae.records import Record

#: Tells the draws of the evidence from the other draws of a seed.
EVIDENCE = 3
#: Codes drawn a row: for the outcome, for a point of a curve; fewer where that were more values than that in all.
DRAWS, CURVE_DRAWS, MOST_VALUES = 400, 25, 20_000_000
#: Codes from the prior, and pairs of rows whose codes are halved, for the pictures.
SAMPLES, PAIRS = 20, 8
#: Each moment of a curve comes this many times later than the one before.
STRIDE = 1.3


def arrays(dataset: Dataset, model: Model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The mean of two codes, for some pairs of rows, decoded; of a variational network samples of its prior too."""
    x, labels = dataset.x, np.array(dataset.labels)
    made: dict[str, np.ndarray] = {}
    half = len(x) // 2
    if dataset.kind == "image" and half:
        one = np.unique(np.linspace(0, half - 1, min(PAIRS, half)).round().astype(int))
        other = one + half
        mean = (model.encode(x[one]) + model.encode(x[other])) / 2
        made |= {"mean_codes": mean, "mean_output": model.decode(mean), "mean_rows": np.column_stack([one, other])}
        made["mean_names"] = np.array([f"{labels[i]} + {labels[j]}" for i, j in zip(one, other)])
    if is_variational(model.network):
        codes = latent.prior_codes(model.network.latent_dim, SAMPLES, rng)
        made |= {"prior_codes": codes, "prior_output": model.decode(codes)}
    return made


def is_variational(network: Network) -> bool:
    return isinstance(network.bottleneck, Variational)


def measured(setup: Setup, theta: np.ndarray) -> dict[str, Any] | None:
    """ELBO, its two parts and the importance-weighted bound, means over the rows in nats; None where there are none."""
    if not is_variational(setup.network):
        return None
    x, loss = setup.dataset.x, setup.spec.loss
    draws, seed = _draws(x, DRAWS), _seed(setup)
    likelihood, divergence = evidence.elbo(setup.network, theta, x, np.random.default_rng(seed), draws, loss=loss)
    bound = evidence.importance_bound(setup.network, theta, x, np.random.default_rng(seed), draws, loss=loss)
    return {
        "elbo": float(np.mean(likelihood - divergence)),
        "reconstruction": float(-likelihood.mean()),
        "divergence": float(divergence.mean()),
        "bound": float(bound.mean()),
        "draws": draws,
        "seed": seed,
    }


class Trace:
    """Reads the records of a training and keeps its best weights so far, at moments ever further apart."""

    def __init__(self) -> None:
        self._best: Record | None = None
        self._due = 0.0
        self._theta: np.ndarray | None = None
        self._kept: list[tuple[float, np.ndarray]] = []

    def __call__(self, record: Record) -> None:
        if record.theta is not None and record.better_than(self._best):
            self._best, self._theta = record, record.theta
        if self._theta is not None and (record.seconds >= self._due or record.stop):
            self._kept.append((record.seconds, self._theta))
            self._due = max(record.seconds, 0.02) * STRIDE

    def curve(self, setup: Setup) -> list[list[float]]:
        """Seconds, and the ELBO of the weights kept then: the mean over the rows in nats, on the same codes each."""
        x, points = setup.dataset.x, []
        for seconds, theta in self._kept:
            rng, draws = np.random.default_rng([_seed(setup), 1]), _draws(x, CURVE_DRAWS)
            likelihood, divergence = evidence.elbo(setup.network, theta, x, rng, draws, loss=setup.spec.loss)
            points.append([seconds, float(np.mean(likelihood - divergence))])
        return points


def _draws(x: np.ndarray, most: int) -> int:
    return int(np.clip(MOST_VALUES // x.size, 1, most))


def _seed(setup: Setup) -> int:
    return int(np.random.SeedSequence([setup.spec.seed, EVIDENCE]).generate_state(1)[0])
