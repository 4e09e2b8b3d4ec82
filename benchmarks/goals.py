"""The goals as plain numbers, and what the results say of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from markdown import measured
from standings import standings
from words import duration, quantity

#: Loss and gradient: how many times as fast as JAX and torch, and how far above the matrix products alone.
_LETTERS = {"JAX": 10.0, "torch": 20.0}
_DIGITS = {"JAX": 1.7, "torch": 2.5}
EVALUATION = {
    "10 letters": _LETTERS,
    "32 letters": _LETTERS,
    "circles": _LETTERS,
    "32 letters, 13 layers": _LETTERS,
    "digits": _DIGITS,
    "digits, deep": _DIGITS,
}
ABOVE_PRODUCTS = 1.4
#: A step of BFGS at this many parameters: how many times as fast as SciPy's; and how far iterates may differ.
STEP_PARAMETERS, STEP_RATIO, STEP_DIFFERENCE = 3479, 1000.0, 1e-6
#: All 32 letters perfect: median and worst seconds, and how many times as fast as the best peer.
LETTERS_MEDIAN, LETTERS_WORST, LETTERS_RATIO = 0.1, 1.0, 5.0
#: Whole processes, in seconds, and the peak memory of a letters run, in MB.
PROCESSES = {"--help": 0.2, "train, kernels cached": 2.0, "train, first ever": 30.0}
MEMORY, MEMORY_OF = 200.0, "train, kernels cached"
#: The reference run: share of starts with at most one wrong pixel in any letter.
WITHIN_ONE = 90.0
#: Seconds of a step of L-BFGS without its evaluations, by parameters.
OWN_COST = {339: 5e-6, 4744: 40e-6}
#: The digits: how many times as fast as SciPy's L-BFGS-B our best method is.
DIGITS_RATIO = 5.0
#: The large network: how many times as fast as the peers, and our peak memory in terms of torch's.
LARGE_RATIO, LARGE_MEMORY = 1.0, 1.0
#: Seconds of a step of Levenberg-Marquardt.
DAMPED_STEP = 5e-3
#: A round of Powell's: how many times as fast as SciPy's, and what counts as the same end or better.
POWELL_PARAMETERS, POWELL_RATIO, POWELL_END = 3479, 5.0, 1.0 + 1e-6
#: All threads against one: what a ratio of two equals shows by noise.
THREADS = 1.1


#: Convolutional networks: how many times as fast as torch, and the same for batches of fewer small images than this.
IMAGES, IMAGES_FEW, FEW_IMAGES = 1.0, 3.0, 16


@dataclass(frozen=True)
class Goal:
    """A number that was measured and the one to reach; ``unit`` is 'x', 's', 'MB', '%' or empty."""

    what: str
    got: float
    limit: float
    at_least: bool
    unit: str

    @property
    def reached(self) -> bool:
        return self.got >= self.limit if self.at_least else self.got <= self.limit

    @property
    def asked(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {quantity(self.limit, self.unit)}"

    def sentence(self) -> str:
        """What is to be said where it is missed."""
        return f"Missed: {self.what} is {quantity(self.got, self.unit)}; the goal is {self.asked}."


def goals(results: dict[str, Any]) -> list[Goal]:
    """Every goal on which the results have a number."""
    return [
        *_of_evaluation(results.get("evaluation", [])),
        *_of_step(results.get("step", [])),
        *_of_letters(results.get("letters", [])),
        *_of_processes(results.get("whole", [])),
        *_of_reference(results.get("reference", [])),
        *_of_lbfgs(results.get("lbfgs", [])),
        *_of_digits(measured(results.get("digits", []))),
        *_of_large(results.get("large", [])),
        *_of_damped(measured(results.get("damped", []))),
        *_of_powell(measured(results.get("powell", []))),
        *_of_threads(results.get("threads", [])),
        *_of_images(results.get("images", [])),
    ]


def _of_evaluation(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        for peer, limit in EVALUATION.get(row["case"], {}).items():
            if peer in row["times"]:
                what = f"loss and gradient, {row['case']}: speed over {peer}"
                yield Goal(what, row["times"][peer]["ratio"], limit, True, "x")
        if "products alone" in row["times"]:
            above = 1.0 / row["times"]["products alone"]["ratio"]
            yield Goal(
                f"loss and gradient, {row['case']}: time over the products alone", above, ABOVE_PRODUCTS, False, "x"
            )


def _of_step(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        n = row["parameters"]
        if n == STEP_PARAMETERS:
            yield Goal(f"BFGS step at n = {n}: speed over SciPy's", row["ratio"], STEP_RATIO, True, "x")
        what = f"BFGS at n = {n}: distance of {row['scipy_steps']} iterates to SciPy's"
        yield Goal(what, row["difference"], STEP_DIFFERENCE, False, "")


def _of_letters(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    if not rows:
        return
    ours, *others = standings(rows)
    peers = [other for other in others if not other.own]
    share = 100.0 * ours.perfect / ours.starts
    yield Goal(f"32 letters: share of {ours.starts} starts perfect", share, 100.0, True, "%")
    yield Goal("32 letters: median time to perfect", ours.median, LETTERS_MEDIAN, False, "s")
    yield Goal("32 letters: worst time to perfect", ours.worst, LETTERS_WORST, False, "s")
    if peers:
        best = min(peers, key=lambda standing: standing.ratio)
        what = f"32 letters: speed over the best peer, {best.method} ({best.setting})"
        yield Goal(what, best.ratio, LETTERS_RATIO, True, "x")


def _of_processes(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        yield Goal(f"scipy-ae {row['command']}: wall time", row["median"], PROCESSES[row["command"]], False, "s")
        if row["command"] == MEMORY_OF:
            yield Goal(f"scipy-ae {row['command']}: peak memory", row["peak_mb"], MEMORY, False, "MB")


def _of_reference(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows[:1]:
        share = 100.0 * row["within_one"] / row["starts"]
        what = f"reference run: share of {row['starts']} starts with at most one wrong pixel in any letter"
        yield Goal(what, share, WITHIN_ONE, True, "%")


def _of_lbfgs(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        if row["ours"] and row["parameters"] in OWN_COST:
            n = row["parameters"]
            yield Goal(f"L-BFGS step at n = {n}: its own cost", row["own_cost"], OWN_COST[n], False, "s")


def _of_digits(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    own = [row for row in rows if row["ours"]]
    if own:
        best = min(own, key=_until)
        yardstick = rows[0]
        what = f"digits to the loss of {yardstick['steps']} steps of {yardstick['method']}: speed over it"
        speed = yardstick["seconds"] / _until(best)
        yield Goal(f"{what}, by {best['method']} ({best['setting']})", speed, DIGITS_RATIO, True, "x")


def _until(row: dict[str, Any]) -> float:
    return row["seconds"] if row["reached"] else inf


def _of_large(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        ours, *peers = row["times"]
        what = f"loss and gradient, large, {row['precision']}"
        for peer in peers:
            yield Goal(f"{what}: speed over {peer}", row["times"][peer]["ratio"], LARGE_RATIO, True, "x")
        if "torch" in row["peak_mb"]:
            share = row["peak_mb"][ours] / row["peak_mb"]["torch"]
            yield Goal(f"{what}: peak memory over torch's", share, LARGE_MEMORY, False, "x")


def _of_damped(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    steps = [row["step"] for row in rows if row["ours"]]
    if steps:
        yield Goal("Levenberg-Marquardt on the table of 200: a step", min(steps), DAMPED_STEP, False, "s")


def _of_powell(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        what = f"Powell's round at n = {row['parameters']}"
        if row["parameters"] == POWELL_PARAMETERS:
            yield Goal(f"{what}: speed over SciPy's", row["ratio"], POWELL_RATIO, True, "x")
        end = row["loss"]["ours"] / row["loss"]["scipy"]
        yield Goal(f"{what}: end value over SciPy's", end, POWELL_END, False, "x")


def _of_threads(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        what = f"loss and gradient, {row['case']}: time on all cores over one thread"
        yield Goal(what, row["ratio"], THREADS, False, "x")


def _of_images(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        few = row["case"].startswith("28x28") and row["rows"] < FEW_IMAGES
        what = f"loss and gradient of {row['rows']} images, {row['case']}: speed over torch"
        yield Goal(what, row["times"]["torch"]["ratio"], IMAGES_FEW if few else IMAGES, True, "x")


def lost(results: dict[str, Any]) -> list[str]:
    """A sentence for each race in which somebody was faster than we were."""
    sentences = [
        f"Lost: on loss and gradient of {row['case']}, {who} takes {quantity(times['ratio'], 'x')} our time."
        for row in results.get("evaluation", [])
        for who, times in row["times"].items()
        if who != "products alone" and times["ratio"] < 1.0
    ]
    sentences += [
        f"Lost: on a BFGS step at n = {row['parameters']}, SciPy takes {quantity(row['ratio'], 'x')} our time."
        for row in results.get("step", [])
        if row["ratio"] < 1.0
    ]
    rows = results.get("letters", [])
    for font in dict.fromkeys(row["font"] for row in rows):
        sentences += [
            f"Lost: on the 32 letters of {font}, {peer.method} ({peer.setting}) takes"
            f" {quantity(peer.ratio, 'x')} our time."
            for peer in standings(rows, font)[1:]
            if peer.ratio < 1.0 and not peer.own
        ]
    return [*sentences, *_lost_descents(results), *_lost_on_large(results)]


def _lost_descents(results: dict[str, Any]) -> Iterator[str]:
    for row in results.get("lbfgs", []):
        if row["ratio"] < 1.0:
            yield f"Lost: on 200 steps of L-BFGS on {row['case']}, {row['method']} takes {_x(row['ratio'])} our time."
    rows = measured(results.get("digits", []))
    best = min((_until(row) for row in rows if row["ours"]), default=inf)
    for row in rows:
        if _until(row) >= best:
            continue
        if best == inf:
            taken = duration(row["seconds"])
            yield f"Lost: on digits to the given loss, which none of ours reaches, {row['method']} takes {taken}."
        else:
            yield f"Lost: on digits to the given loss, {row['method']} takes {_x(row['seconds'] / best)} our best time."


def _lost_on_large(results: dict[str, Any]) -> Iterator[str]:
    for row in results.get("large", []):
        for who, times in row["times"].items():
            if times["ratio"] < 1.0:
                yield (
                    f"Lost: on loss and gradient of the large network in {row['precision']}, {who} takes"
                    f" {_x(times['ratio'])} our time."
                )


def _x(ratio: float) -> str:
    return quantity(ratio, "x")
