"""What tests have other processes do; a module of its own, so that these import no more than they need."""

import sys

from scipy_ae.experiments import workers

_HEAVY = {"matplotlib", "sklearn", "click", "rich", "scipy.optimize"}


def loaded(asked):
    """What of the heavy libraries a process has imported once it has trained."""
    workers._train(asked, 0, 0, 4, workers.Board(1))
    return sorted(_HEAVY & sys.modules.keys())
