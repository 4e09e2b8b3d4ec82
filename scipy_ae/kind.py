"""Kind: what makes an autoencoder sparse, contractive, variational or denoising, by the names of its options.

The command line and the scikit-learn estimator spell these options alike; here they become penalties, a bottleneck and
batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from scipy_ae.batches import Batch
from scipy_ae.bottlenecks import Bottleneck, Plain, Variational
from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError
from scipy_ae.network import Network
from scipy_ae.penalties import Contractive, KLSparsity, L1Sparsity, Penalty

#: Activations of all rows and draws that a training may hold at once.
_MOST = 2**28
#: Tells the noise of the bank from the other draws of a seed.
BANK = 1


@dataclass(frozen=True)
class Kind:
    """A kind of autoencoder; as it stands, a plain one. All combine.

    Parameters
    ----------
    l1, kl : float, optional
        Weights of :class:`~scipy_ae.L1Sparsity` and :class:`~scipy_ae.KLSparsity`; 0 and None for neither.
    rho : float
        The mean activation that ``kl`` asks for, within (0, 1).
    sparse_layers : str or sequence of str
        On whose activations they are: ``code``, ``all``, or names such as ``encoder.0,decoder.1``.
    contractive : float, optional
        Weight of :class:`~scipy_ae.Contractive`; 0 and None for none.
    probes : int, optional
        Random signs a row that estimate it, fewer than the code has numbers; None for the exact value.
    variational : bool
        A code that is drawn.
    kl_beta : float
        Weight of its divergence, in nats.
    draws : int
        Codes drawn for each row.
    noise : Corruption, optional
        On the inputs, to be undone.
    copies : int
        Noisy copies of each row.
    """

    l1: float | None = None
    kl: float | None = None
    rho: float = KLSparsity.rho
    sparse_layers: str | Sequence[str] = "code"
    contractive: float | None = None
    probes: int | None = None
    variational: bool = False
    kl_beta: float = 1.0
    draws: int = 1
    noise: Corruption | None = None
    copies: int = 20

    @classmethod
    def of(cls, options: Any, noise: Corruption | None) -> "Kind":
        """What ``options`` say by attributes of these names, None where nothing was said, with this noise."""
        said = {field.name: getattr(options, field.name) for field in fields(cls) if field.name != "noise"}
        return cls(**{name: value for name, value in said.items() if value is not None}, noise=noise)

    @property
    def bottleneck(self) -> Bottleneck:
        return Variational(self.kl_beta) if self.variational else Plain()

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The terms beside loss and decay."""
        penalties = list[Penalty]()
        if self.l1:
            penalties.append(L1Sparsity(self.l1, self.sparse_layers))
        if self.kl:
            penalties.append(KLSparsity(self.kl, self.rho, self.sparse_layers))
        if self.contractive:
            penalties.append(Contractive(self.contractive, self.probes))
        return tuple(penalties)

    @property
    def draws_anything(self) -> bool:
        """Whether there is chance in its batches, which could be drawn anew."""
        return self.noise is not None or self.variational or bool(self.contractive and self.probes)

    def noisy(self, clean: Batch, rng: np.random.Generator) -> Batch:
        """Noisy copies of the rows, to become the clean ones; the rows themselves where there is no noise."""
        if self.noise is None:
            return clean
        weight = None if np.ptp(clean.weight) == 0 else clean.weight
        return Batch.corrupted(clean.x, self.noise, self.copies, rng, weight=weight)

    def batch(self, clean: Batch, network: Network, seed: int | Sequence[int]) -> Batch:
        """What to train on: the rows or a fixed bank of noisy copies, with all else that is drawn, by this seed.

        Each kind of chance has a stream of its own, so that a start drawn by the same seed is the same with and
        without it.
        """
        source = [seed, BANK] if isinstance(seed, int) else [*seed, BANK]
        return self.drawn(self.noisy(clean, np.random.default_rng(source)), network, seed)

    def drawn(self, batch: Batch, network: Network, seed: int | Sequence[int]) -> Batch:
        """The batch with the noise of its codes and the signs of its probes, by this seed."""
        eps, probes = (np.random.default_rng(source) for source in np.random.SeedSequence(seed).spawn(2))
        if self.variational:
            if self.draws * len(batch) * network.units > _MOST:
                raise InputError(
                    f"draws: {self.draws} codes for each of {len(batch)} rows are not accepted; at most"
                    f" {max(1, _MOST // (len(batch) * network.units))} are, which take some ten gigabytes"
                )
            batch = batch.with_eps(eps, network.latent_dim, self.draws)
        if self.contractive and self.probes:
            batch = batch.with_probes(probes, network.latent_dim, self.probes)
        return batch
