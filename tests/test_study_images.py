"""Studies and recipes of images that pass through a code: they train, and their page tells how near they come."""

import csv
import json

import numpy as np
import pytest

from scipy_ae import report
from scipy_ae.datasets import load_photographs
from scipy_ae.experiments import recipe as recipes
from scipy_ae.experiments.plan import Plan
from scipy_ae.experiments.run import follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.study import run_study

STUDY = """
title = "Two codes"
about = "Digits."

[run]
dataset = "digits"
task = "compress"
activation = "relu"
code = "identity"
loss = "squared-error"
iterations = 4
every = 4
burst_rows = 64
batch_size = 32

[study]
seeds = 1
cases = [
  { label = "2x4x4", layers = "conv8k3s2-relu-conv2k3 : conv8k3-relu-conv4k3-shuffle2" },
  { label = "1", layers = "conv4k3s4-relu-1 : 8-relu-64-reshape1x8x8" },
]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    path = root / "two-codes.toml"
    path.write_text(STUDY, encoding="utf-8")
    results = run_study(Plan.of(recipes.read(path), {}), root / "s", command="scipy-ae experiment run two-codes.toml")
    return root / "s", results


def quality(folder, value, name):
    table = json.loads((folder / value["folder"] / "images.json").read_text(encoding="utf-8"))
    return next(row for row in table["quality"] if (row["name"], row["part"]) == (name, "test"))


def test_a_study_says_who_is_nearest_on_held_out_images(study):
    folder, results = study
    ours = [quality(folder, value, "output")["psnr"] for value in results["values"]]
    pca = [quality(folder, value, "pca")["psnr"] for value in results["values"]]
    nearest, ahead = results["finding"]
    assert ours[0] > ours[1]
    assert (nearest["key"], nearest["values"]) == ("nearest", {"name": "2x4x4", "psnr": ours[0]})
    gains = np.subtract(ours, pca)
    told = ahead["values"]
    assert (ahead["key"], told["k"], told["n"], told["than"]) == ("ahead", int(sum(gains > 0)), 2, "pca")
    assert (told["least"], told["most"]) == pytest.approx((gains.min(), gains.max()))


def test_the_table_of_runs_has_psnr_and_ssim(study):
    folder, results = study
    rows = list(csv.DictReader((folder / "results.csv").read_text(encoding="utf-8").splitlines()))
    for row, value in zip(rows, results["values"], strict=True):
        ours = quality(folder, value, "output")
        assert (float(row["psnr"]), float(row["ssim"])) == (ours["psnr"], ours["ssim"])


@pytest.mark.parametrize(
    ("lang", "point", "said"),
    [
        ("en", ".", "nearest to its targets comes 2x4x4"),
        ("es", ",", "el que más se acerca a sus objetivos es 2x4x4"),
        ("pt", ",", "o que mais se aproxima dos seus alvos é 2x4x4"),
    ],
)
def test_the_page_of_such_a_study_tells_bits_and_decibels(study, lang, point, said):
    folder, results = study
    page = report.write(folder, lang=lang).read_text(encoding="utf-8")
    assert said in page[0].lower() + page[1:].replace(said[0].upper() + said[1:], said)
    for value, cells in zip(results["values"], ("2×4×4", "1")):
        assert f">{cells}<" in page
        for name in ("output", "pca"):
            assert f"{quality(folder, value, name)['psnr']:.2f}".replace(".", point) + " dB" in page
    assert ">1024<" in page.replace("\u202f", "").replace(",", "").replace(".", "")  # 32 numbers of 32 bits
    assert (folder / "figures" / "0-examples.png").exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("glyphs-compress", [(1, 14, 14), (1, 7, 7), (1, 2, 2), (1, 1, 1)]),
        ("svhn-compress", [(3, 8, 8)]),
        ("mnist-deep", [(30,)]),
        ("curves", [(6,)]),
    ],
)
def test_a_recipe_of_images_trains(name, code, tmp_path):
    small = {"dataset": "curves:40", "batch_size": 8, "iterations": 2, "every": 2, "burst": 2, "burst_rows": 12}
    if name == "svhn-compress":
        np.savez(tmp_path / "patches.npz", x=load_photographs().x[::60].reshape(-1, 3, 32, 32))
        small["dataset"] = str(tmp_path / "patches.npz")
    setups = [Setup.of(case.spec) for case in recipes.find(name).cases(small)]
    assert [setup.network.code_shape for setup in setups] == code
    for setup in setups:
        history = follow(setup, setup.iterations, reader=lambda record: None, asked=lambda: False).history
        assert history[-1].iteration == 2
        assert history.best.validation < history[0].validation
