"""Stop: when a training ends before its iterations are over."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.records import Record

#: The ``stop`` of a training that was asked to end, and how that of a diverged one begins.
INTERRUPTED = "interrupted"
DIVERGED = "the loss was no longer finite after this point"


@dataclass(frozen=True)
class Stop:
    """When a training ends before its iterations are over; None asks for nothing.

    Parameters
    ----------
    loss : float, optional
        Target: the whole objective at or under it.
    pixels : int, optional
        Target: no row with more wrong pixels than this.
    gradient : float
        Tolerance: largest entry of the gradient at or under it.
    seconds : float, optional
        Time budget.
    asked : callable
        Asked after each step; True ends the training (this is how Ctrl-C comes in).
    """

    loss: float | None = None
    pixels: int | None = None
    gradient: float = 1e-5
    seconds: float | None = None
    asked: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        for name in ("loss", "gradient", "seconds", "pixels"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name}: {value} is not accepted; a finite number of at least 0 is")

    def reason(self, record: Record, *, final: bool = True) -> str:
        """Why the training ends with this record; empty where it goes on.

        Not ``final``, the record is on rows to which others are still to come: what it says of loss, pixels and
        gradient decides nothing.
        """
        if self.asked():
            return INTERRUPTED
        if final and (reached := self._reached(record)):
            return reached
        if self.seconds is not None and record.seconds >= self.seconds:
            return f"time budget of {self.seconds:g} s used up"
        return ""

    def _reached(self, record: Record) -> str:
        """The target or tolerance that the record meets."""
        if self.loss is not None and record.loss <= self.loss:
            return f"target loss {self.loss:g} reached"
        if self.pixels is not None and record.worst_row is not None and record.worst_row <= self.pixels:
            return f"target reached: no row with more than {self.pixels} wrong pixels"
        if record.grad_norm <= self.gradient:
            return f"converged: no entry of the gradient above {self.gradient:g}"
        return ""
