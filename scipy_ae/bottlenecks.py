"""Bottlenecks: what happens to the code between encoder and decoder."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import InputError


@dataclass(frozen=True)
class Plain:
    """The code goes on as it is."""

    name = "plain"

    def latent_dim(self, outputs: int) -> int:
        """Numbers of the code where the encoder has so many outputs."""
        return outputs

    def outputs(self, latent_dim: int) -> int:
        """Outputs of the encoder for a code of so many numbers."""
        return latent_dim


@dataclass(frozen=True)
class Variational:
    """A diagonal Gaussian over the code: z = mu + exp(logvar / 2) * eps (Kingma and Welling 2014).

    The encoder's last layer has twice as many outputs as the code has numbers: the means, then the log-variances. To
    the loss, averaged over the draws of each sample, it adds

        beta * mean over the samples of KL(N(mu, exp(logvar)) || N(0, 1)),
        KL = 1/2 * sum_j (mu_j^2 + exp(logvar_j) - 1 - logvar_j)

    in nats (their appendix B). ``eps`` comes from the batch, ``Batch.with_eps``, so that an objective is deterministic.
    With beta 1 the sum is the negative ELBO: under cross-entropy with a Bernoulli likelihood of each output, under
    squared error with a Gaussian one of variance 1/2, but for the constant (q / 2) log(pi) of its q outputs. Under
    squared error another beta is that of a Gaussian of variance beta / 2, the objective being beta times its negative
    ELBO. Higgins et al. (2017) have beta for its own sake.

    Parameters
    ----------
    beta : float
        Weight of the divergence, not negative.
    """

    beta: float = 1.0
    name = "variational"

    def __post_init__(self) -> None:
        beta = self.beta
        if isinstance(beta, bool) or not isinstance(beta, (int, float, np.number)) or not np.isfinite(beta) or beta < 0:
            raise InputError(f"Variational: a beta of {beta} is not accepted; a finite number of at least 0 is")

    def latent_dim(self, outputs: int) -> int:
        if outputs % 2:
            raise InputError(
                f"layers: an encoder of {outputs} outputs does not go with a variational bottleneck; an even number is"
                " accepted, the means of the code and then as many log-variances"
            )
        return outputs // 2

    def outputs(self, latent_dim: int) -> int:
        return 2 * latent_dim


Bottleneck = Plain | Variational


def get(bottleneck: "str | Bottleneck | None") -> Bottleneck:
    """The bottleneck itself, or the one of that name; None is the plain one."""
    if isinstance(bottleneck, (Plain, Variational)):
        return bottleneck
    known = {kind.name: kind for kind in (Plain, Variational)}
    if bottleneck is None or bottleneck in known:
        return known[bottleneck or Plain.name]()
    raise InputError(f"bottleneck: {bottleneck!r} is not accepted; plain, variational, or Variational(beta) are")
