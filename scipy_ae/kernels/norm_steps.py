"""Steps of a tape that normalise: groups of channels of one image, or one channel of all images of a batch.

``t`` is the step, ``s`` the slots, as ``kernels/tape.py`` tells; P are channels, Q pixels, and the geometry begins with
the groups. Batch normalisation takes all chunks of a batch: each leaves its sums, ``*_merge`` is run once when all have
done so, and the next step goes on from there. Means, inverses and totals are shared by all chunks; they and all sums
are float64 in either precision.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels import normalisation
from scipy_ae.kernels import tape as T
from scipy_ae.kernels.tape import address, numbers
from scipy_ae.kernels.views import pointed, vector, vector_at


@njit(inline="always")
def _size(t, n):
    return n * t[T.P] * t[T.Q]


@njit(inline="always")
def _weights(t, s, slot, kind):
    """Weight and bias of the layer in theta, or what stands for them in a vector laid out as theta."""
    theta = numbers(s, slot, 0, 0, kind)
    return vector(theta, t[T.WEIGHT], t[T.P]), vector(theta, t[T.BIAS], t[T.P])


@njit(inline="always")
def _of_groups(t, s, first, n):
    """Means and inverses of the groups of each image."""
    size = n * t[T.GEOMETRY]
    means, inverses = address(s, t[T.MEANS], first), address(s, t[T.INVERSES], first)
    return vector_at(means, size, np.float64), vector_at(inverses, size, np.float64)


@njit(inline="always")
def _shared(t, s):
    """Means and inverses of the channels."""
    return _double(s, t[T.MEANS], t[T.P]), _double(s, t[T.INVERSES], t[T.P])


@njit(inline="always")
def _double(s, slot, count):
    return vector_at(s[2 * slot], count, np.float64)


@njit(inline="always")
def _own_sums(t, s):
    """Where this chunk leaves its sums."""
    return vector(_double(s, t[T.SUMS], 0), s[2 * T.CHUNK] * 2 * t[T.P], 2 * t[T.P])


def group_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    groups = t[T.GEOMETRY]
    weight, bias = _weights(t, s, T.THETA, kind)
    means, inverses = _of_groups(t, s, first, n)
    X, A = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.A], first, _size(t, n), kind)
    normalisation.group_norm_forward(n, t[T.P], t[T.Q], groups, X, weight, bias, means, inverses, A)


def group_backward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    groups = t[T.GEOMETRY]
    weight, _ = _weights(t, s, T.THETA, kind)
    dweight, dbias = _weights(t, s, T.GRADIENT, kind)
    means, inverses = _of_groups(t, s, first, n)
    X, D = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.DY], first, _size(t, n), kind)
    dX = numbers(s, t[T.DX], first, _size(t, n), kind)
    normalisation.group_norm_backward(n, t[T.P], t[T.Q], groups, X, weight, means, inverses, D, dweight, dbias, dX)


def group_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    groups = t[T.GEOMETRY]
    weight, _ = _weights(t, s, T.THETA, kind)
    vweight, vbias = _weights(t, s, T.DIRECTION, kind)
    means, inverses = _of_groups(t, s, first, n)
    X, vX = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.VX], first, _size(t, n), kind)
    vA = numbers(s, t[T.VA], first, _size(t, n), kind)
    normalisation.group_norm_tangent(n, t[T.P], t[T.Q], groups, X, vX, weight, vweight, vbias, means, inverses, vA)


def batch_sums(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    X = numbers(s, t[T.X], first, _size(t, n), kind)
    normalisation.batch_norm_sums(n, t[T.P], t[T.Q], X, _own_sums(t, s))


def batch_merge(step, slots, first, n, kind):
    """``n`` is the number of chunks here; COUNTS has the rows of each. Uses up scratch."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    means, inverses = _shared(t, s)
    rows, counts = vector_at(s[2 * T.COUNTS], n, np.int64), vector_at(s[2 * T.SCRATCH], n, np.int64)
    for c in range(n):
        counts[c] = rows[c] * t[T.Q]
    sums = _double(s, t[T.SUMS], n * 2 * t[T.P])
    normalisation.batch_norm_merge(n, counts, sums, means, inverses)


def batch_forward(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    weight, bias = _weights(t, s, T.THETA, kind)
    means, inverses = _shared(t, s)
    X, A = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.A], first, _size(t, n), kind)
    normalisation.batch_norm_forward(n, t[T.P], t[T.Q], X, means, inverses, weight, bias, A)


def batch_total(step, slots, first, n, kind):
    """TOTALS = the sums of all ``n`` chunks, one after the other."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    width = 2 * t[T.P]
    sums, totals = _double(s, t[T.SUMS], n * width), _double(s, t[T.TOTALS], width)
    for i in range(width):
        total = 0.0
        for c in range(n):
            total += sums[c * width + i]
        totals[i] = total


def batch_backward_sums(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    means, inverses = _shared(t, s)
    X, D = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.DY], first, _size(t, n), kind)
    normalisation.batch_norm_backward_sums(n, t[T.P], t[T.Q], X, means, inverses, D, _own_sums(t, s))


def batch_backward(step, slots, first, n, kind):
    """The derivative by weight and bias, the totals, is that of the whole batch: its first chunk tells it."""
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    weight, _ = _weights(t, s, T.THETA, kind)
    dweight, dbias = _weights(t, s, T.GRADIENT, kind)
    means, inverses = _shared(t, s)
    totals = _double(s, t[T.TOTALS], 2 * t[T.P])
    for c in range(t[T.P]):
        dbias[c] = totals[c] if first == 0 else totals[c] - totals[c]
        dweight[c] = totals[t[T.P] + c] if first == 0 else totals[c] - totals[c]
    if t[T.DEEPER] != 0:
        X, D = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.DY], first, _size(t, n), kind)
        dX = numbers(s, t[T.DX], first, _size(t, n), kind)
        count = s[2 * T.COUNTS + 1] * t[T.Q]
        normalisation.batch_norm_backward(n, t[T.P], t[T.Q], count, X, means, inverses, weight, totals, D, dX)


def batch_tangent_sums(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    means, inverses = _shared(t, s)
    X, vX = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.VX], first, _size(t, n), kind)
    normalisation.batch_norm_tangent_sums(n, t[T.P], t[T.Q], X, means, inverses, vX, _own_sums(t, s))


def batch_tangent(step, slots, first, n, kind):
    t, s = pointed(step, T.COLUMNS), pointed(slots, 0)
    weight, _ = _weights(t, s, T.THETA, kind)
    vweight, vbias = _weights(t, s, T.DIRECTION, kind)
    means, inverses = _shared(t, s)
    totals = _double(s, t[T.TOTALS], 2 * t[T.P])
    X, vX = numbers(s, t[T.X], first, _size(t, n), kind), numbers(s, t[T.VX], first, _size(t, n), kind)
    vA, count = numbers(s, t[T.VA], first, _size(t, n), kind), s[2 * T.COUNTS + 1] * t[T.Q]
    normalisation.batch_norm_tangent(
        n, t[T.P], t[T.Q], count, X, vX, means, inverses, totals, weight, vweight, vbias, vA
    )  # fmt: skip
