"""Run folders of image tasks for the tests of the report: real pictures, real baselines, errors that are measured.

The networks of these folders are stand-ins with a real outcome: linear maps fitted to the training rows. Their layers
are what a convolutional network of that text has, and their feature maps are real correlations of the first example.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import run_folders
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, signal
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from scipy_ae import corruptions
from scipy_ae.metrics import psnr
from scipy_ae.records import History, RunFolder

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "DejaVuSerif-Italic", "STIXGeneral", "cmr10")


def glyphs(side: int = 28) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Letters A to J of Matplotlib's own fonts: rows (n, side * side), their names, and the font of each."""
    folder = Path(font_manager.findfont("DejaVu Sans")).parent
    found = [folder / f"{name}.ttf" for name in FONTS if (folder / f"{name}.ttf").exists()]
    rows, names, fonts = [], [], []
    for k, path in enumerate(found):
        font = ImageFont.truetype(str(path), int(0.8 * side))
        for letter in "ABCDEFGHIJ":
            canvas = Image.new("L", (side, side))
            ImageDraw.Draw(canvas).text((side / 2, side / 2), letter, 255, font, anchor="mm")
            rows.append(np.asarray(canvas, float).ravel() / 255)
            names.append(f"{letter} of {path.stem}")
            fonts.append(k)
    return np.array(rows), names, np.array(fonts)


def patches(n: int, side: int, grey: bool = False, seed: int = 0) -> np.ndarray:
    """Patches of scikit-learn's photographs, (n, c * side * side) from 0 to 1."""
    rng = np.random.default_rng(seed)
    photos = load_sample_images().images
    rows = []
    for _ in range(n):
        photo = photos[rng.integers(len(photos))]
        y, x = (rng.integers(0, edge - side) for edge in photo.shape[:2])
        patch = photo[y : y + side, x : x + side].transpose(2, 0, 1) / 255
        rows.append((patch.mean(axis=0) if grey else patch).ravel())
    return np.array(rows)


def compress(path: Path, values: int = 10, **changes: Any) -> RunFolder:
    """Letters through ``values`` numbers; the font of the test is in no other part. Baselines: PCA, JPEG."""
    x, names, fonts = glyphs()
    parts = {"train": fonts < 4, "validation": fonts == 4, "test": fonts >= 5}
    x_train = x[parts["train"]]
    # twice as many components after rounding their values to 16 bits: not a network, but a real code of 32 bits a value
    code = PCA(min(2 * values, len(x_train) - 1), random_state=0).fit(x_train)
    output = np.clip(code.inverse_transform(code.transform(x).astype(np.float16).astype(float)), 0, 1)
    pca = PCA(values, random_state=0).fit(x_train)
    files = [_jpeg(row.reshape(28, 28), 32 * values) for row in x]
    made = {"output": output, "pca": np.clip(pca.inverse_transform(pca.transform(x)), 0, 1)}
    made["jpeg"] = np.array([row.ravel() for row, _ in files])
    bits = {"output": 32 * values, "pca": 32 * values, "jpeg": float(np.mean([size for _, size in files]))}
    told = {
        "task": "compress",
        "corruption": None,
        "grouped_by": "font",
        "code": {"values": values, "shape": [values], "bits": 32 * values, "ratio": 8 * 784 / (32 * values)},
    }
    shape = (1, 28, 28)
    changes.setdefault("layers", mirrored(shape, shape, values))
    return folder(path, x, x, made, parts, names, shape, shape, told, bits, **changes)


def denoise(path: Path, side: int = 32, n: int = 240, examples: int = 10, **changes: Any) -> RunFolder:
    """Patches of photographs in colour under Gaussian noise; baseline: the median filter."""
    target = patches(n, side)
    x = target + np.random.default_rng(1).normal(0, 0.1, target.shape)
    parts = _split(n)
    # a filter of 3 x 3 for each channel, fitted to the training rows: the best linear one of that size
    around = np.stack([_shifted(x, (3, side, side), dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=-1)
    train = parts["train"]
    fit = Ridge(1e-3).fit(around[train].reshape(-1, 9), target[train].ravel())
    output = fit.predict(around.reshape(-1, 9)).reshape(target.shape).clip(0, 1)
    median = ndimage.median_filter(x.reshape(n, 3, side, side), (1, 1, 3, 3)).reshape(target.shape)
    told = {"task": "denoise", "corruption": corruptions.parse("gaussian:0.1", (side, side)).meaning}
    made = {"output": output, "median": median}
    shape = (3, side, side)
    return folder(path, x, target, made, parts, None, shape, shape, told, {}, examples=examples, **changes)


def enlarge(path: Path, side: int = 32, n: int = 200, nearest: bool = False, **changes: Any) -> RunFolder:
    """Patches of photographs from half their size; baseline: bicubic.

    The output may be the ``nearest`` pixels alone.
    """
    target = patches(n, side, grey=True)
    small = target.reshape(n, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
    parts = _split(n)
    bicubic = np.array([np.asarray(_resized(row, (side, side)), float).ravel() for row in small]).clip(0, 1)
    fit = Ridge(0.1).fit(small[parts["train"]].reshape(-1, side * side // 4), (target - bicubic)[parts["train"]])
    output = (bicubic + fit.predict(small.reshape(n, -1))).clip(0, 1)
    if nearest:
        output = small.repeat(2, axis=1).repeat(2, axis=2).reshape(n, -1)
    told = {"task": "super-resolution", "corruption": "half the size by means of 2 x 2 pixels"}
    shapes = ((1, side // 2, side // 2), (1, side, side))
    made = {"output": output, "bicubic": bicubic}
    return folder(path, small.reshape(n, -1), target, made, parts, None, *shapes, told, {}, **changes)


def colorize(path: Path, side: int = 32, n: int = 200, **changes: Any) -> RunFolder:
    """Patches of photographs from their grey; baseline: the grey itself."""
    target = patches(n, side)
    planes = target.reshape(n, 3, -1)
    grey = planes.mean(axis=1)
    parts = _split(n)
    train = parts["train"]
    tints = [Ridge(1.0).fit(grey[train], planes[train, k] - grey[train]) for k in range(3)]
    output = np.stack([grey + tint.predict(grey) for tint in tints], axis=1).reshape(n, -1).clip(0, 1)
    told = {"task": "colorize", "corruption": "grey: the mean of red, green and blue"}
    made = {"output": output, "grey": np.tile(grey, 3)}
    return folder(path, grey, target, made, parts, None, (1, side, side), (3, side, side), told, {}, **changes)


def folder(
    path: Path,
    x: np.ndarray,
    target: np.ndarray,
    made: dict[str, np.ndarray],
    parts: dict[str, np.ndarray],
    names: list[str] | None,
    input_shape: tuple[int, int, int],
    target_shape: tuple[int, int, int],
    told: dict[str, Any],
    bits: dict[str, float],
    examples: int = 10,
    layers: list[dict[str, Any]] | None = None,
    coded: bool = False,
    **changes: Any,
) -> RunFolder:
    """Write the folder; ``made`` has the output and the baselines of all rows, ``changes`` those of images.json.

    A ``coded`` run has the arrays of a plane of codes too, as those of letters have: here the principal one.
    """
    run = RunFolder(path)
    path.mkdir(parents=True)
    layers = layers or mirrored(input_shape, target_shape)
    quality = _quality(x, target, made, parts, input_shape, target_shape, bits)
    held = np.flatnonzero(parts["test"])
    error = ((made["output"] - target)[held] ** 2).mean(axis=1)
    order = held[np.argsort(error, kind="stable")]
    rows = order[np.unique(np.linspace(0, len(order) - 1, min(examples, len(order))).round().astype(int))]
    labels = [names[i] if names else f"patch {i}" for i in rows]
    arrays, stages = _maps(x[rows[0]].reshape(input_shape), x.reshape(-1, *input_shape))
    arrays |= {"input": x[rows], "target": target[rows], "output": made["output"][rows]}
    arrays |= {f"baseline_{name}": y[rows] for name, y in made.items() if name != "output"}
    np.savez(run.image_arrays, **{name: array.astype(np.float32) for name, array in arrays.items()})
    table = {
        "grouped_by": None,
        "code": {"values": 512, "shape": [8, 8, 8], "bits": 512 * 32, "ratio": 8 * target.shape[1] / (512 * 32)},
        **told,
        "input_shape": list(input_shape),
        "target_shape": list(target_shape),
        "parts": {name: int(chosen.sum()) for name, chosen in parts.items()},
        "quality": quality,
        "examples": {"labels": labels, "rows": rows.tolist()},
        "filters": {"layer": layers[0]["name"], "shape": list(arrays["filters"].shape)},
        "features": stages,
    }
    run.images.write_text(json.dumps(table | changes))
    if coded:
        codes = PCA(2, random_state=0).fit_transform(x)
        np.savez(run.arrays, input=x, target=target, output=made["output"], codes=codes)
    _rest(run, len(x), layers, target_shape, float(error.mean()), [f"row {i}" for i in range(len(x))] if coded else [])
    return run


def mirrored(
    input_shape: tuple[int, int, int], target_shape: tuple[int, int, int], values: int = 0
) -> list[dict[str, Any]]:
    """The layers of conv8k3-relu-pool2-conv16k3-relu-pool2-conv8k1 and back, with an upsampling more where it grows;
    with ``values`` a dense layer to so many numbers ends the encoder."""
    _, h, _ = input_shape
    out, high, _ = target_shape
    side = h // 4
    rows = [("encoder", "conv", "conv8k3", (8, h, h)), ("encoder", "max-pool", "pool2", (8, h // 2, h // 2))]
    rows += [("encoder", "conv", "conv16k3", (16, h // 2, h // 2)), ("encoder", "max-pool", "pool2", (16, side, side))]
    if values:
        rows += [("encoder", "flatten", "flatten", (16 * side * side,)), ("encoder", "dense", "dense", (values,))]
        rows += [
            ("decoder", "dense", "dense", (16 * side * side,)),
            ("decoder", "reshape", "reshape", (16, side, side)),
        ]
    else:
        rows += [("encoder", "conv", "conv8k1", (8, side, side)), ("decoder", "conv", "conv16k3", (16, side, side))]
    channels = 16
    while side < high:
        side *= 2
        rows.append(("decoder", "upsample", "upsample2", (channels, side, side)))
        channels = 8 if side < high else out
        rows.append(("decoder", "conv", f"conv{channels}k3", (channels, side, side)))
    return described(input_shape, rows)


def described(shape: tuple[int, ...], rows: list[tuple[str, str, str, tuple[int, ...]]]) -> list[dict[str, Any]]:
    """Layers as result.json has them, from (part, kind, text, shape behind it); kernels are the text's last digit."""
    layers: list[dict[str, Any]] = []
    for part, kind, text, after in rows:
        weights = 0
        if kind in ("conv", "conv-transpose"):
            weights = after[0] * (shape[0] * int(text[-1]) ** 2 + 1)
        elif kind == "dense":
            weights = (int(np.prod(shape)) + 1) * int(np.prod(after))
        last = len(layers) == len(rows) - 1
        activation = "identity" if not weights else "logistic" if last else "relu"
        count = sum(layer["part"] == part for layer in layers)
        layer = {"name": f"{part}.{count}", "part": part, "kind": kind}
        layer |= {"text": f"dense{after[0]}" if kind == "dense" else text, "activation": activation}
        layers.append(layer | {"input_shape": list(shape), "output_shape": list(after), "parameters": weights})
        shape = after
    return layers


def _split(n: int) -> dict[str, np.ndarray]:
    place = np.arange(n) / n
    return {"train": place < 0.6, "validation": (place >= 0.6) & (place < 0.8), "test": place >= 0.8}


def _quality(
    x: np.ndarray,
    target: np.ndarray,
    made: dict[str, np.ndarray],
    parts: dict[str, np.ndarray],
    input_shape: tuple[int, int, int],
    target_shape: tuple[int, int, int],
    bits: dict[str, float],
) -> list[dict[str, Any]]:
    same = {"input": x} if input_shape == target_shape and (x != target).any() else {}
    rows = []
    for part, chosen in parts.items():
        for name, y in (same | made).items():
            ssim = float(np.mean([_ssim(a, b, target_shape) for a, b in zip(y[chosen], target[chosen])]))
            mse = float(np.mean((y[chosen] - target[chosen]) ** 2))
            row = {"name": name, "part": part, "mse": mse, "psnr": psnr(y[chosen], target[chosen]), "ssim": ssim}
            rows.append({**row, "bits": bits.get(name)})
    return rows


def _ssim(y: np.ndarray, t: np.ndarray, shape: tuple[int, int, int]) -> float:
    """Structural similarity over Gaussian windows of standard deviation 1.5 (Wang et al., 2004), mean of channels."""
    a, b = y.reshape(shape), t.reshape(shape)

    def mean(z: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(z, (0, 1.5, 1.5), truncate=3.5)

    ma, mb = mean(a), mean(b)
    va, vb, both = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return float(np.mean((2 * ma * mb + 1e-4) * (2 * both + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))))


def _maps(first: np.ndarray, x: np.ndarray) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Filters fitted to the pictures (components of their 3 x 3 patches) and what they make of the first one."""
    c = first.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(x[:40], (c, 3, 3), axis=(1, 2, 3))
    filters = PCA(8, random_state=0).fit(windows.reshape(-1, c * 9)).components_.reshape(8, c, 3, 3)
    kept = {"filters": filters}
    conv = np.stack([signal.correlate(first, kernel, mode="same")[c // 2] for kernel in filters])
    half = conv.shape[1] // 2 * 2
    pooled = np.maximum(conv, 0)[:, :half, :half].reshape(8, half // 2, 2, half // 2, 2).max(axis=(2, 4))
    two = np.concatenate([pooled, -pooled]) @ np.diag(np.linspace(1, 0.5, half // 2))
    stages = []
    for i, (name, maps) in enumerate({"encoder.0": conv, "encoder.1": pooled, "encoder.2": two}.items()):
        kept[f"features_{i}"] = maps
        stages.append({"layer": name, "shape": list(maps.shape)})
    return kept, stages


def _shifted(x: np.ndarray, shape: tuple[int, int, int], dy: int, dx: int) -> np.ndarray:
    c, h, w = shape
    padded = np.pad(x.reshape(-1, c, h, w), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    return padded[:, :, 1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w].reshape(len(x), -1)


def _jpeg(picture: np.ndarray, bits: float) -> tuple[np.ndarray, int]:
    """A picture (h, w) through the JPEG file nearest to so many bits, and how many the file has."""
    best: tuple[float, bytes] = (np.inf, b"")
    for quality in (1, 5, 10, 20, 40, 70):
        file = io.BytesIO()
        Image.fromarray(np.uint8(np.round(255 * picture))).save(file, "JPEG", quality=quality)
        best = min(best, (abs(8 * len(file.getvalue()) - bits), file.getvalue()))
    return np.asarray(Image.open(io.BytesIO(best[1])), float) / 255, 8 * len(best[1])


def _resized(row: np.ndarray, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(row.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)


def _rest(
    run: RunFolder,
    n: int,
    layers: list[dict[str, Any]],
    shape: tuple[int, int, int],
    loss: float,
    labels: list[str],
) -> None:
    """The files that every run has; the arrays of a run of letters are not among them."""
    result = {
        "title": "pictures",
        "command": "scipy-ae train --task compress",
        "dataset": {"name": "x", "about": "Real pictures", "kind": "image", "rows": n, "image_shape": list(shape[1:])},
        "layers": layers,
        "labels": labels,
        "parameters": sum(layer["parameters"] for layer in layers),
        "stop": "all iterations made",
        "best_iteration": 40,
        "loss": loss,
        "parts": {"squared-error": loss},
        "seconds": 0.4,
        "evaluations": 321,
        "interrupted": False,
    }
    run.result.write_text(json.dumps(result))
    run.machine.write_text(json.dumps({"machine": {"processor": "abacus"}, "threads": 2}))
    run.spec.write_text('task = "compress"\nsolver = "L-BFGS"\nevery = 4\n')
    History(run_folders.records(40, binary=False)).write(run.records)
