"""Numbers for people: wrong pixels, decibels, how round a circle is, how new a letter is."""

from typing import NamedTuple

import numpy as np

from scipy_ae.errors import InputError


def wrong_pixels(output: np.ndarray, target: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Pixels of each row on the wrong side of the threshold.

    A pixel is lit where its value is above ``threshold``, dark where it is at most that; a NaN is always
    wrong.

    Parameters
    ----------
    output, target : ndarray, shape (n, p)
    threshold : float, in the unit of the pixels

    Returns
    -------
    ndarray of int, shape (n,)
        In pixels.
    """
    output, target = np.asarray(output), np.asarray(target)
    if output.ndim != 2:
        raise InputError(f"output must have the shape (n, p), not {output.shape}")
    _check_same_shape(output, target)
    wrong = ((output > threshold) != (target > threshold)) | np.isnan(output)
    return wrong.sum(axis=1)


def is_binary(x: np.ndarray) -> bool:
    """Whether every value is exactly 0 or 1."""
    return bool(((x == 0) | (x == 1)).all())


def psnr(y: np.ndarray, t: np.ndarray, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio over all values, 10 log10(peak² / mean (y - t)²), in decibels.

    Infinite where ``y`` equals ``t``. ``peak`` is the span of the values: 1 for [0, 1], 255 for bytes.
    """
    _check_same_shape(y, t)
    error = float(np.mean(np.square(np.subtract(y, t, dtype=np.float64))))
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


class CircleGeometry(NamedTuple):
    """The shape of each circle: arrays of length n."""

    radius: np.ndarray  # mean distance of the points to their centroid, in the unit of the coordinates
    roundness_error: np.ndarray  # standard deviation of that distance over its mean: a ratio, 0.02 is 2 %
    centre_offset: np.ndarray  # distance of the centroid to (0, 0), in the unit of the coordinates


def circle_geometry(points: np.ndarray) -> CircleGeometry:
    """How large, how round and how far off centre each circle is.

    Distances are measured from the centroid of the circle's own points, since roundness is a matter of
    shape: a perfect circle that lies off (0, 0) has a roundness error of 0, and its place shows in the
    centre offset. (The centroid is the centre when the points lie evenly around; if they crowd to one side,
    that too counts as error.) Where all points of a circle are one, its roundness error is NaN.

    Parameters
    ----------
    points : ndarray, shape (n, 2 * p)
        x1, y1, x2, y2, ... of each circle.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] < 2 or points.shape[1] % 2:
        raise InputError(f"points must have the shape (n, 2 * points), not {points.shape}")
    pairs = points.reshape(len(points), -1, 2)
    centre = pairs.mean(axis=1)  # (n, 2)
    distance = np.linalg.norm(pairs - centre[:, None, :], axis=2)
    radius = distance.mean(axis=1)
    error = np.divide(distance.std(axis=1), radius, out=np.full(len(points), np.nan), where=radius > 0)
    return CircleGeometry(radius, error, np.linalg.norm(centre, axis=1))


class Nearest(NamedTuple):
    """For each output the row it comes nearest to: arrays of length m."""

    row: np.ndarray  # its number, the first on a tie
    distance: np.ndarray  # the pixels in which they differ; 0 means that the output is that row


def nearest_rows(output: np.ndarray, x: np.ndarray, threshold: float = 0.5) -> Nearest:
    """The row of ``x`` (n, p) nearest to each row of ``output`` (m, p), as lit and dark pixels.

    A pixel is lit where its value is above ``threshold``. A large distance: a letter that was not in the
    data.
    """
    if np.ndim(output) != 2 or np.ndim(x) != 2 or np.shape(output)[1] != np.shape(x)[1] or len(x) == 0:
        raise InputError(f"output and x must be (m, p) and (n, p) with n > 0, not {np.shape(output)}, {np.shape(x)}")
    ours = (np.asarray(output) > threshold).astype(np.float64)
    theirs = (np.asarray(x) > threshold).astype(np.float64)
    # pixels lit in one of the two only; sums of zeros and ones are exact in floating point
    apart = ours.sum(axis=1)[:, None] + theirs.sum(axis=1) - 2 * ours @ theirs.T  # (m, n)
    row = apart.argmin(axis=1)
    return Nearest(row, apart[np.arange(len(apart)), row].astype(int))


def _check_same_shape(output: np.ndarray, target: np.ndarray) -> None:
    if np.shape(output) != np.shape(target):
        raise InputError(f"output has shape {np.shape(output)} and target {np.shape(target)}: one shape is accepted")
