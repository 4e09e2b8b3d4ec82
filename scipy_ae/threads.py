"""How many threads linear algebra may use: in small products they only get in each other's way."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

#: Multiplications in a network's largest product up to which more threads of BLAS cost more than they bring.
ONE_THREAD = 4_000_000
#: What loads SciPy's BLAS, which compiled kernels call; NumPy has one of its own.
_SCIPY = "scipy.linalg.cython_blas"


def suited(multiplications: int, compiled: bool) -> AbstractContextManager:
    """One thread of BLAS where no product has too many multiplications for it, else as many as there are.

    Parameters
    ----------
    multiplications : int
        Of the largest product.
    compiled : bool
        Whether compiled kernels will call BLAS: it is loaded then, since nobody can limit what is not there.
    """
    return _OneThread(compiled) if multiplications <= ONE_THREAD else nullcontext()


class _OneThread(AbstractContextManager):
    """May be entered again while it lasts."""

    def __init__(self, compiled: bool) -> None:
        self._compiled = compiled
        self._limited: list[list[tuple[Any, int]]] = []

    def __enter__(self) -> None:
        if self._compiled and _SCIPY not in sys.modules:
            import scipy.linalg.cython_blas  # noqa: F401
        before = [(library, library.get_num_threads()) for library in _libraries(_SCIPY in sys.modules)]
        self._limited.append([(library, threads) for library, threads in before if threads != 1])
        for library, _ in self._limited[-1]:
            library.set_num_threads(1)

    def __exit__(self, *error: object) -> None:
        for library, threads in self._limited.pop():
            library.set_num_threads(threads)


@cache
def _libraries(with_scipy: bool) -> list[Any]:
    """The libraries of linear algebra in this process; there are more of them once SciPy is loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


#: Multiplications from which on a second thread is worth waking.
_WORTH = 4_000_000


@cache
def available() -> int:
    """Threads that this process may use: as many as it has cores, fewer where OMP_NUM_THREADS says so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(asked))) if asked.isdigit() and int(asked) > 0 else cores


def useful(multiplications: float) -> int:
    """How many threads are worth their while for so much work."""
    return 1 if multiplications < _WORTH else available()


def share(works: Sequence[Callable[[], None]]) -> None:
    """Do all of these at once, the first one in the thread that asks; each lets go of the interpreter's lock."""
    if len(works) == 1:
        works[0]()
        return
    others = [_pool().submit(work) for work in works[1:]]
    works[0]()
    for other in others:
        other.result()


@cache
def _pool() -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor

    os.register_at_fork(after_in_child=_pool.cache_clear)
    return ThreadPoolExecutor(max(1, available() - 1), "scipy-ae")


def one_thread() -> AbstractContextManager:
    """One thread of BLAS for kernels that run on several threads themselves."""
    return _OneThread(compiled=True)
