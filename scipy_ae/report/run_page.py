"""The page of one run: which sections it has, and the sentence of its outcome, computed from the numbers."""

import numpy as np

from scipy_ae.report.blocks import Block, Command, KeyFigure, Notes, Page, Picture, Section, Table, Terms
from scipy_ae.report.errors_table import Errors, errors_table, measure
from scipy_ae.report.evidence import evidence_key, evidence_lines
from scipy_ae.report.explorer import by_axes, explorable, explorer
from scipy_ae.report.figures import Gallery
from scipy_ae.report.look import Look
from scipy_ae.report.noise import noise_key, noise_table, noise_terms
from scipy_ae.report.reader import Run
from scipy_ae.report.starts_table import starts_table
from scipy_ae.report.words import Words, sentence

#: The pictures that show rows of the data or outputs.
PHOTOS = ("inputs-outputs", "latent-plane", "decoded-plane", "new", "prior", "means", "walk")


def page(run: Run, look: Look, gallery: Gallery, words: Words) -> Page:
    """Everything that the page of a run says."""
    return _Writer(run, look, gallery, words).page()


class _Writer:
    """Writes the page of one run; holds what every part of it needs."""

    def __init__(self, run: Run, look: Look, gallery: Gallery, words: Words) -> None:
        self.run, self.look, self.gallery, self.words = run, look, gallery, words
        self.photo = look.kind == "image" and not look.ink
        self.things = things(run)
        self.thing = words.noun(self.things)
        self.numbers = words("code.numbers", n=run.latent_dim, count=words.count(run.latent_dim))
        self.errors = measure(run)
        self.bursts = [record for record in run.history if record.phase == "burst"]

    def page(self) -> Page:
        run, words = self.run, self.words
        explored = (self._result, self._explorer, self._noise, self._plane, self._new)
        sections = (*explored, self._training, self._network, self._this_run)
        return Page(
            language=words.language,
            title=words("page.title", title=run.title),
            over=words("page.over", name=run.name),
            heading=self._outcome(),
            lead=self._lead(),
            warning=self._warning(),
            key_figures=self._key_figures(),
            sections=[section for write in sections if (section := write()) is not None],
            contents=words("page.contents"),
            foot=words("page.foot_script" if explorable(run) else "page.foot"),
        )

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

    def _lead(self) -> str:
        run, words = self.run, self.words
        about = sentence(run.about)
        about += "." if about and not about.endswith((".", "!", "?", "…")) else ""
        said = [about, words("lead.network", sizes=_sizes(run), n=run.parameters)]
        solvers = list(dict.fromkeys(record.solver for record in self.bursts))
        steps = list(dict.fromkeys(record.solver for record in run.history if record.phase == "step"))
        every = run.spec.get("every")
        if solvers and steps and isinstance(every, int):
            said.append(words("lead.burst", every=every, solver=words.told(solvers[0]), between=words.told(steps[0])))
        elif solvers or steps:
            said.append(words("lead.alone", solver=words.told((solvers or steps)[0])))
        return " ".join(part for part in said if part)

    def _warning(self) -> str:
        run, words = self.run, self.words
        if run.interrupted:
            return words("page.interrupted", n=run.history[-1].iteration)
        if not np.isfinite([run.loss, run.history[-1].loss]).all():
            return words("page.not_finite")
        return ""

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
        bursts = len(self.bursts)
        many = words("key.iterations_remark", n=bursts, count=words.whole(bursts))
        figures += evidence_key(run, words)
        noise = None if run.denoised is None else noise_key(run.denoised, words, self.thing)
        return [
            *([] if noise is None else [noise]),
            *figures,
            KeyFigure(words.number(run.loss), words("key.loss"), words("key.loss_remark", n=run.best_iteration)),
            KeyFigure(
                words.whole(run.history[-1].iteration),
                words("key.iterations"),
                many if bursts else words("key.iterations_plain"),
            ),
            KeyFigure(
                words.whole(run.parameters),
                words("key.parameters"),
                words("key.parameters_remark", layers=len(run.layers)),
            ),
            KeyFigure(words.seconds(run.seconds), words("key.time"), words("key.time_remark", n=run.evaluations)),
        ]

    def _result(self) -> Section:
        intro = "intro_circles" if self.run.kind == "circles" else "intro"
        blocks: list[Block] = [self._pairs(), errors_table(self.run, self.errors, self.things, self.words)]
        if self.run.kind == "circles":
            n = len(self.run.labels)
            blocks[1:1] = [self._picture("circles", "circles", n=n), self._picture("circles-overlaid", "overlay", n=n)]
        points = self.run.target.shape[1] // 2
        return self._section("result", blocks, intro, points=points)

    def _explorer(self) -> Section | None:
        if not explorable(self.run):
            return None
        intro = {1: "intro_line", 2: "intro"}.get(self.run.latent_dim, "intro_many")
        if by_axes(self.run):
            intro = "intro_axes"
        return self._section("explorer", [explorer(self.run, self.look, self.things, self.words)], intro)

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
            self._picture("noisy-rows", "noisy", plain, noise=denoised.noise),
            self._drawn("noise-matrix", words("figure.matrix.alt", n=len(denoised.tested)), " ".join(said)),
            noise_table(denoised, words),
            noise_terms(denoised, words),
        ]
        return self._section("noise", blocks, meaning=denoised.meaning, draws=denoised.draws)

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
        return Picture("inputs-outputs", self.gallery.files["inputs-outputs"], alt, caption, self.photo)

    def _plane(self) -> Section:
        run = self.run
        many = len(run.labels) > 40 or run.kind == "circles"
        classes = run.kind == "table" and len(set(run.labels)) < len(run.labels)
        caption = "caption_classes" if classes else "caption_some" if many else "caption"
        blocks: list[Block] = [self._picture("latent-plane", "latent", caption, n=len(run.labels), thing=self.thing)]
        if run.plane is not None:
            caption = "caption" if run.new else "caption_plain"
            values = run.target.shape[1]
            blocks.append(
                self._picture(
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
        return self._section("plane", blocks, intro)

    def _new(self) -> Section | None:
        run, words = self.run, self.words
        blocks: list[Block] = []
        if run.new is not None:
            n = min(len(run.new.output), 20)
            said = [words("figure.new.caption")]
            if run.latent_dim <= 2 and run.kind != "table":
                said.append(words("figure.new.caption_codes"))
            if run.kind == "circles":
                said.append(words("figure.new.caption_circles"))
            elif run.binary and run.kind == "image":
                said.append(words("figure.new.caption_near", thing=self.thing))
            blocks.append(self._drawn("new", words("figure.new.alt", n=n), " ".join(said)))
        if run.prior is not None:
            blocks.append(self._picture("prior", "prior", n=len(run.prior.output)))
        if run.means is not None:
            blocks.append(self._picture("means", "means", n=len(run.means.output)))
        if run.walk is not None:
            first, last = run.walk.names
            blocks.append(self._picture("walk", "walk", n=len(run.walk.output), first=first, last=last))
        return self._section("new", blocks) if blocks else None

    def _training(self) -> Section:
        run, words = self.run, self.words
        finite = run.history.column("loss")
        first, last = words.number(float(finite[0])), words.number(run.loss)
        form = "" if self.bursts else "_plain"
        also = [words("figure.curve.wrong")] if run.wrong_known else []
        also += [] if np.isfinite(finite).all() else [words("figure.curve.gap")]
        values = {"first": first, "last": last, "n": run.history[-1].iteration, "time": words.seconds(run.seconds)}
        blocks: list[Block] = [
            self._drawn(
                f"loss-{over}",
                words(f"figure.{over}.alt", **values),
                " ".join([words(f"figure.curve.{over}{form}"), *also]),
            )
            for over in ("iterations", "seconds")
        ]
        if run.starts is not None:
            blocks.append(starts_table(run.starts, words))
        return self._section("training", blocks)

    def _network(self) -> Section:
        picture = self._picture("network", "network", sizes=_sizes(self.run), numbers=self.numbers)
        return self._section("network", [picture, self._terms()])

    def _terms(self) -> Terms:
        run, words = self.run, self.words
        penalties = len(run.parts) > 1
        names = ", ".join(run.parts)
        known = {"numbers": self.numbers, "thing": self.thing, "name": names, "n": run.parameters}
        terms = [("code", "code_is"), ("parameters", "parameters_is")]
        terms.append(("loss", "loss_penalties_is" if penalties else "loss_is"))
        terms.append(("iteration", "iteration_is"))
        if self.bursts:
            known["solver"] = self.bursts[0].solver
            terms.append(("burst", "burst_is"))
        if self.errors.wrong is not None:
            wrong = "wrong_value" if run.kind == "table" else "wrong"
            terms.append((wrong, f"{wrong}_is"))
        if self.errors.roundness is not None:
            terms.append(("roundness", "roundness_is"))
        pairs = [(words(f"terms.{term}"), words(f"terms.{means}", **known)) for term, means in terms]
        return Terms(words("terms.title"), pairs)

    def _this_run(self) -> Section:
        run, words = self.run, self.words
        outcome = [
            (words("run.stop"), run.stop or run.history[-1].stop),
            (words("run.best"), words("run.best_is", n=run.best_iteration)),
            *((words("run.part_of_loss", name=name), words.number(value)) for name, value in run.parts.items()),
            (words("run.evaluations"), words.whole(run.evaluations)),
            *evidence_lines(run, words),
        ]
        settings = [
            (words(f"settings.{key}") if words.has(f"settings.{key}") else key, self._value(value))
            for key, value in run.spec.items()
            if value != []
        ]
        blocks: list[Block] = [Command(words("run.command"), run.command, words("run.hint"))]
        blocks.append(self._list("settings", "setting", settings))
        if run.notes:
            blocks.append(Notes(words("run.notes"), run.notes))
        blocks.append(self._list("outcome", "outcome_item", outcome))
        blocks.append(self._list("machine", "machine_item", self._machine()))
        return self._section("run", blocks)

    def _machine(self) -> list[tuple[str, str]]:
        items: list[tuple[str, str]] = []
        for key, value in self.run.machine.items():
            inner = value if isinstance(value, dict) else {key: value}
            named = {"threads": self.words("run.threads")}
            items += [(named.get(name, str(name)), self._value(entry)) for name, entry in inner.items()]
        return items

    def _list(self, title: str, heading: str, items: list[tuple[str, str]]) -> Table:
        words = self.words
        return Table(words(f"run.{title}"), (words(f"run.{heading}"), words("run.value")), items, numbers=False)

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            return self.words("number.yes" if value else "number.no")
        if isinstance(value, list):
            return ", ".join(self._value(item) for item in value)
        if isinstance(value, float):
            return str(value).replace(".", self.words.point)
        return str(value)

    def _section(self, name: str, blocks: list[Block], intro: str = "intro", **values: object) -> Section:
        words = self.words
        known = {"numbers": self.numbers, "thing": self.thing} | values
        return Section(name, words(f"section.{name}.title"), words(f"section.{name}.{intro}", **known), blocks)

    def _picture(self, name: str, figure: str, caption: str = "caption", **values: object) -> Picture:
        words = self.words
        return self._drawn(name, words(f"figure.{figure}.alt", **values), words(f"figure.{figure}.{caption}", **values))

    def _drawn(self, name: str, alt: str, caption: str) -> Picture:
        photo = self.photo and name in (
            "inputs-outputs",
            "latent-plane",
            "decoded-plane",
            "new",
            "prior",
            "means",
            "walk",
        )
        return Picture(name, self.gallery.files[name], alt, caption, photo)


def things(run: Run) -> str:
    """What a row is called: letters are pictures of black and white, nearly all with names of one character."""
    if run.kind == "circles":
        return "circles"
    if run.kind == "table":
        return "rows"
    short = sum(len(label) == 1 for label in run.labels) >= 0.75 * len(run.labels)
    unlike = len(set(run.labels)) == len(run.labels)
    return "letters" if run.binary and short and unlike else "pictures"


def _sizes(run: Run) -> str:
    return "-".join(str(size) for size in [*(layer.inputs for layer in run.layers), run.layers[-1].outputs])


def _rms(errors: Errors) -> float:
    return float(np.sqrt(np.mean(errors.rms**2)))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
