"""The handwritten digits that come with scikit-learn."""

from scipy_ae.datasets.dataset import Dataset

ABOUT = "handwritten digits from scikit-learn, 8 rows of 8 pixels"


def load_digits() -> Dataset:
    """The 1797 digits of ``sklearn.datasets.load_digits`` (E. Alpaydin and C. Kaynak, UCI, 1998).

    Returns
    -------
    Dataset
        ``x`` of shape (1797, 64) in [0, 1], from 0 to 16 in the original; image_shape (8, 8); labels 0 to 9.
    """
    from sklearn.datasets import load_digits as load

    loaded = load()
    labels = tuple(str(digit) for digit in loaded.target)
    return Dataset("digits", loaded.data / 16.0, labels, (8, 8), f"{len(labels)} {ABOUT}", "image", copy=False)
