"""run: a spec becomes a run folder, from which the report is drawn."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.claims import claimed, reclaimed
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.denoise import Study, named, study
from scipy_ae.experiments.film import Reel
from scipy_ae.experiments.outcome import Outcome, Trained, conclude, shown_rows
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.records import History, Record, Snapshot
from scipy_ae.solvers.result import Result
from scipy_ae.training import train


class Interrupt:
    """Becomes true when the user asks to end; handed to the training, set by whoever listens for Ctrl-C."""

    def __init__(self) -> None:
        self._asked = False
        self._told: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        return self._asked

    @asked.setter
    def asked(self, asked: bool) -> None:
        self._asked = asked
        for tell in self._told if asked else ():
            tell()

    def pass_on(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called as soon as the user asks, to carry it to other processes."""
        self._told.append(tell)
        if self._asked:
            tell()

    def __call__(self) -> bool:
        return self._asked


def new_folder(spec: Spec, root: Path) -> Path:
    """The next free folder for a run of this spec: ``reports/font2-bfgs-1``."""
    name = spec.schedule or (spec.between if spec.every == 0 else spec.solver)
    return free_folder(f"{Path(spec.dataset).stem}-{name}", root)


def free_folder(name: str, root: Path) -> Path:
    """The next free folder of that name, made fit for one, and a number."""
    return fitting_folder(name, root, lambda path: False)


def fitting_folder(name: str, root: Path, fits: Callable[[Path], bool]) -> Path:
    """The first folder of that name and a number that is there and fits, or else the next free one."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    number = 1
    while (path := root / f"{stem}-{number}").exists() and not fits(path):
        number += 1
    return path


def run(
    setup: Setup,
    path: Path,
    *,
    reader: Callable[[Record], None] = lambda record: None,
    pulse: Callable[[int, Result], None] | None = None,
    comparing: Callable[[str], None] = lambda noise: None,
    interrupt: Interrupt | None = None,
    resume: bool = False,
) -> Outcome:
    """Train as the setup says and write all files of the run folder but the report's.

    While it goes on there is a checkpoint in the folder, and a lock for as long as this process lives.

    Parameters
    ----------
    setup : Setup
    path : Path
        The run folder; made if it is not there, refused if it holds a run, or another process writes it.
    reader : callable
        Reads each record as it comes.
    pulse : callable, optional
        As in :func:`scipy_ae.train`.
    comparing : callable
        Told of the noise ("none" for none) as a training for comparison begins, whose records ``reader`` reads then.
    interrupt : Interrupt, optional
        Once asked, the training ends after the current step and everything is written; it can be resumed.
    resume : bool
        Go on with the run in that folder, whose setup (``resumable``) this is: to the bytes it would have come to.
    """
    interrupt = interrupt or Interrupt()
    with reclaimed(path) if resume else claimed(path) as folder:
        begun = checkpoint.read(folder, setup) if resume else None
        with checkpoint.keeping(folder, setup, again=resume) as keeper:
            compile_kernels(setup)
            trained = follow(
                setup, setup.iterations, reader=reader, pulse=pulse, asked=interrupt, keeper=keeper, begun=begun
            )
            denoised = compare(setup, trained, comparing, reader=reader, pulse=pulse, asked=interrupt)
            outcome = conclude(folder, setup, trained, _of_resuming(begun, keeper), denoised=denoised)
        if not outcome.result["interrupted"]:
            folder.checkpoint.unlink(missing_ok=True)
    return outcome


def compare(
    setup: Setup,
    trained: Trained,
    comparing: Callable[[str], None],
    *,
    reader: Callable[[Record], None],
    pulse: Callable[[int, Result], None] | None,
    asked: Callable[[], bool],
) -> Study | None:
    """What a noisy training has learned, on fresh noise and beside its comparisons; None without noise."""

    def retrain(other: Setup) -> np.ndarray | None:
        if asked():
            return None
        comparing(named(other.noise))
        repeated = follow(other, setup.iterations, reader=reader, pulse=pulse, asked=asked, filmed=False)
        return None if asked() or repeated.diverged else repeated.theta

    return study(setup, trained.theta, retrain)


def follow(
    setup: Setup,
    iterations: int,
    *,
    reader: Callable[[Record], None],
    pulse: Callable[[int, Result], None] | None = None,
    asked: Callable[[], bool],
    keeper: checkpoint.Keeper | None = None,
    begun: checkpoint.Checkpoint | None = None,
    filmed: bool = True,
) -> Trained:
    """Train as the setup says, for so many iterations at most, from its start or from where a run had ``begun``.

    Nothing is written but what a ``keeper`` keeps. A film is made unless the network is too large for one.
    """
    network, shown = setup.network, shown_rows(setup)
    if begun is None:
        history, best = History(), setup.theta
        reel = Reel.fit_for(network, len(shown.x)) if filmed and shown is not None else Reel(0)
    else:
        history, best, reel = begun.history, begun.best, begun.reel

    def boundary(snapshot: Callable[[], Snapshot]) -> None:
        if keeper is not None:
            keeper.look(snapshot, history, best, reel)

    stream = train(
        setup.objective, setup.theta, setup.schedule, iterations=iterations, batch_size=setup.spec.batch_size,
        rng=setup.rng, stop=replace(setup.stop, asked=asked), pulse=pulse,
        resume=None if begun is None else begun.snapshot, boundary=boundary,
        draw=setup.draw, redraw=None if setup.draw is None else setup.spec.redraw, counted=setup.counted,
        pool=setup.pool, growth=setup.growth, validation=setup.validation, patience=setup.spec.patience,
    )  # fmt: skip
    for record in stream:
        history.add(record)
        if history.best is record and record.theta is not None:
            best = record.theta
        reel.add(record)
        reader(record)
    return Trained(history, best, None if shown is None else reel.film(network, shown.x))


def _of_resuming(begun: checkpoint.Checkpoint | None, keeper: checkpoint.Keeper) -> list[str]:
    """What is to be noted of a run that was resumed, or could not be."""
    notes = [keeper.trouble] if keeper.trouble else []
    if begun is not None:
        notes.append(f"Resumed after iteration {begun.snapshot.iteration}.")
        if begun.elsewhere:
            notes.append(f"Resumed elsewhere, so bytes may differ: {'; '.join(begun.elsewhere)}.")
    return notes
