"""Where a training starts: how the weights are drawn.

Each draws one named array at a time. ``std`` scales all of them: for ``gaussian`` it is the standard deviation itself,
for the others a factor on the deviation that the rule prescribes, and biases start at 0.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import InputError, unknown

#: He et al. (2015), section 2.1: where the trained slopes of parametric relu begin.
SLOPE = 0.25


# Each draws a matrix (fan_in, outputs); an input of a convolution goes to as many outputs as its window has pixels.


def _fan_in(rng: np.random.Generator, fan_in: int, outputs: int, window: int) -> np.ndarray:
    return rng.normal(0.0, fan_in**-0.5, (fan_in, outputs))


def _glorot(rng: np.random.Generator, fan_in: int, outputs: int, window: int) -> np.ndarray:
    return rng.normal(0.0, (2.0 / (fan_in + outputs * window)) ** 0.5, (fan_in, outputs))


def _he(rng: np.random.Generator, fan_in: int, outputs: int, window: int) -> np.ndarray:
    return rng.normal(0.0, (2.0 / fan_in) ** 0.5, (fan_in, outputs))


def _orthogonal(rng: np.random.Generator, fan_in: int, outputs: int, window: int) -> np.ndarray:
    tall = rng.normal(size=(max(fan_in, outputs), min(fan_in, outputs)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diagonal(r))  # makes the distribution uniform (Mezzadri 2007)
    return q if fan_in >= outputs else q.T


@dataclass(frozen=True)
class Initializer:
    """A rule by which parameters are drawn; ``std`` is the one it takes when none is given."""

    name: str
    about: str
    std: float
    weight: Callable[[np.random.Generator, int, int, int], np.ndarray] | None

    def draw(
        self,
        shapes: Iterable[tuple[str, tuple[int, ...]]],
        rng: np.random.Generator,
        std: float | None = None,
    ) -> np.ndarray:
        """All parameters in order, float64 of shape (n,).

        Parameters
        ----------
        shapes : iterable of (name, shape)
            As in a Layout; the last word of a name tells what it is.
        rng : numpy.random.Generator
        std : float, optional
            Not negative.
        """
        scale = self.std if std is None else float(std)
        if not (np.isfinite(scale) and scale >= 0):
            raise InputError(f"std: {std} is not accepted; a finite number of at least 0 is")
        return np.concatenate([self._one(name.rpartition(".")[2], shape, rng, scale) for name, shape in shapes])

    def _one(self, kind: str, shape: tuple[int, ...], rng: np.random.Generator, scale: float) -> np.ndarray:
        if kind == "slope":
            return np.full(shape, SLOPE)
        if kind == "weight" and len(shape) == 1:  # of a normalisation, which begins as nothing more
            return np.ones(shape)
        if self.weight is None:
            return scale * rng.normal(size=shape).reshape(-1)
        if kind == "weight" and len(shape) == 4:
            outputs, inputs, *window = shape
            drawn = self.weight(rng, inputs * math.prod(window), outputs, math.prod(window))
            return scale * drawn.T.reshape(-1)
        if kind == "weight":
            inputs, outputs = shape
            return scale * self.weight(rng, inputs, outputs, 1).reshape(-1)
        return np.zeros(shape)


INITIALIZERS = {
    rule.name: rule
    for rule in (
        Initializer("gaussian", "every weight and bias N(0, std^2), as published", 0.73, None),
        Initializer("fan-in", "weights N(0, std^2 / inputs), biases 0 (LeCun et al. 1998); advised", 1.0, _fan_in),
        Initializer("glorot", "weights N(0, 2 std^2 / (inputs + outputs)) (Glorot and Bengio 2010)", 1.0, _glorot),
        Initializer("he", "weights N(0, 2 std^2 / inputs), biases 0 (He et al. 2015), for relu", 1.0, _he),
        Initializer("orthogonal", "orthonormal rows or columns times std (Saxe et al. 2014)", 1.0, _orthogonal),
    )
}  # fmt: skip


def get(name: str) -> Initializer:
    """The rule of that name."""
    if name not in INITIALIZERS:
        raise unknown("init", name, INITIALIZERS)
    return INITIALIZERS[name]
