"""NumPy: backpropagation as a careful user writes it by hand, and the matrix products alone."""

from collections.abc import Callable

import numpy as np
from problems import Case, Evaluation

from peers import Peer


def evaluation(case: Case) -> Evaluation:
    gradient = np.empty_like(case.theta)
    weights, biases = unpack(case, case.theta)
    into = unpack(case, gradient)

    def call() -> float:
        return _backpropagate(case, weights, biases, *into)

    def answer() -> tuple[float, np.ndarray]:
        return call(), gradient.copy()

    return Evaluation(call, answer)


def function(case: Case) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Value and gradient of a flat theta, as SciPy's methods ask for them."""

    def both(theta: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty_like(theta)
        return _backpropagate(case, *unpack(case, theta), *unpack(case, gradient)), gradient

    return both


def unpack(case: Case, theta: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights (p, q) and biases (q,) as views of theta."""
    parts = np.split(theta, np.cumsum(case.sizes)[:-1])
    weights = [part.reshape(shape) for part, shape in zip(parts[::2], case.shapes)]
    return weights, parts[1::2]


def _backpropagate(case: Case, weights, biases, weight_gradients, bias_gradients) -> float:
    """The loss; its gradient is written into the last two."""
    x, n = case.x, len(case.x)
    outputs = [x]
    for k, (W, b) in enumerate(zip(weights[:-1], biases[:-1])):
        a = outputs[-1] @ W
        a += b
        outputs.append(a if k == case.linear else np.tanh(a, out=a))
    a = outputs[-1] @ weights[-1]
    a += biases[-1]
    if case.logistic:
        small = np.exp(-np.abs(a))
        value = float((np.maximum(a, 0) + np.log1p(small) - x * a).sum()) / n
        delta = (np.where(a >= 0, 1.0, small) / (1.0 + small) - x) / n
    else:
        delta = a - x
        value = float(np.vdot(delta, delta)) / n
        delta *= 2 / n
    for k in range(len(weights) - 1, -1, -1):
        np.matmul(outputs[k].T, delta, out=weight_gradients[k])
        np.sum(delta, axis=0, out=bias_gradients[k])
        if k:
            delta = delta @ weights[k].T
            if k - 1 != case.linear:
                delta *= 1 - np.square(outputs[k])
    return value


def products(case: Case) -> Evaluation:
    """The matrix products of an evaluation and nothing else, by NumPy's BLAS: a floor for all who use a BLAS."""
    rng, n = np.random.default_rng(0), len(case.x)
    forward, backward, deeper = [], [], []
    for k, (p, q) in enumerate(case.shapes):
        X, W, D = rng.normal(size=(n, p)), rng.normal(size=(p, q)), rng.normal(size=(n, q))
        forward.append((X, W, np.empty((n, q))))
        backward.append((X.T, D, np.empty((p, q))))
        if k:
            deeper.append((D, W.T, np.empty((n, p))))
    chain = forward + backward + deeper

    def call() -> None:
        for left, right, out in chain:
            np.dot(left, right, out)

    return Evaluation(call, lambda: (0.0, np.zeros(0)))


PEER = Peer("NumPy", ("numpy",), evaluation)
