"""The contestants beside scipy-ae, a module each; one that is not installed is left out.

A peer's module holds ``NAME``, ``PACKAGES`` (whose versions are reported) and whichever it can do of
``evaluation(case) -> Evaluation`` and ``trainers() -> list[Trainer]``.
"""

from importlib import import_module
from types import ModuleType

MODULES = {"NumPy": "numpy_peer", "JAX": "jax_peer", "torch": "torch_peer", "SciPy": "scipy_peer"}


def load() -> tuple[list[ModuleType], list[str]]:
    """The peers at hand, and a line for each that is not."""
    found, missing = [], []
    for name, module in MODULES.items():
        try:
            found.append(import_module(f"peers.{module}"))
        except ImportError as error:
            missing.append(f"{name} is left out: {error}")
    return found, missing
