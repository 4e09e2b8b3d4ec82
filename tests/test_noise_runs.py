"""Noisy trainings: the bank, fresh draws, what records are about, the run folder, its report, refusals."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from scipy_ae import corruptions, report
from scipy_ae.batches import Batch
from scipy_ae.cli.app import main
from scipy_ae.corruptions import parse
from scipy_ae.datasets import load_font
from scipy_ae.errors import InputError
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.metrics import wrong_pixels
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.persistence import load
from scipy_ae.report import read
from scipy_ae.schedule import Every, Then
from scipy_ae.training import Stop, train

X = load_font(3).x[1:7]
FLIP = parse("flip:2")


def setup(**given):
    small = {"dataset": "font3", "letters": "5", "layers": "35-10-4-10-35", "iterations": 8, "noise": "flip:2"}
    return Setup.of(Spec(**{**small, **given}))


def bank(seed=0, copies=4):
    return Batch.corrupted(X, FLIP, copies, np.random.default_rng(seed))


def objective():
    net = Network.parse("35-10-4-10-35")
    return Objective(net, bank()), net.initialize(np.random.default_rng(0), 0.5)


# the bank


def test_copies_stand_one_behind_the_other_each_with_its_clean_row():
    batch = bank(copies=3)
    assert len(batch) == 18
    np.testing.assert_array_equal(batch.target, np.repeat(X, 3, axis=0))
    assert set(np.abs(batch.x - batch.target).sum(axis=1)) == {2.0}
    assert len({row.tobytes() for row in batch.x[:3]}) == 3
    weighted = Batch.corrupted(X, FLIP, 2, np.random.default_rng(0), target=1 - X, weight=[1, 0, 0, 0, 0, 3])
    np.testing.assert_allclose(weighted.weight[[0, 1, 2, 10, 11]], [1 / 8, 1 / 8, 0, 3 / 8, 3 / 8])
    np.testing.assert_array_equal(weighted.target[::2], 1 - X)
    for copies in (0, 1.5, True):
        with pytest.raises(InputError, match="copies"):
            bank(copies=copies)


def test_the_bank_is_the_seeds_and_the_start_is_as_without_noise():
    made, again, other, clean = setup(), setup(), setup(seed=1), setup(noise=None)
    assert len(made.objective.batch) == 5 * 20
    assert made.objective.batch.x.tobytes() == again.objective.batch.x.tobytes()
    assert made.objective.batch.x.tobytes() != other.objective.batch.x.tobytes()
    assert made.theta.tobytes() == clean.theta.tobytes()
    started = made.start(1)
    assert started.objective.batch.x.tobytes() == other.objective.batch.x.tobytes()
    assert started.rng.bit_generator.state == other.rng.bit_generator.state
    twin = made.under(None)
    assert twin.objective.batch.x.tobytes() == clean.objective.batch.x.tobytes()
    assert twin.draw is None


# fresh draws


def drawing(made):
    """A draw that keeps what it drew."""

    def draw(rng):
        made.append(Batch.corrupted(X, FLIP, 4, rng))
        return made[-1]

    return draw


def told(schedule, redraw, iterations=8, batch_size=None, **more):
    drawn, (goal, theta) = [], objective()
    rng = np.random.default_rng(3)
    draw = None if redraw is None else drawing(drawn)
    records = list(
        train(goal, theta, schedule, iterations=iterations, rng=rng, draw=draw, redraw=redraw,
              batch_size=batch_size, stop=Stop(gradient=0.0), **more)
    )  # fmt: skip
    return records, drawn, goal


@pytest.mark.parametrize(
    ("schedule", "redraw", "batch_size", "count"),
    [
        (Every(4, steps=3), "burst", None, 2),
        (Every(4, steps=3), "step", None, 8),
        (Every(4, steps=3), "step", 5, 8),
        (Every(0, between="Adam"), "step", None, 8),
        (Then(("adam", 5), ("L-BFGS", 3)), "step", None, 5),
        (Every(1, steps=3), "burst", None, 8),
        (Every(4, steps=3), None, None, 0),
    ],
)
def test_fresh_batches_come_when_they_are_due_and_records_stay_about_the_bank(schedule, redraw, batch_size, count):
    records, drawn, goal = told(schedule, redraw, batch_size=batch_size)
    assert len(drawn) == count
    assert len({batch.x.tobytes() for batch in drawn}) == count
    assert len(records) == 9
    for record in records:
        if record.theta is not None:
            assert record.loss == pytest.approx(goal.fun(record.theta), rel=1e-12)
            assert record.grad_norm == pytest.approx(np.abs(goal.jac(record.theta)).max(), rel=1e-9)
    assert records[-1].loss < records[0].loss


def test_a_burst_is_on_its_fresh_batch():
    """One burst of one step: BFGS on the batch drawn, and on no other, leads there."""
    records, drawn, goal = told(Every(1, steps=1), "burst", iterations=1)
    _, theta = objective()
    by_hand = list(train(goal.on(drawn[0]), theta, Every(1, steps=1), iterations=1))
    assert by_hand[-1].theta.tobytes() == records[-1].theta.tobytes()
    assert records[-1].before == records[0].loss != by_hand[0].loss


def test_same_seed_same_bytes_with_fresh_draws():
    schedules = [(lambda: Every(3, steps=4), "burst"), (lambda: Every(0, between="Adam"), "step")]
    for make, redraw in schedules:
        first, second = (told(make(), redraw)[0][-1].theta.tobytes() for _ in range(2))
        assert first == second


def test_without_fresh_draws_a_burst_never_ends_above_its_start():
    records, _, _ = told(Every(2, steps=5), None)
    bursts = [record for record in records if record.phase == "burst"]
    assert len(bursts) == 4
    assert all(record.loss <= record.before for record in bursts)


def test_wrong_pixels_are_counted_on_the_clean_rows():
    records, _, goal = told(Every(4, steps=3), "burst", counted=Batch(X))
    wrong = wrong_pixels(goal.network.reconstruct(records[-1].theta, X), X)
    assert (records[-1].wrong_pixels, records[-1].worst_row) == (wrong.sum(), wrong.max())


def test_a_fresh_batch_that_is_not_finite_ends_the_training_where_it_was():
    def draw(rng):
        return Batch(np.full((3, 35), 1e200), np.full((3, 35), 1e200))

    net = Network.parse("35-10-4-10-35", "identity", "identity")
    goal = Objective(net, Batch(X))
    theta = net.initialize(np.random.default_rng(0), 0.3)
    for schedule, redraw in ((Every(1, steps=2), "burst"), (Every(0), "step")):
        records = list(train(goal, theta, schedule, rng=np.random.default_rng(0), draw=draw, redraw=redraw))
        assert len(records) == 2
        assert records[-1].stop.startswith("the loss was no longer finite")
        assert records[-1].theta.tobytes() == theta.tobytes()


def test_what_train_cannot_do_is_refused():
    goal, theta = objective()
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="rng"):
        train(goal, theta, Every(4), draw=drawing([]), redraw="burst")
    with pytest.raises(InputError, match=r"redraw.*'bursts'"):
        train(goal, theta, Every(4), rng=rng, draw=drawing([]), redraw="bursts")
    with pytest.raises(InputError, match="draw and redraw"):
        train(goal, theta, Every(4), rng=rng, redraw="burst")


# a run, its folder and its report


@pytest.fixture(scope="module")
def denoised(tmp_path_factory):
    path = tmp_path_factory.mktemp("noise") / "run"
    options = "--dataset font3 --letters 8 --layers 35-20-10-20-35 --init fan-in --code identity --burst 20 --every 2"
    options += " --iterations 60 --noise flip:2 --copies 30 --redraw burst --compare none,flip:10%"
    done = CliRunner().invoke(main, ["train", *options.split(), "--out", str(path)])
    assert done.exit_code == 0, done.output
    return path, done


def test_a_run_undoes_noise_and_says_how_well(denoised):
    path, done = denoised
    table = json.loads((path / "denoising.json").read_text())
    assert (table["noise"], table["draws"], table["trained"]) == ("flip:2", 1000, ["flip:2", "none", "flip:10%"])
    assert [test["noise"] for test in table["tested"]] == ["flip:2", "flip:3", "flip:10%", "flip:15%", "flip:20%"]
    own = table["tested"][0]
    assert own["unchanged"]["wrong"] == 2.0
    assert own["once"][0]["wrong"] < 0.2  # a tenth of the noise
    assert own["once"][0]["wrong"] < own["once"][1]["wrong"]  # the network that never saw noise
    assert all(test["limit"]["recovered"] >= test["once"][0]["recovered"] - 0.01 for test in table["tested"])
    assert json.loads((path / "result.json").read_text())["denoising"]["once"] == own["once"][0]
    assert "Fresh noise flip:2: 2.00 wrong pixels a row before the network" in done.stdout


def test_the_numbers_are_those_of_the_model_on_the_noise_of_the_seed(denoised):
    path, _ = denoised
    table = json.loads((path / "denoising.json").read_text())
    x, model = load_font(3).select("8").x, load(path / "model.safetensors")
    for test in table["tested"]:
        noise = corruptions.parse(test["noise"])
        rng = np.random.default_rng([table["seed"], *test["noise"].encode()])
        clean = np.tile(x, (500, 1))
        halves = [noise.corrupt(clean, rng) for _ in range(2)]
        wrong = np.concatenate([wrong_pixels(model.reconstruct(half), clean) for half in halves])
        assert test["once"][0]["wrong"] == pytest.approx(wrong.mean(), rel=1e-12)
        assert test["once"][0]["recovered"] == pytest.approx(np.mean(wrong <= 1), rel=1e-12)
        again = [model.reconstruct(model.reconstruct(half)) for half in halves]
        wrong = np.concatenate([wrong_pixels(output, clean) for output in again])
        assert test["twice"][0]["wrong"] == pytest.approx(wrong.mean(), rel=1e-12)


def test_test_noise_is_not_that_of_the_bank(denoised):
    path, _ = denoised
    made = Setup.of(Spec.read(path / "spec.toml"))
    seen = {row.tobytes() for row in made.objective.batch.x}
    with np.load(path / "arrays.npz") as arrays:
        noisy, clean = arrays["noisy"], arrays["target"]
    assert set(np.abs(noisy - clean).sum(axis=1)) == {2.0}
    assert sum(row.tobytes() in seen for row in noisy) < len(noisy) / 2


def test_the_page_shows_the_noise_the_limit_and_the_plain_network(denoised):
    path, _ = denoised
    page = (path / "index.html").read_text()
    assert "2 pixels of each row, drawn at random, are inverted" in page
    assert str(json.loads((path / "denoising.json").read_text())["seed"]) in page
    for words in ("Noise undone", "Trained without noise", "maximum likelihood", "of noisy letters recovered"):
        assert words in page
    for picture in ("noisy-rows", "noise-matrix"):
        assert (path / "figures" / f"{picture}.png").stat().st_size > 2000
    shown = read(path).denoised
    assert list(shown.states) == ["clean", "noisy", "plain", "once", "twice"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda table: table.pop("seed"), "lacks 'seed'"),
        (lambda table: table["tested"][0].pop("limit"), "lacks 'limit'"),
        (lambda table: table["tested"][1]["once"].pop(), "flip:3 has not one score for each of 3"),
        (lambda table: table.update(noise="mask:20%"), "no test under the noise of the training, mask:20%"),
        (lambda table: table["tested"][0]["limit"].update(rms="low"), "'rms' is 'low'"),
    ],
)
def test_a_damaged_table_is_refused_by_name(denoised, tmp_path, damage, said):
    path, _ = denoised
    for file in path.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    table = json.loads((path / "denoising.json").read_text())
    damage(table)
    (tmp_path / "denoising.json").write_text(json.dumps(table))
    with pytest.raises(InputError, match=r"denoising\.json") as refusal:
        read(tmp_path)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "given",
    [
        {"dataset": "circles", "letters": "9", "layers": "42-6-2-6-42", "noise": "gaussian:0.1"},
        {"noise": "neighbourhood:0.3", "redraw": "step", "compare": "nothing"},
        {"dataset": "logos", "letters": "4", "layers": "400-6-2-6-400", "noise": "mask:20%", "compare": "nothing"},
    ],
)
def test_other_data_and_other_noise_come_to_a_report_too(tmp_path, monkeypatch, given):
    monkeypatch.setattr("scipy_ae.denoising.DRAWS", 20)
    outcome = run(setup(iterations=4, **given), tmp_path / "run")
    page = report.write(outcome.folder).read_text()
    assert "Noise undone" in page
    assert ("Trained without noise" in page) == ("compare" not in given)


def test_starts_share_the_work_and_the_winner_alone_gives_the_same(tmp_path):
    options = "train --dataset font3 --letters 4 --layers 35-8-2-8-35 --iterations 8 --noise flip:2 --quiet"
    many = [*options.split(), "--restarts", "2", "--jobs", "1", "--out", str(tmp_path / "many")]
    assert CliRunner().invoke(main, many).exit_code == 0
    winner = json.loads((tmp_path / "many" / "starts.json").read_text())["winner"]
    alone = [*options.split(), "--seed", str(winner), "--out", str(tmp_path / "alone")]
    assert CliRunner().invoke(main, alone).exit_code == 0
    first, second = (load(tmp_path / name / "model.safetensors").theta for name in ("many", "alone"))
    assert first.tobytes() == second.tobytes()
    tables = [json.loads((tmp_path / name / "denoising.json").read_text()) for name in ("many", "alone")]
    assert tables[0] == tables[1]


# refusals and words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--copies 5", "copies: it is for noisy training"),
        ("--redraw burst", "redraw: nothing is drawn here"),
        ("--compare flip:2", "compare: it is for noisy training"),
        ("--noise flip:2 --copies 0", "copies: 0 is not accepted"),
        ("--noise flip:2 --redraw burst --every 0", "redraw: there are no bursts here"),
        ("--noise flip:2 --redraw burst --schedule adam:5", "redraw: there are no bursts here"),
        ("--noise flip:2 --redraw step --every 1", "redraw: every iteration is a burst"),
        ("--noise flip:2 --redraw step --schedule bfgs:5", "redraw: step is for first-order steps"),
        ("--noise flip:99", "at most 35 are accepted"),
        ("--noise flip:101%", "0 to 1"),
        ("--noise blur:2", "unknown noise 'blur'"),
        ("--noise flip:2 --compare flip:2,blur", "unknown noise 'blur'"),
        ("--noise flip:2 --dataset circles", "inverts pixels of 0 and 1"),
        ("--noise salt-pepper:0.1 --dataset circles", "is for values from 0 to 1"),
        ("--noise neighbourhood:0.1 --dataset circles", "no image shape"),
        ("--noise gaussian:-1", "at least 0"),
    ],
)
def test_noise_that_cannot_be_is_refused_and_leaves_nothing(tmp_path, words, said):
    done = CliRunner().invoke(main, ["train", *words.split(), "--out", str(tmp_path / "run")])
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_help_defines_each_noise_as_the_package_does():
    shown = " ".join(CliRunner().invoke(main, ["train", "--help"]).output.split())
    assert "of --variational and --probes, fresh codes and signs" in shown
    for about in corruptions.KINDS.values():
        assert about in shown
