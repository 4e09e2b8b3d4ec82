"""Pictures of smooth curves through three random points, after Hinton and Salakhutdinov (Science 313, 2006)."""

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

ABOUT = "curves through three random points, 28 rows of 28 pixels"
SIDE = 28
MOST = 100_000
_EDGE = 2.5  # pixels around the picture that no curve's middle enters
_APART = 4.0  # pixels between two of the three points, at least
_WIDTH = 1.5  # pixels of a stroke
_SEGMENTS = 24
_AT_ONCE = 100  # curves


def make_curves(n: int = 4000, seed: int = 0) -> Dataset:
    """Grey pictures of parabolic arcs from one random point through a second to a third.

    An arc is q(t), 0 <= t <= 1, the polynomial of degree two with q(0), q(m), q(1) the three points, m being the part
    of the way from the first over the second to the third, in straight lines, at which the second lies; so six numbers
    say all of a picture. Points are drawn evenly over the picture and drawn again where two are nearer than 4 pixels or
    the arc comes nearer to the edge than 2.5 pixels. The stroke is 1.5 pixels wide; values fall from 1 to 0 over the
    pixel at its border.

    Parameters
    ----------
    n : int
        Pictures, at most 100 000. The original has 20 000 for training and 10 000 for testing.
    seed : int
        Seed of the points.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 784) in [0, 1], 1 in the stroke; image_shape (28, 28); labels c0, c1, ...
    """
    for name, value, least in (("n", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{name} must be an integer of at least {least}, not {value!r}")
    if n > MOST:
        raise InputError(f"n: at most {MOST} curves are made, not {n}")
    arcs = _arcs(int(n), np.random.default_rng(seed))
    x = np.empty((n, SIDE * SIDE))
    for start in range(0, n, _AT_ONCE):
        x[start : start + _AT_ONCE] = _drawn(arcs[start : start + _AT_ONCE])
    labels = tuple(f"c{row}" for row in range(n))
    return Dataset("curves", x, labels, (SIDE, SIDE), f"{n} {ABOUT}", "image", copy=False)


def _arcs(n: int, rng: np.random.Generator) -> np.ndarray:
    """Points along n arcs, in pixels; (n, segments + 1, 2)."""
    kept: list[np.ndarray] = []
    while sum(map(len, kept)) < n:
        points = rng.uniform(_EDGE, SIDE - _EDGE, (1000, 3, 2))
        apart = np.linalg.norm(points - np.roll(points, 1, axis=1), axis=2)  # of 0 and 2, 1 and 0, 2 and 1
        points = points[apart.min(axis=1) >= _APART]
        arcs = _through(points)
        inside = ((arcs >= _EDGE) & (arcs <= SIDE - _EDGE)).all(axis=(1, 2))
        kept.append(arcs[inside])
    return np.concatenate(kept)[:n]


def _through(points: np.ndarray) -> np.ndarray:
    """The arcs through points (n, 3, 2), by Lagrange's form."""
    first, second = (np.linalg.norm(points[:, k + 1] - points[:, k], axis=1) for k in (0, 1))
    m = (first / (first + second))[:, None]
    t = np.linspace(0, 1, _SEGMENTS + 1)[None, :]
    weights = np.stack([(t - m) * (t - 1) / m, t * (t - 1) / (m * (m - 1)), t * (t - m) / (1 - m)], axis=2)
    return weights @ points


def _drawn(arcs: np.ndarray) -> np.ndarray:
    """Pictures of arcs, (n, 784): how much of each pixel lies in the stroke, by its distance from the arc."""
    centre = np.arange(SIDE) + 0.5
    x, y = (axis.ravel() for axis in np.meshgrid(centre, centre))
    nearest = np.full((len(arcs), SIDE * SIDE), np.inf)
    for start, end in zip(arcs.transpose(1, 0, 2)[:-1], arcs.transpose(1, 0, 2)[1:]):
        along = end - start  # (n, 2)
        length = np.maximum((along**2).sum(axis=1, keepdims=True), 1e-12)
        dx, dy = x - start[:, :1], y - start[:, 1:]
        t = np.clip((dx * along[:, :1] + dy * along[:, 1:]) / length, 0, 1)
        np.minimum(nearest, (dx - t * along[:, :1]) ** 2 + (dy - t * along[:, 1:]) ** 2, out=nearest)
    return np.clip(_WIDTH / 2 + 0.5 - np.sqrt(nearest), 0, 1)
