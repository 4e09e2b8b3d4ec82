"""save and load: a model in one safetensors file, the whole specification beside the weights as JSON; no pickle."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import export, tensors
from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Bottleneck, Plain, Variational
from scipy_ae.errors import InputError
from scipy_ae.layers import Dense
from scipy_ae.network import Network, as_theta

FORMAT, VERSION = tensors.MODEL


@dataclass(frozen=True)
class Model:
    """A network with its theta, and what is to be known of the data that it learned.

    ``about`` holds the dataset's name and kind, labels and image shape, as JSON can.
    """

    network: Network
    theta: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Codes (n, latent_dim) of x (n, inputs)."""
        return self.network.encode(self.theta, x)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of codes z (n, latent_dim)."""
        return self.network.decode(self.theta, z)

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of x (n, inputs)."""
        return self.network.reconstruct(self.theta, x)

    def to_onnx(self, folder: str | Path, precision: str = "float64") -> list[Path]:
        """Write encoder, decoder and the whole as ONNX files: see :func:`scipy_ae.export.write_onnx`."""
        return export.write_onnx(self.network, self.theta, Path(folder), precision)

    def to_torch(self) -> Any:
        """A ``torch.nn.Sequential`` with the same outputs: see :func:`scipy_ae.export.to_torch`."""
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
        It cannot be written there, ``about`` is not JSON, or a weight is not finite, which :func:`load` would refuse.
    """
    model = model if isinstance(model, Model) else model.model_
    theta = as_theta(model.theta, model.network.size)
    if not np.isfinite(theta).all():
        raise InputError("theta: a weight is not a finite number; such a model is not saved")
    specification = {"network": _network_to_plain(model.network), "about": model.about}
    tensors.write(Path(path), FORMAT, VERSION, specification, model.network.layout.views(theta))


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
        network, about = _specified(file)
        wanted = {name: ("F64", shape) for name, (_, shape) in network.layout.entries.items()}
        if file.entries != wanted:
            both = {**wanted, **file.entries}
            odd = next(name for name in both if file.entries.get(name) != wanted.get(name))
            raise InputError(f"'{path}': the array '{odd}' is not as the specification has it")
        theta = network.layout.pack({name: file.array(name) for name in wanted})
    if not np.isfinite(theta).all():
        raise InputError(f"'{path}' holds a weight that is not a finite number")
    return Model(network, theta, about)


def _specified(file: tensors.Opened) -> tuple[Network, dict[str, Any]]:
    """The network of a file's specification, and what it says of the data."""
    try:
        plain, about = file.specification["network"], file.specification.get("about", {})
        if len(plain["encoder"]) + len(plain["decoder"]) > len(file.entries):
            raise ValueError("it has more layers than arrays")
        network = _network_from_plain(plain)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"'{file.path}' has a damaged specification ({error})") from None
    if not isinstance(about, dict):
        raise InputError(f"'{file.path}' has a damaged specification (what it says of the data is no table)")
    return network, about


def _network_to_plain(network: Network) -> dict[str, Any]:
    def layers(part: tuple[Dense, ...]) -> list[dict[str, Any]]:
        return [
            {
                "kind": layer.kind,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "activation": layer.activation.name,
                "beta": layer.activation.beta,
                "alpha": layer.activation.alpha,
            }
            for layer in part
        ]

    return {
        "encoder": layers(network.encoder),
        "bottleneck": _bottleneck_to_plain(network.bottleneck),
        "decoder": layers(network.decoder),
    }


def _network_from_plain(plain: dict[str, Any]) -> Network:
    return Network(
        encoder=[_layer_from_plain(row) for row in plain["encoder"]],
        bottleneck=_bottleneck_from_plain(plain["bottleneck"]),
        decoder=[_layer_from_plain(row) for row in plain["decoder"]],
    )


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


def _layer_from_plain(row: dict[str, Any]) -> Dense:
    if row["kind"] != Dense.kind:
        raise InputError(f"a layer of kind '{row['kind']}' is not known to this version")
    return Dense(row["inputs"], row["outputs"], Activation(row["activation"], row["beta"], row["alpha"]))
