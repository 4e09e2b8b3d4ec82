"""Trial: one start of one value of a study, trained in some process, and read back from its run folder.

The folders are all that a study keeps of its runs: whatever it tells is read from them, so that a study goes on where
it was left, and a table of old runs and new ones is of one kind.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.errors import NonFiniteError
from scipy_ae.experiments.claims import claimed, reclaimed
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.denoise import own_scores
from scipy_ae.experiments.film import Film, Reel
from scipy_ae.experiments.finding import WORST, Merit
from scipy_ae.experiments.generative import Trace, is_variational
from scipy_ae.experiments.outcome import Trained, conclude, supplement
from scipy_ae.experiments.run import compare, follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.persistence import load
from scipy_ae.records import History, Record, RunFolder, write_aside
from scipy_ae.solvers.registry import OURS
from scipy_ae.training import DIVERGED, INTERRUPTED

#: Setups that a process keeps ready: the starts of a value share data and work arrays.
_READY = 16


@dataclass(frozen=True)
class Trial:
    """A start as its folder tells it; ``history`` is None where it was not finite from the beginning."""

    seed: int
    folder: RunFolder
    result: dict[str, Any]
    history: History | None
    why: str = ""

    @property
    def best(self) -> Record | None:
        return None if self.history is None else self.history.best or self.history[0]

    @property
    def diverged(self) -> bool:
        return self.history is None or self.history[-1].stop.startswith(DIVERGED)

    @property
    def merit(self) -> Merit:
        """What runs are ranked by: the ELBO of variational ones, of others wrong pixels and then the loss, on
        validation rows where there are such."""
        best = self.best
        if best is None or self.diverged:
            return WORST
        if "evidence" in self.result:
            elbo = self.result["evidence"]["elbo"]
            return (-elbo, 0.0) if np.isfinite(elbo) else WORST
        return _ranked(best)

    def merit_at(self, seconds: float) -> Merit:
        """The same at so many seconds of training, by the best record until then."""
        if self.history is None or self.diverged:
            return WORST
        best = History(record for record in self.history if record.seconds <= seconds).best
        return WORST if best is None else _ranked(best)

    @property
    def clean(self) -> Record | None:
        """The first record without a wrong pixel."""
        return None if self.history is None else next((one for one in self.history if one.wrong_pixels == 0), None)

    def theta(self) -> np.ndarray:
        """Of the best record."""
        return load(self.folder.model).theta


def _ranked(best: Record) -> Merit:
    return best.wrong_pixels or 0, best.loss if best.validation is None else best.validation


def read_trial(path: Path, seed: int) -> Trial | None:
    """The trial in that folder; None where it is not finished."""
    folder = RunFolder(path)
    if (failure := _table(_failure(path))) is not None:
        return Trial(seed, folder, {}, None, str(failure.get("why", "")))
    result = _table(folder.result) if finished(path) else None
    return None if result is None else Trial(seed, folder, result, History.read(folder.records))


def finished(path: Path) -> bool:
    """Whether a trial ended here: its result, which is written last, is there and whole."""
    folder = RunFolder(path)
    whole = folder.records.exists() and folder.records.stat().st_size > 0 and _table(folder.result) is not None
    return whole or _table(_failure(path)) is not None


def _table(path: Path) -> dict[str, Any] | None:
    """What a JSON file holds; None where it is missing or damaged."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) else None


def train_trial(spec: Spec, seed: int, path: Path, asked: Callable[[], bool]) -> bool | None:
    """Train the start of that seed and write its run folder; None where it was to end before that."""
    if finished(path):
        return True
    _clear(path)
    setup, trace = ready(spec).start(seed), Trace()
    variational = is_variational(setup.network)
    with claimed(path) as folder:
        try:
            reader = trace if variational else _unread
            trained = follow(setup, setup.iterations, reader=reader, asked=asked, filmed=False)
        except NonFiniteError as error:
            text = json.dumps({"why": str(error)}, ensure_ascii=False)
            write_aside(_failure(path), partial(Path.write_text, data=text, encoding="utf-8"))
            return True
        cut = trained.history[-1].stop == INTERRUPTED
        if not cut:
            more: dict[str, Any] = {"elbo_curve": trace.curve(setup)} if variational else {}
            if setup.noise is not None:
                more["denoising"] = own_scores(setup, trained.theta)
            conclude(folder, setup, trained, more=more)
    if cut:
        shutil.rmtree(path, ignore_errors=True)
    return None if cut else True


def finish_trial(spec: Spec, seed: int, path: Path, lang: str, asked: Callable[[], bool]) -> bool | None:
    """Complete the folder of the trial that stands for its value: comparisons of a noisy training, film and page.

    The film is of the same training once more, since a study would have no use for the films of all its runs.
    """
    from scipy_ae import report

    folder, setup = RunFolder(path), ready(spec).start(seed)
    if setup.noise is not None and not folder.denoising.exists():
        with reclaimed(path):
            trained = Trained(History.read(folder.records), load(folder.model).theta)
            denoised = compare(setup, trained, _unheard, reader=_unread, pulse=None, asked=asked)
            if asked() or denoised is None:
                return None
            supplement(folder, denoised)
            folder.index.unlink(missing_ok=True)
    if not report.is_written(folder, lang):
        if not folder.film.exists() and Reel.fit_for(setup.network, len(setup.dataset.x)).most:
            film = _filmed(setup, folder, asked)
            if asked():
                return None
            if film is not None:
                film.write(folder.film)
        report.write(folder, lang=lang)
    return True


def _clear(path: Path) -> None:
    """Take away what a killed process has left, unless some process still writes it."""
    if path.exists():
        with reclaimed(path) as folder:
            for left in (one for one in path.iterdir() if one != folder.lock):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _filmed(setup: Setup, folder: RunFolder, asked: Callable[[], bool]) -> Film | None:
    """The film of a finished training: of as many iterations as it made, whatever the clock says this time."""
    again = replace(setup, stop=replace(setup.stop, seconds=None))
    return follow(again, History.read(folder.records)[-1].iteration, reader=_unread, asked=asked).film


@lru_cache(maxsize=_READY)
def ready(spec: Spec) -> Setup:
    """The setup of a spec, and its kernels in this process: a step of each solver, off any clock."""
    setup = Setup.of(spec)
    compile_kernels(setup)
    with suppress(NonFiniteError), np.errstate(all="ignore"):  # the training will say it better
        for solver in setup.schedule.solvers:
            if solver.needs - {"fun", "jac"} or isinstance(solver, OURS):
                solver.solve(setup.objective, setup.theta, maxiter=1)
    return setup


def _failure(path: Path) -> Path:
    return path / "failed.json"


def _unread(record: Record) -> None:
    """Reads no record."""


def _unheard(noise: str) -> None:
    """Is told of a comparison."""
