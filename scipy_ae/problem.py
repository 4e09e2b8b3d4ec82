"""Problem: the abstract thing a solver may ask, and nothing a solver may not know.

Conventions: ``theta`` is a float64 vector of shape (n,); ``fun`` returns a float; ``jac`` a fresh (n,)
array at each call; ``hessp(theta, v)`` the Hessian times ``v``; ``residual`` an (m,) vector r with
``fun = sum(r**2)`` and ``residual_jac`` its (m, n) derivative; ``gauss_newton`` the (n, n) matrix whose products
``gauss_newton_p`` are, and ``gauss_newton_root`` a square root of it. ``offers`` names what can be asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from scipy_ae.errors import InputError, UnsupportedError

#: Everything a solver may ask of a problem, in the order in which a refusal lists it.
CAPABILITIES = (
    "fun",
    "jac",
    "hess",
    "hessp",
    "gauss_newton",
    "gauss_newton_diagonal",
    "gauss_newton_p",
    "gauss_newton_root",
    "residual",
    "residual_jac",
)


class Root(ABC):
    """A square root of the Gauss-Newton matrix at one theta: R'R + diag(decay), with the gradient R' residual + pull.

    Attributes
    ----------
    residual : ndarray of shape (m,)
        m is the number of rows of R.
    penalty : tuple of two ndarray of shape (n,), or None
        ``decay`` and ``pull``, curvature and gradient of what is quadratic in each weight alone; None where there is no
        such term.
    nbytes : int
        What :meth:`gram` takes.
    """

    residual: np.ndarray
    nbytes: int
    penalty: tuple[np.ndarray, np.ndarray] | None = None

    @abstractmethod
    def gram(self, mu: float) -> np.ndarray:
        """R diag(decay + mu)^-1 R', shape (m, m), a fresh array."""

    @abstractmethod
    def times(self, v: np.ndarray) -> np.ndarray:
        """R v, shape (m,)."""

    @abstractmethod
    def back(self, w: np.ndarray) -> np.ndarray:
        """R' w, shape (n,)."""


class Model(ABC):
    """The quadratic model fun + g's + s'Bs/2 at a theta, as machine code that builds, damps and minimises it.

    Attributes
    ----------
    order : int
        Equations of the systems that it solves.
    nbytes : int
        What its arrays take.
    """

    order: int
    nbytes: int

    @abstractmethod
    def code(self) -> tuple[int, np.ndarray]:
        """Address and context, as ``kernels/quadratic.py`` tells; its arrays are made when this is first asked."""

    def spent(self, built: int, seconds: float) -> int:
        """What counts as second derivatives of ``built`` models made in a run of a kernel that took so long."""
        return built


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
    product : callable, optional
        Gives, for ``"gauss_newton_p"`` or ``"hessp"``, the address of ``double product(const intp *context, intp fresh,
        const double *theta, const double *v, double *out)``, which fills ``out`` as the method of that name would.
        Not ``fresh``, theta is as at the last call and nothing else of the problem was worked out in between. Called
        when first wanted.
    model : callable, optional
        Gives, for ``"primal"`` or ``"dual"``, the Gauss-Newton model of that form, and for ``"diagonal"`` what knows
        the diagonal alone. Called when first wanted.
    """

    address: int
    context: np.ndarray
    keep: Any = None
    probe: Callable[[], int] | None = None
    product: Callable[[str], int] | None = None
    model: Callable[[str], Model] | None = None


@dataclass(frozen=True)
class Series:
    """One function after another as machine code, such as those of one mini-batch after another.

    Attributes
    ----------
    native : Native
        Of the function that it is the turn of; before :attr:`address` was called, of none.
    address : int
        Of a function of the same signature, which goes on to the next function and returns 1, or 0 where there is none.
    context : ndarray of intp
        Handed to it.
    rest : callable, optional
        To be called now and then.
    threads : callable
        As :meth:`Problem.threads`.
    keep : object
        Whatever must live as long as they are called.
    """

    native: Native
    address: int
    context: np.ndarray
    rest: Callable[[], None] | None = None
    threads: Callable[[], AbstractContextManager] = nullcontext
    keep: Any = None


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

    def threads(self) -> AbstractContextManager:
        """What a run of a solver is to take place in, so that its linear algebra has as many threads as do it good."""
        return nullcontext()

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

    def gauss_newton(self, theta: np.ndarray) -> np.ndarray:
        """Generalised Gauss-Newton matrix at ``theta``, shape (n, n), a fresh array."""
        raise self._lacks("gauss_newton")

    def gauss_newton_diagonal(self, theta: np.ndarray) -> np.ndarray:
        """The diagonal of the generalised Gauss-Newton matrix at ``theta``, shape (n,)."""
        raise self._lacks("gauss_newton_diagonal")

    def gauss_newton_p(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Generalised Gauss-Newton matrix at ``theta`` times ``v``, shape (n,)."""
        raise self._lacks("gauss_newton_p")

    def gauss_newton_root(self, theta: np.ndarray) -> Root:
        """A square root of the generalised Gauss-Newton matrix at ``theta``."""
        raise self._lacks("gauss_newton_root")

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


class LeastSquares(Problem):
    """The sum of the squares of residuals, from plain callables.

    Parameters
    ----------
    residual : callable
        ``residual(x, *args) -> (m,)``.
    residual_jac : callable
        ``residual_jac(x, *args) -> (m, n)``.
    args : tuple
        Passed on to both.

    The last evaluation is kept; ``nfev`` and ``njev`` count the calls of the two.
    """

    offers = frozenset({"fun", "jac", "residual", "residual_jac"})

    def __init__(self, residual: Callable, residual_jac: Callable, args: tuple = ()) -> None:
        self._residual, self._residual_jac, self._args = residual, residual_jac, args
        self._at: np.ndarray | None = None
        self._slope_at: np.ndarray | None = None
        self.nfev = self.njev = 0

    def residual(self, theta: np.ndarray) -> np.ndarray:
        if self._at is None or not np.array_equal(theta, self._at):
            self.nfev += 1
            self._r = np.array(self._residual(theta, *self._args), dtype=float).reshape(-1)
            self._at = theta.copy()
        return self._r

    def residual_jac(self, theta: np.ndarray) -> np.ndarray:
        if self._slope_at is None or not np.array_equal(theta, self._slope_at):
            self.njev += 1
            slope = np.array(self._residual_jac(theta, *self._args), dtype=float)
            expected = (self.residual(theta).size, theta.size)
            if slope.shape != expected:
                raise InputError(f"residual_jac: got shape {slope.shape}; accepted is (residuals, weights), {expected}")
            self._slope, self._slope_at = slope, theta.copy()
        return self._slope

    def fun(self, theta: np.ndarray) -> float:
        r = self.residual(theta)
        return float(r @ r)

    def jac(self, theta: np.ndarray) -> np.ndarray:
        return 2.0 * (self.residual_jac(theta).T @ self.residual(theta))
