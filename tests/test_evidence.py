"""Bounds of the evidence, against a model whose evidence is known, and against the objective's own parts."""

import numpy as np
import pytest

import scipy_ae
from scipy_ae import evidence, latent
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import InputError


def linear_gaussian(rows=6, seed=0):
    """y = z W + b under squared error: log p(t) is that of a Gaussian with covariance W'W + 1/2."""
    rng = np.random.default_rng(seed)
    encoder = [scipy_ae.Dense(4, 4, "identity")]
    net = scipy_ae.Network(encoder, [scipy_ae.Dense(2, 4, "identity")], Variational())
    theta = net.initialize(rng, 0.4)
    x = rng.normal(size=(rows, 4))
    views = net.layout.views(theta)
    W, b = views["decoder.0.weight"], views["decoder.0.bias"]
    covariance = W.T @ W + 0.5 * np.eye(4)
    _, logdet = np.linalg.slogdet(2 * np.pi * covariance)
    rest = x - b
    exact = -0.5 * (logdet + np.einsum("ij,ij->i", rest, np.linalg.solve(covariance, rest.T).T))
    return net, theta, x, exact


def test_importance_bound_rises_to_the_evidence():
    net, theta, x, exact = linear_gaussian()
    rng = np.random.default_rng(1)
    likelihood, divergence = evidence.elbo(net, theta, x, rng, 20_000)
    bounds = [(likelihood - divergence).mean()]
    bounds += [
        np.mean([evidence.importance_bound(net, theta, x, rng, draws).mean() for _ in range(500)]) for draws in (4, 64)
    ]
    bounds.append(exact.mean())
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[1] - 0.1
    np.testing.assert_allclose(evidence.importance_bound(net, theta, x, rng, 200_000), exact, atol=0.05)


def test_one_draw_is_the_elbo_on_average():
    net, theta, x, _ = linear_gaussian(rows=2)
    rng = np.random.default_rng(2)
    likelihood, divergence = evidence.elbo(net, theta, x, rng, 50_000)
    single = [evidence.importance_bound(net, theta, x, rng, 1) for _ in range(4000)]
    error = np.std(single, axis=0) / np.sqrt(4000)
    assert (np.abs(np.mean(single, axis=0) - (likelihood - divergence)) < 5 * error).all()


@pytest.mark.parametrize(("loss", "constant"), [("cross-entropy", 0.0), ("squared-error", 2.5 * np.log(np.pi))])
def test_elbo_is_what_the_objective_minimises(loss, constant):
    rng = np.random.default_rng(3)
    net = scipy_ae.Network.parse("5-4-2-4-5", bottleneck=Variational(0.25))
    x, t = rng.random((7, 5)), rng.random((7, 5))
    theta = net.initialize(rng)
    likelihood, divergence = evidence.elbo(net, theta, x, np.random.default_rng(9), 3, t, loss)
    eps = np.random.default_rng(9).standard_normal((3, 7, 2)).transpose(1, 0, 2)
    parts = scipy_ae.Objective(net, scipy_ae.Batch(x, t, eps=eps), loss).parts(theta)
    assert likelihood.mean() == pytest.approx(-parts[loss] - constant, rel=1e-12)
    assert divergence.mean() == pytest.approx(parts["KL divergence"] / 0.25, rel=1e-12)


def test_many_draws_are_worked_out_in_batches(monkeypatch):
    net, theta, x, _ = linear_gaussian()
    whole = evidence.importance_bound(net, theta, x, np.random.default_rng(4), 50)
    monkeypatch.setattr(evidence, "_AT_ONCE", 7 * x.size)
    parts = evidence.importance_bound(net, theta, x, np.random.default_rng(4), 50)
    np.testing.assert_allclose(parts, whole, rtol=1e-13)
    likelihood, _ = evidence.elbo(net, theta, x, np.random.default_rng(4), 50)
    monkeypatch.undo()
    np.testing.assert_allclose(likelihood, evidence.elbo(net, theta, x, np.random.default_rng(4), 50)[0], rtol=1e-13)


def test_codes_of_the_prior_are_standard_normal():
    codes = latent.prior_codes(3, 20_000, np.random.default_rng(0))
    assert codes.shape == (20_000, 3)
    np.testing.assert_allclose(codes.mean(axis=0), 0.0, atol=0.04)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=0.05)
    with pytest.raises(InputError, match="count: 0 is not accepted"):
        latent.prior_codes(3, 0, np.random.default_rng(0))


def test_what_has_no_evidence_is_refused():
    net, theta, x, _ = linear_gaussian()
    rng = np.random.default_rng(0)
    plain = scipy_ae.Network.parse("4-2-4")
    with pytest.raises(InputError, match="its bottleneck is plain; one with a variational bottleneck is accepted"):
        evidence.elbo(plain, plain.initialize(rng), x, rng)
    with pytest.raises(InputError, match="draws: 0 is not accepted"):
        evidence.importance_bound(net, theta, x, rng, 0)
    with pytest.raises(InputError, match=r"target: expected shape \(6, 4\), got \(6, 3\)"):
        evidence.elbo(net, theta, x, rng, target=x[:, :3])
    with pytest.raises(InputError, match="cross-entropy needs an output within"):
        evidence.elbo(net, theta, x, rng, loss="cross-entropy")
