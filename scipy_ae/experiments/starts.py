"""Several starts of one spec, trained side by side, of which the best is kept.

Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
optimization", AISTATS, algorithm 1): all m starts get the same few iterations, the better half twice as many, and so
on until one is left, which is trained to its end. Each rung costs about the same, and the budgets are such that the
last one would be the whole training: m / 2**k starts at rung k with iterations / 2**(K - k), K = ceil(log2 m).

A start that goes on is trained again from its beginning, in whatever process is free: a training is a function of its
seed, so nothing but the seed has to be carried, and the run kept is the one of ``scipy-ae train --seed`` with the
winner's seed. (Networks so large that their products use several threads may differ in the last bits, since each
process has one.)
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from scipy_ae.errors import NonFiniteError
from scipy_ae.experiments.checkpoint import keeping
from scipy_ae.experiments.claims import claimed
from scipy_ae.experiments.compiling import compile_kernels
from scipy_ae.experiments.run import Interrupt, Outcome, Trained, compare, conclude, follow
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.workers import Board, Failure, Train, workers
from scipy_ae.records import Record, RunFolder, write_aside
from scipy_ae.solvers.result import Result
from scipy_ae.training import INTERRUPTED, NO_BETTER, Stop


@dataclass(frozen=True)
class Start:
    """What became of one start.

    ``rung`` counts from 1, the training to the end of the last one included; ``iterations``, ``loss`` and
    ``wrong_pixels`` (None where data are not binary) are of its longest training, at its best record; ``seconds`` are
    those of all its trainings.
    """

    seed: int
    rung: int
    iterations: int
    loss: float | None
    wrong_pixels: int | None
    seconds: float
    stop: str


@dataclass(frozen=True)
class Rung:
    """One round of trainings, for whoever shows it: ``board`` is written by the processes at work."""

    number: int
    of: int
    starts: int
    iterations: int
    board: Board


def run_starts(
    setup: Setup,
    path: Path,
    *,
    jobs: int | None = None,
    reader: Callable[[Record], None] = lambda record: None,
    pulse: Callable[[int, Result], None] | None = None,
    watch: Callable[[Rung | None], None] = lambda rung: None,
    comparing: Callable[[str], None] = lambda noise: None,
    interrupt: Interrupt | None = None,
) -> Outcome:
    """Train ``setup.spec.restarts`` starts of seeds seed, seed + 1, ... and write the run folder of the best.

    Best is who has the lowest loss on validation rows, or without such the fewest wrong pixels where data are binary,
    then the lowest loss. A start that diverges drops out.

    Parameters
    ----------
    setup : Setup
    path : Path
        As in :func:`scipy_ae.experiments.run.run`.
    jobs : int, optional
        Processes at once, each with one thread; all cores by default. 1 stays in this process.
    reader, pulse : callable
        As in :func:`scipy_ae.experiments.run.run`, for the training of the last one left.
    watch : callable
        Told of each rung as it begins, and None when the last one left begins.
    comparing : callable
        As in :func:`scipy_ae.experiments.run.run`.
    interrupt : Interrupt, optional
        Once asked, all trainings end after their current step and the best so far is written.

    Raises
    ------
    NonFiniteError
        No start stayed finite.
    """
    interrupt = interrupt or Interrupt()
    with claimed(path) as folder, keeping(folder, setup):
        compile_kernels(setup)  # before the children begin: they find the kernels on disk
        search = _Search(setup, interrupt, watch)
        with workers(setup.asked, len(search.seeds), jobs, interrupt) as (train, board):
            search.climb(train, board)
        if not interrupt.asked:
            watch(None)
            search.finish(lambda start: follow(start, setup.iterations, reader=reader, pulse=pulse, asked=interrupt))
        winner, trained = search.best()
        interrupted, start = interrupt.asked, setup.start(winner)
        denoised = compare(start, trained, comparing, reader=reader, pulse=pulse, asked=interrupt)
        if interrupted:
            _end(trained, INTERRUPTED)
        as_asked = replace(start, asked=setup.asked, spec=setup.spec)
        more = {"seed": winner, "interrupted": interrupted}
        outcome = conclude(folder, as_asked, trained, search.notes(winner, interrupted), more, denoised)
        _write(folder, winner, search)
        folder.checkpoint.unlink(missing_ok=True)  # it only said what was under way
    return outcome


def budgets(starts: int, iterations: int, least: int) -> list[int]:
    """Iterations of each rung before the last one left is trained to its end; none is below ``least``."""
    rungs = (starts - 1).bit_length()
    wanted = (-(-iterations // 2 ** (rungs - rung)) for rung in range(rungs))
    return [min(iterations, max(least, budget)) for budget in wanted]


@dataclass
class _Search:
    """The starts on their way: what is known of each, and who is still in."""

    setup: Setup
    interrupt: Interrupt
    watch: Callable[[Rung | None], None]
    known: dict[int, Trained] = field(default_factory=dict)  # the longest training of each
    rungs: dict[int, int] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)  # trained as long as they would be alone

    def __post_init__(self) -> None:
        spec = self.setup.spec
        self.seeds = tuple(range(spec.seed, spec.seed + (spec.restarts or 1)))
        self.plan = [self.setup.iterations]
        if spec.halves:
            self.plan = budgets(len(self.seeds), self.setup.iterations, 2 * (spec.every or 1))

    def climb(self, train: Train, board: Board) -> None:
        """Rung after rung, until one is left, one has reached its target, or the user asks to end."""
        alive = list(self.seeds)
        for number, budget in enumerate(self.plan, 1):
            todo = [seed for seed in alive if self._short_of(seed, budget)]
            board.clear()
            self.watch(Rung(number, len(self.plan), len(todo), budget, board))
            for seed, trained in train(todo, budget):
                self._learn(seed, number, trained, budget)
            ranked = sorted((seed for seed in alive if seed in self.known), key=self.merit)
            if self.interrupt.asked or any(self._at_target(seed) for seed in ranked):
                return
            alive = ranked[: -(-len(ranked) // 2)]

    def finish(self, train: Callable[[Setup], Trained]) -> None:
        """Train the best of the last rung to its end, and whoever was left behind in a better state than that."""
        last = len(self.plan) + 1
        for seed in sorted(self.known, key=lambda seed: (-self.rungs[seed], self.merit(seed))):
            ended = [self.merit(other) for other in self.ended if other in self.known]
            if self.interrupt.asked or (ended and min(ended) <= self.merit(seed)):
                continue
            try:
                self._learn(seed, last, train(self.setup.start(seed)), self.setup.iterations)
            except NonFiniteError as error:
                self._learn(seed, last, Failure(str(error)), self.setup.iterations)

    def best(self) -> tuple[int, Trained]:
        """The winner: of those trained to their end, or of all where the user asked to end."""
        among = self.known if self.interrupt.asked else self.known.keys() & self.ended
        if not among:
            seed, why = next(iter(self.failed.items()))
            raise NonFiniteError(f"none of the {len(self.seeds)} starts stayed finite; seed {seed}: {why}")
        winner = min(among, key=self.merit)
        return winner, self.known[winner]

    def merit(self, seed: int) -> tuple[int, float, int]:
        """What starts are ranked by, the best first: validation loss, or wrong pixels, loss, and at last the seed."""
        best = self.known[seed].best
        if best.validation is not None:
            return 0, best.validation, seed
        return best.wrong_pixels or 0, best.loss, seed

    def notes(self, winner: int, interrupted: bool) -> list[str]:
        """What a user should know of how the winner was found."""
        count = len(self.seeds)
        told = [f"Best of {count} starts: seed {winner}."]
        if not interrupted:
            told = [f"Best of {count} starts: seed {winner}; --seed {winner} without --restarts trains it alone."]
        if self.failed:
            told.append(f"{len(self.failed)} of {count} starts dropped out: their loss was no longer finite.")
        if self.known[winner].best.wrong_pixels and not interrupted:
            told.append(f"More starts may do better: try --restarts {2 * count}.")
        return told

    def table(self) -> list[Start]:
        """What became of each start, in the order of their seeds."""
        return [self._row(seed) for seed in self.seeds if seed in self.known or seed in self.failed]

    def _learn(self, seed: int, rung: int, trained: Trained | Failure, budget: int) -> None:
        self.rungs[seed] = rung
        if isinstance(trained, Failure) or trained.diverged:
            self.known.pop(seed, None)
            self.failed[seed] = trained.why if isinstance(trained, Failure) else trained.history[-1].stop
            return
        self.seconds[seed] = self.seconds.get(seed, 0.0) + trained.history[-1].seconds
        if self.interrupt.asked and seed in self.known and not trained.best.better_than(self.known[seed].best):
            return  # cut short before it was where it had been
        self.known[seed] = trained
        last = trained.history[-1]
        early = last.stop.startswith(NO_BETTER)
        if last.stop != INTERRUPTED and (early or budget >= self.setup.iterations or self.setup.stop.reason(last)):
            self.ended.add(seed)

    def _short_of(self, seed: int, budget: int) -> bool:
        """Whether that many iterations would bring the start further."""
        return seed not in self.known or (seed not in self.ended and self.known[seed].history[-1].iteration < budget)

    def _at_target(self, seed: int) -> bool:
        """Whether it has what the user asked for; convergence alone is no reason to leave the others."""
        stop = self.setup.stop
        return bool(Stop(loss=stop.loss, pixels=stop.pixels, gradient=0.0).reason(self.known[seed].history[-1]))

    def _row(self, seed: int) -> Start:
        seconds, rung = self.seconds.get(seed, 0.0), self.rungs[seed]
        if seed not in self.known:
            return Start(seed, rung, 0, None, None, seconds, self.failed[seed])
        trained = self.known[seed]
        best, last = trained.best, trained.history[-1]
        stop = last.stop if seed in self.ended or last.stop == INTERRUPTED else "left behind"
        return Start(seed, rung, last.iteration, best.loss, best.wrong_pixels, seconds, stop)


def _end(trained: Trained, reason: str) -> None:
    records = trained.history.records
    records[-1] = replace(records[-1], stop=reason)


def _write(folder: RunFolder, winner: int, search: _Search) -> None:
    table = {
        "winner": winner,
        "halving": search.setup.spec.halves,
        "iterations": [*search.plan, search.setup.iterations] if search.setup.spec.halves else search.plan,
        "starts": [asdict(start) for start in search.table()],
    }
    text = json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False)
    write_aside(folder.starts, lambda aside: aside.write_text(text, encoding="utf-8"))
