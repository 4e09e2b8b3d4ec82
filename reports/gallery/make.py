"""Make the pictures of this folder anew: ``python reports/gallery/make.py FOLDER``.

FOLDER is one that ``scipy-ae experiment run all`` has written. Pages are photographed in a headless Chromium.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
ALL_LETTERS = ["--letters", "all", "--init", "fan-in", "--code", "identity", "--burst", "50", "--target-pixels", "0"]
PUBLISHED = ["--solver", "BFGS", "--every", "4", "--std", "0.73"]
#: Pictures that reports have drawn: the study or run, the picture, and its name here.
DRAWN = (
    ("study-every-seconds-1", "loss-seconds", "study"),
    ("font-denoise-flips-1", "2-noisy-rows", "denoised"),
    ("logos-vae-1", "4-decoded-plane", "logos"),
    ("circles-1", "new", "circles"),
    ("glyphs-compress-1", "1-examples", "compressed"),
    ("super-resolution-1", "examples", "enlarged"),
)
WIDTH = 1200  # dots of the widest picture


def main(reports: Path) -> None:
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        work = Path(name)
        for run, options in (("all", ALL_LETTERS), ("published", PUBLISHED)):
            words = [sys.executable, "-m", "scipy_ae.cli.app", "train", *options, "--out", str(work / run)]
            subprocess.run(words, check=True)
        chromium = next(path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        photograph_explorer(page, work / "all")
        photograph_film(page, work / "published")
        browser.close()
        shutil.copy(work / "published" / "index.html", HERE / "letters.html")
    for folder, picture, name in DRAWN:
        shutil.copy(reports / folder / "figures" / f"{picture}.png", HERE / f"{name}.png")
    for path in HERE.glob("*.png"):
        shrink(path)


def photograph_explorer(page: Page, run: Path) -> None:
    """The plane, its map, and a walk between two letters."""
    page.goto((run / "index.html").absolute().as_uri())
    page.locator("[data-end='0']").select_option(label="A")
    page.locator("[data-end='1']").select_option(label="Z")
    page.wait_for_timeout(3000)  # the map becomes finer for a while
    page.locator("[data-explorer]").screenshot(path=HERE / "explorer.png")


def photograph_film(page: Page, run: Path) -> None:
    """A moment in which half of the letters are there."""
    page.goto((run / "index.html").absolute().as_uri())
    slider = page.locator("[data-part=film]")
    slider.fill(str(int(int(slider.get_attribute("max") or 0) * 0.35)))
    page.wait_for_timeout(1500)
    page.locator(".ex-film").screenshot(path=HERE / "film.png")


def shrink(path: Path) -> None:
    """At most ``WIDTH`` dots wide, in 256 colours: what a page of text needs."""
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((WIDTH, 10 * WIDTH))
    small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
