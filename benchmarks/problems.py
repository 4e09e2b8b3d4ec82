"""The problems that all contestants are given: a network, its data and its start, the same for each.

What is ours is imported where it is used, since a process whose memory is to be a peer's must not hold it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy_ae.network import Network
    from scipy_ae.objective import Objective

LETTERS = "35-28-23-2-23-28-35"
THIRTEEN = "35-60-50-30-10-5-2-5-10-30-50-60-35"
CIRCLES = "42-25-15-9-3-2-3-9-15-25-42"
SMALL = "16-8-3-8-16"
DIGITS = "64-32-8-32-64"
DEEP_DIGITS = "64-128-64-2-64-128-64"
LARGE = "784-1000-500-250-30-250-500-1000-784"


@dataclass(frozen=True)
class Case:
    """A dense tanh network on the rows of ``x`` (n, p), its code tanh or linear, without penalty.

    A logistic output goes with the cross-entropy from the logits, an identity output with the squared error; both are
    summed over the outputs and averaged over the rows. ``start`` (n,) replaces the fan-in scaled one of seed 0. The
    precision is that of ``x``.
    """

    name: str
    layers: str
    x: np.ndarray
    output: str = "logistic"
    code: str = "tanh"
    start: np.ndarray | None = None

    @cached_property
    def network(self) -> "Network":
        from scipy_ae.network import Network

        return Network.parse(self.layers, "tanh", self.output, self.code)

    @cached_property
    def objective(self) -> "Objective":
        from scipy_ae.batches import Batch
        from scipy_ae.objective import Objective

        return Objective(self.network, Batch(self.x), dtype=self.x.dtype)

    @cached_property
    def theta(self) -> np.ndarray:
        if self.start is not None:
            return self.start
        return self.network.initialize(np.random.default_rng(0), init="fan-in")

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer; in theta its weight of this shape is followed by its bias (outputs,)."""
        widths = [int(width) for width in self.layers.split("-")]
        return list(pairwise(widths))

    @property
    def sizes(self) -> list[int]:
        """Lengths of weight, bias, weight, bias, ... in theta."""
        return [size for p, q in self.shapes for size in (p * q, q)]

    @property
    def linear(self) -> int:
        """Which hidden layer is linear, from 0; -1 for none."""
        widths = [q for _, q in self.shapes]
        return widths.index(min(widths)) if self.code == "identity" else -1

    @property
    def logistic(self) -> bool:
        return self.output == "logistic"

    @property
    def loss(self) -> str:
        return "cross-entropy" if self.logistic else "squared error"


def evaluation_cases() -> list[Case]:
    """What loss and gradient are timed on."""
    from scipy_ae.datasets import load_font, make_circles

    font, circles, digits = load_font(2), make_circles(100).x, _digits()
    return [
        Case("10 letters", LETTERS, font.select("10").x),
        Case("32 letters", LETTERS, font.x),
        Case("circles", CIRCLES, circles, "identity"),
        Case("32 letters, 13 layers", THIRTEEN, font.x),
        small_case(),
        digits_case(),
        Case("digits, cross-entropy", DIGITS, digits),
        Case("digits, deep", DEEP_DIGITS, digits, "identity"),
    ]


def step_cases() -> list[Case]:
    """What a step of BFGS is timed on, from few parameters to many."""
    from scipy_ae.datasets import load_font

    font = load_font(2).x
    return [small_case(), Case("32 letters, narrow", "35-13-2-13-35", font), Case("32 letters", LETTERS, font)]


def small_case() -> Case:
    return Case("table of 200", SMALL, np.random.default_rng(1).normal(size=(200, 16)), "identity")


def digits_case() -> Case:
    return Case("digits", DIGITS, _digits(), "identity")


def large_case(dtype: str) -> Case:
    """1000 rows of 28 x 28 pixels within [0, 1], drawn at random, and fan-in scaled weights, in this precision."""
    rng = np.random.default_rng(0)
    x = rng.random((1000, 784)).astype(dtype)
    case = Case("large", LARGE, x)
    parts = [part for p, q in case.shapes for part in (rng.normal(0, p**-0.5, p * q), np.zeros(q))]
    return replace(case, start=np.concatenate(parts).astype(dtype))


def _digits() -> np.ndarray:
    """The 1797 handwritten digits of scikit-learn, 8 x 8 pixels within [0, 1]."""
    from sklearn.datasets import load_digits

    return load_digits().data / 16.0


@dataclass(frozen=True)
class Evaluation:
    """One contestant's loss and gradient: ``call`` does the work, ``answer`` tells value and flat gradient."""

    call: Callable[[], object]
    answer: Callable[[], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Trained:
    """A training for zero wrong pixels: wall seconds, steps of the method, and the pixels still wrong at the end."""

    seconds: float
    steps: int
    wrong: int


@dataclass(frozen=True)
class Trainer:
    """A way to train a case until no pixel is wrong, or until its limit.

    ``setting`` is what a user would tune (a learning rate); of a method's settings the best is reported. ``seeds``
    bounds the starts that it is given, so that slow ones do not take all the time.
    """

    method: str
    setting: str
    train: Callable[[Case], Trained]
    seeds: int


def wrong_pixels(case: Case, theta: np.ndarray) -> int:
    """Pixels on the wrong side of one half, over all rows."""
    return int(((case.network.reconstruct(theta, case.x) > 0.5) != (case.x > 0.5)).sum())
