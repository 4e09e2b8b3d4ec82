"""Part D: the command as a user runs it, the whole process: wall seconds and peak memory."""

import os
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from children import watched
from peers import Peer
from settings import ONE_THREAD

REFERENCE = ["train", "--solver", "BFGS", "--every", "4", "--std", "0.73"]


def measure(peers: list[Peer], quick: bool) -> list[dict[str, Any]]:
    """One row for each command: median seconds and highest peak memory in MB of its runs."""
    program = Path(sysconfig.get_path("scripts")) / "scipy-ae"
    if not program.exists():
        raise FileNotFoundError("scipy-ae is not installed beside this Python; 'pip install \".[bench]\"' does it")
    repeats = 3 if quick else 7
    with TemporaryDirectory() as folder:
        # a cache of our own, so that the first run is a first run
        unset = {*ONE_THREAD, "PYTHONDONTWRITEBYTECODE"}  # an installed package is compiled to bytecode once
        environment = {key: value for key, value in os.environ.items() if key not in unset}
        environment |= {} if quick else {"NUMBA_CACHE_DIR": str(Path(folder, "cache"))}

        def run(*words: str) -> dict[str, Any]:
            return watched([str(program), *words], folder, environment)

        rows = [] if quick else [_row("train, first ever", [run(*REFERENCE)])]
        run(*REFERENCE)
        rows.append(_row("train, kernels cached", [run(*REFERENCE) for _ in range(repeats)]))
        rows.append(_row("--help", [run("--help") for _ in range(repeats)]))
    return rows


def _row(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(run["seconds"] for run in runs)
    return {
        "command": name,
        "runs": len(times),
        "median": times[len(times) // 2],
        "least": times[0],
        "peak_mb": max(run["peak_mb"] for run in runs),
    }
