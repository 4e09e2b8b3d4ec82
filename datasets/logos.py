"""Forty logos of 20 by 20 black and white pixels, drawn by this project (``logos/logos.txt``)."""

from importlib.resources import files

import numpy as np

from scipy_ae.datasets.dataset import Dataset

SIDE = 20
ABOUT = "logos such as heart, key and mushroom, 20 rows of 20 pixels"


def load_logos() -> Dataset:
    """The logos, each of which bears its name.

    Returns
    -------
    Dataset
        ``x`` of shape (40, 400), 1 where a pixel is black and 0 where it is white; image_shape (20, 20); labels are the
        names, such as ``heart`` or ``bulb``.
    """
    text = files(__package__).joinpath("logos", "logos.txt").read_text(encoding="ascii")
    drawings = [paragraph.splitlines() for paragraph in text.strip().split("\n\n")]
    labels = tuple(name for name, *_ in drawings)
    x = [[pixel == "#" for row in rows for pixel in row] for _, *rows in drawings]
    return Dataset("logos", np.array(x), labels, (SIDE, SIDE), f"{len(labels)} {ABOUT}", "image")
