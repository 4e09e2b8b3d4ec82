"""What moved within scikit-learn since 1.5, under one name."""

from typing import Any

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before 1.6 it was a method

    def validate_data(estimator: Any, /, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


__all__ = ["validate_data"]
