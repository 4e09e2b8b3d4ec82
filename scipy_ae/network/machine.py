"""Machine: runs the programs of a tape on the rows of a batch, in chunks that stay in cache, on all threads.

Chunks and the order in which their sums are added up depend on the batch and the network alone, so that results are the
same bytes on any number of threads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scipy_ae import threads
from scipy_ae.kernels import tape as T
from scipy_ae.network.tape import Stage, Tape

#: Bytes that the work arrays of a chunk may take, so that they stay in a core's own cache.
CACHE = 600_000
#: Sums that are kept apart: the most threads that can be of use. Fewer where theta is long.
GROUPS, LONG = 8, 1_000_000
#: Arrays begin at such a boundary.
_ALIGNED = 64


@dataclass(frozen=True)
class _Program:
    """A stage as the kernel takes it."""

    steps: np.ndarray  # (steps, COLUMNS)
    after: np.ndarray
    low: int
    high: int

    @classmethod
    def of(cls, stage: Stage) -> "_Program":
        steps, after = (
            np.array(rows, dtype=np.intp).reshape(len(rows), T.COLUMNS) for rows in (stage.rows, stage.after)
        )
        return cls(steps, after, min(stage.low, stage.high), stage.high)


class Machine:
    """The work arrays of a tape, and its programs.

    Parameters
    ----------
    tape : Tape
    size : int
        Length of theta.
    rows : int
        Of the batch.
    """

    def __init__(self, tape: Tape, size: int, rows: int) -> None:
        self.tape, self.size, self.rows = tape, size, rows
        self.dtype = np.dtype(np.float32 if tape.single else np.float64)
        self._programs: dict[str, list[_Program]] = {}
        self._starts = _chunks(rows, self._bytes_a_row())
        self._counts = np.diff(self._starts)
        self.chunks = len(self._counts)
        self.groups = min(self.chunks, GROUPS if size <= LONG else 2)
        self._sums, self._totals = np.zeros((self.groups, size)), np.zeros(self.groups)
        self.theta = np.empty(size, self.dtype)
        self.direction = np.empty(size, self.dtype)
        self._coefs = np.array(tape.coefs, self.dtype)
        self.shared = self._make_shared()
        self._workers: list[_Worker] = []

    def _bytes_a_row(self) -> int:
        return max(1, sum(slot.size for slot in self.tape.slots if slot.kind == "rows") * self.dtype.itemsize)

    def _make_shared(self) -> dict[int, np.ndarray]:
        """Arrays of all threads; where chunks come together, those of all rows are among them."""
        arrays = {}
        for number, slot in enumerate(self.tape.slots):
            if slot.kind == "shared":
                arrays[number] = np.zeros(slot.size * (self.chunks if slot.each_chunk else 1), self.dtype)
            elif slot.kind == "rows" and self.tape.together:
                arrays[number] = np.empty((self.rows, slot.size), self.dtype)
        return arrays

    def run(self, what: str, given: Mapping[int, np.ndarray], alike: bool = False) -> tuple[float, np.ndarray]:
        """Run a program with theta, and the direction of a product, as they stand in this machine's arrays.

        Parameters
        ----------
        what : str
            As in :meth:`Tape.program`.
        given : mapping of int to ndarray
            Slots that are given: input, target, row weights, or arrays of all rows that are wanted. Arrays whose first
            axis is that of the batch have as many rows as it.
        alike : bool
            Whether the target is the input.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n,)
            Of the loss, a fresh array; of a product, the product.
        """
        programs = self._program(what)
        count = threads.useful(self._work(what))
        crew = self._crew(min(count, self.groups))
        for worker in crew:
            worker.place(given, alike)
        self._sums[:], self._totals[:] = 0.0, 0.0
        for program in programs:
            turns = iter(range(self.groups))
            threads.share([self._share(worker, program, turns) for worker in crew])
            if len(program.after):
                self._together(crew[0], program)
        return float(np.sum(self._totals)), self._sums.sum(axis=0)

    def _share(self, worker: "_Worker", program: _Program, turns) -> Callable[[], None]:
        def work() -> None:
            for group in turns:  # a range's iterator gives each number to one thread alone
                worker.run(program, self._starts, group, self.groups, self._sums, self._totals)

        return work

    def _together(self, worker: "_Worker", program: _Program) -> None:
        """Run what takes the sums of all chunks: rows 0 ... chunks - 1 stand for them."""
        starts, nothing = np.array([0, self.chunks]), _Program(program.after, program.after[:0], 0, 0)
        worker.run(nothing, starts, 0, 1, self._sums, np.zeros(1))

    def _program(self, what: str) -> list[_Program]:
        if what not in self._programs:
            self._programs[what] = [_Program.of(stage) for stage in self.tape.program(what)]
        return self._programs[what]

    def _work(self, what: str) -> float:
        """Multiplications of a run, roughly."""
        each = sum(node.work for node in self.tape.nodes)
        return each * self.rows * {"forward": 1, "value": 1, "gradient": 3, "product": 5}[what]

    def _crew(self, count: int) -> list["_Worker"]:
        while len(self._workers) < count:
            self._workers.append(_Worker(self))
        return self._workers[:count]


class _Worker:
    """One thread's arrays."""

    def __init__(self, machine: Machine) -> None:
        self._machine, tape, dtype = machine, machine.tape, machine.dtype
        self._value, self._partial = np.zeros(1), np.zeros(machine.size, dtype)
        largest, widest = int(machine._counts.max()), max(max(node.p, node.q) for node in tape.nodes)
        local = {T.SCRATCH: tape.scratch, T.TURNED: tape.turned, T.MORE: widest * largest}
        for number, slot in enumerate(tape.slots):
            if slot.kind == "rows" and not tape.together:
                local[number] = slot.size * largest
        self._arena, offsets = _arena(local, dtype)
        self.slots = np.zeros(2 * len(tape.slots), dtype=np.intp)
        base = self._arena.__array_interface__["data"][0]
        for number, offset in offsets.items():
            self.slots[2 * number] = base + offset
        for number, array in machine.shared.items():
            self._tell(number, array)
        fixed = {
            T.THETA: machine.theta, T.GRADIENT: self._partial, T.DIRECTION: machine.direction,
            T.COEFS: machine._coefs, T.VALUE: self._value,
        }  # fmt: skip
        for number, array in fixed.items():
            self.slots[2 * number] = array.__array_interface__["data"][0]
        self.slots[2 * T.COUNTS] = machine._counts.__array_interface__["data"][0]
        self.slots[2 * T.COUNTS + 1] = machine.rows

    def _tell(self, number: int, array: np.ndarray) -> None:
        self.slots[2 * number] = array.__array_interface__["data"][0]
        self.slots[2 * number + 1] = array.strides[0] if len(array) == self._machine.rows and array.ndim == 2 else 0

    def place(self, given: Mapping[int, np.ndarray], alike: bool) -> None:
        for number, array in given.items():
            self.slots[2 * number] = array.__array_interface__["data"][0]
            self.slots[2 * number + 1] = array.strides[0] if len(array) == self._machine.rows else 0
        if alike:
            self.slots[2 * T.TARGET : 2 * T.TARGET + 2] = self.slots[2 * T.INPUT : 2 * T.INPUT + 2]

    def run(
        self, program: _Program, starts: np.ndarray, group: int, groups: int, sums: np.ndarray, totals: np.ndarray
    ) -> None:
        steps = program.steps
        T.run(
            len(steps), steps.__array_interface__["data"][0], self.slots, self.slots.__array_interface__["data"][0],
            starts, group, groups, self._partial, program.low, program.high, sums, totals, self._value,
        )  # fmt: skip


def _chunks(rows: int, bytes_a_row: int) -> np.ndarray:
    """First rows of chunks of equal size or one row less, as large as the cache allows; then the number of rows."""
    most = max(1, CACHE // bytes_a_row)
    count = -(-rows // most)
    if count > 1:  # a whole number for each group, so that threads end together
        count = min(rows, -(-count // GROUPS) * GROUPS)
    return np.array([rows * k // count for k in range(count + 1)], dtype=np.int64)


def _arena(sizes: Mapping[int, int], dtype: np.dtype) -> tuple[np.ndarray, dict[int, int]]:
    """One array for all, and where each begins, in bytes from its head."""
    offsets, end = {}, 0
    for number, size in sizes.items():
        offsets[number] = end
        # a line more between neighbours: arrays at multiples of 4096 bytes of one another fight for a place in cache
        end += -(-size * dtype.itemsize // _ALIGNED) * _ALIGNED + 5 * _ALIGNED
    raw = np.zeros(end + _ALIGNED, dtype=np.uint8)
    return raw[-raw.__array_interface__["data"][0] % _ALIGNED :], offsets
