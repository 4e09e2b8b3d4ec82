"""The film of a training: read from its file, and as the page is given it."""

import zipfile
from base64 import b64encode
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scipy_ae.errors import InputError
from scipy_ae.layers import BatchNorm
from scipy_ae.records import Record
from scipy_ae.report.words import Words, sentence

if TYPE_CHECKING:
    from scipy_ae.report.reader import Run

#: Bytes of weights and codes that a page takes in at most (a third more as text), and fewer frames than make a film.
LARGEST, FEWEST = 3_000_000, 6


@dataclass(frozen=True)
class Film:
    """Frames (f,) by their iteration: ``decoder`` (f, m), all its parameters, and ``codes`` (f, n, d), as float32."""

    iteration: np.ndarray
    decoder: np.ndarray
    codes: np.ndarray


def read_film(path: Path, run: "Run") -> Film | None:
    """The film of that run; None where there is none, as in folders of before there were films.

    Raises
    ------
    InputError
        The file is damaged, or of another run.
    """
    if not path.exists():
        return None
    try:
        # opened here, since NumPy leaves a damaged file open
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            film = Film(*(file[name] for name in ("iteration", "decoder", "codes")))
    except (OSError, ValueError, EOFError, AttributeError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read the film '{path}': {error}") from None
    count, told = len(np.atleast_1d(film.iteration)), {record.iteration for record in run.history}
    shapes = {"iteration": (count,), "decoder": (count, _parameters(run)), "codes": (count, *run.codes.shape)}
    for name, shape in shapes.items():
        array = getattr(film, name)
        kind = "i" if name == "iteration" else "f"
        if array.dtype.kind != kind or (array.shape != shape and (name != "decoder" or run.decoder)):
            raise InputError(f"'{path}': the array '{name}' of {array.dtype} {array.shape} does not fit the run")
        if not np.isfinite(array).all():
            raise InputError(f"'{path}': the array '{name}' holds a value that is not finite")
    if (np.diff(film.iteration) <= 0).any() or not told.issuperset(film.iteration.tolist()):
        raise InputError(f"'{path}': its frames are not iterations of the run")
    return film


def film_data(run: "Run", chosen: np.ndarray, words: Words) -> dict[str, Any] | None:
    """What the page is given of the film, for the chosen rows; None where there is none, or it cannot hold one.

    The weights are those of all frames but the last, which is the model that was kept: the page has that already. A
    frame says of itself what it is (``title``) and what was measured (``said``).
    """
    film = run.film
    if film is None or any(isinstance(layer.layer, BatchNorm) for layer in run.decoder):
        return None  # statistics of a batch norm are known of the kept model alone
    frames = _shown(film, run.best_iteration, 4 * (film.decoder.shape[1] + len(chosen) * run.latent_dim))
    if len(frames) == 0:
        return None
    told = {record.iteration: record for record in run.history}
    records = [told[int(film.iteration[k])] for k in frames]
    kept = told.get(run.best_iteration, run.history[-1])
    said = [_frame(record, run, words) for record in records]
    title = words("film.kept", made=_made(kept, words), iteration=kept.iteration)
    return {
        "frames": [*said, _frame(kept, run, words) | {"title": title}],
        "decoder": _packed(film.decoder[frames]),
        "codes": _packed(film.codes[frames][:, chosen]),
    }


def film_words(film: dict[str, Any] | None, counted: bool, words: Words) -> dict[str, Any]:
    """The words of the film's controls, and ``notes`` on what it shows; ``counted`` where pixels are right or wrong."""
    if film is None:
        return {}
    said = {"line": True, "bursts": any(frame["burst"] for frame in film["frames"]), "below": True}
    said |= {"marked": counted, "exact": True}
    return words.group("film") | {"notes": [words(f"film.{key}") for key, is_so in said.items() if is_so]}


def _shown(film: Film, best: int, size: int) -> np.ndarray:
    """The frames that the page shows: not the last where that is what was kept, and evenly fewer where too large."""
    count = len(film.iteration) - int(film.iteration[-1] == best)
    most = min(count, LARGEST // size)
    if most < min(FEWEST, count):
        return np.empty(0, int)
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))


def _frame(record: Record, run: "Run", words: Words) -> dict[str, Any]:
    """One frame in words, whether a burst led to it, and the logarithm of its loss, for the line above the slider."""
    said = [words.seconds(record.seconds), words("film.loss", loss=float(record.loss))]
    if record.before is not None:
        said[1] = words("film.burst_loss", loss=float(record.loss), before=float(record.before))
    if record.wrong_pixels is not None and run.kind != "circles":
        said.append(words("film.wrong", n=record.wrong_pixels))
    title = words("film.title", made=_made(record, words), iteration=record.iteration)
    return {
        "iteration": record.iteration,
        "burst": record.phase == "burst",
        "height": float(np.log10(record.loss)) if 0 < record.loss < np.inf else None,
        "title": sentence(title),
        "said": " · ".join(said),
    }


def _made(record: Record, words: Words) -> str:
    """What led to a record."""
    if record.phase == "start":
        return words("film.start")
    if record.before is not None:
        return words("film.burst", solver=record.solver, n=record.steps)
    return words("film.step", solver=record.solver)


def _parameters(run: "Run") -> int:
    return sum(prod(shape) for layer in run.decoder for _, shape in layer.layer.parameters())


def _packed(array: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode("ascii")
