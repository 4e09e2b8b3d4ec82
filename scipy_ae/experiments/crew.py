"""Crew: processes that do jobs side by side, of which one that dies takes no other with it.

Each process has one thread of linear algebra, so that a job comes to the same numbers whoever does it. A process that
is killed (by the system when memory is short, say) takes joblib's whole pool with it: the jobs that were under way
then are done again, each by itself, and the one that dies again is given up.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scipy_ae.errors import InputError, ScipyAEError
from scipy_ae.experiments.run import Interrupt
from scipy_ae.experiments.workers import Board, deaf_children, pool

#: Why a job was given up whose process died twice.
DIED = "its process was ended from outside, or ran out of memory"


@dataclass(frozen=True)
class Job:
    """A function of this package with what it is called with, and last of all whether to end."""

    name: str
    call: Callable[..., Any]
    arguments: tuple = ()


@dataclass(frozen=True)
class Done:
    """What a job came to: its result, or why there is none. ``left`` jobs were not begun, or cut short."""

    result: Any = None
    why: str = ""
    left: bool = False


class Crew:
    """Does jobs, ``size`` of them at once; 1 stays in this process."""

    def __init__(self, size: int, interrupt: Interrupt, room: Path | None) -> None:
        self.size, self._interrupt, self._room = size, interrupt, room
        self._board = Board(1, None if room is None else room / "board")
        interrupt.pass_on(self._board.end)

    def __call__(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Done]]:
        """Yields the place of each job, and what it came to, as it ends."""
        if self._room is None:
            yield from ((place, _done(job, self._board.asked)) for place, job in enumerate(jobs))
            return
        waiting = dict(enumerate(jobs))
        while waiting:
            before = len(waiting)
            yield from self._together(waiting)
            begun = [place for place in waiting if (self._room / f"job-{place}").exists()]
            if not begun and len(waiting) == before:
                begun = list(waiting)  # processes die before they do anything
            for place in begun:
                yield from self._together(alone := {place: waiting[place]})
                if alone:
                    yield place, Done(why=DIED)
                del waiting[place]

    def _together(self, waiting: dict[int, Job]) -> Iterator[tuple[int, Done]]:
        """Take from ``waiting`` whatever is done; what remains was under way, or to come, when a process died."""
        from joblib import delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        assert self._room is not None
        for mark in self._room.glob("job-*"):
            mark.unlink()
        try:
            with pool(self.size) as parallel:
                with deaf_children():
                    ended = parallel(
                        delayed(_done_as_child)(place, job, self._board, self._room)
                        for place, job in list(waiting.items())
                    )
                for place, done in ended:
                    del waiting[place]
                    yield place, done
        except TerminatedWorkerError:
            pass


@contextmanager
def crew(jobs: int | None, interrupt: Interrupt) -> Iterator[Crew]:
    """A crew for as long as it is needed, of ``jobs`` processes, or as many as there are cores."""
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: {jobs} is not accepted; a whole number of at least 1 is")
    from joblib import cpu_count

    size = jobs or cpu_count()
    if size == 1:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            yield Crew(1, interrupt, None)
        return
    from joblib.externals.loky import get_reusable_executor

    with TemporaryDirectory(prefix="scipy-ae-", ignore_cleanup_errors=True) as room:
        try:
            yield Crew(size, interrupt, Path(room))
        finally:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _done_as_child(place: int, job: Job, board: Board, room: Path) -> tuple[int, Done]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there are no masks
    (room / f"job-{place}").touch()
    done = _done(job, board.asked)
    (room / f"job-{place}").unlink(missing_ok=True)
    return place, done


def _done(job: Job, asked: Callable[[], bool]) -> Done:
    if asked():
        return Done(left=True)
    try:
        result = job.call(*job.arguments, asked)
    except ScipyAEError as error:
        return Done(why=str(error))
    except (MemoryError, OSError, ArithmeticError, ValueError) as error:
        return Done(why=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    return Done(result, left=asked() and result is None)
