"""Axes of long codes: the directions in which the data's codes differ most, along which one moves through them."""

import numpy as np

#: A longer code is moved along its first principal axes, at most so many; a shorter one by its own numbers.
LONGEST, MOST = 12, 8


def principal_axes(codes: np.ndarray, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Middle (d,) of the codes (n, d) and their principal axes (k, d), orthonormal, by falling variance.

    There are two at least, whatever the codes, for these make a plane; d must be as many. (Hotelling 1933; by the
    products of rows, since there are fewer of these than numbers in a long code.)
    """
    middle = codes.mean(axis=0)
    away = codes - middle
    variances, turns = np.linalg.eigh(away @ away.T)
    first = np.argsort(-variances)[:most]
    found = away.T @ turns[:, first[variances[first] > 1e-9 * variances.max()]]
    axes, _ = np.linalg.qr(np.column_stack([found, np.eye(codes.shape[1], 2)]))
    axes = axes.T[: max(2, found.shape[1])]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return middle, np.copysign(1.0, largest) * axes
