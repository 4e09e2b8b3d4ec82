"""Whether a training's kernels are compiled and cached on disk already."""

from pathlib import Path

from scipy_ae.kernels.sweeps import loss_and_gradient


def is_compiled() -> bool:
    """False where the first training on this machine has yet to compile its kernels."""
    folder = Path(loss_and_gradient.stats.cache_path)
    return any(folder.glob("sweeps.loss_and_gradient-*.nbi"))
