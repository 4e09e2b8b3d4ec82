"""What a study of tasks on images came to: each run by its held-out images, and a sentence or two on all of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scipy_ae.experiments.finding import Said
from scipy_ae.experiments.pictures import PARTS
from scipy_ae.experiments.trials import Trial

#: What is told of a run: decibels, and none.
MEASURES = ("psnr", "ssim")


def held_out(trial: Trial) -> dict[str, Any] | None:
    """The row of ``images.json`` on the outputs of the part that was held out; None where the run has no such file."""
    table = _table(trial)
    if table is None:
        return None
    part = [name for name in PARTS if name in table["parts"]][-1]
    return next((row for row in table["quality"] if (row["name"], row["part"]) == ("output", part)), None)


def said(named: Sequence[tuple[str, Trial | None]]) -> list[Said]:
    """Which value comes nearest to its targets, and how many are better than they have to be.

    Of each value one run counts, that which is kept. Nothing is said where some value has no images, or has other
    targets than the others.
    """
    tables = [None if trial is None else _table(trial) for _, trial in named]
    scores = [None if trial is None else held_out(trial) for _, trial in named]
    known = [(name, score["psnr"]) for (name, _), score in zip(named, scores) if score and score["psnr"] is not None]
    shapes = {tuple(table["target_shape"]) for table in tables if table}
    if len(known) < len(named) or len(known) < 2 or len(shapes) > 1:
        return []
    name, psnr = max(known, key=lambda one: one[1])
    return [
        Said("nearest", {"name": name, "psnr": psnr}),
        *_goals([table["goal"] for table in tables if table and "goal" in table]),
    ]


def _goals(goals: Sequence[Mapping[str, Any]]) -> list[Said]:
    """How many values met the goal that a task has, where all have the same."""
    if not goals or len({(goal["than"], goal["margin"]) for goal in goals}) > 1:
        return []
    found = [float(goal["found"]) for goal in goals]
    values = {"k": sum(bool(goal["met"]) for goal in goals), "n": len(goals), "than": goals[0]["than"]}
    values |= {"margin": float(goals[0]["margin"]), "least": float(np.min(found)), "most": float(np.max(found))}
    return [Said("goals" if values["margin"] else "ahead", values)]


def _table(trial: Trial) -> dict[str, Any] | None:
    try:
        table = json.loads(trial.folder.images.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) else None
