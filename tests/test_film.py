"""The film of a training: which moments are kept, and how a page plays them in a real browser."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import run_folders
from browser import EXPLORER, chromium, opened, pages_without_pictures, settled, shot, until

from scipy_ae import report
from scipy_ae.errors import InputError
from scipy_ae.experiments import film as films
from scipy_ae.experiments.film import MOST, OPENING, Reel
from scipy_ae.experiments.run import follow, run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.network import Network
from scipy_ae.records import History, Record, RunFolder
from scipy_ae.report import reader

FILM = f"{EXPLORER}.film"
#: What rounding weights to float32 may change of an output between 0 and 1.
ROUNDING = 1e-5


def setup(**given):
    return Setup.of(Spec(**{"letters": "10", "layers": "35-9-2-9-35", **given}))


def records(count: int, every: int = 4):
    """A start and so many iterations, each ``every``-th a burst (0: none), whose thetas tell their iteration."""
    for i in range(count + 1):
        phase = "start" if i == 0 else "burst" if every and i % every == 0 else "step"
        yield Record(i, phase, "", 1.0, {}, 1.0, 0.0, 1, theta=np.full(3, float(i)))


def kept(count: int, every: int = 4, most: int = MOST) -> list[int]:
    reel = Reel(most)
    for record in records(count, every):
        reel.add(record)
        assert len(reel.frames) <= most
    assert all((record.theta == record.iteration).all() for record in reel.frames)
    return [record.iteration for record in reel.frames]


@pytest.mark.parametrize("every", [0, 1, 4, 10, 150])
@pytest.mark.parametrize("count", [1, 5, 40, 220, 221, 1000, 9999])
def test_frames_are_few_and_even_however_long_the_training_is(count, every):
    frames = kept(count, every)
    assert frames[0] == 0
    assert frames[-1] == count
    assert frames[: min(count + 1, OPENING)] == list(range(min(count + 1, OPENING)))
    assert len(frames) >= min(count + 1, (MOST - OPENING) // 4)
    gaps = np.diff(frames[OPENING - 1 :])
    if count > OPENING:
        assert gaps.max() <= 4 * max(1, (count - OPENING) / len(gaps))


@pytest.mark.parametrize("every", [4, 7, 10])
def test_bursts_are_shown_with_the_step_before_each(every):
    frames = kept(1000, every)
    bursts = [i for i in frames if i and i % every == 0]
    assert len(bursts) >= 12
    assert all(i - 1 in frames for i in bursts)


def test_no_theta_that_is_not_a_frame_is_held():
    reel = Reel(20)
    for record in records(500):
        reel.add(record)
    assert len(reel.frames) <= 20
    assert sum(map(len, reel.windows.values())) + len(reel.opening) < 20


def test_records_without_theta_or_with_a_loss_not_finite_are_no_frames():
    reel = Reel(MOST)
    for record in records(40):
        if record.iteration % 3 == 1:
            record = record.at(None)
        reel.add(replace(record, loss=np.nan) if record.iteration > 30 else record)
    assert [record.iteration for record in reel.frames] == [i for i in range(31) if i % 3 != 1]


@pytest.mark.parametrize("cut", [0, 5, 9, 60, 61, 63, 64, 130, 219])
def test_a_reel_goes_on_from_what_was_written_of_it(cut):
    told = list(records(220))
    whole, first = Reel(MOST), Reel(MOST)
    for record in told:
        whole.add(record)
    for record in told[:cut]:
        first.add(record)
    table, thetas = first.to_plain()
    again = Reel.from_plain(json.loads(json.dumps(table)), thetas, History(told[:cut]))
    for record in told[cut:]:
        again.add(record)
    assert [record.iteration for record in again.frames] == [record.iteration for record in whole.frames]
    assert np.array([record.theta for record in again.frames]).tobytes() == whole.to_plain()[1].tobytes()


def test_large_networks_have_fewer_frames_or_none():
    sizes = ["35-28-23-2-23-28-35", "400-300-200-100-50-2-50-100-200-300-400", "784-1000-2-1000-784"]
    most = [Reel.fit_for(Network.parse(spec), 40).most for spec in sizes]
    assert most[0] == MOST
    assert films.FEWEST <= most[1] < 20
    assert most[2] == 0


def test_a_run_keeps_its_film_and_a_comparison_pays_for_none(tmp_path):
    made = setup(iterations=40)
    thetas = {}
    outcome = run(made, tmp_path / "run", reader=lambda record: thetas.update({record.iteration: record.theta}))
    film = reader.read(outcome.folder).film
    first = made.network.layout.offset("decoder.0.weight")
    assert film.iteration.tolist() == list(range(41))
    for place, iteration in enumerate(film.iteration.tolist()):
        np.testing.assert_array_equal(film.decoder[place], thetas[iteration][first:].astype(np.float32))
        codes = made.network.encode(thetas[iteration], made.dataset.x)
        np.testing.assert_allclose(film.codes[place], codes, rtol=1e-6, atol=1e-7)
    bare = follow(made, 8, reader=lambda record: None, asked=lambda: False, filmed=False)
    assert bare.film is None


def test_phases_of_a_schedule_are_filmed(tmp_path):
    folder = run(setup(schedule="adam:30 bfgs:20 L-BFGS-B:6"), tmp_path / "run").folder
    told = {record.iteration: record.solver for record in History.read(folder.records)}
    solvers = [told[int(i)] for i in reader.read(folder).film.iteration]
    assert {solvers.count(name) > 3 for name in ("Adam", "BFGS", "L-BFGS-B")} == {True}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser, pages_without_pictures():
        yield browser


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """Folder, page, model and thetas of the published reference run."""
    made, thetas = Setup.of(Spec(solver="BFGS", every=4, std=0.73)), {}
    path = tmp_path_factory.mktemp("film") / "run"
    outcome = run(made, path, reader=lambda record: thetas.update({record.iteration: record.theta}))
    return outcome.folder, report.write(outcome.folder), outcome.model, thetas


@pytest.fixture
def page(browser, filmed):
    with opened(browser, filmed[1]) as page:
        yield page


def title(page) -> str:
    settled(page)
    return page.locator("[data-part=film-title]").text_content()


def slide(page, frame: int) -> None:
    page.locator("[data-part=film]").fill(str(frame))
    settled(page)


def assert_is_the_model(page, model) -> None:
    codes = np.random.default_rng(1).normal(size=(50, 2))
    theirs = page.evaluate(f"(codes) => codes.map((code) => {EXPLORER}.decode(code))", codes.tolist())
    np.testing.assert_allclose(theirs, model.decode(codes), rtol=1e-9, atol=1e-9)
    x = run_folders.load_font(2).select("A-J").x
    theirs = page.evaluate(f"{EXPLORER}.model.codes.map((code) => Array.from(code))")
    np.testing.assert_array_equal(theirs, model.encode(x))


def test_the_film_plays_from_the_start_to_the_model(page, filmed):
    last = page.evaluate(f"{FILM}.last")
    assert last == 62
    assert_is_the_model(page, filmed[2])
    page.get_by_role("button", name="Play the film").click()
    seen, said = [], []
    while page.evaluate(f"{FILM}.playing !== null"):
        frame, text, stopping = page.evaluate(
            f"[{FILM}.at, document.querySelector('[data-part=film-title]').textContent, {FILM}.button.textContent]"
        )
        seen.append(frame)
        said.append((text, stopping))
        page.wait_for_timeout(60)
    assert len(set(seen)) >= 8
    assert seen[0] < 20
    assert seen == sorted(seen)
    assert ("Iteration" in said[len(said) // 2][0], said[len(said) // 2][1]) == (True, "Stop")
    page.evaluate("() => new Promise(requestAnimationFrame)")  # what stopping changed is drawn with the next frame
    assert page.evaluate(f"[{FILM}.at, {FILM}.slider.value]") == [last, str(last)]
    assert title(page).startswith("The model, as kept at iteration ")
    assert_is_the_model(page, filmed[2])
    assert page.get_by_role("button", name="Play the film").is_visible()


def test_a_frame_decodes_as_python_does_with_its_theta(page, filmed):
    folder, _, model, thetas = filmed
    x = run_folders.load_font(2).select("A-J").x
    codes = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    iterations = reader.read(folder).film.iteration.tolist()
    frames = page.evaluate(
        f"""(codes) => Array.from({{ length: {FILM}.last }}, (_, k) => {{
            {FILM}.show(k);
            const rows = codes.map((code) => {EXPLORER}.decode(code));
            return [{FILM}.frame.iteration, rows, {EXPLORER}.model.codes.map((code) => Array.from(code))];
        }})""",
        codes.tolist(),
    )
    assert [iteration for iteration, *_ in frames] == iterations[:-1]
    worst = 0.0
    for iteration, rows, row_codes in frames:
        worst = max(worst, np.abs(rows - model.network.decode(thetas[iteration], codes)).max())
        np.testing.assert_allclose(row_codes, model.network.encode(thetas[iteration], x), rtol=1e-6, atol=1e-7)
    assert 0 < worst < ROUNDING


def test_moving_the_slider_changes_every_picture_and_says_what_led_there(page):
    page.locator("[data-part=map]").select_option("none")
    parts = ("plane", "output", "film-rows", "film-track", "strip")
    before = {part: shot(page, part) for part in parts}
    slide(page, 4)
    for part in parts:
        assert np.abs(shot(page, part) - before[part]).max() > 0.2, part
    assert title(page) == "Iteration 4: after a burst of BFGS, 5 steps"
    said = page.locator("[data-part=film-said]").text_content()
    assert re.fullmatch(r"[\d.e−]+ s · loss [\d.]+, before the burst [\d.]+ · \d+ wrong pixels", said)
    slider = page.locator("[data-part=film]")
    assert slider.get_attribute("aria-valuetext") == f"{title(page)}. {said}"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert title(page) == "Iteration 3: after a step of gradient-descent"
    page.keyboard.press("Home")
    assert title(page) == "Iteration 0: the start"
    page.keyboard.press("End")
    settled(page)
    assert np.abs(shot(page, "output") - before["output"]).max() < 0.02


def test_the_point_and_the_pins_follow_their_letters_and_stay_elsewhere(page):
    state = f"[{EXPLORER}.code, ...{EXPLORER}.pins, ...{EXPLORER}.path].map((code) => Array.from(code))"
    codes = f"{EXPLORER}.model.codes.map((code) => Array.from(code))"
    before = page.evaluate(codes)
    for frame in (30, 5, 0, 20):
        slide(page, frame)
        now = page.evaluate(codes)
        assert now != before
        assert page.evaluate(state) == [now[0], now[0], now[9], now[0], now[9]]
    page.evaluate(f"{EXPLORER}.moveTo([0.123, 0.456])")
    slide(page, 62)
    assert page.evaluate(state) == [[0.123, 0.456], before[0], before[9], before[0], before[9]]


def test_the_plane_stays_as_it_is_and_holds_all_codes(page):
    extent = page.evaluate(f"{EXPLORER}.model.extent")
    for frame in range(0, 63, 7):
        slide(page, frame)
        assert page.evaluate(f"{EXPLORER}.model.extent") == extent
        codes = np.array(page.evaluate(f"{EXPLORER}.model.codes.map((code) => Array.from(code))"))
        assert (codes >= np.array(extent)[:, 0]).all()
        assert (codes <= np.array(extent)[:, 1]).all()


def test_codes_that_came_closer_had_room_before_but_do_not_make_the_model_small(browser, tmp_path):
    extents = []
    for far in (1.0, 1.6, 50.0):
        folder, model = run_folders.trained(tmp_path / str(far))
        codes = model.encode(run_folders.load_font(2).select("A-J").x)
        middle = (codes.min(axis=0) + codes.max(axis=0)) / 2
        decoder = model.theta[model.network.layout.offset("decoder.0.weight") :]
        scales = np.linspace(far, 1.0, 8)
        frames = middle + scales[:, None, None] * (codes - middle)
        films.Film(np.arange(8), np.tile(decoder, (8, 1)).astype("f4"), frames.astype("f4")).write(folder.film)
        with opened(browser, report.write(folder)) as page:
            low, high = np.array(page.evaluate(f"{EXPLORER}.model.extent")).T
            inside = (frames >= low).all() and (frames <= high).all()
            assert inside == (far < 2)
            extents.append(high - low)
    assert (extents[1] > 1.05 * extents[0]).all()
    np.testing.assert_allclose(extents[2], 3 * extents[0])


def test_where_motion_is_unwelcome_the_button_goes_on_by_one(browser, filmed):
    with opened(browser, filmed[1], reduced_motion="reduce") as page:
        settled(page)
        button = page.get_by_role("button", name="Next frame")
        for frame in (0, 1, 2):
            button.click()
            settled(page)
            assert page.evaluate(f"[{FILM}.at, {FILM}.playing]") == [frame, None]


def test_film_and_walk_do_not_play_at_once(page):
    page.get_by_role("button", name="Play the film").click()
    until(page, f"{FILM}.at > 0 && {FILM}.at < {FILM}.last")
    page.get_by_role("button", name="Play", exact=True).click()
    assert page.evaluate(f"[{FILM}.playing, {EXPLORER}.player !== null]") == [None, True]
    page.get_by_role("button", name="Play the film").click()
    assert page.evaluate(f"[{FILM}.playing !== null, {EXPLORER}.player]") == [True, None]
    slide(page, 7)
    assert page.evaluate(f"[{FILM}.playing, {FILM}.at]") == [None, 7]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save numbers").click()
    assert waiting.value.suggested_filename == "run-explorer-iteration-7.csv"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (400, "dark")])
def test_the_film_fits_the_page(browser, filmed, width, theme):
    with opened(browser, filmed[1], viewport={"width": width, "height": 800}, color_scheme=theme) as page:
        slide(page, 3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (np.median(shot(page, "film-rows")) < 0.5) == (theme == "dark")


def test_the_page_of_the_reference_run_stays_below_two_megabytes(filmed):
    # each of its eight pictures takes some 40 kB more than the dots of this test
    assert 600_000 < len(filmed[1].read_bytes()) + 8 * 40_000 < 1_300_000


def test_a_run_of_before_there_were_films_has_its_page(browser, tmp_path):
    folder, _ = run_folders.trained(tmp_path / "run")
    with opened(browser, report.write(folder)) as page:
        settled(page)
        assert page.evaluate(f"{FILM}") is None
        assert page.locator("[data-part=film]").count() == 0


@pytest.mark.parametrize(
    ("given", "width"),
    [
        ({"dataset": "circles", "letters": None, "layers": None, "iterations": 30}, 3),
        ({"layers": "35-12-4-12-35", "iterations": 30, "every": 3, "activation": "parametric-relu"}, 4),
        ({"layers": "35-12-1-12-35", "schedule": "adam:40 bfgs:20"}, 1),
    ],
    ids=["circles", "a longer code", "a code of one number"],
)
def test_other_data_and_codes_are_filmed(browser, tmp_path, given, width):
    folder = run(setup(**given), tmp_path / "run").folder
    with opened(browser, report.write(folder)) as page:
        before = shot(page, "film-rows")
        slide(page, 0)
        assert title(page) == "Iteration 0: the start"
        assert np.abs(shot(page, "film-rows") - before).max() > 0.1
        slide(page, 6)
        assert re.match("Iteration 6: after a (step|burst) of ", title(page))


def _spoil(name):
    def spoil(path, film):
        np.savez(path, **{**film, name: film[name][:-1]})

    return spoil


DAMAGE = {
    "cut": lambda path, film: path.write_bytes(path.read_bytes()[:500]),
    "no archive": lambda path, film: path.write_bytes(b"not at all"),
    "of another code": _spoil("codes"),
    "of another decoder": _spoil("decoder"),
    "of another run": lambda path, film: np.savez(path, **{**film, "iteration": film["iteration"] + 1000}),
    "not finite": lambda path, film: np.savez(path, **{**film, "codes": film["codes"] * np.nan}),
    "words": lambda path, film: np.savez(path, **{**film, "iteration": film["iteration"].astype(str)}),
    "a part missing": lambda path, film: np.savez(path, iteration=film["iteration"]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_film_is_named(filmed, damage):
    folder = RunFolder(filmed[0].path)
    whole = folder.film.read_bytes()
    with np.load(folder.film) as file:
        film = dict(file)
    try:
        DAMAGE[damage](folder.film, film)
        with pytest.raises(InputError, match=re.escape("film.npz")):
            reader.read(folder)
    finally:
        folder.film.write_bytes(whole)
