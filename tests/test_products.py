"""The products of a layer against NumPy's, for all shapes around the widths of registers, and for those of BLAS."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.kernels import products
from scipy_ae.kernels.products import IN_REGISTERS, SMALL

TOLERANCE = {np.float64: 1e-13, np.float32: 1e-5}
GUARD = 64  # numbers before and after each result, which no product may touch


class Guarded:
    """An array of NaN within a larger one, to see that all of it is written, and nothing beside it."""

    def __init__(self, shape: tuple[int, ...], dtype) -> None:
        size = int(np.prod(shape))
        self._whole = np.full(size + 2 * GUARD, 7.0, dtype)
        self.inside = self._whole[GUARD : GUARD + size].reshape(shape)
        self.inside[...] = np.nan

    def holds(self, expected: np.ndarray, scale: float) -> bool:
        around = np.concatenate([self._whole[:GUARD], self._whole[-GUARD:]])
        near = np.abs(self.inside - expected).max() <= TOLERANCE[self.inside.dtype.type] * scale
        return bool(near and (around == 7.0).all())


def check(n: int, p: int, q: int, dtype) -> None:
    rng = np.random.default_rng(n * 10_000 + p * 100 + q)
    X, W, b, D = (rng.normal(size=shape).astype(dtype) for shape in ((n, p), (p, q), (q,), (n, q)))
    spare = np.full(min(p * q, SMALL), np.nan, dtype)
    out = Guarded((n, q), dtype)
    products.affine(X, W, b, out.inside)
    assert out.holds(X.astype(float) @ W + b, 4.0 * p)
    products.affine(X, W, None, out.inside)
    assert out.holds(X.astype(float) @ W, 4.0 * p)
    out = Guarded((p, q), dtype)
    products.left_transposed(X, D, out.inside)
    assert out.holds(X.T.astype(float) @ D, 4.0 * n)
    out = Guarded((n, p), dtype)
    products.right_transposed(D, W, spare, out.inside)
    assert out.holds(D.astype(float) @ W.T, 4.0 * q)
    out = Guarded((q,), dtype)
    products.column_sums(D, spare, out.inside)
    assert out.holds(D.astype(float).sum(axis=0), 4.0 * n)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(n=st.integers(1, 40), p=st.integers(1, 70), q=st.integers(1, 70))
def test_products_are_those_of_numpy(n, p, q, dtype):
    check(n, p, q, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", [*range(1, 36), 63, 64, 65])
def test_every_width_around_the_registers(width, dtype):
    check(5, width, 9, dtype)
    check(3, 17, width, dtype)
    check(width, 2, 33, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(130, 40, 30), (3, 150, 120), (300, 16, 40)])
def test_large_products_are_left_to_blas(shape, dtype):
    n, p, q = shape
    assert n * p * q > IN_REGISTERS or p * q > SMALL
    check(n, p, q, dtype)
