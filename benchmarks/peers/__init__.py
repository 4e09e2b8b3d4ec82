"""The contestants beside scipy-ae, a module each; one that is not installed is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from descents import Minimiser
from problems import Case, Evaluation, Trainer

#: Each holds a ``PEER``.
MODULES = {
    "NumPy": "numpy_peer",
    "JAX": "jax_peer",
    "torch": "torch_peer",
    "SciPy": "scipy_peer",
    "jaxopt": "jaxopt_peer",
    "optax": "optax_peer",
    "optimistix": "optimistix_peer",
    "pytorch-minimize": "minimize_peer",
    "scikit-learn": "sklearn_peer",
}


@dataclass(frozen=True)
class Peer:
    """What a library takes part in: loss and gradient, the letters, descents.

    ``packages`` are those whose versions are reported.
    """

    name: str
    packages: tuple[str, ...]
    evaluation: Callable[[Case], Evaluation] | None = None
    trainers: Callable[[], list[Trainer]] | None = None
    minimisers: Callable[[], list[Minimiser]] | None = None


def load() -> tuple[list[Peer], list[str]]:
    """The peers at hand, and a line for each that is not."""
    found, missing = [], []
    for name, module in MODULES.items():
        try:
            found.append(import_module(f"peers.{module}").PEER)
        except ImportError as error:
            missing.append(f"{name} is left out: {error}.")
    return found, missing


def minimisers(peers: list[Peer], *kinds: str) -> list[Minimiser]:
    """Those of these kinds, ours first."""
    from peers import ours

    offered = ours.minimisers() + [each for peer in peers if peer.minimisers for each in peer.minimisers()]
    return [each for each in offered if each.kind in kinds]
