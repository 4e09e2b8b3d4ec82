"""Numbers for people: wrong pixels, decibels, likeness of images, bits, how round a circle is, how new a letter is."""

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


def psnr_of_rows(y: np.ndarray, t: np.ndarray, peak: float = 1.0) -> np.ndarray:
    """:func:`psnr` of each row by itself, shape (n,), in decibels; infinite where two rows are equal."""
    _check_same_shape(y, t)
    error = np.square(np.subtract(y, t, dtype=np.float64)).reshape(len(y), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / error)


#: Side of the window of :func:`ssim`, its standard deviation in pixels, and the constants K1 and K2.
WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03
_AT_ONCE = 2**20  # values of which the five local means are held


def ssim(y: np.ndarray, t: np.ndarray, shape: tuple[int, ...], peak: float = 1.0) -> np.ndarray:
    """Structural similarity of each image of ``y`` with that of ``t``: 1 where they are equal.

    (2 m_y m_t + c1) (2 s_yt + c2) / ((m_y² + m_t² + c1) (s_y² + s_t² + c2)), with means m, variances s² and the
    covariance s_yt under a Gaussian window of 11x11 pixels, c1 = (K1 peak)², c2 = (K2 peak)²; mean over all places that
    hold the whole window, and over channels (Wang, Bovik, Sheikh and Simoncelli 2004, eq. 13 and section III.C). Where
    height or width is below 11 pixels the window is the largest odd one that fits both, of the same Gaussian: such
    values are not to be held against those of larger images.

    Parameters
    ----------
    y, t : ndarray, shape (n, c*h*w)
    shape : (c, h, w)
    peak : float
        The span of the values: 1 for [0, 1].

    Returns
    -------
    ndarray, shape (n,)
        At most 1.
    """
    y, t = np.asarray(y), np.asarray(t)
    _check_same_shape(y, t)
    if len(shape) != 3 or y.ndim != 2 or y.shape[1] != int(np.prod(shape)) or min(shape) < 1:
        raise InputError(
            f"ssim: rows of shape {y.shape} are not images of {tuple(shape)}; (n, c*h*w) and (c, h, w) are"
        )
    each = max(1, _AT_ONCE // y.shape[1])
    parts = [_ssim(y[k : k + each], t[k : k + each], shape, peak) for k in range(0, len(y), each)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _ssim(y: np.ndarray, t: np.ndarray, shape: tuple[int, ...], peak: float) -> np.ndarray:
    from scipy.ndimage import correlate1d

    side = min(WINDOW, *(size - 1 + size % 2 for size in shape[1:]))
    half = side // 2
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / SIGMA) ** 2)
    weights /= weights.sum()
    rows, columns = np.s_[half : shape[1] - half], np.s_[half : shape[2] - half]

    def mean(values: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(values, weights, axis=2)[:, :, rows], weights, axis=3)[:, :, :, columns]

    y, t = (np.asarray(one, dtype=np.float64).reshape(-1, *shape) for one in (y, t))
    m_y, m_t = mean(y), mean(t)
    s_yy, s_tt, s_yt = mean(y * y) - m_y**2, mean(t * t) - m_t**2, mean(y * t) - m_y * m_t
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    map_ = (2 * m_y * m_t + c1) * (2 * s_yt + c2) / ((m_y**2 + m_t**2 + c1) * (s_yy + s_tt + c2))
    return map_.mean(axis=(1, 2, 3))


def bits_per_value(x: np.ndarray) -> int:
    """Bits in which a file of images would keep a value: 1 of black and white, 8 of all else within [0, 1]."""
    return 1 if is_binary(x) else 8


def compression_ratio(values: int, code_values: int, code_bits: int, value_bits: int = 8) -> float:
    """How many times larger an image of ``values`` numbers is than its code of ``code_values``.

    Both without any further coding: an image of 8 bits a value, a code of ``code_bits`` a value.
    """
    return values * value_bits / (code_values * code_bits)


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
