"""A torch module of encoder and decoder."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scipy_ae.errors import UnsupportedError
from scipy_ae.export.steps import Affine, First, Step, decoder_steps, encoder_steps
from scipy_ae.network import Network


def to_torch(network: Network, theta: np.ndarray) -> Any:
    """The network as a ``torch.nn.Sequential`` of its ``encoder`` and ``decoder``, in double precision, trainable.

    Where beta is 1 each ``Linear`` holds the layer's own weights, transposed as torch has them; else beta times these.

    Raises
    ------
    UnsupportedError
        The package torch is not there.
    """
    try:
        from torch import nn
    except ImportError:
        raise UnsupportedError("to_torch needs the package torch: pip install scipy-ae[torch]") from None
    whole = nn.Sequential()
    for name, steps in (("encoder", encoder_steps(network, theta)), ("decoder", decoder_steps(network, theta))):
        whole.add_module(name, nn.Sequential(*(torch_module(step) for step in steps)))
    return whole


def torch_module(step: Step) -> Any:
    import torch
    from torch import nn

    if isinstance(step, Affine):
        linear = nn.utils.skip_init(nn.Linear, *step.weight.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(step.weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(step.bias.copy()))
        return linear
    if isinstance(step, First):
        return _torch_function(lambda z: z[:, : step.count])
    if step.name == "parametric-relu" and step.slope is not None:
        bent = nn.PReLU(len(step.slope), dtype=torch.float64)
        with torch.no_grad():
            bent.weight.copy_(torch.from_numpy(step.slope.copy()))
        return bent
    made: dict[str, Callable[[], Any]] = {
        "identity": nn.Identity,
        "step": lambda: _torch_function(lambda z: (z >= 0).to(z.dtype)),
        "logistic": nn.Sigmoid,
        "tanh": nn.Tanh,
        "arctan": lambda: _torch_function(torch.atan),
        "relu": nn.ReLU,
        "leaky-relu": lambda: nn.LeakyReLU(step.alpha),
        "elu": lambda: nn.ELU(step.alpha),
        "softplus": lambda: nn.Softplus(threshold=40.0),  # torch's own 20 is for single precision
        "saturating-linear": lambda: nn.Hardtanh(0.0, 1.0),
        "softmax": lambda: nn.Softmax(dim=-1),
    }
    return made[step.name]()


def _torch_function(function: Callable[[Any], Any]) -> Any:
    """A module of one function, where torch has none."""
    from torch import nn

    class Function(nn.Module):
        def forward(self, z: Any) -> Any:
            return function(z)

    return Function()
