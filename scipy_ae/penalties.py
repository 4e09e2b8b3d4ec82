"""Penalties: terms added to the loss."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.layout import Layout


@dataclass(frozen=True)
class L2:
    """weight * sum of the squares of all weights, biases and slopes left out (weight decay; Krogh and Hertz 1992).

    Parameters
    ----------
    weight : float
        Not negative.
    """

    weight: float
    name = "L2"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight) and self.weight >= 0):
            raise InputError(f"L2: a weight of {self.weight} is not accepted; a finite number of at least 0 is")

    def curvature(self, layout: Layout) -> np.ndarray:
        """Half its Hessian, a diagonal (n,): the penalty is theta' D theta."""
        return self.weight * layout.mask("weight")
