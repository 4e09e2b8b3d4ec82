"""Network: encoder, bottleneck and decoder as functions of theta, of dense layers or, in ``images``, on images."""

from scipy_ae.network.dense import Network, as_theta

__all__ = ["Network", "as_theta"]
