"""A headless Chromium for the tests of pages, one page of it with all that went wrong on it, and how to look at it.

What a page draws comes with the next frame after an event: ask for it through ``settled``, ``shot`` or ``until``.
"""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from playwright.sync_api import Browser, Page, sync_playwright

from scipy_ae.report import drawing

EXPLORER = "document.querySelector('[data-explorer]').explorer"
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, f"the tests of pages need one of {', '.join(NAMES)} on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    """The page at ``path``, opened from disk; fails at the end if it complained, or asked for more than itself."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    page, wrong = context.new_page(), []
    page.set_default_timeout(10_000)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:", "blob:")) or wrong.append(asked.url))
    page.goto(path.absolute().as_uri())
    yield page
    context.close()
    assert not wrong, "\n".join(wrong)


@contextmanager
def pages_without_pictures() -> Iterator[None]:
    """Lays figures out but does not render them: where what counts is the page."""
    dot = np.zeros((1, 1, 3), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "pixels", lambda figure: dot)
        yield


def settled(page: Page) -> None:
    """Wait until what an event asked for is drawn."""
    page.evaluate(SETTLED)


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own waiting would have the page evaluate text, which its policy forbids."""
    for _ in range(200):
        if page.evaluate(f"Boolean({condition})"):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def shot(page: Page, part: str) -> np.ndarray:
    """A part of the explorer as it is drawn, (h, w, 3) in [0, 1]."""
    settled(page)
    return imread(io.BytesIO(page.locator(f"[data-part={part}]").screenshot()))[..., :3]
