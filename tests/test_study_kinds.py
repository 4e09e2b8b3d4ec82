"""Studies of other kinds of autoencoder: evidence, noise, one test for all, cost, and what their sentence may say."""

import json

import numpy as np
import pytest

from scipy_ae import evidence, latent, report
from scipy_ae.errors import InputError
from scipy_ae.experiments import recipe as recipes
from scipy_ae.experiments.generative import Trace, measured
from scipy_ae.experiments.measures import cost, jacobian, robustness
from scipy_ae.experiments.plan import Plan
from scipy_ae.experiments.run import follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.study import run_study
from scipy_ae.metrics import wrong_pixels
from scipy_ae.persistence import load

RECIPE = """
title = "Kinds"
about = "Small ones."

[run]
letters = "8"
layers = "35-12-2-12-35"
init = "fan-in"
l2 = 0.0

[study]
seeds = 2
test = "flip:1"
cases = [
    { label = "plain", schedule = "L-BFGS:30" },
    { label = "Adam", variational = true, redraw = "step", schedule = "adam:30" },
    { label = "L-BFGS", variational = true, draws = 4, schedule = "L-BFGS:30" },
    { label = "noisy", noise = "flip:1", copies = 4, schedule = "L-BFGS:20" },
    { label = "sparse", l1 = 0.1, schedule = "L-BFGS:20" },
]
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    root = tmp_path_factory.mktemp("kinds")
    path = root / "kinds.toml"
    path.write_text(RECIPE, encoding="utf-8")
    recipe = recipes.read(path)
    study = run_study(Plan.of(recipe, {}), root / "study", command="scipy-ae experiment run kinds.toml")
    return recipe, root / "study", study


def setup(**given):
    small = {"letters": "6", "layers": "35-12-2-12-35", "init": "fan-in", "l2": 0.0, "schedule": "L-BFGS:30"}
    return Setup.of(Spec(**{**small, **given}))


# evidence


def trained(made):
    trace = Trace()
    return follow(made, made.iterations, reader=trace, asked=lambda: False), trace


def test_a_network_that_learned_its_draws_by_heart_is_found_out():
    made = setup(letters="10", variational=True, schedule="L-BFGS:300")
    ended, trace = trained(made)
    told = measured(made, ended.theta)
    assert -told["elbo"] > ended.best.loss + 3
    assert told["elbo"] == pytest.approx(-told["reconstruction"] - told["divergence"], rel=1e-12)
    assert told["bound"] >= told["elbo"]
    curve = np.array(trace.curve(made))
    assert (np.diff(curve[:, 0]) > 0).all()
    assert curve[-1, 1] == pytest.approx(told["elbo"], rel=0.15)  # fewer draws
    assert measured(made, ended.theta) == told
    assert measured(made.start(1), ended.theta)["seed"] != told["seed"]


def test_a_trace_keeps_the_best_weights_so_far():
    made = setup(variational=True, redraw="step", schedule="adam:40", eta=0.1)
    losses, best = [], []

    class Seen(Trace):
        def __call__(self, record):
            super().__call__(record)
            losses.append(record.loss)
            best.append(made.objective.fun(self._theta))

    follow(made, made.iterations, reader=Seen(), asked=lambda: False)
    assert (np.diff(losses) > 0).any()
    np.testing.assert_allclose(best, np.minimum.accumulate(losses), rtol=1e-12)


def test_the_study_tells_the_evidence_of_its_kept_runs(kinds):
    _, folder, study = kinds
    plain, adam, lbfgs = study["values"][:3]
    assert plain["evidence"] == plain["elbo"] == []
    for value in (adam, lbfgs):
        assert len(value["evidence"]) == 2
        kept = value["evidence"][value["kept_seed"]]
        model = load(folder / value["folder"] / "model.safetensors")
        rng = np.random.default_rng(kept["seed"])
        x = setup(letters="8").dataset.x
        likelihood, divergence = evidence.elbo(model.network, model.theta, x, rng, kept["draws"])
        assert kept["elbo"] == pytest.approx(np.mean(likelihood - divergence), rel=1e-12)
        assert json.loads((folder / value["folder"] / "result.json").read_text())["evidence"] == kept
        curve = np.array(value["elbo"])
        assert (np.diff(curve[:, 0]) >= 0).all()
        assert (np.diff(curve[:, 1:], axis=1) >= 0).all()


def test_a_run_folder_holds_means_of_two_codes_and_samples_of_the_prior(kinds):
    _, folder, study = kinds
    value = study["values"][2]
    run = report.read(folder / value["folder"])
    model = load(folder / value["folder"] / "model.safetensors")
    one, other = run.means.rows.T
    np.testing.assert_allclose(run.means.output, model.decode((run.codes[one] + run.codes[other]) / 2), rtol=1e-12)
    assert list(run.means.names) == [f"{run.labels[i]} + {run.labels[j]}" for i, j in run.means.rows]
    np.testing.assert_allclose(run.prior.output, model.decode(run.prior.codes), rtol=1e-12)
    assert 0.6 < run.prior.codes.std() < 1.4  # 40 draws of N(0, 1)
    assert report.read(folder / study["values"][0]["folder"]).prior is None


# one test for all, and cost


def test_all_networks_meet_the_same_noise(kinds):
    _, _, study = kinds
    robust = [value["robust"] for value in study["values"]]
    assert all(one["noisy"]["wrong"] == 1.0 for one in robust)
    assert robust[3]["output"]["wrong"] < robust[0]["output"]["wrong"]
    made, ended = setup(), trained(setup())[0]
    told = robustness(made, ended.theta, "flip:0")
    output = made.network.reconstruct(ended.theta, made.dataset.x)
    assert told["output"]["wrong"] == wrong_pixels(output, made.dataset.x).mean()


def test_the_jacobian_is_that_of_differences():
    made = setup(activation="tanh")
    x, step = made.dataset.x, 1e-6
    total = 0.0
    for column in range(x.shape[1]):
        moved = x.copy()
        moved[:, column] += step
        low = x.copy()
        low[:, column] -= step
        difference = made.network.encode(made.theta, moved) - made.network.encode(made.theta, low)
        total += np.square(difference / (2 * step)).sum()
    assert jacobian(made, made.theta) == pytest.approx(total / len(x), rel=1e-6)


def test_the_cost_is_of_the_same_network_without_its_terms():
    for given in ({}, {"contractive": 0.1}, {"variational": True, "draws": 2}, {"noise": "flip:1", "copies": 3}):
        told = cost(setup(**given))
        assert set(told) == {"evaluation", "plain"}
        assert all(seconds > 0 for seconds in told.values())


def test_a_test_that_does_not_fit_is_refused_before_anything_is_written(kinds, tmp_path):
    recipe = kinds[0]
    for test, said in (("flip:99", "at most 35"), ("blur:1", "unknown noise 'blur'")):
        path = tmp_path / "wrong.toml"
        path.write_text(RECIPE.replace("flip:1", test, 1), encoding="utf-8")
        with pytest.raises(InputError, match=said):
            run_study(Plan.of(recipes.read(path), {}), tmp_path / "study", command="")
        assert not (tmp_path / "study").exists()
    path.write_text(RECIPE.replace('"flip:1"', "3", 1), encoding="utf-8")
    with pytest.raises(InputError, match="test: 3 is not accepted"):
        recipes.read(path)
    assert recipe.test == "flip:1"


# the sentence


def test_the_study_ranks_variational_ones_by_evidence(kinds):
    _, _, study = kinds
    orders = [said for said in study["finding"] if said["key"].startswith("order_")]
    assert [said["values"]["name"] for said in orders] == ["L-BFGS"]
    assert "plain" not in json.dumps(study["finding"])


# the page


def test_the_page_shows_what_each_kind_is_about(kinds):
    _, folder, study = kinds
    page = report.write(folder).read_text(encoding="utf-8")
    for words in (
        "importance-weighted bound", "Wrong pixels in a row under flip:1", "What an evaluation costs",
        "How active the code is", "Noisy: trained in", "trained without noise",
    ):  # fmt: skip
        assert words in page, words
    figures = {path.stem for path in (folder / "figures").iterdir()}
    assert {
        "evidence",
        "0-decoded-plane",
        "0-means",
        "1-prior",
        "2-prior",
        "2-means",
        "3-noisy-rows",
        "4-codes",
    } <= figures
    assert "0-prior" not in figures
    single = folder / study["values"][1]["folder"]
    text = report.write(single).read_text(encoding="utf-8")
    assert "nats a row" in text
    assert {"prior", "means"} <= {path.stem for path in (single / "figures").iterdir()}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda value: value.pop("cost"), "lacks 'cost'"),
        (lambda value: value["evidence"][0].pop("elbo"), "lacks 'elbo'"),
        (lambda value: value["elbo"][0].pop(), "the elbo of"),
        (lambda value: value["robust"].update(jacobian="low"), "'jacobian' is 'low'"),
    ],
)
def test_a_damaged_study_is_refused_by_name(kinds, tmp_path, damage, said):
    _, folder, _ = kinds
    study = json.loads((folder / "study.json").read_text())
    damage(study["values"][2])
    (tmp_path / "study.json").write_text(json.dumps(study))
    with pytest.raises(InputError, match=r"study\.json") as refusal:
        report.write(tmp_path)
    assert said in str(refusal.value)


def test_prior_codes_have_the_moments_of_the_prior():
    codes = latent.prior_codes(2, 20_000, np.random.default_rng(0))
    np.testing.assert_allclose([codes.mean(), codes.std()], [0.0, 1.0], atol=0.02)
