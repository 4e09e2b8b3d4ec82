"""What ``study.json`` must hold, read and checked once, before a line is drawn."""

from pathlib import Path
from typing import Any

from scipy_ae.errors import InputError
from scipy_ae.report.denoised import SCORE
from scipy_ae.report.generated import EVIDENCE
from scipy_ae.report.parsing import checked, parsed

_NUMBER: tuple[type, ...] = (int, float, type(None))
STUDY: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "title", "about", "claim", "source", "command", "vary", "test", "meaning"), (str,)),
    "finding": (list,),
    "verdict": (list,),
    "dataset": (dict,),
    "binary": (bool,),
    **dict.fromkeys(("starts", "runs", "missing", "jobs"), (int,)),
    "equal_seconds": _NUMBER,
    **dict.fromkeys(("values", "varied"), (list,)),
}
SAID: dict[str, tuple[type, ...]] = {"key": (str,), "values": (dict,), "scope": (str,), "of": (dict,)}
VALUE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("label", "command", "folder", "why"), (str,)),
    "settings": (dict,),
    "runs": (list,),
    "curve": (list,),
    "evidence": (list,),
    "elbo": (list,),
    **dict.fromkeys(("robust", "activity", "cost"), (dict, type(None))),
}
ROBUST: dict[str, tuple[type, ...]] = {"noisy": (dict,), "output": (dict,), "jacobian": (float, int)}
ACTIVITY: dict[str, tuple[type, ...]] = dict.fromkeys(("resting", "mean"), (float, int))
COST: dict[str, tuple[type, ...]] = dict.fromkeys(("evaluation", "plain"), (float, int))
RUN: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    **dict.fromkeys(("stop", "status"), (str,)),
    **dict.fromkeys(("loss", "wrong_pixels", "iterations", "seconds", "clean_seconds"), _NUMBER),
    **dict.fromkeys(("loss_at_equal_seconds", "recovered"), _NUMBER),
}


def read_study(path: Path) -> dict[str, Any]:
    """The table in that file; what is missing or of another type is one sentence with its name."""
    study = parsed(path)
    checked(study, STUDY, f"'{path}'")
    for said in (*study["finding"], *study["verdict"]):
        checked(said, SAID, f"'{path}', finding")
    for value in study["values"]:
        checked(value, VALUE, f"'{path}', values")
        for run in value["runs"]:
            checked(run, RUN, f"'{path}', runs")
        _check_value(value, path)
    if not study["values"]:
        raise InputError(f"'{path}' holds no value that was run")
    return study


def _check_value(value: dict[str, Any], path: Path) -> None:
    """What a value holds beside its runs."""
    for name, columns in (("curve", 5), ("elbo", 4)):
        if not all(isinstance(row, list) and len(row) == columns for row in value[name]):
            raise InputError(f"'{path}': the {name} of {value['label']} does not hold rows of {columns} numbers")
    for one in value["evidence"]:
        if one is not None:
            checked(one, EVIDENCE, f"'{path}', evidence")
    for name, wanted in (("robust", ROBUST), ("activity", ACTIVITY), ("cost", COST)):
        if value[name] is not None:
            checked(value[name], wanted, f"'{path}', {name}")
    if value["robust"]:
        for name in ("noisy", "output"):
            checked(value["robust"][name], SCORE, f"'{path}', robust")
