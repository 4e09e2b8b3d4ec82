"""The results on solvers: L-BFGS, the digits, Levenberg-Marquardt, Powell."""

from typing import Any

from markdown import left_out, measured, paragraphs, table, title
from words import digits, duration, quantity


def _lbfgs(rows: list[dict[str, Any]]) -> str:
    return paragraphs(
        "## F. 200 steps of L-BFGS",
        "Squared error, from the same fan-in scaled start; median wall time over repeats in which all take turns, and"
        " its ratio to ours; compilation is not in it. Evaluations are as each method counts them, a trial of its line"
        " search each. Losses are by our objective. The own cost is a step's time without evaluations, measured on"
        " 32 of the rows.",
        *(_lbfgs_table(rows, case) for case in dict.fromkeys(row["case"] for row in rows)),
        _preparing(rows),
    )


def _lbfgs_table(rows: list[dict[str, Any]], case: str) -> str:
    rows = [row for row in rows if row["case"] == case]
    cells = [
        [
            row["method"],
            row["setting"],
            str(row["steps"]),
            str(row["evaluations"]),
            f"{duration(row['median'])} ({duration(row['least'])})",
            f"**{quantity(row['ratio'], 'x')}**",
            digits(row["loss"]),
            "–" if row["own_cost"] is None else duration(max(row["own_cost"], 0.0)),
        ]
        for row in sorted(rows, key=lambda row: row["median"])
    ]
    head = ("method", "setting", "steps", "evaluations", "time (least)", "ratio", "loss", "own cost a step")
    return paragraphs(f"{title(rows[0])}, n = {rows[0]['parameters']}:", table(head, cells))


def _preparing(rows: list[dict[str, Any]]) -> str:
    """Seconds before the clock, of each method the longest."""
    longest: dict[str, float] = {}
    for row in rows:
        longest[row["method"]] = max(row["preparing"], longest.get(row["method"], 0.0))
    return paragraphs(
        "Before the clock, with what is compiled or loaded from a cache, the longest:",
        table(longest, [[duration(seconds) for seconds in longest.values()]]),
    )


def _digits(rows: list[dict[str, Any]]) -> str:
    found = measured(rows)
    yardstick, *others = found
    cells = [
        [
            row["method"],
            row["setting"],
            duration(row["seconds"]) if row["reached"] else f"never ({duration(row['seconds'])})",
            f"**{quantity(yardstick['seconds'] / row['seconds'], 'x')}**" if row["reached"] else "–",
            "–" if row["steps"] is None else str(row["steps"]),
            str(row["evaluations"]),
            digits(row["loss"]),
        ]
        for row in sorted(found, key=lambda row: (not row["reached"], row["seconds"], row["loss"]))
    ]
    return paragraphs(
        f"## G. Digits to the loss of {yardstick['steps']} L-BFGS-B steps",
        f"{title(yardstick)}, squared error, n = {yardstick['parameters']}, fan-in scaled start, all tolerances 0. Time"
        f" until the loss is at or below {yardstick['loss']:.6g}, where {yardstick['method']} on our objective ends"
        f" after {yardstick['steps']} steps; speed is that method's time over the contestant's. Never: not within"
        " one and a quarter times its time. Steps of Adam are epochs. Compilation is not in it.",
        left_out(rows),
        table(("method", "setting", "time", "speed", "steps", "evaluations", "least loss"), cells),
        _preparing(others),
    )


def _damped(rows: list[dict[str, Any]]) -> str:
    found = measured(rows)
    cells = [
        [row["method"], row["setting"], str(row["steps"]), duration(row["step"]), digits(row["loss"])]
        for row in sorted(found, key=lambda row: row["step"])
    ]
    return paragraphs(
        "## I. A step of Levenberg-Marquardt",
        f"{title(found[0])}, squared error, n = {found[0]['parameters']}. SciPy's are on our residuals and their"
        " derivative. A step is one that takes the derivative anew; loss is that after the steps."
        if found
        else "",
        left_out(rows),
        table(("method", "setting", "steps", "a step", "loss"), cells) if found else "",
    )


def _powell(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            title(row),
            str(row["parameters"]),
            *(
                f"{duration(row['seconds'][who])}, {row['evaluations'][who]} evaluations, to {digits(row['loss'][who])}"
                for who in ("ours", "scipy")
            ),
            f"**{quantity(row['ratio'], 'x')}**",
        ]
        for row in measured(rows)
    ]
    return paragraphs(
        "## J. A round of Powell's method",
        "One round of line searches along all coordinates, on the same objective.",
        left_out(rows),
        table(("network", "n", "ours", "SciPy", "ratio"), cells) if cells else "",
    )


SECTIONS = {"lbfgs": _lbfgs, "digits": _digits, "damped": _damped, "powell": _powell}
