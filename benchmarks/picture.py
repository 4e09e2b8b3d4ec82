"""The picture of the descents: loss over seconds, a panel a problem."""

from pathlib import Path
from typing import Any

from markdown import measured

#: The file's name, beside the page.
PICTURE = "results.png"
#: Ours in strong colours, in the order of their time; peers are muted, told apart by line style and their label.
STRONG = ("#c1121f", "#0057b7", "#e07a00", "#007f5f", "#7b2cbf", "#6d3b07", "#00b4d8", "#3a0ca3")
MUTED = ("#5c6770", "#8d7f6b", "#6b8d83", "#857399", "#97a0a7")
STYLES = ("-", "--", ":", "-.")


def panels(results: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows with a curve by the title of their panel."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in results.get("lbfgs", []):
        found.setdefault(f"{row['case']}: 200 steps of L-BFGS", []).append(row)
    for row in measured(results.get("digits", [])):
        found.setdefault(f"{row['case']}: to the loss of {results['digits'][0]['steps']} L-BFGS-B steps", []).append(
            row
        )
    return {title: [row for row in rows if len(row["curve"]) > 1] for title, rows in found.items()}


def draw(results: dict[str, Any], path: Path) -> bool:
    """Draw it where there is something to draw; whether there was."""
    found = panels(results)
    if not found:
        return False
    from matplotlib.figure import Figure

    figure, looks = Figure(figsize=(10.5, 4.6 * len(found)), layout="constrained"), _looks(found)
    for axes, (title, rows) in zip(figure.subplots(len(found), squeeze=False)[:, 0], found.items()):
        _panel(axes, title, rows, looks)
    figure.savefig(path, dpi=110)
    return True


def _looks(found: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """How each method's line looks, the same in all panels."""
    looks: dict[str, dict[str, Any]] = {}
    for own, colours, styles, width in ((True, STRONG, "-", 2.2), (False, MUTED, STYLES, 1.3)):
        labels = dict.fromkeys(_label(row) for rows in found.values() for row in rows if row["ours"] is own)
        for k, label in enumerate(labels):
            # the style moves on by one in each round of the colours, so that no pair comes twice
            style = styles[(k + k // len(colours)) % len(styles)]
            looks[label] = {
                "color": colours[k % len(colours)],
                "linestyle": style,
                "linewidth": width,
                "zorder": 2 + own,
            }
    return looks


def _label(row: dict[str, Any]) -> str:
    return f"{row['method']}, {row['setting']}"


def _panel(axes: Any, title: str, rows: list[dict[str, Any]], looks: dict[str, dict[str, Any]]) -> None:
    # the legend in the order in which the lines end
    for row in sorted(rows, key=lambda row: (not row["ours"], row["curve"][-1][0])):
        seconds, losses = zip(*row["curve"])
        look = looks[_label(row)]
        axes.plot(seconds, losses, label=_label(row), **look)
        axes.plot(seconds[-1], losses[-1], "o", color=look["color"], markersize=3.5, zorder=look["zorder"])
    _dress(axes, title, rows)


def _dress(axes: Any, title: str, rows: list[dict[str, Any]]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    lows, highs = zip(*((row["curve"][-1][1], row["curve"][0][1]) for row in rows))
    axes.set_ylim(0.94 * min(lows), 1.05 * max(highs))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel("seconds")
    axes.set_ylabel("loss, the least so far")
    axes.grid(True, which="major", color="#e4e4e4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    # beside the panel, so that it covers nothing
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5, handlelength=3)
