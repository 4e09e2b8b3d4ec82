"""Which value of a study is best, in a sentence from the numbers; undecided where starts disagree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np

from scipy_ae.experiments.spec import Spec

#: How rarely chance alone may let one value beat another from so many starts before it counts as better.
CHANCE = 0.05
#: Of a spec, what makes losses incomparable where it differs.
OF_OBJECTIVE = (
    "dataset", "letters", "loss", "l2", "l1", "kl", "rho", "sparse_layers", "contractive", "probes", "noise",
)  # fmt: skip
_OF_DATA = 2  # as many of them say which data
#: What a run is ranked by, the lower the better.
Merit = tuple[float, float]
WORST: Merit = (np.inf, np.inf)


@dataclass(frozen=True)
class Entry:
    """A value as it is ranked: its name, what its losses are about, and the merit of each start."""

    name: str
    objective: tuple
    merits: Sequence[Merit]
    variational: bool = False
    second_order: bool = False
    seconds: float = np.nan  # trained, at most

    @property
    def median(self) -> Merit:
        return sorted(self.merits)[(len(self.merits) - 1) // 2]


def objective_of(spec: Spec) -> tuple:
    """Equal for runs that are ranked by the same measure: bounds of the evidence are, whatever was weighed how."""
    if spec.variational:
        return (spec.dataset, spec.letters, "evidence", spec.loss)
    return tuple(getattr(spec, name) for name in OF_OBJECTIVE)


def finding(entries: Sequence[Entry]) -> list[str]:
    """A sentence or two for each group of values whose losses are of the same objective."""
    groups: dict[tuple, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.objective, []).append(entry)
    if len(entries) == 1:
        return [f"Only {entries[0].name} was run."]
    told = [text for group in groups.values() if len(group) > 1 for text in _told(group, len(group) < len(entries))]
    return told or _by_pixels(entries)


def _by_pixels(entries: Sequence[Entry]) -> list[str]:
    """Of objectives of their own, wrong pixels alone, where the data are the same and the counts are not."""
    data = {entry.objective[:_OF_DATA] for entry in entries}
    if len(data) == 1 and len({entry.median[0] for entry in entries}) > 1:
        counted = [replace(entry, merits=[(merit[0], 0.0) for merit in entry.merits]) for entry in entries]
        text = _best(counted)
        return [f"By wrong pixels, since losses of different objectives do not compare: {text[0].lower()}{text[1:]}"]
    return ["Each value minimises an objective of its own, so losses do not rank them; the tables compare."]


def _told(group: list[Entry], some: bool) -> list[str]:
    among = f"Of the {len(group)} with the same objective: " if some else ""
    if group[0].variational:
        among = f"By the ELBO on codes drawn anew, among the {len(group)} variational ones: "
    text = _best(group)
    said = [among + text[0].lower() + text[1:] if among else text]
    return said + _orders(group) if group[0].variational else said


def _best(group: list[Entry]) -> str:
    ranked = sorted(group, key=lambda entry: entry.median)
    best, rest = ranked[0], ranked[1:]
    even = [other for other in rest if not decided(best, other)]
    n = min(len(entry.merits) for entry in ranked)
    if not even:
        wins = min(_wins(best, other) for other in rest)
        return f"Best is {best.name}: it beats each of the others from at least {wins} of {n} starts."
    told = ", ".join(f"{other.name} (beaten from {_wins(best, other)})" for other in even)
    starts = "one start does" if n == 1 else f"{n} starts do"
    more = "More starts (--seeds) may decide."
    return f"Undecided: {best.name} has the best median, but {starts} not tell it from {told}. {more}"


def _orders(group: list[Entry]) -> list[str]:
    """Whether second-order methods come to more evidence than first-order ones in the same time."""
    ranked = sorted(group, key=lambda entry: entry.median)
    second = next((entry for entry in ranked if entry.second_order), None)
    if second is None:
        return []
    others = [entry for entry in ranked if not entry.second_order and np.isfinite(entry.median[0])]
    said = []
    for other in others:
        better = second.median < other.median
        sure = decided(second, other) if better else decided(other, second)
        wins = _wins(second, other) if better else _wins(other, second)
        n = min(len(second.merits), len(other.merits))
        verdict = "a better ELBO than" if better else "no better ELBO than"
        doubt = "" if sure else ", too few to be sure"
        said.append(
            f"In {second.seconds:.3g} s each, {second.name} reaches {verdict} {other.name}: {-second.median[0]:.1f}"
            f" against {-other.median[0]:.1f} nats a row ({'ahead' if better else 'behind'} from {wins} of {n}"
            f" starts{doubt})."
        )
    return said


def decided(one: Entry, other: Entry) -> bool:
    """Whether ``one`` is better by the sign test over the starts (Conover 1999, section 3.4), one-sided."""
    n = min(len(one.merits), len(other.merits))
    return sum(comb(n, k) for k in range(_wins(one, other), n + 1)) <= CHANCE * 2**n


def _wins(one: Entry, other: Entry) -> int:
    return sum(mine < theirs for mine, theirs in zip(one.merits, other.merits))
