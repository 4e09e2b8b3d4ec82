"""Reading a user's file: what can be wrong with it before its content matters."""

from pathlib import Path

from scipy_ae.errors import InputError

_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1a"))


def excerpt(text: str) -> str:
    """The beginning of a text on one line, as an error quotes it."""
    return " ".join(text.split())[:40]


def checked_file(path: Path) -> int:
    """The size in bytes of what must be a file."""
    try:
        if not path.exists():
            raise InputError(f"dataset file '{path}' does not exist")
        if not path.is_file():
            raise InputError(f"dataset file '{path}' is not a file but a folder or a device")
        return path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot read the dataset file '{path}': {error.strerror or error}") from None


def read_bytes(path: Path, limit: int) -> bytes:
    """The file's bytes; refused, before it is read, where it holds more than ``limit`` bytes."""
    size = checked_file(path)
    if size > limit:
        raise InputError(f"dataset file '{path}' has {size} bytes: at most {limit} are accepted")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the dataset file '{path}': {error.strerror or error}") from None


def read_text(path: Path, limit: int) -> str:
    """The file's text, in UTF-8 or else in Latin-1, its lines ended by ``\\n``; a binary file is refused."""
    data = read_bytes(path, limit)
    if any(byte in data for byte in _CONTROL):
        raise InputError(f"dataset file '{path}' is not text but binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
