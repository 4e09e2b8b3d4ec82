"""Measure which solver is good for what, and write the tables of docs/choosing_a_solver.md anew.

python benchmarks/solvers_page.py                  all tables, some twenty minutes
python benchmarks/solvers_page.py --only carry     those of the memory between bursts alone (or: solvers, starts)
python benchmarks/solvers_page.py --quick          few starts and little time, to see that all works
"""

import argparse
import csv
import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from settings import ONE_THREAD

os.environ.update(ONE_THREAD)  # before anything is imported that reads them

import numpy as np
from words import duration

from scipy_ae.experiments.bench import Bench, bench
from scipy_ae.experiments.bench_folder import describe
from scipy_ae.experiments.machine import describe_machine
from scipy_ae.experiments.run import follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.starts import run_starts

PAGE = Path(__file__).parents[1] / "docs" / "choosing_a_solver.md"
LETTERS = {"dataset": "font3", "letters": "all", "init": "fan-in", "code": "identity"}
#: Solver steps of each training of the tables of the memory; those between come on top.
STEPS = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few starts and little time; not to be quoted")
    parser.add_argument("--only", choices=("solvers", "carry", "starts"), help="these tables alone")
    arguments = parser.parse_args()
    parts: dict[str, Callable[[bool], Iterator[tuple[str, str]]]] = {
        "solvers": _solvers, "carry": _carry, "starts": _starts,
    }  # fmt: skip
    for name, part in parts.items():
        if arguments.only in (None, name):
            for key, text in part(arguments.quick):
                _replace(key, text)
    _replace("machine", _machine())


def _replace(key: str, text: str) -> None:
    """Put the text between the marks of that key on the page."""
    page = PAGE.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- measured: {re.escape(key)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marks.search(page):
        raise SystemExit(f"{PAGE.name} has no place for '{key}'")
    PAGE.write_text(marks.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page), encoding="utf-8")
    print(f"{key}\n{text}\n", flush=True)


def _machine() -> str:
    machine = describe_machine()["machine"]
    return f"Measured on {time.strftime('%Y-%m-%d')}: {machine['processor']}, one thread, Python {machine['python']}."


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# which solver


def _solvers(quick: bool) -> Iterator[tuple[str, str]]:
    """One table for each problem, by what scipy-ae bench measures, and how long a step takes."""
    with tempfile.TemporaryDirectory() as folder:
        for key, spec, seconds in _problems(Path(folder)):
            print(f"{key} ...", flush=True)
            found = bench(Setup.of(spec), seconds=0.2 if quick else seconds, seeds=1 if quick else 2)
            yield key, _standings(found)


def _problems(folder: Path) -> list[tuple[str, Spec, float]]:
    digits, small = folder / "digits.csv", folder / "table.csv"
    from sklearn.datasets import load_digits

    _write(digits, load_digits().data / 16.0)
    _write(small, np.random.default_rng(1).normal(size=(200, 16)))
    return [
        ("10 letters", Spec(init="fan-in"), 1.0),
        ("32 letters", Spec(**LETTERS), 1.0),
        ("circles", Spec(dataset="circles"), 1.0),
        ("table", Spec(dataset=str(small), layers="16-8-3-8-16", init="fan-in"), 1.0),
        ("digits", Spec(dataset=str(digits), layers="64-32-8-32-64", init="fan-in"), 3.0),
    ]


def _write(path: Path, rows: np.ndarray) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows.tolist())


def _standings(found: Bench) -> str:
    told = describe(found, "")
    rows = [row for row in told["solvers"] if row["races"]]
    heads = ["solver", "loss", *(["wrong pixels"] if told["binary"] else []), "to 10 %", "to 1 %"]
    heads += ["an iteration", "evaluations in it"]
    lines = [[row["label"], *_cells(row, told["binary"])] for row in rows]
    absent = [row["solver"] for row in told["left_out"]]
    note = f"\n\nToo slow here, and left out: {', '.join(absent)}." if absent else ""
    errors = "".join(f" {row['label']} failed: {row['error']}." for row in told["solvers"] if row["error"])
    about = f"{told['parameters']} weights, {told['dataset']['rows']} rows, {told['seconds']:g} s, "
    about += f"{len(told['seeds'])} start{'s' if len(told['seeds']) > 1 else ''}."
    return f"{about} {told['advice']}\n\n{_table(heads, lines)}{note}{errors}"


def _cells(row: dict[str, Any], binary: bool) -> list[str]:
    steps = max(row["iterations"], 1)
    times = [row["seconds_to_10_percent"], row["seconds_to_1_percent"]]
    return [
        f"{row['loss']:.4g}",
        *([f"{row['wrong_pixels']:g}"] if binary else []),
        *("–" if taken is None else duration(taken) for taken in times),
        duration(row["seconds"] / steps),
        f"{row['evaluations'] / steps:.1f}",
    ]


# the memory between bursts


def _carry(quick: bool) -> Iterator[tuple[str, str]]:
    """The same bursts with the memory kept and reset."""
    seeds = range(2 if quick else 10)
    rows = []
    for every in (2, 4, 10, 30):
        for burst in (5, 20, 50):
            rows.append([str(every), str(burst), *_kept_and_reset(seeds, every=every, burst=burst)])
    heads = ["every", "burst", "kept: loss", "perfect", "reset: loss", "perfect", "lower when kept"]
    yield "carry", _table(heads, rows)
    rows = []
    for name, given in _BETWEEN.items():
        rows.append([name, *_kept_and_reset(seeds, **{"every": 4, "burst": 20, **given})])
    yield "between", _table(["steps between", *heads[2:]], rows)


_BETWEEN: dict[str, dict[str, Any]] = {
    "guarded, eta 0.0085": {},
    "guarded, eta 0.1": {"eta": 0.1},
    "guarded, eta 1": {"eta": 1.0},
    "unguarded, eta 0.0085": {"guard": False},
    "unguarded, eta 0.1": {"guard": False, "eta": 0.1},
    "Adam, unguarded, eta 0.01": {"guard": False, "between": "Adam", "eta": 0.01},
    "mini-batches of 8, guarded, eta 0.0085": {"batch_size": 8},
    "mini-batches of 8, guarded, eta 0.1": {"batch_size": 8, "eta": 0.1},
    "none: one long run": {"every": 1},
}


def _kept_and_reset(seeds: range, *, every: int, burst: int, **given: Any) -> list[str]:
    """Median loss and perfect starts for both, and from how many starts the kept memory ended lower."""
    spec = {**LETTERS, "every": every, "burst": burst, "iterations": every * math.ceil(STEPS / burst), **given}
    losses: dict[str, list[float]] = {}
    cells = []
    for carry in ("keep", "reset"):
        setup = Setup.of(Spec(**spec, carry=carry))
        bests = [_trained(setup.start(seed)) for seed in seeds]
        losses[carry] = [best.loss for best in bests]
        perfect = sum(best.wrong_pixels == 0 for best in bests)
        cells += [f"{np.median(losses[carry]):.3g}", f"{perfect} of {len(bests)}"]
    lower = sum(kept < reset for kept, reset in zip(losses["keep"], losses["reset"]))
    return [*cells, f"{lower} of {len(seeds)}"]


def _trained(start: Setup) -> Any:
    return follow(start, start.iterations, reader=lambda record: None, asked=lambda: False).best


# several starts


def _starts(quick: bool) -> Iterator[tuple[str, str]]:
    """What halving costs and finds: iterations and the loss of the winner, against training every start."""
    rows = []
    searches = range(1 if quick else 5)
    for restarts in (4, 8, 16):
        row = [str(restarts)]
        for halving in (True, False):
            found = [_searched(restarts, halving, 100 * search) for search in searches]
            losses, iterations, wrong = (np.median([one[i] for one in found]) for i in range(3))
            row += [f"{losses:.3g}", f"{wrong:g}", f"{iterations:.0f}"]
        rows.append(row)
    heads = ["starts", "halving: loss", "wrong pixels", "iterations", "all: loss", "wrong pixels", "iterations"]
    yield "starts", _table(heads, rows)


def _searched(restarts: int, halving: bool, seed: int) -> tuple[float, int, int]:
    """Loss of the winner, iterations of all trainings together, wrong pixels."""
    spent = 0

    def watch(rung: Any) -> None:
        nonlocal spent
        spent += setup.iterations if rung is None and halving else rung.starts * rung.iterations if rung else 0

    setup = Setup.of(Spec(**LETTERS, restarts=restarts, halving=halving, seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_starts(setup, Path(folder) / "run", jobs=1, watch=watch)
    return outcome.result["loss"], spent, outcome.result["wrong_pixels"]


if __name__ == "__main__":
    main()
