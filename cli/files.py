"""What several verbs read and write."""

import csv
from pathlib import Path
from typing import Any


def finished_run(path: Path) -> tuple[Any, Any, Any]:
    """Model, all that the folder says (``report.reader.Run``) and look of a run folder."""
    from scipy_ae import report
    from scipy_ae.errors import InputError
    from scipy_ae.persistence import load
    from scipy_ae.records import RunFolder

    if not path.is_dir():
        raise InputError(f"run: '{path}' is not a folder; the run folder that scipy-ae train wrote is accepted")
    folder = RunFolder(path)
    model, run = load(folder.model), report.read(folder)
    if model.network.latent_dim != run.latent_dim:
        raise InputError(f"'{folder.model}' and '{folder.arrays}' are not of one run: their codes differ in length")
    return model, run, report.look_of(run)


def model_file(path: Path) -> Path:
    """The model file itself, or that of a run folder."""
    from scipy_ae.errors import InputError
    from scipy_ae.records import RunFolder

    if not path.is_dir():
        return path
    folder = RunFolder(path)
    if not folder.model.is_file():
        more = f"; scipy-ae train --resume '{path}' goes on with its run" if folder.checkpoint.is_file() else ""
        raise InputError(f"model: there is no model in the folder '{path}'{more}")
    return folder.model


def writable(picture: Path, table: Path | None = None) -> None:
    """Refuse what cannot be written before anything is."""
    from scipy_ae.errors import InputError

    if picture.suffix.lower() != ".png":
        raise InputError(f"out: '{picture}' is not accepted; a picture ends in .png")
    for name, path in (("out", picture), ("csv", table)):
        if path is not None and not path.parent.is_dir():
            raise InputError(f"{name}: cannot write '{path}': there is no folder '{path.parent}'")


def write_table(path: Path, header: list[str], rows: Any) -> None:
    """Rows as CSV, every number with all its digits."""
    from scipy_ae.records import write_aside

    def write(aside: Path) -> None:
        with aside.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(header)
            table.writerows(row if isinstance(row, list) else row.tolist() for row in rows)

    write_aside(path, write)
