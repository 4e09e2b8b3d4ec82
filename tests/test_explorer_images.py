"""The latent explorer for decoders of images: numbers as torch has them, long codes along principal axes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import run_folders
from browser import EXPLORER, chromium, opened, settled, shot, until
from image_models import KINDS, Chain, colour, deep, restoring, small

from scipy_ae import activations, tensors
from scipy_ae.activations import Activation
from scipy_ae.errors import InputError
from scipy_ae.layers import Conv2D, ConvTranspose2D, Elementwise, Upsample2D
from scipy_ae.report.axes import principal_axes
from scipy_ae.report.blocks import Page, Section
from scipy_ae.report.decoder import read_decoder
from scipy_ae.report.explorer import explorable, explorer, layer_data
from scipy_ae.report.film import Film, film_data
from scipy_ae.report.look import Look
from scipy_ae.report.reader import Run, read
from scipy_ae.report.render import html
from scipy_ae.report.words import TEMPLATES, Words


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def images(chain: Chain, n: int = 24) -> np.ndarray:
    """Blobs of light at places of their own, (n, p), in [0, 1]."""
    rng = np.random.default_rng(3)
    channels, high, wide = chain.input_shape
    y, x = np.mgrid[:high, :wide]
    middle = rng.uniform(0.2, 0.8, (n, channels, 2, 1, 1)) * [[[high]], [[wide]]]
    away = ((y - middle[:, :, 0]) ** 2 + (x - middle[:, :, 1]) ** 2) / (0.03 * high * wide)
    return np.exp(-away).reshape(n, -1)


def run_of(path: Path, chain: Chain, x: np.ndarray | None = None) -> Run:
    """A run of such a network, as read from its folder; its rows are images where the decoder's output is one."""
    x = images(chain) if x is None else x
    codes = chain.encode(x)
    output = chain.decode(codes)
    labels = [f"{k}" for k in range(len(x))]
    folder = run_folders.run(path, output, output, codes, labels, "table", None)
    chain.save(folder.model)
    run = read(folder)
    shape = run.decoder[-1].output_shape if run.decoder else ()
    if len(shape) == 3 and shape[0] in (1, 3):
        run = replace(run, kind="image", image_shape=shape[1:])
    return run


def page_of(path: Path, *runs: Run) -> Path:
    """A page with nothing but the explorers of some runs."""
    looks = [Look(run.kind, run.image_shape, 0.0, 1.0, ink=False) for run in runs]
    blocks = [explorer(run, look, "pictures", Words()) for run, look in zip(runs, looks)]
    page = Page("en", "page", "", "page", "", "", [], [Section("explorer", "Explorer", "", blocks)], "", "")
    path.write_text(html(page), encoding="utf-8")
    return path


def decoded(page, codes: np.ndarray) -> np.ndarray:
    return np.array(page.evaluate(f"(codes) => codes.map((code) => {EXPLORER}.decode(code))", codes.tolist()))


def code(page) -> np.ndarray:
    settled(page)
    return np.array(page.evaluate(f"Array.from({EXPLORER}.code)"))


@pytest.fixture(scope="module")
def deep_run(tmp_path_factory):
    """A network of 28 x 28 with a code of 8 x 7 x 7, its run and its page."""
    chain, path = deep(), tmp_path_factory.mktemp("deep")
    run = run_of(path / "run", chain)
    return chain, run, page_of(path / "page.html", run)


@pytest.fixture
def page(browser, deep_run):
    with opened(browser, deep_run[2]) as page:
        yield page


CURVED = {
    f"{kind} after {make.__name__}": small(make(2, 3, 3, activation=kind), Conv2D(3, 2, 1))
    for kind in (*activations.names(), "leaky-relu(0.3)", Activation("elu", beta=0.6, alpha=2.5))
    for make in (Conv2D, ConvTranspose2D)
}
ALONE = {f"{kind} alone": small(Elementwise(kind)) for kind in (Activation("tanh", 0.4), Activation("softmax", 2.0))}


def test_the_script_decodes_images_as_torch_does(browser, tmp_path):
    """The page's decoder by itself, all kinds of layers in one go."""
    chains = {**KINDS, **CURVED, **ALONE, "colour": colour(), "deep": deep()}
    given, rng = [], np.random.default_rng(0)
    for name, chain in chains.items():
        chain.save(tmp_path / name)
        layers = [layer_data(layer) for layer in read_decoder(tmp_path / name)]
        given.append((layers, rng.normal(size=(5, np.prod(chain.code_shape))).tolist()))
    source = "".join((TEMPLATES / "explorer" / f"{name}.js").read_text() for name in ("decoder", "images"))
    page = browser.new_page()
    found = page.evaluate(
        """([source, given]) => {
            const decoderOf = new Function(`${source}; return decoderOf;`)();
            return given.map(([layers, codes]) => {
                const decoder = decoderOf(layers);
                return codes.map((code) => Array.from(decoder.decode(code)));
            });
        }""",
        [source, given],
    )
    page.close()
    for name, chain, (_, codes), rows in zip(chains, chains.values(), given, found, strict=True):
        wanted = chain.decode(np.array(codes))
        assert np.ptp(wanted) > 0.01, name
        np.testing.assert_allclose(rows, wanted, rtol=1e-9, atol=1e-10, err_msg=name)


def test_a_page_decodes_live_along_principal_axes_of_long_codes(page, deep_run):
    chain, run, _ = deep_run
    middle, axes = principal_axes(run.codes)
    before = code(page)
    plane = page.locator("[data-part=plane]")
    box = plane.bounding_box()
    plane.click(position={"x": 0.8 * box["width"], "y": 0.35 * box["height"]})
    after = code(page)
    low, high = np.array(page.evaluate(f"{EXPLORER}.model.extent"))[:2].T
    place = axes[:2] @ (after - middle)
    np.testing.assert_allclose(place, low + (high - low) * (0.8, 0.65), atol=0.02 * (high - low).max())
    np.testing.assert_allclose(after - before, axes[:2].T @ (axes[:2] @ (after - before)), atol=1e-9)
    np.testing.assert_allclose(decoded(page, after[None]), chain.decode(after[None]), atol=1e-10)
    until(page, f"{EXPLORER}.plane.map.kind === 'pictures' && !{EXPLORER}.plane.map.beginning")
    assert page.evaluate(f"{EXPLORER}.plane.map.isFresh()")


def test_a_slider_moves_along_one_axis(page, deep_run):
    middle, axes = principal_axes(deep_run[1].codes)
    assert page.locator("[data-slider]").count() == len(axes)
    before = axes @ (code(page) - middle)
    goal = page.evaluate(f"{EXPLORER}.model.extent[3]")[1]
    slider = page.locator("[data-slider='3']")
    assert slider.get_attribute("aria-label") == "principal axis 4"
    slider.fill(str(goal))
    after = axes @ (code(page) - middle)
    np.testing.assert_allclose(np.delete(after - before, 3), 0.0, atol=1e-9)
    np.testing.assert_allclose(after[3], goal, atol=1e-6)


def test_one_starts_from_a_row_of_the_data(page, deep_run):
    picture = shot(page, "output")
    button = page.get_by_role("button", name="start from 11", exact=True)
    button.click()
    np.testing.assert_array_equal(code(page), deep_run[1].codes[11])
    assert "here" in button.get_attribute("class")
    assert np.abs(shot(page, "output") - picture).max() > 0.02
    page.locator("[data-part=map]").select_option("nearest")
    until(page, f"{EXPLORER}.plane.map.kind === 'nearest' && !{EXPLORER}.plane.map.beginning")
    assert page.locator("[data-part=closest]").text_content() == "Closest in the data: 11"


def test_outputs_in_colour_are_drawn_in_their_colours(browser, tmp_path):
    chain = colour()
    run = run_of(tmp_path / "run", chain)
    with opened(browser, page_of(tmp_path / "page.html", run)) as page:
        drawn = shot(page, "output")
    high, wide, _ = drawn.shape
    cell = min(high, wide) // 8
    top, left = (high - 8 * cell) // 2, (wide - 8 * cell) // 2
    middles = drawn[top + cell // 2 :: cell, left + cell // 2 :: cell][:8, :8]
    wanted = chain.decode(run.codes[:1]).reshape(3, 8, 8).transpose(1, 2, 0)
    np.testing.assert_allclose(middles, wanted, atol=0.02)
    assert np.ptp(wanted, axis=2).max() > 0.1


def test_principal_axes_are_those_of_the_singular_values():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(30, 50)) * 0.8 ** np.arange(50) + 3.0
    middle, axes = principal_axes(codes)
    wanted = np.linalg.svd(codes - codes.mean(axis=0))[2][:8]
    np.testing.assert_allclose(middle, codes.mean(axis=0))
    np.testing.assert_allclose(np.abs((axes * wanted).sum(axis=1)), 1.0, atol=1e-9)
    for few in (codes[:1], codes[:2], np.repeat(codes[:1], 9, axis=0)):
        found = principal_axes(few)[1]
        assert len(found) == 2
        np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-12)


def test_a_decoder_too_large_or_too_slow_for_a_page_has_no_explorer(tmp_path):
    chain = Chain((16, 32, 32), [Elementwise("tanh")], [Conv2D(16, 64, 9), Upsample2D(2), Conv2D(64, 1, 9)])
    run = run_of(tmp_path / "slow", chain, np.zeros((2, 16 * 32 * 32)))
    assert len(run.decoder) == 3
    assert not explorable(run)
    assert explorable(run_of(tmp_path / "fast", colour()))


def test_a_network_that_adds_its_input_has_no_explorer(tmp_path):
    path = tmp_path / "model.safetensors"
    restoring().save(path)
    assert read_decoder(path) == ()


def test_no_film_where_a_batch_norm_changes_its_statistics(deep_run):
    chain, run, _ = deep_run
    count = sum(array.size for name, array in chain.arrays.items() if name.startswith("decoder"))
    film = Film(np.arange(8), np.zeros((8, count), "f4"), np.zeros((8, *run.codes.shape), "f4"))
    run = replace(run, film=film, best_iteration=8)
    assert film_data(run, np.arange(2), Words()) is None
    plain = replace(run, decoder=tuple(layer for layer in run.decoder if layer.layer.kind != "batch-norm"))
    assert film_data(plain, np.arange(2), Words()) is not None


DAMAGE = {
    "no shape of the input": (lambda plain, arrays: plain.pop("input_shape"), "decoder"),
    "a shape of words": (lambda plain, arrays: plain.update(input_shape=["a"]), "damaged specification"),
    "another shape": (lambda plain, arrays: plain.update(input_shape=[1, 27, 27, 2]), "damaged specification"),
    "no layers": (lambda plain, arrays: plain.update(decoder=[]), "damaged specification"),
    "a layer that is a number": (lambda plain, arrays: plain.update(decoder=[3]), "damaged specification"),
    "a factor of nothing": (lambda plain, arrays: plain["decoder"][0].update(factor=0), "factor 0 is not accepted"),
    "a factor beyond all": (lambda plain, arrays: plain["decoder"][0].update(factor=10**9), "decoder"),
    "a mode to come": (lambda plain, arrays: plain["decoder"][0].update(mode="cubic"), "mode 'cubic'"),
    "no statistics": (lambda plain, arrays: arrays.pop("statistics.decoder.2.mean"), "statistics.decoder.2.mean"),
    "a variance below 0": (lambda plain, arrays: arrays["statistics.decoder.2.variance"].fill(-1), "below 0"),
    "no number": (lambda plain, arrays: arrays["decoder.1.weight"].fill(np.nan), "decoder.1.weight"),
    "another bias": (lambda plain, arrays: arrays.update({"decoder.1.bias": np.zeros(3)}), "decoder.1.bias"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_decoder_of_images_is_named(tmp_path, damage):
    path, chain = tmp_path / "model.safetensors", deep()
    chain.save(path)
    assert len(read_decoder(path)) == 6
    with tensors.opened(path, *tensors.MODEL, "model") as file:
        specification, arrays = file.specification, {name: file.array(name).copy() for name in file.entries}
    spoil, said = DAMAGE[damage]
    spoil(specification["network"], arrays)
    tensors.write(path, *tensors.MODEL, specification, arrays)
    with pytest.raises(InputError, match=said) as told:
        read_decoder(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_layer_to_come_means_no_explorer(tmp_path):
    path = tmp_path / "model.safetensors"
    chain = colour()
    plain = [{"kind": "attention"}]
    tensors.write(path, *tensors.MODEL, {"network": {"encoder": plain, "decoder": plain, "bottleneck": "plain"}}, {})
    assert read_decoder(path) == ()
    chain.save(path)
    assert [layer.output_shape for layer in read_decoder(path)] == [(64,), (4, 4, 4), (4, 4, 4), (3, 8, 8)]
