"""A symmetric matrix that is known by its products, made by Python or by compiled kernels among themselves."""

import time
from collections.abc import Callable

import numpy as np

from scipy_ae.kernels import second_order
from scipy_ae.solvers.watched import Watched

Product = Callable[[np.ndarray], np.ndarray]
#: Seconds after which compiled kernels look up, so that Ctrl-C is heard.
_HEARD = 0.1
_NOTHING = np.zeros(0, dtype=np.intp)


class Operator:
    """A matrix by its products ``product(v)``, (n,) both, which kernels have to ask for."""

    #: How many products kernels may make at once.
    portion = 1

    def __init__(self, product: Product) -> None:
        self._product = product

    def __call__(self, v: np.ndarray) -> np.ndarray:
        return self._product(v)

    def at(self) -> np.ndarray:
        """Where the matrix is taken, for kernels that make products; nothing where they ask."""
        return _NOTHING

    def code(self) -> tuple[int, np.ndarray]:
        """Address and context of its machine code (``kernels/second_order.py``); 0 where there is none."""
        return 0, _NOTHING

    def made(self, count: int, seconds: float) -> None:
        """So many products were made by a kernel, in so much time."""


class _Coded(Operator):
    """B at theta where the problem has machine code for it; ``name`` is that of the problem's method."""

    def __init__(self, watched: Watched, name: str, theta: np.ndarray) -> None:
        self._watched, self._name, self._theta = watched, name, theta

    def __call__(self, v: np.ndarray) -> np.ndarray:
        address, context = self.code()
        out = np.empty(v.size)
        second_order.product(address, context, 1, self._theta, np.ascontiguousarray(v), out)
        self._watched.nhev += 1
        return out

    def at(self) -> np.ndarray:
        return self._theta

    def code(self) -> tuple[int, np.ndarray]:
        native = self._watched.native  # looked up each time: its work arrays may have moved
        assert native is not None and native.product is not None  # noqa: PT018
        return native.product(self._name), native.context

    def made(self, count: int, seconds: float) -> None:
        self._watched.nhev += count
        if count > 0:
            self.portion = max(1, int(_HEARD * count / max(seconds, 1e-9)))


class _OfMatrix:
    """Products with a Hessian that comes whole, worked out once for each theta."""

    def __init__(self, watched: Watched) -> None:
        self._watched, self._at = watched, np.empty(0)

    def __call__(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        if not np.array_equal(theta, self._at):
            self._matrix, self._at = self._watched.hess(theta), theta
        return self._matrix @ v


def operators(watched: Watched, name: str) -> Callable[[np.ndarray], Operator]:
    """What gives, for theta (n,), the matrix there: ``name`` is ``gauss_newton_p``, ``hessp`` or ``hess``."""
    native = watched.native
    if name != "hess" and native is not None and native.product is not None:
        return lambda theta: _Coded(watched, name, theta)
    product = _OfMatrix(watched) if name == "hess" else getattr(watched, name)
    return lambda theta: Operator(lambda v: product(theta, v))
