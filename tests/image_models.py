"""Networks on images for the tests of files, pages and exports, with torch's functions as the reference."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from scipy_ae import tensors
from scipy_ae.layers import (
    AddInput,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Elementwise,
    Flatten,
    GroupNorm,
    Layer,
    MaxPool2D,
    PixelShuffle,
    Reshape,
    Shape,
    Upsample2D,
)


@dataclass
class Chain:
    """An encoder and a decoder on images, with arrays and statistics drawn at random."""

    input_shape: Shape
    encoder: list[Layer]
    decoder: list[Layer]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    statistics: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(prod(self.input_shape))
        for name, layer in self.named():
            for kind, shape in layer.parameters():
                fan = prod(shape[1:]) if len(shape) == 4 else shape[0]
                self.arrays[f"{name}.{kind}"] = rng.normal(size=shape) * (1.5 / fan**0.5 if kind == "weight" else 0.3)
            if isinstance(layer, BatchNorm):
                self.statistics[name] = rng.normal(size=layer.channels), rng.uniform(0.1, 2.0, layer.channels)

    def named(self, part: str = "") -> list[tuple[str, Layer]]:
        parts = (("encoder", self.encoder), ("decoder", self.decoder))
        named = [(f"{name}.{k}", layer) for name, layers in parts for k, layer in enumerate(layers)]
        return [(name, layer) for name, layer in named if name.startswith(part)]

    @property
    def code_shape(self) -> Shape:
        shape = self.input_shape
        for layer in self.encoder:
            shape = layer.output_shape(shape)
        return shape

    def encode(self, x: np.ndarray) -> np.ndarray:
        return self._run("encoder", x, self.input_shape)

    def decode(self, z: np.ndarray, x: np.ndarray | None = None) -> np.ndarray:
        return self._run("decoder", z, self.code_shape, x)

    def _run(self, part: str, rows: np.ndarray, shape: Shape, x: np.ndarray | None = None) -> np.ndarray:
        y = torch.tensor(rows, dtype=torch.float64).reshape(-1, *shape)
        for name, layer in self.named(part):
            if isinstance(layer, AddInput):
                assert x is not None
                y = y + enlarged(torch.tensor(x).reshape(-1, *self.input_shape), y.shape[2:])
                continue
            own = {kind: torch.tensor(self.arrays[f"{name}.{kind}"]) for kind, _ in layer.parameters()}
            y = applied(layer, y, own, [torch.tensor(values) for values in self.statistics.get(name, ())])
        return y.flatten(1).numpy()

    def save(self, path: Path) -> None:
        """The file of such a model, written from the words of the format."""
        network: dict[str, Any] = {part: [layer.to_plain() for _, layer in self.named(part)] for part in PARTS}
        network |= {"bottleneck": "plain", "input_shape": list(self.input_shape)}
        arrays = dict(self.arrays)
        for name, (mean, variance) in self.statistics.items():
            arrays |= {f"statistics.{name}.mean": mean, f"statistics.{name}.variance": variance}
        tensors.write(path, *tensors.MODEL, {"network": network, "about": {}}, arrays)


PARTS = ("encoder", "decoder")


def applied(layer: Layer, x: torch.Tensor, own: dict[str, torch.Tensor], known: list[torch.Tensor]) -> torch.Tensor:
    if isinstance(layer, Dense):
        a = x.flatten(1) @ own["weight"] + own["bias"]
    elif isinstance(layer, Conv2D):
        a = F.conv2d(x, own["weight"], own["bias"], layer.stride, layer.padding)
    elif isinstance(layer, ConvTranspose2D):
        sizes = (layer.stride, layer.padding, layer.output_paddings)
        a = F.conv_transpose2d(x, own["weight"].swapaxes(0, 1), own["bias"], *sizes)
    elif isinstance(layer, MaxPool2D):
        a = F.max_pool2d(x, layer.size, layer.stride)
    elif isinstance(layer, AvgPool2D):
        a = F.avg_pool2d(x, layer.size, layer.stride)
    elif isinstance(layer, Upsample2D):
        smooth = {"align_corners": False} if layer.mode == "bilinear" else {}
        a = F.interpolate(x, scale_factor=layer.factor, mode=layer.mode, **smooth)
    elif isinstance(layer, PixelShuffle):
        a = F.pixel_shuffle(x, layer.factor)
    elif isinstance(layer, BatchNorm):
        a = F.batch_norm(x, *known, own["weight"], own["bias"])
    elif isinstance(layer, GroupNorm):
        a = F.group_norm(x, layer.groups, own["weight"], own["bias"])
    elif isinstance(layer, Flatten):
        a = x.flatten(1)
    elif isinstance(layer, Reshape):
        a = x.reshape(-1, layer.channels, layer.height, layer.width)
    else:
        assert isinstance(layer, Elementwise)
        a = x
    return _curved(layer, a, own.get("slope"))


def _curved(layer: Layer, a: torch.Tensor, slope: torch.Tensor | None) -> torch.Tensor:
    f, z = layer.activation, layer.activation.beta * a
    functions = {
        "identity": lambda: z,
        "step": lambda: (z >= 0).to(z.dtype),
        "logistic": lambda: torch.sigmoid(z),
        "tanh": lambda: torch.tanh(z),
        "arctan": lambda: torch.atan(z),
        "relu": lambda: F.relu(z),
        "leaky-relu": lambda: F.leaky_relu(z, f.alpha),
        "parametric-relu": lambda: F.prelu(z, slope),
        "elu": lambda: F.elu(z, f.alpha),
        "softplus": lambda: F.softplus(z, threshold=40.0),
        "saturating-linear": lambda: torch.clip(z, 0.0, 1.0),
        "softmax": lambda: torch.softmax(z, dim=1),
    }
    return functions[f.name]()


def enlarged(images: torch.Tensor, size: Any) -> torch.Tensor:
    return F.interpolate(images, size, mode="bilinear", align_corners=False)


def small(*decoder: Layer, channels: int = 2, side: int = 5) -> Chain:
    """The identity before a decoder of codes that are images."""
    return Chain((channels, side, side), [Elementwise("identity")], list(decoder))


#: A decoder for each kind of layer and each of its ways, on codes of 2 x 5 x 5.
KINDS = {
    "conv": small(Conv2D(2, 3, 3, activation="tanh")),
    "conv without padding": small(Conv2D(2, 3, 2, padding=0)),
    "conv with stride and wide padding": small(Conv2D(2, 3, 3, stride=2, padding=3, activation="elu")),
    "conv larger than its step": small(Conv2D(2, 1, 5, stride=3)),
    "transposed": small(ConvTranspose2D(2, 3, 4, stride=2, activation="tanh")),
    "transposed of step one": small(ConvTranspose2D(2, 3, 3)),
    "transposed with gaps": small(ConvTranspose2D(2, 3, 2, stride=3, padding=0)),
    "transposed and cut": small(ConvTranspose2D(2, 3, 3, stride=2, padding=3, output_padding=1)),
    "transposed to unlike sides": small(ConvTranspose2D(2, 1, 3, stride=3, padding=0, output_padding=(0, 2))),
    "max-pool": small(MaxPool2D(2)),
    "max-pool that overlaps": small(MaxPool2D(3, stride=1)),
    "avg-pool": small(AvgPool2D(2)),
    "avg-pool with gaps": small(AvgPool2D(2, stride=3)),
    "nearest": small(Upsample2D(3)),
    "bilinear": small(Upsample2D(2, "bilinear")),
    "bilinear of an odd factor": small(Upsample2D(3, "bilinear")),
    "pixel-shuffle": small(PixelShuffle(2), channels=8, side=3),
    "batch-norm": small(BatchNorm(2, "relu")),
    "batch-norm of vectors": small(Flatten(), BatchNorm(50, "parametric-relu")),
    "group-norm": small(GroupNorm(2, 4, "tanh"), channels=4, side=3),
    "group-norm of vectors": small(Flatten(), GroupNorm(5, 50)),
    "flatten": small(Flatten(), Elementwise("tanh")),
    "reshape": small(Reshape(1, 10, 5), Conv2D(1, 2, 3)),
    "dense on images": small(Dense(50, 12), Reshape(3, 2, 2), Elementwise("softmax")),
}


def deep() -> Chain:
    """28 x 28 and back through 8 x 7 x 7, with 8 and 16 channels."""
    encoder = [Conv2D(1, 16, 3, activation="relu"), MaxPool2D(2), Conv2D(16, 8, 3, activation="relu"), MaxPool2D(2)]
    decoder = [
        Upsample2D(2),
        Conv2D(8, 16, 3, activation="relu"),
        BatchNorm(16),
        Upsample2D(2),
        Conv2D(16, 16, 3, activation="relu"),
        Conv2D(16, 1, 3, activation="logistic"),
    ]
    return Chain((1, 28, 28), [*encoder], [*decoder])


def colour() -> Chain:
    """8 x 8 in colour and back through 30 numbers."""
    encoder = [Conv2D(3, 4, 4, stride=2, padding=1, activation="tanh"), Dense(64, 30, "tanh")]
    decoder = [
        Dense(30, 64, "relu"), Reshape(4, 4, 4), GroupNorm(2, 4),
        ConvTranspose2D(4, 3, 4, stride=2, activation="logistic"),
    ]  # fmt: skip
    return Chain((3, 8, 8), [*encoder], [*decoder])


def restoring(channels: int = 1) -> Chain:
    """Colour of twice the size from images of so many channels, which are added in the end."""
    decoder = [ConvTranspose2D(4, 3, 4, stride=2, activation="tanh"), AddInput()]
    return Chain((channels, 5, 6), [Conv2D(channels, 4, 3, activation="tanh")], [*decoder])
