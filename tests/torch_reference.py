"""The objective written once more in torch, from the equations of the docstrings, for its automatic derivatives."""

import torch

from scipy_ae.bottlenecks import Variational
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity


def _activation(kind, a, slope):
    z = kind.beta * a
    zero = torch.zeros_like(z)
    functions = {
        "identity": lambda: z,
        "step": lambda: torch.where(z >= 0, 1.0, 0.0).to(z.dtype),
        "logistic": lambda: torch.sigmoid(z),
        "tanh": lambda: torch.tanh(z),
        "arctan": lambda: torch.atan(z),
        "relu": lambda: torch.where(z > 0, z, zero),
        "leaky-relu": lambda: torch.where(z > 0, z, kind.alpha * z),
        "parametric-relu": lambda: torch.where(z > 0, z, slope * z),
        "elu": lambda: torch.where(z > 0, z, kind.alpha * torch.expm1(torch.where(z > 0, zero, z))),
        "softplus": lambda: torch.log1p(torch.exp(-torch.abs(z))) + torch.where(z > 0, z, zero),
        "saturating-linear": lambda: torch.where(z <= 0, zero, torch.where(z > 1, zero + 1, z)),
        "softmax": lambda: torch.softmax(z, dim=1),
    }
    return functions[kind.name]()


def value(objective, theta):
    """The objective at a tensor theta (n,), with a graph behind it."""
    net, batch = objective.network, objective.batch
    x, target, weight = (torch.tensor(part) for part in (batch.x, batch.target, batch.weight))
    x.requires_grad_(True)
    views = {name: theta[place].reshape(shape) for name, (place, shape) in net.layout.entries.items()}
    outputs, logits = {}, None

    def run(y, names):
        nonlocal logits
        for name in names:
            layer = dict(net.named_layers())[name]
            logits = y @ views[f"{name}.weight"] + views[f"{name}.bias"]
            y = outputs[name] = _activation(layer.activation, logits, views.get(f"{name}.slope"))
        return y

    encoders = [name for name, _ in net.named_layers() if name.startswith("encoder")]
    decoders = [name for name, _ in net.named_layers() if name.startswith("decoder")]
    code = run(x, encoders)
    mean, draws, total = code[:, : net.latent_dim], 1, torch.zeros((), dtype=theta.dtype)
    outputs[encoders[-1]] = mean
    z = mean
    if isinstance(net.bottleneck, Variational):
        eps = torch.tensor(batch.eps)
        draws = eps.shape[1]
        logvar = code[:, net.latent_dim :]
        z = (mean[:, None, :] + torch.exp(logvar / 2)[:, None, :] * eps).reshape(-1, net.latent_dim)
        rows = 0.5 * (mean**2 + torch.exp(logvar) - 1 - logvar).sum(dim=1)
        total = total + net.bottleneck.beta * (weight @ rows)
    y = run(z, decoders)
    weights = {name: weight if name in encoders else weight.repeat_interleave(draws) / draws for name in outputs}
    t = target.repeat_interleave(draws, dim=0)
    if objective.loss.name == "squared-error":
        rows = ((y - t) ** 2).sum(dim=1)
    elif net.layers[-1].activation.name == "logistic":
        s = net.layers[-1].activation.beta * logits
        rows = (torch.nn.functional.softplus(s, threshold=1e6) - t * s).sum(dim=1)
    else:
        rows = (-t * torch.log(y) - (1 - t) * torch.log(1 - y)).sum(dim=1)
    total = total + weights[decoders[-1]] @ rows
    for penalty in objective.penalties:
        total = total + _penalty(penalty, net, batch, views, outputs, weights, mean, x, weight)
    return total


def _penalty(penalty, net, batch, views, outputs, weights, mean, x, weight):
    if isinstance(penalty, L2):
        return penalty.weight * sum((view**2).sum() for name, view in views.items() if name.endswith("weight"))
    if isinstance(penalty, Contractive):
        if penalty.probes is None:
            seeds = [torch.eye(net.latent_dim, dtype=x.dtype)[j].expand_as(mean) for j in range(net.latent_dim)]
        else:
            seeds = [torch.tensor(batch.probes[:, j]) / penalty.probes**0.5 for j in range(penalty.probes)]
        squares = 0.0
        for seed in seeds:
            (slope,) = torch.autograd.grad((mean * seed).sum(), x, create_graph=True, allow_unused=True)
            squares = squares + (0.0 * x.sum(dim=1) if slope is None else (slope**2).sum(dim=1))
        return penalty.weight * (weight @ squares)
    names = [name for name, _ in net.named_layers()]
    chosen = {
        "code": [names[len(net.encoder) - 1]],
        "all": names[:-1],
    }.get(penalty.layers[0], list(penalty.layers))
    total = 0.0
    for name in chosen:
        a, w = outputs[name], weights[name]
        if isinstance(penalty, L1Sparsity):
            total = total + penalty.weight * (w @ a.abs().sum(dim=1))
        else:
            assert isinstance(penalty, KLSparsity)
            m = w @ ((a + 1) / 2 if dict(net.named_layers())[name].activation.name == "tanh" else a)
            rho = penalty.rho
            each = rho * torch.log(rho / m) + (1 - rho) * torch.log((1 - rho) / (1 - m))
            total = total + penalty.weight * each.sum()
    return total


def value_and_gradient(objective, theta):
    tensor = torch.tensor(theta, requires_grad=True)
    found = value(objective, tensor)
    (gradient,) = torch.autograd.grad(found, tensor)
    return found.item(), gradient.numpy()


def hessian_product(objective, theta, v):
    tensor = torch.tensor(theta, requires_grad=True)
    (gradient,) = torch.autograd.grad(value(objective, tensor), tensor, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ torch.tensor(v), tensor)
    return product.numpy()
