"""The quadratic model of a damped method: fun + g's + s'Bs/2, B in the form that is cheapest to damp and solve."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scipy_ae.errors import UnsupportedError
from scipy_ae.kernels import cholesky
from scipy_ae.kernels.krylov import KEPT
from scipy_ae.kernels.quasi_newton import dot
from scipy_ae.problem import Model, Root
from scipy_ae.solvers.free_memory import free_bytes
from scipy_ae.solvers.krylov import Operator, Stop, columns, conjugate_gradients
from scipy_ae.solvers.operators import Operators
from scipy_ae.solvers.product_models import ProductModel
from scipy_ae.solvers.watched import Point, Watched

FORMS = ("auto", "dual", "primal", "products")
_STOP = Stop("progress", 250)


@dataclass(frozen=True)
class Trial:
    """A step (n,) and how far the model falls along it."""

    step: np.ndarray
    predicted: float


class Curvature(ABC):
    """B at one theta; ``largest`` is of the size of its largest eigenvalue."""

    largest: float

    @abstractmethod
    def trial(self, g: np.ndarray, mu: float, scale: np.ndarray | None) -> Trial | None:
        """The minimum of the model with mu diag(scale) added to B (the identity where None).

        None where that is not positive definite.
        """

    def diagonal(self) -> np.ndarray | None:
        """That of B, (n,), where it is known."""
        return None


class Matrix(Curvature):
    """B as a matrix, damped and factorised by Cholesky: n^3 / 6 multiplications, 8 n^2 bytes beyond it.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Symmetric; of a Hessian, need not be positive definite.
    room : ndarray of the same shape, optional
        Overwritten.
    """

    def __init__(self, matrix: np.ndarray, room: np.ndarray | None = None) -> None:
        self._matrix, self._room = np.ascontiguousarray(matrix, dtype=float), room
        self.largest = float(np.abs(self.diagonal()).max())

    def diagonal(self) -> np.ndarray:
        return self._matrix.diagonal()

    def trial(self, g: np.ndarray, mu: float, scale: np.ndarray | None) -> Trial | None:
        step = _solved(self._matrix, mu, scale, -g, self._room)
        if step is None:
            return None
        damped = mu * step if scale is None else mu * scale * step
        return Trial(step, 0.5 * float(step @ (damped - g)))


class Dual(Curvature):
    """B = R'R + diag(decay) with fewer rows than weights, solved in the space of the rows.

    The step is -(decay + mu)^-1 (R'w + pull) with (I + R (decay + mu)^-1 R') w = residual - R (decay + mu)^-1 pull: the
    normal equations by the Woodbury identity, written so that nothing cancels where mu is small.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        # without decay the Gram matrix is the same for every mu, but for a factor
        gram = root.gram(1.0)
        self._gram = gram if root.penalty is None else None
        self.largest = float(gram.diagonal().max())

    def trial(self, g: np.ndarray, mu: float, scale: np.ndarray | None) -> Trial | None:
        root = self._root
        if self._gram is not None:
            w = _solved(self._gram, mu, None, root.residual)
            step = None if w is None else -root.back(w)
        else:
            decay, pull = root.penalty or (np.zeros(g.size), np.zeros(g.size))
            w = _solved(root.gram(mu), 1.0, None, root.residual - root.times(pull / (decay + mu)))
            step = None if w is None else -(root.back(w) + pull) / (decay + mu)
        if step is None or not np.isfinite(step).all():
            return None
        return Trial(step, 0.5 * float(step @ (mu * step - g)))


class Rows(Root):
    """R = sqrt(2) J of plain residuals."""

    def __init__(self, r: np.ndarray, J: np.ndarray) -> None:
        self.residual, self._R = np.sqrt(2.0) * r, np.sqrt(2.0) * J
        self.nbytes = 8 * r.size**2

    def gram(self, mu: float) -> np.ndarray:
        return self._R @ self._R.T / mu

    def times(self, v: np.ndarray) -> np.ndarray:
        return self._R @ v

    def back(self, w: np.ndarray) -> np.ndarray:
        return self._R.T @ w


@dataclass
class Warm:
    """The last step (n,), from which the next search for one begins."""

    step: np.ndarray | None = None


class Products(Curvature):
    """B by its products; each trial is a run of conjugate gradients, preconditioned by the diagonal ``M``, (n,).

    Where it meets negative curvature there is no trial: more damping makes B positive definite.
    """

    def __init__(self, operator: Operator, here: Point, M: np.ndarray, warm: Warm, stop: Stop) -> None:
        self._operator, self._M, self._warm, self._stop = operator, M, warm, stop
        self.largest = abs(dot(here.jac, operator(here.jac))) / dot(here.jac, here.jac)

    def trial(self, g: np.ndarray, mu: float, scale: np.ndarray | None) -> Trial | None:
        begin = np.zeros(g.size) if self._warm.step is None else KEPT * self._warm.step
        solved = conjugate_gradients(self._operator, -g, begin, self._M, self._stop, mu)
        self._warm.step = solved.x if solved.fall > 0.0 else None
        return None if math.isnan(solved.fall) else Trial(solved.x, solved.fall)


def _solved(
    matrix: np.ndarray, mu: float, scale: np.ndarray | None, b: np.ndarray, room: np.ndarray | None = None
) -> np.ndarray | None:
    """The solution of (matrix + mu diag(scale)) x = b, None where that is not positive definite.

    ``room``, of the matrix's shape, is used up where given: memory from the system is slow at first touch.
    """
    room = np.empty_like(matrix) if room is None else room
    scale, x = np.ones(len(b)) if scale is None else scale, b.copy()
    return x if cholesky.solved(*cholesky.lapack(), matrix, float(mu), scale, room, x) else None


@dataclass(frozen=True)
class Choice:
    """How B is worked out from point to point: by Python, or by machine code; and the order of its systems."""

    order: int
    source: Callable[[Point], Curvature] | Model


def choose(name: str, watched: Watched, start: Point, form: str) -> Choice:
    """By what the problem offers and what fits into memory.

    Gauss-Newton comes before the Hessian; the dual form where there are fewer residuals than weights; products where
    the matrix does not fit.
    """
    n, offers = start.theta.size, watched.offers
    if form == "products":
        return _by_products(name, watched, n)
    compiled = _compiled(name, watched, n, form)
    if compiled is not None:
        return compiled
    if form != "primal" and "gauss_newton_root" in offers:
        root = watched.gauss_newton_root(start.theta)
        if (form == "dual" or root.residual.size < n) and _fits(2 * root.nbytes):
            later = _first(root, watched.gauss_newton_root)
            return Choice(root.residual.size, lambda here: Dual(later(here.theta)))
    if form == "dual" and "residual_jac" not in offers:
        raise UnsupportedError(f"form: 'dual' needs gauss_newton_root or residual_jac, which {name} was not given")
    if form == "auto" and "gauss_newton_p" in offers and not _fits(3 * 8 * n * n):
        return _by_products(name, watched, n)
    if form != "dual" and "gauss_newton" in offers:
        _refuse_large(name, n, 3 * 8 * n * n, "matrices")
        room = np.empty((n, n))
        return Choice(n, lambda here: Matrix(watched.gauss_newton(here.theta), room))
    if "residual_jac" in offers:
        return _of_residuals(name, watched, start, form)
    if "hess" not in offers and form == "auto" and not _fits(3 * 8 * n * n):
        return _by_products(name, watched, n)
    _refuse_large(name, n, 3 * 8 * n * n, "matrices")
    if "hess" in offers:
        return Choice(n, lambda here: Matrix(watched.hess(here.theta)))
    operators = _operators(watched, ("hessp", "gauss_newton_p"))
    if operators.compiled:
        return Choice(n, ProductModel(operators, n, "columns", _STOP))
    room = np.empty((n, n))
    return Choice(n, lambda here: Matrix(columns(operators, here.theta), room))


def _compiled(name: str, watched: Watched, n: int, form: str) -> Choice | None:
    """The problem's machine code in the form that :func:`choose` would take, None where there is none or no room."""
    native = watched.native
    if native is None or native.model is None:
        return None
    dual = native.model("dual")
    if form != "primal" and (form == "dual" or dual.order < n) and _fits(dual.nbytes):
        return Choice(dual.order, dual)
    if form == "dual" or (form == "auto" and not _fits(3 * 8 * n * n)):
        return None
    primal = native.model("primal")
    _refuse_large(name, n, max(primal.nbytes, 3 * 8 * n * n), "matrices")
    return Choice(n, primal)


def _by_products(name: str, watched: Watched, n: int) -> Choice:
    if not watched.offers & {"gauss_newton_p", "hessp"}:
        raise UnsupportedError(f"form: 'products' needs gauss_newton_p or hessp, which {name} was not given")
    operators, warm, flat = _operators(watched, ("gauss_newton_p", "hessp")), Warm(), np.ones(n)
    if operators.compiled:
        return Choice(n, ProductModel(operators, n, "products", _STOP))
    return Choice(n, lambda here: Products(Operator(operators, here.theta), here, flat, warm, _STOP))


def _operators(watched: Watched, order: tuple[str, ...]) -> Operators:
    """By the first of these that is offered."""
    return Operators(watched, next(name for name in order if name in watched.offers))


def _of_residuals(name: str, watched: Watched, start: Point, form: str) -> Choice:
    n, m = start.theta.size, watched.residual(start.theta).size
    if form == "dual" or (m < n and form == "auto"):
        _refuse_large(name, n, 8 * (2 * m * n + 3 * m * m), f"derivative of {m} residuals")
        return Choice(m, lambda here: Dual(Rows(watched.residual(here.theta), watched.residual_jac(here.theta))))
    _refuse_large(name, n, 8 * (m * n + 3 * n * n), f"derivative of {m} residuals")

    def primal(here: Point) -> Matrix:
        J = watched.residual_jac(here.theta)
        return Matrix(2.0 * (J.T @ J))

    return Choice(n, primal)


def _first(known: Root, later: Callable[[np.ndarray], Root]) -> Callable[[np.ndarray], Root]:
    """The one that is known already, then others."""
    waiting = [known]
    return lambda theta: waiting.pop() if waiting else later(theta)


def _fits(needed: int) -> bool:
    free = free_bytes()
    return free is None or needed <= free


def _refuse_large(name: str, n: int, needed: int, what: str) -> None:
    if not _fits(needed):
        raise UnsupportedError(
            f"{name} would need {needed / 1e9:.1f} GB for the {what} of {n} weights, "
            f"{(free_bytes() or 0) / 1e9:.1f} GB are free; use Newton-CG or L-BFGS"
        )
