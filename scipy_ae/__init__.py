"""scipy-ae: autoencoders as functions of one flat vector, trained by SciPy's solvers.

The public names are fetched on first use (PEP 562), so that ``import scipy_ae`` is instant.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "Activation": "activations",
    "Autoencoder": "estimator",
    "Batch": "batches",
    "ChunkedObjective": "objective",
    "Contractive": "penalties",
    "Dense": "layers",
    "Every": "schedule",
    "Growth": "training",
    "History": "display",
    "KLSparsity": "penalties",
    "L1Sparsity": "penalties",
    "L2": "penalties",
    "Layout": "layout",
    "Model": "persistence",
    "Network": "network",
    "Objective": "objective",
    "Plain": "bottlenecks",
    "Problem": "problem",
    "Record": "records",
    "Report": "display",
    "Then": "schedule",
    "Variational": "bottlenecks",
    "load": "persistence",
    "save": "persistence",
    "train": "training",
}
_ROOMS = (
    "baselines", "checks", "corruptions", "datasets", "denoising", "evidence", "latent", "metrics", "solvers", "tasks",
)  # fmt: skip

__all__ = ["__version__", *sorted(_HOME), *_ROOMS]


def __getattr__(name: str):
    if name in _ROOMS:
        return import_module(f"scipy_ae.{name}")
    if name in _HOME:
        value = getattr(import_module(f"scipy_ae.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'scipy_ae' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
