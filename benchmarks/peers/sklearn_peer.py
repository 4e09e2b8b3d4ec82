"""scikit-learn: MLPRegressor on the rows as their own targets.

Its loss is half the squared error, averaged over the rows and over the q outputs, plus an L2 term: 1 / (2 q) of ours
with ``alpha=0``. The gradient that it gives its L-BFGS is 1 / 2 of ours, q times that of its loss (version 1.9). It
keeps SciPy's 10 pairs and SciPy's tolerance on the decrease, neither of which can be set; where that ends a descent it
is started again from where it was. Its Adam takes mini-batches of 200 rows.
"""

import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from descents import Course, Descent, Enough, Limits, Minimiser
from problems import Case
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from peers import Peer

#: Rate and rows in a batch of its Adam: on the digits the best of 0.001 to 0.02 over 1000 epochs, and of 100 and 200.
RATE, ROWS = 0.01, 200


class _Watched(MLPRegressor):
    """L-BFGS whose evaluations are counted and, where asked, looked at."""

    course: Course | None = None
    evaluations = 0

    def _loss_grad_lbfgs(self, *arguments: Any) -> tuple[float, np.ndarray]:
        value, gradient = super()._loss_grad_lbfgs(*arguments)
        self.evaluations += 1
        if self.course is not None:
            self.course.require(value * 2 * self.n_outputs_)
        return value, gradient


def minimisers() -> list[Minimiser]:
    return [
        Minimiser("scikit-learn MLPRegressor, lbfgs", "10 pairs", "L-BFGS", _descend_lbfgs),
        Minimiser("scikit-learn MLPRegressor, adam", f"rate {RATE:g}, {ROWS} rows", "first order", _descend_adam),
    ]


def _begun(case: Case, **settings: Any) -> _Watched:
    """A model with the case's weights, that goes on from them."""
    model = _Watched(
        hidden_layer_sizes=tuple(q for _, q in case.shapes[:-1]),
        activation="tanh", alpha=0.0, tol=0.0, warm_start=True, random_state=0, **settings,
    )  # fmt: skip
    model.set_params(max_iter=1).fit(case.x, case.x)
    model.evaluations = 0
    parts = np.split(case.theta, np.cumsum(case.sizes)[:-1])
    model.coefs_ = [part.reshape(shape).copy() for part, shape in zip(parts[::2], case.shapes)]
    model.intercepts_ = [part.copy() for part in parts[1::2]]
    return model


def _theta(model: MLPRegressor) -> np.ndarray:
    pairs = zip(model.coefs_, model.intercepts_)
    return np.concatenate([part.ravel() for pair in pairs for part in pair])


def _descend_lbfgs(case: Case, limits: Limits) -> Descent:
    course, steps = Course(limits), 0
    with warnings.catch_warnings(), suppress(Enough):
        # to be stopped at so many steps is what is asked for
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = _begun(case, solver="lbfgs", max_fun=10**8)
        model.course = course if limits.watch else None
        course.begin()
        while steps < limits.steps:
            model.set_params(max_iter=limits.steps - steps).fit(case.x, case.x)
            steps += model.n_iter_
            if model.n_iter_ == 0:
                break
    # one that was left midway has not told its steps
    return course.end(steps or None, model.evaluations, _theta(model), course.seconds)


def _descend_adam(case: Case, limits: Limits) -> Descent:
    """An epoch after the other, each looked at by our loss outside the clock."""
    course, epochs = Course(limits), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = _begun(case, solver="adam", learning_rate_init=RATE, batch_size=ROWS)
    over = False
    course.begin()
    while not over and epochs < limits.steps:
        model.partial_fit(case.x, case.x)
        epochs += 1
        seconds = course.seconds
        with course.paused():
            over = course.see(case.objective.fun(_theta(model)))
    return course.end(epochs, epochs * -(-len(case.x) // ROWS), _theta(model), seconds)


PEER = Peer("scikit-learn", ("scikit-learn",), minimisers=minimisers)
