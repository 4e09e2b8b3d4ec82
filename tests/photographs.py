"""Real images for tests: patches of scikit-learn's two photographs, and letters as Pillow draws them."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_images


@cache
def _photographs() -> list[np.ndarray]:
    return list(load_sample_images().images)


def patches(n: int, side: int, seed: int = 0, colour: bool = True) -> np.ndarray:
    """Rows of c*side*side values within [0, 1], by turns of the one and the other photograph."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        image = _photographs()[k % 2]
        top, left = (rng.integers(0, size - side) for size in image.shape[:2])
        patch = image[top : top + side, left : left + side].transpose(2, 0, 1) / 255
        rows.append((patch if colour else patch[1]).ravel())
    return np.array(rows)


def letters(n: int, side: int = 28) -> np.ndarray:
    """Rows of side*side values: white capitals on black, of several sizes and places."""
    rows = []
    for k in range(n):
        page = Image.new("L", (side, side))
        font = ImageFont.load_default(side * (5 + k % 3) // 9)
        ImageDraw.Draw(page).text((2 + k % 5, 1 + k % 4), chr(ord("A") + k % 10), fill=255, font=font)
        rows.append(np.asarray(page, dtype=np.float64).ravel() / 255)
    return np.array(rows)
