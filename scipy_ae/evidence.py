"""Evidence: how probable a variational network finds each row, as lower bounds of log p(row) in nats.

The prior of each code number is N(0, 1). The likelihood is the one that the loss means: under cross-entropy each output
is the probability of a 1 (a Bernoulli likelihood), under squared error the mean of a Gaussian of variance 1/2, whose
constant (q / 2) log(pi) of q outputs is part of the bounds here. beta plays no role: the bounds are those of the model,
however it was trained.
"""

from collections.abc import Iterator

import numpy as np

from scipy_ae import losses
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import InputError
from scipy_ae.network import Network

#: Numbers in the outputs that are worked out together.
_AT_ONCE = 2**20
#: Probabilities of a logistic output count as no less than this, as in the losses.
_FLOOR = 2.0**-53


def elbo(
    network: Network,
    theta: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
    draws: int = 100,
    target: np.ndarray | None = None,
    loss: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The two parts of the ELBO of each row, likelihood and divergence; the bound is their difference.

    E_q[log p(t | z)] - KL(q(z | x) || p(z)), the expectation over ``draws`` codes of the row, the divergence in closed
    form (Kingma and Welling 2014, eq. 3 and appendix B).

    Parameters
    ----------
    network : Network
        With a variational bottleneck.
    theta : ndarray of shape (n,)
    x, target : ndarray of shape (rows, p), (rows, q)
        The target is x where None.
    rng : numpy.random.Generator
    draws : int
    loss : str, optional
        By default that of the output, as in ``Objective``.

    Returns
    -------
    likelihood, divergence : ndarray of shape (rows,), in nats
    """
    mean, spread = posterior(network, theta, x)
    divergence = 0.5 * (mean**2 + spread**2 - 1.0 - 2.0 * np.log(spread)).sum(axis=1)
    total = np.zeros(len(mean))
    for likelihood, _ in _weights(network, theta, x, rng, draws, target, loss):
        total += likelihood.sum(axis=0)
    return total / draws, divergence


def importance_bound(
    network: Network,
    theta: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
    draws: int = 100,
    target: np.ndarray | None = None,
    loss: str | None = None,
) -> np.ndarray:
    """The importance-weighted bound of each row (Burda, Grosse and Salakhutdinov 2016, eq. 8), shape (rows,), in nats.

    log (1 / draws) sum_k p(t | z_k) p(z_k) / q(z_k | x): the ELBO for one draw, and never lower on average for more,
    with log p(t) as its limit. Parameters as of :func:`elbo`.
    """
    total = np.full(len(x), -np.inf)
    for likelihood, ratio in _weights(network, theta, x, rng, draws, target, loss):
        total = np.logaddexp(total, np.logaddexp.reduce(likelihood + ratio, axis=0))
    return total - np.log(draws)


def posterior(network: Network, theta: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the codes of each row, (rows, latent_dim) both."""
    if not isinstance(network.bottleneck, Variational):
        raise InputError("network: its bottleneck is plain; one with a variational bottleneck is accepted")
    means, log_variances = np.split(network.encoded(theta, x), 2, axis=1)
    return means, np.exp(0.5 * log_variances)


def _weights(
    network: Network,
    theta: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
    draws: int,
    target: np.ndarray | None,
    loss: str | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """log p(t | z) and log p(z) - log q(z | x) of drawn codes, (k, rows) both, in batches that make up all draws."""
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < 1:
        raise InputError(f"draws: {draws!r} is not accepted; a whole number of at least 1 is")
    mean, spread = posterior(network, theta, x)
    target = np.asarray(x if target is None else target, dtype=np.float64)
    if target.shape != (len(mean), network.outputs):
        raise InputError(f"target: expected shape ({len(mean)}, {network.outputs}), got {target.shape}")
    output = network.layers[-1].activation.name
    kind = losses.get(loss, output)
    kind.code(output)  # refuses what does not go with this output
    kind.check_target(target)
    step = max(1, _AT_ONCE // max(1, target.size))
    for start in range(0, draws, step):
        eps = rng.standard_normal((min(step, draws - start), *mean.shape))
        z = mean + spread * eps
        decoded = network.decode(theta, z.reshape(-1, mean.shape[1])).reshape(len(eps), *target.shape)
        # both densities lack the same constant, (d / 2) log(2 pi)
        ratio = (0.5 * eps**2 + np.log(spread) - 0.5 * z**2).sum(axis=2)
        yield _log_likelihood(kind, decoded, target), ratio


def _log_likelihood(
    loss: losses.SquaredError | losses.CrossEntropy, output: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """log p(t | z) of outputs (k, rows, q), shape (k, rows)."""
    if loss.sum_of_squares:
        return -((output - target) ** 2).sum(axis=2) - 0.5 * target.shape[1] * np.log(np.pi)
    lit, dark = np.log(np.maximum(output, _FLOOR)), np.log(np.maximum(1.0 - output, _FLOOR))
    return (target * lit + (1.0 - target) * dark).sum(axis=2)
