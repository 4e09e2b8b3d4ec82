"""What a person sees while a training runs: a reader of the stream of records."""

import json
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_STRIP = 24


class Display:
    """Live progress on standard error, where that is a terminal; conclusions on standard output.

    The strip shows the last iterations: a dot for a step, a block for a burst of a solver.
    """

    def __init__(self, iterations: int | None, silent: bool) -> None:
        self._live = not silent and sys.stderr.isatty()
        self._iterations = iterations
        self._strip: deque[str] = deque(maxlen=_STRIP)
        self._progress: Any = None
        self._task: Any = None
        self._last: Any = None
        self._rung: Any = None

    def __enter__(self) -> "Display":
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            class Looking(Progress):
                """Looks at the board of the processes at work each time it is drawn."""

                def get_renderables(looking):  # noqa: N805 - the display stands around it
                    self._look()
                    return super().get_renderables()

            self._progress = Looking(
                TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[state]}", markup=False),
                TimeElapsedColumn(), TimeRemainingColumn(compact=True),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task("training", total=self._iterations, state="")
            self._progress.start()
        return self

    def __exit__(self, *error) -> None:
        if self._progress is not None:
            self._progress.stop()

    def record(self, record) -> None:
        """Reads each record as it comes."""
        if self._progress is None:
            return
        if record.phase != "start":
            self._strip.append("█" if record.phase == "burst" else "·")
        self._last = record
        self._show(record.loss, record.iteration)

    def pulse(self, iteration: int, state) -> None:
        """A step within a burst."""
        if self._progress is not None:
            self._show(state.fun, iteration - 1, f" {state.nit}")

    def rung(self, rung) -> None:
        """A round of several starts begins; None: the training of the one left."""
        self._rung = rung
        if self._progress is None:
            return
        name, total = "training", self._iterations
        if rung is not None:
            name = f"{rung.starts} starts" + (f", rung {rung.number} of {rung.of}" if rung.of > 1 else "")
            total = rung.starts * rung.iterations
        self._progress.reset(self._task, total=total, description=name, state="")

    def comparing(self, noise: str) -> None:
        """A training for comparison begins."""
        if self._progress is not None:
            name = "compared: no noise" if noise == "none" else f"compared: {noise}"
            self._progress.reset(self._task, total=self._iterations, description=name, state="")

    def _look(self) -> None:
        """How far the starts of a rung are, and the lowest loss among them."""
        rung = self._rung
        if rung is not None and rung.board.iterations:
            self._progress.update(
                self._task, completed=rung.board.iterations, state=f"lowest loss {rung.board.loss:.4g}"
            )

    def _show(self, loss: float, iteration: int, step: str = "") -> None:
        pixels = self._last.wrong_pixels if self._last is not None else None
        wrong = "" if pixels is None else f"  {pixels} wrong pixels"
        held_out = self._last.validation if self._last is not None else None
        validation = "" if held_out is None else f"  validation {held_out:<10.4g}"
        state = f"loss {loss:<10.4g}{validation}{wrong}  {''.join(self._strip)}{step}"
        self._progress.update(self._task, completed=iteration, state=state)

    def conclude(self, outcome, index: Path, *, quiet: bool, as_json: bool) -> None:
        """The outcome in words or as JSON; the report's path is the last line."""
        result = outcome.result
        shown = relative(index)
        if as_json:
            click.echo(json.dumps({**result, "report": shown}, ensure_ascii=False))
            return
        if not quiet:
            click.echo(f"{result['title']}: {_words(result)}, in {result['seconds']:.2f} s")
            click.echo(f"best of {len(outcome.history) - 1} iterations: {result['best_iteration']}; {result['stop']}")
            for note in result["notes"]:
                click.echo(f"note: {note}")
        click.echo(shown)


def announce(setup) -> None:
    """What is about to be trained, where it is layers on images with a shape each, and why it begins late."""
    if setup.network.on_images:
        click.echo(setup.network.describe())
    tell_of_compilation(setup)


def tell_of_compilation(*setups) -> None:
    """Say why the first run on a machine, or the first of such layers, begins late."""
    from scipy_ae.experiments.compiling import is_compiled

    late = [setup for setup in setups if not is_compiled(setup)]
    if late:
        images = any(setup.network.on_images for setup in late)
        what, time = ("these layers", "a minute or so") if images else ("this machine", "some 20 seconds")
        click.echo(f"Compiling the kernels for {what}: once, {time}; later runs start at once.", err=True)


def _words(result: dict) -> str:
    loss = f"loss {result['loss']:.4g}"
    for name, value in result.get("split", {}).get("loss", {}).items():
        loss += f", {name} {'not finite' if value is None else format(value, '.4g')}"
    if result["wrong_pixels"] is None:
        return loss
    if result["wrong_pixels"] == 0:
        return f"no wrong pixel, {loss}"
    return f"{result['wrong_pixels']} wrong pixels, at most {result['worst_row']} in a row, {loss}"


def relative(path: Path) -> str:
    """The path as seen from here where that is shorter."""
    path = path.resolve()
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@contextmanager
def listening(interrupt) -> Iterator[None]:
    """Ctrl-C asks the training to end; a second one ends the program."""

    def ask(signum, frame) -> None:
        interrupt.asked = True
        os.write(2, b"\nending after this step (Ctrl-C again to end at once)\n")
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: Ctrl-C does not come here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
