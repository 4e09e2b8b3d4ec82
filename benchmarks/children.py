"""Work done in processes of its own: other threads than the benchmark's, and memory that is nobody else's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from settings import ONE_THREAD

#: Run in a small process of its own: what a child inherits of its parent's peak memory is then next to nothing.
_WATCH = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({
    "seconds": seconds, "peak": peak, "code": done.returncode, "wrote": done.stdout, "said": done.stderr[-500:]
}))
"""


def watched(command: list[str], folder: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run it to its end: wall ``seconds``, ``peak_mb`` of memory, and what it ``wrote``."""
    watcher = [sys.executable, "-c", _WATCH, *command]
    done = subprocess.run(watcher, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    if seen["code"] != 0:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {seen['code']}: {seen['said']}")
    # the system counts in KiB, macOS in bytes
    seen["peak_mb"] = seen["peak"] / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return seen


def all_threads() -> dict[str, str]:
    """The environment without what holds libraries to one thread; precision and device stay."""
    kept = ("JAX_ENABLE_X64", "JAX_PLATFORMS")
    return {key: value for key, value in os.environ.items() if key not in ONE_THREAD or key in kept}


def answer(module: str, *words: str, environment: dict[str, str]) -> tuple[Any, float]:
    """What ``module`` of this folder answers when run with these words, and the peak of its memory in MB."""
    here = Path(__file__).resolve().parent
    seen = watched([sys.executable, str(here / f"{module}.py"), *words], str(Path.cwd()), environment)
    return json.loads(seen["wrote"].splitlines()[-1]), seen["peak_mb"]
