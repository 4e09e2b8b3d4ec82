"""Spec and Setup: what a run is asked to do, kept, filled in and refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.bottlenecks import Variational
from scipy_ae.corruptions.resizing import KERNELS
from scipy_ae.corruptions.watermark import PLACES
from scipy_ae.errors import InputError, UnsupportedError
from scipy_ae.experiments.setup import Setup, default_layers
from scipy_ae.experiments.spec import OF_TASKS, OF_TERMS, Spec
from scipy_ae.penalties import Contractive, KLSparsity, L1Sparsity
from scipy_ae.solvers import BFGS
from scipy_ae.tasks import OPTIONS

words = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"), include_characters=" \"'\\#=[]"),
    min_size=1, max_size=20,
)  # fmt: skip
positive = st.floats(0, 1e300, allow_subnormal=False)
whole = st.integers(1, 10**12)
anything = {
    "dataset": words, "letters": words, "layers": words, "activation": words, "output": words, "code": words,
    "beta": st.floats(1e-9, 1e9), "loss": words, "l2": positive, "init": words, "std": positive, "solver": words,
    "solver_options": st.lists(words, max_size=3).map(tuple), "every": st.integers(2, 99), "burst": whole,
    "between": words, "eta": positive, "carry": st.sampled_from(["keep", "reset"]), "guard": st.booleans(),
    "iterations": whole, "batch_size": whole, "target_loss": positive, "target_pixels": st.integers(0, 35),
    "gtol": positive, "seconds": positive, "precision": st.sampled_from(["float64", "float32"]),
    "noise": words, "copies": whole, "redraw": st.sampled_from(["burst", "step"]), "compare": words,
    "seed": st.integers(0, 2**70), "restarts": st.integers(2, 99), "halving": st.booleans(),
    "l1": positive, "kl": positive, "rho": st.floats(1e-9, 0.999), "sparse_layers": words, "contractive": positive,
    "probes": whole, "variational": st.booleans(), "kl_beta": positive, "draws": whole,
    "task": st.sampled_from(list(OPTIONS)), "watermark": words.filter(str.strip), "opacity": st.floats(1e-9, 1),
    "place": st.sampled_from(list(PLACES)), "factor": st.integers(2, 99), "downscale": st.sampled_from(KERNELS),
    "code_bits": st.integers(1, 64),
    "validation": st.floats(1e-9, 0.4), "test": st.floats(1e-9, 0.4), "patience": whole, "mapped": st.booleans(),
    "burst_rows": whole, "burst_growth": st.floats(1.001, 1e9),
}  # fmt: skip


def consistent(given):
    """Without what contradicts the rest."""
    if "restarts" not in given:
        given.pop("halving", None)
    elif given.get("std") == 0:
        del given["std"]
    if "validation" not in given:
        given.pop("patience", None)
    if given.get("mapped"):
        for name in ("noise", "variational", "probes", "kl", "letters", "restarts", "halving"):
            given.pop(name, None)
    if "burst_rows" in given:
        given.pop("redraw", None)
    else:
        given.pop("burst_growth", None)
    if given.get("burst_growth") is None and "batch_size" not in given:
        given.pop("burst_rows", None)
    if "noise" not in given:
        for name in ("copies", "redraw", "compare"):
            given.pop(name, None)
    for name, owners in OF_TERMS.items():
        if not any(given.get(owner) for owner in owners):
            given.pop(name, None)
    heeded = {**OPTIONS, None: (), "compress": ("code_bits",)}[given.get("task")]
    for name in OF_TASKS:
        if name not in heeded:
            given.pop(name, None)
    if "task" in given:
        for name in ("noise", "copies", "redraw", "compare"):
            given.pop(name, None)
    if given.get("task") == "denoise":
        given["noise"] = "mask:20%"
        given.pop("mapped", None)
    return Spec(**given)


specs = st.fixed_dictionaries({}, optional=anything).map(consistent)


def test_the_strategy_knows_every_field():
    assert {field.name for field in fields(Spec)} == {*anything, "schedule"}


@given(specs)
def test_toml_gives_the_spec_back(tmp_path_factory, spec):
    path = tmp_path_factory.mktemp("spec") / "spec.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    assert Spec.read(path) == spec


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"every": 0},
        {"every": 1},
        {"schedule": "adam:5 bfgs:3"},
        {"schedule": "bfgs:3"},
        {"every": 1, "solver": "Adam", "eta": 0.1},
        {"solver": "TNC", "carry": "reset"},
        {"dataset": "circles"},
        {"batch_size": 3, "between": "Adam"},
        {"restarts": 3},
        {"restarts": 4, "halving": False},
        {"l1": 0.1, "kl": 0.2, "sparse_layers": "encoder.0"},
        {"variational": True, "draws": 3, "contractive": 0.1},
        {"variational": False, "layers": "35-9-4-9-35", "contractive": 0.1, "probes": 2},
        {"noise": "flip:10%"},
        {"noise": "flip:2", "redraw": "step", "copies": 3, "compare": "flip:3 none"},
    ],
)
def test_what_was_filled_in_asks_for_the_same_again(given):
    once = Setup.of(Spec(**given))
    again = Setup.of(once.spec)
    assert again.spec == once.spec
    assert again.asked == once.spec
    assert once.theta.tobytes() == again.theta.tobytes()
    assert once.objective.fun(once.theta) == again.objective.fun(again.theta)


def test_terms_are_those_of_the_spec():
    given = Spec(
        l2=0.0, l1=0.1, kl=0.2, sparse_layers="encoder.0,decoder.0", contractive=0.3, variational=True, draws=3
    )
    setup = Setup.of(given)
    layers = ("encoder.0", "decoder.0")
    assert setup.objective.penalties == (L1Sparsity(0.1, layers), KLSparsity(0.2, 0.05, layers), Contractive(0.3))
    assert setup.network.bottleneck == Variational(1.0)
    assert setup.objective.batch.eps.shape == (10, 3, 2)
    assert (setup.spec.rho, setup.spec.kl_beta, setup.spec.draws) == (0.05, 1.0, 3)
    assert given.command() == (
        "scipy-ae train --l2 0.0 --l1 0.1 --kl 0.2 --sparse-layers encoder.0,decoder.0 --contractive 0.3 --variational"
        " --draws 3 --seed 0"
    )
    plain = Setup.of(Spec()).spec
    assert [getattr(plain, name) for name in (*OF_TERMS, "l1", "kl", "contractive", "variational")] == [None] * 9


def test_each_start_draws_what_its_own_seed_draws():
    setup = Setup.of(Spec(variational=True, draws=2, seed=1))
    other, alone = setup.start(5), Setup.of(Spec(variational=True, draws=2, seed=5))
    np.testing.assert_array_equal(other.objective.batch.eps, alone.objective.batch.eps)
    assert other.objective.fun(other.theta) == alone.objective.fun(alone.theta)
    assert (setup.objective.batch.eps != other.objective.batch.eps).all()
    plain = Setup.of(Spec(seed=1))
    assert plain.start(5).objective is plain.objective


def test_the_command_holds_what_was_given_and_the_seed():
    assert Spec().command() == "scipy-ae train --seed 0"
    assert Setup.of(Spec(every=4, std=0.73)).asked.command() == "scipy-ae train --std 0.73 --every 4 --seed 0"
    given = Spec(solver_options=("gtol=1e-8", "c1=0.1"), guard=False, dataset="my data.csv", seed=7)
    assert given.command() == (
        "scipy-ae train --dataset 'my data.csv' --solver-option gtol=1e-8 --solver-option c1=0.1 --no-guard --seed 7"
    )


def test_starts_are_halved_from_four_on_unless_told_otherwise():
    assert [Setup.of(Spec(restarts=m)).spec.halving for m in (1, 2, 3, 4)] == [None, False, False, True]
    assert Setup.of(Spec(restarts=2, halving=True)).spec.halves
    assert not Setup.of(Spec(restarts=9, halving=False)).spec.halves
    given = Spec(restarts=9, halving=False)
    assert given.command() == "scipy-ae train --seed 0 --restarts 9 --no-halving"


def test_the_published_run_is_filled_in():
    setup = Setup.of(Spec())
    spec, schedule = setup.spec, setup.schedule
    assert (spec.layers, spec.letters, spec.std, spec.init) == ("35-28-23-2-23-28-35", "10", 0.73, "gaussian")
    assert (spec.output, spec.loss, spec.iterations, spec.gtol) == ("logistic", "cross-entropy", 220, 1e-5)
    assert (schedule.k, schedule.steps, schedule.keep, schedule.burst.name) == (4, 5, True, "BFGS")
    assert (schedule.between.eta, schedule.between.guard) == (0.0085, True)
    assert setup.stop.gradient == 1e-5
    assert setup.theta.std() == pytest.approx(0.73, rel=0.05)


def test_circles_bring_their_own_and_the_user_has_the_last_word():
    spec = Setup.of(Spec(dataset="circles")).spec
    assert (spec.iterations, spec.eta, spec.init, spec.std, spec.gtol) == (1000, 0.01, "fan-in", 1.0, 3e-4)
    assert (spec.output, spec.loss) == ("identity", "squared-error")
    spec = Setup.of(Spec(dataset="circles", init="gaussian", gtol=1e-6, eta=0.5)).spec
    assert (spec.init, spec.std, spec.gtol, spec.eta) == ("gaussian", 0.73, 1e-6, 0.5)


def test_a_schedule_and_the_ends_of_every_fill_in_no_more_than_they_need():
    spec = Setup.of(Spec(schedule="bfgs:3")).spec
    assert [spec.solver, spec.every, spec.burst, spec.between, spec.carry, spec.eta, spec.guard, spec.iterations] == (
        [None] * 8
    )
    assert Setup.of(Spec(schedule="adam:3")).spec.eta == 0.0085
    spec = Setup.of(Spec(every=0)).spec
    assert (spec.solver, spec.burst, spec.carry, spec.eta) == (None, None, None, 0.0085)
    spec = Setup.of(Spec(every=1)).spec
    assert (spec.between, spec.eta, spec.guard, spec.burst) == (None, None, None, 5)


def test_options_reach_the_solvers_that_they_are_for():
    schedule = Setup.of(Spec(solver="L-BFGS", solver_options=("maxcor=3", "gtol=0.5"), gtol=0.25, eta=0.1)).schedule
    assert (schedule.burst._maxcor, schedule.burst._rules.gtol) == (3, 0.5)
    assert (schedule.between.gtol, schedule.between.eta) == (0.25, 0.1)
    schedule = Setup.of(Spec(solver="Adam", solver_options=("beta1=0.5", "eta=0.3"), eta=0.1)).schedule
    assert (schedule.burst.beta1, schedule.burst.eta, schedule.between.eta) == (0.5, 0.3, 0.1)
    adam, bfgs = Setup.of(Spec(schedule="adam:5 bfgs:5", solver_options=("beta2=0.9", "c2=0.7"))).schedule.solvers
    assert (adam.beta2, adam.guard, bfgs._rules.c2) == (0.9, False, 0.7)


@pytest.mark.parametrize("width", [2, 3, 4, 5, 12, 35, 42, 1000])
def test_default_layers_always_narrow(width):
    Setup.of(Spec())  # the kernels
    sizes = list(map(int, default_layers(width).split("-")))
    assert sizes[0] == sizes[-1] == width
    assert min(sizes) < width


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"std": float("nan")}, "std: nan is not accepted; a finite number of at least 0 is"),
        ({"eta": -0.1}, "eta: -0.1"),
        ({"eta": float("inf")}, "eta: inf"),
        ({"gtol": -1.0}, "gtol: -1.0"),
        ({"target_loss": float("nan")}, "target-loss: nan"),
        ({"target_pixels": -1}, "target-pixels: -1"),
        ({"seconds": -1}, "seconds: -1"),
        ({"beta": 0}, "beta: 0 is not accepted; .* above 0 is"),
        ({"l2": -1}, "l2: -1"),
        ({"seed": -1}, "seed: -1"),
        ({"every": -1}, "every: -1"),
        ({"burst": 0}, "burst: 0"),
        ({"iterations": 0}, "iterations: 0"),
        ({"batch_size": 0}, "batch-size: 0"),
        ({"every": 2.5}, "every: 2.5 is not accepted; a whole number is"),
        ({"every": True}, "every: True"),
        ({"std": "0.7"}, "std: '0.7' is not accepted; a number is"),
        ({"solver_options": ["a=1"]}, "solver-option: "),
        ({"solver_options": (1,)}, "solver-option: 1"),
        ({"dataset": "a\nb"}, "dataset: "),
        ({"dataset": "\udce9.csv"}, "dataset: "),
        ({"carry": "kep"}, "did you mean 'keep'"),
        ({"precision": "float16"}, "unknown precision 'float16'"),
        ({"schedule": "adam:3", "every": 4}, "every and schedule contradict each other"),
        ({"schedule": "adam:3", "solver": "CG"}, "solver and schedule contradict each other"),
        ({"schedule": "adam:3", "iterations": 4}, "iterations and schedule contradict each other"),
        ({"restarts": 0}, "restarts: 0"),
        ({"restarts": 1, "halving": True}, "halving: it is for restarts"),
        ({"halving": False}, "halving: it is for restarts"),
        ({"restarts": 2, "std": 0.0}, "restarts and std 0 contradict each other"),
        ({"every": 0, "burst": 4}, "burst and every 0 contradict each other"),
        ({"every": 0, "solver_options": ("gtol=1",)}, "solver-option and every 0 contradict each other"),
        ({"every": 1, "between": "Adam"}, "between and every 1 contradict each other"),
        ({"every": 1, "batch_size": 4}, "batch-size and every 1 contradict each other"),
        ({"l1": -0.1}, "l1: -0.1 is not accepted"),
        ({"kl": float("nan")}, "kl: nan"),
        ({"kl": 1.0, "rho": 0.0}, "rho: 0.0 is not accepted; .* above 0 is"),
        ({"kl": 1.0, "rho": 1.0}, "rho: 1.0 is not accepted; a number above 0 and below 1 is"),
        ({"contractive": -1.0}, "contractive: -1.0"),
        ({"contractive": 1.0, "probes": 0}, "probes: 0"),
        ({"variational": True, "kl_beta": -1.0}, "kl-beta: -1.0"),
        ({"variational": True, "draws": 0}, "draws: 0"),
        ({"variational": 1}, "variational: 1 is not accepted; true or false is"),
        ({"rho": 0.1}, "rho: it is for kl, which is not asked for here"),
        ({"sparse_layers": "all"}, "sparse-layers: it is for l1 or kl"),
        ({"probes": 1}, "probes: it is for contractive"),
        ({"kl_beta": 1.0, "variational": False}, "kl-beta: it is for variational"),
        ({"draws": 2}, "draws: it is for variational"),
    ],
)
def test_a_spec_refuses_what_cannot_be(given, message):
    with pytest.raises(InputError, match=message):
        Spec(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"every": 1, "eta": 0.1}, "eta: it is for first-order steps, and no solver at work here"),
        ({"schedule": "bfgs:3", "guard": True}, "guard: it is for first-order steps"),
        ({"schedule": "bfgs:3", "batch_size": 3}, "batch-size: it is for first-order steps"),
        ({"between": "CG", "batch_size": 3}, "batch-size: it is for first-order steps"),
        ({"solver": "TNC", "carry": "keep"}, "carry: TNC has no memory that could be kept"),
        ({"solver": "BFSG"}, "unknown solver 'BFSG': did you mean 'BFGS'"),
        ({"between": "Adan"}, "unknown solver 'Adan': did you mean 'Adam'"),
        ({"schedule": "adan:3"}, "unknown solver 'adan': did you mean 'Adam'"),
        ({"solver_options": ("gtl=1",)}, "unknown option of BFGS 'gtl': did you mean 'gtol'"),
        ({"solver_options": ("gtol",)}, "solver-option: 'gtol' is not accepted; KEY=VALUE"),
        ({"solver_options": ("=1",)}, "solver-option: '=1'"),
        ({"solver_options": ("gtol=x",)}, "gtol: got 'x'"),
        ({"solver": "scipy.CG", "solver_options": ("gtol=x",)}, "solver-option: scipy.CG does not accept gtol=x"),
        ({"solver": "scipy.BFGS", "solver_options": ("hess_inv0=3",)}, "does not accept hess_inv0=3"),
        ({"schedule": "adam:3 bfgs:3", "solver_options": ("gtl=1",)}, "unknown solver-option 'gtl': did you mean"),
        ({"init": "fanin"}, "unknown init 'fanin': did you mean 'fan-in'"),
        ({"activation": "tahn"}, "unknown activation 'tahn': did you mean 'tanh'"),
        ({"output": "logistc"}, "unknown activation 'logistc': did you mean 'logistic'"),
        ({"code": "identiy"}, "unknown activation 'identiy': did you mean 'identity'"),
        ({"loss": "mess", "output": "tanh"}, "unknown loss 'mess'"),
        ({"loss": "cross-entropy", "output": "tanh"}, "cross-entropy needs an output within"),
        ({"dataset": "circles", "target_pixels": 0}, "target-pixels: "),
        ({"layers": "30-9-2-9-30"}, "layers: 30-9-2-9-30 does not fit"),
        ({"layers": "35-40-35"}, "has no bottleneck"),
        ({"layers": "35-x-35"}, "layers: '35-x-35' is not accepted"),
        ({"letters": "nonsense!"}, "names no row of 'font2'"),
        ({"letters": "99"}, "cannot choose 99 rows"),
        ({"dataset": "fnt2"}, "unknown dataset 'fnt2': did you mean 'font2'"),
        ({"l1": 1.0, "sparse_layers": "encoder.5"}, "unknown layer 'encoder.5': did you mean"),
        ({"l1": 1.0, "sparse_layers": "decoder.2"}, "decoder.2 is the output"),
        ({"kl": 1.0, "activation": "relu"}, "encoder.2 has the activation relu; logistic and tanh are accepted"),
        ({"contractive": 1.0, "probes": 2}, "probes: 2 for a code of 2"),
        ({"variational": True, "draws": 10**9}, "draws: 1000000000 codes for each of 10 rows"),
        ({"variational": True, "precision": "float32"}, "float32 is for a loss and L2 alone"),
    ],
)
def test_a_setup_refuses_what_does_not_fit(given, message):
    with pytest.raises(InputError, match=message):
        Setup.of(Spec(**given))


def test_a_solver_that_needs_what_the_objective_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(BFGS, "needs", frozenset({"fun", "jac", "residual"}))
    with pytest.raises(UnsupportedError, match="BFGS needs residual; this objective offers fun, jac"):
        Setup.of(Spec())
    Setup.of(Spec(loss="squared-error", output="tanh"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("every = [", "is not TOML"),
        ("evry = 3", "unknown key 'evry': did you mean 'every'"),
        ("every = 'three'", "every: 'three' is not accepted"),
        ("every = 1\nbetween = 'adam'", "contradict"),
        ("std = nan", "std: nan"),
    ],
)
def test_a_damaged_spec_is_told_with_its_name(tmp_path, text, message):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"spec\.toml'.*{message}"):
        Spec.read(path)


def test_a_missing_spec_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot read the spec"):
        Spec.read(tmp_path / "spec.toml")


def test_the_seed_draws_the_start():
    first, again = Setup.of(Spec(seed=3)), Setup.of(Spec(seed=3))
    other = Setup.of(replace(first.asked, seed=4))
    assert first.theta.tobytes() == again.theta.tobytes()
    assert not np.array_equal(first.theta, other.theta)
