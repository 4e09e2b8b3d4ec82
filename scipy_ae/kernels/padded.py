"""Images in scratch as the tiles of ``shifted.py`` want them: padded with zeros, and taken apart by the stride.

A *plane* is one image of one channel, its rows one behind the other. For a stride s it holds every s-th row and column;
there are then up to s * s of them, called phases. Every tap of a kernel sees of its plane one shifted run.

What a correlation needs to know of its planes is a tuple, ``shape`` = (h, w, step, phases, before, rows, row): height
and width of the images, the stride, the phases in each direction, the zeros put before rows and columns (less than 0:
numbers left out), the rows of a plane and their length.
"""

from numba import njit

from scipy_ae.kernels.registers import LANES_OF_DOUBLES, WIDE, lanes
from scipy_ae.kernels.rows import join_2, join_3, join_4, pad_rows, split_2, split_3, split_4
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
def fill_planes(shape, images, fresh, X, x, B, b):
    """Lay ``images`` images, from X[x] on, into planes from B[b] on, and zeros behind the last one.

    Rows of zeros are written where ``fresh``; later fillings find them there.
    """
    h, w, step, phases, before, rows, row = shape
    plane = rows * row
    for image in range(images):
        for a in range(phases):
            # the first row with a part of the image in it, and the row behind the last one
            head = min(max(0, (before - a + step - 1) // step), rows)
            tail = min(max(head, (h + before - a + step - 1) // step), rows)
            here = x + (image * h + step * head + a - before) * w
            _part_rows(shape, X, here, tail - head, B, b + head * row)
            for _ in range(phases):
                if fresh:
                    clear(B, b, head * row)
                    clear(B, b + tail * row, (rows - tail) * row)
                b += plane
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
