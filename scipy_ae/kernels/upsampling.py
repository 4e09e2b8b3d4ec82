"""Larger images from smaller ones: nearest and bilinear upsampling, pixel shuffle, and the added input; all linear.

``planes`` images of (h, w), one behind the other in flat arrays in C order, become planes of (factor h, factor w).
Each backward is the transpose of its forward, which is its own tangent too. Arrays that are written lie apart from
those that are read.

Bilinear: pixels are squares of equal size on both sides, so that place k on the large side lies at (k + 1/2) / factor
- 1/2 on the small one, between two of its pixels; beyond the outermost centres their value goes on. That is
``align_corners=False`` of other libraries.
"""

from numba import njit

from scipy_ae.kernels.elementary import FLAGS
from scipy_ae.kernels.views import vector


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def nearest_forward(planes, h, w, factor, X, Y):
    """Y = each number of X as a square of factor x factor."""
    wide = factor * w
    for i in range(planes * h):
        row, out = vector(X, i * w, w), vector(Y, i * factor * wide, wide)
        if factor == 2:
            for j in range(w):
                out[2 * j] = row[j]
                out[2 * j + 1] = row[j]
        else:
            for j in range(w):
                for k in range(j * factor, j * factor + factor):
                    out[k] = row[j]
        for below in range(1, factor):
            copy = vector(Y, (i * factor + below) * wide, wide)
            for k in range(wide):
                copy[k] = out[k]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def nearest_backward(planes, h, w, factor, dY, dX):
    """dX = the sums of dY over squares of factor x factor."""
    wide = factor * w
    for i in range(planes * h):
        first, out = i * factor * wide, vector(dX, i * w, w)
        if factor == 2:
            upper, lower = vector(dY, first, wide), vector(dY, first + wide, wide)
            for j in range(w):
                out[j] = (upper[2 * j] + upper[2 * j + 1]) + (lower[2 * j] + lower[2 * j + 1])
            continue
        for j in range(w):
            out[j] = 0
        for k in range(factor * factor):
            come = vector(dY, first + k // factor * wide + k % factor, wide)
            for j in range(w):
                out[j] += come[j * factor]


@njit(cache=True, error_model="numpy", nogil=True)
def _between(k, factor, length):
    """The two small pixels around place k of the large side, and the part of the second."""
    place = max((k + 0.5) / factor - 0.5, 0.0)
    low = int(place)
    return low, min(low + 1, length - 1), place - low


@njit(cache=True, error_model="numpy", nogil=True)
def _phase(r, factor):
    """Place r of the ``factor`` places that come for each small pixel: between which two, and the part of the second.

    The first of the two is the pixel itself, or, where 1 is returned, the one before it.
    """
    place = (r + 0.5) / factor - 0.5
    back = 1 if place < 0.0 else 0
    return back, place + back


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _add_between(upper, lower, down, factor, out):
    """out += one large row, ``down`` of the way from one small row to the next."""
    number, w = upper.dtype.type, upper.size
    u, l = number(1.0 - down), number(down)
    a, b, c, d = vector(upper, 0, w - 1), vector(upper, 1, w - 1), vector(lower, 0, w - 1), vector(lower, 1, w - 1)
    if factor == 2:
        quarter, rest, inner = number(0.25), number(0.75), vector(out, 1, 2 * w - 2)
        out[0] += u * upper[0] + l * lower[0]
        out[2 * w - 1] += u * upper[w - 1] + l * lower[w - 1]
        for j in range(w - 1):
            left, right = u * a[j] + l * c[j], u * b[j] + l * d[j]
            inner[2 * j] += rest * left + quarter * right
            inner[2 * j + 1] += quarter * left + rest * right
        return
    for r in range(factor):
        back, part = _phase(r, factor)
        edge = 0 if back else w - 1
        out[edge * factor + r] += u * upper[edge] + l * lower[edge]
        left, right = number(1.0 - part), number(part)
        inner = vector(out, back * factor + r, factor * w - factor)
        for j in range(w - 1):
            inner[j * factor] += left * (u * a[j] + l * c[j]) + right * (u * b[j] + l * d[j])


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def bilinear_forward(planes, h, w, factor, X, Y):
    """Y = X at the places between its pixels."""
    tall, wide = factor * h, factor * w
    for p in range(planes):
        for k in range(tall):
            low, high, down = _between(k, factor, h)
            out = vector(Y, (p * tall + k) * wide, wide)
            for j in range(wide):
                out[j] = 0
            _add_between(vector(X, (p * h + low) * w, w), vector(X, (p * h + high) * w, w), down, factor, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def bilinear_backward(planes, h, w, factor, dY, dX):
    """dX = the transpose of :func:`bilinear_forward` applied to dY."""
    tall, wide = factor * h, factor * w
    for k in range(planes * h * w):
        dX[k] = 0
    for p in range(planes):
        for k in range(tall):
            low, high, down = _between(k, factor, h)
            come = vector(dY, (p * tall + k) * wide, wide)
            _share_between(come, 1.0 - down, factor, vector(dX, (p * h + low) * w, w))
            _share_between(come, down, factor, vector(dX, (p * h + high) * w, w))


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def _share_between(come, whole, factor, out):
    """out += ``whole`` times what the pixels of one small row owe to a large row."""
    number, w = out.dtype.type, out.size
    if factor == 2 and w > 1:
        most, quarter, rest = number(whole), number(0.25 * whole), number(0.75 * whole)
        out[0] += most * come[0] + rest * come[1] + quarter * come[2]
        out[w - 1] += quarter * come[2 * w - 3] + rest * come[2 * w - 2] + most * come[2 * w - 1]
        inner, before, after = vector(out, 1, w - 2), vector(come, 1, 2 * w - 4), vector(come, 3, 2 * w - 4)
        for j in range(w - 2):
            inner[j] += (quarter * before[2 * j] + rest * before[2 * j + 1]) + (
                rest * after[2 * j] + quarter * after[2 * j + 1]
            )
        return
    for r in range(factor):
        back, part = _phase(r, factor)
        edge = 0 if back else w - 1
        out[edge] += number(whole) * come[edge * factor + r]
        left, right = number(whole * (1.0 - part)), number(whole * part)
        inner = vector(come, back * factor + r, factor * w - factor)
        a, b = vector(out, 0, w - 1), vector(out, 1, w - 1)
        for j in range(w - 1):
            a[j] += left * inner[j * factor]
        for j in range(w - 1):
            b[j] += right * inner[j * factor]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def shuffle_forward(n, c_out, h, w, factor, X, Y):
    """Y[i, c, y f + k, x f + l] = X[i, c f^2 + k f + l, y, x], f the factor (Shi et al. 2016, eq. 4)."""
    for line in range(n * c_out * h * factor):
        first, step, out = _shuffled(line, h, w, factor), h * w, vector(Y, line * factor * w, factor * w)
        if factor == 2:
            a, b = vector(X, first, w), vector(X, first + step, w)
            for j in range(w):
                out[2 * j] = a[j]
                out[2 * j + 1] = b[j]
            continue
        for l in range(factor):
            row, to = vector(X, first + l * step, w), vector(out, l, factor * w)
            for j in range(w):
                to[j * factor] = row[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def shuffle_backward(n, c_out, h, w, factor, dY, dX):
    """dX = the numbers of dY back at their places."""
    for line in range(n * c_out * h * factor):
        first, step, come = _shuffled(line, h, w, factor), h * w, vector(dY, line * factor * w, factor * w)
        if factor == 2:
            a, b = vector(dX, first, w), vector(dX, first + step, w)
            for j in range(w):
                a[j] = come[2 * j]
                b[j] = come[2 * j + 1]
            continue
        for l in range(factor):
            out, row = vector(dX, first + l * step, w), vector(come, l, factor * w)
            for j in range(w):
                out[j] = row[j * factor]


@njit(cache=True, error_model="numpy", nogil=True)
def _shuffled(line, h, w, factor):
    """Where the small row begins whose numbers stand first in a line of the large images."""
    plane, y, k = line // (h * factor), line // factor % h, line % factor
    return ((plane * factor + k) * factor * h + y) * w


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def add_input_forward(n, c, h, w, c0, h0, w0, X0, Y):
    """Y += the images X0 (n, c0, h0, w0), made (h, w) by bilinear upsampling and repeated where c0 is 1.

    h / h0 and w / w0 are whole numbers.
    """
    for i in range(n):
        for channel in range(c):
            plane = (i * c0 + (channel if c0 > 1 else 0)) * h0
            for k in range(h):
                low, high, down = _between(k, h // h0, h0)
                out = vector(Y, ((i * c + channel) * h + k) * w, w)
                _add_between(
                    vector(X0, (plane + low) * w0, w0), vector(X0, (plane + high) * w0, w0), down, w // w0, out
                )
