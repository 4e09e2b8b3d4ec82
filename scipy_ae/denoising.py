"""How well noise is undone: wrong pixels before and after on fresh noise, beside the best that anyone could do.

The limit is the decision of maximum likelihood: of all clean rows, equally likely beforehand, the one from which the
noisy row is most probable. It knows the clean rows and the noise exactly, and makes the fewest wrong decisions that can
be made (Duda, Hart & Stork 2001, section 2.2). For flips with a probability below one half it is the nearest row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scipy_ae.corruptions import Corruption
from scipy_ae.errors import InputError
from scipy_ae.metrics import is_binary, wrong_pixels

#: Wrong pixels with which a row still counts as recovered.
ALLOWED = 1
#: Noisy copies of each row, fewer where they would be more values than that; rows at once.
DRAWS, MOST_VALUES, AT_ONCE = 1000, 20_000_000, 4000

#: From noisy rows (m, p) to what they should have been.
Denoiser = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Score:
    """Errors over many noisy rows.

    ``wrong`` is the mean number of wrong pixels in a row and ``recovered`` the share of rows with at most ``ALLOWED``
    of them, both None where clean rows are not of 0 and 1; ``rms`` is the root mean square error of a value.
    """

    rms: float
    wrong: float | None = None
    recovered: float | None = None


def most_likely(noisy: np.ndarray, x: np.ndarray, noise: Corruption) -> np.ndarray:
    """The number of the row of ``x`` (n, p) from which each noisy row (m, p) most likely comes: (m,)."""
    return noise.log_likelihood(noisy, x).argmax(axis=1)


def decoder(x: np.ndarray, noise: Corruption) -> Denoiser:
    """Answers with the most likely clean row: the limit."""
    return lambda noisy: x[most_likely(noisy, x, noise)]


def repeated(denoise: Denoiser, passes: int) -> Denoiser:
    """The output passed through again, so many passes in all.

    A network that was trained to give back clean rows answers a doubtful input with a blend of the rows it may come
    from; the next pass, which sees that blend, decides for the one that weighs more in it.
    """
    if passes < 1:
        raise InputError(f"passes: {passes} is not accepted; a whole number of at least 1 is")

    def denoised(noisy: np.ndarray) -> np.ndarray:
        for _ in range(passes):
            noisy = denoise(noisy)
        return noisy

    return denoised


def draws_for(x: np.ndarray) -> int:
    """Noisy copies of each row: ``DRAWS``, fewer where the data are large."""
    return int(np.clip(MOST_VALUES // x.size, 1, DRAWS))


def scores(
    denoisers: Mapping[str, Denoiser],
    x: np.ndarray,
    noise: Corruption,
    rng: np.random.Generator,
    draws: int | None = None,
) -> dict[str, Score]:
    """The score of each denoiser on the same fresh noise.

    Parameters
    ----------
    denoisers : mapping of str to Denoiser
    x : ndarray of shape (n, p)
        The clean rows.
    noise : Corruption
    rng : numpy.random.Generator
    draws : int, optional
        Noisy copies of each row; :func:`draws_for` it by default.
    """
    draws = draws_for(x) if draws is None else draws
    tallies = {name: _Tally(is_binary(x)) for name in denoisers}
    each = max(1, AT_ONCE // len(x))
    for first in range(0, draws, each):
        clean = np.tile(x, (min(each, draws - first), 1))
        noisy = noise.corrupt(clean, rng)
        for name, denoise in denoisers.items():
            tallies[name].add(denoise(noisy), clean)
    return {name: tally.score() for name, tally in tallies.items()}


class _Tally:
    """Sums over all rows seen."""

    def __init__(self, binary: bool) -> None:
        self._binary = binary
        self._rows = self._values = self._wrong = self._recovered = 0
        self._squares = 0.0

    def add(self, output: np.ndarray, clean: np.ndarray) -> None:
        self._rows, self._values = self._rows + len(clean), self._values + clean.size
        self._squares += float(np.square(output - clean).sum())
        if self._binary:
            wrong = wrong_pixels(output, clean)
            self._wrong += int(wrong.sum())
            self._recovered += int((wrong <= ALLOWED).sum())

    def score(self) -> Score:
        rms = float(np.sqrt(self._squares / self._values))
        return Score(rms, self._wrong / self._rows, self._recovered / self._rows) if self._binary else Score(rms)
