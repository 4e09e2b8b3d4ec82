"""A picture of pictures, as they are, for a first look at images in colour."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

WIDTH = 1400  # dots of a sheet, about
_GAP = 4  # dots between two pictures
_PAPER = 255


def write_sheet(dataset: Dataset, path: str | Path) -> None:
    """Write the images of a dataset side by side as a PNG; values of 0 to 1 go from black to full light."""
    if dataset.image_shape is None or dataset.channels not in (1, 3):
        raise InputError(f"sheet: '{dataset.name}' has no images, grey or in colour, to be shown")
    height, width = dataset.image_shape
    times = max(1, min(WIDTH // (10 * (width + _GAP)), 64 // max(height, width)))
    rows = math.ceil(len(dataset.x) / max(1, WIDTH // (times * width + _GAP)))
    columns = math.ceil(len(dataset.x) / rows)
    tall, wide = times * height + _GAP, times * width + _GAP
    sheet = np.full((rows * tall + _GAP, columns * wide + _GAP, dataset.channels), _PAPER, dtype=np.uint8)
    images = dataset.x.reshape(-1, dataset.channels, height, width).transpose(0, 2, 3, 1)
    for index, image in enumerate(images):
        top, left = _GAP + index // columns * tall, _GAP + index % columns * wide
        bytes_ = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
        sheet[top : top + tall - _GAP, left : left + wide - _GAP] = bytes_.repeat(times, 0).repeat(times, 1)
    picture = Image.fromarray(sheet[..., 0] if dataset.channels == 1 else sheet)
    write_aside(Path(path), lambda aside: picture.save(aside, format="PNG"))
