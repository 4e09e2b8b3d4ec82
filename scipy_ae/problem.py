"""Problem: the abstract thing a solver may ask, and nothing a solver may not know.

Conventions: ``theta`` is a float64 vector of shape (n,); ``fun`` returns a float; ``jac`` a fresh (n,)
array at each call; ``hessp(theta, v)`` the Hessian times ``v``; ``residual`` an (m,) vector r with
``fun = sum(r**2)`` and ``residual_jac`` its (m, n) derivative. ``offers`` names what can be asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import UnsupportedError

#: Everything a solver may ask of a problem, in the order in which a refusal lists it.
CAPABILITIES = ("fun", "jac", "hess", "hessp", "gauss_newton_p", "residual", "residual_jac")


@dataclass(frozen=True)
class Native:
    """Machine code for value and gradient, which compiled solvers call without a way back through Python.

    Attributes
    ----------
    address : int
        Of a function ``double evaluate(const intp *context, const double *theta, double *gradient)``, which returns
        the value and fills the gradient, (n,) both. It raises nothing: a value that is not finite says it all.
    context : ndarray of intp
        Handed to it at each call.
    keep : object
        Whatever must live as long as it is called.
    probe : callable, optional
        Gives the address of ``double probe(const intp *context, double *theta, intp k, double delta, intp keep)``: the
        value with entry k of theta moved. Where ``keep``, it stays moved and what the code remembers of theta follows;
        ``k = -1`` says that theta is new. Called when first wanted, since it may compile.
    """

    address: int
    context: np.ndarray
    keep: Any = None
    probe: Callable[[], int] | None = None


class Problem(ABC):
    """A function of one flat vector, with the derivatives it offers.

    Subclasses set ``offers`` and implement what they name there; asking for more raises
    :class:`~scipy_ae.errors.UnsupportedError`.
    """

    offers: frozenset[str] = frozenset({"fun"})

    @property
    def native(self) -> Native | None:
        """``fun_and_jac`` as machine code, where there is such."""
        return None

    @abstractmethod
    def fun(self, theta: np.ndarray) -> float:
        """Value at ``theta``."""

    def jac(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at ``theta``, shape (n,), a fresh array."""
        raise self._lacks("jac")

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient at ``theta`` in one evaluation."""
        return self.fun(theta), self.jac(theta)

    def hess(self, theta: np.ndarray) -> np.ndarray:
        """Hessian at ``theta``, shape (n, n)."""
        raise self._lacks("hess")

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at ``theta`` times ``v``, shape (n,)."""
        raise self._lacks("hessp")

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Generalised Gauss-Newton matrix at ``theta`` times ``v``, shape (n,)."""
        raise self._lacks("gauss_newton_p")

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Residuals whose squares sum to ``fun``, shape (m,)."""
        raise self._lacks("residual")

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        """Derivative of the residuals, shape (m, n)."""
        raise self._lacks("residual_jac")

    def _lacks(self, what: str) -> UnsupportedError:
        return UnsupportedError(f"this objective does not offer {what}; it offers {listed(self.offers)}")


def listed(capabilities: Iterable[str]) -> str:
    """The capabilities as words, in the order of :data:`CAPABILITIES`."""
    return ", ".join(sorted(capabilities, key=CAPABILITIES.index))


class FunctionProblem(Problem):
    """A Problem made of plain callables with SciPy's signatures (``fun(x, *args)``, ...).

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``; with ``jac=True``, ``-> (float, gradient)``.
    jac : callable or True, optional
        ``jac(x, *args) -> (n,)``, or True when ``fun`` returns both.
    hess, hessp : callable, optional
        ``hess(x, *args) -> (n, n)``; ``hessp(x, v, *args) -> (n,)``.
    args : tuple
        Passed on to each of them.
    """

    def __init__(
        self,
        fun: Callable,
        jac: Callable | bool | None = None,
        hess: Callable | None = None,
        hessp: Callable | None = None,
        args: tuple = (),
    ) -> None:
        self._fun, self._jac, self._hess, self._hessp, self._args = fun, jac, hess, hessp, args
        given = {"jac": bool(jac), "hess": callable(hess), "hessp": callable(hessp)}
        self.offers = frozenset({"fun"} | {name for name, there in given.items() if there})

    def fun(self, theta: np.ndarray) -> float:
        if self._jac is True:
            return self.fun_and_jac(theta)[0]
        return float(np.asarray(self._fun(theta, *self._args)).item())

    def jac(self, theta: np.ndarray) -> np.ndarray:
        if self._jac is True:
            return self.fun_and_jac(theta)[1]
        if not callable(self._jac):
            raise self._lacks("jac")
        return np.array(self._jac(theta, *self._args), dtype=float).reshape(-1)

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        if self._jac is not True:
            return self.fun(theta), self.jac(theta)
        value, gradient = self._fun(theta, *self._args)
        return float(np.asarray(value).item()), np.array(gradient, dtype=float).reshape(-1)

    def hess(self, theta: np.ndarray) -> np.ndarray:
        if self._hess is None:
            raise self._lacks("hess")
        return np.asarray(self._hess(theta, *self._args), dtype=float)

    def hessp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        if self._hessp is None:
            raise self._lacks("hessp")
        return np.asarray(self._hessp(theta, v, *self._args), dtype=float).reshape(-1)
