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
    clear,
    end_places,
    fill_planes,
    find_places,
    join_rows,
    places_bound,
    plane_shape,
    planes_size,
)
from scipy_ae.kernels.registers import lanes
from scipy_ae.kernels.rows import pad_rows
from scipy_ae.kernels.shifted import (
    ACROSS,
    ALONG,
    DOT_ROWS,
    DOT_TAPS,
    PLACE,
    ROWS,
    dots_1,
    dots_2,
    dots_3,
    dots_4,
    sum_of_runs,
    sums_1,
    sums_2,
    sums_3,
    sums_4,
    sums_main,
)
from scipy_ae.kernels.views import vector, vector_at

#: Numbers in the planes of the samples that are worked on at a time, and their registers, where one sample has less.
_TOGETHER, _REGISTERS = 32_768, 2048
#: Registers of a run of D that are worked on at a time, and room for the sums of a tile.
_BAND, _ROOM = 128, 32


@njit(cache=True, nogil=True)
def scratch_size(g):
    """How many numbers of scratch each of the three functions asks for."""
    sizes = max(_forward_sizes(g)[-1], _transposed_sizes(g)[-1])
    return max(sizes, _weights_sizes(g)[-1])


@njit(cache=True, nogil=True)
def _forward_shape(g):
    _, h, w, _, oh, ow, k, stride, padding = g
    return plane_shape(h, w, oh, ow, k, stride, padding)


@njit(cache=True, nogil=True)
def _group(numbers, registers):
    return max(1, min(_TOGETHER // numbers, _REGISTERS // registers))


@njit(cache=True, nogil=True)
def _forward_sizes(g):
    """(samples at a time, whole numbers, numbers of planes, all numbers)."""
    c, _, _, oc, oh, ow, k, _, _ = g
    shape = _forward_shape(g)
    planes, registers = planes_size(shape, c), places_bound(oh, ow, shape[-1])
    group = _group(planes, registers)
    whole = 2 * c * k * k + oc + PLACE * (group * registers + ALONG)
    floats = group * planes + SLACK + shape[-1] + k
    return group, whole, floats, 2 * whole + floats + oc * (c * k * k + 1) + 3 * SLACK


@njit(cache=True, nogil=True)
def _align(scratch, start):
    """The first place from ``start`` on that begins a line of the cache."""
    at = scratch.ctypes.data + start * scratch.itemsize
    return start + (-at % 64) // scratch.itemsize


@njit(cache=True, nogil=True)
def _parted(scratch, whole, floats):
    """Scratch as whole numbers, planes, and the place of what is left."""
    first = _align(scratch, 0)
    numbers = vector_at(scratch.ctypes.data + first * scratch.itemsize, whole, np.int64)
    b = _align(scratch, first + whole * 8 // scratch.itemsize)
    return numbers, b, _align(scratch, b + floats)


@njit(cache=True, nogil=True)
def _next_rows(left):
    """How many rows the next tile has."""
    return ROWS if left >= ROWS else min(left, 4)


@njit(cache=True, nogil=True)
def _correlate_planes(B, offsets, W, w, rows, places, vectors, Y, y, y_row):
    """All tiles: ``rows`` channels of results, their weights packed from W[w] on."""
    depth, r = offsets.size, 0
    while r < rows:
        take = _next_rows(rows - r)
        if take == ROWS:
            for t in range(0, vectors, ACROSS):
                sums_main(B, offsets, depth, W, w, places, t, Y, y, y_row)
        elif take == 4:
            for t in range(0, vectors, ALONG):
                sums_4(B, offsets, depth, W, w, places, t, Y, y, y_row)
        elif take == 3:
            for t in range(0, vectors, ALONG):
                sums_3(B, offsets, depth, W, w, places, t, Y, y, y_row)
        elif take == 2:
            for t in range(0, vectors, ALONG):
                sums_2(B, offsets, depth, W, w, places, t, Y, y, y_row)
        else:
            for t in range(0, vectors, ALONG):
                sums_1(B, offsets, depth, W, w, places, t, Y, y, y_row)
        r += take
        w += take * (depth + 1)
        y += take * y_row


@njit(cache=True, nogil=True)
def _pack(W, firsts, taps, bias, out, o):
    """Lay weights into out[o] on, tile by tile: the biases of the tile's channels, then, for each tap, their weights.

    The weight of channel r at tap t is W[firsts[r] + taps[t]]. Returns the place behind.
    """
    r, rows = 0, firsts.size
    while r < rows:
        take = _next_rows(rows - r)
        for j in range(take):
            out[o + j] = bias[r + j] if bias.size > 0 else 0
            for t in range(taps.size):
                out[o + take * (t + 1) + j] = W[firsts[r + j] + taps[t]]
        o += take * (taps.size + 1)
        r += take
    return o


@njit(cache=True, nogil=True)
def _count(numbers, step):
    for i in range(numbers.size):
        numbers[i] = i * step


@njit(cache=True, nogil=True)
def _forward_taps(shape, c, k, offsets):
    """Where each tap begins in the planes."""
    _, _, step, phases, _, rows, row = shape
    t = 0
    for d in range(c):
        for p in range(k):
            for q in range(k):
                plane = (d * phases + p % step) * phases + q % step
                offsets[t] = (plane * rows + p // step) * row + q // step
                t += 1


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate(g, n, X, W, bias, scratch, Y):
    """Y[i, o, y, x] = bias[o] + the sum of W[o, c, p, q] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, _, _ = g
    group, whole, floats, _ = _forward_sizes(g)
    numbers, b, packed = _parted(scratch, whole, floats)
    shape, taps = _forward_shape(g), c * k * k
    offsets, order, firsts = vector(numbers, 0, taps), vector(numbers, taps, taps), vector(numbers, 2 * taps, oc)
    places = vector(numbers, 2 * taps + oc, whole - 2 * taps - oc)
    _forward_taps(shape, c, k, offsets)
    _count(order, 1)
    _count(firsts, taps)
    _pack(W, firsts, order, bias, scratch, packed)
    size, pixels, group = planes_size(shape, c), oc * oh * ow, min(group, n)
    vectors = find_places(oh, ow, shape[-1], group, size, pixels, scratch, places)
    planes = vector(scratch, b, group * size)
    for i in range(0, n, group):
        samples = min(group, n - i)
        end_places(places, samples * vectors)
        fill_planes(shape, samples * c, i == 0, X, i * c * h * w, scratch, b)
        _correlate_planes(planes, offsets, scratch, packed, oc, places, samples * vectors, Y, i * pixels, oh * ow)


@njit(cache=True, nogil=True)
def _phase_taps(k, stride, a):
    """How many of the taps a, a + stride, ... there are."""
    return max(0, (k - a + stride - 1) // stride)


@njit(cache=True, nogil=True)
def _transposed_shape(g):
    """The planes of D, and the height and width of each phase of X.

    Pixel stride * u + a - padding of X is seen by the taps a + stride * t, from place u - t of D. u counts from
    padding // stride.
    """
    _, h, w, _, oh, ow, k, stride, padding = g
    taps, skipped = _phase_taps(k, stride, 0), padding // stride
    u, v = (h - 1 + padding) // stride - skipped + 1, (w - 1 + padding) // stride - skipped + 1
    return plane_shape(oh, ow, u, v, taps, 1, taps - 1 - skipped), u, v


@njit(cache=True, nogil=True)
def _transposed_sizes(g):
    c, _, _, oc, _, _, k, stride, _ = g
    shape, u, v = _transposed_shape(g)
    planes, registers = planes_size(shape, oc), places_bound(u, v, shape[-1])
    phases = c * stride * stride
    results = phases * u * v if stride > 1 else 0
    group = _group(planes + results, registers)
    whole = 2 * oc * k * k + phases + PLACE * (group * registers + ALONG)
    floats = group * planes + SLACK + shape[-1] + k
    return group, whole, floats, 2 * whole + floats + phases + c * oc * k * k + group * results + 4 * SLACK


@njit(cache=True, nogil=True)
def _phase_set(g, which):
    """(first row phase, first column phase, phases each way, taps downwards, taps across) of a set of phases of X.

    Where each phase has the same number of taps all of them are one set, since they see the same places of D.
    """
    _, _, _, _, _, _, k, stride, _ = g
    if k % stride == 0:
        return 0, 0, stride, k // stride, k // stride
    a, b = which // stride, which % stride
    return a, b, 1, _phase_taps(k, stride, a), _phase_taps(k, stride, b)


@njit(cache=True, nogil=True)
def _transposed_taps(g, shape, which, numbers, t):
    """Write where each tap of a set begins in the planes, then where its weight stands; returns the taps."""
    c, _, _, oc, _, _, k, stride, _ = g
    _, _, _, _, _, rows, row = shape
    _, _, _, down, across = _phase_set(g, which)
    taps, last = oc * down * across, _phase_taps(k, stride, 0) - 1
    for o in range(oc):
        for p in range(down):
            for q in range(across):
                numbers[t] = (o * rows + last - p) * row + last - q
                numbers[t + taps] = o * c * k * k + stride * (p * k + q)
                t += 1
    return taps


@njit(cache=True, nogil=True)
def _transposed_firsts(g, which, firsts):
    """Write where the weights of each channel of each phase of a set begin; returns the number of them."""
    c, _, _, _, _, _, k, _, _ = g
    a, b, phases, _, _ = _phase_set(g, which)
    r = 0
    for i in range(a, a + phases):
        for j in range(b, b + phases):
            for d in range(c):
                firsts[r] = d * k * k + i * k + j
                r += 1
    return r


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_transposed(g, n, D, W, scratch, X):
    """X = the transpose of :func:`correlate`, without bias, applied to D."""
    c, h, w, oc, oh, ow, k, stride, _ = g
    group, whole, floats, _ = _transposed_sizes(g)
    numbers, b, packed = _parted(scratch, whole, floats)
    shape, u, v = _transposed_shape(g)
    sets = 1 if k % stride == 0 else stride * stride
    firsts, lists = vector(numbers, 0, c * stride * stride), c * stride * stride
    at, end = lists, packed
    for which in range(sets):
        rows, taps = _transposed_firsts(g, which, firsts), _transposed_taps(g, shape, which, numbers, at)
        chosen = vector(numbers, at + taps, taps)
        end = _pack(W, vector(firsts, 0, rows), chosen, vector(scratch, 0, 0), scratch, end)
        at += 2 * taps
    results, group = _align(scratch, end), min(group, n)
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
            _, _, several, down, across = _phase_set(g, which)
            rows, taps = c * several * several, oc * down * across
            offsets = vector(numbers, at, taps)
            out, y = (X, i * c * h * w) if stride == 1 else (scratch, results + which * c * pixels)
            _correlate_planes(planes, offsets, scratch, weights, rows, places, samples * vectors, out, y, pixels)
            at += 2 * taps
            weights += rows * (taps + 1)
        if stride > 1:
            _join_phases(g, samples, u, v, scratch, results, X, i * c * h * w)


@njit(cache=True, nogil=True)
def _join_phases(g, samples, u, v, scratch, results, X, x):
    """Write the images X[x] on from their phases, each (u, v)."""
    c, h, w, _, _, _, _, stride, padding = g
    pixels, before = u * v, padding % stride
    for image in range(samples * c):
        sample, d = image // c, image % c
        for a in range(stride):
            head = (stride + a - before) % stride
            here = results + ((sample * stride + a) * stride * c + d) * pixels + (head + before) // stride * v
            rows = (h - head + stride - 1) // stride
            join_rows(stride, scratch, here, v, c * pixels, before, X, x + head * w, stride * w, rows, w)
        x += h * w


@njit(cache=True, nogil=True)
def _run_length(oh, row):
    """Numbers in a plane of D, whole registers."""
    return (oh * row + 15) // 16 * 16


@njit(cache=True, nogil=True)
def _weights_sizes(g):
    c, _, _, oc, oh, _, k, _, _ = g
    shape = _forward_shape(g)
    run, planes = _run_length(oh, shape[-1]), planes_size(shape, c)
    group = _group(planes + oc * run, 1)
    taps = (c * k * k + DOT_TAPS - 1) // DOT_TAPS * DOT_TAPS
    floats = group * planes + SLACK + shape[-1] + k
    sums = (oc + DOT_ROWS - 1) // DOT_ROWS * (taps // DOT_TAPS) * _ROOM
    return group, taps, floats, 2 * taps + floats + group * oc * run + sums + 4 * SLACK


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_weights(g, n, X, D, scratch, dW):
    """dW[o, c, p, q] = the sum of D[i, o, y, x] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, _, _ = g
    group, taps, floats, _ = _weights_sizes(g)
    offsets, b, d = _parted(scratch, taps, floats)
    shape, wanted = _forward_shape(g), c * k * k
    row, size = shape[-1], planes_size(shape, c)
    run = _run_length(oh, row)
    _forward_taps(shape, c, k, offsets)
    for t in range(wanted, taps):
        offsets[t] = offsets[0]
    sums = _align(scratch, d + group * oc * run)
    tiles = (oc + DOT_ROWS - 1) // DOT_ROWS * (taps // DOT_TAPS)
    scratch[sums : sums + tiles * _ROOM] = 0
    for i in range(0, n, group):
        samples = min(group, n - i)
        fill_planes(shape, samples * c, i == 0, X, i * c * h * w, scratch, b)
        _fill_runs(samples * oc, oh, ow, row, run, D, i * oc * oh * ow, scratch, d)
        _dot_planes(vector(scratch, b, floats), size, offsets, scratch, d, oc, run, samples, sums)
    _spread_sums(oc, wanted, taps, scratch, sums, dW)


@njit(cache=True, nogil=True)
def _fill_runs(images, oh, ow, row, run, D, at, out, o):
    """Lay images of D, oh x ow, into runs, zeros between their rows and behind the last."""
    for _ in range(images):
        pad_rows(D, at, ow, oh, ow, 0, out, o, row, 0, row)
        clear(out, o + oh * row, run - oh * row)
        at += oh * ow
        o += run


@njit(cache=True, nogil=True)
def _dot_planes(B, size, offsets, D, d, oc, run, samples, sums):
    """All tiles of the gradient by the weights, added to D[sums] on."""
    count = lanes(D)
    for band in range(0, run // count, _BAND):
        vectors, out = min(_BAND, run // count - band), sums
        start = d + band * count
        for o in range(0, oc, DOT_ROWS):
            rows, head = min(DOT_ROWS, oc - o), start + o * run
            for t in range(0, offsets.size, DOT_TAPS):
                if rows == 4:
                    dots_4(B, band * count, size, offsets, t, D, head, run, oc * run, vectors, samples, D, out)
                elif rows == 3:
                    dots_3(B, band * count, size, offsets, t, D, head, run, oc * run, vectors, samples, D, out)
                elif rows == 2:
                    dots_2(B, band * count, size, offsets, t, D, head, run, oc * run, vectors, samples, D, out)
                else:
                    dots_1(B, band * count, size, offsets, t, D, head, run, oc * run, vectors, samples, D, out)
                out += _ROOM


@njit(cache=True, nogil=True)
def _spread_sums(oc, wanted, taps, sums, s, dW):
    """From the tiles' sums to dW."""
    for o in range(oc):
        tile, r = o // DOT_ROWS, o % DOT_ROWS
        for t in range(wanted):
            at = (tile * (taps // DOT_TAPS) + t // DOT_TAPS) * _ROOM + r * DOT_TAPS + t % DOT_TAPS
            dW[o * wanted + t] = sums[s + at]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_sums(n, channels, pixels, D, out):
    """out[c] = the sum of D (n, channels, pixels) over samples and pixels: the gradient of a bias."""
    for c in range(channels):
        out[c] = sum_of_runs(D, c * pixels, channels * pixels, n, pixels)
