"""The estimator: scikit-learn's own checks, and what a pipeline, a grid search and a scientist ask of it."""

import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import scipy_ae
from scipy_ae import L2, Autoencoder, Batch, Contractive, KLSparsity, L1Sparsity, Objective, Variational
from scipy_ae.corruptions import Neighbourhood, parse
from scipy_ae.datasets import load_font
from scipy_ae.errors import InputError
from scipy_ae.experiments.spec import Spec
from scipy_ae.kind import Kind
from scipy_ae.metrics import wrong_pixels

PAGE = Path(__file__).parents[1] / "docs" / "scikit_learn.md"
LOADERS = {"iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer, "digits": load_digits}

# those for other array libraries skip themselves unless SciPy was told of such arrays when it was imported
names, checks = parametrize_with_checks([Autoencoder()]).args[:2]
CHECKS = [
    pytest.param(estimator, check, id=check.func.__name__ + str(check.keywords or ""))
    for estimator, check in (getattr(pair, "values", pair) for pair in checks)
    if "array_api" not in check.func.__name__
]


def scaled(name: str) -> np.ndarray:
    return StandardScaler().fit_transform(LOADERS[name]().data)


def error(x: np.ndarray, again: np.ndarray) -> float:
    return float(((x - again) ** 2).sum(axis=1).mean())


@pytest.fixture(scope="module")
def iris():
    return scaled("iris")


@pytest.fixture(scope="module")
def fitted(iris):
    return Autoencoder(random_state=0).fit(iris)


# some feed columns around 100, of which the estimator warns; that is none of the faults they look for
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(names, CHECKS)
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)


def test_scikit_learn_has_looked_at_all():
    assert len(CHECKS) > 35


@pytest.mark.parametrize(("name", "code"), [("iris", 2), ("wine", 2), ("wine", 8), ("cancer", 2), ("digits", 8)])
def test_the_defaults_leave_less_error_than_pca(name, code):
    x = scaled(name)
    pca = PCA(code).fit(x)
    model = Autoencoder(n_components=code, random_state=0).fit(x)
    linear = error(x, pca.inverse_transform(pca.transform(x)))
    assert error(x, model.predict(x)) < 0.95 * linear
    assert model.transform(x).shape == (len(x), code)
    assert model.history_[-1].stop.startswith("settled")


def test_the_defaults_do_not_learn_rows_by_heart():
    x = scaled("cancer")[np.random.default_rng(0).permutation(569)]
    train, new = x[:400], x[400:]
    pca = PCA(2).fit(train)
    ours = -Autoencoder(random_state=0).fit(train).score(new)
    assert ours < error(new, pca.inverse_transform(pca.transform(new)))
    assert ours < 0.9 * -Autoencoder(random_state=0, l2=0.0).fit(train).score(new)


def test_letters_of_zeros_and_ones_come_back_without_an_error():
    x = load_font(2).x
    model = Autoencoder(random_state=0).fit(x)
    assert model.network_.layers[-1].activation.name == "logistic"
    assert set(model.history_[-1].parts) == {"cross-entropy", "L2"}
    assert wrong_pixels(model.predict(x), x).sum() == 0
    assert model.score(x) == pytest.approx(-error(x, model.predict(x)))


@pytest.mark.parametrize(
    ("asked", "output", "loss"),
    [
        ({"output": "identity"}, "identity", "squared-error"),
        ({"loss": "squared-error"}, "identity", "squared-error"),
        ({"loss": "cross-entropy"}, "logistic", "cross-entropy"),
        ({"output": "tanh"}, "tanh", "squared-error"),
    ],
)
def test_output_and_loss_are_as_asked(asked, output, loss):
    model = Autoencoder(iterations=20, random_state=0, **asked).fit(load_font(2).select("A-J").x)
    assert model.network_.layers[-1].activation.name == output
    assert loss in model.history_[-1].parts


def test_malignant_rows_score_low_for_one_who_knows_benign_ones():
    data = load_breast_cancer()
    benign, malignant = data.data[data.target == 1], data.data[data.target == 0]
    detector = make_pipeline(StandardScaler(), Autoencoder(n_components=8, random_state=0)).fit(benign[::2])
    scores = [detector.score_samples(rows) for rows in (benign[1::2], malignant)]
    known = np.repeat([1, 0], [len(rows) for rows in scores])
    assert roc_auc_score(known, np.concatenate(scores)) > 0.92


def test_score_is_the_weighted_mean_of_score_samples(fitted, iris):
    scores = fitted.score_samples(iris)
    weight = np.linspace(0.0, 2.0, len(iris))
    assert scores.shape == (150,)
    assert (scores < 0).all()
    assert fitted.score(iris) == pytest.approx(scores.mean())
    assert fitted.score(iris, sample_weight=weight) == pytest.approx(np.average(scores, weights=weight))
    data_loss = fitted.history_.best.parts["squared-error"]
    assert fitted.score(iris) == pytest.approx(-data_loss)
    assert fitted.loss_ == pytest.approx(sum(fitted.history_.best.parts.values()))


def test_a_grid_search_over_every_and_std_in_two_processes(iris):
    model = make_pipeline(StandardScaler(), Autoencoder(random_state=0, iterations=12))
    grid = {"autoencoder__every": [1, 4], "autoencoder__std": [0.3, 0.73]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(iris)
    assert np.unique(search.cv_results_["mean_test_score"]).size == 4
    assert search.best_score_ == search.cv_results_["mean_test_score"].max() < 0
    assert search.best_estimator_.transform(iris).shape == (150, 2)


def test_a_clone_fits_to_the_same_bytes(fitted, iris):
    again = clone(fitted).fit(iris)
    assert again.theta_.tobytes() == fitted.theta_.tobytes()
    other = clone(fitted).set_params(random_state=1).fit(iris)
    assert (other.theta_ != fitted.theta_).any()


def test_a_pandas_frame_keeps_its_names(fitted):
    frame = load_iris(as_frame=True).data
    model = Autoencoder(random_state=0, n_components=3, iterations=4).set_output(transform="pandas")
    codes = model.fit_transform(frame)
    assert isinstance(codes, pd.DataFrame)
    assert list(codes.columns) == ["autoencoder0", "autoencoder1", "autoencoder2"]
    assert list(codes.columns) == list(model.get_feature_names_out())
    assert list(model.feature_names_in_) == list(frame.columns)
    assert model.inverse_transform(codes).shape == (150, 4)


def test_a_weight_is_a_number_of_copies_and_order_does_not_matter(iris):
    weight = np.random.default_rng(0).integers(0, 4, len(iris))
    weighted = Autoencoder(random_state=0).fit(iris, sample_weight=weight)
    copies = np.random.default_rng(1).permutation(np.repeat(iris, weight, axis=0))
    assert Autoencoder(random_state=0).fit(copies).theta_.tobytes() == weighted.theta_.tobytes()
    assert (Autoencoder(random_state=0).fit(iris).theta_ != weighted.theta_).any()


@pytest.mark.parametrize(("weight", "sentence"), [(0.0, "weights .*zero"), (-1.0, "no weight may be negative")])
def test_weights_that_weigh_nothing_are_refused(weight, sentence, iris):
    with pytest.raises(ValueError, match=sentence):
        Autoencoder().fit(iris, sample_weight=np.full(len(iris), weight))


def test_partial_fit_learns_from_a_stream():
    x = scaled("cancer")
    pca = PCA(2).fit(x)
    model = Autoencoder(random_state=0, batch_size=64)
    for epoch in range(60):
        for rows in np.array_split(x[np.random.default_rng(epoch).permutation(len(x))], 3):
            model.partial_fit(rows)
    assert model.n_iter_ == len(model.history_) == 180
    assert -model.score(x) < error(x, pca.inverse_transform(pca.transform(x)))


def test_partial_fit_carries_the_memory_and_goes_on_from_fit(fitted, iris):
    model = pickle.loads(pickle.dumps(fitted))
    steps = Autoencoder(random_state=0, batch_size=50)
    for rows in (iris[:100], iris[100:]):
        steps.partial_fit(rows)
    together = Autoencoder(random_state=0, batch_size=50, l2=steps.l2_).partial_fit(iris)
    assert together.theta_ == pytest.approx(steps.theta_, rel=1e-12)
    assert steps._memory.t == 3
    model.partial_fit(iris)
    assert model.n_iter_ == fitted.n_iter_ + 1
    assert 0 < np.abs(model.theta_ - fitted.theta_).max() <= 0.0085 * 1.001


def test_partial_fit_needs_first_order_steps(iris):
    with pytest.raises(InputError, match="between: partial_fit takes first-order steps, and BFGS takes none"):
        Autoencoder(between="BFGS").partial_fit(iris)


def test_mini_batches_within_fit_follow_the_seed(iris):
    fits = [Autoencoder(random_state=seed, batch_size=30, every=0, iterations=20).fit(iris) for seed in (0, 0, 1)]
    assert fits[0].theta_.tobytes() == fits[1].theta_.tobytes() != fits[2].theta_.tobytes()
    assert fits[0].history_[-1].loss < 0.6 * fits[0].history_[0].loss


def test_a_warm_start_goes_on(iris):
    model = Autoencoder(random_state=0, iterations=8, warm_start=True).fit(iris)
    first = model.loss_
    assert model.fit(iris).history_[0].loss == first
    assert model.loss_ < first
    with pytest.raises(InputError, match=r"warm_start: the network changed from 4-6-2-6-4 to 4-3-1-3-4"):
        model.set_params(n_components=1).fit(iris)
    with pytest.raises(ValueError, match="2 features"):
        model.set_params(n_components=None).fit(iris[:, :2])


def test_of_several_starts_the_best_is_kept(iris):
    alone = [Autoencoder(random_state=0, iterations=12, n_init=count).fit(iris).loss_ for count in (1, 6)]
    assert alone[1] < alone[0]


@pytest.mark.parametrize("way", ["pickle", "joblib", "safetensors"])
def test_it_is_kept_and_comes_back(way, fitted, iris, tmp_path):
    codes = fitted.transform(iris)
    if way == "pickle":
        assert (pickle.loads(pickle.dumps(fitted)).transform(iris) == codes).all()
    elif way == "joblib":
        joblib.dump(fitted, tmp_path / "model.joblib")
        assert (joblib.load(tmp_path / "model.joblib", mmap_mode="r").transform(iris) == codes).all()
    else:
        scipy_ae.save(fitted, tmp_path / "model.safetensors")
        assert (scipy_ae.load(tmp_path / "model.safetensors").encode(iris) == codes).all()


def test_what_is_not_fitted_has_nothing_to_give(iris, tmp_path):
    for method in ("transform", "inverse_transform", "predict", "score", "score_samples"):
        with pytest.raises(NotFittedError):
            getattr(Autoencoder(), method)(iris)
    with pytest.raises(NotFittedError):
        scipy_ae.save(Autoencoder(), tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_float32_stays_float32(iris):
    model = Autoencoder(random_state=0, precision="float32").fit(iris.astype(np.float32))
    codes = model.transform(iris.astype(np.float32))
    assert codes.dtype == model.inverse_transform(codes).dtype == np.float32
    assert model.transform(iris).dtype == np.float64
    assert -model.score(iris) < 0.1675  # that of PCA


def test_verbose_tells_of_the_training(iris, capsys):
    Autoencoder(random_state=0, iterations=20, tol=0.0, verbose=1).fit(iris)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert re.fullmatch(r"\[Autoencoder\] iteration   20  loss [\d.]+ +[\d.]+ s  all iterations made", lines[-1])
    Autoencoder(random_state=0, iterations=20, tol=0.0).fit(iris)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"every": -1}, "every: -1 is not accepted; a whole number of at least 0 is"),
        ({"every": 2.5}, "every: 2.5 is not accepted; a whole number"),
        ({"iterations": True}, "iterations: True is not accepted"),
        ({"std": "wide"}, "std: 'wide' is not accepted; a finite number of at least 0 is"),
        ({"eta": np.nan}, "eta: nan is not accepted"),
        ({"l2": -1.0}, "l2: -1.0 is not accepted; a finite number of at least 0, or None, is"),
        ({"n_components": 5}, "n_components: 5 is not accepted for n_features = 4; a whole number from 1 to 4 is"),
        ({"n_components": 0}, "n_components: 0 is not accepted"),
        ({"layers": "4-2-4", "n_components": 2}, "layers and n_components contradict each other"),
        ({"layers": "5-2-5"}, "layers: 5-2-5 does not fit data of 4 columns"),
        ({"layers": "4-6-4"}, "layers: '4-6-4' has no bottleneck"),
        ({"solver": "BFSG"}, "unknown solver 'BFSG': did you mean 'BFGS'?"),
        ({"solver": None}, "solver: None is not accepted; a solver or its name is"),
        ({"between": 3}, "between: 3 is not accepted"),
        ({"solver_options": {"memry": 3}}, "unknown option of BFGS 'memry'"),
        ({"solver_options": 3}, "solver_options: 3 is not accepted; a dict"),
        ({"activation": "tanhh"}, "unknown activation 'tanhh': did you mean 'tanh'?"),
        ({"init": "fanin"}, "unknown init 'fanin': did you mean 'fan-in'?"),
        ({"carry": "yes"}, "unknown carry 'yes'"),
        ({"precision": "float16"}, "unknown precision 'float16'"),
        ({"guard": 1}, "guard: 1 is not accepted; True or False is"),
        ({"penalties": 0.1}, "penalties: 0.1 is not accepted"),
        ({"loss": "hinge"}, "unknown loss 'hinge'"),
        ({"loss": "cross-entropy"}, "cross-entropy needs targets within [0, 1]"),
        ({"warm_start": True, "n_init": 2}, "warm_start and n_init contradict each other"),
        ({"noise": "flop:2"}, "unknown noise 'flop': did you mean 'flip'?"),
        ({"noise": "mask"}, "noise: 'mask' is not accepted; mask and an amount are, as in mask:0.2"),
        ({"noise": 0.1}, "noise: 0.1 is not accepted; text such as 'flip:10%', or one of scipy_ae.corruptions, is"),
        ({"noise": "neighbourhood:0.3"}, "noise: neighbourhood:0.3 is for images, and these data have no image shape"),
        ({"noise": "salt-pepper:0.1"}, "noise: salt-pepper:10% is for values from 0 to 1, and row 0, column 0"),
        ({"copies": 0}, "copies: 0 is not accepted; a whole number of at least 1 is"),
        ({"redraw": "always"}, "unknown redraw 'always'"),
        ({"l1": -0.1}, "l1: -0.1 is not accepted; a finite number of at least 0, or None, is"),
        ({"kl": np.inf}, "kl: inf is not accepted"),
        ({"rho": 1.0}, "rho: 1.0 is not accepted; a number above 0 and below 1 is"),
        ({"kl": 0.1}, "KLSparsity: encoder.1 has the activation identity; logistic and tanh are accepted"),
        ({"l1": 0.1, "sparse_layers": "encoder.7"}, "unknown layer 'encoder.7'"),
        ({"sparse_layers": 3}, "sparse_layers: 3 is not accepted; code, all, or names such as 'encoder.0' are"),
        ({"contractive": "much"}, "contractive: 'much' is not accepted"),
        ({"contractive": 0.1, "probes": 2}, "probes: 2 for a code of 2 is not accepted; fewer than 2 are"),
        ({"variational": 1}, "variational: 1 is not accepted; True or False is"),
        ({"kl_beta": None}, "kl_beta: None is not accepted; a finite number of at least 0 is"),
        ({"variational": True, "draws": 10**9}, "draws: 1000000000 codes for each of"),
        ({"l1": 0.1, "precision": "float32"}, "precision: float32 is for a loss, l2 and noise alone"),
    ],
)
def test_a_parameter_that_is_not_accepted_is_named(asked, sentence, iris):
    model = Autoencoder(**asked)
    with pytest.raises(InputError, match=re.escape(sentence)):
        model.fit(iris)
    assert not hasattr(model, "theta_")


def test_data_that_are_not_accepted_are_refused(fitted, iris):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        Autoencoder().fit(sparse.csr_matrix(iris))
    with pytest.raises(ValueError, match=r"1 sample\(s\)"):
        Autoencoder().fit(iris[:1])
    with pytest.raises(ValueError, match="codes of 3 numbers came; 2 are accepted"):
        fitted.inverse_transform(np.zeros((1, 3)))


def test_a_denoiser_undoes_more_of_fresh_noise_than_a_plain_one():
    x = load_font(2).x
    clean = np.tile(x, (100, 1))
    noisy = parse("flip:10%").corrupt(clean, np.random.default_rng(7))
    wrong = []
    for noise in (None, "flip:10%"):
        model = Autoencoder(random_state=0, n_components=12, iterations=40, noise=noise).fit(x)
        wrong.append(wrong_pixels(model.predict(noisy), clean).mean())
        assert wrong_pixels(model.predict(x), x).sum() == 0
    assert wrong[1] < 0.6 * wrong[0] < 0.6 * wrong_pixels(noisy, clean).mean()


def test_a_grid_search_over_noise_in_a_pipeline(iris):
    model = make_pipeline(StandardScaler(), Autoencoder(random_state=0, iterations=12, copies=5))
    grid = {"autoencoder__noise": [None, "gaussian:0.3", "mask:20%", parse("gaussian:0.1")]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(iris)
    assert np.unique(search.cv_results_["mean_test_score"]).size == 4
    plain = GridSearchCV(model.set_params(autoencoder__copies=1), {"autoencoder__noise": [None]}, cv=2).fit(iris)
    assert plain.best_score_ == search.cv_results_["mean_test_score"][0]  # copies say nothing without noise


@pytest.mark.parametrize(
    ("asked", "penalty"),
    [
        ({"l1": 0.1}, L1Sparsity(0.1)),
        ({"l1": 0.1, "sparse_layers": ["encoder.0", "decoder.0"]}, L1Sparsity(0.1, "encoder.0,decoder.0")),
        ({"kl": 0.2, "rho": 0.1, "sparse_layers": "encoder.0"}, KLSparsity(0.2, 0.1, "encoder.0")),
        ({"contractive": 0.05}, Contractive(0.05)),
    ],
)
def test_a_term_is_the_one_of_that_name(asked, penalty, iris):
    model = Autoencoder(random_state=0, iterations=8, l2=0.01, **asked).fit(iris)
    objective = Objective(model.network_, Batch(iris), "squared-error", [L2(0.01), penalty])
    assert model.loss_ == pytest.approx(objective.fun(model.theta_), rel=1e-12)
    assert model.history_.best.parts[penalty.name] > 0
    assert (model.theta_ != Autoencoder(random_state=0, iterations=8, l2=0.01).fit(iris).theta_).any()


def test_probes_estimate_the_contractive_term(iris):
    exact, estimate = (
        Autoencoder(random_state=0, iterations=8, contractive=0.5, probes=probes).fit(iris).history_[0].parts
        for probes in (None, 1)
    )
    assert estimate["contractive"] != exact["contractive"]
    assert estimate["contractive"] == pytest.approx(exact["contractive"], rel=0.5)
    assert estimate["squared-error"] == exact["squared-error"]


@pytest.mark.parametrize("layers", [None, "4-8-2-8-4"])
def test_a_variational_code_nears_the_prior_with_its_weight(layers, iris):
    divergences = []
    for beta in (0.1, 1.0):
        model = Autoencoder(layers, random_state=0, variational=True, kl_beta=beta, draws=4).fit(iris)
        assert model.network_.bottleneck == Variational(beta)
        divergences.append(model.history_.best.parts["KL divergence"] / beta)
        codes = model.transform(iris)
        assert codes.shape == (150, 2)
        assert (codes == model.network_.encode(model.theta_, iris)).all()
    assert divergences[1] < 0.7 * divergences[0]
    with pytest.raises(InputError, match=r"warm_start: the network changed .* or the bottleneck did"):
        model.set_params(warm_start=True, variational=False).fit(iris)


EVERYTHING = {
    "noise": "gaussian:0.1", "copies": 3, "l1": 0.01, "contractive": 0.01, "probes": 1, "variational": True,
    "kl_beta": 0.1, "draws": 2, "redraw": "step",
}  # fmt: skip


def test_all_kinds_combine_and_follow_the_seed(iris):
    fits = [Autoencoder(random_state=seed, iterations=8, **EVERYTHING).fit(iris) for seed in (0, 0, 1)]
    assert fits[0].theta_.tobytes() == fits[1].theta_.tobytes() != fits[2].theta_.tobytes()
    assert {"KL divergence", "L1 sparsity", "contractive"} <= set(fits[0].history_.best.parts)
    assert fits[0].loss_ < fits[0].history_[0].loss
    again = pickle.loads(pickle.dumps(clone(fits[0]))).fit(iris)
    assert again.theta_.tobytes() == fits[0].theta_.tobytes()


def test_chance_leaves_the_first_weights_as_they_are(iris):
    kinds: list = [{}, {"noise": "mask:0.2"}, {"contractive": 0.1, "probes": 1}, {"random_state": 1}]
    models = [Autoencoder(iterations=8, l2=0.01, **({"random_state": 0} | kind)).fit(iris) for kind in kinds]
    sizes = [model.history_[0].parts["L2"] for model in models]
    assert sizes[0] == sizes[1] == sizes[2] != sizes[3]


def test_under_noise_a_weight_is_a_number_of_copies(iris):
    weight = np.random.default_rng(0).integers(0, 4, len(iris))
    copies = np.random.default_rng(1).permutation(np.repeat(iris, weight, axis=0))
    model = Autoencoder(random_state=0, iterations=8, l2=0.01, noise="gaussian:0.2", copies=2)
    weighted = clone(model).fit(iris, sample_weight=weight)
    assert model.fit(copies).theta_.tobytes() == weighted.theta_.tobytes()
    assert (model.fit(iris[weight > 0]).theta_ != weighted.theta_).any()


def test_fresh_noise_is_another_training_on_the_same_bank(iris):
    bank, burst, step = (
        Autoencoder(random_state=0, iterations=8, tol=0.0, noise="gaussian:0.3", redraw=redraw).fit(iris)
        for redraw in (None, "burst", "step")
    )
    told = [model.history_.column("loss") for model in (bank, burst, step)]
    assert told[0][0] == told[1][0] == told[2][0]
    assert told[0][1] == told[1][1] != told[2][1]  # the first step is on the bank unless steps are redrawn
    assert len({model.loss_ for model in (bank, burst, step)}) == 3
    assert burst.loss_ < 0.2 * told[0][0] > step.loss_


def test_partial_fit_draws_noise_anew(iris):
    told = {}
    for name, asked in (("clean", {}), ("noisy", {"noise": "gaussian:0.5"}), ("drawn", {"variational": True})):
        models = [Autoencoder(random_state=0, eta=0.0, copies=2, batch_size=40, **asked) for _ in range(2)]
        for model in models:
            told[name] = [model.partial_fit(iris).loss_ for _ in range(3)]
        assert models[0].history_.column("loss").tolist() == told[name]
    assert len(set(told["clean"])) == 1
    assert len(set(told["noisy"])) == len(set(told["drawn"])) == 3


def test_partial_fit_learns_to_denoise(iris):
    model = Autoencoder(random_state=0, noise="gaussian:0.3", copies=2, batch_size=50)
    scores = [model.partial_fit(iris).score(iris) for _ in range(60)]
    assert model.n_iter_ == 60
    assert scores[-1] > 0.3 * scores[0]


def test_noise_for_images_knows_their_shape():
    letters = load_font(2).select("A-J")
    noise = Neighbourhood(0.3, letters.image_shape)
    model = Autoencoder(random_state=0, iterations=4, noise=noise, copies=2).fit(letters.x)
    assert model.loss_ != Autoencoder(random_state=0, iterations=4).fit(letters.x).loss_
    with pytest.raises(InputError, match="does not fit rows of 36 pixels"):
        model.fit(np.c_[letters.x, letters.x[:, :1]])


def test_the_defaults_of_a_kind_are_the_same_everywhere():
    told, kind = Autoencoder().get_params(), Kind()
    for name in ("l1", "kl", "rho", "sparse_layers", "contractive", "probes", "variational", "kl_beta", "draws"):
        assert told[name] == getattr(kind, name), name
    spec = Spec(l1=0.1, kl=0.1, variational=True, noise="mask:0.1").resolved({})
    for name in ("rho", "sparse_layers", "kl_beta", "draws", "copies"):
        assert told[name] == getattr(kind, name) == getattr(spec, name), name


@pytest.mark.parametrize("columns", [1, 2])
def test_few_columns_and_constant_ones_are_no_trouble(columns, iris):
    x = np.c_[iris[:, :columns], np.full(len(iris), 0.5)]
    model = Autoencoder(random_state=0).fit(x)
    assert model.transform(x).shape == (150, 2 if columns == 2 else 1)
    assert np.abs(model.predict(x)[:, -1] - 0.5).max() < 0.1


def test_columns_of_different_units_are_told_of():
    with pytest.warns(ConvergenceWarning, match=r"root mean square, so that .* belong behind a StandardScaler"):
        Autoencoder(random_state=0, iterations=4).fit(load_wine().data)
    with pytest.warns(ConvergenceWarning, match="is above that of the column means"):
        Autoencoder(random_state=0, iterations=1, every=0, std=5.0).fit(scaled("wine"))


def test_the_page_of_the_docs_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session: dict = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), session)
    assert len(blocks) >= 5
    assert session["codes"].shape == (178, 2)
