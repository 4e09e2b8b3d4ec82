"""JAX: value_and_grad under jit, and Adam with its whole loop under jit.

Of the forms tried (theta split, sliced or given as a tree of arrays; softplus by logaddexp or as below; asynchronous
dispatch or not; Adam with our L2 term or without) these were the fastest on the letters networks. theta and data lie on
the device before the clock starts.
"""

import time
from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from problems import Case, Evaluation, Trained, Trainer, wrong_pixels
from settings import ADAM_RATES, CHUNK, JITTED_STEPS

from peers import Peer

#: ``begin(theta)`` a state; ``move(gradient, state, k)`` what to add to theta in step k from 0, and the next state.
Method = tuple[Callable, Callable]


def evaluation(case: Case) -> Evaluation:
    theta, x = jnp.asarray(case.theta), jnp.asarray(case.x)
    both = jax.jit(jax.value_and_grad(partial(loss, tuple(case.shapes), case.linear, case.logistic)))

    def call() -> tuple[jax.Array, jax.Array]:
        return jax.block_until_ready(both(theta, x))

    def answer() -> tuple[float, np.ndarray]:
        value, gradient = call()
        return float(value), np.asarray(gradient)

    return Evaluation(call, answer)


def logits(shapes: tuple[tuple[int, int], ...], linear: int, theta: jax.Array, x: jax.Array) -> jax.Array:
    """What comes into the last activation, (n, q)."""
    # split, not slices: its transpose is one concatenation in place of a sum of padded vectors
    parts = jnp.split(theta, np.cumsum([size for p, q in shapes for size in (p * q, q)])[:-1])
    y = x
    for k, shape in enumerate(shapes):
        a = y @ parts[2 * k].reshape(shape) + parts[2 * k + 1]
        y = a if k == linear else jnp.tanh(a)
    return a


def loss(shapes, linear: int, logistic: bool, theta: jax.Array, x: jax.Array) -> jax.Array:
    a = logits(shapes, linear, theta, x)
    if logistic:
        # log(1 + e^a) so written that its derivative at 0 is one half whatever that of abs is held to be there
        size = jnp.abs(a)
        return jnp.sum(0.5 * (a + size) + jnp.log1p(jnp.exp(-size)) - x * a) / len(x)
    return jnp.sum(jnp.square(a - x)) / len(x)


def trainers() -> list[Trainer]:
    return [
        Trainer("JAX Adam, loop jitted", f"rate {rate:g}", partial(train, _adam, rate), seeds=5) for rate in ADAM_RATES
    ]


def _adam(rate: jax.Array) -> Method:
    def begin(theta):
        return jnp.zeros_like(theta), jnp.zeros_like(theta)

    def move(g, state, k):
        m, v = state
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        t = k + 1.0
        return -rate * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), (m, v)

    return begin, move


def train(method: Callable[[jax.Array], Method], rate: float, case: Case) -> Trained:
    """From the case's start; compiled beforehand, so that the clock sees the training alone."""
    loop = _loop(method, tuple(case.shapes), case.linear)
    theta, x = jnp.asarray(case.theta), jnp.asarray(case.x)
    jax.block_until_ready(loop(theta, x, rate, 1))
    started = time.perf_counter()
    steps, last = jax.block_until_ready(loop(theta, x, rate, JITTED_STEPS))
    return Trained(time.perf_counter() - started, int(steps), wrong_pixels(case, np.asarray(last)))


@cache
def _loop(method: Callable[[jax.Array], Method], shapes: tuple[tuple[int, int], ...], linear: int) -> Callable:
    """``loop(theta, x, rate, most)``: until no pixel is wrong, looked at every CHUNK steps; steps and theta."""
    gradient = jax.grad(partial(loss, shapes, linear, True))

    def loop(theta, x, rate, most):
        begin, move = method(rate)

        def step(k, state):
            theta, inner = state
            by, inner = move(gradient(theta, x), inner, k)
            return theta + by, inner

        def chunk(state):
            k, _, rest = state
            rest = jax.lax.fori_loop(k, k + CHUNK, step, rest)
            return k + CHUNK, jnp.sum((logits(shapes, linear, rest[0], x) > 0) != (x > 0.5)), rest

        def unfinished(state):
            return (state[0] < most) & (state[1] > 0)

        steps, _, (last, _) = jax.lax.while_loop(unfinished, chunk, (0, x.size, (theta, begin(theta))))
        return steps, last

    return jax.jit(loop)


PEER = Peer("JAX", ("jax", "jaxlib"), evaluation, trainers)
