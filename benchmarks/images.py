"""Part M: loss and gradient of convolutional networks in float32 on all cores, beside torch."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from children import all_threads, answer

#: How far value and gradient may lie apart, relative, in float32.
AGREEMENT = 1e-4


@dataclass(frozen=True)
class ImageCase:
    """A network with its mirrored decoder, the shape of its images, and how many there are."""

    name: str
    layers: str
    shape: tuple[int, int, int]
    rows: int


_SMALL = ("28x28x1, 8 and 16 channels, kernel 3", "conv8k3-relu-pool2-conv16k3-relu-pool2", (1, 28, 28))
CASES = (
    *(ImageCase(*_SMALL, rows) for rows in (1, 4, 8, 15, 256)),
    ImageCase("32x32x3, 16 and 32 channels", "conv16k3-relu-pool2-conv32k3-relu-pool2", (3, 32, 32), 128),
    ImageCase("128x128x3, kernel 4 stride 2, kernel 6 stride 3", "conv16k4s2p1-relu-conv32k6s3-relu", (3, 128, 128), 8),
)


def measure(peers: list[Any], quick: bool) -> list[dict[str, Any]]:
    """One row for each case; none without torch."""
    if "torch" not in {peer.name for peer in peers}:
        return []
    rounds = "5" if quick else "31"
    return [answer(Path(__file__).stem, str(k), rounds, environment=all_threads())[0] for k in range(len(CASES))]


def _row(case: ImageCase, rounds: int) -> dict[str, Any]:
    """In a process of its own: both take turns."""
    from clock import interleave, summary
    from settings import OURS

    from scipy_ae import Batch, Network, Objective

    network = Network.parse(case.layers, input_shape=case.shape)
    x = np.random.default_rng(0).random((case.rows, network.inputs)).astype(np.float32)
    theta = network.initialize(np.random.default_rng(1), init="he")
    objective = Objective(network, Batch(x), "cross-entropy", (), np.float32)
    call, answered, threads = _torch(network, theta, x)
    value, gradient = objective.fun_and_jac(theta)
    call()
    other, other_gradient = answered()
    apart = max(abs(other - value) / abs(value), np.abs(other_gradient - gradient).max() / np.abs(gradient).max())
    if not apart < AGREEMENT:
        raise SystemExit(f"{case.name}: torch differs by {apart:.1e}")
    times = interleave({OURS: lambda: objective.fun_and_jac(theta), "torch": call}, rounds, least=1e-2)
    return {
        "case": case.name,
        "layers": network.spec,
        "rows": case.rows,
        "parameters": network.size,
        "threads": threads,
        "disagreement": float(apart),
        "times": summary(times, OURS),
    }


def _torch(network: Any, theta: np.ndarray, x: np.ndarray) -> tuple[Callable, Callable, int]:
    """One evaluation by torch, as anybody would write it; what it found; on how many threads."""
    import torch
    from torch import nn

    modules, views = list[nn.Module](), network.layout.views(theta)
    for name, layer in network.named_layers():
        if layer.kind in ("conv", "conv-transpose"):
            across = layer.kind == "conv-transpose"
            kind, more = (nn.ConvTranspose2d, (layer.output_paddings,)) if across else (nn.Conv2d, ())
            module = kind(layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, *more)
            weight = views[f"{name}.weight"]
            with torch.no_grad():
                module.weight.copy_(torch.tensor(weight.swapaxes(0, 1) if across else weight))
                module.bias.copy_(torch.tensor(views[f"{name}.bias"]))
            modules.append(module)
        elif layer.kind == "max-pool":
            modules.append(nn.MaxPool2d(layer.size))
        else:
            modules.append(nn.Upsample(scale_factor=layer.factor))
        if layer.activation.name == "relu":
            modules.append(nn.ReLU())
    whole = nn.Sequential(*modules)
    images = torch.tensor(x).reshape(-1, *network.input_shape)
    found: list[float] = [0.0]

    def call() -> None:
        whole.zero_grad(set_to_none=True)
        logits = whole(images)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        loss.backward()
        found[0] = loss.item()

    def answered() -> tuple[float, np.ndarray]:
        gradient = np.zeros(network.size)
        into, own = network.layout.views(gradient), iter(whole.parameters())
        for name, layer in network.named_layers():
            for kind, _ in layer.parameters():
                part = next(own).grad.numpy()
                across = kind == "weight" and layer.kind == "conv-transpose"
                into[f"{name}.{kind}"][:] = part.swapaxes(0, 1) if across else part
        return found[0], gradient

    return call, answered, torch.get_num_threads()


if __name__ == "__main__":
    print(json.dumps(_row(CASES[int(sys.argv[1])], int(sys.argv[2]))))
