"""The results as a page of Markdown."""

from typing import Any

import tables_machine
import tables_solvers
from goals import goals, lost
from markdown import paragraphs, table, title
from picture import PICTURE, panels
from settings import DECAY, JITTED_STEPS, SECONDS
from standings import standings
from words import digits, duration, quantity


def page(results: dict[str, Any]) -> str:
    """The whole of RESULTS.md."""
    parts = [section(part, results[part]) for part in ORDER if part in results]
    picture = f"![Loss over seconds, one line a method, ours in strong colours]({PICTURE})" if panels(results) else ""
    return paragraphs(_head(results), verdict(results), _goals(results), picture, *parts) + "\n"


def section(part: str, rows: list[dict[str, Any]]) -> str:
    """The section on one part."""
    return SECTIONS[part](rows)


def _head(results: dict[str, Any]) -> str:
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    headings = [SECTIONS[part](results[part]).split("\n")[0] for part in results.get("again", [])]
    again = ", ".join(heading.removeprefix("## ") for heading in headings)
    quick = " --quick` (few repeats: not to be quoted)" if results["quick"] else "`"
    return paragraphs(
        "# Results of the benchmarks",
        f"Written by `python benchmarks/run.py{quick} on {results['date']}, all in one run of"
        f" {results['seconds']:.0f} s. README.md tells what each row means.",
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; {versions}."
        " float64, one thread but where said. A ratio is the contestant's time over ours: above 1× we are faster.",
        *([f"Measured anew after that run, each part by itself (`--again`): {again}."] if again else []),
        *results["left_out"],
    )


def verdict(results: dict[str, Any]) -> str:
    """Where we lose or miss a goal."""
    asked = goals(results)
    said = lost(results) + [goal.sentence() for goal in asked if not goal.reached]
    nowhere = f"Nowhere: all {len(asked)} goals are reached and no race is lost."
    return paragraphs("## Where we lose or miss a goal", "\n".join(f"- {sentence}" for sentence in said) or nowhere)


def _goals(results: dict[str, Any]) -> str:
    rows = [
        [goal.what, goal.asked, quantity(goal.got, goal.unit), "yes" if goal.reached else "**no**"]
        for goal in goals(results)
    ]
    return paragraphs("## Goals", table(("what", "goal", "measured", "reached"), rows))


def _evaluation(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["times"]))
    agreement = max(row["disagreement"] for row in rows)
    first = [[row["case"], *map(duration, row["first_call"].values())] for row in rows]
    return paragraphs(
        "## A. Loss and gradient",
        "Median time of one evaluation (least in brackets), and its ratio to ours: the median over rounds in which all"
        f" take turns. All give our values to {agreement:.0e}, relative.",
        table(("network", "n", "loss", *names), [_evaluation_row(row, names) for row in rows]),
        "The first call, with what it compiles or loads from a cache:",
        table(("network", *rows[0]["first_call"]), first),
    )


def _evaluation_row(row: dict[str, Any], names: list[str]) -> list[str]:
    cells = []
    for name in names:
        times = row["times"].get(name)
        if times is None:
            cells.append("–")
            continue
        ratio = "" if name == names[0] else f", **{quantity(times['ratio'], 'x')}**"
        cells.append(f"{duration(times['median'])} ({duration(times['least'])}){ratio}")
    return [title(row), str(row["parameters"]), row["loss"], *cells]


def _step(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            title(row),
            str(row["parameters"]),
            duration(row["ours"]),
            duration(row["ours_200"]),
            f"{duration(row['scipy'])}, threads: {row['scipy_threads']}",
            f"**{quantity(row['ratio'], 'x')}**",
            f"{row['difference']:.0e} over {row['scipy_steps']}",
        ]
        for row in rows
    ]
    return paragraphs(
        "## B. A step of BFGS, evaluation included",
        f"From the identity. Ours is the mean of the first {rows[0]['steps']} steps; since a step costs the more"
        " the more went before, the mean of the first 200 stands beside it. SciPy's is the mean of as many steps as the"
        " last column says, with one BLAS thread or one for each core, whichever is faster. That column is the largest"
        " distance between the iterates, relative to their length.",
        table(("network", "n", "ours", "ours, 200 steps", "SciPy", "ratio", "difference"), cells),
    )


def _letters(rows: list[dict[str, Any]]) -> str:
    fonts = list(dict.fromkeys(row["font"] for row in rows))
    cells = []
    for font in fonts + [None] * (len(fonts) > 1):
        for standing in standings(rows, font):
            cells.append(
                [
                    font or "all fonts",
                    standing.method,
                    standing.setting,
                    f"{standing.perfect} of {standing.starts}",
                    duration(standing.median),
                    duration(standing.worst),
                    f"**{quantity(standing.ratio, 'x')}**",
                ]
            )
    return paragraphs(
        "## C. 32 letters perfect through two numbers",
        "Time until no pixel of any letter is wrong, from the same fan-in scaled starts; of each peer the best of the"
        " settings tried; compilation is not in it. A start that is not perfect within the limit"
        f" ({JITTED_STEPS} steps for a loop jitted, {SECONDS:g} s for the other peers) counts as 'never'. The ratio is"
        f" the median over the starts that both were given. Ours carries an L2 term of {DECAY:g}; of the peers those"
        " that say so.",
        table(("font", "method", "setting", "perfect", "median", "worst", "ratio"), cells),
    )


def _whole(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            f"`scipy-ae {row['command']}`",
            str(row["runs"]),
            duration(row["median"]),
            duration(row["least"]),
            f"{digits(row['peak_mb'])} MB",
        ]
        for row in rows
    ]
    return paragraphs(
        "## D. The command, whole process",
        "`train` is the reference run, `scipy-ae train --solver BFGS --every 4 --std 0.73`, with its report; threads as"
        " the system gives them.",
        table(("command", "runs", "median", "least", "peak memory"), cells),
    )


def _reference(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            row["form"],
            f"{row['within_one']} of {row['starts']}",
            f"{row['perfect']} of {row['starts']}",
            digits(row["wrong"]),
            duration(row["seconds"]),
        ]
        for row in rows
    ]
    return paragraphs(
        "## E. The reference run, start by start",
        "Ten letters, `--solver BFGS --every 4 --std 0.73`, all 220 iterations, from as many seeds as the table says;"
        " pixels are counted at the best weights, medians over the starts. No peer takes part.",
        table(("form", "at most 1 wrong pixel in any letter", "none", "wrong pixels in all", "training"), cells),
    )


#: In the order of the page.
SECTIONS = {
    "evaluation": _evaluation,
    "step": _step,
    "letters": _letters,
    "whole": _whole,
    "reference": _reference,
    **tables_solvers.SECTIONS,
    **tables_machine.SECTIONS,
}
#: The parts in the order of the page.
ORDER = (
    "evaluation", "step", "letters", "whole", "reference", "lbfgs", "digits", "large", "damped", "powell", "single",
    "threads", "images",
)  # fmt: skip
