"""A problem's second derivatives, known by their products, which compiled kernels make themselves where they can."""

from collections.abc import Callable

import numpy as np

from scipy_ae.kernels import second_order
from scipy_ae.kernels.krylov import PRODUCTS
from scipy_ae.solvers.watched import Watched

#: Seconds after which compiled kernels look up, so that Ctrl-C is heard.
HEARD = 0.1
NOTHING = np.zeros(0, dtype=np.intp)


class Asked:
    """A symmetric matrix B at any theta, by ``product(theta, v)``, which a kernel has to ask for.

    Attributes
    ----------
    portion : int
        How many products a kernel may make at once.
    """

    def __init__(self, product: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        self._ask, self.portion = product, 1

    def __call__(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """B at theta times v, (n,) each; neither may be written into afterwards."""
        return self._ask(theta, v)

    def code(self) -> tuple[int, np.ndarray]:
        """Address and context of machine code for products (``kernels/second_order.py``); 0 where there is none."""
        return 0, NOTHING

    @property
    def compiled(self) -> bool:
        """Whether there is such code."""
        return self.code()[0] != 0

    def made(self, states: np.ndarray, seconds: float) -> None:
        """A kernel was called with these whole numbers, for so long: count the products that it made."""


class Operators(Asked):
    """That of a problem, which may be machine code.

    Parameters
    ----------
    watched : Watched
    name : {"gauss_newton_p", "hessp", "hess"}
        By which the problem is asked.
    """

    def __init__(self, watched: Watched, name: str) -> None:
        super().__init__(_OfMatrix(watched) if name == "hess" else getattr(watched, name))
        self._watched, self._name = watched, name

    def __call__(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        address, context = self.code()
        if address == 0:
            return super().__call__(theta, v)
        out = np.empty(v.size)
        second_order.product(address, context, 1, theta, v, out)
        self._watched.nhev += 1
        return out

    def code(self) -> tuple[int, np.ndarray]:
        native = self._watched.native  # looked up each time: its work arrays may have moved
        if self._name == "hess" or native is None or native.product is None:
            return 0, NOTHING
        return native.product(self._name), native.context

    def made(self, states: np.ndarray, seconds: float) -> None:
        self._watched.nhev += self.spent(states, seconds)

    def spent(self, states: np.ndarray, seconds: float) -> int:
        """Products made, by a kernel that was called with these whole numbers for so long; the portion follows."""
        count, states[PRODUCTS] = int(states[PRODUCTS]), 0
        if count > 0:
            self.portion = max(1, int(HEARD * count / max(seconds, 1e-9)))
        return count


class _OfMatrix:
    """Products with a Hessian that comes whole, worked out once for each theta."""

    def __init__(self, watched: Watched) -> None:
        self._watched, self._at = watched, np.empty(0)

    def __call__(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        if not np.array_equal(theta, self._at):
            self._matrix, self._at = self._watched.hess(theta), theta
        return self._matrix @ v


class Diagonal:
    """That of a problem's Gauss-Newton matrix, which preconditions to the power ``exponent``."""

    def __init__(self, watched: Watched, exponent: float) -> None:
        self._ask, self.exponent = watched.gauss_newton_diagonal, exponent
        native = watched.native
        self._model = None if native is None or native.model is None else native.model("diagonal")

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """At theta, (n,)."""
        return self._ask(theta)

    def code(self) -> tuple[int, np.ndarray]:
        """Address and context of machine code for it (``kernels/quadratic.py``); 0 where there is none."""
        return (0, NOTHING) if self._model is None else self._model.code()
