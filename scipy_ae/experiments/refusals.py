"""What a spec says of parts of the rows that nobody would see, or that contradicts something else of it."""

from typing import TYPE_CHECKING

from scipy_ae.errors import InputError

if TYPE_CHECKING:
    from scipy_ae.experiments.spec import Spec

#: What is not for rows that stay in their file, and why.
NOT_MAPPED = {
    "noise": "noisy copies of the rows are held in memory",
    "variational": "what is drawn for each row is held in memory",
    "probes": "what is drawn for each row is held in memory",
    "kl": "it is about means over all rows, which are read in chunks",
    "letters": "rows are not chosen by name then",
}


def refuse_idle_rows(spec: "Spec", preset: bool) -> None:
    """Refuse what is said of held-out rows, of those that bursts see, and of those left in their file, to no use.

    ``preset``: the spec is of a task on images, which has rows held out and some for bursts where nothing is said.
    """
    for name in ("validation", "test"):
        value = getattr(spec, name)
        if value is not None and value >= 1:
            raise InputError(f"{name}: {value} is not accepted; a part of the rows, of at least 0 and below 1, is")
    if (spec.validation or 0) + (spec.test or 0) >= 1:
        raise InputError(
            f"validation {spec.validation} and test {spec.test} contradict each other: they leave no rows to train on"
        )
    if spec.patience is not None and not (preset if spec.validation is None else spec.validation):
        raise InputError("patience: it is for validation, which is not asked for here; give validation too")
    alternates = spec.schedule is None and spec.every not in (0, 1)
    if spec.burst_rows is not None or (spec.burst_growth is not None and preset and alternates):
        _refuse_idle_bursts(spec, preset)
    elif spec.burst_growth is not None:
        raise InputError("burst-growth: it is for burst-rows, which is not asked for here")
    if spec.mapped:
        _refuse_unmapped(spec)


def _refuse_idle_bursts(spec: "Spec", preset: bool) -> None:
    growth = 1.0 if spec.burst_growth is None else spec.burst_growth
    if growth < 1:
        raise InputError(f"burst-growth: {growth} is not accepted; a finite number of at least 1 is")
    if spec.every == 0:
        raise InputError("burst-rows and every 0 contradict each other: there are no bursts then")
    if spec.redraw is not None:
        raise InputError("burst-rows and redraw contradict each other: fresh batches are of all rows")
    if growth > 1 and spec.schedule is not None:
        raise InputError("burst-growth and schedule contradict each other: rows grow from burst to burst of every")
    if growth == 1 and spec.batch_size is None and (not preset or spec.every == 1):  # a task has mini-batches
        raise InputError(
            "burst-rows: no step would see the other rows; a batch-size, or a burst-growth above 1, is accepted with it"
        )


def _refuse_unmapped(spec: "Spec") -> None:
    for name, why in NOT_MAPPED.items():
        if getattr(spec, name):
            raise InputError(f"{name} and mapped contradict each other: {why}")
    if (spec.restarts or 1) > 1:
        raise InputError("restarts and mapped contradict each other: each start would read the file for itself")
