"""Methods of JAX's world: their steps in a loop under jit, looked at from outside now and then."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from descents import Course, Descent, Limits, Minimiser
from problems import Case, Trained, Trainer, wrong_pixels
from settings import LOOK_EVERY, SECONDS

from peers import jax_peer

Loss = Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class Steps:
    """A method as functions: ``begin(theta, x)`` a state, ``step(state, x)`` the next.

    ``look(state)`` tells theta, its loss (not finite where not yet known), and the steps and evaluations so far.
    """

    begin: Callable[[jax.Array, jax.Array], Any]
    step: Callable[[Any, jax.Array], Any]
    look: Callable[[Any], tuple[jax.Array, jax.Array, jax.Array, jax.Array]]


Build = Callable[[Loss], Steps]


def minimiser(method: str, setting: str, kind: str, build: Build) -> Minimiser:
    return Minimiser(method, setting, kind, partial(_descend, build))


def trainer(method: str, setting: str, build: Build, seeds: int) -> Trainer:
    return Trainer(method, setting, partial(_train, build), seeds)


@cache
def _compiled(build: Build, shapes: tuple[tuple[int, int], ...], linear: int, logistic: bool) -> tuple:
    """``begin``, ``advance`` and ``look``; ``advance`` steps until ``calls`` of step, ``most`` steps, or the target."""
    method = build(partial(jax_peer.loss, shapes, linear, logistic))

    def advance(state, x, calls, most, target):
        def unfinished(carried):
            k, state = carried
            _, loss, steps, _ = method.look(state)
            return (k < calls) & (steps < most) & ~(loss <= target)

        return jax.lax.while_loop(unfinished, lambda carried: (carried[0] + 1, method.step(carried[1], x)), (0, state))

    return jax.jit(method.begin), jax.jit(advance), jax.jit(method.look)


def _prepared(build: Build, case: Case, target: float) -> tuple:
    """``advance(state, calls, most)``, ``look``, and the state at the start, all compiled."""
    begin, advance, look = _compiled(build, tuple(case.shapes), case.linear, case.logistic)
    theta, x = jnp.asarray(case.theta), jnp.asarray(case.x)
    # once around without a step: what comes in later has the types of what comes out
    _, state = advance(begin(theta, x), x, 0, 1, target)
    jax.block_until_ready(look(advance(state, x, 1, 1, target)[1]))

    def go_on(state: Any, calls: int, most: int) -> tuple[int, Any]:
        return jax.block_until_ready(advance(state, x, calls, most, target))

    return go_on, look, state


def _descend(build: Build, case: Case, limits: Limits) -> Descent:
    course = Course(limits)
    go_on, look, state = _prepared(build, case, limits.target)
    course.begin()
    # a method that accepts no more steps must not turn for ever: its calls are bounded as well
    calls, over = 1 if limits.watch else 10 * limits.steps, False
    while not over:
        _, state = go_on(state, calls, limits.steps)
        seconds = course.seconds
        _, loss, steps, evaluations = look(state)
        over = course.see(loss) if limits.watch else True
        over |= int(steps) >= limits.steps
        calls = max(1, int(steps) // 8)
    return course.end(steps, evaluations, np.asarray(look(state)[0]), seconds)


def _train(build: Build, case: Case) -> Trained:
    """Until no pixel is wrong, looked at every few steps."""
    go_on, look, state = _prepared(build, case, -np.inf)
    started, steps, wrong = time.perf_counter(), 0, case.x.size
    while wrong and time.perf_counter() - started < SECONDS:
        steps += LOOK_EVERY["L-BFGS-B"]
        _, state = go_on(state, LOOK_EVERY["L-BFGS-B"], steps)
        wrong = wrong_pixels(case, np.asarray(look(state)[0]))
    return Trained(time.perf_counter() - started, int(look(state)[2]), wrong)
