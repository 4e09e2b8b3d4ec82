"""Work arrays of a plain objective's sweeps."""

import numpy as np

from scipy_ae.kernels import native, probe, second_order
from scipy_ae.kernels.products import SMALL
from scipy_ae.network import Network


class Work:
    """Work arrays of the sweeps, for as many rows as were ever asked for; objectives of one family share them."""

    def __init__(self, network: Network, dtype: np.dtype) -> None:
        self._network, self._dtype, self._rows = network, dtype, -1
        self.coefs = network.coefs.astype(dtype)
        self._largest = max(layer.inputs * layer.outputs for layer in network.layers)
        self._arrays: tuple[np.ndarray, ...] = ()
        self._tangents: tuple[np.ndarray, ...] | None = None
        self._vector: np.ndarray | None = None
        self.context = np.zeros(native.CONTEXT_SIZE, dtype=np.intp)

    def of(self, rows: int) -> tuple[np.ndarray, ...]:
        """before, after (rows * units), deltas (2, rows * widest), spare; theta and gradient in float32; for probes."""
        if rows > self._rows:
            single = self._network.size if self._dtype == np.float32 else 0
            probes = probe.scratch_size(rows, self._network.outputs)
            vectors = (min(self._largest, SMALL), single, single, probes)
            self._arrays = (*self._made(rows), *(np.empty(size, self._dtype) for size in vectors))
            self._tangents, self._rows = None, rows
            self._tell()
        return self._arrays

    def _tell(self) -> None:
        """What compiled code has to know of network and work arrays."""
        table, context = self._network.table, self.context
        context[native.LAYERS], context[native.SIZE] = len(table), self._network.size
        context[native.INPUTS], context[native.OUTPUTS] = self._network.inputs, self._network.outputs
        context[native.HALF] = self._arrays[2].shape[1]
        places = [native.TABLE, native.COEFS, native.BEFORE, native.AFTER, native.DELTAS, native.SPARE]
        places += [native.THETA, native.GRADIENT, native.PROBE]
        for place, array in zip(places, (table, self.coefs, *self._arrays)):
            context[place] = native.data_of(array)

    def of_tangents(self) -> tuple[np.ndarray, ...]:
        """For the same rows: the tangents of before, after and deltas, and room for one product more."""
        if self._tangents is None:
            more = np.empty(max(self._largest, self._rows * self._network.widest), self._dtype)
            self._tangents = (*self._made(self._rows), more)
        return self._tangents

    def product_code(self, context: np.ndarray, held: list, name: str) -> int:
        single = self._dtype == np.float32
        if single and self._vector is None:
            self._vector = np.empty(self._network.size, self._dtype)
        held[1:] = [(*self.of_tangents(), self._vector)]
        return second_order.address_of(name, single, context, held[1])

    def _made(self, rows: int) -> tuple[np.ndarray, ...]:
        units, widest = self._network.units, self._network.widest
        shapes = (rows * units, rows * units, (2, rows * widest))
        return tuple(np.empty(shape, self._dtype) for shape in shapes)
