"""What the numbers of a study say: which value is best, and whether a published claim holds; undecided where starts
disagree.

Values are compared start by start, since all have the same ones, by the sign test (Conover 1999, "Practical
Nonparametric Statistics", section 3.4), two-sided, since it is the numbers that say who may be ahead. It asks for no
distribution, and ranks by wrong pixels first and loss second as well as by one number. A sentence that compares one
value with several is held to ``CHANCE`` as a whole (Holm 1979, "A simple sequentially rejective multiple test
procedure").

What is found is kept as the key of a sentence and what it is filled with: the words are the report's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

import numpy as np

from scipy_ae.experiments.spec import Spec

#: How rarely chance alone may make a sentence say that one value beats others.
CHANCE = 0.05
#: Of a spec, what makes losses incomparable where it differs.
OF_OBJECTIVE = (
    "dataset", "letters", "loss", "l2", "l1", "kl", "rho", "sparse_layers", "contractive", "probes", "noise", "task",
    "watermark", "opacity", "place", "factor", "downscale",
)  # fmt: skip
_OF_DATA = 2  # as many of them say which data
#: What a run is ranked by, the lower the better.
Merit = tuple[float, float]
WORST: Merit = (np.inf, np.inf)


@dataclass(frozen=True)
class Said:
    """A sentence by its key, what fills it, and what it is restricted to, if anything."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    of: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A value as it is ranked: its name, what its losses are about, and the merit of each start, by its seed.

    ``timed`` are the merits after the same seconds of training as all others have had, ``clean`` the seconds until no
    pixel was wrong, infinite where that never came.
    """

    name: str
    objective: tuple
    merits: Mapping[int, Merit]
    timed: Mapping[int, Merit] = field(default_factory=dict)
    clean: Mapping[int, float] = field(default_factory=dict)
    variational: bool = False
    second_order: bool = False
    seconds: float = np.nan  # trained, at the median


#: How a ranking looks at an entry.
Ranked = tuple[str, Mapping[int, Merit]]


def objective_of(spec: Spec) -> tuple:
    """Equal for runs that are ranked by the same measure: bounds of the evidence are, whatever was weighed how."""
    if spec.variational:
        return (spec.dataset, spec.letters, "evidence", spec.loss)
    return tuple(getattr(spec, name) for name in OF_OBJECTIVE)


def finding(entries: Sequence[Entry], seconds: float | None = None) -> list[Said]:
    """A sentence or more for each group of values whose losses are of the same objective.

    ``seconds`` are those of ``Entry.timed``, None where values are not compared after equal times.
    """
    groups: dict[tuple, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.objective, []).append(entry)
    if len(entries) == 1:
        return [Said("only", {"name": entries[0].name})]
    told = [said for group in groups.values() if len(group) > 1 for said in _of_group(group, len(group) < len(entries))]
    if len(groups) == 1 and seconds is not None and entries[0].timed:
        told += _best([(entry.name, entry.timed) for entry in entries], "seconds", {"seconds": seconds})
    return [*(told or _by_pixels(entries)), *_soonest(entries)]


def median(merits: Mapping[int, Merit]) -> Merit:
    """The lower one where there are two."""
    return sorted(merits.values())[(len(merits) - 1) // 2]


def middle(merits: Mapping[int, Merit]) -> float:
    """The median of the first numbers, as the tables tell it: the lower one of two where some are infinite."""
    numbers = np.array([merit[0] for merit in merits.values()])
    return float(np.median(numbers)) if np.isfinite(numbers).all() else median(merits)[0]


def _by_pixels(entries: Sequence[Entry]) -> list[Said]:
    """Of objectives of their own, wrong pixels alone, where the data are the same and the counts are not."""
    data = {entry.objective[:_OF_DATA] for entry in entries}
    if len(data) == 1 and len({median(entry.merits)[0] for entry in entries}) > 1:
        counted = [(entry.name, {seed: (merit[0], 0.0) for seed, merit in entry.merits.items()}) for entry in entries]
        return _best(counted, "pixels")
    return [Said("apart")]


def _of_group(group: list[Entry], some: bool) -> list[Said]:
    ranked = [(entry.name, entry.merits) for entry in group]
    if group[0].variational:
        return _best(ranked, "evidence", {"n": len(group)}) + _orders(group)
    return _best(ranked, "objective", {"n": len(group)}) if some else _best(ranked)


def _best(ranked: Sequence[Ranked], scope: str = "", of: dict[str, Any] | None = None) -> list[Said]:
    """Who has the best median, and whom the starts do not tell from it."""
    (name, merits), *rest = sorted(ranked, key=lambda one: median(one[1]))
    if median(merits) == WORST:
        return [Said("none_finite", {}, scope, of or {})]
    n, wins = _starts(ranked), [_wins(merits, other, ranked) for _, other in rest]
    sure = _sure(wins, n)
    values: dict[str, Any] = {"name": name, "n": n}
    if all(sure):
        return [Said("best", values | {"wins": min(wins)}, scope, of or {})]
    even = [(other, won) for (other, _), won, beaten in zip(rest, wins, sure) if not beaten]
    values |= {"others": [other for other, _ in even], "wins": [won for _, won in even]}
    return [Said("undecided", values, scope, of or {})]


def _soonest(entries: Sequence[Entry]) -> list[Said]:
    """Who comes to no wrong pixel first; nothing where pixels are not counted."""
    if any(not entry.clean for entry in entries) or len({entry.objective[:_OF_DATA] for entry in entries}) > 1:
        return []
    ranked = [(entry.name, {seed: (time, 0.0) for seed, time in entry.clean.items()}) for entry in entries]
    said = _best(ranked)[0]
    if said.key == "none_finite" or not np.isfinite(seconds := middle(dict(ranked)[said.values["name"]])):
        return [Said("never")]
    return [Said(f"soonest_{said.key}", said.values | {"seconds": seconds})]


def _orders(group: list[Entry]) -> list[Said]:
    """Whether second-order methods come to more evidence than first-order ones in the same time."""
    ranked = sorted(group, key=lambda entry: median(entry.merits))
    second = next((entry for entry in ranked if entry.second_order), None)
    if second is None:
        return []
    said = []
    for other in (entry for entry in ranked if not entry.second_order and np.isfinite(median(entry.merits)[0])):
        pair = [(second.name, second.merits), (other.name, other.merits)]
        better = median(second.merits) < median(other.merits)
        wins = _wins(*((second.merits, other.merits) if better else (other.merits, second.merits)), pair)
        n = _starts(pair)
        values: dict[str, Any] = {"name": second.name, "other": other.name, "wins": wins, "n": n}
        values |= {"seconds": second.seconds, "other_seconds": other.seconds}
        values |= {"elbo": -middle(second.merits), "other_elbo": -middle(other.merits)}
        key = ("order_better" if better else "order_worse") + ("" if _sure([wins], n)[0] else "_unsure")
        said.append(Said(key, values))
    return said


def verdict(entries: Sequence[Entry], labels: Sequence[str], expected: dict[str, Any]) -> list[Said]:
    """Whether the numbers bear out what was published: that some labels beat others, all of one objective."""
    known = dict(zip(labels, entries))
    better, than = ([known[label] for label in expected.get(key, ()) if label in known] for key in ("better", "than"))
    if not better or not than or len({entry.objective for entry in (*better, *than)}) > 1:
        return []
    return [_compared(better, than)]


def _compared(better: Sequence[Entry], than: Sequence[Entry]) -> Said:
    """Whether the best of ``better`` beats each of ``than``; against the claim where one of those beats it."""
    best = min(better, key=lambda entry: median(entry.merits))
    ranked = [(entry.name, entry.merits) for entry in (best, *than)]
    n, wins = _starts(ranked), [_wins(best.merits, other.merits, ranked) for other in than]
    if all(sure := _sure(wins, n)):
        return Said("claim_borne", {"name": best.name, "wins": min(wins), "n": n})
    rival = min(than, key=lambda entry: median(entry.merits))
    lost = _wins(rival.merits, best.merits, ranked)
    if _chance(lost, n) <= CHANCE / len(than):
        return Said("claim_against", {"name": rival.name, "other": best.name, "wins": lost, "n": n})
    even = [(entry.name, won) for entry, won, beaten in zip(than, wins, sure) if not beaten]
    names, counts = [name for name, _ in even], [won for _, won in even]
    return Said("claim_undecided", {"name": best.name, "others": names, "wins": counts, "n": n})


def _shared(ranked: Sequence[Ranked]) -> set[int]:
    """The seeds that all of them have."""
    return set.intersection(*(set(merits) for _, merits in ranked))


def _starts(ranked: Sequence[Ranked]) -> int:
    return len(_shared(ranked))


def _wins(one: Mapping[int, Merit], other: Mapping[int, Merit], ranked: Sequence[Ranked]) -> int:
    return sum(one[seed] < other[seed] for seed in _shared(ranked))


def _chance(wins: int, n: int) -> float:
    """How often one of two that are equally good wins as often as that, or more, by chance."""
    return min(1.0, 2 * sum(comb(n, k) for k in range(wins, n + 1)) / 2**n)


def _sure(wins: Sequence[int], n: int) -> list[bool]:
    """Which of several comparisons are beyond chance, all of them together (Holm 1979)."""
    sure, left = [False] * len(wins), len(wins)
    for place in sorted(range(len(wins)), key=lambda place: -wins[place]):
        if _chance(wins[place], n) > CHANCE / left:
            break
        sure[place], left = True, left - 1
    return sure
