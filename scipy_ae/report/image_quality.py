"""How good the outputs of an image task are: the verdict against the best baseline, and the tables of all numbers."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.report.blocks import Table
from scipy_ae.report.image_reader import PARTS, Images, Score
from scipy_ae.report.words import Words, sentence

#: A baseline that takes more than so many times the bits of the code is no rival.
AFFORDABLE = 1.1
#: Differences below this many dB are none: the page writes two decimals.
EQUAL = 0.005


@dataclass(frozen=True)
class Verdict:
    """The output on the part to judge by, and the best that is not ours; without a baseline that is the input."""

    ours: Score
    rival: Score | None
    rows: int

    @property
    def gain(self) -> float:
        """PSNR above the rival's, in dB."""
        if self.rival is None or self.ours.psnr is None or self.rival.psnr is None:
            return float("nan")
        return 0.0 if self.ours.psnr == self.rival.psnr else self.ours.psnr - self.rival.psnr

    @property
    def outcome(self) -> str:
        """By the words' key: "better", "worse", "equal", or "alone" where there is nothing to compare with."""
        if np.isnan(self.gain):
            return "alone"
        return "equal" if abs(self.gain) < EQUAL else "better" if self.gain > 0 else "worse"


def judge(images: Images) -> Verdict:
    """The verdict on the rows that were held out, or on those of the training where none were."""
    ours = next(score for part in PARTS if (score := images.score("output", part)) is not None)
    there = [score for score in images.quality if score.part == ours.part and score.psnr is not None]
    baselines = [score for score in there if score.name not in ("input", "output")]
    rivals = [score for score in baselines if not _dear(score, images)] or baselines
    rivals = rivals or [score for score in there if score.name == "input"]
    best = max(rivals, key=lambda score: score.psnr or 0.0, default=None)
    return Verdict(ours, best, images.parts[ours.part])


def _dear(score: Score, images: Images) -> bool:
    """Whether a baseline takes many more bits than the code, as the smallest JPEG files of small pictures do."""
    bits = images.code.bits
    if images.task != "compress" or bits is None or score.bits is None:
        return False
    return score.bits > AFFORDABLE * bits


def decibels(x: float | None, words: Words, decimals: int = 2) -> str:
    """A PSNR as the page writes it."""
    if x is None:
        return "–"
    return words("images.decibels", x="∞" if np.isinf(x) else words.fixed(x, decimals))


def heading(images: Images, verdict: Verdict, numbers: str, words: Words) -> str:
    """What came of it, in one sentence."""
    said = words(f"images.outcome.{images.task}", numbers=numbers, psnr=decibels(verdict.ours.psnr, words))
    return sentence(said + words(f"images.verdict.{verdict.outcome}", **_against(images, verdict, words)))


def lead(images: Images, verdict: Verdict, words: Words) -> str:
    """The task, the rows judged by, the output beside the best baseline, and who is better; bits for compression."""
    said = words(
        "images.lead",
        task=words(f"images.task.{images.task}"),
        n=verdict.rows,
        count=words.whole(verdict.rows),
        part=words(f"images.judged.{verdict.ours.part}"),
        score=_score(verdict.ours, words),
    )
    against = _against(images, verdict, words)
    if verdict.rival is not None and verdict.outcome != "alone":
        by = "input" if verdict.rival.name == "input" else "baseline"
        said += words(f"images.against.{by}", score=_score(verdict.rival, words), **against)
        said += words(f"images.so.{verdict.outcome}", **against) + _other_ssim(verdict, words)
    told = [said + "."]
    if images.corruption:
        told.append(words("images.corruption", corruption=words.told(images.corruption)))
    code = images.code
    if images.task == "compress" and code.bits is not None and code.ratio is not None:
        form, x = size_of(code.ratio)
        size = words(f"images.size.{form}", x=words.number(x))
        told.append(
            words("images.bits", bits=whole_bits(code.bits, words), n=code.values, values=code.values, size=size)
        )
    told += _dearer(images, verdict, words)
    if images.grouped_by:
        told.append(words("images.grouped", by=words.told(images.grouped_by)))
    return " ".join(told)


def size_of(ratio: float) -> tuple[str, float]:
    """How the bits of a code are told beside those of the picture: "fewer", "same" or "more", and how many times."""
    if 0.995 < ratio < 1.005:  # which is written as 1
        return "same", 1.0
    return ("fewer", ratio) if ratio > 1 else ("more", 1 / ratio)


def quality_tables(images: Images, words: Words) -> list[Table]:
    """For each part of the data, the first to judge by: mse, PSNR, SSIM and bits of all that was measured."""
    tables: list[Table] = []
    for part in PARTS:
        scores = [score for score in images.quality if score.part == part]
        if not scores:
            continue
        bits = any(score.bits is not None for score in scores)
        rows = [_line(score, bits, words) for score in scores]
        headings = [
            words(f"images.table.{key}") for key in ("name", "mse", "psnr", "ssim", *(["bits"] if bits else []))
        ]
        n = images.parts[part]
        title = words(f"images.table.{part}", n=n, count=words.whole(n))
        tables.append(Table(title, headings, rows, note=words("images.table.note") if not tables else ""))
    return tables


def called(name: str, words: Words) -> str:
    """What a column of the examples and a line of the tables is called; a name that is not known as it is."""
    return words(f"images.name.{name}") if words.has(f"images.name.{name}") else name


def _line(score: Score, bits: bool, words: Words) -> list[str]:
    numbers = [
        "–" if score.mse is None else words.number(score.mse),
        decibels(score.psnr, words),
        "–" if score.ssim is None else words.fixed(score.ssim),
    ]
    return [called(score.name, words), *numbers, *([whole_bits(score.bits, words)] if bits else [])]


def _score(score: Score, words: Words) -> str:
    psnr = decibels(score.psnr, words)
    if score.ssim is None:
        return words("images.score_psnr", psnr=psnr)
    return words("images.score", psnr=psnr, ssim=words.fixed(score.ssim))


def _against(images: Images, verdict: Verdict, words: Words) -> dict[str, str]:
    rival = verdict.rival
    if rival is None:
        return {"name": "", "x": ""}
    known = words.has(f"images.called.{rival.name}")
    name = words(f"images.called.{rival.name}") if known else rival.name
    if images.task == "compress" and rival.bits is not None and rival.bits != images.code.bits:
        name = words("images.at_bits", name=name, bits=whole_bits(rival.bits, words))
    return {"name": name, "x": "∞" if np.isinf(verdict.gain) else words.fixed(abs(verdict.gain), 2)}


def _other_ssim(verdict: Verdict, words: Words) -> str:
    """That SSIM says the contrary of PSNR, where it does."""
    rival = verdict.rival
    if rival is None or rival.ssim is None or verdict.ours.ssim is None or verdict.outcome == "equal":
        return ""
    gain = verdict.ours.ssim - rival.ssim
    if abs(gain) < 5e-4 or (gain > 0) == (verdict.gain > 0):
        return ""
    return words(f"images.but.{'higher' if gain > 0 else 'lower'}", x=words.fixed(abs(gain)))


def _dearer(images: Images, verdict: Verdict, words: Words) -> list[str]:
    """What the baselines reach that take many more bits, and are no rivals for that."""
    said = []
    for score in images.quality:
        if score.part == verdict.ours.part and _dear(score, images) and score != verdict.rival:
            known = {"bits": whole_bits(score.bits, words), "psnr": decibels(score.psnr, words)}
            said.append(words("images.dearer", name=called(score.name, words), **known))
    return said


def whole_bits(bits: float | None, words: Words) -> str:
    """Bits of a picture as the page writes them."""
    if bits is None:
        return "–"
    return words.whole(round(bits)) if bits >= 100 or bits == round(bits) else words.number(bits)
