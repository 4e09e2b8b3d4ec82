"""What goes wrong, in one clear sentence: which argument, what came, what is accepted."""

from collections.abc import Iterable
from difflib import get_close_matches


class ScipyAEError(Exception):
    """Base of every error this package raises on purpose; the command line shows it without a traceback."""


class InputError(ScipyAEError, ValueError):
    """An argument, an option or a file is not what is accepted."""


class UnsupportedError(ScipyAEError, TypeError):
    """A solver needs what the problem does not offer, or a term cannot be differentiated as asked."""


class NonFiniteError(ScipyAEError, ArithmeticError):
    """The objective is not a finite number where a start needs one."""


def unknown(what: str, got: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not in ``known``, with the nearest ones suggested.

    >>> str(unknown("solver", "BFSG", ["BFGS", "CG"]))
    "unknown solver 'BFSG': did you mean 'BFGS'? (accepted: BFGS, CG)"
    """
    names = list(known)
    folded = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(str(got).lower(), list(folded), n=1, cutoff=0.5)
    hint = f"did you mean '{folded[near[0]]}'? " if near else ""
    return InputError(f"unknown {what} '{got}': {hint}(accepted: {', '.join(names)})")
