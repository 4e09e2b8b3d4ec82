"""Objective: network, loss, penalties and batch as functions of theta."""

from scipy_ae.objective.function import Objective

__all__ = ["Objective"]
