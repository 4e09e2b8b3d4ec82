"""Recipes of restoration: each trains, the watermark goes, files of pairs will do; and where such a network starts."""

import numpy as np
import pytest
from photographs import patches
from PIL import Image

from scipy_ae import Network, metrics
from scipy_ae.experiments import recipe as recipes
from scipy_ae.experiments.run import follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.layers import AddInput, BatchNorm, GroupNorm

SINGLE = ["svhn-denoise", "colorize", "unwatermark", "super-resolution"]
STUDIES = ["study-kernel", "study-conv-depth", "study-conv-activation"]
#: A pass and a burst; and a few rows of several blocks.
SHORT = {"iterations": 2, "every": 2, "burst": 4}
SMALL = {"letters": "60", **SHORT}


def trained(setup):
    return follow(setup, setup.iterations, reader=lambda record: None, asked=lambda: False, filmed=False)


@pytest.mark.parametrize("name", SINGLE + STUDIES)
def test_each_case_of_a_recipe_learns_from_its_start(name):
    for case in recipes.find(name).cases(SMALL):
        setup = Setup.of(case.spec)
        start, *_, last = trained(setup).history.records
        assert last.phase == "burst", case.label
        assert last.loss < start.loss, case.label
        assert all(part is not None for part in (setup.validation, setup.test))


def test_a_network_of_norms_that_adds_its_input_has_a_start():
    network = Network(encoder=[BatchNorm(1)], decoder=[GroupNorm(1, 1), AddInput()], input_shape=(1, 4, 4))
    theta = network.initialize(np.random.default_rng(0), init="he")
    np.testing.assert_array_equal(theta, [1, 0, 1, 0])


def test_a_watermark_is_gone_after_few_passes():
    setup = Setup.of(recipes.find("unwatermark").cases({"iterations": 3})[0].spec)
    theta, test = trained(setup).theta, setup.test
    given, made = metrics.psnr(test.x, test.target), metrics.psnr(setup.network.reconstruct(theta, test.x), test.target)
    assert made > given + 10


@pytest.mark.parametrize("name", ["super-resolution", "study-kernel"])
def test_super_resolution_takes_paired_folders_of_files(name, tmp_path):
    side = 32
    for part, seed in (("train", 0), ("val", 1)):
        for number, row in enumerate(patches(12, side, seed)):
            picture = Image.fromarray((255 * row.reshape(3, side, side).transpose(1, 2, 0)).astype(np.uint8))
            for size, folder in ((side // 2, "low"), (side, "high")):
                place = tmp_path / part / folder
                place.mkdir(parents=True, exist_ok=True)
                picture.resize((size, size), Image.Resampling.BICUBIC).save(place / f"{number}.png")
    cases = recipes.find(name).cases({"dataset": str(tmp_path), **SHORT, "burst": 20})
    setups = [Setup.of(case.spec) for case in cases]
    setup = setups[0]
    assert all(one.data.rows == {"train": 12, "validation": 12} for one in setups)
    assert (setup.network.input_shape, setup.network.output_shape) == ((3, 16, 16), (3, 32, 32))
    start, *_, last = trained(setup).history.records
    assert last.loss < start.loss


@pytest.mark.parametrize("layers", ["conv4k3-relu : conv3k3-input", "dense4 : dense192-input"])
def test_a_network_that_adds_its_input_starts_as_the_input(layers):
    network, x = Network.parse(layers, "relu", "identity", input_shape=(3, 8, 8)), patches(3, 8)
    for init in ("he", "fan-in", "glorot", "orthogonal"):
        theta = network.initialize(np.random.default_rng(0), init=init)
        np.testing.assert_array_equal(network.reconstruct(theta, x), x)
    theta = network.initialize(np.random.default_rng(0), init="gaussian")
    assert theta.std() == pytest.approx(0.73, rel=0.2)
    assert np.abs(network.reconstruct(theta, x) - x).max() > 0.1
