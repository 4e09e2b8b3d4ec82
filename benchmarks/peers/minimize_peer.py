"""pytorch-minimize: L-BFGS and BFGS on one flat theta, which it asks for."""

from contextlib import suppress
from functools import partial

import torch
import torchmin
from descents import Course, Descent, Enough, Limits, Minimiser
from problems import Case
from settings import PAIRS

from peers import Peer, torch_peer


def minimisers() -> list[Minimiser]:
    lbfgs = partial(_descend, "l-bfgs", {"history_size": PAIRS})
    return [
        Minimiser("pytorch-minimize L-BFGS", f"{PAIRS} pairs", "L-BFGS", lbfgs),
        Minimiser("pytorch-minimize BFGS", "defaults", "BFGS", partial(_descend, "bfgs", {})),
    ]


def _descend(method: str, options: dict[str, int], case: Case, limits: Limits) -> Descent:
    course, start, x = Course(limits), torch.tensor(case.theta), torch.from_numpy(case.x)
    evaluations, steps, last = 0, 0, start

    def fun(theta: torch.Tensor) -> torch.Tensor:
        nonlocal evaluations, last
        evaluations, last = evaluations + 1, theta
        value = torch_peer.loss(case, torch_peer.split(case, theta), x)
        if limits.watch:
            course.require(value.item())
        return value

    def count(theta: torch.Tensor) -> None:
        nonlocal steps
        steps += 1

    torch_peer.evaluation(case).call()
    course.begin()
    with suppress(Enough):
        last = torchmin.minimize(
            fun, start, method, max_iter=limits.steps, callback=count,
            options={"gtol": 0.0, "xtol": 0.0, "gtd_tol": 0.0} | options,
        ).x  # fmt: skip
    return course.end(steps, evaluations, last.detach().numpy().copy(), course.seconds)


PEER = Peer("pytorch-minimize", ("pytorch-minimize",), minimisers=minimisers)
