"""What several verbs read and write."""

import csv
from pathlib import Path
from typing import Any


def finished_run(path: Path) -> tuple[Any, Any, Any]:
    """Model, training codes (n, d) and look of a run folder."""
    from scipy_ae import report
    from scipy_ae.errors import InputError
    from scipy_ae.persistence import load
    from scipy_ae.records import RunFolder

    if not path.is_dir():
        raise InputError(f"run: '{path}' is not a folder; the run folder that scipy-ae train wrote is accepted")
    folder = RunFolder(path)
    model, run = load(folder.model), report.read(folder)
    return model, run.codes, report.look_of(run)


def write_table(path: Path, header: list[str], rows: Any) -> None:
    """Rows as CSV, every number with all its digits."""
    from scipy_ae.records import write_aside

    def write(aside: Path) -> None:
        with aside.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(header)
            table.writerows(row if isinstance(row, list) else row.tolist() for row in rows)

    write_aside(path, write)
