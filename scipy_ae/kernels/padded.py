"""Images in scratch as the tiles of ``shifted.py`` want them: padded with zeros, and taken apart by the stride.

A *plane* is one image of one channel, its rows one behind the other. For a stride s it holds every s-th row and column;
there are then up to s * s of them, called phases. Every tap of a kernel sees of its plane one shifted run.

What a correlation needs to know of its planes is a tuple, ``shape`` = (h, w, step, phases, before, rows, row): height
and width of the images, the stride, the phases in each direction, the zeros put before rows and columns (less than 0:
numbers left out), the rows of a plane and their length.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels.registers import LANES_OF_DOUBLES, WIDE, lanes
from scipy_ae.kernels.rows import join_2, join_3, join_4, pad_rows, split_2, split_3, split_4
from scipy_ae.kernels.shifted import ALONG, PLACE
from scipy_ae.kernels.views import vector_at

#: Zeros behind the last plane, besides one for each tap: what the last register reads past the end.
SLACK = 64
#: Typed, since Numba would compile anew for a number written out in a call.
_ZERO = np.intp(0)
#: Numbers in the planes of the samples that are worked on at a time, and their registers, where one sample has less.
_TOGETHER, _REGISTERS = 32_768, 2048


@njit(cache=True, nogil=True)
def plane_shape(h, w, out_h, out_w, taps, step, before):
    """``shape`` for a result of out_h x out_w by ``taps`` x ``taps``.

    With stride 1 the zeros behind a row are those before the next one.
    """
    more = (taps - 1) // step
    row = out_w + more
    if step == 1:
        left, right = min(max(before, 0), row), min(max(row - before - w, 0), row)
        row -= min(left, right, more)
    return h, w, step, min(step, taps), before, out_h + more, row


@njit(cache=True, nogil=True)
def planes_size(shape, channels):
    """The numbers in the planes of one sample."""
    _, _, _, phases, _, rows, row = shape
    return channels * phases * phases * rows * row


@njit(cache=True, nogil=True)
def fill_planes(shape, images, fresh, X, x, B, b):
    """Lay ``images`` images, from X[x] on, into planes from B[b] on, and zeros behind the last one.

    Rows of zeros are written where ``fresh``; later fillings find them there.
    """
    h, w, step, phases, before, rows, row = shape
    plane = rows * row
    every = phases * phases * plane
    for a in range(phases):
        # the first row with a part of the image in it, and the row behind the last one
        head = min(max(0, (before - a + step - 1) // step), rows)
        tail = min(max(head, (h + before - a + step - 1) // step), rows)
        for image in range(images):
            here = b + image * every + a * phases * plane
            _part_rows(shape, X, x + (image * h + step * head + a - before) * w, tail - head, B, here + head * row)
            if fresh:
                for q in range(phases):
                    clear(B, here + q * plane, head * row)
                    clear(B, here + q * plane + tail * row, (rows - tail) * row)
    b += images * every
    clear(B, b, SLACK + row + phases)


@njit(cache=True, nogil=True)
def clear(B, b, count):
    """B[b] and so on = 0."""
    for i in range(b, b + count):
        B[i] = 0


@njit(cache=True, nogil=True)
def _part_rows(shape, X, x, images_rows, B, b):
    """Rows of an image, from X[x] on, into their phases."""
    _, w, step, phases, before, rows, row = shape
    plane, apart = rows * row, step * w
    if step == 1:
        pad_rows(X, x, apart, images_rows, w, before, B, b, row, plane, row)
    elif step == 2 and phases == 2:
        split_2(X, x, apart, images_rows, w, before, B, b, row, plane, row)
    elif step == 3 and phases == 3:
        split_3(X, x, apart, images_rows, w, before, B, b, row, plane, row)
    elif step == 4 and phases == 4:
        split_4(X, x, apart, images_rows, w, before, B, b, row, plane, row)
    else:
        for r in range(images_rows):
            for q in range(phases):
                for j in range(row):
                    at = step * j + q - before
                    B[b + q * plane + r * row + j] = X[x + r * apart + at] if 0 <= at < w else 0


@njit(cache=True, nogil=True)
def join_rows(step, B, b, b_row, apart, before, X, x, x_row, rows, width):
    """X[x + step j + q - before] = B[b + q apart + j] wherever that is one of the row of ``width``; so for all rows."""
    if step == 2:
        join_2(B, b, b_row, apart, before, X, x, x_row, rows, width)
    elif step == 3:
        join_3(B, b, b_row, apart, before, X, x, x_row, rows, width)
    elif step == 4:
        join_4(B, b, b_row, apart, before, X, x, x_row, rows, width)
    else:
        for r in range(rows):
            for j in range(width):
                q, at = (j + before) % step, (j + before) // step
                X[x + r * x_row + j] = B[b + r * b_row + q * apart + at]


@njit(cache=True, nogil=True)
def places_bound(out_h, out_w, row):
    """How many registers hold the result of one sample and channel at most."""
    by_rows = out_h * ((out_w + LANES_OF_DOUBLES - 1) // LANES_OF_DOUBLES)
    along = (out_h * row + LANES_OF_DOUBLES - 1) // LANES_OF_DOUBLES
    return min(by_rows, along) if WIDE else by_rows


@njit(cache=True, nogil=True)
def find_places(out_h, out_w, row, samples, b_sample, y_sample, B, places):
    """Fill ``places`` for some samples; returns the number of registers in each.

    The results of one sample are wanted row by row from the places y * row + x. Registers begin anew in each row, or go
    on over the gaps between the rows, whichever takes fewer of them.
    """
    count = lanes(B)
    along = WIDE and (out_h * row + count - 1) // count < out_h * ((out_w + count - 1) // count)
    vectors, y, x = 0, 0, 0
    while y < out_h:
        at = PLACE * vectors
        places[at], places[at + 1], places[at + 2] = y * row + x, y * out_w + x, 0
        lane = 0
        while lane < count and y < out_h:
            take = min(count - lane, out_w - x)
            places[at + 2] |= ((1 << take) - 1) << lane
            lane += take
            x += take
            if x == out_w:
                y, x, lane = y + 1, 0, lane + row - out_w if along else count
        vectors += 1
    for sample in range(1, samples):
        for k in range(0, PLACE * vectors, PLACE):
            at = sample * PLACE * vectors + k
            places[at] = places[k] + sample * b_sample
            places[at + 1] = places[k + 1] + sample * y_sample
            places[at + 2] = places[k + 2]
    end_places(places, samples * vectors)
    return vectors


@njit(cache=True, nogil=True)
def end_places(places, vectors):
    """Let nothing be wanted behind so many registers, as far as a tile reaches."""
    for k in range(PLACE * vectors, PLACE * (vectors + ALONG - 1)):
        places[k] = 0


@njit(cache=True, nogil=True)
def at_a_time(numbers, registers):
    """How many samples to work on at a time, from what one of them has."""
    return max(1, min(_TOGETHER // numbers, _REGISTERS // registers))


@njit(cache=True, nogil=True)
def align(scratch, start):
    """The first place from ``start`` on that begins a line of the cache."""
    at = scratch.ctypes.data + start * scratch.itemsize
    return start + (-at % 64) // scratch.itemsize


@njit(cache=True, nogil=True)
def parted(scratch, whole, floats):
    """Scratch as whole numbers, planes, and the place of what is left."""
    first = align(scratch, _ZERO)
    numbers = vector_at(scratch.ctypes.data + first * scratch.itemsize, whole, np.int64)
    b = align(scratch, first + whole * 8 // scratch.itemsize)
    return numbers, b, align(scratch, b + floats)


@njit(cache=True, nogil=True)
def fill_runs(images, oh, ow, row, run, D, at, out, o):
    """Lay images of D, oh x ow, into runs, zeros between their rows and behind the last."""
    for _ in range(images):
        pad_rows(D, at, ow, oh, ow, 0, out, o, row, 0, row)
        clear(out, o + oh * row, run - oh * row)
        at += oh * ow
        o += run


@njit(cache=True, nogil=True)
def run_length(oh, row):
    """Numbers in a plane of D, whole registers."""
    return (oh * row + 15) // 16 * 16


@njit(cache=True, nogil=True)
def forward_taps(shape, c, k, offsets):
    """Where each tap begins in the planes."""
    _, _, step, phases, _, rows, row = shape
    for p in range(k):
        down = (p % step * phases * rows + p // step) * row
        for q in range(k):
            across = q % step * rows * row + q // step
            for d in range(c):
                offsets[(d * k + p) * k + q] = d * phases * phases * rows * row + down + across
