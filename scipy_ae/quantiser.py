"""Quantiser: codes rounded to the bits in which they are said to be kept, so that a ratio of compression is true."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError

#: Bits of a value at most: those of float64, which keeps all.
MOST_BITS = 64


@dataclass(frozen=True, eq=False)
class Quantiser:
    """Rounds each value of a code to one of 2**bits levels, at even distances from ``low`` to ``high``.

    From 32 bits on it rounds to float32, at 64 not at all. The two ends belong to the model, as its weights do: no code
    carries them.

    Parameters
    ----------
    low, high : ndarray, shape (k,)
        Of each value of a code.
    bits : int
        1 to 64.
    """

    low: np.ndarray
    high: np.ndarray
    bits: int

    def __post_init__(self) -> None:
        if (
            isinstance(self.bits, bool)
            or not isinstance(self.bits, (int, np.integer))
            or not 1 <= self.bits <= MOST_BITS
        ):
            raise InputError(f"code-bits: {self.bits!r} is not accepted; a whole number from 1 to {MOST_BITS} is")
        if self.low.ndim != 1 or self.low.shape != self.high.shape:
            raise InputError(f"quantiser: ends of shapes {self.low.shape} and {self.high.shape} are not accepted")
        if not (np.isfinite(self.low) & np.isfinite(self.high) & (self.low <= self.high)).all():
            raise InputError("quantiser: low is to be at most high, and both are to be finite numbers")

    @classmethod
    def fit(cls, z: np.ndarray, bits: int) -> "Quantiser":
        """The quantiser between the least and the greatest of each value of training codes ``z``, shape (n, k)."""
        z = np.asarray(z, dtype=np.float64)
        if z.ndim != 2 or not len(z):
            raise InputError(f"z: codes of shape {z.shape} are not accepted; (n, k) with n of at least 1 are")
        return cls(z.min(axis=0), z.max(axis=0), bits)

    def to_plain(self) -> dict[str, Any]:
        """Bits and ends as JSON has them, to the last bit."""
        return {"bits": int(self.bits), "low": self.low.tolist(), "high": self.high.tolist()}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Quantiser":
        """The quantiser that :meth:`to_plain` wrote."""
        low, high = (np.asarray(plain[end], dtype=np.float64) for end in ("low", "high"))
        return cls(low, high, plain["bits"])

    def rounded(self, z: np.ndarray) -> np.ndarray:
        """The codes as they come back from so many bits, shape (n, k) float64; what lies beyond an end becomes it."""
        z = np.asarray(z, dtype=np.float64)
        if self.bits >= 32:
            return z if self.bits == MOST_BITS else z.astype(np.float32).astype(np.float64)
        span = np.where(self.high > self.low, self.high - self.low, 1.0)
        steps = 2.0**self.bits - 1
        level = np.rint(np.clip((z - self.low) / span, 0, 1) * steps)
        return self.low + level / steps * span
