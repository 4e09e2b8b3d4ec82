"""save and load: a model in one safetensors file, the whole specification beside the weights as JSON; no pickle."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import export, layers, tensors
from scipy_ae.bottlenecks import Bottleneck, Plain, Variational
from scipy_ae.errors import InputError
from scipy_ae.layers import BatchNorm, Dense, Layer, Shape
from scipy_ae.layers.base import whole
from scipy_ae.network import Network, as_theta
from scipy_ae.quantiser import Quantiser

FORMAT, VERSION = tensors.MODEL
#: Layers for each array, at most: a few pools and activations come between two layers that train something.
_MOST_LAYERS = 8


@dataclass(frozen=True)
class Model:
    """A network with its theta, and what is to be known of the data that it learned.

    ``about`` holds the dataset's name and kind, labels and image shape, as JSON can. With a ``quantiser`` codes are as
    they come back from the bits in which they are kept.
    """

    network: Network
    theta: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)
    quantiser: Quantiser | None = None

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Codes (n, latent_dim) of x (n, inputs), rounded where there is a quantiser."""
        z = self.network.encode(self.theta, x)
        return z if self.quantiser is None else self.quantiser.rounded(z)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of codes z (n, latent_dim)."""
        return self.network.decode(self.theta, z)

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of x (n, inputs), through rounded codes where there is a quantiser."""
        if self.quantiser is not None:
            return self.decode(self.encode(x))
        return self.network.reconstruct(self.theta, x)

    def to_onnx(self, folder: str | Path, precision: str = "float64") -> list[Path]:
        """Write encoder, decoder and the whole as ONNX files: see :func:`scipy_ae.export.write_onnx`.

        They round no code.
        """
        return export.write_onnx(self.network, self.theta, Path(folder), precision)

    def to_torch(self) -> Any:
        """A ``torch.nn.Sequential`` with the same outputs, no code rounded: see :func:`scipy_ae.export.to_torch`."""
        return export.to_torch(self.network, self.theta)


def save(model: Any, path: str | Path) -> None:
    """Write the model to ``path``: aside first, then renamed, so that no half file is ever there.

    Parameters
    ----------
    model : Model, or anything that gives one as ``model_``, such as a fitted :class:`scipy_ae.Autoencoder`
    path : str or Path

    Raises
    ------
    InputError
        It cannot be written there, ``about`` is not JSON, a weight is not finite, which :func:`load` would refuse, or
        the statistics of a batch norm are not known.
    """
    model = model if isinstance(model, Model) else model.model_
    theta = as_theta(model.theta, model.network.size)
    if not np.isfinite(theta).all():
        raise InputError("theta: a weight is not a finite number; such a model is not saved")
    specification = {"network": _network_to_plain(model.network), "about": model.about}
    if model.quantiser is not None:
        specification["quantiser"] = model.quantiser.to_plain()
    arrays = model.network.layout.views(theta) | _statistics_to_plain(model.network)
    tensors.write(Path(path), FORMAT, VERSION, specification, arrays)


def load(path: str | Path) -> Model:
    """The model in a file that :func:`save` wrote.

    Nothing is made before the specification and the file's own list of its arrays agree, so that a file takes no more
    memory than its size; nothing in it is run.

    Raises
    ------
    InputError
        The file is missing, damaged, of another program or of a later version, or its shapes do not match.
    """
    path = Path(path)
    with tensors.opened(path, FORMAT, VERSION, "model") as file:
        parts, about = _specified(file)
        wanted = parts.entries()
        if file.entries != wanted:
            both = {**wanted, **file.entries}
            odd = next(name for name in both if file.entries.get(name) != wanted.get(name))
            raise InputError(f"'{path}': the array '{odd}' is not as the specification has it")
        arrays = {name: file.array(name) for name in wanted}
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise InputError(f"'{path}' holds a weight that is not a finite number")
        if any((array < 0).any() for name, array in arrays.items() if name.endswith(".variance")):
            raise InputError(f"'{path}' holds a variance below 0")
        with _reading_specification(file):
            network = parts.network(arrays)
            quantiser = _quantiser(file.specification.get("quantiser"), network.latent_dim)
    theta = network.layout.pack({name: arrays[name] for name in network.layout})
    return Model(network, theta, about, quantiser)


@dataclass(frozen=True)
class _Parts:
    """What a specification says of a network; ``input_shape`` is None where all layers are dense."""

    encoder: list[Layer]
    bottleneck: Bottleneck
    decoder: list[Layer]
    input_shape: Shape | None

    def norms(self) -> list[tuple[str, BatchNorm]]:
        """The batch norms by name: those layers that have statistics."""
        return [(name, layer) for name, layer in self._named() if isinstance(layer, BatchNorm)]

    def entries(self) -> dict[str, tuple[str, Shape]]:
        """The arrays of a file of such a network."""
        shapes = [(f"{name}.{kind}", shape) for name, layer in self._named() for kind, shape in layer.parameters()]
        for name, norm in self.norms():
            shapes += [(entry, (norm.channels,)) for entry in _statistics_names(name)]
        return {name: ("F64", shape) for name, shape in shapes}

    def network(self, arrays: dict[str, np.ndarray]) -> Network:
        """The network, which knows the statistics of its batch norms."""
        made: Any = Network  # which becomes one on images where a layer is not dense
        if self.input_shape is None:
            return made(self.encoder, self.decoder, self.bottleneck)
        network = made(self.encoder, self.decoder, self.bottleneck, input_shape=self.input_shape)
        statistics = {name: tuple(arrays[entry] for entry in _statistics_names(name)) for name, _ in self.norms()}
        return network.with_statistics(statistics) if statistics else network

    def _named(self) -> list[tuple[str, Layer]]:
        parts = (("encoder", self.encoder), ("decoder", self.decoder))
        return [(f"{part}.{k}", layer) for part, chain in parts for k, layer in enumerate(chain)]


def _specified(file: tensors.Opened) -> tuple[_Parts, dict[str, Any]]:
    """The parts of the network of a file's specification, and what it says of the data."""
    with _reading_specification(file):
        plain, about = file.specification["network"], file.specification.get("about", {})
        if len(plain["encoder"]) + len(plain["decoder"]) > _MOST_LAYERS * (1 + len(file.entries)):
            raise ValueError("it has more layers than arrays")
        parts = _parts_from_plain(plain)
    if not isinstance(about, dict):
        raise InputError(f"'{file.path}' has a damaged specification (what it says of the data is no table)")
    return parts, about


@contextmanager
def _reading_specification(file: tensors.Opened) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"'{file.path}' has a damaged specification ({error})") from None


def _network_to_plain(network: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "encoder": [layer.to_plain() for layer in network.encoder],
        "bottleneck": _bottleneck_to_plain(network.bottleneck),
        "decoder": [layer.to_plain() for layer in network.decoder],
    }
    if any(not isinstance(layer, Dense) for layer in network.layers):
        plain["input_shape"] = list(network.input_shape)
    return plain


def _parts_from_plain(plain: dict[str, Any]) -> _Parts:
    encoder, decoder = ([layers.of(row) for row in plain[part]] for part in ("encoder", "decoder"))
    shape = None
    if "input_shape" in plain:
        shape = tuple(whole("specification", "input_shape", side, 1) for side in plain["input_shape"])
        if len(shape) not in (1, 3):
            raise ValueError(f"an input of shape {shape} is neither images nor vectors")
    return _Parts(encoder, _bottleneck_from_plain(plain["bottleneck"]), decoder, shape)


def _statistics_to_plain(network: Network) -> dict[str, np.ndarray]:
    """Mean and variance (channels,) of each batch norm over the training set, by the names of the file."""
    plain: dict[str, np.ndarray] = {}
    known = getattr(network, "statistics", None) or {}
    for name, layer in network.named_layers():
        if isinstance(layer, BatchNorm):
            if name not in known:
                raise InputError(f"statistics: those of the batch norm '{name}' over the training set are not known")
            plain |= zip(_statistics_names(name), (np.asarray(values, np.float64) for values in known[name]))
    if not all(np.isfinite(array).all() for array in plain.values()):
        raise InputError("statistics: those of a batch norm are not finite numbers; such a model is not saved")
    return plain


def _statistics_names(layer: str) -> tuple[str, str]:
    return f"statistics.{layer}.mean", f"statistics.{layer}.variance"


def _quantiser(plain: dict[str, Any] | None, values: int) -> Quantiser | None:
    if plain is None:
        return None
    quantiser = Quantiser.from_plain(plain)
    if len(quantiser.low) != values:
        raise ValueError(f"a quantiser of {len(quantiser.low)} values is not one of codes of {values}")
    return quantiser


def _bottleneck_to_plain(bottleneck: Bottleneck) -> str | dict[str, Any]:
    if isinstance(bottleneck, Variational):
        return {"kind": bottleneck.name, "beta": float(bottleneck.beta)}
    return bottleneck.name


def _bottleneck_from_plain(plain: str | dict[str, Any]) -> Bottleneck:
    if plain == Plain.name:
        return Plain()
    if isinstance(plain, dict) and plain["kind"] == Variational.name:
        return Variational(plain["beta"])
    raise InputError(f"a bottleneck of kind '{plain}' is not known to this version")
