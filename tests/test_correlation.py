"""Correlation kernels against loops written from the formula, their own transposes, and torch."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scipy_ae.kernels.correlation import (
    channel_sums,
    correlate,
    correlate_transposed,
    correlate_weights,
    scratch_size,
)

TOLERANCE = {np.float64: 1e-10, np.float32: 3e-4}
PRECISIONS = pytest.mark.parametrize("precision", [np.float64, np.float32])


def geometry(c, h, w, oc, k, stride, padding):
    oh, ow = ((length + 2 * padding - k) // stride + 1 for length in (h, w))
    return np.array([c, h, w, oc, oh, ow, k, stride, padding], dtype=np.int64)


class Case:
    """Random arrays of one geometry, and what the three functions make of them."""

    def __init__(self, g, n, precision, seed=0, shift=0):
        rng = np.random.default_rng(seed)
        self.g, self.n, self.precision = g, n, precision
        c, h, w, oc, oh, ow, k, self.stride, self.padding = map(int, g)
        self.x_shape, self.w_shape, self.y_shape = (n, c, h, w), (oc, c, k, k), (n, oc, oh, ow)
        self.x, self.w, self.d = (self._draw(rng, shape, shift) for shape in (self.x_shape, self.w_shape, self.y_shape))
        self.bias = rng.standard_normal(oc).astype(precision)
        self.shift = shift

    def _draw(self, rng, shape, shift):
        return self._placed(rng.standard_normal(shape).astype(self.precision), shift)

    def _placed(self, values, shift):
        """The same values ``shift`` numbers further in memory."""
        room = np.empty(values.size + shift, dtype=self.precision)[shift:]
        room[:] = values.ravel()
        return room.reshape(values.shape)

    def _run(self, function, *arrays, shape):
        """The result of a function whose scratch and output hold NaN before, and must not be written around."""
        size = int(np.prod(shape))
        scratch = np.full(scratch_size(self.g) + 64, np.nan, dtype=self.precision)
        out = np.full(size + 64 + self.shift, np.nan, dtype=self.precision)[self.shift :]
        function(self.g, self.n, *[a.reshape(-1) for a in arrays], scratch[:-64], out[:size])
        assert np.isnan(scratch[-64:]).all()
        assert np.isnan(out[size:]).all()
        return out[:size].reshape(shape)

    def forward(self, bias=None):
        bias = np.zeros(0, dtype=self.precision) if bias is None else bias
        return self._run(correlate, self.x, self.w, bias, shape=self.y_shape)

    def transposed(self):
        return self._run(correlate_transposed, self.d, self.w, shape=self.x_shape)

    def weights(self):
        return self._run(correlate_weights, self.x, self.d, shape=self.w_shape)

    def near(self, got, wanted):
        wanted = np.asarray(wanted)
        bound = TOLERANCE[self.precision] * max(1.0, np.abs(wanted).max(initial=0.0))
        np.testing.assert_allclose(got, wanted, rtol=0, atol=bound)


def plain(case):
    """Y, dX and dW of a case by the formula, one number at a time, in float64."""
    x, w, d = (a.astype(np.float64) for a in (case.x, case.w, case.d))
    y, dx, dw = np.zeros_like(d), np.zeros_like(x), np.zeros_like(w)
    for i, o, r, t in np.ndindex(*d.shape):
        for c, p, q in np.ndindex(*w.shape[1:]):
            a, b = case.stride * r + p - case.padding, case.stride * t + q - case.padding
            if 0 <= a < x.shape[2] and 0 <= b < x.shape[3]:
                y[i, o, r, t] += w[o, c, p, q] * x[i, c, a, b]
                dx[i, c, a, b] += w[o, c, p, q] * d[i, o, r, t]
                dw[o, c, p, q] += x[i, c, a, b] * d[i, o, r, t]
    return y, dx, dw


@st.composite
def geometries(draw, largest=14):
    k, stride, padding = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(0, 5))
    least = max(1, k - 2 * padding)
    h, w = (draw(st.integers(least, max(least, largest))) for _ in "hw")
    return geometry(draw(st.integers(1, 11)), h, w, draw(st.integers(1, 19)), k, stride, padding)


@PRECISIONS
@given(g=geometries(largest=6), n=st.integers(1, 3))
@settings(max_examples=15, deadline=None, derandomize=True)
@example(g=geometry(2, 2, 1, 3, 5, 1, 2), n=2)  # a kernel larger than the image
@example(g=geometry(1, 6, 5, 2, 2, 3, 0), n=2)  # a stride that passes by rows and columns
@example(g=geometry(3, 4, 4, 2, 1, 1, 0), n=3)  # one number as kernel
@example(g=geometry(2, 3, 3, 2, 2, 1, 4), n=1)  # padding wider than the kernel: outputs that see no pixel
def test_the_three_functions_are_the_formula(g, n, precision):
    case = Case(g, n, precision)
    y, dx, dw = plain(case)
    case.near(case.forward(), y)
    case.near(case.forward(case.bias), y + case.bias[:, None, None])
    case.near(case.transposed(), dx)
    case.near(case.weights(), dw)


@given(g=geometries(), n=st.integers(1, 40))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_dot_test(g, n):
    case = Case(g, n, np.float64)
    through = np.vdot(case.d, case.forward())
    bound = 1e-11 * np.abs(case.d).sum() * max(1.0, np.abs(case.forward()).max())
    assert abs(np.vdot(case.transposed(), case.x) - through) <= bound
    assert abs(np.vdot(case.weights(), case.w) - through) <= bound


def agrees_with_torch(g, n, precision):
    case = Case(g, n, precision)
    x, w = (torch.from_numpy(a.astype(np.float64)).requires_grad_() for a in (case.x, case.w))
    bias, d = torch.from_numpy(case.bias.astype(np.float64)), torch.from_numpy(case.d.astype(np.float64))
    y = torch.nn.functional.conv2d(x, w, bias, stride=case.stride, padding=case.padding)
    y.backward(d)
    case.near(case.forward(case.bias), y.detach().numpy())
    case.near(case.transposed(), x.grad.numpy())
    case.near(case.weights(), w.grad.numpy())


@PRECISIONS
@given(g=geometries(largest=20), n=st.integers(1, 20))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_torch_says_the_same(g, n, precision):
    agrees_with_torch(g, n, precision)


@PRECISIONS
@pytest.mark.parametrize(
    ("c", "h", "w", "oc", "k", "stride", "padding", "n"),
    [
        (1, 28, 28, 8, 3, 1, 1, 16),
        (8, 28, 28, 8, 3, 1, 1, 1),
        (16, 7, 7, 16, 3, 1, 1, 33),
        (3, 128, 128, 16, 4, 2, 1, 2),
        (16, 64, 64, 16, 6, 3, 2, 2),
        (40, 5, 9, 70, 3, 1, 1, 5),
        (130, 4, 4, 3, 3, 2, 1, 4),
        (2, 1, 90, 5, 3, 1, 1, 3),
        (2, 90, 1, 5, 3, 2, 1, 3),
        (1, 20, 20, 1, 11, 1, 5, 2),
    ],
)
def test_torch_says_the_same_of_the_sizes_that_people_use(c, h, w, oc, k, stride, padding, n, precision):
    agrees_with_torch(geometry(c, h, w, oc, k, stride, padding), n, precision)


@given(g=geometries(largest=9), n=st.integers(1, 5), lengthen=st.integers(0, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_transpose_is_torchs_transposed_convolution(g, n, lengthen):
    c, h, w, oc, oh, ow, k, stride, padding = map(int, g)
    lengthen = min(lengthen, stride - 1)
    h, w = (stride * (length - 1) - 2 * padding + k + lengthen for length in (oh, ow))
    if min(h, w) < 1:
        return
    case = Case(np.array([c, h, w, oc, oh, ow, k, stride, padding]), n, np.float64)
    wanted = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(case.d), torch.from_numpy(case.w), stride=stride, padding=padding, output_padding=lengthen
    )
    case.near(case.transposed(), wanted.numpy())


@PRECISIONS
@given(g=geometries(), n=st.integers(1, 9), shift=st.integers(1, 17))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_place_in_memory_changes_no_bit(g, n, shift, precision):
    here, there = Case(g, n, precision), Case(g, n, precision, shift=shift)
    assert np.array_equal(here.forward(here.bias), there.forward(there.bias))
    assert np.array_equal(here.transposed(), there.transposed())
    assert np.array_equal(here.weights(), there.weights())


def test_no_samples_at_all():
    case = Case(geometry(2, 5, 5, 3, 3, 2, 1), 0, np.float64)
    assert case.forward(case.bias).size == 0
    assert case.transposed().size == 0
    assert not case.weights().any()


@PRECISIONS
@pytest.mark.parametrize(("n", "channels", "pixels"), [(1, 1, 1), (3, 5, 7), (2, 3, 100), (16, 8, 784), (4, 2, 0)])
def test_channel_sums(n, channels, pixels, precision):
    d = np.random.default_rng(3).standard_normal((n, channels, pixels)).astype(precision)
    out = np.full(channels, np.nan, dtype=precision)
    channel_sums(n, channels, pixels, d.ravel(), out)
    bound = TOLERANCE[precision] * max(1.0, np.abs(d).sum() ** 0.5)
    np.testing.assert_allclose(out, d.astype(np.float64).sum(axis=(0, 2)), rtol=0, atol=bound)
