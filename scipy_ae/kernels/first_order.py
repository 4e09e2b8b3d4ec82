"""Steps of first-order methods that would take several passes over theta in NumPy."""

import math

import numpy as np
from numba import njit


@njit(cache=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy")
def adam_step(
    m: np.ndarray,  # (n,)
    v: np.ndarray,  # (n,)
    g: np.ndarray,  # (n,)
    t: int,
    eta: float,
    beta1: float,
    beta2: float,
    eps: float,
    out: np.ndarray,  # (n,)
) -> None:
    """Update the moments ``m``, ``v`` with the gradient ``g`` of step ``t`` >= 1; the step in ``out``.

    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
    """
    unbias1 = 1.0 / (1.0 - beta1**t)
    unbias2 = 1.0 / (1.0 - beta2**t)
    for i in range(g.size):
        m[i] = beta1 * m[i] + (1.0 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i]
        out[i] = -eta * (m[i] * unbias1) / (math.sqrt(v[i] * unbias2) + eps)
