"""A run folder for one process at a time: made, found writable, and locked until the work on it is over.

The lock dies with its process, however that ends.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scipy_ae.errors import InputError
from scipy_ae.records import RunFolder


@contextmanager
def claimed(path: Path) -> Iterator[RunFolder]:
    """The run folder, made for the work that follows, and gone again if that work fails."""
    folder, made = _claim(path)
    try:
        with locked(folder):
            yield folder
    except BaseException:
        _give_up(made)
        raise


@contextmanager
def reclaimed(path: Path) -> Iterator[RunFolder]:
    """The folder of a run that was begun, to go on with it; it stays, whatever comes."""
    folder = RunFolder(Path(path))
    with locked(folder):
        yield folder


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Refuse a folder that another process writes, and keep others from it meanwhile."""
    taken = _taken(folder.lock)
    try:
        yield
    finally:
        with suppress(OSError):
            folder.lock.unlink()
        os.close(taken)


def _taken(path: Path) -> int:
    """The lock file, open and locked; the one that stands at its path, not one that its last holder has taken away."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise InputError(f"cannot write '{path}': {error.strerror or error}") from None
        try:
            _lock(file)
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(file)
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise InputError(f"the run '{path.parent}' is being written by another process") from None
            raise
        os.close(file)


def _lock(file: int) -> None:
    """Without waiting. Some file systems know no locks; a run is not refused for that."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise


def _claim(path: Path) -> tuple[RunFolder, list[Path]]:
    """The folder, found writable before any work is done, and which folders had to be made for it."""
    folder = RunFolder(Path(path))
    made = [one for one in (folder.path, *folder.path.parents) if not one.exists()]
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        more = f"; --resume '{path}' goes on with the run in it" if folder.checkpoint.is_file() else ""
        raise InputError(f"out: '{path}' is there already; a folder that is empty or not there yet is accepted{more}")
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        probe = folder.path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        _give_up(made)
        raise InputError(f"out: cannot write to '{path}': {error.strerror or error}") from None
    return folder, made


def _give_up(made: list[Path]) -> None:
    """Leave no empty folder behind, from the innermost out."""
    with suppress(OSError):
        for path in made:
            path.rmdir()
