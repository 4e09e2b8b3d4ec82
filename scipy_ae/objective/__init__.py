"""Objective: network, loss, penalties and batch as functions of theta."""

from scipy_ae.objective.chunks import ChunkedObjective
from scipy_ae.objective.function import Objective
from scipy_ae.objective.passes import Passes, passes_of

#: What a training is about: an objective in one piece, or in chunks of rows.
AnyObjective = Objective | ChunkedObjective

__all__ = ["AnyObjective", "ChunkedObjective", "Objective", "Passes", "passes_of"]
