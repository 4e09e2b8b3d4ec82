"""Layout: the only thing that knows what lies where in theta.

Conventions
-----------
``theta`` is (n,) and holds the parameters of the encoder from input to code, then of the decoder from code to output;
within a layer the weight comes first, then the bias, then anything else. Every array lies in C order. Names are
``encoder.0.weight``, ``encoder.0.bias``, ..., ``decoder.2.bias``. A dense weight is (in, out). A gradient is laid out
as theta.
"""

from collections.abc import Iterable, Mapping
from math import prod

import numpy as np

from scipy_ae.errors import InputError


class Layout:
    """Names, places and shapes of the arrays within one flat vector.

    Parameters
    ----------
    shapes : iterable of (name, shape)
        In the order in which they lie in theta.
    """

    def __init__(self, shapes: Iterable[tuple[str, tuple[int, ...]]]) -> None:
        self.entries: dict[str, tuple[slice, tuple[int, ...]]] = {}
        start = 0
        for name, shape in shapes:
            stop = start + prod(shape)
            self.entries[name] = (slice(start, stop), tuple(shape))
            start = stop
        self.size = start

    def __iter__(self):
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def offset(self, name: str) -> int:
        """Where in theta the named array begins."""
        return self.entries[name][0].start

    def views(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """The named arrays, sharing theta's memory: writing into one writes into theta.

        Parameters
        ----------
        theta : ndarray of shape (n,)
        """
        if not isinstance(theta, np.ndarray) or theta.shape != (self.size,) or not theta.flags.c_contiguous:
            got = theta.shape if isinstance(theta, np.ndarray) else type(theta).__name__
            raise InputError(f"theta: expected a contiguous array of shape ({self.size},), got {got}")
        return {name: theta[place].reshape(shape) for name, (place, shape) in self.entries.items()}

    def pack(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """The flat vector, float64 of shape (n,), that holds copies of the named arrays."""
        theta = np.empty(self.size)
        views = self.views(theta)
        if set(arrays) != set(views):
            odd = sorted(set(arrays) ^ set(views))
            raise InputError(f"arrays: {', '.join(odd)} missing or not in this layout")
        for name, view in views.items():
            value = np.asarray(arrays[name])
            if value.shape != view.shape:
                raise InputError(f"arrays: '{name}' has shape {value.shape}, expected {view.shape}")
            view[...] = value
        return theta

    def mask(self, kind: str) -> np.ndarray:
        """One where theta holds an array of this kind ('weight', 'bias', ...), zero elsewhere, shape (n,)."""
        mask = np.zeros(self.size)
        for name, (place, _) in self.entries.items():
            if name.rpartition(".")[2] == kind:
                mask[place] = 1.0
        return mask

    def describe(self) -> str:
        """A line for each array: name, shape, place in theta."""
        width = max(map(len, self.entries), default=0)
        return "\n".join(
            f"{name:<{width}}  {'x'.join(map(str, shape)):>9}  theta[{place.start}:{place.stop}]"
            for name, (place, shape) in self.entries.items()
        )
