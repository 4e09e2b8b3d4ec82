"""The latent plane: grids and walks over it, codes never seen or drawn from the prior, nearest letters."""

import numpy as np

from scipy_ae.errors import InputError


def extent(codes: np.ndarray, margin: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest code (d,) of a box around all codes (n, d), widened by ``margin`` of its side."""
    low, high = codes.min(axis=0), codes.max(axis=0)
    side = np.where(high > low, high - low, 1.0)
    return low - margin * side, high + margin * side


def grid(codes: np.ndarray, size: int = 15, margin: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid over the plane of the first two code numbers, the others at their median.

    Parameters
    ----------
    codes : ndarray of shape (n, d), d >= 2
        Training codes; the grid covers their box.
    size : int
        Points a side.

    Returns
    -------
    x, y : ndarray of shape (size,)
        Ascending coordinates.
    z : ndarray of shape (size * size, d)
        Row by row from the top (largest y), each from left to right.
    """
    if codes.shape[1] < 2:
        raise InputError(f"grid: codes of at least 2 numbers are accepted, these have {codes.shape[1]}")
    low, high = extent(codes, margin)
    x, y = (np.linspace(low[k], high[k], size) for k in (0, 1))
    z = np.tile(np.median(codes, axis=0), (size * size, 1))
    z[:, 0], z[:, 1] = np.tile(x, size), np.repeat(y[::-1], size)
    return x, y, z


def walk(start: np.ndarray, end: np.ndarray, steps: int = 9) -> np.ndarray:
    """Codes (steps, d) on the straight line from ``start`` to ``end``, both included."""
    if steps < 2:
        raise InputError(f"steps: {steps} is not accepted; a walk has at least 2")
    return np.linspace(start, end, steps)


def random_codes(codes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Codes (count, d) drawn evenly from the box of the training codes."""
    low, high = extent(codes, 0.0)
    return rng.uniform(low, high, (count, codes.shape[1]))


def prior_codes(latent_dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Codes (count, latent_dim) drawn from N(0, 1), the prior of a variational bottleneck."""
    for name, value in (("latent_dim", latent_dim), ("count", count)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} is not accepted; a whole number of at least 1 is")
    return rng.standard_normal((count, latent_dim))


def far_codes(codes: np.ndarray, count: int, rng: np.random.Generator, candidates: int = 4096) -> np.ndarray:
    """Codes (count, d) within the box of the training codes, each as far as can be from those and from one another."""
    low, high = extent(codes, 0.0)
    side = np.where(high > low, high - low, 1.0)
    pool = rng.uniform(low, high, (candidates, codes.shape[1]))
    distance = np.full(candidates, np.inf)
    taken: list[int] = []
    for known in codes:
        np.minimum(distance, _squared_distance(pool, known, side), out=distance)
    for _ in range(count):
        taken.append(int(np.argmax(distance)))
        np.minimum(distance, _squared_distance(pool, pool[taken[-1]], side), out=distance)
    return pool[taken]


def nearest(codes: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Index (m,) of the training code nearest to each row of z (m, d)."""
    return np.argmin(((z[:, None, :] - codes[None, :, :]) ** 2).sum(axis=2), axis=1)


def _squared_distance(points: np.ndarray, point: np.ndarray, side: np.ndarray) -> np.ndarray:
    return (((points - point) / side) ** 2).sum(axis=1)
