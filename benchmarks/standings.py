"""From the single runs of the letters to how each method stands."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from settings import OURS

NEVER = float("inf")


@dataclass(frozen=True)
class Standing:
    """How a method at its best setting did.

    A run that left a pixel wrong counts as one that never ends. ``ratio`` is the median, over the starts that both were
    given, of its time over ours.
    """

    method: str
    setting: str
    starts: int
    perfect: int
    median: float
    worst: float
    ratio: float

    @property
    def own(self) -> bool:
        """Whether it is one of our ways."""
        return self.method.split()[0] == OURS


def standings(rows: list[dict[str, Any]], font: str | None = None) -> list[Standing]:
    """Each method in the order met, ours first, on one font or on all together; of its settings the best.

    The best is the setting of the most perfect starts, then of the least median.
    """
    rows = [row for row in rows if font in (None, row["font"])]
    ours_name = rows[0]["method"]
    ours = {_start(row): _seconds(row) for row in rows if row["method"] == ours_name}
    tried: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        tried.setdefault(row["method"], {}).setdefault(row["setting"], []).append(row)
    return [
        max(
            (_standing(method, setting, runs, ours) for setting, runs in settings.items()),
            key=lambda standing: (standing.perfect, -standing.median),
        )
        for method, settings in tried.items()
    ]


def _standing(method: str, setting: str, runs: list[dict[str, Any]], ours: dict) -> Standing:
    times = [_seconds(run) for run in runs]
    return Standing(
        method=method,
        setting=setting,
        starts=len(runs),
        perfect=sum(run["wrong"] == 0 for run in runs),
        median=median(times),
        worst=max(times),
        ratio=median(_seconds(run) / ours[_start(run)] for run in runs),
    )


def _start(row: dict[str, Any]) -> tuple[str, int]:
    return row["font"], row["seed"]


def _seconds(row: dict[str, Any]) -> float:
    return row["seconds"] if row["wrong"] == 0 else NEVER
