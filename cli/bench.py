"""``scipy-ae bench``: every solver on the user's own network and data."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from scipy_ae.cli.options import FOLDER, data_options, lang_option, network_options


@click.command(short_help="Which solver is the best on your own network and data.")
@data_options
@network_options
@click.option("--solvers", metavar="A,B,C", help="Those alone. [all that are not hopeless at this size]")
@click.option("--seconds", type=float, default=2.0, show_default=True, help="For each solver and start.")
@click.option("--seeds", type=int, default=1, show_default=True, help="Starts: of SEED, SEED + 1, ...")
@click.option("--target-loss", type=float, help="Who is first at or under this loss?")
@click.option("--out", type=FOLDER, help="The folder to write. [reports/bench-DATASET-NUMBER]")
@lang_option
@click.option("--quiet", "-q", is_flag=True, help="No table; the report's path alone.")
@click.option("--json", "as_json", is_flag=True, help="No table; all results as one JSON object.")
@click.pass_context
def bench(ctx: click.Context, out: Path | None, lang: str, quiet: bool, as_json: bool, **options) -> None:
    """Give every solver the same start and the same time, and tell which to take.

    \b
    Ten letters, every solver for two seconds:
      scipy-ae bench --init fan-in
    A few of them, from five starts, to a loss that you want:
      scipy-ae bench --solvers BFGS,L-BFGS,Adam --seeds 5 --target-loss 0.5
    Your own network and data:
      scipy-ae bench --dataset measurements.csv --layers 12-8-2-8-12 --seconds 5

    Written: results.csv, results.json, a picture of the loss over seconds, and a page. First-order methods run with
    three rates each. Ctrl-C ends the bench and keeps what is done.
    """
    from scipy_ae.cli.display import listening, tell_of_compilation
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.report_process import ReportProcess

    if quiet and as_json:
        raise InputError("quiet and json contradict each other: one prints the report's path alone, the other the rest")
    with ReportProcess(lang) as reporter:
        from scipy_ae.experiments.bench import bench as measure
        from scipy_ae.experiments.bench_folder import write
        from scipy_ae.experiments.claims import claimed
        from scipy_ae.experiments.run import Interrupt, free_folder
        from scipy_ae.experiments.setup import Setup
        from scipy_ae.experiments.spec import Spec
        from scipy_ae.records import RunFolder

        asked = {name: options.pop(name) for name in ("solvers", "seconds", "seeds", "target_loss")}
        spec = Spec(**options)
        chosen = _names(asked["solvers"])
        setup = Setup.of(spec)
        path = out or free_folder(f"bench-{Path(spec.dataset).stem}", Path("reports"))
        interrupt = Interrupt()
        if not (quiet or as_json):
            tell_of_compilation(setup)
        with claimed(path) as folder, _Progress(quiet or as_json) as progress, listening(interrupt):
            found = measure(
                setup, seconds=asked["seconds"], seeds=asked["seeds"], target=asked["target_loss"], chosen=chosen,
                watch=progress.show, asked=interrupt,
            )  # fmt: skip
            if not any(entry.races for entry in found.entries):
                raise InputError(_nobody(found))
        results = write(folder.path, found, _command(spec, asked))
        index = reporter.write(RunFolder(path))
    _conclude(results, index, quiet=quiet, as_json=as_json)
    if found.interrupted:
        ctx.exit(130)


def _names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas."""
    from scipy_ae.errors import InputError

    if text is None:
        return None
    names = tuple(word.strip() for word in text.split(",") if word.strip())
    if not names:
        raise InputError(f"solvers: '{text}' is not accepted; names such as BFGS,Adam are (see scipy-ae solvers)")
    return names


def _nobody(found: Any) -> str:
    """Why there is nothing to show."""
    reasons = [f"{entry.label}: {entry.error}" for entry in found.entries]
    reasons += [f"{one.name}: {one.why}" for one in found.left_out]
    if found.interrupted or not reasons:
        return "the bench ended before any solver was done"
    return f"no solver came to a result; {'; '.join(reasons)}"


def _command(spec: Any, asked: dict[str, Any]) -> str:
    """The command line that asks for the same."""
    import shlex

    words = [spec.command("bench")]
    for name, value in asked.items():
        if value is not None and value != {"seconds": 2.0, "seeds": 1}.get(name):
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
    return " ".join(words)


class _Progress:
    """Whose turn it is, on standard error, where that is a terminal."""

    def __init__(self, silent: bool) -> None:
        self._live = not silent and sys.stderr.isatty()
        self._progress: Any = None

    def __enter__(self) -> "_Progress":
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (BarColumn(bar_width=20), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn())
            console = Console(stderr=True)
            self._progress = Progress(TextColumn("{task.description}"), *columns, console=console, transient=True)
            self._task = self._progress.add_task("", total=None)
            self._progress.start()
        return self

    def __exit__(self, *error) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, label: str, done: int, of: int) -> None:
        if self._progress is not None:
            self._progress.update(self._task, description=label, completed=done, total=of)


def _conclude(results: dict[str, Any], index: Path, *, quiet: bool, as_json: bool) -> None:
    from scipy_ae.cli.display import relative

    shown = relative(index)
    if as_json:
        click.echo(json.dumps({**results, "report": shown}, ensure_ascii=False))
        return
    if not quiet:
        _print(results)
        click.echo(results["advice"])
    click.echo(shown)


def _print(results: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("solver", no_wrap=True)
    target = results["target"] is not None
    heads = ["loss", *(["wrong pixels"] if results["binary"] else []), "to 10 %", "to 1 %"]
    for head in [*heads, *(["to target"] if target else []), "iterations", "evaluations"]:
        table.add_column(head, justify="right", no_wrap=True)
    absent = [(row["label"], row["error"]) for row in results["solvers"] if row["error"]]
    absent += [(row["solver"], row["why"]) for row in results["left_out"]]
    for row in results["solvers"]:
        if row["races"]:
            cells = [f"{row['loss']:.4g}", *([f"{row['wrong_pixels']:g}"] if results["binary"] else [])]
            times = ["seconds_to_10_percent", "seconds_to_1_percent", *(["seconds_to_target"] if target else [])]
            cells += ["–" if row[name] is None else f"{row[name]:.3g} s" for name in times]
            table.add_row(row["label"], *cells, f"{row['iterations']:.0f}", f"{row['evaluations']:.0f}")
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    for name, why in absent:
        console.print(f"left out: {name}: {why}", highlight=False, markup=False)
