"""Processes that train starts: each has one thread, imports no more than a training needs, and heeds the main one.

Ctrl-C is for the main process alone. What it has to say to the others, and they to it, stands on a :class:`Board`.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments.run import Interrupt, Trained, follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.records import Record


class Board:
    """How far each start is, and whether to end: a few numbers in a file that all processes have mapped to memory.

    Parameters
    ----------
    count : int
        Of starts.
    path : Path, optional
        None for a board that stays within this process.
    """

    def __init__(self, count: int, path: Path | None = None) -> None:
        self._count, self._path = count, path
        shape = (count + 1, 2)
        if path is None:
            self._cells = np.zeros(shape)
        else:
            self._cells = np.memmap(path, np.float64, "r+" if path.exists() else "w+", shape=shape)

    def __reduce__(self) -> tuple:
        return Board, (self._count, self._path)

    def end(self) -> None:
        """Ask all to end after their current step."""
        self._cells[-1, 0] = 1.0

    def asked(self) -> bool:
        return bool(self._cells[-1, 0])

    def clear(self) -> None:
        """As it was before the first record."""
        self._cells[:-1] = 0.0, np.inf

    def tell(self, place: int, record: Record) -> None:
        """The start at that place has come to this record."""
        self._cells[place] = record.iteration, min(record.loss, self._cells[place, 1])

    @property
    def iterations(self) -> int:
        """Of all starts together."""
        return int(self._cells[:-1, 0].sum())

    @property
    def loss(self) -> float:
        """The lowest of all."""
        return float(self._cells[:-1, 1].min())


@dataclass(frozen=True)
class Failure:
    """Why a start could not be trained."""

    why: str


#: Trains starts of the given seeds for so many iterations; yields each as it ends, in any order.
Train = Callable[[Sequence[int], int], Iterator[tuple[int, Trained | Failure]]]


@contextmanager
def workers(asked: Spec, count: int, jobs: int | None, interrupt: Interrupt) -> Iterator[tuple[Train, Board]]:
    """A function that trains starts of a spec, ``jobs`` at once, and the board on which they tell how far they are."""
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: {jobs} is not accepted; a whole number of at least 1 is")
    if jobs == 1 or count == 1:
        board = Board(count)
        interrupt.pass_on(board.end)
        yield lambda seeds, budget: (_train(asked, *task, board) for task in _tasks(seeds, budget)), board
        return
    from joblib import cpu_count
    from joblib.externals.loky import get_reusable_executor

    with TemporaryDirectory(prefix="scipy-ae-", ignore_cleanup_errors=True) as folder:
        board = Board(count, Path(folder) / "board")
        interrupt.pass_on(board.end)
        try:
            with pool(min(count, jobs or cpu_count())) as parallel:
                yield lambda seeds, budget: _trained(parallel, asked, _tasks(seeds, budget), board), board
        finally:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)


@contextmanager
def pool(jobs: int) -> Iterator[Any]:
    """joblib's, with so many processes of one thread each, that gives results as they come."""
    from joblib import Parallel, parallel_config

    with (
        parallel_config(backend="loky", inner_max_num_threads=1),
        Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="all", batch_size=1) as parallel,
    ):
        yield parallel


def _trained(
    parallel: Any, asked: Spec, tasks: list[tuple[int, int, int]], board: Board
) -> Iterator[tuple[int, Trained | Failure]]:
    from joblib import delayed

    with deaf_children():
        ended = parallel(delayed(_train_as_child)(asked, *task, board) for task in tasks)
    yield from ended


def _tasks(seeds: Sequence[int], budget: int) -> list[tuple[int, int, int]]:
    """Place on the board, seed and iterations of each training."""
    return [(place, seed, budget) for place, seed in enumerate(seeds)]


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes that begin within do not hear Ctrl-C, not even while they import: they inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as resource_tracker_of_loky

    for tracker in (resource_tracker, resource_tracker_of_loky):
        tracker.ensure_running()  # each begins with the first process otherwise, and lifts the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _train_as_child(asked: Spec, place: int, seed: int, budget: int, board: Board) -> tuple[int, Trained | Failure]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there are no masks
    return _train(asked, place, seed, budget, board)


def _train(asked: Spec, place: int, seed: int, budget: int, board: Board) -> tuple[int, Trained | Failure]:
    setup = _setup(asked).start(seed)
    try:
        return seed, follow(setup, budget, reader=lambda record: board.tell(place, record), asked=board.asked)
    except NonFiniteError as error:
        return seed, Failure(str(error))


@lru_cache(maxsize=1)
def _setup(asked: Spec) -> Setup:
    """Made once in each process: its starts share data and work arrays, one after the other."""
    setup = Setup.of(asked)
    with np.errstate(all="ignore"):
        setup.objective.fun_and_jac(setup.theta)  # loads the kernels before a start's clock runs
    return setup
