"""A whole correlation, or a whole gradient by its weights, from the tiles of ``shifted.py``."""

import numpy as np
from numba import njit

from scipy_ae.kernels.registers import lanes
from scipy_ae.kernels.shifted import (
    ACROSS,
    ALONG,
    DOT_ROWS,
    DOT_TAPS,
    ROWS,
    dots_1,
    dots_2,
    dots_3,
    dots_4,
    sums_1,
    sums_2,
    sums_3,
    sums_4,
    sums_main,
)

#: Room for the sums of a tile of a gradient: whole registers of any kind.
ROOM = 32
#: Registers of a run of D that are worked on at a time.
_BAND = 128


@njit(cache=True, nogil=True)
def _next_rows(left):
    """How many rows the next tile has."""
    return ROWS if left >= ROWS else min(left, 4)


@njit(cache=True, nogil=True)
def correlate_planes(B, offsets, W, w, rows, places, vectors, Y, y, y_row):
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
def pack(W, firsts, taps, bias, out, o):
    """Lay weights into out[o] on, tile by tile: the biases of the tile's channels, then, for each tap, their weights.

    The weight of channel r at tap t is W[firsts[r] + taps[t]]. Returns the place behind.
    """
    r, rows = 0, firsts.size
    while r < rows:
        take = _next_rows(rows - r)
        for j in range(take):
            out[o + j] = bias[r + j] if bias.size > 0 else 0
            first, at = (
                np.uintp(firsts[r + j]),
                np.uintp(o + j),
            )  # unsigned: Numba asks of others whether they count from the end
            for t in range(taps.size):
                at += np.uintp(take)
                out[at] = W[first + np.uintp(taps[t])]
        o += take * (taps.size + 1)
        r += take
    return o


@njit(cache=True, nogil=True)
def dot_planes(B, size, offsets, D, d, oc, run, samples, sums):
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
                out += ROOM


@njit(cache=True, nogil=True)
def spread_sums(oc, wanted, taps, sums, s, dW):
    """From the tiles' sums to dW."""
    for o in range(oc):
        tile, r = o // DOT_ROWS, o % DOT_ROWS
        for t in range(wanted):
            at = (tile * (taps // DOT_TAPS) + t // DOT_TAPS) * ROOM + r * DOT_TAPS + t % DOT_TAPS
            dW[o * wanted + t] = sums[s + at]
