"""What becomes of a noisy training: its network on fresh noise, beside the limit and beside other trainings.

Each comparison is the same training, start and schedule included, under other noise or none: as many iterations, the
same stopping rules, the same number of noisy copies. All networks see the same test noise, which is of another seed
than any noise of the training.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from scipy_ae import corruptions, denoising
from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments.setup import Setup
from scipy_ae.network import Network

#: Tells test noise from the other draws of a seed; rows whose noisy copies are kept for the report's picture.
TEST, MOST_SHOWN = 2, 40
#: Rows up to which the limit is worked out: it compares each noisy row with all of them.
MOST_DECODED = 500
#: The amounts at which each kind of noise is tested.
LADDER = {
    "flip": ("2", "3", "10%", "15%", "20%"),
    "salt-pepper": ("10%", "20%", "40%"),
    "mask": ("10%", "20%", "40%"),
    "gaussian": ("0.1", "0.3", "0.5"),
    "neighbourhood": ("0.1", "0.3", "0.5"),
}
#: Trains under another setup and gives its theta; None where that was cut short.
Retrain = Callable[[Setup], np.ndarray | None]


@dataclass(frozen=True)
class Study:
    """``table`` is what ``denoising.json`` holds; ``arrays`` join the others of the run for the report's picture."""

    table: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def own(self) -> dict[str, Any]:
        """The run's network under the noise of its training: the noise as it is, one pass, two passes, the limit."""
        column = next(column for column in self.table["tested"] if column["noise"] == self.table["noise"])
        scores = {"unchanged": column["unchanged"], "once": column["once"][0], "twice": column["twice"][0]}
        told = {key: self.table[key] for key in ("noise", "seed", "draws")}
        return told | scores | {"limit": column["limit"]}

    @property
    def note(self) -> str:
        """The same in a sentence."""
        own = self.own
        before, once, twice, limit = (own[key] for key in ("unchanged", "once", "twice", "limit"))
        if before["wrong"] is None:
            best = "" if limit is None else f" (limit {limit['rms']:.3g})"
            after = f"after it {once['rms']:.3g}, after two passes {twice['rms']:.3g}{best}"
            return f"Fresh noise {own['noise']}: rms error {before['rms']:.3g} before the network, {after}."
        best = "" if limit is None else f" (limit {100 * limit['recovered']:.1f} %)"
        shares = f"{100 * once['recovered']:.1f} % of rows, {100 * twice['recovered']:.1f} % after two passes{best}"
        wrong = f"{before['wrong']:.2f} wrong pixels a row before the network, {once['wrong']:.2f} after it"
        return f"Fresh noise {own['noise']}: {wrong}; at most one wrong in {shares}."


def study(setup: Setup, theta: np.ndarray, retrain: Retrain) -> Study | None:
    """The network of a run on fresh noise; None for a run without noise."""
    if setup.noise is None:
        return None
    thetas, left_out = {str(setup.noise): theta}, []
    for other in setup.compare:
        name = named(other)
        if name in thetas:
            continue
        found = _retrained(setup.under(other), retrain)
        if found is None:
            left_out.append(name)
        else:
            thetas[name] = found
    seed = _seed(setup)
    columns = [_column(setup, noise, thetas, seed) for noise in _tested(setup)]
    table = {
        "noise": str(setup.noise),
        "meaning": setup.noise.meaning,
        "seed": seed,
        "draws": denoising.draws_for(setup.dataset.x),
        "rows": len(setup.dataset.x),
        "allowed": denoising.ALLOWED,
        "trained": list(thetas),
        "left_out": left_out,
        "tested": columns,
    }
    return Study(table, _shown(setup, thetas, seed))


def own_scores(setup: Setup, theta: np.ndarray) -> dict[str, Any]:
    """The network of a run under the noise of its training alone, as :attr:`Study.own` tells it, without the limit."""
    assert setup.noise is not None
    x, through, seed = setup.dataset.x, _through(setup.network, theta), _seed(setup)
    denoisers = {"unchanged": _unchanged, "once": through, "twice": denoising.repeated(through, 2)}
    found = denoising.scores(denoisers, x, setup.noise, _rng(seed, setup.noise))
    told = {"noise": str(setup.noise), "seed": seed, "draws": denoising.draws_for(x), "limit": None}
    return told | {name: asdict(score) for name, score in found.items()}


def named(noise: Corruption | None) -> str:
    return "none" if noise is None else str(noise)


def _retrained(setup: Setup, retrain: Retrain) -> np.ndarray | None:
    try:
        return retrain(setup)
    except NonFiniteError:
        return None


def _tested(setup: Setup) -> list[Corruption]:
    """The noises to test under: those of the trainings, and the usual amounts of the run's kind that fit the data."""
    assert setup.noise is not None
    kind = setup.noise.kind
    tested = {}
    for text in (f"{kind}:{amount}" for amount in LADDER[kind]):
        noise = corruptions.parse(text, setup.dataset.image_shape)
        try:
            noise.check(setup.dataset.x)
        except InputError:
            continue
        tested[str(noise)] = noise
    for other in (setup.noise, *setup.compare):
        if other is not None:
            tested.setdefault(str(other), other)
    return list(tested.values())


def _column(setup: Setup, noise: Corruption, thetas: dict[str, np.ndarray], seed: int) -> dict[str, Any]:
    """All denoisers under one test noise."""
    x, network = setup.dataset.x, setup.network
    denoisers: dict[str, denoising.Denoiser] = {"noise": _unchanged}
    if len(x) <= MOST_DECODED:
        denoisers["limit"] = denoising.decoder(x, noise)
    for name, theta in thetas.items():
        for passes in (1, 2):
            denoisers[f"{passes} {name}"] = denoising.repeated(_through(network, theta), passes)
    found = {key: asdict(score) for key, score in denoising.scores(denoisers, x, noise, _rng(seed, noise)).items()}
    return {
        "noise": str(noise),
        "meaning": noise.meaning,
        "unchanged": found["noise"],
        "limit": found.get("limit"),
        "once": [found[f"1 {name}"] for name in thetas],
        "twice": [found[f"2 {name}"] for name in thetas],
    }


def _shown(setup: Setup, thetas: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """One noisy copy of each of the first rows, and what the networks make of it."""
    assert setup.noise is not None
    x, network = setup.dataset.x, setup.network
    noisy = setup.noise.corrupt(x, _rng(seed, setup.noise))[:MOST_SHOWN]
    own = _through(network, thetas[str(setup.noise)])
    arrays = {"noisy": noisy, "denoised": own(noisy), "denoised_twice": denoising.repeated(own, 2)(noisy)}
    if "none" in thetas:
        arrays["noisy_plain"] = _through(network, thetas["none"])(noisy)
    return arrays


def _through(network: Network, theta: np.ndarray) -> denoising.Denoiser:
    return lambda noisy: network.reconstruct(theta, noisy)


def _unchanged(noisy: np.ndarray) -> np.ndarray:
    return noisy


def _seed(setup: Setup) -> int:
    return int(np.random.SeedSequence([setup.spec.seed, TEST]).generate_state(1)[0])


def _rng(seed: int, noise: Corruption) -> np.random.Generator:
    """The same test noise for every network, other noise for every test."""
    return np.random.default_rng([seed, *str(noise).encode()])
