"""What a run was made on: processor, system, versions, threads."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("scipy-ae", "numpy", "scipy", "numba", "matplotlib")


def describe_machine() -> dict[str, Any]:
    """Machine, versions and BLAS threads as plain words for ``machine.json``."""
    return {
        "machine": {
            "processor": _processor(),
            "cores": str(os.cpu_count() or 1),
            "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
            "python": platform.python_version(),
        },
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "threads": _threads(),
    }


def _processor() -> str:
    """The processor's own name where the system tells it, else its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _threads() -> int:
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)
