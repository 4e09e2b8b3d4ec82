"""Runs, benches and studies as their folders have them, with what they say in English said in the language of a page.

Names of data, of files and of noises stay as they are, and so do commands: they mean the same in every language.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scipy_ae.records import History
from scipy_ae.report.denoised import Denoised, Tested
from scipy_ae.report.reader import Points, Run
from scipy_ae.report.words import Words

#: A name that a run gives a new code: its first numbers in brackets.
_CODE = re.compile(r"\((-?\d+\.\d+)(, -?\d+\.\d+)*\)")
_RATE = re.compile(r"\(eta ([^()]+)\)")


def told_run(run: Run, words: Words) -> Run:
    """A run for a page in the language of ``words``."""
    if words.language == "en":
        return run
    told = words.told
    return replace(
        run,
        title=told(run.title),
        command=_command(run.command, words),
        about=told(run.about),
        labels=tuple(told.number(label) for label in run.labels) if run.kind == "circles" else run.labels,
        layers=tuple(replace(layer, activation=told(layer.activation)) for layer in run.layers),
        stop=told(run.stop),
        parts={told(name): value for name, value in run.parts.items()},
        notes=tuple(told(note) for note in run.notes),
        history=_history(run.history, words),
        machine=_keys(run.machine, words),
        new=_points(run.new, words),
        walk=_points(run.walk, words, run.kind == "circles"),
        prior=_points(run.prior, words),
        denoised=None if run.denoised is None else _denoised(run.denoised, words),
    )


def told_bench(results: dict[str, Any], words: Words) -> dict[str, Any]:
    """What ``results.json`` of a bench holds, for a page in the language of ``words``."""
    if words.language == "en":
        return results
    told = words.told
    return {
        **results,
        "command": _command(results["command"], words),
        "dataset": {**results["dataset"], "about": told(results["dataset"]["about"])},
        "loss": told(results["loss"]),
        "advice": _label(told(results["advice"]), words),
        "solvers": [
            {**row, "label": _label(row["label"], words), "error": told(row["error"])}
            | ({"message": told(row["message"])} if row["races"] else {})
            for row in results["solvers"]
        ],
        "left_out": [{**row, "why": told(row["why"])} for row in results["left_out"]],
        "machine": _keys(results.get("machine", {}), words),
    }


def told_study(study: dict[str, Any], words: Words) -> dict[str, Any]:
    """What ``study.json`` holds, for a page in the language of ``words``: all texts of the recipe, labels included."""
    if words.language == "en":
        return study
    told = words.told
    texts: dict[str, Any] = {
        key: told(study[key]) for key in ("title", "about", "claim", "source", "meaning") if key in study
    }
    return {
        **study,
        **texts,
        "command": _command(study["command"], words),
        "dataset": {**study["dataset"], "about": told(study["dataset"].get("about", ""))},
        "machine": _keys(study.get("machine", {}), words),
        "values": [_value(value, words) for value in study["values"]],
        **{key: [_said(said, study["vary"], words) for said in study[key]] for key in ("finding", "verdict")},
    }


def _said(said: dict[str, Any], vary: str, words: Words) -> dict[str, Any]:
    """What a sentence is filled with: labels of the study's values, after the field that it varies, if one."""

    def named(name: str) -> str:
        return (
            f"{vary} {words.told(name[len(vary) + 1 :])}" if vary and name.startswith(f"{vary} ") else words.told(name)
        )

    values = dict(said["values"])
    for key in {"name", "other"} & values.keys():
        values[key] = named(values[key])
    if "others" in values:
        values["others"] = [named(name) for name in values["others"]]
    return {**said, "values": values}


def _history(history: History, words: Words) -> History:
    """The last record says why the training ended."""
    said = History()
    *before, last = history.records
    said.records, said.best = [*before, replace(last, stop=words.told(last.stop))], history.best
    return said


def _value(value: dict[str, Any], words: Words) -> dict[str, Any]:
    told = words.told
    return {
        **value,
        "label": told(value["label"]),
        "command": _command(value["command"], words),
        "why": told(value["why"]),
        "runs": [{**run, "stop": told(run["stop"])} for run in value["runs"]],
    }


def _label(text: str, words: Words) -> str:
    """A solver, or what is said of some, with the rates in its name as the language writes numbers."""
    return _RATE.sub(lambda found: f"(eta {words.told.number(found[1])})", text)


def _command(command: str, words: Words) -> str:
    """The command that asks for the same, page included."""
    return f"{command} --lang {words.language}" if command.startswith("scipy-ae ") else command


def _keys(table: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A machine with its parts named; what they are is theirs."""
    return {words.told(key): _keys(value, words) if isinstance(value, dict) else value for key, value in table.items()}


def _points(points: Points | None, words: Words, circles: bool = False) -> Points | None:
    """New codes have codes for names; of the ends of a walk those of circles are their radii."""
    if points is None:
        return None
    return replace(
        points, names=tuple(words.told.number(name) if circles else _name(name, words) for name in points.names)
    )


def _name(name: str, words: Words) -> str:
    if not _CODE.fullmatch(name):
        return name
    return "(" + words.between.join(words.spelt(number) for number in name[1:-1].split(", ")) + ")"


def _denoised(denoised: Denoised, words: Words) -> Denoised:
    def tested(test: Tested) -> Tested:
        return replace(test, meaning=words.told(test.meaning))

    return replace(denoised, meaning=words.told(denoised.meaning), tested=[tested(test) for test in denoised.tested])
