"""Penalties: terms added to the loss, on weights, on activations, on the derivative of the code.

Any of them combine. L2 is quadratic in each weight and leaves everything that a plain objective offers; the others have
exact gradients, L1Sparsity and KLSparsity exact Hessian products as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scipy_ae.errors import InputError, unknown
from scipy_ae.kernels import sparsity as kernel
from scipy_ae.layout import Layout


@dataclass(frozen=True)
class L2:
    """weight * sum of the squares of all weights, biases and slopes left out (weight decay; Krogh and Hertz 1992).

    Parameters
    ----------
    weight : float
        Not negative.
    """

    weight: float
    name = "L2"

    def __post_init__(self) -> None:
        _check_weight("L2", self.weight)

    def curvature(self, layout: Layout) -> np.ndarray:
        """Half its Hessian, a diagonal (n,): the penalty is theta' D theta."""
        return self.weight * layout.mask("weight")


class LayerTerm(NamedTuple):
    """A term on the activations of one layer, as the kernel takes it; numbers are its weight, rho, low and scale."""

    name: str
    kind: int
    layer: int
    numbers: tuple[float, float, float, float]


@dataclass(frozen=True)
class L1Sparsity:
    """weight * mean over the samples of the sum over the units of |a| (Olshausen and Field 1996, the cost -|x|).

    The derivative of |a| at 0 is taken as 0, which is one of its subgradients, so that a unit which is exactly 0 stays
    where the rest of the objective leaves it. Away from 0 the Hessian is exact.

    Parameters
    ----------
    weight : float
        Not negative.
    layers : str or sequence of str
        ``code``; ``all``, every layer but the output; or names such as ``encoder.0,decoder.1``. The code of a
        variational bottleneck is its means. Where such a bottleneck draws several codes a sample, the mean over a
        decoder layer goes over the draws as well.
    """

    weight: float
    layers: str | Sequence[str] = "code"
    name = "L1 sparsity"

    def __post_init__(self) -> None:
        _check_weight("L1Sparsity", self.weight)
        object.__setattr__(self, "layers", _as_names(self.layers))

    def terms(self, kinds: dict[str, str], encoders: int) -> list[LayerTerm]:
        """The term of each layer chosen among those of a network.

        Parameters
        ----------
        kinds : dict
            Name of each layer, from input to output, and of its activation.
        encoders : int
            How many of them are the encoder's.
        """
        return [
            LayerTerm(self.name, kernel.L1, layer, (self.weight, 0.0, 0.0, 1.0))
            for layer in _chosen(self.layers, kinds, encoders)
        ]


@dataclass(frozen=True)
class KLSparsity:
    """weight * sum over the units of KL(rho || m), in nats, with m the unit's mean activation over the batch.

    KL(rho || m) = rho log(rho / m) + (1 - rho) log((1 - rho) / (1 - m)), between two coins (Ng 2011, CS294A lecture
    notes, section 3). m is the mean over the samples, as they are weighted, of the activation, which is in (0, 1) for
    logistic units; that of tanh units is mapped there by (a + 1) / 2, whatever their beta. m and 1 - m count as no less
    than 2**-53. Since m is that of the batch, a mini-batch has its own.

    Parameters
    ----------
    weight : float
        Not negative.
    rho : float
        The mean activation asked for, within (0, 1).
    layers : str or sequence of str
        As in :class:`L1Sparsity`; of logistic or tanh activation.
    """

    weight: float
    rho: float = 0.05
    layers: str | Sequence[str] = "code"
    name = "KL sparsity"

    def __post_init__(self) -> None:
        _check_weight("KLSparsity", self.weight)
        if not (_is_number(self.rho) and 0 < self.rho < 1):
            raise InputError(f"rho: {self.rho} is not accepted; a number above 0 and below 1 is")
        object.__setattr__(self, "layers", _as_names(self.layers))

    def terms(self, kinds: dict[str, str], encoders: int) -> list[LayerTerm]:
        """The term of each layer chosen among those of a network; see :meth:`L1Sparsity.terms`."""
        names, terms = list(kinds), []
        for layer in _chosen(self.layers, kinds, encoders):
            activation = kinds[names[layer]]
            if activation not in ("logistic", "tanh"):
                raise InputError(
                    f"KLSparsity: {names[layer]} has the activation {activation}; logistic and tanh are accepted,"
                    " whose mean can be read as a probability"
                )
            low, scale = (-1.0, 0.5) if activation == "tanh" else (0.0, 1.0)
            terms.append(LayerTerm(self.name, kernel.KL, layer, (self.weight, self.rho, low, scale)))
        return terms


@dataclass(frozen=True)
class Contractive:
    """weight * mean over the samples of ||dz/dx||_F^2, through the whole encoder (Rifai et al. 2011, eq. 1).

    z is the code; that of a variational bottleneck is its mean. The exact value takes an adjoint sweep for each of its
    k numbers, all in the same products of matrices.

    Parameters
    ----------
    weight : float
        Not negative.
    probes : int, optional
        Sweeps of an estimate in place of the exact value, fewer than k: the mean of ||s' dz/dx||^2 over random signs s,
        whose expectation it is (Hutchinson 1990). The signs are the batch's, ``Batch.with_probes``, so that the
        objective stays deterministic; value and gradient are exact for these signs.
    """

    weight: float
    probes: int | None = None
    name = "contractive"

    def __post_init__(self) -> None:
        _check_weight("Contractive", self.weight)
        if self.probes is not None and (
            isinstance(self.probes, bool) or not isinstance(self.probes, int) or self.probes < 1
        ):
            raise InputError(f"probes: {self.probes!r} is not accepted; a whole number of at least 1 is")

    def check(self, latent_dim: int) -> None:
        """Refuse an estimate that costs no less than the exact value."""
        if self.probes is not None and self.probes >= latent_dim:
            raise InputError(
                f"probes: {self.probes} for a code of {latent_dim} is not accepted; fewer than {latent_dim} are, since"
                " as many sweeps as the code has numbers give the exact value: leave probes out"
            )


Penalty = L2 | L1Sparsity | KLSparsity | Contractive


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _check_weight(owner: str, weight) -> None:
    if not (_is_number(weight) and np.isfinite(weight) and weight >= 0):
        raise InputError(f"{owner}: a weight of {weight} is not accepted; a finite number of at least 0 is")


def _as_names(layers: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a choice of layers."""
    words = layers.split(",") if isinstance(layers, str) else layers
    names = tuple(word.strip() for word in words) if all(isinstance(word, str) for word in words) else ()
    if not names or not all(names):
        raise InputError(f"layers: {layers!r} is not accepted; code, all, or names such as encoder.0,encoder.1 are")
    return names


def _chosen(choice: str | Sequence[str], kinds: dict[str, str], encoders: int) -> list[int]:
    """Numbers of the layers chosen, from input to output, each once."""
    names, found = list(kinds), set()
    inner = names[:-1]
    for word in choice:
        if word == "code":
            found.add(encoders - 1)
        elif word == "all":
            found.update(range(len(inner)))
        elif word == names[-1]:
            raise InputError(f"layers: {word} is the output, and sparsity is for what lies before it")
        elif word in inner:
            found.add(names.index(word))
        else:
            raise unknown("layer", word, ["code", "all", *inner])
    return sorted(found)
