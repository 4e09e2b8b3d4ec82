"""train: an objective, a start and a schedule become a stream of records.

Live display, history, stopping rule and checkpoint are readers of that stream. ``stream`` is the way in, ``stop`` says
when a training ends, ``supply`` which batches it works on, ``held_out`` what else it is judged by, ``state`` is where
it stands, ``turns`` what moves it.
"""

from scipy_ae.training.held_out import NO_BETTER
from scipy_ae.training.state import Boundary
from scipy_ae.training.stop import DIVERGED, INTERRUPTED, Stop
from scipy_ae.training.stream import train
from scipy_ae.training.supply import REDRAW, Draw, Growth

__all__ = ["DIVERGED", "INTERRUPTED", "NO_BETTER", "REDRAW", "Boundary", "Draw", "Growth", "Stop", "train"]
