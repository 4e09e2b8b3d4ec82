"""Correlation of images with kernels (what neural networks call convolution), its transpose and its weight gradient.

``g`` is the geometry, int64 (c, h, w, oc, oh, ow, k, stride, padding); arrays are flat, in C order and of one type: X
(n, c, h, w), Y and D (n, oc, oh, ow), W (oc, c, k, k).
"""

from numba import njit

from scipy_ae.kernels.elementary import FLAGS


@njit(cache=True, nogil=True)
def scratch_size(g):
    """How many numbers of scratch each of the three functions asks for."""
    return 0


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate(g, n, X, W, bias, scratch, Y):
    """Y[i, o, y, x] = bias[o] + the sum of W[o, c, p, q] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, s, pad = g
    for i in range(n):
        for o in range(oc):
            for y in range(oh):
                for x in range(ow):
                    total = Y.dtype.type(0)
                    if bias.size > 0:
                        total = bias[o]
                    for d in range(c):
                        for p in range(max(0, pad - s * y), min(k, h + pad - s * y)):
                            for q in range(max(0, pad - s * x), min(k, w + pad - s * x)):
                                at = ((i * c + d) * h + s * y + p - pad) * w + s * x + q - pad
                                total += W[((o * c + d) * k + p) * k + q] * X[at]
                    Y[((i * oc + o) * oh + y) * ow + x] = total


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_transposed(g, n, D, W, scratch, X):
    """X = the transpose of :func:`correlate`, without bias, applied to D."""
    c, h, w, oc, oh, ow, k, s, pad = g
    X[: n * c * h * w] = 0
    for i in range(n):
        for o in range(oc):
            for y in range(oh):
                for x in range(ow):
                    value = D[((i * oc + o) * oh + y) * ow + x]
                    for d in range(c):
                        for p in range(max(0, pad - s * y), min(k, h + pad - s * y)):
                            for q in range(max(0, pad - s * x), min(k, w + pad - s * x)):
                                at = ((i * c + d) * h + s * y + p - pad) * w + s * x + q - pad
                                X[at] += W[((o * c + d) * k + p) * k + q] * value


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def correlate_weights(g, n, X, D, scratch, dW):
    """dW[o, c, p, q] = the sum of D[i, o, y, x] X[i, c, stride y + p - padding, stride x + q - padding]."""
    c, h, w, oc, oh, ow, k, s, pad = g
    dW[: oc * c * k * k] = 0
    for i in range(n):
        for o in range(oc):
            for y in range(oh):
                for x in range(ow):
                    value = D[((i * oc + o) * oh + y) * ow + x]
                    for d in range(c):
                        for p in range(max(0, pad - s * y), min(k, h + pad - s * y)):
                            for q in range(max(0, pad - s * x), min(k, w + pad - s * x)):
                                at = ((i * c + d) * h + s * y + p - pad) * w + s * x + q - pad
                                dW[((o * c + d) * k + p) * k + q] += X[at] * value


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def channel_sums(n, channels, pixels, D, out):
    """out[c] = the sum of D (n, channels, pixels) over samples and pixels: the gradient of a bias."""
    for c in range(channels):
        total = D.dtype.type(0)
        for i in range(n):
            for p in range((i * channels + c) * pixels, (i * channels + c + 1) * pixels):
                total += D[p]
        out[c] = total
