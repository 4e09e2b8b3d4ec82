"""A plain NumPy network, written from the formulas, to hold the kernels against."""

import numpy as np

FORMULAS = {
    "identity": lambda z, s: z,
    "step": lambda z, s: np.where(z >= 0, 1.0, 0.0),
    "logistic": lambda z, s: 1 / (1 + np.exp(-z)),
    "tanh": lambda z, s: np.tanh(z),
    "arctan": lambda z, s: np.arctan(z),
    "relu": lambda z, s: np.maximum(z, 0),
    "leaky-relu": lambda z, s: np.where(z > 0, z, 0.01 * z),
    "parametric-relu": lambda z, s: np.where(z > 0, z, s * z),
    "elu": lambda z, s: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "softplus": lambda z, s: np.logaddexp(0, z),
    "saturating-linear": lambda z, s: np.clip(z, 0, 1),
    "softmax": lambda z, s: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}


def plain_output(net, theta, x):
    """Layer after layer, by name, as a reader of the layout would."""
    views, y = net.layout.views(theta), x
    for name, layer in net.named_layers():
        z = layer.activation.beta * (y @ views[f"{name}.weight"] + views[f"{name}.bias"])
        y = FORMULAS[layer.activation.name](z, views.get(f"{name}.slope"))
    return y


def plain_loss(objective, theta):
    """The objective's value from the equations of the docstrings."""
    net, batch = objective.network, objective.batch
    y, t = plain_output(net, theta, batch.x), batch.target
    if objective.loss.name == "squared-error":
        rows = ((y - t) ** 2).sum(axis=1)
    else:
        rows = (-t * np.log(y) - (1 - t) * np.log(1 - y)).sum(axis=1)
    weights = [view for name, view in net.layout.views(theta).items() if name.endswith(".weight")]
    decay = sum(penalty.weight for penalty in objective.penalties) * sum((w**2).sum() for w in weights)
    return float(batch.weight @ rows + decay)
