"""jaxopt: L-BFGS and BFGS with the zoom line search, its default, whose Hager-Zhang search did worse."""

from typing import Any

import jax
import jaxopt
from descents import Minimiser
from problems import Trainer
from settings import PAIRS

from peers import Peer, jax_loop
from peers.jax_loop import Loss, Steps


def _lbfgs(loss: Loss) -> Steps:
    return _steps(jaxopt.LBFGS(jax.value_and_grad(loss), value_and_grad=True, history_size=PAIRS, tol=0.0))


def _bfgs(loss: Loss) -> Steps:
    return _steps(jaxopt.BFGS(jax.value_and_grad(loss), value_and_grad=True, tol=0.0))


def _steps(solver: Any) -> Steps:
    def begin(theta, x):
        return theta, solver.init_state(theta, x)

    def step(state, x):
        return tuple(solver.update(*state, x))

    def look(state):
        theta, inner = state
        return theta, inner.value, inner.iter_num, inner.num_fun_eval

    return Steps(begin, step, look)


def minimisers() -> list[Minimiser]:
    return [
        jax_loop.minimiser("jaxopt L-BFGS", f"{PAIRS} pairs", "L-BFGS", _lbfgs),
        jax_loop.minimiser("jaxopt BFGS", "zoom line search", "BFGS", _bfgs),
    ]


def trainers() -> list[Trainer]:
    return [jax_loop.trainer("jaxopt L-BFGS", f"{PAIRS} pairs", _lbfgs, seeds=2)]


PEER = Peer("jaxopt", ("jaxopt",), trainers=trainers, minimisers=minimisers)
