"""Rows split into training, validation and test, whole groups at a time: no font, no photograph is in two parts."""

import math
from typing import NamedTuple

import numpy as np

from scipy_ae.errors import InputError


class Parts(NamedTuple):
    """Numbers of rows, ascending, of each part: int64 arrays."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(n: int, groups: np.ndarray | None, validation: float, test: float, seed: int) -> Parts:
    """Rows 0 ... n - 1 in three parts; which groups go where is drawn by the seed.

    The rows of the test part, then those of the validation part, come as near to their fraction of ``n`` as whole
    groups allow. A part whose fraction is above 0 has at least one group, one of 0 is empty; training has at least one.

    Parameters
    ----------
    n : int
        Rows in all.
    groups : ndarray of int, shape (n,), or None
        Rows of one number stay together; None lets each row go by itself.
    validation, test : float
        Fractions of the rows, at least 0, together below 1.
    seed : int

    Returns
    -------
    Parts

    Raises
    ------
    InputError
        Fractions out of range, groups of another length, or fewer groups than parts.
    """
    _check_fractions(validation, test)
    numbers = np.arange(n) if groups is None else np.asarray(groups)
    if numbers.shape != (n,):
        raise InputError(f"groups: an array of shape {numbers.shape} does not fit {n} rows; ({n},) is accepted")
    names, group = np.unique(numbers, return_inverse=True)
    wanted = {"test": test, "validation": validation}
    asked = [name for name in wanted if wanted[name] > 0]
    if len(names) < len(asked) + 1:
        what = "row" if groups is None else "group of rows"
        raise InputError(
            f"{' and '.join(reversed(asked)) or 'data'}: {len(names)} {what}{'' if len(names) == 1 else 's'} cannot be"
            f" split into {len(asked) + 1} part{'s' if asked else ''}; at least one for each is needed"
        )
    sizes = np.bincount(group, minlength=len(names))
    left = np.random.default_rng(seed).permutation(len(names))
    part = np.zeros(len(names), dtype=np.int64)
    for number, name in enumerate(asked):
        others = len(asked) - number  # parts still to be filled, training with them
        places = _nearest(sizes[left], wanted[name] * n)[: len(left) - others]
        part[left[places]] = 2 if name == "test" else 1
        left = np.delete(left, places)
    of_rows = part[group]
    return Parts(*(np.flatnonzero(of_rows == number) for number in range(3)))


def _check_fractions(validation: float, test: float) -> None:
    for name, value in (("validation", validation), ("test", test)):
        if not (math.isfinite(value) and 0 <= value < 1):
            raise InputError(f"{name}: {value:g} is not accepted; a fraction of the rows from 0 to below 1 is")
    if validation + test >= 1:
        raise InputError(
            f"validation and test: {validation:g} and {test:g} leave no rows to train on; a sum below 1 is accepted"
        )


def _nearest(sizes: np.ndarray, wanted: float) -> np.ndarray:
    """Places in ``sizes`` whose sum is nearest to ``wanted`` of all sums of at least one, earlier places first.

    The sums that can be reached are noted one group after the other, each with the group that first reached it; from a
    sum one then walks back (the subset-sum problem; Bellman 1957). Where groups are many, all but the last of them
    are simply taken up to near the sum: the rest decides.
    """
    taken = _surely_taken(sizes, wanted)
    base = int(sizes[:taken].sum())
    aim = round(wanted) - base
    limit = min(int(sizes[taken:].sum()), 2 * aim + int(sizes[taken:].min()))
    reached, by = np.zeros(limit + 1, dtype=bool), np.zeros(limit + 1, dtype=np.int64)
    reached[0] = taken > 0
    for place in range(taken, len(sizes)):
        if reached[min(aim, limit)]:
            break
        size = int(sizes[place])
        before = np.r_[True, reached[1 : max(limit + 1 - size, 1)]] if size <= limit else np.zeros(0, dtype=bool)
        new = size + np.flatnonzero(before & ~reached[size:])
        reached[new], by[new] = True, place
    sums = np.flatnonzero(reached)
    total = int(sums[np.abs(sums + base - wanted).argmin()])
    places = list(range(taken))
    while total:
        places.append(int(by[total]))
        total -= int(sizes[places[-1]])
    return np.sort(np.array(places))


#: Groups among which the last sums are sought.
_SOUGHT = 256


def _surely_taken(sizes: np.ndarray, wanted: float) -> int:
    """How many of the first groups can be taken unseen: so that ``_SOUGHT`` of mean size are still to be chosen."""
    before = wanted - _SOUGHT * float(sizes.mean()) - float(sizes.max())
    return int(np.searchsorted(np.cumsum(sizes), before, side="right")) if before > 0 else 0
