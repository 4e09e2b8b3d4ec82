"""Sections on the codes of a run's rows: the explorer, the plane, and what no row of the data has."""

from scipy_ae.report.blocks import Block, Section
from scipy_ae.report.explorer import by_axes, explorable, explorer
from scipy_ae.report.teller import Teller


def explorer_section(teller: Teller) -> Section | None:
    """The decoder to play with; None where the page cannot compute it."""
    if not explorable(teller.run):
        return None
    intro = {1: "intro_line", 2: "intro"}.get(teller.run.latent_dim, "intro_many")
    if by_axes(teller.run):
        intro = "intro_axes"
    return teller.section("explorer", [explorer(teller.run, teller.look, teller.things, teller.words)], intro)


def plane_section(teller: Teller) -> Section:
    """Where the codes lie, and what the decoder makes of the places between."""
    run = teller.run
    many = len(run.labels) > 40 or run.kind == "circles"
    classes = run.kind == "table" and len(set(run.labels)) < len(run.labels)
    caption = "caption_classes" if classes else "caption_some" if many else "caption"
    blocks: list[Block] = [teller.picture("latent-plane", "latent", caption, n=len(run.labels), thing=teller.thing)]
    if run.plane is not None:
        caption = "caption" if run.new else "caption_plain"
        values = run.target.shape[1]
        blocks.append(
            teller.picture(
                "decoded-plane",
                "decoded",
                "caption_table" if run.kind == "table" else caption,
                columns=len(run.plane.x),
                rows=len(run.plane.y),
                n=values,
                shown=min(values, 6),
            )
        )
    intro = {1: "intro_line", 2: "intro"}.get(run.latent_dim, "intro_many")
    return teller.section("plane", blocks, intro)


def new_section(teller: Teller) -> Section | None:
    """Codes that no row has, decoded; None where there are none."""
    run, words = teller.run, teller.words
    blocks: list[Block] = []
    if run.new is not None and not (by_axes(run) and run.images is not None):
        n = min(len(run.new.output), 20)
        said = [words("figure.new.caption")]
        if run.latent_dim <= 2 and run.kind != "table":
            said.append(words("figure.new.caption_codes"))
        if run.kind == "circles":
            said.append(words("figure.new.caption_circles"))
        elif run.binary and run.kind == "image":
            said.append(words("figure.new.caption_near", thing=teller.thing))
        blocks.append(teller.drawn("new", words("figure.new.alt", n=n), " ".join(said)))
    if run.prior is not None:
        blocks.append(teller.picture("prior", "prior", n=len(run.prior.output)))
    if run.means is not None:
        blocks.append(teller.picture("means", "means", n=len(run.means.output)))
    if run.walk is not None:
        first, last = run.walk.names
        blocks.append(teller.picture("walk", "walk", n=len(run.walk.output), first=first, last=last))
    return teller.section("new", blocks) if blocks else None
