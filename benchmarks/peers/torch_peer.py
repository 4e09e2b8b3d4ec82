"""torch: autograd on the layers' own parameters, torch.optim.Adam, Rprop and LBFGS.

Of the forms tried (one flat theta split or sliced, nn.functional.linear, addmm; backward and autograd.grad; Adam plain,
foreach and fused) these were the fastest on the letters networks.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
import torch
from descents import Course, Descent, Enough, Limits, Minimiser
from problems import Case, Evaluation, Trained, Trainer
from settings import ADAM_RATES, CHUNK, PAIRS, RPROP_RATES, SECONDS
from torch.nn.functional import binary_cross_entropy_with_logits

from peers import Peer

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))


def evaluation(case: Case) -> Evaluation:
    parameters, x = _parameters(case), torch.from_numpy(case.x)

    def call() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        value = loss(case, parameters, x)
        return value, torch.autograd.grad(value, parameters)

    def answer() -> tuple[float, np.ndarray]:
        value, gradients = call()
        return value.item(), torch.cat([gradient.reshape(-1) for gradient in gradients]).numpy()

    return Evaluation(call, answer)


def _parameters(case: Case) -> list[torch.Tensor]:
    """Weight (p, q), bias (q,), weight, ... as leaves of their own."""
    return [part.clone().requires_grad_() for part in split(case, torch.tensor(case.theta))]


def split(case: Case, theta: torch.Tensor) -> list[torch.Tensor]:
    """The same as views of a flat theta."""
    shapes = [shape for p, q in case.shapes for shape in ((p, q), (q,))]
    return [part.view(shape) for part, shape in zip(torch.split(theta, case.sizes), shapes)]


def _logits(case: Case, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    y = x
    for k, (weight, bias) in enumerate(zip(parameters[:-2:2], parameters[1:-2:2])):
        y = torch.addmm(bias, y, weight)
        y = y if k == case.linear else torch.tanh(y)
    return torch.addmm(parameters[-1], y, parameters[-2])


def loss(case: Case, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    a = _logits(case, parameters, x)
    if case.logistic:
        return binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)
    return torch.square(a - x).sum() / len(x)


def trainers() -> list[Trainer]:
    adam = partial(torch.optim.Adam, fused=True)
    return [
        *(Trainer("torch Adam", f"rate {rate:g}", partial(_train, adam, rate), seeds=2) for rate in ADAM_RATES),
        *(
            Trainer("torch Rprop", f"rate {rate:g}", partial(_train, torch.optim.Rprop, rate), seeds=2)
            for rate in RPROP_RATES
        ),
    ]


def _train(method: Callable, rate: float, case: Case) -> Trained:
    parameters, x = _parameters(case), torch.from_numpy(case.x)
    started, steps, wrong = time.perf_counter(), 0, case.x.size
    optimiser = method(parameters, lr=rate)
    while wrong and time.perf_counter() - started < SECONDS:
        for _ in range(CHUNK):
            optimiser.zero_grad(set_to_none=True)
            loss(case, parameters, x).backward()
            optimiser.step()
        steps += CHUNK
        with torch.no_grad():
            wrong = int(((_logits(case, parameters, x) > 0) != (x > 0.5)).sum())
    return Trained(time.perf_counter() - started, steps, wrong)


def minimisers() -> list[Minimiser]:
    return [Minimiser("torch LBFGS", f"{PAIRS} pairs, strong_wolfe", "L-BFGS", _descend)]


def _descend(case: Case, limits: Limits) -> Descent:
    course, parameters, x = Course(limits), _parameters(case), torch.from_numpy(case.x)
    optimiser = torch.optim.LBFGS(
        parameters, max_iter=limits.steps, max_eval=10**9, tolerance_grad=0.0, tolerance_change=0.0,
        history_size=PAIRS, line_search_fn="strong_wolfe",
    )  # fmt: skip
    evaluations = 0

    def closure() -> torch.Tensor:
        nonlocal evaluations
        evaluations += 1
        optimiser.zero_grad()
        value = loss(case, parameters, x)
        value.backward()
        if limits.watch:
            course.require(value.item())
        return value

    evaluation(case).call()
    course.begin()
    with suppress(Enough):
        optimiser.step(closure)
    seconds = course.seconds
    state = optimiser.state[parameters[0]]
    theta = torch.cat([parameter.detach().reshape(-1) for parameter in parameters]).numpy()
    return course.end(state.get("n_iter", 0), evaluations, theta, seconds)


PEER = Peer("torch", ("torch",), evaluation, trainers, minimisers)
