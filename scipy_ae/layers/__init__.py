"""Layers: one file each. A layer says which arrays it trains and how the kernels' table knows it."""

from scipy_ae.layers.dense import Dense

__all__ = ["Dense"]
