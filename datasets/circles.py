"""Circles around the origin, as rows of x1, y1, x2, y2, ..."""

import math
from numbers import Real

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError

ABOUT = "circles around (0, 0), each a row of points x1, y1, x2, y2, ..."


def make_circles(n: int = 100, points: int = 21, smallest: float = 0.1, largest: float = 0.9) -> Dataset:
    """Circles centred at (0, 0), their radii evenly from ``smallest`` to ``largest``.

    Parameters
    ----------
    n : int
        Circles, one a row.
    points : int
        Points of each circle, evenly around, from angle 0 anticlockwise.
    smallest, largest : float
        First and last radius, 0 < smallest < largest, in the unit of the coordinates.

    Returns
    -------
    Dataset
        ``x`` of shape (n, 2 * points), kind ``"circles"``; the labels are the radii, with as many decimals
        (at least two) as it takes to tell them apart.
    """
    for name, count, least in (("n", n, 1), ("points", points, 3)):
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < least:
            raise InputError(f"{name} must be an integer of at least {least}, not {count!r}")
    for name, value in (("smallest", smallest), ("largest", largest)):
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise InputError(f"{name} must be a finite number, not {value!r}")
    if not 0 < smallest < largest:
        raise InputError(f"radii must be 0 < smallest < largest, not smallest {smallest} and largest {largest}")
    radius = np.linspace(smallest, largest, n)
    angle = 2 * np.pi * np.arange(points) / points
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (points, 2)
    x = (radius[:, None, None] * unit).reshape(n, 2 * points)
    return Dataset("circles", x, _radius_labels(radius), None, ABOUT, "circles")


def _radius_labels(radius: np.ndarray) -> tuple[str, ...]:
    decimals = 2
    while len({f"{value:.{decimals}f}" for value in radius}) < len(np.unique(radius)):
        decimals += 1
    return tuple(f"{value:.{decimals}f}" for value in radius)
