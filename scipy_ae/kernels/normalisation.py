"""Batch and group normalisation: xhat = (x - mean) / sqrt(variance + EPS), A = weight xhat + bias.

Flat arrays in C order: ``X``, ``A``, ``dA``, ``dX``, ``vX`` and ``vA`` are (n, channels, pixels), ``weight`` and
``bias`` (channels,). The variance is the mean of the squared deviations, without Bessel's correction. Mean and variance
go over one group of channels of one image (Wu and He 2018, eq. 3-6) or over one channel of the whole batch (Ioffe and
Szegedy 2015, algorithm 1); a batch may come in chunks, whose sums are merged in the order of the chunks.

Sums run in float64 over arrays of either precision, in loops that only read, so that their order does not hang on
where the arrays lie; what takes them (means, inverses, sums, totals) may be float64 beside images of float32. Loops
that write go number by number. ``inverses`` are 1 / sqrt(variance + EPS). Arrays that are written lie apart from those
that are read.
"""

import math

from numba import njit

from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.quasi_newton import REORDER
from scipy_ae.kernels.views import vector

EPS = 1e-5


@njit(cache=True, fastmath=REORDER, error_model="numpy", nogil=True)
def _total(x):
    total = 0.0
    for i in range(x.size):
        total += x[i]
    return total


@njit(cache=True, fastmath=REORDER, error_model="numpy", nogil=True)
def _squares(x, mean):
    """Sum of the squared deviations from the mean."""
    total = 0.0
    for i in range(x.size):
        step = x[i] - mean
        total += step * step
    return total


@njit(cache=True, fastmath=REORDER, error_model="numpy", nogil=True)
def _total_and_moment(d, x, mean):
    """Sums of d and of d (x - mean)."""
    total, moment = 0.0, 0.0
    for i in range(x.size):
        total += d[i]
        moment += d[i] * (x[i] - mean)
    return total, moment


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _scaled(x, mean, scale, shift, out):
    """out = scale (x - mean) + shift, in the precision of the arrays."""
    number = out.dtype.type
    m, s, t = number(mean), number(scale), number(shift)
    for i in range(out.size):
        out[i] = (x[i] - m) * s + t


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _mixed(d, by, x, mean, scale, shift, out):
    """out = by d + scale (x - mean) + shift, in the precision of the arrays."""
    number = out.dtype.type
    b, m, s, t = number(by), number(mean), number(scale), number(shift)
    for i in range(out.size):
        out[i] = b * d[i] + ((x[i] - m) * s + t)


# ----------------------------------------------------------------------------------------- groups


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def group_norm_forward(n, channels, pixels, groups, X, weight, bias, means, inverses, A):
    """A, and the statistics of each group, ``means`` and ``inverses`` (n * groups,)."""
    width = channels // groups
    for g in range(n * groups):
        first = g * width * pixels
        group = vector(X, first, width * pixels)
        mean = _total(group) / group.size
        inverse = 1.0 / math.sqrt(_squares(group, mean) / group.size + EPS)
        means[g], inverses[g] = mean, inverse
        for k in range(width):
            channel, at = g % groups * width + k, first + k * pixels
            _scaled(vector(X, at, pixels), mean, inverse * weight[channel], bias[channel], vector(A, at, pixels))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def group_norm_backward(n, channels, pixels, groups, X, weight, means, inverses, dA, dweight, dbias, dX):
    """dX, dweight and dbias; the last two add up over the images in their own precision."""
    width = channels // groups
    for channel in range(channels):
        dweight[channel], dbias[channel] = 0, 0
    for g in range(n * groups):
        first, mean, inverse = g * width * pixels, means[g], inverses[g]
        drift, pull = 0.0, 0.0  # means of weight dA and of weight dA xhat over the group
        for k in range(width):
            channel, at = g % groups * width + k, first + k * pixels
            total, moment = _total_and_moment(vector(dA, at, pixels), vector(X, at, pixels), mean)
            dbias[channel] += total
            dweight[channel] += moment * inverse
            drift += weight[channel] * total
            pull += weight[channel] * (moment * inverse)
        drift, pull = drift / (width * pixels), pull / (width * pixels)
        for k in range(width):
            channel, at = g % groups * width + k, first + k * pixels
            _mixed(
                vector(dA, at, pixels), inverse * weight[channel], vector(X, at, pixels), mean,
                -inverse * inverse * pull, -inverse * drift, vector(dX, at, pixels),
            )  # fmt: skip


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def group_norm_tangent(n, channels, pixels, groups, X, vX, weight, vweight, vbias, means, inverses, vA):
    """vA, when X moves along vX, weight along vweight and bias along vbias."""
    width = channels // groups
    for g in range(n * groups):
        first, mean, inverse = g * width * pixels, means[g], inverses[g]
        total, moment = _total_and_moment(vector(vX, first, width * pixels), vector(X, first, width * pixels), mean)
        drift, pull = total / (width * pixels), moment * inverse / (width * pixels)
        for k in range(width):
            channel, at = g % groups * width + k, first + k * pixels
            scale = inverse * weight[channel]
            _mixed(
                vector(vX, at, pixels), scale, vector(X, at, pixels), mean,
                inverse * vweight[channel] - scale * inverse * pull, vbias[channel] - scale * drift,
                vector(vA, at, pixels),
            )  # fmt: skip


# ------------------------------------------------------------------------------------------ batch


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_sums(n, channels, pixels, X, out):
    """Of one chunk: the mean of each channel, then its sum of squared deviations, ``out`` (2 * channels,)."""
    for channel in range(channels):
        mean, squares = 0.0, 0.0
        for i in range(n):
            plane = vector(X, (i * channels + channel) * pixels, pixels)
            here = _total(plane) / pixels
            step = here - mean
            mean += step / (i + 1)
            squares += _squares(plane, here) + step * step * (pixels * (i / (i + 1)))
        out[channel], out[channels + channel] = mean, squares


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_merge(chunks, counts, sums, means, inverses):
    """Statistics (channels,) of the whole batch from those of its chunks, in their order.

    Chan, Golub and LeVeque (1983, The American Statistician 37, eq. 2.1). ``counts`` (chunks,) are the values per
    channel in each chunk, ``sums`` (chunks * 2 * channels,) what :func:`batch_norm_sums` gave.
    """
    channels = means.size
    for channel in range(channels):
        count, mean, squares = 0.0, 0.0, 0.0
        for k in range(chunks):
            if counts[k] == 0:
                continue
            at = 2 * k * channels + channel
            step, more = sums[at] - mean, count + counts[k]
            mean += step * (counts[k] / more)
            squares += sums[at + channels] + step * step * (count * (counts[k] / more))
            count = more
        means[channel] = mean
        inverses[channel] = 1.0 / math.sqrt(squares / count + EPS)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_forward(n, channels, pixels, X, means, inverses, weight, bias, A):
    """A of one chunk, from the statistics (channels,) of the batch or of the training set."""
    for i in range(n):
        for channel in range(channels):
            at = (i * channels + channel) * pixels
            _scaled(
                vector(X, at, pixels), means[channel], inverses[channel] * weight[channel], bias[channel],
                vector(A, at, pixels),
            )  # fmt: skip


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_backward_sums(n, channels, pixels, X, means, inverses, dA, out):
    """Of one chunk: the sums of dA and of dA xhat for each channel, ``out`` (2 * channels,).

    Added over all chunks they are the gradients of bias and weight.
    """
    for channel in range(channels):
        total, moment = 0.0, 0.0
        for i in range(n):
            at = (i * channels + channel) * pixels
            here, there = _total_and_moment(vector(dA, at, pixels), vector(X, at, pixels), means[channel])
            total += here
            moment += there
        out[channel], out[channels + channel] = total, moment * inverses[channel]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_backward(n, channels, pixels, count, X, means, inverses, weight, totals, dA, dX):
    """dX of one chunk; ``count`` values per channel in the batch, ``totals`` the sums over all its chunks."""
    for i in range(n):
        for channel in range(channels):
            at, inverse = (i * channels + channel) * pixels, inverses[channel]
            scale, drift, pull = inverse * weight[channel], totals[channel] / count, totals[channels + channel] / count
            _mixed(
                vector(dA, at, pixels), scale, vector(X, at, pixels), means[channel],
                -scale * inverse * pull, -scale * drift, vector(dX, at, pixels),
            )  # fmt: skip


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_tangent_sums(n, channels, pixels, X, means, inverses, vX, out):
    """Of one chunk: the sums of vX and of vX xhat for each channel, ``out`` (2 * channels,)."""
    batch_norm_backward_sums(n, channels, pixels, X, means, inverses, vX, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def batch_norm_tangent(n, channels, pixels, count, X, vX, means, inverses, totals, weight, vweight, vbias, vA):
    """vA of one chunk; ``totals`` are the sums of :func:`batch_norm_tangent_sums` over all chunks."""
    for i in range(n):
        for channel in range(channels):
            at, inverse = (i * channels + channel) * pixels, inverses[channel]
            scale, drift, pull = inverse * weight[channel], totals[channel] / count, totals[channels + channel] / count
            _mixed(
                vector(vX, at, pixels), scale, vector(X, at, pixels), means[channel],
                inverse * vweight[channel] - scale * inverse * pull, vbias[channel] - scale * drift,
                vector(vA, at, pixels),
            )  # fmt: skip
