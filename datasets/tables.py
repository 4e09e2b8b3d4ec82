"""Datasets from the user's CSV files; no value is scaled."""

import csv
import math
from io import StringIO
from pathlib import Path

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.files import excerpt, read_text
from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

SIZE_LIMIT = 2**30  # bytes
DELIMITERS = ",;\t"
Line = tuple[int, list[str]]  # its number in the file, counted from 1, and its fields


def read_csv(path: str | Path) -> Dataset:
    """A ``.csv`` file: a row a line, divided by commas, semicolons or tabs (as most in line 1).

    A first line without a number is a header. The first column holds labels where the header calls it
    ``label`` or nothing, or where none of its fields is a number; else labels are r0, r1, ... Values are
    kept as they are. At most 1 GiB is read.
    """
    path = Path(path)
    lines = _lines(path)
    header = lines[0][1] if lines and _is_header(lines[0][1]) else None
    body = lines if header is None else lines[1:]
    if not body:
        raise InputError(f"'{path}' has no rows: at least one is accepted")
    width = len(lines[0][1])
    for number, fields in body:
        if len(fields) != width:
            like = f"{width} are accepted, as in line {lines[0][0]}"
            raise InputError(f"'{path}', line {number} has {len(fields)} fields: {like}")
    named = header is not None and header[0].lower() in ("", "label", "labels")
    first = 1 if width > 1 and (named or not any(_is_number(fields[0]) for _, fields in body)) else 0
    columns = range(first, width)
    x = np.array([[_number(fields, column, number, path) for column in columns] for number, fields in body])
    labels = tuple(fields[0] for _, fields in body) if first else tuple(f"r{row}" for row in range(len(body)))
    about = f"{len(x)} rows of {len(columns)} numbers, from '{path.name}'"
    return Dataset(path.stem, x, labels, None, about, "table")


def _lines(path: Path) -> list[Line]:
    """The lines that are not blank."""
    text = read_text(path, SIZE_LIMIT)
    start = text.lstrip().split("\n", 1)[0]
    reader = csv.reader(StringIO(text), delimiter=max(DELIMITERS, key=start.count), strict=True)
    try:
        lines = [(reader.line_num, [field.strip() for field in fields]) for fields in reader]
    except csv.Error as error:
        raise InputError(f"'{path}', line {reader.line_num} is not a line of a table ({error})") from None
    return [line for line in lines if line[1] not in ([], [""])]


def _is_header(fields: list[str]) -> bool:
    return not any(_is_number(field) for field in fields)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _number(fields: list[str], column: int, line: int, path: Path) -> float:
    """The finite number in a column, counted from 0; people count columns from 1."""
    value = float(fields[column]) if _is_number(fields[column]) else math.nan
    if not math.isfinite(value):
        held = f"'{excerpt(fields[column])}'"
        raise InputError(f"'{path}', line {line}, column {column + 1} holds {held}: finite numbers are accepted")
    return value


def write_csv(dataset: Dataset, path: str | Path) -> None:
    """Write a header, then a line a row: its label and its values, in as many digits as it takes."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", *(f"x{column}" for column in range(dataset.x.shape[1]))])
    for label, row in zip(dataset.labels, dataset.x.tolist()):
        writer.writerow([label, *(int(value) if value.is_integer() and abs(value) < 2**53 else value for value in row)])
    write_aside(Path(path), lambda aside: aside.write_text(text.getvalue(), encoding="utf-8"))
