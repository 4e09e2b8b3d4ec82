"""What all tests share: today's kernels, the same examples on every machine, and no clock."""

import hashlib
import os
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).parents[1]


def _sources_of_kernels() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "scipy_ae" / "kernels").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# Numba's cache looks at the file of a kernel alone, not at those of the kernels that it calls: a cache for each state
# of the whole room keeps a test from running yesterday's code. Set before anything imports Numba; child processes
# inherit it.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "kernels" / _sources_of_kernels()))
# a first call compiles kernels, so a deadline would only measure the machine; a stranger's run must be ours
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_make_parametrize_id(val):
    """Bytes are named by their number: what they hold may differ between workers of pytest-xdist, names may not."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
