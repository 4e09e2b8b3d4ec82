"""The page of an image task: the verdict, examples beside the baselines, the tables, and the network at work."""

import numpy as np

from scipy_ae.report.blocks import Block, KeyFigure, Page, Picture, Section
from scipy_ae.report.evidence import evidence_key
from scipy_ae.report.explorer import by_axes, explorable
from scipy_ae.report.image_network import steps_of
from scipy_ae.report.image_pictures import columns_of, shown
from scipy_ae.report.image_plots import heading_of, layer_called
from scipy_ae.report.image_quality import Verdict, called, heading, judge, lead, quality_tables, size_of
from scipy_ae.report.image_reader import Images
from scipy_ae.report.run_codes import explorer_section, new_section, plane_section
from scipy_ae.report.run_facts import about, run_section, solvers, terms, training_figures, training_section, warning
from scipy_ae.report.teller import Teller
from scipy_ae.report.words import Words


def image_page(teller: Teller, images: Images) -> Page:
    """Everything that the page of an image task says."""
    run, words, verdict = teller.run, teller.words, judge(images)
    network = words("images.network", n=run.parameters, layers=len(run.layers))
    said = [lead(images, verdict, words), about(teller), network, solvers(teller)]
    # two numbers of a long code say little: the explorer, which moves along its principal axes, stands alone
    tellers = (explorer_section, new_section) if by_axes(run) else (explorer_section, plane_section, new_section)
    codes = [write(teller) for write in tellers] if len(run.codes) else []
    seen = _seen(teller, images)
    sections = [_result(teller, images), *codes, training_section(teller), _network(teller), seen, run_section(teller)]
    return Page(
        language=words.language,
        title=words("page.title", title=run.title),
        over=words("page.over", name=run.name),
        heading=heading(images, verdict, teller.numbers, words),
        lead=" ".join(part for part in said if part),
        warning=warning(teller),
        key_figures=_key_figures(teller, images, verdict),
        sections=[section for section in sections if section is not None],
        contents=words("page.contents"),
        foot=words("page.foot_script" if codes and explorable(run) else "page.foot"),
    )


def _key_figures(teller: Teller, images: Images, verdict: Verdict) -> list[KeyFigure]:
    words, ours, rival = teller.words, verdict.ours, verdict.rival
    part = words(f"images.key.{ours.part}")
    figures = [KeyFigure(_number(ours.psnr, words), words("images.key.psnr"), part, verdict.outcome == "better")]
    if ours.ssim is not None:
        better = rival is not None and rival.ssim is not None and ours.ssim > rival.ssim
        figures.append(KeyFigure(words.fixed(ours.ssim), words("images.key.ssim"), part, better))
    if rival is not None:
        ssim = "" if rival.ssim is None else words("images.key.rival_ssim", x=words.fixed(rival.ssim))
        name = words("images.key.rival", name=called(rival.name, words))
        figures.append(KeyFigure(_number(rival.psnr, words), name, ssim))
    code = images.code
    if images.task == "compress" and code.bits is not None:
        remark = words("images.key.bits_remark", n=code.values)
        figures.append(KeyFigure(words.whole(round(code.bits)), words("images.key.bits"), remark))
        if code.ratio is not None:
            form, x = size_of(code.ratio)
            figures.append(KeyFigure(words.number(x), words("images.key.ratio"), words(f"images.key.{form}")))
    return [*figures, *evidence_key(teller.run, words), *training_figures(teller)]


def _number(psnr: float | None, words: Words) -> str:
    return "–" if psnr is None else "∞" if np.isinf(psnr) else words.fixed(psnr, 2)


def _result(teller: Teller, images: Images) -> Section:
    words, m, n = teller.words, len(images.labels), len(shown(images))
    said = [words("figure.examples.caption"), words("figure.examples.error")]
    if images.target_shape[0] > 1:
        said.append(words("figure.examples.error_colour"))
    if n < m:
        said.append(words("figure.examples.fewer", shown=n, n=m))
    names = ", ".join(heading_of(name, images, words) for name in columns_of(images))
    picture = _crisp(teller, "examples", words("figure.examples.alt", n=n, names=names), " ".join(said))
    return teller.section("images", [picture, *quality_tables(images, words)])


def _network(teller: Teller) -> Section:
    run, words = teller.run, teller.words
    shapes = " → ".join("×".join(map(str, step.shape)) for step in steps_of(run.layers))
    picture = _crisp(
        teller,
        "network",
        words("figure.image_network.alt", shapes=shapes),
        words("figure.image_network.caption"),
        False,
    )
    images = run.images
    assert images is not None
    names = {score.name for score in images.quality}
    also = ["mse", "psnr", "ssim", *(["bits"] if images.code.bits is not None else [])]
    also += [name for name in ("pca", "jpeg", "median", "wavelet", "bicubic", "grey") if name in names]
    also += ["add_input"] if any(layer.kind == "add-input" for layer in run.layers) else []
    return teller.section("image_network", [picture, terms(teller, also, wide=True)])


def _seen(teller: Teller, images: Images) -> Section | None:
    """The filters of the first layer and what the layers make of one example; None where there are neither."""
    run, words = teller.run, teller.words
    blocks: list[Block] = []
    if images.filters is not None:
        out, inputs, k, _ = images.filters.shape
        values = {"n": out, "inputs": inputs, "k": k, "layer": layer_called(run, images.filters_of)}
        several = [words("figure.filters.inputs", inputs=inputs)] if inputs > 1 else []
        caption = " ".join([words("figure.filters.caption", **values), *several])
        blocks.append(_crisp(teller, "filters", words("figure.filters.alt", **values), caption))
    if images.stages:
        values = {"n": len(images.stages), "name": images.labels[images.seen]}
        caption = words("figure.maps.caption", **values)
        blocks.append(_crisp(teller, "feature-maps", words("figure.maps.alt", **values), caption))
    return teller.section("seen", blocks) if blocks else None


def _crisp(teller: Teller, name: str, alt: str, caption: str, photo: bool = True) -> Picture:
    return Picture(name, teller.gallery.files[name], alt, caption, photo, crisp=True)
