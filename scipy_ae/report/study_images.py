"""What a study's page tells of tasks on images: how near each value comes to its targets, in how many bits."""

from collections.abc import Sequence
from typing import Any

from scipy_ae.report.blocks import Table
from scipy_ae.report.image_quality import called, decibels, judge, whole_bits
from scipy_ae.report.image_reader import Images, Score
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words


def images_table(study: dict[str, Any], runs: Sequence[Run | None], words: Words) -> Table | None:
    """Code, bits and ratio where images are compressed, then error, PSNR and SSIM, and the baselines' PSNR, of each
    value's kept run on the rows held out; None where no value is about images."""
    both = zip(study["values"], runs)
    shown = [(value, run.images) for value, run in both if run is not None and run.images is not None]
    if not shown:
        return None
    compressed = all(images.task == "compress" for _, images in shown)
    names = list(dict.fromkeys(score.name for _, images in shown for score in _others(images)))
    headings = [words("study.value")]
    headings += [words(f"study.images.{name}") for name in ("code", "bits", "ratio")] if compressed else []
    headings += [words(f"images.table.{name}") for name in ("mse", "psnr", "ssim")]
    headings += [words("study.images.other", name=called(name, words)) for name in names]
    rows = [_line(value, images, compressed, names, words) for value, images in shown]
    verdict = judge(shown[0][1])
    part = words(f"images.judged.{verdict.ours.part}")
    title = words("study.images.title", part=part)
    note = words("study.images.note") + (" " + words("study.images.bits_note") if compressed else "")
    return Table(title, headings, rows, note=note, wide=True)


def _others(images: Images) -> list[Score]:
    """What stands beside the outputs on the rows to judge by: the inputs where they differ, and the baselines."""
    part = judge(images).ours.part
    return [score for score in images.quality if score.part == part and score.name != "output"]


def _line(value: dict[str, Any], images: Images, compressed: bool, names: Sequence[str], words: Words) -> list[str]:
    ours, code = judge(images).ours, images.code
    cells = [value["label"]]
    if compressed:
        ratio = "–" if code.ratio is None else words.number(code.ratio)
        cells += ["×".join(map(str, code.shape)), whole_bits(code.bits, words), ratio]
    cells += ["–" if ours.mse is None else words.number(ours.mse), decibels(ours.psnr, words)]
    cells.append("–" if ours.ssim is None else words.fixed(ours.ssim))
    known = {score.name: score for score in _others(images)}
    return cells + [_other(known.get(name), code.bits if compressed else None, words) for name in names]


def _other(score: Score | None, bits: float | None, words: Words) -> str:
    """Its PSNR, and its bits where they are not those of the code."""
    if score is None:
        return "–"
    psnr = decibels(score.psnr, words)
    if bits is None or score.bits is None or score.bits == bits:
        return psnr
    return words("study.images.with_bits", psnr=psnr, bits=whole_bits(score.bits, words))
