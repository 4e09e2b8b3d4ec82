"""What a run on images adds to any other: default layers, and the measures and pictures of a finished model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.experiments.pictures import Code, Features, Part, Pictures, measure
from scipy_ae.network import Network
from scipy_ae.persistence import Model
from scipy_ae.quantiser import Quantiser

if TYPE_CHECKING:
    from scipy_ae.experiments.setup import Setup

Shape = tuple[int, ...]
#: Rows that a model is measured on where the rows are left in their file.
_MEASURED = 1000


def default_layers(task: str, shapes: tuple[Shape, Shape]) -> str:
    """A network for the task: a bottleneck for compression, otherwise what is to be added to the input."""
    (_, h, w), (channels, height, _) = shapes
    if task == "compress":
        pools = min(2, *((side & -side).bit_length() - 1 for side in (h, w)))  # how often both sides can be halved
        first, second = ("-pool2" if pools >= k else "" for k in (1, 2))
        return f"conv16k3-relu{first}-conv8k3-relu{second}" + ("" if pools == 2 else f"-dense{max(2, h * w // 8)}")
    factor = height // h
    if factor > 1:
        return f"conv24k5-relu-conv24k3-relu : conv{channels * factor * factor}k3-shuffle{factor}-input"
    return f"conv24k3-relu-conv24k3-relu : conv24k3-relu-conv{channels}k3-input"


def adds_input(layers: str | None) -> bool:
    """Whether a chain of layers ends by adding the network's input."""
    return layers is not None and layers.replace(" ", "").lower().endswith(("-input", ":input"))


def check_added_input(task: str | None, network: Network) -> None:
    """Refuse an input added at the end where all is to go through the code, which alone is decoded afterwards."""
    if network.layers[-1].kind == "add-input" and task in (None, "compress"):
        raise InputError(
            "layers: 'input' at the end leads past the code; it is accepted with the tasks denoise, colorize,"
            " unwatermark and super-resolution"
        )


def normalised(setup: "Setup", network: Network, theta: np.ndarray) -> Network:
    """The network as it is to be used: batch normalisation takes the statistics of all rows trained on."""
    if not network.on_images:
        return network
    from scipy_ae.network.images import ImageNetwork  # whose kernels no other run needs
    from scipy_ae.objective.images import ImageObjective

    objective = setup.objective
    if not isinstance(network, ImageNetwork) or not isinstance(objective, ImageObjective):
        return network
    whole = objective if setup.pool is None else objective.on(setup.pool)
    return network.with_statistics(whole.statistics(theta)) if network.normalises_batches else network


def quantised(setup: "Setup", model: Model) -> Model:
    """The model with codes of as few bits as were asked for, between the ends of those of the training rows."""
    bits = setup.spec.code_bits
    if bits is None or bits >= 32:  # float32, as which codes are written anyway
        return model
    return replace(model, quantiser=Quantiser.fit(model.encode(_part(setup, "train").x), bits))


def pictures(setup: "Setup", model: Model) -> Pictures | None:
    """What the report tells of a task on images; None where there is none."""
    data, network = setup.data, model.network
    if data.task is None:
        return None
    code = Code(network.code_shape, setup.spec.code_bits or 32)
    parts = {name: _part(setup, name) for name in data.parts}
    return measure(
        data.task, model.reconstruct, parts, data.shapes, code,
        labels=data.labels, grouped_by=data.grouped_by, seed=setup.spec.seed, filters=_filters(model),
        features=_features(model),
    )  # fmt: skip


def _features(model: Model) -> Features | None:
    """What is behind each layer whose outputs are images, for one row."""
    network = model.network
    if not network.on_images:
        return None

    def maps(x: np.ndarray) -> Sequence[tuple[str, np.ndarray]]:
        made = zip(network.named_layers(), network.shapes[1:], network.activations(model.theta, x))
        return [(name, values.reshape(shape)) for (name, _), shape, values in made if len(shape) == 3]

    return maps


def _part(setup: "Setup", name: str) -> Part:
    """A part of the data; some rows of it where they are left in their file."""
    batch = setup.data.parts[name]
    numbers = np.arange(len(batch)) if setup.data.numbers is None else getattr(setup.data.numbers, name)
    if batch.is_stored:
        chosen = np.unique(np.linspace(0, len(batch) - 1, min(_MEASURED, len(batch))).round().astype(int))
        batch, numbers = batch.rows(chosen), numbers[chosen]
    return Part(batch.x, batch.target, numbers)


def _filters(model: Model) -> tuple[str, np.ndarray] | None:
    """Name and weights of the first convolution."""
    views = model.network.layout.views(model.theta)
    for name, layer in model.network.named_layers():
        if layer.kind == "conv":
            return name, np.array(views[f"{name}.weight"])
    return None
