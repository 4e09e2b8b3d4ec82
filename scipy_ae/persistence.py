"""save and load: a model in one safetensors file, the whole specification beside the weights as JSON; no pickle."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.activations import Activation
from scipy_ae.bottlenecks import Plain
from scipy_ae.errors import InputError
from scipy_ae.layers import Dense
from scipy_ae.network import Network, as_theta
from scipy_ae.records import write_aside

#: Version of the file's specification; a later one is refused.
VERSION = 1


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


def save(model: Any, path: str | Path) -> None:
    """Write the model to ``path``: aside first, then renamed, so that no half file is ever there.

    Parameters
    ----------
    model : Model, or anything that gives one as ``model_``, such as a fitted :class:`scipy_ae.Autoencoder`
    path : str or Path
    """
    from safetensors.numpy import save as to_bytes

    model = model if isinstance(model, Model) else model.model_
    theta = as_theta(model.theta, model.network.size)
    tensors = {name: view.copy() for name, view in model.network.layout.views(theta).items()}
    specification = {"network": _network_to_plain(model.network), "about": model.about}
    metadata = {"format": "scipy-ae", "version": str(VERSION), "specification": json.dumps(specification)}
    write_aside(Path(path), lambda aside: aside.write_bytes(to_bytes(tensors, metadata)))


def load(path: str | Path) -> Model:
    """The model in a file that :func:`save` wrote.

    Raises
    ------
    InputError
        The file is missing, damaged, of another program or of a later version, or its shapes do not match.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise InputError(f"model file '{path}' does not exist")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != "scipy-ae":
                raise InputError(f"'{path}' is a safetensors file, but not a model of scipy-ae")
            if metadata.get("version") != str(VERSION):
                raise InputError(f"'{path}' has version {metadata.get('version')}; this program reads {VERSION}")
            network, about = _specified(path, metadata.get("specification", ""))
            wanted = {name: ("F64", shape) for name, (_, shape) in network.layout.entries.items()}
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            found = {name: (part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()}
            if found != wanted:
                odd = next(name for name in {**wanted, **found} if found.get(name) != wanted.get(name))
                raise InputError(f"'{path}': the array '{odd}' is not as the specification has it")
            theta = network.layout.pack({name: file.get_tensor(name) for name in wanted})
    except (SafetensorError, OSError) as error:
        raise InputError(f"'{path}' is not a readable safetensors file ({error})") from None
    if not np.isfinite(theta).all():
        raise InputError(f"'{path}' holds a weight that is not a finite number")
    return Model(network, theta, about)


def _specified(path: Path, text: str) -> tuple[Network, dict[str, Any]]:
    """The network of a file's specification, and what it says of the data."""
    try:
        specification = json.loads(text)
        network, about = _network_from_plain(specification["network"]), specification.get("about", {})
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"'{path}' has a damaged specification ({error})") from None
    if not isinstance(about, dict):
        raise InputError(f"'{path}' has a damaged specification (what it says of the data is no table)")
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
        "bottleneck": network.bottleneck.name,
        "decoder": layers(network.decoder),
    }


def _network_from_plain(plain: dict[str, Any]) -> Network:
    if plain["bottleneck"] != Plain.name:
        raise InputError(f"a bottleneck of kind '{plain['bottleneck']}' is not known to this version")
    return Network(
        encoder=[_layer_from_plain(row) for row in plain["encoder"]],
        bottleneck=Plain(),
        decoder=[_layer_from_plain(row) for row in plain["decoder"]],
    )


def _layer_from_plain(row: dict[str, Any]) -> Dense:
    if row["kind"] != Dense.kind:
        raise InputError(f"a layer of kind '{row['kind']}' is not known to this version")
    return Dense(row["inputs"], row["outputs"], Activation(row["activation"], row["beta"], row["alpha"]))
