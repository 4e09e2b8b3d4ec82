"""Plan: which runs a study asks for, where each has its folder, and which of them are there already."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy_ae import __version__
from scipy_ae.experiments.checkpoint import fingerprint
from scipy_ae.experiments.recipe import Case, Recipe
from scipy_ae.experiments.run import fitting_folder
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.trials import Trial, finished, read_trial


@dataclass
class Value:
    """One value of a study: its setup, the name of its folder, what became of each start, and why some are missing."""

    case: Case
    setup: Setup
    name: str
    trials: list[Trial] = field(default_factory=list)
    lost: dict[int, str] = field(default_factory=dict)

    @property
    def kept(self) -> Trial | None:
        """The start of the median merit among those that were finite, which stands for the value."""
        finite = sorted((trial for trial in self.trials if trial.history is not None), key=lambda trial: trial.merit)
        return finite[(len(finite) - 1) // 2] if finite else None


@dataclass(frozen=True)
class Plan:
    """Values times seeds; whatever is not accepted is refused when it is made."""

    recipe: Recipe
    values: list[Value]
    seeds: range

    @classmethod
    def of(cls, recipe: Recipe, given: dict[str, Any], count: int | None = None) -> "Plan":
        cases = recipe.cases(given)
        width = len(str(len(cases)))
        values = [
            Value(case, Setup.of(case.spec), _folder_name(f"{place:0{width}}", case.label))
            for place, case in enumerate(cases, 1)
        ]
        first = cases[0].spec.seed
        return cls(recipe, values, range(first, first + (count or recipe.seeds)))

    @property
    def size(self) -> int:
        return len(self.values) * len(self.seeds)

    def runs(self) -> Iterator[tuple[Value, int]]:
        """Start by start through all values, so that a study cut short has compared all of them."""
        for seed in self.seeds:
            for value in self.values:
                yield value, seed

    def todo(self, root: Path) -> list[tuple[Value, int]]:
        """The runs that are not finished in that folder."""
        return [(value, seed) for value, seed in self.runs() if not finished(trial_folder(root, value, seed))]

    def read(self, root: Path) -> None:
        """Read all runs that are finished there."""
        for value in self.values:
            found = [read_trial(trial_folder(root, value, seed), seed) for seed in self.seeds]
            value.trials = [trial for trial in found if trial is not None]

    def text(self) -> str:
        """What the folder of a study says it is of; the same for one that only asks for more starts."""
        cases = [[one.case.label, one.case.spec.to_toml(), fingerprint(one.setup)] for one in self.values]
        table = {"version": __version__, "vary": self.recipe.vary, "test": self.recipe.test, "cases": cases}
        return json.dumps(table, indent=1, ensure_ascii=False)

    def folder(self, out: Path) -> Path:
        """The folder in ``out`` that holds this study, finished or not, or the next free one."""
        return fitting_folder(self.recipe.name, out, self.is_in)

    def is_in(self, root: Path) -> bool:
        try:
            return plan_file(root).read_text(encoding="utf-8") == self.text()
        except OSError:
            return False


def plan_file(root: Path) -> Path:
    return root / "plan.json"


def trial_folder(root: Path, value: Value, seed: int) -> Path:
    return root / value.name / f"seed-{seed}"


def _folder_name(place: str, label: str) -> str:
    return f"{place}-{re.sub(r'[^A-Za-z0-9.]+', '-', label).strip('-.')}"
