"""Images in scratch as the tiles of ``shifted.py`` want them: padded with zeros, and taken apart by the stride.

A *plane* is one image of one channel, its rows one behind the other. For a stride s it holds every s-th row and column;
there are then up to s * s of them, called phases. Every tap of a kernel sees of its plane one shifted run.

What a correlation needs to know of its planes is a tuple, ``shape`` = (h, w, step, phases, before, rows, row): height
and width of the images, the stride, the phases in each direction, the zeros put before rows and columns (less than 0:
numbers left out), the rows of a plane and their length.
"""

from numba import njit

from scipy_ae.kernels.registers import LANES_OF_DOUBLES, WIDE, lanes
from scipy_ae.kernels.rows import join_2, join_3, join_4, pad_row, split_2, split_3, split_4
from scipy_ae.kernels.shifted import ALONG, PLACE

#: Zeros behind the last plane, besides one for each tap: what the last register reads past the end.
SLACK = 64


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
def fill_planes(shape, images, X, x, B, b):
    """Lay ``images`` images, from X[x] on, into planes from B[b] on, and zeros behind the last one."""
    h, w, step, phases, before, rows, row = shape
    plane = rows * row
    for image in range(images):
        for a in range(phases):
            for r in range(rows):
                source = step * r + a - before
                inside = 0 <= source < h
                here = x + (image * h + source) * w if inside else x
                _part_row(
                    step, phases, X, here, w if inside else 0, before, B, b + a * phases * plane + r * row, plane, row
                )
        b += phases * phases * plane
    B[b : b + SLACK + row + phases] = 0


@njit(cache=True, nogil=True)
def _part_row(step, phases, X, x, width, before, B, b, apart, columns):
    if step == 1:
        pad_row(X, x, width, before, B, b, apart, columns)
    elif step == 2 and phases == 2:
        split_2(X, x, width, before, B, b, apart, columns)
    elif step == 3 and phases == 3:
        split_3(X, x, width, before, B, b, apart, columns)
    elif step == 4 and phases == 4:
        split_4(X, x, width, before, B, b, apart, columns)
    else:
        for q in range(phases):
            for j in range(columns):
                at = step * j + q - before
                B[b + q * apart + j] = X[x + at] if 0 <= at < width else 0


@njit(cache=True, nogil=True)
def join_row(step, B, b, apart, before, X, x, width):
    """X[x + step j + q - before] = B[b + q apart + j] wherever that is one of the row of ``width``."""
    if step == 2:
        join_2(B, b, apart, before, X, x, width)
    elif step == 3:
        join_3(B, b, apart, before, X, x, width)
    elif step == 4:
        join_4(B, b, apart, before, X, x, width)
    else:
        for q in range(step):
            for j in range((width + before - q + step - 1) // step):
                if step * j + q >= before:
                    X[x + step * j + q - before] = B[b + q * apart + j]


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
        _put(places, vectors, y * row + x, y * out_w + x, 0)
        lane = 0
        while lane < count and y < out_h:
            take = min(count - lane, out_w - x)
            places[PLACE * vectors + 2] |= ((1 << take) - 1) << lane
            lane += take
            x += take
            if x == out_w:
                y, x, lane = y + 1, 0, lane + row - out_w if along else count
        vectors += 1
    for k in range(vectors, samples * vectors):
        sample, first = k // vectors, PLACE * (k % vectors)
        _put(places, k, places[first] + sample * b_sample, places[first + 1] + sample * y_sample, places[first + 2])
    end_places(places, samples * vectors)
    return vectors


@njit(cache=True, nogil=True)
def _put(places, k, b, y, bits):
    places[PLACE * k], places[PLACE * k + 1], places[PLACE * k + 2] = b, y, bits


@njit(cache=True, nogil=True)
def end_places(places, vectors):
    """Let nothing be wanted behind so many registers, as far as a tile reaches."""
    for k in range(vectors, vectors + ALONG - 1):
        _put(places, k, 0, 0, 0)
