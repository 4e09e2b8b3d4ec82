"""The pictures of an image task, by the names of their files, and what is written in them."""

from collections.abc import Callable

from matplotlib.figure import Figure

from scipy_ae.report.architecture import NetworkWords
from scipy_ae.report.image_network import image_network
from scipy_ae.report.image_pictures import (
    LARGEST_MAP,
    ExampleWords,
    columns_of,
    examples,
    feature_maps,
    filters,
    look_at,
)
from scipy_ae.report.image_quality import called, decibels
from scipy_ae.report.image_reader import Images
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words


def image_plots(run: Run, images: Images, words: Words) -> dict[str, Callable[[], Figure]]:
    """The pictures of an image task by name, each as what draws it."""
    network = NetworkWords(**words.group("figure.network.words"), whole=words.whole)
    plots: dict[str, Callable[[], Figure]] = {
        "examples": lambda: examples(images, _example_words(images, words)),
        "network": lambda: image_network(run.layers, network, called("input", words)),
    }
    kernels = images.filters
    if kernels is not None:
        plots["filters"] = lambda: filters(kernels, words("figure.filters.weight"), words.number)
    if images.stages:
        plots["feature-maps"] = lambda: _maps(run, images, words)
    return plots


def heading_of(name: str, images: Images, words: Words) -> str:
    """What a column of the examples is called: the target of a compression is the original."""
    return called("original" if name == "target" and images.same_as_target else name, words)


def _example_words(images: Images, words: Words) -> ExampleWords:
    headings = {name: heading_of(name, images, words) for name in (*columns_of(images), "error")}
    return ExampleWords(
        headings=headings,
        error=words("figure.examples.scale"),
        best=words("figure.examples.best"),
        worst=words("figure.examples.worst"),
        decibels=lambda x: decibels(x, words, 1),
        number=words.number,
    )


def layer_called(run: Run, name: str) -> str:
    """A layer by its text, where the network has one of that name."""
    return next((layer.text for layer in run.layers if layer.name == name and layer.text), name)


def _maps(run: Run, images: Images, words: Words) -> Figure:
    _, h, w = images.input_shape
    first = look_at(images.input_shape).pixels(images.input[images.seen], min(w, LARGEST_MAP), min(h, LARGEST_MAP))
    stages = [(layer_called(run, stage.layer), stage) for stage in images.stages]
    return feature_maps(first, stages, called("input", words), words.number)
