"""The three matrix products of a dense layer, by BLAS, in the forms that it runs fastest."""

import numpy as np
from numba import njit

from scipy_ae.kernels.elementary import FLAGS

#: Weights in a matrix up to which turning it first is cheaper than asking BLAS for a product with its transpose:
#: OpenBLAS has its fast path for small matrices in plain order alone.
SMALL = 16_384


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def affine(X, W, b, out):
    """out = X @ W + b for X (n, p), W (p, q), b (q,), out (n, q)."""
    np.dot(X, W, out)
    n, q = out.shape
    for i in range(n):
        for j in range(q):
            out[i, j] += b[j]


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def left_transposed(X, D, out):
    """out = X.T @ D for X (n, p), D (n, q), out (p, q)."""
    np.dot(X.T, D, out)


@njit(cache=True, fastmath=FLAGS, error_model="numpy", nogil=True)
def right_transposed(D, W, spare, out):
    """out = D @ W.T for D (n, q), W (p, q), out (n, p); ``spare`` has room for min(p * q, SMALL) numbers."""
    p, q = W.shape
    if p * q > SMALL:
        np.dot(D, W.T, out)
        return
    turned = spare[: p * q].reshape(q, p)
    for j in range(q):
        for k in range(p):
            turned[j, k] = W[k, j]
    np.dot(D, turned, out)
