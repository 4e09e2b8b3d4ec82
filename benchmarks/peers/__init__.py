"""The contestants beside scipy-ae, a module each; one that is not installed is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from problems import Case, Evaluation, Trainer

#: Each holds a ``PEER``.
MODULES = {"NumPy": "numpy_peer", "JAX": "jax_peer", "torch": "torch_peer", "SciPy": "scipy_peer"}


@dataclass(frozen=True)
class Peer:
    """What a library takes part in: loss and gradient, the letters, or both.

    ``packages`` are those whose versions are reported.
    """

    name: str
    packages: tuple[str, ...]
    evaluation: Callable[[Case], Evaluation] | None = None
    trainers: Callable[[], list[Trainer]] | None = None


def load() -> tuple[list[Peer], list[str]]:
    """The peers at hand, and a line for each that is not."""
    found, missing = [], []
    for name, module in MODULES.items():
        try:
            found.append(import_module(f"peers.{module}").PEER)
        except ImportError as error:
            missing.append(f"{name} is left out: {error}.")
    return found, missing
