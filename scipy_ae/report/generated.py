"""What a network made of codes that no row has, and the evidence of a variational one, as a run folder says it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.report.parsing import checked

EVIDENCE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("elbo", "reconstruction", "divergence", "bound"), (float, int)),
    "draws": (int,),
    "seed": (int,),
}


@dataclass(frozen=True)
class Means:
    """Pairs of rows (m, 2), by number, and what the decoder makes of the mean of their codes, (m, p)."""

    rows: np.ndarray
    output: np.ndarray
    names: tuple[str, ...]


def read_means(arrays: dict[str, np.ndarray], path: Path) -> Means | None:
    """The means of two codes, checked; None where there are none."""
    if "mean_output" not in arrays:
        return None
    output, rows = arrays["mean_output"], arrays.get("mean_rows", np.empty(0)).astype(int)
    names = tuple(str(name) for name in arrays.get("mean_names", ()))
    n, p = arrays["target"].shape
    if rows.shape != (len(output), 2) or len(names) != len(output) or output.shape[1:] != (p,):
        raise InputError(f"'{path}': the arrays of the means of two codes do not fit each other")
    if rows.size and not (rows.min() >= 0 and rows.max() < n):
        raise InputError(f"'{path}': 'mean_rows' names rows that are not there")
    return Means(rows, output, names) if len(output) else None


def read_evidence(result: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """What the result says of the evidence, checked; None where the network is not variational."""
    if "evidence" not in result:
        return None
    checked(result["evidence"], EVIDENCE, f"'{path}', evidence")
    return result["evidence"]
