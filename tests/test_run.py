"""A run folder: everything in it, the best theta, nothing left behind where a run cannot be."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments.run import Interrupt, new_folder, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.metrics import circle_geometry
from scipy_ae.persistence import load
from scipy_ae.records import History, Record

FILES = ["arrays.npz", "film.npz", "machine.json", "model.safetensors", "records.jsonl", "result.json", "spec.toml"]


def setup(**given):
    return Setup.of(Spec(**{"layers": "35-8-2-8-35", "letters": "5", "iterations": 12, **given}))


def names(path):
    return sorted(str(file.relative_to(path)) for file in path.rglob("*"))


def test_the_folder_holds_the_whole_run(tmp_path):
    made = setup()
    outcome = run(made, tmp_path / "a" / "run")
    folder = outcome.folder
    assert names(folder.path) == FILES
    assert Spec.read(folder.spec) == made.spec
    history = History.read(folder.records)
    assert list(history) == list(outcome.history)
    result = json.loads(folder.result.read_text())
    best = history.best
    assert (result["loss"], result["best_iteration"], result["parts"]) == (best.loss, best.iteration, best.parts)
    assert (result["stop"], result["evaluations"]) == (history[-1].stop, history[-1].evaluations)
    assert result["command"] == "scipy-ae train --letters 5 --layers 35-8-2-8-35 --iterations 12 --seed 0"
    assert result["labels"] == list("ABCDE")
    assert sum(layer["parameters"] for layer in result["layers"]) == result["parameters"] == made.network.size


def test_the_model_is_the_best_and_the_arrays_are_what_it_makes(tmp_path):
    # unguarded steps that are too long, so that the last theta is not the best one
    made = setup(guard=False, eta=3.0, iterations=18)
    outcome = run(made, tmp_path / "run")
    losses = outcome.history.column("loss")
    assert losses[-1] > losses.min()
    model = load(outcome.folder.model)
    assert made.objective.fun(model.theta) == pytest.approx(losses.min(), rel=1e-12)
    with np.load(outcome.folder.arrays) as arrays:
        held = dict(arrays)
    np.testing.assert_array_equal(held["input"], made.dataset.x)
    np.testing.assert_allclose(held["codes"], model.encode(made.dataset.x), rtol=1e-12)
    np.testing.assert_allclose(held["output"], model.reconstruct(made.dataset.x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(held["new_output"], model.decode(held["new_codes"]), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(held["walk_output"], model.decode(held["walk_codes"]), rtol=1e-9, atol=1e-12)
    corner = np.array([[held["plane_x"][0], held["plane_y"][-1]]])
    np.testing.assert_allclose(held["plane_output"][:1], model.decode(corner), rtol=1e-9, atol=1e-12)


def test_the_same_spec_gives_the_same_theta_byte_for_byte(tmp_path):
    one, two = (run(setup(batch_size=2, seed=3), tmp_path / name) for name in ("one", "two"))
    assert one.model.theta.tobytes() == two.model.theta.tobytes()
    assert load(one.folder.model).theta.tobytes() == load(two.folder.model).theta.tobytes()


@pytest.mark.parametrize("given", [{}, {"schedule": "adam:3 bfgs:4 TNC:2", "iterations": None}])
def test_compiling_beforehand_leaves_no_trace(tmp_path, monkeypatch, given):
    there = run(setup(**given), tmp_path / "there")
    monkeypatch.setattr("scipy_ae.experiments.compiling.is_compiled", lambda setup: False)
    anew = run(setup(**given), tmp_path / "anew")
    assert there.model.theta.tobytes() == anew.model.theta.tobytes()
    assert [record.evaluations for record in there.history] == [record.evaluations for record in anew.history]


def test_a_diverged_run_is_saved_with_its_last_good_theta(tmp_path):
    given = {"dataset": "circles", "layers": "42-8-2-8-42", "letters": None, "activation": "identity"}
    made = setup(**given, every=0, guard=False, eta=50.0, iterations=500)
    outcome = run(made, tmp_path / "run")
    assert outcome.diverged
    model = load(outcome.folder.model)
    assert made.objective.fun(model.theta) == pytest.approx(outcome.history.best.loss, rel=1e-12)
    assert names(outcome.folder.path) == FILES


def test_an_interrupted_run_is_saved(tmp_path):
    interrupt = Interrupt()

    def reader(record):
        interrupt.asked = record.iteration >= 3

    outcome = run(setup(iterations=500), tmp_path / "run", reader=reader, interrupt=interrupt)
    assert outcome.result["interrupted"]
    assert len(outcome.history) < 8
    assert names(outcome.folder.path) == sorted([*FILES, "checkpoint.safetensors"])


def test_the_next_free_folder_is_named_after_data_and_solver(tmp_path):
    assert new_folder(setup().spec, tmp_path).name == "font2-bfgs-1"
    (tmp_path / "font2-bfgs-1").mkdir()
    assert new_folder(setup().spec, tmp_path).name == "font2-bfgs-2"
    assert new_folder(setup(every=0).spec, tmp_path).name == "font2-gradient-descent-1"
    spec = Spec(dataset="dir/My Letters.h:Font3", schedule="adam:5 L-BFGS-B:3")
    assert new_folder(spec, tmp_path).name == "my-letters-adam-5-l-bfgs-b-3-1"


def test_a_folder_with_a_run_is_left_as_it_is(tmp_path):
    run(setup(iterations=1), tmp_path / "run")
    before = {name: (tmp_path / "run" / name).read_bytes() for name in FILES}
    with pytest.raises(InputError, match=r"out: .* is there already"):
        run(setup(seed=1, iterations=1), tmp_path / "run")
    assert {name: (tmp_path / "run" / name).read_bytes() for name in FILES} == before


def test_a_run_that_cannot_be_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="out: "):
            run(setup(), path)
    with pytest.raises(NonFiniteError):
        run(setup(std=1e200), tmp_path / "new" / "run")

    def broken(record):
        raise RuntimeError("of a reader")

    with pytest.raises(RuntimeError):
        run(setup(), tmp_path / "new" / "run", reader=broken)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("seed", [0, 1])
def test_circles_come_out_round_at_codes_never_seen(tmp_path, seed):
    outcome = run(Setup.of(Spec(dataset="circles", seed=seed)), tmp_path / "run")
    assert outcome.history[-1].stop.startswith("converged")
    with np.load(outcome.folder.arrays) as arrays:
        made = circle_geometry(arrays["new_output"])
        known, copied = circle_geometry(arrays["input"]), circle_geometry(arrays["output"])
    assert made.roundness_error.mean() < 0.02
    assert np.abs(copied.radius - known.radius).max() < 0.02
    assert np.ptp(made.radius) > 0.3


numbers = st.one_of(st.floats(), st.floats(0, 1e9))
records = st.builds(
    Record,
    iteration=st.integers(0, 10**9), phase=st.sampled_from(["start", "step", "burst"]), solver=st.text(),
    loss=numbers, parts=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    grad_norm=numbers, seconds=numbers, evaluations=st.integers(0), wrong_pixels=st.none() | st.integers(0),
    worst_row=st.none() | st.integers(0), before=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    steps=st.integers(0), message=st.text(), stop=st.text(),
)  # fmt: skip


@given(records)
def test_records_come_back_and_what_is_not_finite_is_nan(record):
    line = record.to_json()
    assert "\n" not in line
    json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    back = Record.from_json(line)
    for name in record.__dataclass_fields__:
        before, after = getattr(record, name), getattr(back, name)
        if isinstance(before, float) and not np.isfinite(before):
            assert np.isnan(after)
        else:
            assert after == before


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "3", "null", '"x"', "{}", '{"loss": 1}', "good,", "\x00", "\ufeffgood"],
)
def test_a_damaged_line_of_records_is_told(tmp_path, line):
    good = Record(0, "start", "", 1.0, {}, 1.0, 0.0, 1).to_json()
    path = tmp_path / "records.jsonl"
    path.write_text(good + "\n" + line.replace("good", good) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"records\.jsonl' is not a file of records"):
        History.read(path)


@pytest.mark.parametrize("name", ["iteration", "phase", "loss", "parts", "evaluations", "wrong_pixels", "stop"])
def test_a_record_of_the_wrong_type_is_told(tmp_path, name):
    plain = json.loads(Record(0, "start", "", 1.0, {}, 1.0, 0.0, 1).to_json())
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({**plain, name: ["odd"]}))
    with pytest.raises(InputError, match=name):
        History.read(path)
