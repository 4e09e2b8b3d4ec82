"""The page of one run: which sections it has, and the sentence of its outcome, computed from the numbers."""

import numpy as np

from scipy_ae.report.blocks import Block, KeyFigure, Page, Picture, Section, Terms
from scipy_ae.report.errors_table import Errors, errors_table, measure
from scipy_ae.report.evidence import evidence_key
from scipy_ae.report.explorer import explorable
from scipy_ae.report.figures import Gallery
from scipy_ae.report.image_page import image_page
from scipy_ae.report.look import Look
from scipy_ae.report.noise import noise_key, noise_table, noise_terms
from scipy_ae.report.reader import Run
from scipy_ae.report.run_codes import explorer_section, new_section, plane_section
from scipy_ae.report.run_facts import about, run_section, solvers, terms, training_figures, training_section, warning
from scipy_ae.report.teller import Teller
from scipy_ae.report.words import Words, sentence


def page(run: Run, look: Look, gallery: Gallery, words: Words) -> Page:
    """Everything that the page of a run says."""
    teller = Teller(run, look, gallery, words)
    return image_page(teller, run.images) if run.images is not None else _Writer(teller).page()


class _Writer:
    """Writes the page of one run of a dense network."""

    def __init__(self, teller: Teller) -> None:
        self.teller = teller
        self.run, self.gallery, self.words = teller.run, teller.gallery, teller.words
        self.things, self.thing, self.numbers = teller.things, teller.thing, teller.numbers
        self.errors = measure(self.run)

    def page(self) -> Page:
        run, words = self.run, self.words
        teller = self.teller
        codes = [write(teller) for write in (plane_section, new_section)]
        explored = [self._result(), explorer_section(teller), self._noise(), *codes]
        sections = [*explored, training_section(teller), self._network(), run_section(teller)]
        return Page(
            language=words.language,
            title=words("page.title", title=run.title),
            over=words("page.over", name=run.name),
            heading=self._outcome(),
            lead=self._lead(),
            warning=warning(teller),
            key_figures=self._key_figures(),
            sections=[section for section in sections if section is not None],
            contents=words("page.contents"),
            foot=words("page.foot_script" if explorable(run) else "page.foot"),
        )

    def _lead(self) -> str:
        run, words = self.run, self.words
        network = words("lead.network", sizes=_sizes(run), n=run.parameters)
        return " ".join(part for part in (about(self.teller), network, solvers(self.teller)) if part)

    def _outcome(self) -> str:
        words, errors, n = self.words, self.errors, len(self.run.labels)
        known = {"n": n, "count": words.count(n), "numbers": self.numbers}
        key = f"outcome.{self.things}"
        if errors.wrong is not None:
            total, worst = int(errors.wrong.sum()), int(np.argmax(errors.wrong))
            pixels = words(f"pixels.{self.things}", n=total, count=words.count(total))
            at_most = words.count(int(errors.wrong[worst]))
            name = self.run.labels[worst]
            case = "wrong" if total else "clean"
            return sentence(words(f"{key}.{case}", **known, pixels=pixels, worst=at_most, name=name))
        roundness = "" if errors.roundness is None else words.percent(_mean(errors.roundness))
        return sentence(words(f"{key}.error", **known, error=_rms(errors), roundness=roundness))

    def _key_figures(self) -> list[KeyFigure]:
        run, words, errors = self.run, self.words, self.errors
        figures = []
        if errors.wrong is not None:
            total = int(errors.wrong.sum())
            name, of = ("wrong_values", "wrong_values_of") if run.kind == "table" else ("wrong", "wrong_of")
            remark = words(f"key.{of}", n=run.target.size)
            figures.append(KeyFigure(words.whole(total), words(f"key.{name}"), remark, good=total == 0))
            worst = int(errors.wrong.max())
            figures.append(KeyFigure(words.whole(worst), words("key.worst", thing=self.thing), good=worst <= 1))
        elif errors.roundness is not None:
            remark = words("key.roundness_remark")
            figures.append(KeyFigure(words.percent(_mean(errors.roundness)), words("key.roundness"), remark))
            if errors.new_roundness is not None:
                new = errors.new_roundness
                remark = words("key.roundness_new_remark", n=len(new))
                figures.append(KeyFigure(words.percent(_mean(new)), words("key.roundness_new"), remark))
        else:
            figures.append(KeyFigure(words.number(_rms(errors)), words("key.rms"), words("key.rms_remark")))
        noise = None if run.denoised is None else noise_key(run.denoised, words, self.thing)
        return [
            *([] if noise is None else [noise]),
            *figures,
            *evidence_key(run, words),
            *training_figures(self.teller),
        ]

    def _result(self) -> Section:
        intro = "intro_circles" if self.run.kind == "circles" else "intro"
        blocks: list[Block] = [self._pairs(), errors_table(self.run, self.errors, self.things, self.words)]
        if self.run.kind == "circles":
            n = len(self.run.labels)
            blocks[1:1] = [
                self.teller.picture("circles", "circles", n=n),
                self.teller.picture("circles-overlaid", "overlay", n=n),
            ]
        points = self.run.target.shape[1] // 2
        return self.teller.section("result", blocks, intro, points=points)

    def _noise(self) -> Section | None:
        denoised, words = self.run.denoised, self.words
        if denoised is None:
            return None
        said = [words("figure.matrix.caption", n=denoised.draws, seed=str(denoised.seed))]
        if denoised.left_out:
            said.append(
                words(
                    "figure.matrix.left_out",
                    names=", ".join(
                        words("noise.matrix.none") if name == "none" else name for name in denoised.left_out
                    ),
                )
            )
        plain = "caption" if "plain" in denoised.states else "caption_alone"
        blocks: list[Block] = [
            self.teller.picture("noisy-rows", "noisy", plain, noise=denoised.noise),
            self.teller.drawn("noise-matrix", words("figure.matrix.alt", n=len(denoised.tested)), " ".join(said)),
            noise_table(denoised, words),
            noise_terms(denoised, words),
        ]
        return self.teller.section("noise", blocks, meaning=denoised.meaning, draws=denoised.draws)

    def _pairs(self) -> Picture:
        run, words = self.run, self.words
        n, shown = len(run.labels), len(self.gallery.rows_shown)
        states = sentence("; ".join(words(f"figure.pairs.states.{state}") for state in self.gallery.states))
        form = {"circles": "caption_circles", "table": "caption_table"}.get(run.kind, "caption")
        cut = "cut" in self.gallery.states
        caption = words(f"figure.pairs.{'caption_binary' if cut else form}", states=states)
        if shown < n:
            left_out = "left_out_even" if run.kind == "circles" else "left_out"
            caption += " " + words(f"figure.pairs.{left_out}", shown=shown, n=n)
        alt = words("figure.pairs.alt", shown=shown, n=n)
        if cut and self.errors.wrong is not None:
            total = int(self.errors.wrong[self.gallery.rows_shown].sum())
            pixels = words(f"pixels.{self.things}", n=total, count=words.count(total))
            alt = words("figure.pairs.alt_wrong", shown=shown, n=n, pixels=pixels)
        return Picture("inputs-outputs", self.gallery.files["inputs-outputs"], alt, caption, self.teller.photo)

    def _network(self) -> Section:
        picture = self.teller.picture("network", "network", sizes=_sizes(self.run), numbers=self.numbers)
        return self.teller.section("network", [picture, self._terms()])

    def _terms(self) -> Terms:
        also = []
        if self.errors.wrong is not None:
            also.append("wrong_value" if self.run.kind == "table" else "wrong")
        if self.errors.roundness is not None:
            also.append("roundness")
        return terms(self.teller, also)


def _sizes(run: Run) -> str:
    return "-".join(str(size) for size in [*(layer.inputs for layer in run.layers), run.layers[-1].outputs])


def _rms(errors: Errors) -> float:
    return float(np.sqrt(np.mean(errors.rms**2)))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
