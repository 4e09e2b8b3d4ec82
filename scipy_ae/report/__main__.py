"""``python -m scipy_ae.report [LANG]``: write the report of each run folder named on a line of standard input."""

import os
import sys

from scipy_ae import report
from scipy_ae.report.render import prepare
from scipy_ae.report.words import catalogue


def main() -> None:
    (language,) = sys.argv[1:] or ["en"]
    prepare()  # while the training goes on
    catalogue(language)
    for line in sys.stdin:
        index = report.write(line.rstrip("\n"), jobs=_cores(), lang=language)
        sys.stdout.write(f"{index}\n")


def _cores() -> int:
    """Those that the training has left free, on systems whose processes can be forked without care."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


if __name__ == "__main__":
    main()
