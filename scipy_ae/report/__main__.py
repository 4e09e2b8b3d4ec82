"""``python -m scipy_ae.report``: write the report of each run folder named on a line of standard input."""

import sys

from scipy_ae import report
from scipy_ae.report.render import prepare


def main() -> None:
    prepare()  # while the training goes on
    for line in sys.stdin:
        index = report.write(line.rstrip("\n"))
        sys.stdout.write(f"{index}\n")


if __name__ == "__main__":
    main()
