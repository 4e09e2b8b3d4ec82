"""How far a method distrusts its quadratic model."""

from dataclasses import dataclass

import numpy as np

from scipy_ae.solvers.base import NON_FINITE, STUCK, End

UPDATES = ("delayed", "nielsen")


@dataclass
class Damping:
    """How far a method distrusts its model, carried from run to run.

    ``mu`` is raised after each trial that fails and lowered after one that succeeds, by one of two rules:

    delayed
        Raised twofold, lowered threefold, however good the model was (Transtrum & Sethna 2012, section 3, "delayed
        gratification"): long steps have to be earned. After five failures on end the factor doubles each time.
    nielsen
        The factor doubles from the first failure on; lowered to a third at most, the more the better the model was
        (Nielsen 1999; Madsen, Nielsen & Tingleff 2004, eq. 2.21).
    """

    size: int
    mu: float = 0.0
    scale: np.ndarray | None = None
    failures: int = 0


@dataclass(frozen=True)
class How:
    """``tau``: mu starts at this times the largest curvature; ``update``: the rule; ``marquardt``: scaled by diag B."""

    tau: float
    update: str = UPDATES[0]
    marquardt: bool = False


def stuck(walls: int, memory: Damping) -> End:
    memory.mu, memory.failures = 0.0, 0
    if walls > 0:
        return End(NON_FINITE, "the objective is not finite after the step, however short", memory)
    return End(STUCK, "no step of the damped model lowers fun: its precision is used up", memory)
