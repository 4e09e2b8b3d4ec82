"""Run folders for the tests of the report: real letters and circles, outputs with known errors, plausible records."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.datasets import load_font, make_circles
from scipy_ae.records import History, Record, RunFolder


def letters(path: Path, n: int = 10, d: int = 2, wrong: dict[int, int] | None = None, **result: Any) -> RunFolder:
    """A run of the first n uppercase letters; ``wrong`` maps a row to how many of its first pixels come out wrong."""
    font = load_font(2)
    x = np.resize(font.x, (n, 35))
    labels = result.pop("labels", [font.labels[i % len(font.labels)] for i in range(n)])
    rng = np.random.default_rng(0)
    output = np.where(x > 0.5, 0.8, 0.2) + rng.uniform(-0.15, 0.15, x.shape)
    for row, count in (wrong or {}).items():
        output[row, :count] = 1 - output[row, :count]
    return run(path, x, output, rng.normal(size=(n, d)), labels, "image", (7, 5), **result)


def circles(path: Path, n: int = 30, **result: Any) -> RunFolder:
    """A run of circles that come out 2 % too small and with a ripple of 1 %."""
    data = make_circles(n)
    ripple = 1 + 0.01 * np.cos(3 * np.arctan2(data.x[:, 1::2], data.x[:, ::2]))
    output = 0.98 * data.x * np.repeat(ripple, 2, axis=1)
    codes = np.column_stack([np.linspace(-1, 1, n), np.linspace(-1, 1, n) ** 2])
    return run(path, data.x, output, codes, data.labels, "circles", None, **result)


def table(path: Path, n: int = 60, p: int = 4, **result: Any) -> RunFolder:
    """A run of plain rows in three named classes."""
    rng = np.random.default_rng(1)
    kind = np.arange(n) % 3
    x = kind[:, None] + rng.normal(scale=0.2, size=(n, p))
    codes = np.column_stack([kind, -kind]) + rng.normal(scale=0.1, size=(n, 2))
    labels = [("setosa", "versicolor", "virginica")[k] for k in kind]
    return run(path, x, x + rng.normal(scale=0.05, size=x.shape), codes, labels, "table", None, **result)


def trained(
    path: Path, spec: str = "35-9-2-9-35", x: np.ndarray | None = None, **options: Any
) -> tuple[RunFolder, Any]:
    """A run of letters, or of the rows x, with the model file of a random network; returns the model too.

    ``options`` are those of Network.parse; also ``kind``, ``image_shape`` and ``labels``.
    """
    from scipy_ae.network import Network
    from scipy_ae.persistence import Model, save

    font = load_font(2).select("A-J")
    kind, shape = options.pop("kind", "image"), options.pop("image_shape", (7, 5))
    x = font.x if x is None else x
    labels = options.pop("labels", font.labels[: len(x)])
    network = Network.parse(spec, **options)
    rng = np.random.default_rng(0)
    model = Model(network, network.initialize(rng, 0.7) + 0.1 * rng.normal(size=network.size))
    codes = model.encode(x)
    folder = run(path, x, model.decode(codes), codes, labels, kind, shape)
    save(model, folder.model)
    return folder, model


def run(
    path: Path,
    x: np.ndarray,
    output: np.ndarray,
    codes: np.ndarray,
    labels: Any,
    kind: str,
    image_shape: tuple[int, int] | None,
    **result: Any,
) -> RunFolder:
    """Write the folder; ``result`` replaces entries of result.json."""
    path.mkdir(parents=True)
    folder = RunFolder(path)
    n, p = x.shape
    d = codes.shape[1]
    sizes = [p, 20, d, 20, p]
    layers = [
        {
            "part": part,
            "name": f"{part}.{i % 2}",
            "kind": "dense",
            "inputs": a,
            "outputs": b,
            "activation": "tanh" if i < 3 else "logistic",
            "parameters": a * b + b,
        }
        for i, (part, a, b) in enumerate(zip(["encoder"] * 2 + ["decoder"] * 2, sizes, sizes[1:]))
    ]
    binary = bool(np.isin(x, (0, 1)).all())
    wrong = ((output > 0.5) != (x > 0.5)).sum(axis=1)
    told = {
        "title": "letters, BFGS every 4",
        "command": "scipy-ae train --solver BFGS --every 4 --std 0.73",
        "dataset": {"name": "font2", "about": "Some data", "kind": kind, "rows": n, "image_shape": image_shape},
        "labels": list(labels),
        "layers": layers,
        "latent_dim": d,
        "parameters": 3479,
        "binary": binary,
        "stop": "every iteration was made",
        "best_iteration": 40,
        "loss": 0.25,
        "parts": {"cross-entropy": 0.25},
        "wrong_pixels": int(wrong.sum()) if binary else None,
        "worst_row": int(wrong.max()) if binary else None,
        "seconds": 0.4,
        "evaluations": 321,
        "notes": ["With --init fan-in it takes half the iterations."],
        "interrupted": False,
    }
    folder.result.write_text(json.dumps(told | result))
    folder.machine.write_text(
        json.dumps({"machine": {"processor": "abacus"}, "versions": {"numpy": "2.0"}, "threads": 1})
    )
    folder.spec.write_text('dataset = "font2"\nsolver = "BFGS"\nevery = 4\nguard = true\nunheard = 1.5\n')
    History(records(40, binary)).write(folder.records)
    np.savez(folder.arrays, **arrays(x, output, codes))
    return folder


def records(last: int, binary: bool = True) -> list[Record]:
    """A start and so many iterations, each 4th a burst that halves the loss."""
    made = [Record(0, "start", "", 20.0, {"cross-entropy": 20.0}, 1.0, 0.0, 1, 99 if binary else None)]
    for i in range(1, last + 1):
        burst = i % 4 == 0
        loss = made[-1].loss * (0.5 if burst else 0.99)
        made.append(
            Record(
                i,
                "burst" if burst else "step",
                "BFGS" if burst else "gradient-descent",
                loss,
                {"cross-entropy": loss},
                0.1,
                i / 100,
                5 * i,
                max(0, 99 - 3 * i) if binary else None,
                before=made[-1].loss if burst else None,
            )
        )
    return made


def arrays(x: np.ndarray, output: np.ndarray, codes: np.ndarray, k: int = 5) -> dict[str, np.ndarray]:
    """What ``arrays.npz`` holds; the decoder is a blend of the outputs."""
    d = codes.shape[1]

    def decode(points: np.ndarray) -> np.ndarray:
        away = ((points[:, None] - codes[None]) ** 2).sum(axis=2)
        weight = np.exp(-away + away.min(axis=1, keepdims=True))
        return weight @ output / weight.sum(axis=1, keepdims=True)

    new = np.median(codes, axis=0) + np.linspace(-0.5, 0.5, 6)[:, None] * np.ones(d)
    walk = np.linspace(codes[0], codes[-1], 7)
    held = {"input": x, "target": x, "output": output, "codes": codes}
    held |= {"new_codes": new, "new_output": decode(new), "new_names": np.array([f"new {i}" for i in range(6)])}
    held |= {"walk_names": np.array(["A", "Z"]), "walk_codes": walk, "walk_output": decode(walk)}
    if d >= 2:
        px = np.linspace(codes[:, 0].min() - 1, codes[:, 0].max() + 1, k)
        py = np.linspace(codes[:, 1].min() - 1, codes[:, 1].max() + 1, k)
        points = np.tile(np.median(codes, axis=0), (k * k, 1))
        points[:, 1], points[:, 0] = (grid.ravel() for grid in np.meshgrid(py[::-1], px, indexing="ij"))
        held |= {"plane_x": px, "plane_y": py, "plane_output": decode(points)}
    return held
