"""What can be resumed: the setup of a run that was not finished, and why another one cannot be."""

import json
from pathlib import Path
from typing import Any

from scipy_ae import __version__, tensors
from scipy_ae.errors import InputError
from scipy_ae.experiments import checkpoint
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.records import RunFolder


def resumable(path: Path) -> Setup:
    """The setup of the unfinished run in that folder.

    Raises
    ------
    InputError
        It is no run, or finished, of another version or spec, or one of several starts.
    """
    folder = RunFolder(Path(path))
    if not folder.path.is_dir():
        raise InputError(f"resume: '{path}' is not a folder; that of a run which was not finished is accepted")
    result = _result(folder)
    if result is not None and not result.get("interrupted"):
        raise InputError(f"resume: the run '{path}' is finished ({result.get('stop')}); there is nothing to go on with")
    if result is not None and folder.spec.is_file():
        _refuse_several(folder, Spec.read(folder.spec))
    if not folder.checkpoint.is_file():
        what = "has no checkpoint, though it was interrupted" if result is not None else "is not the folder of a run"
        raise InputError(f"resume: '{path}' {what}; one that scipy-ae train was writing is accepted")
    with tensors.opened(folder.checkpoint, checkpoint.FORMAT, checkpoint.VERSION, "checkpoint") as file:
        setup = Setup.of(_asked(folder, file.specification))
        checkpoint.refuse_other_data(file.specification, setup)
    _refuse_several(folder, setup.asked)
    if folder.spec.is_file() and Spec.read(folder.spec) != setup.spec:
        raise InputError(f"resume: '{folder.spec}' is not the spec that the run of the checkpoint beside it began with")
    return setup


def _refuse_several(folder: RunFolder, asked: Spec) -> None:
    if (asked.restarts or 1) > 1:
        again = asked.command()
        raise InputError(
            f"resume: '{folder.path}' is a run of several starts, which cannot be resumed; begin anew: {again}"
        )


def _asked(folder: RunFolder, said: Any) -> Spec:
    """The spec as the user gave it."""
    try:
        program, asked = said["program"], dict(said["asked"])
        if program != __version__:
            raise InputError(
                f"resume: the run '{folder.path}' was begun by scipy-ae {program}; only that version can go on with it"
                f" (this is {__version__})"
            )
        asked["solver_options"] = tuple(asked["solver_options"])
        return Spec(**asked)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{folder.checkpoint}' is damaged ({error}): the run cannot be resumed") from None


def _result(folder: RunFolder) -> dict[str, Any] | None:
    """What ``result.json`` says, where there is one that can be read."""
    try:
        result = json.loads(folder.result.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return result if isinstance(result, dict) else None
