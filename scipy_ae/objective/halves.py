"""What makes an objective one with terms: a variational bottleneck, and penalties other than decay.

A network comes as two tables, encoder and decoder, since they may run on different numbers of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import InputError
from scipy_ae.kernels import table as T
from scipy_ae.network import Network
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity, LayerTerm, Penalty


@dataclass(frozen=True)
class Halves:
    """A network as two tables, and the terms on it.

    Attributes
    ----------
    encoder, decoder : ndarray
        Tables, the units of each counted from 0.
    encoder_coefs, decoder_coefs : ndarray
    size, latent_dim : int
        Length of theta, and of the code.
    variational : float or None
        beta of a variational bottleneck.
    contractive : float or None
        Strength of the contractive term.
    probes : int or None
        Of its estimate.
    sparsity : tuple of LayerTerm
    """

    encoder: np.ndarray
    decoder: np.ndarray
    encoder_coefs: np.ndarray
    decoder_coefs: np.ndarray
    size: int
    latent_dim: int
    variational: float | None
    contractive: float | None
    probes: int | None
    sparsity: tuple[LayerTerm, ...]

    @property
    def widest(self) -> int:
        return int(max(table[:, [T.INPUTS, T.OUTPUTS]].max() for table in (self.encoder, self.decoder)))

    @property
    def largest(self) -> int:
        """Numbers in the largest matrix of weights."""
        return int(max((table[:, T.INPUTS] * table[:, T.OUTPUTS]).max() for table in (self.encoder, self.decoder)))

    @property
    def vectors(self) -> int:
        """Adjoint sweeps of the contractive term; 0 for none."""
        return 0 if self.contractive is None else self.probes or self.latent_dim


def halves_of(network: Network, penalties: Sequence[Penalty]) -> Halves | None:
    """The halves of a network with its terms; None where loss and decay are all."""
    for penalty in penalties:
        if not isinstance(penalty, Penalty):
            raise InputError(f"penalties: {penalty!r} is not accepted; L2, L1Sparsity, KLSparsity and Contractive are")
    contractive = [penalty for penalty in penalties if isinstance(penalty, Contractive)]
    bottleneck = network.bottleneck
    if all(isinstance(penalty, L2) for penalty in penalties) and not isinstance(bottleneck, Variational):
        return None
    if len(contractive) > 1:
        raise InputError(f"penalties: {len(contractive)} Contractive are not accepted; one is, their weights added up")
    for penalty in contractive:
        penalty.check(network.latent_dim)
    kinds = {name: layer.activation.name for name, layer in network.named_layers()}
    encoders = len(network.encoder)
    sparse = [penalty for penalty in penalties if isinstance(penalty, L1Sparsity | KLSparsity)]
    decoder = network.table[encoders:].copy()
    decoder[:, T.UNITS] -= decoder[0, T.UNITS]
    return Halves(
        encoder=network.table[:encoders].copy(),
        decoder=decoder,
        encoder_coefs=network.coefs[:encoders].copy(),
        decoder_coefs=network.coefs[encoders:].copy(),
        size=network.size,
        latent_dim=network.latent_dim,
        variational=bottleneck.beta if isinstance(bottleneck, Variational) else None,
        contractive=contractive[0].weight if contractive else None,
        probes=contractive[0].probes if contractive else None,
        sparsity=tuple(term for penalty in sparse for term in penalty.terms(kinds, encoders)),
    )


def drawn_of(batch: Batch, network: Network, penalties: Sequence[Penalty]) -> list[np.ndarray | None]:
    """eps and probes of a batch, as far as they are needed; those that are not as they have to be are refused."""
    found: list[np.ndarray | None] = []
    latent, count = network.latent_dim, _probes(penalties)
    for name, values, draws, wanted, owner in (
        ("eps", batch.eps, None, isinstance(network.bottleneck, Variational), "a variational bottleneck"),
        ("probes", batch.probes, count, count is not None, f"Contractive(probes={count})"),
    ):
        fits = values is not None and values.shape[2] == latent and draws in (None, values.shape[1])
        if wanted and not fits:
            got = "none" if values is None else f"shape {values.shape}"
            raise InputError(
                f"batch: {owner} needs {name} of shape ({len(batch)}, {draws or 'draws'}, {latent}), got {got};"
                f" batch.with_{name}(rng, {latent}, {draws or 'draws'}) draws them"
            )
        found.append(values if wanted else None)
    return found


def drawn_anew(
    batch: Batch, before: Batch, network: Network, penalties: Sequence[Penalty], rng: np.random.Generator
) -> Batch:
    """``batch`` with new eps, as many draws a row as ``before`` has, and new probes, where they are needed."""
    if isinstance(network.bottleneck, Variational) and before.eps is not None:
        batch = batch.with_eps(rng, network.latent_dim, before.eps.shape[1])
    count = _probes(penalties)
    return batch if count is None else batch.with_probes(rng, network.latent_dim, count)


def _probes(penalties: Sequence[Penalty]) -> int | None:
    return next((penalty.probes for penalty in penalties if isinstance(penalty, Contractive)), None)
