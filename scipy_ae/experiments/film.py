"""The film of a training: a bounded number of its moments, chosen as it goes, since nobody knows how long it will be.

The first moments are all kept, for there the rows' codes leave each other. The rest of the training is divided into
windows of so many iterations, and of each window one moment is kept: the last burst of a solver in it, as a pair with
the step before it, or the last iteration where there was no burst. Where the frames become too many, windows are joined
two by two and each pair of windows keeps what one of its size would have kept. What is kept is thus a function of the
records alone, whatever the clock says and wherever a run was resumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from scipy_ae.network import Network
from scipy_ae.records import History, Record, write_aside

#: Frames of a film, at most; those from its beginning on, without a gap; and fewer than which are no film.
MOST, OPENING, FEWEST = 64, 9, 6
#: Bytes that the frames of one training may take while it goes on.
BYTES = 2**25

#: A moment as a film shows it: one record, or a burst and the record before it.
Moment = tuple[Record, ...]


@dataclass(frozen=True)
class Film:
    """Frames (f,) by their iteration: ``decoder`` (f, m), that part of theta, and ``codes`` (f, n, d), as float32."""

    iteration: np.ndarray
    decoder: np.ndarray
    codes: np.ndarray

    def write(self, path: Path) -> None:
        """An .npz of the three arrays; the same film gives the same bytes."""

        def put(aside: Path) -> None:
            with aside.open("wb") as file:
                np.savez(file, iteration=self.iteration, decoder=self.decoder, codes=self.codes)

        write_aside(path, put)


@dataclass
class Reel:
    """Reads the records of a training and keeps those that its film will show, with their thetas.

    ``most`` bounds them, 0 for none. Records without theta are passed over, as are those whose loss is not finite.
    """

    most: int
    stride: int = 1
    opening: list[Record] = field(default_factory=list)
    windows: dict[int, Moment] = field(default_factory=dict)  # by their number, in order
    last: Record | None = None

    @classmethod
    def fit_for(cls, network: Network, rows: int) -> "Reel":
        """A reel of as many frames as the network's size allows; none for layers on images."""
        if network.on_images:
            return cls(0)
        most = min(MOST, BYTES // (8 * network.size + 4 * rows * network.latent_dim))
        return cls(most if most >= FEWEST else 0)

    def add(self, record: Record) -> None:
        if not self.most or record.theta is None or not np.isfinite(record.loss):
            return
        before, self.last = self.last, record
        first = min(OPENING, self.most // 4)
        if record.iteration < first:
            self.opening.append(record)
            return
        burst = _is_burst(record) and before is not None and before.iteration + 1 == record.iteration
        moment = (before, record) if burst and before is not None and not _is_burst(before) else (record,)
        self._keep((record.iteration - first) // self.stride, moment)
        while sum(map(len, self.windows.values())) > self.most - first - 1:  # one is for the last record
            self.stride *= 2
            narrow, self.windows = self.windows, {}
            for number, held in narrow.items():
                self._keep(number // 2, held)

    def _keep(self, number: int, moment: Moment) -> None:
        held = self.windows.get(number)
        if held is None or _is_burst(moment[-1]) or not _is_burst(held[-1]):
            self.windows[number] = moment

    @property
    def frames(self) -> list[Record]:
        """The records that the film would show by now, in their order."""
        moments = [(record,) for record in self.opening] + list(self.windows.values())
        if self.last is not None:
            moments.append((self.last,))
        found = {record.iteration: record for moment in moments for record in moment}
        return [found[iteration] for iteration in sorted(found)]

    def film(self, network: Network, x: np.ndarray) -> Film | None:
        """What was kept, with the codes of the rows x (n, p); None where that is too little for a film."""
        if not self.most:
            return None
        first = network.layout.offset("decoder.0.weight")
        iterations, decoders, codes = [], [], []
        for record in self.frames:
            assert record.theta is not None
            with np.errstate(over="ignore"):
                frame = [part.astype(np.float32) for part in (record.theta[first:], network.encode(record.theta, x))]
            if all(np.isfinite(part).all() for part in frame):
                iterations.append(record.iteration)
                decoders.append(frame[0])
                codes.append(frame[1])
        return Film(np.array(iterations), np.array(decoders), np.array(codes)) if len(iterations) > 1 else None

    def to_plain(self) -> tuple[dict[str, Any], np.ndarray]:
        """A table for JSON, and the thetas of all frames (f, n)."""
        frames = self.frames
        table = {
            "most": self.most,
            "stride": self.stride,
            "frames": [record.iteration for record in frames],
            "opening": len(self.opening),
            "windows": [[number, len(moment), moment[-1].iteration] for number, moment in self.windows.items()],
        }
        thetas = [record.theta for record in frames if record.theta is not None]
        return table, np.array(thetas) if thetas else np.empty((0, 0))

    @classmethod
    def from_plain(cls, table: Mapping[str, Any], thetas: np.ndarray, history: History) -> "Reel":
        """What :meth:`to_plain` was given; ValueError or KeyError where it cannot be."""
        iterations = table["frames"]
        if thetas.shape[0] != len(iterations) or any(a >= b for a, b in pairwise(iterations)):
            raise ValueError(f"a film of {len(iterations)} frames has {len(thetas)} thetas")
        known = {record.iteration: record for record in history}
        frames = [known[iteration].at(theta) for iteration, theta in zip(iterations, thetas)]
        place = {record.iteration: k for k, record in enumerate(frames)}
        windows = {
            number: tuple(frames[place[last] - length + 1 : place[last] + 1])
            for number, length, last in table["windows"]
        }
        last = frames[-1] if frames else None
        return cls(table["most"], table["stride"], frames[: table["opening"]], windows, last)


def _is_burst(record: Record) -> bool:
    return record.phase == "burst"
