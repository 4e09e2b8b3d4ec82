"""Fitting: one training as ``fit`` makes it, told on the screen, and what is to be warned of afterwards."""

import sys
import warnings
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from scipy_ae.batches import Batch
from scipy_ae.display import History
from scipy_ae.estimator.settings import Settings, spread
from scipy_ae.objective import Objective
from scipy_ae.records import Record
from scipy_ae.solvers import Solver
from scipy_ae.solvers.base import NON_FINITE
from scipy_ae.solvers.result import Result
from scipy_ae.training import DIVERGED, train

#: Root mean square of the data above which the first weights, fit for columns of variance 1, saturate tanh.
LARGE = 30.0


def follow(
    objective: Objective, clean: Batch, start: np.ndarray, settings: Settings, rng: np.random.Generator
) -> History:
    """Train from one start until the schedule is over or the loss has settled; ``clean`` are the rows without noise."""
    history, lowest = History(), list[float]()
    draw = settings.draw(objective, clean)
    stream = train(
        objective, start, settings.schedule(clean), iterations=settings.iterations,
        batch_size=settings.batch_size, rng=rng, stop=settings.stop(clean), counted=clean,
        draw=draw, redraw=None if draw is None else settings.redraw,
    )  # fmt: skip
    with closing(stream):
        for record in stream:
            lowest.append(min(record.loss, lowest[-1]) if lowest else record.loss)
            before = lowest[max(0, len(lowest) - 1 - settings.patience)]
            settled = len(lowest) > settings.patience and before - lowest[-1] < settings.tol * lowest[-1]
            if settled and not record.stop:
                record = replace(record, stop=f"settled: the loss fell by less than tol = {settings.tol:g}")
            history.add(record)
            _tell(record, settings)
            if record.stop:
                break
    return history


def _tell(record: Record, settings: Settings) -> None:
    due = settings.verbose > 1 or record.iteration % max(1, settings.iterations // 10) == 0 or record.stop
    if settings.verbose and due:
        ending = f"  {record.stop}" if record.stop else ""
        line = f"iteration {record.iteration:>4}  loss {record.loss:<12.6g} {record.seconds:8.2f} s"
        sys.stdout.write(f"[Autoencoder] {line}{ending}\n")


def best_of(history: History) -> tuple[np.ndarray, float]:
    """theta of lowest loss, and that loss."""
    best = history.best or history[0]
    assert best.theta is not None, "a training begins at a finite loss, and its best record carries theta"
    return best.theta, best.loss


def one_pass(objective: Objective, solver: Solver, size: int, theta: np.ndarray, memory: Any) -> Result:
    """One step on each ``size`` rows: the last result, with all evaluations; it ends where one diverges."""
    evaluations = 0
    for first in range(0, len(objective.batch), size):
        part = objective.on(objective.batch.rows(slice(first, first + size)))
        result = solver.solve(part, theta, maxiter=1, memory=memory)
        theta, memory, evaluations = result.x, result.memory, evaluations + result.nfev
        if result.status == NON_FINITE:
            break
    result.nfev = evaluations
    return result


def warn(history: History, objective: Objective, theta: np.ndarray) -> None:
    """Tell of a training whose result should not be used as it is."""
    if history[-1].stop.startswith(DIVERGED):
        warnings.warn(history[-1].stop, ConvergenceWarning, stacklevel=3)
    batch = objective.batch
    error = batch.weight @ ((objective.network.reconstruct(theta, batch.x) - batch.target) ** 2).sum(axis=1)
    size = float(np.sqrt(np.square(batch.x).mean()))
    why = advice = ""
    if size > LARGE:
        why = f"the values of X are large, {size:.4g} in root mean square, so that hidden units saturate"
    elif error > spread(batch) > 1e-12 * size**2:
        why = f"the squared error a row, {error:.4g}, is above that of the column means, {spread(batch):.4g}"
        advice = "more iterations, a smaller l2 or another std may help, and "
    if why:
        advice += "columns of different units or far from 0 belong behind a StandardScaler, pixels within [0, 1]"
        warnings.warn(f"{why}: {advice}", ConvergenceWarning, stacklevel=3)
