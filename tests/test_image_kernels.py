"""Kernels of images (pools, upsampling, norms, activations by channels) against their formulas and against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from scipy_ae.kernels import channelwise, normalisation, pooling, upsampling

few = settings(max_examples=12)
seeds = st.integers(0, 10**6)
DTYPES = [np.float64, np.float32]
TOLERANCE = {np.float64: 1e-10, np.float32: 2e-5}


def near(got, wanted, tolerance=1e-10):
    """Equal within the tolerance, times the size of what is wanted where that is above 1."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.size == wanted.size
    return np.abs(got.ravel() - wanted.ravel()).max() <= tolerance * max(1.0, np.abs(wanted).max())


def filled(kernel, size, *arguments, dtype=np.float64):
    """What a kernel writes into its last argument, (size,), and nothing beyond its end."""
    out = np.full(size + 4, 7.0, dtype)
    kernel(*arguments, out[:size])
    assert (out[size:] == 7).all()
    return out[:size]


def adjoint(tangent, backward, inputs, outputs, rng):
    """Whether <u, J v> = <J' u, v> for random u and v."""
    v, u = rng.normal(size=inputs), rng.normal(size=outputs)
    ahead, back = u @ tangent(v), backward(u) @ v
    return np.isclose(ahead, back, rtol=1e-10, atol=1e-10 * inputs)


def slope(value, change):
    """The order in h of |value(h) - value(0) - h change|: 2 where ``change`` is the derivative."""
    steps = np.array([1e-2, 1e-3])
    errors = [np.linalg.norm(value(h) - value(0.0) - h * change) for h in steps]
    return np.log10(errors[0] / errors[1])


# ------------------------------------------------------------------------------------------ pools

# size and stride, and factors: 2 has loops of its own
windows = st.one_of(st.just((2, 2)), st.tuples(st.integers(1, 4), st.integers(1, 4)))
factors = st.one_of(st.just(2), st.integers(1, 5))


def pooled(x, size, stride, what):
    """Pools of images (planes, h, w), window by window."""
    oh, ow = (x.shape[1] - size) // stride + 1, (x.shape[2] - size) // stride + 1
    y = np.empty((len(x), oh, ow))
    for p, i, j in np.ndindex(y.shape):
        y[p, i, j] = what(x[p, i * stride : i * stride + size, j * stride : j * stride + size])
    return y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["max", "avg"])
@few
@given(planes=st.integers(1, 3), h=st.integers(4, 21), w=st.integers(4, 40), window=windows, seed=seeds)
def test_pools(kind, dtype, planes, h, w, window, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(planes, h, w)).astype(dtype)
    there = torch.from_numpy(x).requires_grad_()
    wanted = (F.max_pool2d if kind == "max" else F.avg_pool2d)(there, *window)
    back = rng.normal(size=wanted.shape).astype(dtype)
    wanted.backward(torch.from_numpy(back))
    forward, backward = getattr(pooling, f"{kind}_pool_forward"), getattr(pooling, f"{kind}_pool_backward")

    got = filled(forward, wanted.numel(), planes, h, w, *window, x.ravel(), dtype=dtype)
    seen = [x.ravel()] if kind == "max" else []
    dx = filled(backward, x.size, planes, h, w, *window, *seen, back.ravel(), dtype=dtype)

    assert near(got, pooled(x, *window, np.max if kind == "max" else np.mean), TOLERANCE[dtype])
    assert near(got, wanted.detach(), TOLERANCE[dtype])
    assert near(dx, there.grad, TOLERANCE[dtype])


@few
@given(planes=st.integers(1, 3), h=st.integers(4, 21), w=st.integers(4, 40), window=windows, seed=seeds)
def test_pools_backward_is_the_transpose_of_tangent(planes, h, w, window, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 5, planes * h * w) * 1.0  # with many ties
    size, stride = window
    many = planes * ((h - size) // stride + 1) * ((w - size) // stride + 1)
    g = (planes, h, w, size, stride)
    assert adjoint(
        lambda v: filled(pooling.max_pool_tangent, many, *g, x, v),
        lambda u: filled(pooling.max_pool_backward, x.size, *g, x, u),
        x.size, many, rng,
    )  # fmt: skip
    assert adjoint(
        lambda v: filled(pooling.avg_pool_forward, many, *g, v),
        lambda u: filled(pooling.avg_pool_backward, x.size, *g, u),
        x.size, many, rng,
    )  # fmt: skip


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1)])
def test_max_pool_moves_along_its_tangent(size, stride):
    """The maximum is linear where no step changes the winner: the difference is the tangent itself."""
    rng = np.random.default_rng(3)
    planes, h, w = 2, 9, 38
    x, v = rng.permutation(planes * h * w) * 1.0, rng.uniform(-1, 1, planes * h * w)
    many = planes * ((h - size) // stride + 1) * ((w - size) // stride + 1)
    g = (planes, h, w, size, stride)
    still, moved = (filled(pooling.max_pool_forward, many, *g, at) for at in (x, x + 0.25 * v))
    assert near((moved - still) / 0.25, filled(pooling.max_pool_tangent, many, *g, x, v))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("h", "w"), [(2, 2), (4, 48), (5, 39)])
@pytest.mark.parametrize("stride", [1, 2])
def test_max_pool_prefers_the_first_of_equals_and_a_nan(dtype, h, w, stride):
    oh, ow = (h - 2) // stride + 1, (w - 2) // stride + 1
    g = (1, h, w, 2, stride)
    marks = np.arange(1.0, h * w + 1).astype(dtype)
    first = marks.reshape(h, w)[::stride, ::stride][:oh, :ow]
    for value in (0.0, -np.inf):
        level = np.full(h * w, value, dtype)
        assert np.array_equal(filled(pooling.max_pool_tangent, oh * ow, *g, level, marks, dtype=dtype), first.ravel())
        spread = filled(pooling.max_pool_backward, h * w, *g, level, first.ravel(), dtype=dtype)
        assert np.array_equal(spread[spread != 0], first.ravel())
        assert np.array_equal(spread[spread != 0], marks[spread != 0])
    for spot in (0, 1, w, w + 1):  # each place of the first window
        x = np.ones(h * w, dtype)
        x[spot] = np.nan
        got = filled(pooling.max_pool_forward, oh * ow, *g, x, dtype=dtype)
        assert np.isnan(got[0])
        assert filled(pooling.max_pool_tangent, oh * ow, *g, x, marks, dtype=dtype)[0] == marks[spot]
        back = np.zeros(oh * ow, dtype)
        back[0] = 3
        assert filled(pooling.max_pool_backward, h * w, *g, x, back, dtype=dtype)[spot] == 3


# ------------------------------------------------------------------------------------- upsampling


def between(x, factor):
    """Bilinear upsampling of (planes, h, w): each pixel counts by the distance of its centre."""

    def parts(length):
        place = np.clip((np.arange(factor * length) + 0.5) / factor - 0.5, 0, length - 1)
        return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(length)))

    return parts(x.shape[1]) @ x @ parts(x.shape[2]).T


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@few
@given(
    planes=st.integers(1, 3), h=st.integers(1, 7), w=st.integers(1, 21), factor=factors, seed=seeds
)  # fmt: skip
def test_upsampling(mode, dtype, planes, h, w, factor, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(planes, h, w)).astype(dtype)
    there = torch.from_numpy(x).requires_grad_()
    smooth = {"align_corners": False} if mode == "bilinear" else {}
    wanted = F.interpolate(there[None], scale_factor=float(factor), mode=mode, **smooth)[0]
    back = rng.normal(size=wanted.shape).astype(dtype)
    wanted.backward(torch.from_numpy(back))
    forward, backward = getattr(upsampling, f"{mode}_forward"), getattr(upsampling, f"{mode}_backward")

    got = filled(forward, wanted.numel(), planes, h, w, factor, x.ravel(), dtype=dtype)
    dx = filled(backward, x.size, planes, h, w, factor, back.ravel(), dtype=dtype)

    by_hand = between(x, factor) if mode == "bilinear" else x.repeat(factor, 1).repeat(factor, 2)
    assert near(got, by_hand, TOLERANCE[dtype])
    assert near(got, wanted.detach(), TOLERANCE[dtype])
    assert near(dx, there.grad, TOLERANCE[dtype])
    if dtype == np.float64:
        assert adjoint(
            lambda v: filled(forward, back.size, planes, h, w, factor, v),
            lambda u: filled(backward, x.size, planes, h, w, factor, u),
            x.size, back.size, rng,
        )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@few
@given(
    n=st.integers(1, 3), c=st.integers(1, 3), h=st.integers(1, 5), w=st.integers(1, 37), factor=factors
)  # fmt: skip
def test_pixel_shuffle(dtype, n, c, h, w, factor):
    x = np.arange(n * c * factor * factor * h * w).astype(dtype).reshape(n, -1, h, w)
    got = filled(upsampling.shuffle_forward, x.size, n, c, h, w, factor, x.ravel(), dtype=dtype)
    assert np.array_equal(got, F.pixel_shuffle(torch.from_numpy(x), factor).numpy().ravel())
    places = got.reshape(n, c, h * factor, w * factor)
    for i, j, k, l in np.ndindex(n, c, factor, factor):
        assert np.array_equal(places[i, j, k::factor, l::factor], x[i, (j * factor + k) * factor + l])
    back = filled(upsampling.shuffle_backward, x.size, n, c, h, w, factor, got, dtype=dtype)
    assert np.array_equal(back, x.ravel())  # a permutation's transpose is its inverse


@pytest.mark.parametrize("dtype", DTYPES)
@few
@given(
    n=st.integers(1, 3), c=st.integers(1, 3), grey=st.booleans(), h=st.integers(1, 6), w=st.integers(1, 9),
    enlarged=st.tuples(factors, factors), seed=seeds,
)  # fmt: skip
def test_added_input(dtype, n, c, grey, h, w, enlarged, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1 if grey else c, h, w)).astype(dtype)
    y = rng.normal(size=(n, c, h * enlarged[0], w * enlarged[1])).astype(dtype)
    larger = F.interpolate(torch.from_numpy(x), size=y.shape[2:], mode="bilinear", align_corners=False)
    wanted = y + larger.expand(-1, c, -1, -1).numpy()
    got = y.ravel().copy()
    upsampling.add_input_forward(n, c, *y.shape[2:], *x.shape[1:], x.ravel(), got)
    assert near(got, wanted, TOLERANCE[dtype])


# ------------------------------------------------------------------------------------------ norms


class Grouped:
    """Group normalisation of (n, channels, pixels) by the kernels, as functions of flat arrays."""

    def __init__(self, shape, groups, dtype=np.float64):
        self.shape, self.groups, self.dtype = shape, groups, dtype

    def forward(self, x, weight, bias):
        self.means, self.inverses = (np.empty(self.shape[0] * self.groups) for _ in range(2))
        return filled(
            normalisation.group_norm_forward, x.size, *self.shape, self.groups, x, weight, bias, self.means,
            self.inverses, dtype=self.dtype,
        )  # fmt: skip

    def backward(self, x, weight, da):
        dweight, dbias = np.empty_like(weight), np.empty_like(weight)
        dx = filled(
            normalisation.group_norm_backward, x.size, *self.shape, self.groups, x, weight, self.means,
            self.inverses, da, dweight, dbias, dtype=self.dtype,
        )  # fmt: skip
        return dx, dweight, dbias

    def tangent(self, x, weight, vx, vweight, vbias):
        return filled(
            normalisation.group_norm_tangent, x.size, *self.shape, self.groups, x, vx, weight, vweight, vbias,
            self.means, self.inverses, dtype=self.dtype,
        )  # fmt: skip


class Batched:
    """Batch normalisation of (n, channels, pixels) in chunks of the given rows."""

    def __init__(self, shape, rows, dtype=np.float64):
        self.channels, self.pixels, self.dtype = shape[1], shape[2], dtype
        self.counts = np.array(rows) * self.pixels
        each, ends = self.channels * self.pixels, np.cumsum(rows)
        self.chunks = [((n, *shape[1:]), slice((end - n) * each, end * each)) for n, end in zip(rows, ends)]

    def forward(self, x, weight, bias):
        sums = [filled(normalisation.batch_norm_sums, 2 * self.channels, *g, x[part]) for g, part in self.chunks]
        self.means, self.inverses = np.empty(self.channels), np.empty(self.channels)
        normalisation.batch_norm_merge(len(sums), self.counts, np.concatenate(sums), self.means, self.inverses)
        a = np.empty_like(x)
        for g, part in self.chunks:
            normalisation.batch_norm_forward(*g, x[part], self.means, self.inverses, weight, bias, a[part])
        return a

    def totals(self, kernel, x, d):
        return sum(
            filled(kernel, 2 * self.channels, *g, x[part], self.means, self.inverses, d[part])
            for g, part in self.chunks
        )

    def backward(self, x, weight, da):
        totals, dx = self.totals(normalisation.batch_norm_backward_sums, x, da), np.empty_like(x)
        for g, part in self.chunks:
            normalisation.batch_norm_backward(
                *g, self.counts.sum(), x[part], self.means, self.inverses, weight, totals, da[part], dx[part]
            )
        return dx, totals[self.channels :], totals[: self.channels]

    def tangent(self, x, weight, vx, vweight, vbias):
        totals, va = self.totals(normalisation.batch_norm_tangent_sums, x, vx), np.empty_like(x)
        for g, part in self.chunks:
            normalisation.batch_norm_tangent(
                *g, self.counts.sum(), x[part], vx[part], self.means, self.inverses, totals, weight, vweight, vbias,
                va[part],
            )  # fmt: skip
        return va


def normalised(x, axes, weight, bias):
    """The formula, on (n, groups, channels of a group, pixels)."""
    mean = x.mean(axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * weight[None, :, :, None] + bias[None, :, :, None]


@st.composite
def norms(draw):
    """A norm's kind, the shape (n, groups, channels of a group, pixels) and the rows of the chunks."""
    rows = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    groups, width, pixels = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(2, 80))
    return draw(st.sampled_from(["group", "batch"])), (sum(rows), groups, width, pixels), rows


def norm_of(kind, shape, rows, dtype=np.float64):
    n, groups, width, pixels = shape
    flat = (n, groups * width, pixels)
    return Grouped(flat, groups, dtype) if kind == "group" else Batched(flat, rows, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=30)
@given(drawn=norms(), level=st.sampled_from([0.0, 100.0]), seed=seeds)
def test_norms(dtype, drawn, level, seed):
    kind, shape, _ = drawn
    rng = np.random.default_rng(seed)
    channels = shape[1] * shape[2]
    x = (level + rng.normal(size=shape)).astype(dtype)
    weight, bias = (rng.normal(size=channels).astype(dtype) for _ in range(2))
    back = rng.normal(size=shape).astype(dtype)
    # torch in float64 throughout: its float32 norms are no better than ours
    tx, tw, tb = (torch.from_numpy(part.astype(np.float64)).requires_grad_() for part in (x, weight, bias))
    images = tx.reshape(shape[0], channels, -1)
    if kind == "group":
        wanted = F.group_norm(images, shape[1], tw, tb, eps=1e-5)
    else:
        wanted = F.batch_norm(images, None, None, tw, tb, training=True, eps=1e-5)
    wanted.backward(torch.from_numpy(back.astype(np.float64)).reshape(wanted.shape))

    norm = norm_of(*drawn, dtype)
    got = norm.forward(x.ravel(), weight, bias)
    dx, dweight, dbias = norm.backward(x.ravel(), weight, back.ravel())

    axes = (2, 3) if kind == "group" else (0, 3)
    by_hand = normalised(x.astype(np.float64), axes, weight.reshape(shape[1:3]), bias.reshape(shape[1:3]))
    # a mean rounded to float32 is off by half a unit in its last place
    close = 1e-10 if dtype == np.float64 else 2e-5 + 3e-7 * level * np.max(norm.inverses)
    assert near(got, by_hand, close)
    assert near(got, wanted.detach(), close)
    assert near(dx, tx.grad, close * max(1.0, np.max(norm.inverses)))
    assert near(dweight, tw.grad, close)
    assert near(dbias, tb.grad, close)


@few
@given(drawn=norms(), seed=seeds)
def test_norms_backward_is_the_transpose_of_tangent(drawn, seed):
    rng = np.random.default_rng(seed)
    shape = drawn[1]
    channels, size = shape[1] * shape[2], int(np.prod(shape))
    x, weight, bias = rng.normal(size=size), rng.normal(size=channels), rng.normal(size=channels)
    norm = norm_of(*drawn)
    norm.forward(x, weight, bias)
    cuts = [size, size + channels]
    assert adjoint(
        lambda v: norm.tangent(x, weight, *np.split(v, cuts)),
        lambda u: np.concatenate(norm.backward(x, weight, u)),
        size + 2 * channels, size, rng,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["group", "batch"])
def test_norms_move_along_their_tangent(kind):
    rng = np.random.default_rng(4)
    shape, channels = (5, 2, 3, 20), 6
    x, vx = rng.normal(size=600), rng.normal(size=600)
    weight, bias, vweight, vbias = rng.normal(size=(4, channels))
    norm = norm_of(kind, shape, (2, 3))
    norm.forward(x, weight, bias)
    change = norm.tangent(x, weight, vx, vweight, vbias)
    assert slope(lambda h: norm.forward(x + h * vx, weight + h * vweight, bias + h * vbias), change) > 1.9


@pytest.mark.parametrize("kind", ["group", "batch"])
def test_norms_in_float32_stay_accurate_over_many_numbers(kind):
    """Naive sums of a million numbers far from 0 would be off in the third digit."""
    rng = np.random.default_rng(5)
    shape = (16, 1, 2, 32768)
    x = (30 + rng.normal(size=shape)).astype(np.float32).ravel()
    weight, bias = np.ones(2, np.float32), np.zeros(2, np.float32)
    da = (1 + rng.normal(size=x.size)).astype(np.float32)
    exact, rounded = norm_of(kind, shape, (7, 9)), norm_of(kind, shape, (7, 9), np.float32)
    a = exact.forward(x.astype(float), weight.astype(float), bias.astype(float))
    assert near(rounded.forward(x, weight, bias), a, 3e-6)
    for got, wanted in zip(rounded.backward(x, weight, da), exact.backward(x.astype(float), weight.astype(float), da)):
        assert near(got, wanted, 1e-6)


@few
@given(rows=st.lists(st.integers(1, 5), min_size=2, max_size=5), pixels=st.integers(1, 30), seed=seeds)
def test_chunks_of_a_batch_add_up_to_the_whole(rows, pixels, seed):
    rng = np.random.default_rng(seed)
    shape = (sum(rows), 1, 3, pixels)
    x, da = rng.normal(size=(2, sum(rows) * 3 * pixels))
    weight, bias = np.ones(3), np.zeros(3)
    whole, parts = norm_of("batch", shape, (sum(rows),)), norm_of("batch", shape, rows)
    assert near(whole.forward(x, weight, bias), parts.forward(x, weight, bias))
    mean, spread = x.reshape(-1, 3, pixels).mean((0, 2)), x.reshape(-1, 3, pixels).var((0, 2))
    assert near(parts.means, mean, 1e-13)
    assert near(parts.inverses, (spread + 1e-5) ** -0.5, 1e-12)
    for one, many in zip(whole.backward(x, weight, da), parts.backward(x, weight, da)):
        assert near(one, many)


# ------------------------------------------------------------------------------- activations

shapes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 70))  # n, channels, pixels
betas = st.sampled_from([1.0, 0.7])


@pytest.mark.parametrize("dtype", DTYPES)
@few
@given(shape=shapes, beta=betas, seed=seeds)
def test_softmax_over_channels(dtype, shape, beta, seed):
    rng = np.random.default_rng(seed)
    a = (20 * rng.normal(size=shape)).astype(dtype)
    there = torch.from_numpy(a).requires_grad_()
    wanted = torch.softmax(beta * there, dim=1)
    back = rng.normal(size=shape).astype(dtype)
    wanted.backward(torch.from_numpy(back))
    got = filled(channelwise.channel_softmax_forward, a.size, *shape, beta, a.ravel(), dtype=dtype)
    lifted = np.exp(beta * (a.astype(float) - a.max(1, keepdims=True)))
    assert near(got, lifted / lifted.sum(1, keepdims=True), TOLERANCE[dtype])
    assert near(got, wanted.detach(), TOLERANCE[dtype])

    def product(v):
        return filled(channelwise.channel_softmax_product, a.size, *shape, beta, got, v, dtype=v.dtype)

    assert near(product(back.ravel()), there.grad, TOLERANCE[dtype])
    if dtype == np.float64:
        assert adjoint(product, product, a.size, a.size, rng)
    channelwise.channel_softmax_product(*shape, beta, got, back.ravel(), back.ravel())  # in place
    assert near(back, there.grad, TOLERANCE[dtype])


def test_softmax_over_channels_moves_along_its_tangent_and_does_not_overflow():
    rng = np.random.default_rng(6)
    shape = (2, 5, 33)
    a, v = rng.normal(size=(2, 330))

    def value(h):
        return filled(channelwise.channel_softmax_forward, a.size, *shape, 1.3, a + h * v)

    change = filled(channelwise.channel_softmax_product, a.size, *shape, 1.3, value(0.0), v)
    assert slope(value, change) > 1.9
    far = filled(channelwise.channel_softmax_forward, a.size, *shape, 1.3, 1e4 * a)
    assert np.isfinite(far).all()
    assert np.allclose(far.reshape(shape).sum(1), 1)
    a[0] = np.nan
    assert np.isnan(value(0.0).reshape(shape)[0, :, 0]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@few
@given(shape=shapes, beta=betas, seed=seeds)
def test_parametric_relu_by_channels(dtype, shape, beta, seed):
    rng = np.random.default_rng(seed)
    a, back = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    a.ravel()[::7] = 0  # the derivative there is that of the left side
    slopes = rng.normal(size=shape[1]).astype(dtype)
    there, tilt = torch.from_numpy(a).requires_grad_(), torch.from_numpy(slopes).requires_grad_()
    wanted = F.prelu(beta * there, tilt)
    wanted.backward(torch.from_numpy(back))
    got = filled(channelwise.prelu_forward, a.size, *shape, beta, slopes, a.ravel(), dtype=dtype)
    dslope = np.empty_like(slopes)
    da = filled(
        channelwise.prelu_backward, a.size, *shape, beta, slopes, a.ravel(), back.ravel(), dslope, dtype=dtype
    )  # fmt: skip
    assert near(got, beta * np.where(a > 0, a, slopes[:, None] * a), TOLERANCE[dtype])
    assert near(got, wanted.detach(), TOLERANCE[dtype])
    assert near(da, there.grad, TOLERANCE[dtype])
    assert near(dslope, tilt.grad, TOLERANCE[dtype])


@few
@given(shape=shapes, beta=betas, seed=seeds)
def test_parametric_relu_backward_is_the_transpose_of_tangent(shape, beta, seed):
    rng = np.random.default_rng(seed)
    size, channels = int(np.prod(shape)), shape[1]
    a, slopes = rng.normal(size=size), rng.normal(size=channels)

    def tangent(v):
        return filled(channelwise.prelu_tangent, size, *shape, beta, slopes, v[size:], a, v[:size])

    def backward(u):
        dslope = np.empty(channels)
        da = filled(channelwise.prelu_backward, size, *shape, beta, slopes, a, u, dslope)
        return np.concatenate([da, dslope])

    assert adjoint(tangent, backward, size + channels, size, rng)


def test_parametric_relu_moves_along_its_tangent():
    rng = np.random.default_rng(7)
    shape = (3, 4, 40)
    a, v = rng.normal(size=480) + np.sign(rng.normal(size=480)) * 3, rng.uniform(-1, 1, 480)
    slopes, turn = rng.normal(size=(2, 4))

    def value(h):
        return filled(channelwise.prelu_forward, 480, *shape, 0.8, slopes + h * turn, a + h * v)

    a[np.abs(a) < 0.1] = 1.0
    assert slope(value, filled(channelwise.prelu_tangent, 480, *shape, 0.8, slopes, turn, a, v)) > 1.9


# ---------------------------------------------------------------------------------- same bytes


def test_same_bytes_wherever_the_arrays_lie():
    """Results must not hang on alignment, nor on how far apart arrays are."""
    rng = np.random.default_rng(8)
    n, c, h, w = 3, 4, 9, 14
    pixels = h * w
    numbers = rng.normal(size=(2, n * c * pixels)).astype(np.float32)
    weight, bias = rng.normal(size=(2, c)).astype(np.float32)

    def all_of_them(shift, gap):
        room = np.zeros(16 * numbers.size + 1000, np.float32)
        taken = [shift]

        def put(size, values=0.0):
            part = room[taken[0] : taken[0] + size]
            part[:] = values
            taken[0] += size + gap
            return part

        x, d = put(numbers[0].size, numbers[0]), put(numbers[0].size, numbers[1])
        a, dx, small, up = put(x.size), put(x.size), put(x.size), put(4 * x.size)
        dw, db, (m, r, sums) = put(c), put(c), np.empty((3, 2 * max(n, c)))
        normalisation.group_norm_forward(n, c, pixels, 2, x, weight, bias, m, r, a)
        normalisation.group_norm_backward(n, c, pixels, 2, x, weight, m, r, d, dw, db, dx)
        normalisation.batch_norm_sums(n, c, pixels, x, sums)
        outs = [a.copy(), dx.copy(), dw.copy(), db.copy(), sums[: 2 * c].copy()]
        channelwise.prelu_backward(n, c, pixels, 1.0, weight, x, d, dw, dx)
        channelwise.channel_softmax_forward(n, c, pixels, 1.0, x, a)
        outs += [dx.copy(), dw.copy(), a.copy()]
        for size, stride in ((2, 2), (3, 2)):
            g = (n * c, h, w, size, stride)
            pooling.avg_pool_forward(*g, x, small)
            outs.append(small.copy())
            pooling.avg_pool_backward(*g, d, dx)
            outs.append(dx.copy())
            pooling.max_pool_backward(*g, x, d, dx)
            outs.append(dx.copy())
        upsampling.bilinear_forward(n * c, h, w, 2, x, up)
        upsampling.bilinear_backward(n * c, h, w, 2, up, dx)
        outs += [up.copy(), dx.copy()]
        upsampling.nearest_backward(n * c, h, w, 2, up, dx)
        return b"".join(out.tobytes() for out in [*outs, dx])

    assert len({all_of_them(shift, gap) for shift in (0, 1, 5, 16) for gap in (0, 3, 64)}) == 1
