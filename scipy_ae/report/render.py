"""From a page to HTML: the only place that knows Jinja2. Every word is escaped, whoever wrote it."""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Any

import jinja2

from scipy_ae.report.blocks import Explorer, Page
from scipy_ae.report.words import TEMPLATES

#: The explorer's script, top down: what the page is, how one plays, how it is drawn, what is computed.
SCRIPTS = (
    "explorer", "controls", "plane", "map", "glyphs", "way", "film", "drawing", "colours", "files", "model",
    "coordinates", "decoder", "images",
)  # fmt: skip


def html(page: Page, template: str = "page.html.j2") -> str:
    """The page as one self-contained file; its policy lets it run its own script and nothing else."""
    plays = any(isinstance(block, Explorer) for section in page.sections for block in section.blocks)
    script = _script() if plays else ""
    policy = "'sha256-" + b64encode(sha256(script.encode()).digest()).decode("ascii") + "'"
    return _environment().get_template(template).render(page=page, script=script, policy=policy)


def card(card: Any) -> str:
    """A card of :mod:`scipy_ae.report.card`: a piece of HTML without any script."""
    return _environment().get_template("card.html.j2").render(card=card)


@lru_cache(maxsize=1)
def _script() -> str:
    """The files of ``templates/explorer`` as one script that leaves no names behind."""
    parts = [(TEMPLATES / "explorer" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\nstart();\n})();"


def prepare() -> None:
    """Compile the templates, which takes longer than to fill them."""
    for name in _environment().list_templates(extensions=["j2"]):
        _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
