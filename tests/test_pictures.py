"""A finished model on images, measured: tables and arrays of images.json and images.npz, goals, refusals.

The models are plain functions that a reader can follow; what a network makes of images is tested with the runs.
"""

import json
import math

import numpy as np
import pytest
from sklearn import decomposition
from threadpoolctl import threadpool_limits

from scipy_ae.errors import InputError
from scipy_ae.experiments.pictures import Code, Part, measure
from scipy_ae.metrics import psnr, ssim
from scipy_ae.records import RunFolder
from scipy_ae.splitting import split
from scipy_ae.tasks import OPTIONS, Task
from tests.photographs import letters, patches

SHAPE, CODE = (3, 24, 24), Code((3,))


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of small products wait for each other where other tests run beside them."""
    with threadpool_limits(1):
        yield


def parts_of(task: Task, x: np.ndarray, shape: tuple[int, ...]) -> tuple[dict[str, Part], tuple]:
    pairs = task.pairs(x, shape, 0)
    parts = split(len(x), None, 0.2, 0.25, 0)._asdict()
    made = {name: Part(pairs.x[rows], pairs.target[rows], rows) for name, rows in parts.items()}
    return made, (pairs.input_shape, pairs.target_shape)


def linear(part: Part):
    """The linear map of least squares from inputs to targets of a part, with decay: an honest if simple model."""
    middle, wanted = part.x.mean(axis=0), part.target.mean(axis=0)
    x = part.x - middle
    weights = x.T @ np.linalg.solve(x @ x.T + 3.0 * np.eye(len(x)), part.target - wanted)
    return lambda rows: (rows - middle) @ weights + wanted


def measured(name: str, **options):
    task = Task.of(name, **options)
    parts, shapes = parts_of(task, patches(160, 24), SHAPE)
    return measure(task, linear(parts["train"]), parts, shapes, CODE), parts


@pytest.mark.parametrize(
    ("name", "baselines"),
    [("denoise", ["median"]), ("colorize", ["grey"]), ("unwatermark", []), ("super-resolution", ["bicubic"])],
)
def test_each_part_has_its_quality_beside_baselines(name, baselines):
    pictures, parts = measured(name)
    table, arrays = pictures.table, pictures.arrays
    assert table["task"] == name
    assert table["corruption"] == Task.of(name).corruption
    assert table["parts"] == table["measured"] == {"train": 88, "validation": 32, "test": 40}
    own = ["input"] if name in ("denoise", "unwatermark") else []
    names = [*own, "output", *baselines]
    assert [(one["part"], one["name"]) for one in table["quality"]] == [
        (part, one) for part in ("train", "validation", "test") for one in names
    ]
    model = linear(parts["train"])
    for one in table["quality"]:
        part = parts[one["part"]]
        if one["name"] in ("input", "output"):
            y = part.x if one["name"] == "input" else np.clip(model(part.x), 0, 1)
            assert one["mse"] == pytest.approx(np.mean((y - part.target) ** 2))
            assert one["psnr"] == pytest.approx(psnr(y, part.target))
            assert one["ssim"] == pytest.approx(ssim(y, part.target, SHAPE).mean())
        assert one["bits"] is None
    assert set(arrays) == {"input", "target", "output", *(f"baseline_{one}" for one in baselines)}
    assert {len(rows) for rows in arrays.values()} == {10}
    assert {rows.dtype for rows in arrays.values()} == {np.dtype(np.float32)}


def test_examples_are_held_out_rows_from_best_to_worst():
    pictures, parts = measured("denoise")
    examples, arrays = pictures.table["examples"], pictures.arrays
    assert examples["part"] == "test"
    assert set(examples["rows"]) <= set(parts["test"].rows.tolist())
    assert examples["labels"] == [str(row) for row in examples["rows"]]
    assert examples["mse"] == sorted(examples["mse"])
    np.testing.assert_allclose(((arrays["output"] - arrays["target"]) ** 2).mean(axis=1), examples["mse"], rtol=1e-4)
    clean = patches(160, 24)
    np.testing.assert_allclose(arrays["target"], clean[examples["rows"]], atol=1e-7)
    errors = ((np.clip(linear(parts["train"])(parts["test"].x), 0, 1) - parts["test"].target) ** 2).mean(axis=1)
    assert examples["mse"][0] == pytest.approx(errors.min())
    assert examples["mse"][-1] == pytest.approx(errors.max())


def test_compression_is_told_in_bits_and_pca_is_the_equal_of_a_linear_code(tmp_path):
    """A model that is scikit-learn's PCA itself must score as the baseline does, and the goal is not met by a tie."""
    task, x = Task.of("compress"), letters(150)
    parts, shapes = parts_of(task, x, (1, 28, 28))
    fitted = decomposition.PCA(16, iterated_power=7, random_state=0).fit(parts["train"].target)
    pictures = measure(
        task, lambda rows: fitted.inverse_transform(fitted.transform(rows)), parts, shapes, Code((4, 2, 2), 32),
        labels=[chr(ord("A") + k % 10) for k in range(150)], grouped_by="font",
    )  # fmt: skip
    table = pictures.table
    assert table["code"] == {
        "values": 16, "shape": [4, 2, 2], "bits": 512, "value_bits": 32, "pixel_bits": 8, "ratio": 12.25,
    }  # fmt: skip
    assert table["grouped_by"] == "font"
    by_name = {(one["name"], one["part"]): one for one in table["quality"]}
    assert {name for name, _ in by_name} == {"output", "pca", "jpeg"}
    for part in ("train", "validation", "test"):
        output, pca, jpeg = (by_name[name, part] for name in ("output", "pca", "jpeg"))
        assert output["psnr"] == pytest.approx(pca["psnr"], abs=1e-3)  # but for float32 codes
        assert output["bits"] == pca["bits"] == 16 * 32
        assert pca["components"] == 16
        assert jpeg["bits"] > 512  # a header alone is larger
        assert jpeg["over"] == 1
        assert 0 < jpeg["header"] < jpeg["bits"]
    assert table["goal"]["than"] == "pca"
    assert abs(table["goal"]["found"]) < 1e-3
    assert table["examples"]["labels"] == [chr(ord("A") + row % 10) for row in table["examples"]["rows"]]
    folder = RunFolder(tmp_path)
    pictures.write(folder)
    assert json.loads(folder.images.read_text(encoding="utf-8")) == table
    with np.load(folder.image_arrays) as held:
        assert set(held.files) == {"input", "target", "output", "baseline_pca", "baseline_jpeg"}
        np.testing.assert_array_equal(held["output"], pictures.arrays["output"])
    assert {folder.images, folder.image_arrays} <= set(folder.written)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images.json", "images.npz"]


@pytest.mark.parametrize("name", ["denoise", "colorize", "unwatermark", "super-resolution"])
def test_a_goal_is_met_by_the_truth_but_for_a_little_and_missed_by_the_baseline(name):
    task = Task.of(name)
    parts, shapes = parts_of(task, patches(40, 24), SHAPE)
    answers = {row.tobytes(): wanted for part in parts.values() for row, wanted in zip(part.x, part.target)}

    def oracle(rows: np.ndarray) -> np.ndarray:
        return np.array([0.995 * answers[row.tobytes()] for row in rows])

    goal = measure(task, oracle, parts, shapes, CODE).table["goal"]
    assert goal["met"]
    assert (goal["part"], goal["measure"]) == ("test", "psnr")
    assert goal["margin"] == {"unwatermark": 10, "super-resolution": 1}.get(name, 0)
    worse = measure(task, lambda rows: 0.5 + 0 * oracle(rows), parts, shapes, CODE).table
    assert not worse["goal"]["met"]
    psnrs = {one["name"]: one["psnr"] for one in worse["quality"] if one["part"] == "test"}
    assert worse["goal"]["found"] == pytest.approx(psnrs["output"] - psnrs[goal["than"]])


def test_perfect_outputs_and_training_rows_alone_have_no_goal_and_stay_json(tmp_path):
    task = Task.of("unwatermark")
    x = patches(12, 24)
    pictures = measure(task, lambda rows: rows, {"train": Part(x, x, np.arange(12))}, (SHAPE, SHAPE), CODE)
    assert "goal" not in pictures.table
    assert [one["psnr"] for one in pictures.table["quality"]] == [None, None]
    assert pictures.table["examples"]["part"] == "train"
    pictures.write(RunFolder(tmp_path))
    assert "Infinity" not in (tmp_path / "images.json").read_text(encoding="utf-8")


def test_large_parts_are_measured_at_even_distances_and_the_model_sees_few_rows_at_once(monkeypatch):
    monkeypatch.setattr("scipy_ae.experiments.pictures.MOST_MEASURED", 9)
    monkeypatch.setattr("scipy_ae.experiments.pictures.AT_ONCE", 4)
    task, seen = Task.of("compress"), []
    x = letters(33)

    def model(rows: np.ndarray) -> np.ndarray:
        seen.append(rows)
        return rows

    table = measure(task, model, {"train": Part(x, x, np.arange(33))}, ((1, 28, 28), (1, 28, 28)), CODE).table
    assert [len(rows) for rows in seen] == [4, 4, 1]
    np.testing.assert_array_equal(np.concatenate(seen), x[::4])
    assert (table["parts"], table["measured"]) == ({"train": 33}, {"train": 9})


def test_filters_and_maps_of_at_most_eight_layers_and_sixteen_channels():
    task, x = Task.of("compress"), letters(12)
    x[:6] *= np.linspace(0.1, 0.9, 6)[:, None]
    filters = np.arange(18.0).reshape(2, 1, 3, 3)
    given = []

    def features(rows: np.ndarray):
        given.append(rows)
        return [(f"encoder.{k}", np.full((20 if k else 3, 7, 7), float(k))) for k in range(15)]

    pictures = measure(
        task, lambda rows: rows, {"train": Part(x, x, np.arange(12))}, ((1, 28, 28), (1, 28, 28)), CODE,
        filters=("encoder.0", filters), features=features,
    )  # fmt: skip
    np.testing.assert_array_equal(pictures.arrays["filters"], filters)
    assert pictures.table["filters"] == {"layer": "encoder.0", "shape": [2, 1, 3, 3]}
    assert [one["layer"] for one in pictures.table["features"]] == [f"encoder.{k}" for k in range(0, 15, 2)]
    assert pictures.table["features"][1]["shape"] == [20, 7, 7]
    assert pictures.arrays["features_0"].shape == (3, 7, 7)
    assert pictures.arrays["features_7"].shape == (16, 7, 7)
    assert "features_8" not in pictures.arrays
    shown, seen = pictures.arrays["input"], pictures.table["seen"]
    np.testing.assert_allclose(given[0], shown[seen : seen + 1], atol=1e-7)
    assert shown[seen].std() == shown.std(axis=1).max()  # a plain picture would show nothing


def test_pairs_that_came_as_files_have_the_baselines_that_fit():
    clean, shape = patches(30, 24), SHAPE
    rows = np.arange(30)
    for name in OPTIONS:
        task = Task.of(name, paired=True)
        part = Part(np.clip(clean + 0.1, 0, 1), clean, rows)
        table = measure(task, lambda x: x, {"train": part}, (shape, shape), Code((5,))).table
        names = {one["name"] for one in table["quality"]}
        fits = {"compress": {"pca", "jpeg"}, "denoise": {"median"}, "super-resolution": {"bicubic"}}
        assert names - {"input", "output"} == fits.get(name, set())
        assert table["corruption"] == ""
        assert math.isfinite(table["quality"][0]["psnr"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda part: {"train": part, "held": part}, "parts: 'held' is not accepted; train, validation, test are"),
        (lambda part: {"test": part}, "parts: there is no 'train'"),
        (lambda part: {"train": Part(part.x, part.target, part.rows[:3])}, "part: 6 inputs, 6 targets and 3 row numb"),
        (lambda part: {"train": Part(part.x[:0], part.target[:0], part.rows[:0])}, "at least one"),
    ],
)
def test_parts_that_cannot_be_are_refused(call, said):
    x = letters(6)
    with pytest.raises(InputError, match=said):
        measure(
            Task.of("compress"), lambda rows: rows, call(Part(x, x, np.arange(6))), ((1, 28, 28), (1, 28, 28)), CODE
        )  # fmt: skip


def test_outputs_of_another_shape_are_refused():
    x = letters(6)
    with pytest.raises(InputError, match=r"reconstruct: outputs of shape \(6, 783\) are not accepted; \(6, 784\) is"):
        measure(
            Task.of("compress"), lambda rows: rows[:, 1:], {"train": Part(x, x, np.arange(6))},
            ((1, 28, 28), (1, 28, 28)), CODE,
        )  # fmt: skip
