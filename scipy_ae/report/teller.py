"""Teller: what every part of the page of a run needs, and how it makes sections and pictures of words."""

from scipy_ae.report.blocks import Block, Picture, Section, Table
from scipy_ae.report.figures import Gallery
from scipy_ae.report.look import Look
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words

#: The pictures that show rows of the data or outputs.
PHOTOS = ("inputs-outputs", "latent-plane", "decoded-plane", "new", "prior", "means", "walk")


class Teller:
    """Tells of one run: its folder, how its rows look, its pictures, and the words of the page."""

    def __init__(self, run: Run, look: Look, gallery: Gallery, words: Words) -> None:
        self.run, self.look, self.gallery, self.words = run, look, gallery, words
        self.photo = look.kind == "image" and not look.ink
        self.things = things(run)
        self.thing = words.noun(self.things)
        self.numbers = words("code.numbers", n=run.latent_dim, count=words.count(run.latent_dim))
        self.bursts = [record for record in run.history if record.phase == "burst"]

    def section(self, name: str, blocks: list[Block], intro: str = "intro", **values: object) -> Section:
        words = self.words
        known = {"numbers": self.numbers, "thing": self.thing} | values
        return Section(name, words(f"section.{name}.title"), words(f"section.{name}.{intro}", **known), blocks)

    def picture(self, name: str, figure: str, caption: str = "caption", **values: object) -> Picture:
        words = self.words
        return self.drawn(name, words(f"figure.{figure}.alt", **values), words(f"figure.{figure}.{caption}", **values))

    def drawn(self, name: str, alt: str, caption: str) -> Picture:
        return Picture(name, self.gallery.files[name], alt, caption, self.photo and name in PHOTOS)

    def listed(self, title: str, heading: str, items: list[tuple[str, str]]) -> Table:
        words = self.words
        return Table(words(f"run.{title}"), (words(f"run.{heading}"), words("run.value")), items, numbers=False)

    def value(self, value: object) -> str:
        """A setting as the page writes it."""
        if isinstance(value, bool):
            return self.words("number.yes" if value else "number.no")
        if isinstance(value, list):
            return ", ".join(self.value(item) for item in value)
        if isinstance(value, float):
            return str(value).replace(".", self.words.point)
        return str(value)


def things(run: Run) -> str:
    """What a row is called: letters are pictures of black and white, nearly all with names of one character."""
    if run.images is not None:
        return "pictures"
    if run.kind == "circles":
        return "circles"
    if run.kind == "table":
        return "rows"
    short = sum(len(label) == 1 for label in run.labels) >= 0.75 * len(run.labels)
    unlike = len(set(run.labels)) == len(run.labels)
    return "letters" if run.binary and short and unlike else "pictures"
