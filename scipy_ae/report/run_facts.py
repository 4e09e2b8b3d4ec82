"""Sections on how a run went: its training, its settings, its machine; and the words that they take."""

from collections.abc import Sequence

import numpy as np

from scipy_ae.report.blocks import Block, Command, KeyFigure, Notes, Section, Terms
from scipy_ae.report.evidence import evidence_lines
from scipy_ae.report.held_out import curve_notes, held_out_key, held_out_lines
from scipy_ae.report.starts_table import starts_table
from scipy_ae.report.teller import Teller
from scipy_ae.report.words import sentence


def about(teller: Teller) -> str:
    """What the data are, as a sentence."""
    said = sentence(teller.run.about)
    return said + ("." if said and not said.endswith((".", "!", "?", "…")) else "")


def solvers(teller: Teller) -> str:
    """Who made the steps and the bursts; nothing where there were none."""
    run, words = teller.run, teller.words
    bursts = list(dict.fromkeys(record.solver for record in teller.bursts))
    steps = list(dict.fromkeys(record.solver for record in run.history if record.phase == "step"))
    every = run.spec.get("every")
    if bursts and steps and isinstance(every, int):
        return words("lead.burst", every=every, solver=words.told(bursts[0]), between=words.told(steps[0]))
    return words("lead.alone", solver=words.told((bursts or steps)[0])) if bursts or steps else ""


def training_figures(teller: Teller) -> list[KeyFigure]:
    """Numbers that matter in any training: loss, iterations, parameters, time."""
    run, words, bursts = teller.run, teller.words, len(teller.bursts)
    many = words("key.iterations_remark", n=bursts, count=words.whole(bursts))
    layers = words("key.parameters_remark", layers=len(run.layers))
    return [
        KeyFigure(words.number(run.loss), words("key.loss"), words("key.loss_remark", n=run.best_iteration)),
        *held_out_key(run, words),
        KeyFigure(
            words.whole(run.history[-1].iteration),
            words("key.iterations"),
            many if bursts else words("key.iterations_plain"),
        ),
        KeyFigure(words.whole(run.parameters), words("key.parameters"), layers),
        KeyFigure(words.seconds(run.seconds), words("key.time"), words("key.time_remark", n=run.evaluations)),
    ]


def terms(teller: Teller, also: Sequence[str] = (), wide: bool = False) -> Terms:
    """The words of any training and what they mean, and those of the keys ``also``."""
    run, words = teller.run, teller.words
    known = {"numbers": teller.numbers, "thing": teller.thing, "name": ", ".join(run.parts), "n": run.parameters}
    pairs = [("code", "code_is"), ("parameters", "parameters_is")]
    pairs.append(("loss", "loss_penalties_is" if len(run.parts) > 1 else "loss_is"))
    pairs.append(("iteration", "iteration_is"))
    if teller.bursts:
        known["solver"] = teller.bursts[0].solver
        pairs.append(("burst", "burst_is"))
    pairs += [(key, f"{key}_is") for key in also]
    said = [(words(f"terms.{term}"), words(f"terms.{means}", **known)) for term, means in pairs]
    return Terms(words("terms.title"), said, wide)


def warning(teller: Teller) -> str:
    """What went wrong, where anything did."""
    run, words = teller.run, teller.words
    if run.interrupted:
        return words("page.interrupted", n=run.history[-1].iteration)
    if not np.isfinite([run.loss, run.history[-1].loss]).all():
        return words("page.not_finite")
    return ""


def training_section(teller: Teller) -> Section:
    """How the loss fell."""
    run, words = teller.run, teller.words
    finite = run.history.column("loss")
    first, last = words.number(float(finite[0])), words.number(run.loss)
    form = "" if teller.bursts else "_plain"
    also = [words("figure.curve.wrong")] if run.wrong_known else []
    also += [] if np.isfinite(finite).all() else [words("figure.curve.gap")]
    also += curve_notes(run, words)
    values = {"first": first, "last": last, "n": run.history[-1].iteration, "time": words.seconds(run.seconds)}
    blocks: list[Block] = [
        teller.drawn(
            f"loss-{over}",
            words(f"figure.{over}.alt", **values),
            " ".join([words(f"figure.curve.{over}{form}"), *also]),
        )
        for over in ("iterations", "seconds")
    ]
    if run.starts is not None:
        blocks.append(starts_table(run.starts, words))
    return teller.section("training", blocks)


def run_section(teller: Teller) -> Section:
    """What was asked, how it ended, and the machine."""
    run, words = teller.run, teller.words
    outcome = [
        (words("run.stop"), run.stop or run.history[-1].stop),
        (words("run.best"), words("run.best_is", n=run.best_iteration)),
        *((words("run.part_of_loss", name=name), words.number(value)) for name, value in run.parts.items()),
        (words("run.evaluations"), words.whole(run.evaluations)),
        *evidence_lines(run, words),
        *held_out_lines(run, words),
    ]
    settings = [
        (words(f"settings.{key}") if words.has(f"settings.{key}") else key, teller.value(value))
        for key, value in run.spec.items()
        if value != []
    ]
    blocks: list[Block] = [Command(words("run.command"), run.command, words("run.hint"))]
    blocks.append(teller.listed("settings", "setting", settings))
    if run.notes:
        blocks.append(Notes(words("run.notes"), run.notes))
    blocks.append(teller.listed("outcome", "outcome_item", outcome))
    blocks.append(teller.listed("machine", "machine_item", _machine(teller)))
    return teller.section("run", blocks)


def _machine(teller: Teller) -> list[tuple[str, str]]:
    items: list[tuple[str, str]] = []
    for key, value in teller.run.machine.items():
        inner = value if isinstance(value, dict) else {key: value}
        named = {"threads": teller.words("run.threads")}
        items += [(named.get(name, str(name)), teller.value(entry)) for name, entry in inner.items()]
    return items
