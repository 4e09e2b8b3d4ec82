"""Figures become PNG files, half of them by a copy of this process where that is asked for."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

from matplotlib.figure import Figure

from scipy_ae.report.sheet import encoded, pixels

Plots = Mapping[str, Callable[[], Figure]]


def drawn(plots: Plots, jobs: int = 1) -> dict[str, bytes]:
    """The PNG files of these figures, in their order; by two processes where ``jobs`` is more than one.

    The second is a fork, which has Matplotlib loaded from its first moment: for a process without threads of its own,
    on systems that have forks.
    """
    if jobs < 2 or len(plots) < 2:
        return _one_by_one(plots)
    names = list(plots)
    mine, others = ({name: plots[name] for name in names[start::2]} for start in (0, 1))
    receiving, sending = get_context("fork").Pipe(duplex=False)
    copy = get_context("fork").Process(target=lambda: sending.send(_one_by_one(others)))
    copy.start()
    sending.close()
    files = _one_by_one(mine)
    try:
        files |= receiving.recv()
    except EOFError:  # it has failed, and what is wrong comes to light here
        files |= _one_by_one(others)
    copy.join()
    return {name: files[name] for name in names}


def _one_by_one(plots: Plots) -> dict[str, bytes]:
    with ThreadPoolExecutor(1) as compressing:  # while the next one is drawn
        files = {name: compressing.submit(encoded, pixels(plot())) for name, plot in plots.items()}
    return {name: file.result() for name, file in files.items()}
