"""Correlation of images with kernels (what neural networks call convolution), its transpose and its weight gradient.

``g`` is the geometry, int64 (c, h, w, oc, oh, ow, k, stride, padding); arrays are flat, in C order and of one type: X
(n, c, h, w), Y and D (n, oc, oh, ow), W (oc, c, k, k). A few samples at a time are laid into padded planes
(``padded.py``), which stay in the cache near the processor while the tiles of ``shifted.py`` pass over them.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.padded import (
    SLACK,
    align,
    at_a_time,
    clear,
    end_places,
    fill_planes,
    fill_runs,
    find_places,
    forward_taps,
    parted,
    places_bound,
    plane_shape,
    planes_size,
    run_length,
)
from scipy_ae.kernels.phases import (
    join_phases,
    phase_set,
    transposed_firsts,
    transposed_shape,
    transposed_taps,
)
from scipy_ae.kernels.shifted import ALONG, DOT_ROWS, DOT_TAPS, PLACE, sum_of_runs
from scipy_ae.kernels.tiling import ROOM, correlate_planes, dot_planes, pack, spread_sums
from scipy_ae.kernels.views import vector

#: Typed, since Numba would compile anew for a number written out in a call.
_ONE = np.intp(1)


@njit(cache=True, nogil=True)
def scratch_size(g):
    """How many numbers of scratch each of the three functions asks for, whatever the number of samples."""
    return max(_forward_sizes(g)[-1], _transposed_sizes(g)[-1], _weights_sizes(g)[-1])


@njit(cache=True, nogil=True)
def _forward_shape(g):
    _, h, w, _, oh, ow, k, stride, padding = g
    return plane_shape(h, w, oh, ow, k, stride, padding)


@njit(cache=True, nogil=True)
def _forward_sizes(g):
    """(samples at a time, whole numbers, numbers of planes, all numbers)."""
    c, _, _, oc, oh, ow, k, _, _ = g
    shape = _forward_shape(g)
    planes, registers = planes_size(shape, c), places_bound(oh, ow, shape[-1])
    group = at_a_time(planes, registers)
    whole = 2 * c * k * k + oc + PLACE * (group * registers + ALONG)
    floats = group * planes + SLACK + shape[-1] + k
    return group, whole, floats, 2 * whole + floats + oc * (c * k * k + 1) + 3 * SLACK


@njit(cache=True, nogil=True)
def _count(numbers, step):
    """0, ``step``, 2 ``step``, ..."""
    for i in range(numbers.size):
        numbers[i] = i * step


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate(g, n, X, W, bias, scratch, Y):
    """Y[i, o, y, x] = bias[o] + the sum of W[o, c, p, q] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, _, _ = g
    group, whole, floats, _ = _forward_sizes(g)
    numbers, b, packed = parted(scratch, whole, floats)
    shape, taps = _forward_shape(g), c * k * k
    offsets, order, firsts = vector(numbers, 0, taps), vector(numbers, taps, taps), vector(numbers, 2 * taps, oc)
    places = vector(numbers, 2 * taps + oc, whole - 2 * taps - oc)
    forward_taps(shape, c, k, offsets)
    _count(order, _ONE)
    _count(firsts, taps)
    pack(W, firsts, order, bias, scratch, packed)
    size, pixels, group = planes_size(shape, c), oc * oh * ow, max(1, min(group, n))
    vectors = find_places(oh, ow, shape[-1], group, size, pixels, scratch, places)
    planes = vector(scratch, b, group * size)
    for i in range(0, n, group):
        samples = min(group, n - i)
        end_places(places, samples * vectors)
        fill_planes(shape, samples * c, i == 0, X, i * c * h * w, scratch, b)
        correlate_planes(planes, offsets, scratch, packed, oc, places, samples * vectors, Y, i * pixels, oh * ow)


@njit(cache=True, nogil=True)
def _transposed_sizes(g):
    """As of :func:`_forward_sizes`."""
    c, _, _, oc, _, _, k, stride, _ = g
    shape, u, v = transposed_shape(g)
    planes, registers = planes_size(shape, oc), places_bound(u, v, shape[-1])
    phases = c * stride * stride
    results = phases * u * v if stride > 1 else 0
    group = at_a_time(planes + results, registers)
    whole = 2 * oc * k * k + phases + PLACE * (group * registers + ALONG)
    floats = group * planes + SLACK + shape[-1] + k
    return group, whole, floats, 2 * whole + floats + phases + c * oc * k * k + group * results + 4 * SLACK


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_transposed(g, n, D, W, scratch, X):
    """X = the transpose of :func:`correlate`, without bias, applied to D."""
    c, h, w, oc, oh, ow, k, stride, _ = g
    group, whole, floats, _ = _transposed_sizes(g)
    numbers, b, packed = parted(scratch, whole, floats)
    shape, u, v = transposed_shape(g)
    sets = 1 if k % stride == 0 else stride * stride
    firsts, lists = vector(numbers, 0, c * stride * stride), c * stride * stride
    at, end = lists, packed
    for which in range(sets):
        rows, taps = transposed_firsts(g, which, firsts), transposed_taps(g, shape, which, numbers, at)
        chosen = vector(numbers, at + taps, taps)
        end = pack(W, vector(firsts, 0, rows), chosen, vector(scratch, 0, 0), scratch, end)
        at += 2 * taps
    results, group = align(scratch, end), max(1, min(group, n))
    size, pixels, phases = planes_size(shape, oc), u * v, c * stride * stride
    places = vector(numbers, at, whole - at)
    vectors = find_places(u, v, shape[-1], group, size, phases * pixels, scratch, places)
    planes = vector(scratch, b, group * size)
    for i in range(0, n, group):
        samples = min(group, n - i)
        end_places(places, samples * vectors)
        fill_planes(shape, samples * oc, i == 0, D, i * oc * oh * ow, scratch, b)
        at, weights = lists, packed
        for which in range(sets):
            _, _, several, down, across = phase_set(g, which)
            rows, taps = c * several * several, oc * down * across
            offsets = vector(numbers, at, taps)
            out, y = (X, i * c * h * w) if stride == 1 else (scratch, results + which * c * pixels)
            correlate_planes(planes, offsets, scratch, weights, rows, places, samples * vectors, out, y, pixels)
            at += 2 * taps
            weights += rows * (taps + 1)
        if stride > 1:
            join_phases(g, samples, u, v, scratch, results, X, i * c * h * w)


@njit(cache=True, nogil=True)
def _weights_sizes(g):
    """(samples at a time, taps in whole tiles, numbers of planes, all numbers)."""
    c, _, _, oc, oh, _, k, _, _ = g
    shape = _forward_shape(g)
    run, planes = run_length(oh, shape[-1]), planes_size(shape, c)
    group = at_a_time(planes + oc * run, 1)
    taps = (c * k * k + DOT_TAPS - 1) // DOT_TAPS * DOT_TAPS
    floats = group * planes + SLACK + shape[-1] + k
    sums = (oc + DOT_ROWS - 1) // DOT_ROWS * (taps // DOT_TAPS) * ROOM
    return group, taps, floats, 2 * taps + floats + group * oc * run + sums + 4 * SLACK


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_weights(g, n, X, D, scratch, dW):
    """dW[o, c, p, q] = the sum of D[i, o, y, x] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, _, _ = g
    group, taps, floats, _ = _weights_sizes(g)
    offsets, b, d = parted(scratch, taps, floats)
    shape, wanted = _forward_shape(g), c * k * k
    row, size = shape[-1], planes_size(shape, c)
    run = run_length(oh, row)
    forward_taps(shape, c, k, offsets)
    for t in range(wanted, taps):
        offsets[t] = offsets[0]
    sums = align(scratch, d + group * oc * run)
    tiles = (oc + DOT_ROWS - 1) // DOT_ROWS * (taps // DOT_TAPS)
    clear(scratch, sums, tiles * ROOM)
    for i in range(0, n, group):
        samples = min(group, n - i)
        fill_planes(shape, samples * c, i == 0, X, i * c * h * w, scratch, b)
        fill_runs(samples * oc, oh, ow, row, run, D, i * oc * oh * ow, scratch, d)
        dot_planes(vector(scratch, b, floats), size, offsets, scratch, d, oc, run, samples, sums)
    spread_sums(oc, wanted, taps, scratch, sums, dW)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_sums(n, channels, pixels, D, out):
    """out[c] = the sum of D (n, channels, pixels) over samples and pixels: the gradient of a bias."""
    for c in range(channels):
        out[c] = sum_of_runs(D, c * pixels, channels * pixels, n, pixels)
