"""What ``experiment run`` and ``sweep`` have in common: their own options, and those of ``train`` that they take."""

import copy
from typing import Any

import click

from scipy_ae.cli.options import FOLDER, lang_option, together
from scipy_ae.cli.train import train

#: Options of ``train`` that say how a run is shown and where it is written, not what it does.
_NOT_OF_A_RUN = ("out", "lang", "resume", "quiet", "as_json", "jobs", "restarts", "halving")

study_options = together(
    click.option("--seeds", type=click.IntRange(min=1), help="Starts of each value. [10, or as the recipe says]"),
    click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Runs at once, a process each. [all cores]"),
    click.option("--out", type=FOLDER, default="reports", show_default=True, help="Where the folders NAME-NUMBER go."),
    lang_option,
    click.option("--quiet", "-q", is_flag=True, help="No progress; the paths of the reports alone."),
)


def settings_of_a_run() -> list[click.Option]:
    """The options of ``train`` that say what a run does, hidden: ``scipy-ae train --help`` tells of them."""
    taken = [copy.copy(one) for one in train.params if isinstance(one, click.Option) and one.name not in _NOT_OF_A_RUN]
    for option in taken:
        option.hidden = True
    return taken


def options_of(given: dict[str, Any]) -> list[str]:
    """Settings of a run as words of a command line."""
    words = []
    for key, value in given.items():
        if key == "guard":
            words.append("--guard" if value else "--no-guard")
        elif key == "variational":
            words += ["--variational"] if value else []
        elif key == "solver_options":
            words += [word for option in value for word in ("--solver-option", option)]
        else:
            words += [f"--{key.replace('_', '-')}", str(value)]
    return words
