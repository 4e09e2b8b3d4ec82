"""torch: autograd on the layers' own parameters, and torch.optim.Adam.

Of the forms tried (one flat theta split or sliced, nn.functional.linear, addmm; backward and autograd.grad; Adam plain,
foreach and fused) these were the fastest on the letters networks.
"""

import time
from functools import partial

import numpy as np
import torch
from problems import Case, Evaluation, Trained, Trainer
from settings import ADAM_RATES, CHUNK, SECONDS
from torch.nn.functional import binary_cross_entropy_with_logits

from peers import Peer

torch.set_num_threads(1)


def evaluation(case: Case) -> Evaluation:
    parameters, x = _parameters(case), torch.from_numpy(case.x)

    def call() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        loss = _loss(case, parameters, x)
        return loss, torch.autograd.grad(loss, parameters)

    def answer() -> tuple[float, np.ndarray]:
        loss, gradients = call()
        return loss.item(), torch.cat([gradient.reshape(-1) for gradient in gradients]).numpy()

    return Evaluation(call, answer)


def _parameters(case: Case) -> list[torch.Tensor]:
    """Weight (p, q), bias (q,), weight, ... as leaves of their own."""
    parts = np.split(case.theta, np.cumsum(case.sizes)[:-1])
    shapes = [shape for p, q in case.shapes for shape in ((p, q), (q,))]
    return [torch.tensor(part).reshape(shape).requires_grad_() for part, shape in zip(parts, shapes)]


def _logits(case: Case, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    y = x
    for k, (weight, bias) in enumerate(zip(parameters[:-2:2], parameters[1:-2:2])):
        y = torch.addmm(bias, y, weight)
        y = y if k == case.linear else torch.tanh(y)
    return torch.addmm(parameters[-1], y, parameters[-2])


def _loss(case: Case, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    a = _logits(case, parameters, x)
    if case.logistic:
        return binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)
    return torch.square(a - x).sum() / len(x)


def trainers() -> list[Trainer]:
    return [Trainer("torch Adam", f"rate {rate:g}", partial(_train, rate), seeds=2) for rate in ADAM_RATES]


def _train(rate: float, case: Case) -> Trained:
    parameters, x = _parameters(case), torch.from_numpy(case.x)
    started, steps, wrong = time.perf_counter(), 0, case.x.size
    optimiser = torch.optim.Adam(parameters, lr=rate, fused=True)
    while wrong and time.perf_counter() - started < SECONDS:
        for _ in range(CHUNK):
            optimiser.zero_grad(set_to_none=True)
            _loss(case, parameters, x).backward()
            optimiser.step()
        steps += CHUNK
        with torch.no_grad():
            wrong = int(((_logits(case, parameters, x) > 0) != (x > 0.5)).sum())
    return Trained(time.perf_counter() - started, steps, wrong)


PEER = Peer("torch", ("torch",), evaluation, trainers)
