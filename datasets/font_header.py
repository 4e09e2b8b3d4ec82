"""Fonts in C headers: ``static unsigned char Font3[32][7] = { {0x04, ...}, ... };``."""

import re
from bisect import bisect
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.files import excerpt, read_text
from scipy_ae.datasets.fonts import BLOCK, COLUMNS, ROWS, block_labels, character_name
from scipy_ae.errors import InputError
from scipy_ae.records import write_aside

SIZE_LIMIT = 16 * 2**20  # bytes

# Comments and directives are found in one pass, so that a # inside a comment is no directive. A backslash
# at the end of a // comment is no continuation here: '// 0x5c, \' is about a character, and the next line
# was meant.
_ASIDE = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|^[ \t]*#(?:\\\n|(?!/[/*])[^\n])*", re.DOTALL | re.MULTILINE
)
_ARRAY = re.compile(r"\b(\w+)\s*\[([^][]*)\]\s*\[([^][]*)\][^][;{}=]*=\s*\{")
_BRACE = re.compile(r"[{}]")
_CODE = re.compile(r"(?:0x|U\+)([0-9a-f]{2,4})\b", re.IGNORECASE)
_NUMBER = re.compile(r"(0x[0-9a-f]{1,16}|0b[01]{1,64}|0[0-7]{0,20}|[1-9][0-9]{0,19})[ul]{0,3}", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def read_font_header(path: str | Path) -> dict[str, Dataset]:
    """All two-dimensional arrays of a C header, each as a dataset of 7 x 5 images, by name.

    A row of the array is 7 bytes, from the top; the 5 low bits of a byte are a row of pixels, bit 4 the
    leftmost. Higher bits do not count. Any type and qualifiers may stand before the name; dimensions may be
    numbers (then they must fit), macros or empty; literals may be hexadecimal, decimal, octal or binary;
    trailing commas are allowed; comments and directives are passed over. At most 16 MiB are read.

    Labels: if a comment after each row, on the line where it ends, names its character (``// 0x41, A``,
    ``/* 'A' */`` or ``// A``), these; else, for 32 rows in an array whose name ends in 1, 2 or 3, the
    characters of that font block; else r0, r1, ... Rows and bytes in errors are counted from 0, as in C.
    """
    path = Path(path)
    text = read_text(path, SIZE_LIMIT)
    comments = [(match.start(), match.group()) for match in _ASIDE.finditer(text) if match["comment"]]
    newlines = [match.start() for match in re.finditer("\n", text)]
    # blanks in their place, so that the rest stays where it was, on the same line
    code = _ASIDE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    fonts: dict[str, Dataset] = {}
    for declaration in _ARRAY.finditer(code):
        name = declaration.group(1)
        if name in fonts:
            raise InputError(f"array '{name}' stands twice in '{path}'")
        rows, ends = _rows(name, code, declaration.end())
        _check_dimensions(name, declaration.group(2), declaration.group(3), len(rows))
        labels = _labels(name, [_comment_after(end, comments, newlines) for end in ends])
        about = f"{len(rows)} characters of 7 rows of 5 pixels, from '{path.name}'"
        bits = (np.array(rows)[:, :, None] >> np.arange(COLUMNS)[::-1]) & 1  # (n, 7, 5)
        x = bits.reshape(len(rows), ROWS * COLUMNS)
        fonts[name] = Dataset(name, x, labels, (ROWS, COLUMNS), about, "image")
    if not fonts:
        raise InputError(f"'{path}' holds no array of the form NAME[32][7] = {{ {{0x04, ...}}, ... }};")
    return fonts


def _rows(name: str, code: str, start: int) -> tuple[list[list[int]], list[int]]:
    """The bytes of each row of the array whose opening brace ends at ``start``, and where each row ends."""
    spans = list(_row_spans(name, code, start))
    if not spans:
        raise InputError(f"array '{name}' has no rows: at least one is accepted")
    rows = []
    for index, (first, last) in enumerate(spans):
        items = [item.strip() for item in code[first:last].split(",")]
        if not items[-1]:
            items.pop()
        if len(items) != ROWS:
            raise InputError(f"array '{name}', row {index} has {len(items)} bytes: {ROWS} are accepted")
        rows.append([_byte(item, f"array '{name}', row {index}") for item in items])
    return rows, [last for _, last in spans]


def _row_spans(name: str, code: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the text of each row starts and ends, inside its braces."""
    opened, rest, index = None, start, 0
    for brace in _BRACE.finditer(code, start):
        between = code[rest : brace.start()]
        stray = "" if opened else between.replace(",", " ").strip()
        if stray:
            raise InputError(
                f"array '{name}', row {index} is '{excerpt(stray)}': a row of {ROWS} bytes in braces is accepted"
            )
        if brace.group() == "{" and opened is not None:
            raise InputError(f"array '{name}', row {index} has braces inside: {ROWS} bytes are accepted")
        if brace.group() == "{":
            opened = brace.end()
        elif opened is not None:
            yield opened, brace.start()
            opened, rest, index = None, brace.end(), index + 1
        else:
            return
    raise InputError(f"array '{name}', row {index} is not complete: the array has no closing brace")


def _byte(item: str, where: str) -> int:
    value = _literal(item)
    if value is None or value > 255:
        raise InputError(f"{where} holds '{excerpt(item)}': bytes (0 to 255) such as 0x1F, 31 or 0b11111 are accepted")
    return value


def _literal(text: str) -> int | None:
    """The value of an integer literal of C; None for anything else, a macro's name for example."""
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        return None
    digits = match.group(1)
    return int(digits, 8 if digits[0] == "0" and digits.isdecimal() else 0)


def _check_dimensions(name: str, declared_rows: str, declared_bytes: str, rows: int) -> None:
    """A dimension written as a number must be what the array holds; a macro or nothing says nothing."""
    if _literal(declared_bytes) not in (None, ROWS):
        raise InputError(f"array '{name}' is declared with {declared_bytes.strip()} bytes a row: {ROWS} are accepted")
    if _literal(declared_rows) not in (None, rows):
        raise InputError(f"array '{name}' is declared with {declared_rows.strip()} rows and has {rows}")


def _comment_after(end: int, comments: list[tuple[int, str]], newlines: list[int]) -> str:
    """The first comment after position ``end`` if it starts on the same line, else the empty text."""
    index = bisect(comments, (end, ""))
    if index == len(comments) or bisect(newlines, end) != bisect(newlines, comments[index][0]):
        return ""
    return comments[index][1]


def _labels(name: str, comments: list[str]) -> tuple[str, ...]:
    named = [_character(comment) for comment in comments]
    if all(named):
        return tuple(label for label in named if label)
    if len(comments) == BLOCK and name[-1] in "123":
        return block_labels(int(name[-1]))
    return tuple(f"r{index}" for index in range(len(comments)))


def _character(comment: str) -> str | None:
    """The character that a comment names, by its code or by itself, quoted or not."""
    code = _CODE.search(comment)
    if code:
        return character_name(int(code.group(1), 16))
    inner = re.sub(r"^//|^/\*|\*/$", "", comment).strip()
    if len(inner) == 3 and inner[0] == inner[2] and inner[0] in "'\"":
        inner = inner[1]
    return character_name(ord(inner)) if len(inner) == 1 else None


def write_font_header(dataset: Dataset, path: str | Path, name: str | None = None) -> None:
    """Write a dataset of 7 x 5 images of zeros and ones as a C array, by default under its own name.

    Labels of one character, ``space`` and ``DEL`` come back from ``read_font_header``.
    """
    name = dataset.name if name is None else name
    if not _NAME.fullmatch(name):
        raise InputError(f"array name '{name}' is not a C identifier: letters, digits and _ are accepted")
    if dataset.image_shape != (ROWS, COLUMNS) or not np.isin(dataset.x, (0, 1)).all():
        raise InputError(
            f"dataset '{dataset.name}' is not of {ROWS} x {COLUMNS} images of 0 and 1: no C header holds it"
        )
    images = dataset.x.reshape(-1, ROWS, COLUMNS).astype(int)
    values = images @ (1 << np.arange(COLUMNS)[::-1])  # (n, 7)
    lines = [
        f"// {name}: {len(values)} characters of 7 rows of 5 pixels, a byte a row, bit 4 the leftmost pixel",
        f"static const unsigned char {name}[{len(values)}][{ROWS}] = {{",
        *(
            f"    {{{', '.join(f'0x{v:02x}' for v in row)}}},  // {_remark(label)}"
            for row, label in zip(values, dataset.labels)
        ),
        "};",
    ]
    text = "\n".join(lines) + "\n"
    write_aside(Path(path), lambda aside: aside.write_text(text, encoding="utf-8"))


def _remark(label: str) -> str:
    """The comment for a row: the code and the character; a backslash would continue the comment in C."""
    characters = {"space": " ", "DEL": "\x7f"}.get(label, label)
    text = "backslash" if label == "\\" else " ".join(label.split()).rstrip("\\")
    return f"0x{ord(characters):02x}, {text}" if len(characters) == 1 else text
