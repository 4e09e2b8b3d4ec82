"""Fitted: what an autoencoder that has learned its network does for scikit-learn."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from scipy_ae.errors import InputError
from scipy_ae.estimator.versions import validate_data
from scipy_ae.network import Network
from scipy_ae.persistence import Model

#: The types of numbers that are kept as they come.
FLOATS = (np.float64, np.float32)


class Fitted(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Codes, reconstructions and scores of rows, by ``network_`` and ``theta_``, which a subclass learns."""

    network_: Network
    theta_: np.ndarray

    def transform(self, X):
        """Codes of the rows of X, shape (n_samples, n_components)."""
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return self.network_.encode(self.theta_, X).astype(X.dtype, copy=False)

    def inverse_transform(self, X):
        """Rows (n_samples, n_features) that the decoder makes of codes X (n_samples, n_components)."""
        check_is_fitted(self, "theta_")
        X = check_array(X, dtype=FLOATS, estimator=self, input_name="X")
        if X.shape[1] != self.network_.latent_dim:
            raise InputError(f"X: codes of {X.shape[1]} numbers came; {self.network_.latent_dim} are accepted")
        return self.network_.decode(self.theta_, X).astype(X.dtype, copy=False)

    def predict(self, X):
        """The rows of X encoded and decoded again, shape (n_samples, n_features)."""
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return self.network_.reconstruct(self.theta_, X).astype(X.dtype, copy=False)

    def score_samples(self, X):
        """Minus the squared error of each row of X, summed over its columns; a low score marks an outlier.

        It is the squared error whatever the loss, so that estimators of different losses compare.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return -((self.network_.reconstruct(self.theta_, X) - X) ** 2).sum(axis=1)

    def score(self, X, y=None, sample_weight=None):
        """The mean of :meth:`score_samples`: minus the squared error a row; 0 is perfect."""
        scores = self.score_samples(X)
        return float(np.average(scores, weights=weights_of(sample_weight, scores)))

    @property
    def model_(self) -> Model:
        """Network and weights as :func:`scipy_ae.save` writes them."""
        check_is_fitted(self, "theta_")
        names = getattr(self, "feature_names_in_", None)
        return Model(self.network_, self.theta_, {} if names is None else {"columns": [str(name) for name in names]})

    @property
    def _n_features_out(self) -> int:
        return self.network_.latent_dim

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _more_tags(self) -> dict[str, Any]:  # scikit-learn 1.5
        return {"preserves_dtype": [np.float64, np.float32]}


def weights_of(sample_weight: Any, X: Any) -> np.ndarray | None:
    """The weight of each row of X, checked; None where all weigh the same."""
    return None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
