"""From a page to HTML: the only place that knows Jinja2. Every word is escaped, whoever wrote it."""

from functools import lru_cache

import jinja2

from scipy_ae.report.blocks import Page
from scipy_ae.report.words import TEMPLATES


def html(page: Page, template: str = "page.html.j2") -> str:
    """The page as one self-contained file."""
    return _environment().get_template(template).render(page=page)


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
