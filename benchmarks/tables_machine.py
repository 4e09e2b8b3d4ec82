"""The results on what the machine gives: the large network, float32, threads, images."""

from typing import Any

from markdown import paragraphs, table, title
from words import digits, duration, quantity


def _large(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]["times"])
    cells = [[row["precision"], *(_time(row["times"][name], name == names[0]) for name in names)] for row in rows]
    peaks = [[row["precision"], *(f"{digits(row['peak_mb'][name])} MB" for name in names)] for row in rows]
    agreement = ", ".join(f"{row['disagreement']:.0e} in {row['precision']}" for row in rows)
    return paragraphs(
        "## H. A large network on all cores",
        f"{title(rows[0])} drawn at random, n = {rows[0]['parameters']}, cross-entropy. Median time of loss and"
        " gradient (least in brackets) and its ratio to ours, in a process with all cores. All agree to"
        f" {agreement}, relative.",
        table(("precision", *names), cells),
        "Peak memory of a process that does nothing but evaluate three times:",
        table(("precision", *names), peaks),
    )


def _time(times: dict[str, float], own: bool) -> str:
    ratio = "" if own else f", **{quantity(times['ratio'], 'x')}**"
    return f"{duration(times['median'])} ({duration(times['least'])}){ratio}"


def _single(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            title(row),
            duration(row["times"]["float64"]["median"]),
            duration(row["times"]["float32"]["median"]),
            f"**{quantity(row['times']['float64']['ratio'], 'x')}**",
            f"{row['value_error']:.0e}",
            f"{row['gradient_error']:.0e}",
        ]
        for row in rows
    ]
    return paragraphs(
        "## K. Evaluation in float32",
        "Our loss and gradient with `dtype=float32`, theta and gradient still float64, and the ratio of the times:"
        " above 1× float32 is faster. The errors are relative: of the value, and the largest of the gradient over its"
        " largest entry.",
        table(("network", "float64", "float32", "ratio", "error of the value", "of the gradient"), cells),
    )


def _threads(rows: list[dict[str, Any]]) -> str:
    cells = [
        [
            row["case"],
            duration(row["one"]),
            duration(row["all"]),
            f"**{quantity(row['ratio'], 'x')}**",
            quantity(row["spread"], "x"),
        ]
        for row in rows
    ]
    return paragraphs(
        "## L. Threads",
        f"Our loss and gradient in processes with one thread and with the machine's {rows[0]['cores']}, which take"
        " turns: the medians, the ratio (the median over pairs of processes; above 1× more threads lose), and how far"
        " the processes with one thread lie apart, the slowest over the fastest.",
        table(("network", "one thread", "all", "ratio", "spread of one thread"), cells),
    )


def _images(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return paragraphs("## M. Images", "Not measured: torch is not installed.")
    cells = [
        [
            row["case"],
            str(row["rows"]),
            str(row["parameters"]),
            *(_time(row["times"][name], k == 0) for k, name in enumerate(row["times"])),
        ]
        for row in rows
    ]
    return paragraphs(
        "## M. Images",
        "Loss and gradient of convolutional autoencoders in float32, cross-entropy from the logits, ours on all cores"
        f" and torch on {rows[0]['threads']} threads, in turns. Median time (least in brackets) and torch's ratio to"
        f" ours. Value and gradient agree to {max(row['disagreement'] for row in rows):.0e}, relative.",
        table(("network", "rows", "parameters", *rows[0]["times"]), cells),
        "\n".join(f"- {case}: `{layers}`" for case, layers in {row["case"]: row["layers"] for row in rows}.items()),
    )


SECTIONS = {"large": _large, "single": _single, "threads": _threads, "images": _images}
