"""Held-out rows: the loss on what is not trained on, and how long it has not fallen."""

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.objective import AnyObjective

#: How the ``stop`` of a training begins whose patience was used up.
NO_BETTER = "early stopping: no lower validation loss in"


class HeldOut:
    """Early stopping on validation rows (Prechelt 1998, "Early stopping - but when?", section 2).

    Parameters
    ----------
    objective : Objective
        Whose network and loss they are judged by.
    batch : Batch
        The validation rows.
    patience : int, optional
        Records without a better loss after which the training ends; never where None.

    Attributes
    ----------
    lowest : float or None
        The lowest loss so far.
    waited : int
        Records since.
    """

    def __init__(self, objective: AnyObjective, batch: Batch, patience: int | None) -> None:
        self._objective, self._patience = objective.without_penalties(batch), patience
        self.lowest: float | None = None
        self.waited = 0

    def loss(self, theta: np.ndarray) -> float | None:
        """The loss on the rows, which is compared with those before; None where it is not finite."""
        with np.errstate(all="ignore"):
            value = self._objective.fun(theta)
        finite = bool(np.isfinite(value))
        if finite and (self.lowest is None or value < self.lowest):
            self.lowest, self.waited = value, 0
        else:
            self.waited += 1
        return value if finite else None

    @property
    def reason(self) -> str:
        """Why the training ends now; empty where it goes on."""
        if self._patience is None or self.waited < self._patience:
            return ""
        return f"{NO_BETTER} {self._patience} iterations"
