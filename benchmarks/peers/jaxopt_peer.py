"""jaxopt: L-BFGS with the zoom line search, its default, and with backtracking from the whole step; BFGS.

Its Hager-Zhang search took eight times the evaluations on the table of 200.
"""

from typing import Any

import jax
import jaxopt
from descents import Minimiser
from problems import Trainer
from settings import PAIRS

from peers import Peer, jax_loop
from peers.jax_loop import Loss, Steps


def _zoom(loss: Loss) -> Steps:
    return _lbfgs(loss)


def _backtracking(loss: Loss) -> Steps:
    return _lbfgs(loss, linesearch="backtracking", linesearch_init="max")


def _lbfgs(loss: Loss, **options: str) -> Steps:
    both = jax.value_and_grad(loss)
    return _steps(jaxopt.LBFGS(both, value_and_grad=True, history_size=PAIRS, tol=0.0, **options))


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


_SETTINGS = {f"{PAIRS} pairs, zoom": _zoom, f"{PAIRS} pairs, backtracking": _backtracking}


def minimisers() -> list[Minimiser]:
    return [
        *(jax_loop.minimiser("jaxopt L-BFGS", setting, "L-BFGS", build) for setting, build in _SETTINGS.items()),
        jax_loop.minimiser("jaxopt BFGS", "zoom line search", "BFGS", _bfgs),
    ]


def trainers() -> list[Trainer]:
    return [jax_loop.trainer("jaxopt L-BFGS", setting, build, seeds=2) for setting, build in _SETTINGS.items()]


PEER = Peer("jaxopt", ("jaxopt",), trainers=trainers, minimisers=minimisers)
