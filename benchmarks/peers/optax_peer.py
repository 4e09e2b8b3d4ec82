"""optax: L-BFGS with its zoom line search; value and gradient are taken from the line search's last point."""

import jax
import jax.numpy as jnp
import optax
from descents import Minimiser
from problems import Trainer
from settings import PAIRS

from peers import Peer, jax_loop
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


def trainers() -> list[Trainer]:
    return [jax_loop.trainer("optax L-BFGS", f"{PAIRS} pairs", _lbfgs, seeds=2)]


PEER = Peer("optax", ("optax",), trainers=trainers, minimisers=minimisers)
