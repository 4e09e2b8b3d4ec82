"""The scikit-learn estimator; the only home of scikit-learn's base classes."""

from scipy_ae.estimator.autoencoder import Autoencoder

__all__ = ["Autoencoder"]
