"""optax: L-BFGS with its zoom line search, value and gradient taken from the line search's last point; and Rprop."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from descents import Minimiser
from problems import Trainer
from settings import PAIRS, RPROP_RATES

from peers import Peer, jax_loop, jax_peer
from peers.jax_loop import Loss, Steps


def _lbfgs(loss: Loss) -> Steps:
    solver = optax.lbfgs(memory_size=PAIRS)

    def begin(theta, x):
        return theta, solver.init(theta), jnp.asarray(jnp.inf, theta.dtype), jnp.asarray(0), jnp.asarray(1)

    def step(state, x):
        theta, inner, _, steps, evaluations = state

        def here(theta: jax.Array) -> jax.Array:
            return loss(theta, x)

        value, gradient = optax.value_and_grad_from_state(here)(theta, state=inner)
        move, inner = solver.update(gradient, inner, theta, value=value, grad=gradient, value_fn=here)
        search = optax.tree.get(inner, "info")
        evaluations += search.num_linesearch_steps
        return optax.apply_updates(theta, move), inner, optax.tree.get(inner, "value"), steps + 1, evaluations

    def look(state):
        theta, _, value, steps, evaluations = state
        return theta, value, steps, evaluations

    return Steps(begin, step, look)


def minimisers() -> list[Minimiser]:
    return [jax_loop.minimiser("optax L-BFGS", f"{PAIRS} pairs", "L-BFGS", _lbfgs)]


def _rprop(rate: jax.Array) -> jax_peer.Method:
    solver = optax.rprop(rate)

    def move(gradient, state, _):
        return solver.update(gradient, state)

    return solver.init, move


def trainers() -> list[Trainer]:
    signs = [
        Trainer("optax Rprop, loop jitted", f"rate {rate:g}", partial(jax_peer.train, _rprop, rate), seeds=5)
        for rate in RPROP_RATES
    ]
    return [*signs, jax_loop.trainer("optax L-BFGS", f"{PAIRS} pairs", _lbfgs, seeds=2)]


PEER = Peer("optax", ("optax",), trainers=trainers, minimisers=minimisers)
