"""The transpose of a correlation with a stride as correlations without: one for each phase of the image.

The pixels of X whose row, padding included, leaves the remainder a by the stride, and whose column leaves b, are the
phase (a, b). Each is a correlation of the padded D with the taps of the kernel that leave these remainders.
"""

import numpy as np
from numba import njit

from scipy_ae.kernels.padded import join_rows, plane_shape

#: Typed, since Numba would compile anew for a number written out in a call.
_ONE = np.intp(1)


@njit(cache=True, nogil=True)
def _phase_taps(k, stride, a):
    """How many of the taps a, a + stride, ... there are."""
    return max(0, (k - a + stride - 1) // stride)


@njit(cache=True, nogil=True)
def transposed_shape(g):
    """The planes of D, and the height and width of each phase of X.

    Pixel stride * u + a - padding of X is seen by the taps a + stride * t, from place u - t of D. u counts from
    padding // stride.
    """
    _, h, w, _, oh, ow, k, stride, padding = g
    taps, skipped = _phase_taps(k, stride, 0), padding // stride
    u, v = (h - 1 + padding) // stride - skipped + 1, (w - 1 + padding) // stride - skipped + 1
    return plane_shape(oh, ow, u, v, taps, _ONE, taps - 1 - skipped), u, v


@njit(cache=True, nogil=True)
def phase_set(g, which):
    """(first row phase, first column phase, phases each way, taps downwards, taps across) of a set of phases of X.

    Where each phase has the same number of taps all of them are one set, since they see the same places of D.
    """
    _, _, _, _, _, _, k, stride, _ = g
    if k % stride == 0:
        return 0, 0, stride, k // stride, k // stride
    a, b = which // stride, which % stride
    return a, b, 1, _phase_taps(k, stride, a), _phase_taps(k, stride, b)


@njit(cache=True, nogil=True)
def transposed_taps(g, shape, which, numbers, t):
    """Write where each tap of a set begins in the planes, then where its weight stands; returns the taps."""
    c, _, _, oc, _, _, k, stride, _ = g
    _, _, _, _, _, rows, row = shape
    _, _, _, down, across = phase_set(g, which)
    taps, last = oc * down * across, _phase_taps(k, stride, 0) - 1
    for o in range(oc):
        for p in range(down):
            for q in range(across):
                numbers[t] = (o * rows + last - p) * row + last - q
                numbers[t + taps] = o * c * k * k + stride * (p * k + q)
                t += 1
    return taps


@njit(cache=True, nogil=True)
def transposed_firsts(g, which, firsts):
    """Write where the weights of each channel of each phase of a set begin; returns the number of them."""
    c, _, _, _, _, _, k, _, _ = g
    a, b, phases, _, _ = phase_set(g, which)
    r = 0
    for i in range(a, a + phases):
        for j in range(b, b + phases):
            for d in range(c):
                firsts[r] = d * k * k + i * k + j
                r += 1
    return r


@njit(cache=True, nogil=True)
def join_phases(g, samples, u, v, scratch, results, X, x):
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
