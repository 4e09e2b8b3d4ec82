"""A torch module of encoder and decoder."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scipy_ae.errors import UnsupportedError
from scipy_ae.export.steps import Added, Affine, Applied, First, Images, Rows, Step, decoder_steps, encoder_steps
from scipy_ae.layers.normalisation import EPSILON
from scipy_ae.network import Network


def to_torch(network: Network, theta: np.ndarray) -> Any:
    """The network as a ``torch.nn.Sequential`` of its ``encoder`` and ``decoder``, in double precision, trainable.

    Rows come in and go out, those of images with their channels one behind the other. Where beta is 1 each ``Linear``
    holds the layer's own weights, transposed as torch has them, and so does each ``ConvTranspose2d``; else beta times
    these. It is in the state of ``eval()``, in which batch norms have the statistics of the training set. Where the
    network adds its input to its output, the whole does so behind its ``decoder``, which alone cannot.

    Raises
    ------
    UnsupportedError
        The package torch is not there.
    InputError
        The statistics of a batch norm are not known.
    """
    try:
        from torch import nn
    except ImportError:
        raise UnsupportedError("to_torch needs the package torch: pip install scipy-ae[torch]") from None
    encoder, decoder = encoder_steps(network, theta), decoder_steps(network, theta)
    return torch_network(nn.Sequential(*map(torch_module, encoder)), decoder).eval()


def torch_network(encoder: Any, decoder: list[Step]) -> Any:
    """Encoder, then the decoder's steps, then the input where these add it."""
    from torch import nn

    added = [step for step in decoder if isinstance(step, Added)]

    class Restoring(nn.Sequential):
        def forward(self, x: Any) -> Any:
            return super().forward(x) + _as_output(added[0], x)

    whole = Restoring() if added else nn.Sequential()
    whole.add_module("encoder", encoder)
    whole.add_module("decoder", nn.Sequential(*(torch_module(step) for step in decoder if not isinstance(step, Added))))
    return whole


def torch_module(step: Step) -> Any:
    import torch
    from torch import nn

    if isinstance(step, Affine):
        inputs, outputs = step.weight.shape
        return _filled(nn.Linear, (inputs, outputs), weight=step.weight.T, bias=step.bias)
    if isinstance(step, First):
        return _torch_function(lambda z: z[:, : step.count])
    if isinstance(step, Images):
        return _torch_function(lambda z: z.reshape(-1, *step.shape))
    if isinstance(step, Rows):
        return nn.Flatten()
    if isinstance(step, Applied):
        return _APPLIED[step.layer.kind](step)
    assert not isinstance(step, Added)
    if step.name == "parametric-relu" and step.slope is not None:
        return _filled(nn.PReLU, (step.slope.size,), weight=step.slope.reshape(-1))
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
        "softmax": lambda: nn.Softmax(dim=1),
    }
    return made[step.name]()


def _conv(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    sizes = (layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding)
    return _filled(nn.Conv2d, sizes, **step.arrays)


def _conv_transpose(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    sizes = (layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, layer.output_paddings)
    return _filled(nn.ConvTranspose2d, sizes, weight=step.arrays["weight"].swapaxes(0, 1), bias=step.arrays["bias"])


def _pool(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    return (nn.MaxPool2d if layer.kind == "max-pool" else nn.AvgPool2d)(layer.size, layer.stride)


def _upsample(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    corners = False if layer.mode == "bilinear" else None
    return nn.Upsample(scale_factor=float(layer.factor), mode=layer.mode, align_corners=corners)


def _shuffle(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    return nn.PixelShuffle(layer.factor)


def _batch_norm(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    arrays = dict(step.arrays)
    arrays = {"running_mean": arrays.pop("mean"), "running_var": arrays.pop("variance"), **arrays}
    arrays["num_batches_tracked"] = np.array(0)
    return _filled(
        nn.BatchNorm2d if len(step.input_shape) == 3 else nn.BatchNorm1d, (layer.channels, EPSILON), **arrays
    )


def _group_norm(step: Applied) -> Any:
    from torch import nn

    layer: Any = step.layer
    return _filled(nn.GroupNorm, (layer.groups, layer.channels, EPSILON), **step.arrays)


def _times(step: Applied) -> Any:
    beta = float(step.arrays["weight"])
    return _torch_function(lambda z: beta * z)


_APPLIED: dict[str, Callable[[Applied], Any]] = {
    "conv": _conv,
    "conv-transpose": _conv_transpose,
    "max-pool": _pool,
    "avg-pool": _pool,
    "upsample": _upsample,
    "pixel-shuffle": _shuffle,
    "batch-norm": _batch_norm,
    "group-norm": _group_norm,
    "elementwise": _times,
}


def _filled(kind: Any, sizes: tuple, **arrays: np.ndarray) -> Any:
    """A module of double precision with these arrays."""
    import torch
    from torch import nn

    made = nn.utils.skip_init(kind, *sizes, dtype=torch.float64)
    made.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
    return made


def _as_output(step: Added, x: Any) -> Any:
    """The network's input (n, p) as it is added to rows of the output."""
    from torch import nn

    if len(step.input_shape) == 1:
        return x
    channels, h, w = step.output_shape
    images = x.reshape(-1, *step.input_shape)
    if images.shape[2:] != (h, w):
        images = nn.functional.interpolate(images, (h, w), mode="bilinear", align_corners=False)
    return images.expand(-1, channels, -1, -1).flatten(1)


def _torch_function(function: Callable[[Any], Any]) -> Any:
    """A module of one function, where torch has none."""
    from torch import nn

    class Function(nn.Module):
        def forward(self, z: Any) -> Any:
            return function(z)

    return Function()
