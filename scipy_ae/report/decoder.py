"""The decoder of a run's model, as plain arrays: what the page needs to decode by itself."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae import tensors
from scipy_ae.errors import InputError
from scipy_ae.report.parsing import checked

_NUMBER: tuple[type, ...] = (int, float)
_LAYER: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "inputs": (int,),
    "outputs": (int,),
    "activation": (str,),
    "beta": _NUMBER,
    "alpha": (*_NUMBER, type(None)),
}


@dataclass(frozen=True)
class DecoderLayer:
    """A dense layer f(beta (x W + b)): ``weight`` (p, q), ``bias`` (q,), and ``slope`` (q,) of a parametric relu."""

    activation: str
    beta: float
    alpha: float
    weight: np.ndarray
    bias: np.ndarray
    slope: np.ndarray | None


def read_decoder(path: Path) -> tuple[DecoderLayer, ...]:
    """The decoder's layers from code to output.

    Empty where there is no model file, as in a run that ended before one was written, or where a layer is of a kind
    that the page cannot compute: such a run has a report without an explorer. A damaged file is an
    :class:`~scipy_ae.errors.InputError` with its name.
    """
    if not path.exists():
        return ()
    with tensors.opened(path, *tensors.MODEL, "model") as file:
        rows = _rows(file)
        if any(row["kind"] != "dense" for row in rows):
            return ()
        layers = tuple(_layer(file, f"decoder.{k}", row) for k, row in enumerate(rows))
    for before, after in pairwise(layers):
        if before.weight.shape[1] != after.weight.shape[0]:
            raise InputError(f"'{path}': a layer of the decoder does not fit the one before it")
    return layers


def _rows(file: tensors.Opened) -> list[dict[str, Any]]:
    where = f"'{file.path}', decoder"
    try:
        rows = file.specification["network"]["decoder"]
    except (KeyError, TypeError):
        rows = None
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{where}: the specification names no layers")
    for row in rows:
        checked(row, _LAYER, where)
    return rows


def _layer(file: tensors.Opened, name: str, row: dict[str, Any]) -> DecoderLayer:
    p, q = row["inputs"], row["outputs"]
    slope = _array(file, f"{name}.slope", (q,)) if row["activation"] == "parametric-relu" else None
    return DecoderLayer(
        row["activation"],
        float(row["beta"]),
        float(row["alpha"] or 0.0),
        _array(file, f"{name}.weight", (p, q)),
        _array(file, f"{name}.bias", (q,)),
        slope,
    )


def _array(file: tensors.Opened, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if file.entries.get(name) != ("F64", shape):
        raise InputError(f"'{file.path}': the array '{name}' is not as the specification has it")
    array = file.array(name)
    if not np.isfinite(array).all():
        raise InputError(f"'{file.path}' holds a weight that is not a finite number")
    return array
