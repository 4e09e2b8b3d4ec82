"""Measure scipy-ae against its peers in one run; write RESULTS.md, results.json and results.png.

python benchmarks/run.py                 all parts, some twelve minutes
python benchmarks/run.py --quick         few repeats, to see that all works
python benchmarks/run.py --only A,B      loss and gradient, and the BFGS step
python benchmarks/run.py --again L       one part anew, beside the others that are there; the results say so
"""

import argparse
import json
import os
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from settings import ONE_THREAD, kernel_cache

PARTS = {
    "A": "evaluation",
    "B": "step",
    "C": "letters",
    "D": "whole",
    "E": "reference",
    "F": "lbfgs",
    "G": "digits",
    "H": "large",
    "I": "damped",
    "J": "powell",
    "K": "single",
    "L": "threads",
    "M": "images",
}


def main() -> None:
    arguments = _arguments()
    # before anything is imported that reads them
    os.environ.update(ONE_THREAD, NUMBA_CACHE_DIR=str(kernel_cache()))
    results = _measure(arguments.again or arguments.only, arguments.quick)
    if arguments.again:
        results = _beside(json.loads((arguments.out / "results.json").read_text(encoding="utf-8")), results)
    from picture import PICTURE, draw
    from tables import page, verdict

    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    draw(results, arguments.out / PICTURE)
    (arguments.out / "RESULTS.md").write_text(page(results), encoding="utf-8")
    print(verdict(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats and starts; not to be quoted")
    parser.add_argument(
        "--only", type=_parts, default=list(PARTS), metavar="A,B", help=f"parts to measure, of {', '.join(PARTS)}"
    )
    parser.add_argument("--again", type=_parts, metavar="A,B", help="parts to measure anew, all others as they are")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to [benchmarks]")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    chosen = [word.strip().upper() for word in text.split(",")]
    wrong = [word for word in chosen if word not in PARTS]
    if wrong:
        raise argparse.ArgumentTypeError(f"'{wrong[0]}' is not accepted; {', '.join(PARTS)} are")
    return sorted(set(chosen))


def _beside(before: dict[str, Any], anew: dict[str, Any]) -> dict[str, Any]:
    """The results of before with the parts that were measured anew."""
    parts = [part for part in PARTS.values() if part in anew]
    return before | {part: anew[part] for part in parts} | {"again": sorted({*before.get("again", []), *parts})}


def _measure(only: list[str], quick: bool) -> dict[str, Any]:
    from importlib import import_module

    import peers
    from tables import section

    from scipy_ae.experiments.machine import describe_machine

    started = time.perf_counter()
    found, left_out = peers.load()
    machine = describe_machine()["machine"]
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "machine": {key: machine[key] for key in ("processor", "cores", "python")},
        "versions": _versions(["scipy-ae", "numba", *(name for peer in found for name in peer.packages)]),
        "left_out": left_out,
    }
    for letter in only:
        print(f"part {letter} ...", flush=True)
        part = PARTS[letter]
        results[part] = import_module(part).measure(found, quick)
        print(f"{section(part, results[part])}\n", flush=True)
    results["seconds"] = round(time.perf_counter() - started, 1)
    return results


def _versions(packages: list[str]) -> dict[str, str]:
    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


if __name__ == "__main__":
    main()
