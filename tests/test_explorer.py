"""The latent explorer in a real browser: decodes as Python does, follows pointer, finger and keys, runs no data."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import run_folders
from browser import EXPLORER, chromium, opened, pages_without_pictures, settled, shot, until
from matplotlib.image import imread

from scipy_ae import activations, report
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import InputError

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    '"onfocus="alert(4)',
    "<!-- <script>",
    "{name} &amp; $&",
]


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser, pages_without_pictures():
        yield browser


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """Page and model of ten letters through two numbers."""
    folder, model = run_folders.trained(tmp_path_factory.mktemp("letters") / "run")
    return report.write(folder), model


@pytest.fixture
def page(browser, letters):
    with opened(browser, letters[0]) as page:
        yield page


def code(page) -> np.ndarray:
    settled(page)
    return np.array(page.evaluate(f"Array.from({EXPLORER}.code)"))


def extent(page) -> np.ndarray:
    return np.array(page.evaluate(f"{EXPLORER}.model.extent"))


def plane(page):
    return page.locator("[data-part=plane]")


def drag(page, *places: tuple[float, float]) -> None:
    """Press, move and release at places of the plane, in parts of its sides from the top left."""
    plane(page).scroll_into_view_if_needed()
    box = plane(page).bounding_box()
    points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


def assert_decodes_alike(page, model, rng: np.random.Generator) -> None:
    codes = rng.normal(scale=2.0, size=(200, model.network.latent_dim))
    ours = model.decode(codes)
    theirs = np.array(page.evaluate(f"(codes) => codes.map((code) => {EXPLORER}.decode(code))", codes.tolist()))
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9)
    assert np.ptp(ours, axis=0).max() > 0.01


@pytest.mark.parametrize("activation", [*activations.names(), "leaky-relu(0.3)", "elu(2)"])
def test_the_page_decodes_as_python_does(browser, tmp_path, activation):
    kind = activations.Activation(activation, beta=0.8)
    folder, model = run_folders.trained(tmp_path / "run", activation=kind, output=kind)
    with opened(browser, report.write(folder)) as page:
        assert_decodes_alike(page, model, np.random.default_rng(1))


def test_a_variational_code_and_deeper_layers_decode_alike(browser, tmp_path):
    folder, model = run_folders.trained(tmp_path / "run", "35-20-3-11-7-35", bottleneck=Variational(0.5))
    with opened(browser, report.write(folder)) as page:
        assert_decodes_alike(page, model, np.random.default_rng(2))
        np.testing.assert_array_equal(code(page), model.encode(run_folders.load_font(2).x[1:2])[0])


def test_a_drag_changes_what_is_drawn_to_what_the_decoder_makes_of_the_place(page, letters):
    before = shot(page, "output")
    drag(page, (0.3, 0.3), (0.45, 0.8))
    after = shot(page, "output")
    assert np.abs(before - after).max() > 0.2
    low, high = extent(page).T
    np.testing.assert_allclose(code(page), low + (high - low) * (0.45, 0.2), atol=0.01 * (high - low).max())
    made = letters[1].decode(code(page)[None])[0]
    paper, ink = 0.93, 0.15  # about; a pixel's middle goes from one to the other
    cell = min(after.shape[0] // 7, after.shape[1] // 5)
    top, left = ((side - cell * count) // 2 for side, count in zip(after.shape, (7, 5)))
    drawn = after[top + cell // 2 :: cell, left + cell // 2 :: cell][:7, :5].mean(axis=2).ravel()
    np.testing.assert_allclose((paper - drawn) / (paper - ink), made, atol=0.06)


def test_a_click_on_a_letter_goes_to_its_code(page, letters):
    place = np.array(page.evaluate(f"{EXPLORER}.plane.place({EXPLORER}.model.codes[4])"))
    size = np.array(page.evaluate(f"[{EXPLORER}.plane.width, {EXPLORER}.plane.height]"))
    drag(page, tuple((place + 3) / size))
    np.testing.assert_array_equal(code(page), page.evaluate(f"Array.from({EXPLORER}.model.codes[4])"))


def test_the_map_is_drawn_and_can_be_another(page):
    pictures = []
    for kind in ("none", "nearest", "distance", "pictures"):
        page.locator("[data-part=map]").select_option(kind)
        if kind in ("nearest", "distance"):
            settled(page)
            until(page, f"{EXPLORER}.plane.map.level >= 1")
        pictures.append(shot(page, "plane"))
    for k, picture in enumerate(pictures):
        assert all(np.abs(picture - other).mean() > 0.005 for other in pictures[:k])


def test_the_map_tells_the_closest_letter(page, letters):
    until(page, f"{EXPLORER}.plane.map.level >= 1")
    model, x = letters[1], run_folders.load_font(2).select("A-J").x
    codes = np.random.default_rng(3).uniform(*extent(page).T, (50, 2))
    told = page.evaluate(
        f"(codes) => codes.map((code) => {EXPLORER}.model.closest({EXPLORER}.model.decoder.run(code)))", codes.tolist()
    )
    apart = ((model.decode(codes)[:, None] > 0.5) != (x[None] > 0.5)).sum(axis=2)
    assert [row["distance"] for row in told] == apart.min(axis=1).tolist()
    assert all(apart[k, row["nearest"]] == apart[k].min() for k, row in enumerate(told))


def test_keys_move_pin_play_and_clear(page):
    plane(page).focus()
    width = np.diff(extent(page))[:, 0]
    start = code(page)
    for key, moved in (("ArrowRight", (0.02, 0)), ("Shift+ArrowUp", (0, 0.1)), ("Alt+ArrowLeft", (-0.004, 0))):
        before = code(page)
        page.keyboard.press(key)
        np.testing.assert_allclose(code(page) - before, np.array(moved) * width, atol=1e-9)
    page.keyboard.press("PageDown")
    np.testing.assert_array_equal(code(page), page.evaluate(f"Array.from({EXPLORER}.model.codes[1])"))
    page.keyboard.press("Escape")
    assert page.evaluate(f"{EXPLORER}.path.length") == 0
    page.keyboard.press("Enter")
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    assert page.evaluate(f"{EXPLORER}.pins.map((pin) => Array.from(pin))")[0] != start.tolist()
    settled(page)
    assert [page.locator(f"[data-end='{end}']").input_value() for end in (0, 1)] == ["1", "2"]
    here = code(page)
    page.keyboard.press(" ")
    until(page, f"{EXPLORER}.code[0] !== {here[0]}")
    page.keyboard.press(" ")
    assert page.evaluate(f"{EXPLORER}.player") is None


def test_every_control_is_reached_by_tab_and_shows_where_the_focus_is(page):
    page.locator("#explorer h2").click()
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("JSON.stringify(document.activeElement.dataset)"))
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        inside = page.evaluate("Boolean(document.activeElement.closest('[data-explorer]'))")
        assert not inside or ring != "none"
    wanted = ('"part":"plane"', '"part":"map"', '"tool":"draw"', '"slider":"1"', '"end":"1"', '"pin":"0"')
    for part in (*wanted, '"do":"play"', '"do":"picture"', '"do":"numbers"'):
        assert any(part in names for names in seen), part


def test_a_listener_is_told_the_point(page):
    drag(page, (0.5, 0.5), (0.7, 0.4))
    until(page, "document.querySelector('[data-part=live]').textContent.length > 20")
    told = page.locator("[data-part=live]").text_content()
    assert re.fullmatch(r"code \([−\d.]+; [−\d.]+\)\. Closest in the data: \w, .*", told)
    assert page.locator("[data-part=output]").get_attribute("aria-label").startswith("Closest in the data: ")


def test_a_drawn_path_becomes_a_strip_and_numbers(page, letters):
    page.get_by_role("button", name="Draw a path").click()
    drag(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.9))
    settled(page)
    frames = page.locator("[data-part=strip] button")
    assert 7 <= frames.count() <= 13
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save numbers").click()
    assert waiting.value.suggested_filename == "run-explorer.csv"
    with Path(waiting.value.path()).open(newline="") as file:
        heads, *rows = csv.reader(file)
    assert heads[:3] == ["code number 1", "code number 2", "value 1"]
    numbers = np.array(rows, float)
    assert numbers.shape == (frames.count(), 2 + 35)
    np.testing.assert_allclose(numbers[:, 2:], letters[1].decode(np.ascontiguousarray(numbers[:, :2])), atol=1e-9)
    steps = np.linalg.norm(np.diff(numbers[:, :2], axis=0) / np.diff(extent(page))[:, 0], axis=1)
    assert (np.abs(steps - np.median(steps)) > 1e-6).sum() <= 1  # evenly along the path, but for its corner
    frames.nth(3).click()
    np.testing.assert_array_equal(code(page), numbers[3, :2])


def test_two_chosen_letters_are_walked_between(page):
    for end, row in ((0, "2"), (1, "7")):
        page.locator(f"[data-end='{end}']").select_option(value=row)
    settled(page)
    ends = page.evaluate(f"[{EXPLORER}.frames.at(0), {EXPLORER}.frames.at(-1)].map((code) => Array.from(code))")
    assert ends == page.evaluate(f"[2, 7].map((k) => Array.from({EXPLORER}.model.codes[k]))")
    page.get_by_role("button", name="Clear").click()
    settled(page)
    assert page.locator("[data-part=strip] li").count() == 0
    assert page.locator("[data-part=empty]").is_visible()


def test_the_picture_is_saved(page):
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save picture").click()
    assert waiting.value.suggested_filename == "run-explorer.png"
    picture = imread(waiting.value.path())
    assert picture.shape[0] > 400
    assert picture.shape[1] > 900
    assert picture[..., :3].std() > 0.05


def test_a_finger_moves_the_point(browser, letters):
    with opened(browser, letters[0], viewport={"width": 400, "height": 800}, has_touch=True) as page:
        before = code(page)
        plane(page).scroll_into_view_if_needed()
        box = plane(page).bounding_box()
        page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
        np.testing.assert_allclose(code(page), extent(page).mean(axis=1), atol=0.05 * np.ptp(extent(page)))
        assert np.abs(code(page) - before).max() > 0.01


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_and_has_two_themes(browser, letters, width, theme):
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": theme}
    with opened(browser, letters[0], **options) as page:
        page.locator("[data-part=map]").select_option("none")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (np.median(shot(page, "plane")) < 0.5) == (theme == "dark")
        assert (np.median(shot(page, "output")) < 0.5) == (theme == "dark")


def test_the_theme_may_change_while_one_plays(page):
    page.locator("[data-part=map]").select_option("none")
    page.emulate_media(color_scheme="dark")
    assert np.median(shot(page, "plane")) < 0.5


def test_longer_codes_have_sliders_and_two_chosen_axes(browser, tmp_path):
    folder, _ = run_folders.trained(tmp_path / "run", "35-12-4-12-35")
    with opened(browser, report.write(folder)) as page:
        assert page.locator("[data-slider]").count() == 4
        before, picture = code(page), shot(page, "output")
        page.locator("[data-slider='3']").fill(str(extent(page)[3].mean()))
        assert np.flatnonzero(code(page) != before).tolist() == [3]
        assert np.abs(shot(page, "output") - picture).max() > 0.05
        page.locator("[data-part=horizontal]").select_option(index=2)
        before = code(page)
        drag(page, (0.02, 0.02), (0.04, 0.05))
        assert np.flatnonzero(code(page) != before).tolist() == [1, 2]
        page.locator("[data-part=vertical]").select_option(index=2)  # the two change places
        settled(page)
        assert page.evaluate(f"{EXPLORER}.axes") == [1, 2]


def test_a_code_of_one_number_lies_on_a_line(browser, tmp_path):
    folder, _ = run_folders.trained(tmp_path / "run", "35-9-1-9-35")
    with opened(browser, report.write(folder)) as page:
        drag(page, (0.5, 0.1), (0.75, 0.9))
        low, high = extent(page)[0]
        np.testing.assert_allclose(code(page), [low + 0.75 * (high - low)], atol=0.01 * (high - low))
        plane(page).press("ArrowUp")


def test_circles_tables_and_grey_pictures_are_drawn(browser, tmp_path):
    rng = np.random.default_rng(0)
    circle = run_folders.make_circles(12)
    grey = rng.random((6, 64))
    plain = rng.normal(size=(30, 5))
    cases = [
        ("42-9-2-9-42", circle.x, "circles", None, circle.labels, r"Radius 0\.\d\d", "tanh"),
        ("64-9-2-9-64", grey, "image", (8, 8), list("aabbcc"), r"Closest in the data: [abc]", "logistic"),
        ("5-4-2-4-5", plain, "table", None, list("abc") * 10, r"Closest in the data: [abc]", "identity"),
    ]
    for spec, x, kind, shape, labels, said, output in cases:
        known = {"kind": kind, "image_shape": shape, "labels": labels, "output": output}
        folder, _ = run_folders.trained(tmp_path / kind, spec, x, **known)
        with opened(browser, report.write(folder)) as page:
            before = shot(page, "output")
            drag(page, (0.5, 0.5), (0.2, 0.8))
            assert np.abs(shot(page, "output") - before).max() > 0.05
            assert re.fullmatch(said, page.locator("[data-part=closest]").text_content())


def test_nothing_that_the_data_say_runs(browser, tmp_path):
    evil = "<img src=x onerror=alert(5)>"
    x = run_folders.load_font(2).x[: len(HOSTILE)]
    folder, _ = run_folders.trained(tmp_path / evil, x=x, labels=HOSTILE)
    with opened(browser, report.write(folder)) as page:
        assert page.locator("[data-end='0'] option").all_text_contents()[2:] == HOSTILE
        for k, name in enumerate(HOSTILE):
            page.locator("[data-end='0']").select_option(value=str(k))
            settled(page)
            assert page.evaluate(f"{EXPLORER}.model.names[{k}]") == name
            page.evaluate(f"{EXPLORER}.model.closest = () => ({{ nearest: {k}, distance: 1 }})")
            plane(page).press("ArrowRight")
            settled(page)
            assert page.locator("[data-part=closest]").text_content() == f"Closest in the data: {name}"
        assert page.locator("script").count() == 2  # data and program
        assert page.locator("img[src=x]").count() == 0
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save numbers").click()
        assert waiting.value.suggested_filename == "-img-src-x-onerror-alert-5--explorer.csv"


def test_the_page_runs_no_script_but_its_own(browser, letters):
    stray = "const stray = document.createElement('script'); stray.textContent = 'window.ran = 1'"
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(letters[0].as_uri())
    assert page.evaluate(f"() => {{ {stray}; document.body.append(stray); return window.ran ?? null; }}") is None
    page.close()
    assert len(complaints) == 1
    assert "Content Security Policy" in complaints[0]


def test_a_page_of_letters_stays_small(letters):
    # each of its eight pictures takes some 30 kB more than the dots of this test
    assert len(letters[0].read_bytes()) < 200_000


def test_a_run_without_a_model_has_a_page_without_a_script(tmp_path):
    source = report.write(run_folders.letters(tmp_path / "run")).read_text(encoding="utf-8")
    assert "<script" not in source
    assert "script-src" not in source
    assert "runs no script" in source


@pytest.mark.parametrize("damage", ["cut", "of another size"])
def test_a_damaged_model_is_named(tmp_path, damage):
    folder, _ = run_folders.trained(tmp_path / "run")
    if damage == "cut":
        folder.model.write_bytes(folder.model.read_bytes()[:99])
    else:
        other, _ = run_folders.trained(tmp_path / "other", "35-9-3-9-35")
        folder.model.write_bytes(other.model.read_bytes())
    with pytest.raises(InputError, match=re.escape("model.safetensors")):
        report.write(folder)
    assert not folder.index.exists()
