"""optimistix: L-BFGS, BFGS and Levenberg-Marquardt, driven by their own steps.

A step of its methods is a trial: one that the search refuses costs an evaluation and moves nothing, and does not count.
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optimistix as optx
from descents import Course, Descent, Limits, Minimiser
from problems import Case, Trainer
from settings import PAIRS

from peers import Peer, jax_loop, jax_peer
from peers.jax_loop import Loss, Steps

_TAGS: frozenset[object] = frozenset()


def _lbfgs(loss: Loss) -> Steps:
    return _steps(optx.LBFGS(rtol=0.0, atol=0.0, history_length=PAIRS), loss)


def _bfgs(loss: Loss) -> Steps:
    return _steps(optx.BFGS(rtol=0.0, atol=0.0), loss)


def _steps(solver: Any, loss: Loss) -> Steps:
    def function(theta, x):
        return loss(theta, x), None

    fixed = {}  # what in a state is no array, the same in all of them

    def begin(theta, x):
        struct = jax.ShapeDtypeStruct((), theta.dtype)
        arrays, fixed["state"] = eqx.partition(solver.init(function, theta, x, {}, struct, None, _TAGS), eqx.is_array)
        return theta, arrays, jnp.asarray(0)

    def step(state, x):
        theta, arrays, calls = state
        inner = eqx.combine(arrays, fixed["state"])
        theta, inner, _ = solver.step(function, theta, x, {}, inner, _TAGS)
        return theta, eqx.partition(inner, eqx.is_array)[0], calls + 1

    def look(state):
        theta, arrays, calls = state
        inner = eqx.combine(arrays, fixed["state"])
        # the first call evaluates the start, which counts as accepted
        loss = jnp.where(calls == 0, jnp.inf, inner.f_info.f)
        return theta, loss, jnp.maximum(inner.num_accepted_steps - 1, 0), calls

    return Steps(begin, step, look)


def minimisers() -> list[Minimiser]:
    squares = partial(_descend_squares, lx.QR())
    normal = partial(_descend_squares, lx.Normal(lx.Cholesky()))
    return [
        jax_loop.minimiser("optimistix L-BFGS", f"{PAIRS} pairs", "L-BFGS", _lbfgs),
        jax_loop.minimiser("optimistix BFGS", "defaults", "BFGS", _bfgs),
        Minimiser("optimistix Levenberg-Marquardt", "QR", "Levenberg-Marquardt", squares),
        Minimiser("optimistix Levenberg-Marquardt", "normal equations", "Levenberg-Marquardt", normal),
    ]


def _descend_squares(linear_solver: Any, case: Case, limits: Limits) -> Descent:
    """Levenberg-Marquardt, its loop under jit; each step takes a Jacobian, accepted or not."""
    course, solver = Course(limits), optx.LevenbergMarquardt(rtol=0.0, atol=0.0, linear_solver=linear_solver)

    @partial(jax.jit, static_argnums=2)
    def run(theta, x, steps):
        solution = optx.least_squares(
            partial(_residual, tuple(case.shapes), case.linear), solver, theta, args=x, max_steps=steps, throw=False
        )
        return solution.value, solution.stats["num_steps"]

    theta, x = jnp.asarray(case.theta), jnp.asarray(case.x)
    jax.block_until_ready(run(theta, x, limits.steps))
    course.begin()
    last, steps = jax.block_until_ready(run(theta, x, limits.steps))
    return course.end(steps, steps, np.asarray(last), course.seconds)


def _residual(shapes: tuple[tuple[int, int], ...], linear: int, theta: jax.Array, x: jax.Array) -> jax.Array:
    """Whose squares sum to the squared error, (rows * q,)."""
    return ((jax_peer.logits(shapes, linear, theta, x) - x) / np.sqrt(len(x))).ravel()


def trainers() -> list[Trainer]:
    return [jax_loop.trainer("optimistix L-BFGS", f"{PAIRS} pairs", _lbfgs, seeds=2)]


PEER = Peer("optimistix", ("optimistix", "equinox", "lineax"), trainers=trainers, minimisers=minimisers)
