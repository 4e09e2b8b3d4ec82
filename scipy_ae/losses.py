"""Losses: how far the output is from the target, averaged over the rows and summed over the outputs."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import InputError, unknown
from scipy_ae.kernels import losses as kernel


@dataclass(frozen=True)
class SquaredError:
    """(1/n) sum_i sum_j (y_ij - t_ij)^2, the 'squared error per image' of the literature (no factor 1/2)."""

    name = "squared-error"
    sum_of_squares = True
    any_target = True

    def code(self, output: str) -> int:
        """The kernel's number for this loss on an output by the activation of that name."""
        return kernel.SQUARED_ERROR

    def check_target(self, target: np.ndarray) -> None:
        """Any finite target will do."""


@dataclass(frozen=True)
class CrossEntropy:
    """(1/n) sum_i sum_j -t log y - (1 - t) log(1 - y), in nats, for targets within [0, 1].

    Worked from the logits where the output is logistic, which loses no digits at y near 0 or 1.
    """

    name = "cross-entropy"
    sum_of_squares = False
    any_target = False

    def code(self, output: str) -> int:
        if output == "logistic":
            return kernel.CROSS_ENTROPY_OF_LOGITS
        if output == "softmax":
            return kernel.CROSS_ENTROPY
        raise InputError(
            f"loss: cross-entropy needs an output within (0, 1), by logistic or softmax; this output is {output}"
        )

    def check_target(self, target: np.ndarray) -> None:
        """Refuse a target outside [0, 1]."""
        low, high = target.min(), target.max()
        if low < 0 or high > 1:
            raise InputError(f"loss: cross-entropy needs targets within [0, 1]; these lie in [{low:g}, {high:g}]")


LOSSES = {loss.name: loss for loss in (SquaredError(), CrossEntropy())}
ALIASES = {"mse": "squared-error", "bce": "cross-entropy"}


def get(loss: "str | SquaredError | CrossEntropy | None", output: str) -> SquaredError | CrossEntropy:
    """The loss of that name; None is the natural one of the output: cross-entropy for logistic, else squared error."""
    if isinstance(loss, (SquaredError, CrossEntropy)):
        return loss
    if loss is None:
        return LOSSES["cross-entropy" if output == "logistic" else "squared-error"]
    name = ALIASES.get(str(loss).lower(), str(loss).lower())
    if name not in LOSSES:
        raise unknown("loss", loss, LOSSES)
    return LOSSES[name]
