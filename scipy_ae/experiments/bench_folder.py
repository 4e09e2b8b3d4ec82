"""The folder of a bench: results.json, from which its report is drawn, and results.csv; and the sentence of advice."""

import csv
import json
import math
from collections.abc import Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from scipy_ae.experiments.bench import NEAR, Bench, Entry
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.metrics import is_binary
from scipy_ae.records import write_aside

#: Two times that differ by less than this factor are not told apart by one start on a machine that does other things.
NOISE = 1.25
#: Losses nearer than this factor are alike.
ALIKE = 1.02
_COLUMNS = (
    "solver", "setting", "seed", "loss", "wrong_pixels", "seconds_to_10_percent", "seconds_to_1_percent",
    "seconds_to_target", "iterations", "evaluations", "seconds", "message",
)  # fmt: skip


def write(folder: Path, bench: Bench, command: str) -> dict[str, Any]:
    """Write results.json and results.csv; returns what the former holds."""
    results = describe(bench, command)
    table = StringIO()
    lines = csv.writer(table)
    lines.writerow(_COLUMNS)
    lines.writerows(_lines(bench))
    for name, text in (("results.csv", table.getvalue()), ("results.json", json.dumps(results, allow_nan=False))):
        write_aside(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
    return results


def describe(bench: Bench, command: str) -> dict[str, Any]:
    """All of a bench as JSON can hold it; what was never reached is null."""
    setup = bench.setup
    dataset, network = setup.dataset, setup.network
    rows, code = len(dataset.x), network.latent_dim
    return {
        "title": f"{dataset.name}, {network.spec}",
        "command": command,
        "dataset": {"name": dataset.name, "about": dataset.about, "rows": rows, "columns": dataset.x.shape[1]},
        "layers": network.spec,
        "latent_dim": code,
        "parameters": network.size,
        "loss": setup.spec.loss,
        "binary": is_binary(dataset.x),
        "seconds": bench.seconds,
        "seeds": list(bench.seeds),
        "target": bench.target,
        "interrupted": bench.interrupted,
        "advice": advice(bench),
        "solvers": [_row(bench, entry) for entry in ranked(bench)],
        "left_out": [{"solver": one.name, "why": one.why} for one in bench.left_out],
        **describe_machine(),
    }


def ranked(bench: Bench) -> list[Entry]:
    """The solvers, the best first: by the time to the target, else to within 1 % of the best loss; then by loss."""
    part = _part(bench)
    return sorted(bench.shown(), key=lambda entry: (bench.seconds_to(entry, part), entry.loss, entry.label))


def advice(bench: Bench) -> str:
    """One sentence of what to take, from the numbers; undecided where they lie within noise."""
    entries = [entry for entry in ranked(bench) if entry.races]
    if not entries:
        return "No solver came to a result."
    part = _part(bench)
    there = [entry for entry in entries if math.isfinite(bench.seconds_to(entry, part))]
    goal = f"comes to a loss of {bench.target:.4g}" if part is None else "comes within 1 % of the best loss found"
    lowest = min(entries, key=lambda entry: entry.loss)
    if not there:
        return (
            f"On this problem no solver {goal} in {bench.seconds:g} s; the lowest loss is that of "
            f"{lowest.label}, {lowest.loss:.4g}: more --seconds may decide."
        )
    first = there[0]
    if bench.seconds_to(first, part) == 0.0:  # the start is at the level, so for all of them
        if part is not None:
            return f"On this problem no solver lowers the loss of the start in {bench.seconds:g} s, {lowest.loss:.4g}."
        return f"On this problem the start itself {goal}: a lower --target-loss may decide."
    when = f"in {_time(bench.seconds_to(first, part))}"
    if len(there) == 1:
        said = f"On this problem {first.label} alone {goal}, {when}"
    else:
        said = _compared(bench, there, part, goal, when)
    if first.loss > ALIKE * lowest.loss:
        said += f"; the lowest loss after {bench.seconds:g} s is that of {lowest.label}, {lowest.loss:.4g}"
    return said + "."


def _compared(bench: Bench, there: Sequence[Entry], part: float | None, goal: str, when: str) -> str:
    first = there[0]
    even = [entry for entry in there[1:] if not _decided(bench, first, entry, part)]
    rest = [entry for entry in there[1:] if entry not in even]
    if not even:
        ratio = bench.seconds_to(rest[0], part) / bench.seconds_to(first, part)
        return f"On this problem {first.label} {goal} {when}, {ratio:.1f} times as fast as the next, {rest[0].label}"
    names = ", ".join(entry.label for entry in even[:3])
    said = f"On this problem the first place is undecided: {first.label} {goal} first, {when}, but {names} "
    said += "is" if len(even) == 1 else "and others are" if len(even) > 3 else "are"
    return said + " within noise of it: more --seeds may decide"


def _decided(bench: Bench, first: Entry, other: Entry, part: float | None) -> bool:
    """Whether ``first`` is faster by more than noise: by ``NOISE``, and from three of four starts where one is."""
    ratio = bench.seconds_to(other, part) / bench.seconds_to(first, part)
    pairs = [pair for pair in zip(bench.times(first, part), bench.times(other, part)) if min(pair) < math.inf]
    return ratio >= NOISE and sum(mine < theirs for mine, theirs in pairs) >= 0.75 * len(pairs)


def _part(bench: Bench) -> float | None:
    return NEAR[0] if bench.target is None else None


def _row(bench: Bench, entry: Entry) -> dict[str, Any]:
    contender, races = entry.contender, entry.races
    row = {"solver": contender.name, "label": contender.label, "error": entry.error, "races": len(races)}
    if not races:
        return row
    alike = [other for other in bench.entries if other.contender.name == contender.name]
    return {
        **row,
        "of": [other.label for other in alike],
        "loss": entry.loss,
        "wrong_pixels": None if races[0].wrong_pixels is None else _median([race.wrong_pixels for race in races]),
        "seconds_to_10_percent": _finite(bench.seconds_to(entry, NEAR[1])),
        "seconds_to_1_percent": _finite(bench.seconds_to(entry, NEAR[0])),
        "seconds_to_target": _finite(bench.seconds_to(entry, None)),
        "iterations": _median([race.iterations for race in races]),
        "evaluations": _median([race.evaluations for race in races]),
        "seconds": _median([race.seconds for race in races]),
        "message": races[0].message,
        "curve": [[float(f"{second:.6g}"), loss] for second, loss in races[0].curve.tolist()],
    }


def _lines(bench: Bench) -> list[list[Any]]:
    """One line for each race, those of all etas included."""
    lines: list[list[Any]] = []
    for entry in bench.entries:
        name, label = entry.contender.name, entry.label
        if entry.error:
            lines.append([name, label, *[""] * (len(_COLUMNS) - 3), entry.error])
        near, nearer, target = (bench.times(entry, part) for part in (NEAR[1], NEAR[0], None))
        for race, *times in zip(entry.races, near, nearer, target):
            wrong = "" if race.wrong_pixels is None else race.wrong_pixels
            reached = ["" if math.isinf(time) else time for time in times]
            lines.append(
                [name, label, race.seed, race.loss, wrong, *reached, race.iterations, race.evaluations, race.seconds,
                 race.message]
            )  # fmt: skip
    return lines


def _median(values: Sequence[float | None]) -> float:
    known = sorted(value for value in values if value is not None)
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
