"""Tasks on images: from clean rows, what the network is given and what it should make of it.

``Task.of("super-resolution", factor=2)`` is the task; ``task.pairs(x, shape, seed)`` its inputs and targets, with all
chance drawn there and then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scipy_ae.corruptions.images import Degradation, Downscale, Grayscale, Noise, Shape, as_rows
from scipy_ae.corruptions.watermark import Watermark
from scipy_ae.errors import InputError, unknown

#: The options of each task, with their defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "compress": {},
    "denoise": {"noise": "gaussian:0.1"},
    "colorize": {},
    "unwatermark": {"watermark": "SAMPLE", "opacity": 0.5, "place": "centre"},
    "super-resolution": {"factor": 2, "downscale": "bicubic"},
}
#: Tells the draws of a task from the other draws of a seed.
DRAWN = 5


class Pairs(NamedTuple):
    """Inputs (n, size of input_shape) and targets (n, size of target_shape); one array where they are the same."""

    x: np.ndarray
    target: np.ndarray
    input_shape: Shape
    target_shape: Shape


@dataclass(frozen=True)
class Task:
    """What is to be undone; made by :meth:`of`.

    ``degradation`` is None where the input is the target (compress), and of pairs that came as such. ``options`` are
    those that the task heeds, with what was not given filled in.
    """

    name: str
    degradation: Degradation | None
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        name: str,
        *,
        noise: str | None = None,
        watermark: str | None = None,
        opacity: float | None = None,
        place: str | None = None,
        factor: int | None = None,
        downscale: str | None = None,
        paired: bool = False,
    ) -> "Task":
        """The task of that name; options that are None are filled in.

        Parameters
        ----------
        name : {"compress", "denoise", "colorize", "unwatermark", "super-resolution"}
        noise : str, optional
            For denoise: ``KIND:AMOUNT``. [gaussian:0.1]
        watermark : str, optional
            For unwatermark: the text. [SAMPLE]
        opacity : float, optional
            For unwatermark: above 0, at most 1. [0.5]
        place : str, optional
            For unwatermark, see :class:`~scipy_ae.corruptions.Watermark`. [centre]
        factor : int, optional
            For super-resolution: what height and width are divided by. [2]
        downscale : {"bicubic", "box", "bilinear", "nearest"}, optional
            For super-resolution: the kernel. [bicubic]
        paired : bool
            The data are inputs and targets already: nothing is degraded, and no option is accepted.

        Raises
        ------
        InputError
            A name or value that is not known, or an option that the task does not heed.
        """
        check_name(name)
        given = {
            "noise": noise, "watermark": watermark, "opacity": opacity, "place": place, "factor": factor,
            "downscale": downscale,
        }  # fmt: skip
        said = {key: value for key, value in given.items() if value is not None}
        refuse_unheeded(name, said)
        if paired:
            for key in said:
                raise InputError(f"{key}: the data are pairs of inputs and targets already; none is accepted for them")
            return cls(name, None, {})
        options = OPTIONS[name] | said
        return cls(name, _degradation(name, options), options)

    @property
    def corruption(self) -> str:
        """What is done to the input, in a sentence; empty where nothing is."""
        return "" if self.degradation is None else self.degradation.meaning

    def shapes(self, shape: Shape) -> tuple[Shape, Shape]:
        """The shapes of input and target for clean images of ``shape``; refuses images that the task is not for."""
        return (shape if self.degradation is None else self.degradation.shape_out(shape)), shape

    def pairs(self, x: np.ndarray, shape: Shape, seed: int) -> Pairs:
        """Inputs and targets, drawn by the seed: the same seed, the same bytes."""
        return self.drawn(x, shape, np.random.default_rng([seed, DRAWN]))

    def drawn(self, x: np.ndarray, shape: Shape, rng: np.random.Generator) -> Pairs:
        """Inputs and targets, drawn by ``rng``.

        Parameters
        ----------
        x : ndarray, shape (n, c*h*w)
            Clean rows: the targets.
        shape : (c, h, w)
        rng : numpy.random.Generator
        """
        given, wanted = self.shapes(shape)
        target = as_rows(x, shape, self.name)
        made = target if self.degradation is None else self.degradation.apply(target, shape, rng)
        return Pairs(made, target, given, wanted)


def check_name(name: str) -> None:
    if name not in OPTIONS:
        raise unknown("task", name, OPTIONS)


def refuse_unheeded(name: str, given: Mapping[str, Any]) -> None:
    """Refuse options that are for another task."""
    for key in given:
        if key not in OPTIONS[name]:
            owner = next(task for task, options in OPTIONS.items() if key in options)
            raise InputError(f"{key}: it is for the task {owner}, and the task here is {name}")


def _degradation(name: str, options: Mapping[str, Any]) -> Degradation | None:
    if name == "denoise":
        return Noise(options["noise"])
    if name == "colorize":
        return Grayscale()
    if name == "unwatermark":
        return Watermark(options["watermark"], options["opacity"], options["place"])
    if name == "super-resolution":
        return Downscale(options["factor"], options["downscale"])
    return None
