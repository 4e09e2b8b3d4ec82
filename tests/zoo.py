"""Problems with known minima, for every solver to be tried on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

from scipy_ae.problem import FunctionProblem, LeastSquares, Problem


@dataclass(frozen=True)
class Animal:
    """A problem, a start and the lowest value; ``convex`` where its Hessian is positive definite on the way."""

    name: str
    problem: Problem
    start: np.ndarray
    minimum: float = 0.0
    convex: bool = False

    @property
    def size(self) -> int:
        return self.start.size

    def __repr__(self) -> str:
        return self.name


def beale(x):
    y, powers = _beale_terms(x)
    return float(np.sum((y - x[0] * (1 - x[1] ** powers)) ** 2))


def beale_jac(x):
    y, powers = _beale_terms(x)
    r = y - x[0] * (1 - x[1] ** powers)
    return np.array(
        [
            np.sum(2 * r * (x[1] ** powers - 1)),
            np.sum(2 * r * x[0] * powers * x[1] ** (powers - 1)),
        ]
    )


def beale_hess(x):
    y, powers = _beale_terms(x)
    r = y - x[0] * (1 - x[1] ** powers)
    a, b = x[1] ** powers - 1, x[0] * powers * x[1] ** (powers - 1)
    cross = np.sum(2 * a * b + 2 * r * powers * x[1] ** (powers - 1))
    bend = np.where(powers > 1, x[0] * powers * (powers - 1) * x[1] ** np.maximum(powers - 2, 0), 0)
    return np.array([[np.sum(2 * a * a), cross], [cross, np.sum(2 * b * b + 2 * r * bend)]])


def _beale_terms(x):
    return np.array([1.5, 2.25, 2.625]), np.array([1, 2, 3])


def himmelblau(x):
    return float((x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2)


def himmelblau_jac(x):
    a, b = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
    return np.array([4 * x[0] * a + 2 * b, 2 * a + 4 * x[1] * b])


def himmelblau_hess(x):
    cross = 4 * (x[0] + x[1])
    return np.array([[12 * x[0] ** 2 + 4 * x[1] - 42, cross], [cross, 4 * x[0] + 12 * x[1] ** 2 - 26]])


def wood(x):
    a, b, c, d = x
    return float(
        100 * (b - a**2) ** 2
        + (1 - a) ** 2
        + 90 * (d - c**2) ** 2
        + (1 - c) ** 2
        + 10 * (b + d - 2) ** 2
        + 0.1 * (b - d) ** 2
    )


def wood_jac(x):
    a, b, c, d = x
    return np.array(
        [
            -400 * a * (b - a**2) - 2 * (1 - a),
            200 * (b - a**2) + 20 * (b + d - 2) + 0.2 * (b - d),
            -360 * c * (d - c**2) - 2 * (1 - c),
            180 * (d - c**2) + 20 * (b + d - 2) - 0.2 * (b - d),
        ]
    )


def wood_hess(x):
    a, b, c, d = x
    return np.array(
        [
            [1200 * a**2 - 400 * b + 2, -400 * a, 0, 0],
            [-400 * a, 220.2, 0, 19.8],
            [0, 0, 1080 * c**2 - 360 * d + 2, -360 * c],
            [0, 19.8, -360 * c, 200.2],
        ]
    )


def powell_singular(x):
    a, b, c, d = x
    return float((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def powell_singular_jac(x):
    a, b, c, d = x
    return np.array(
        [
            2 * (a + 10 * b) + 40 * (a - d) ** 3,
            20 * (a + 10 * b) + 4 * (b - 2 * c) ** 3,
            10 * (c - d) - 8 * (b - 2 * c) ** 3,
            -10 * (c - d) - 40 * (a - d) ** 3,
        ]
    )


def powell_singular_hess(x):
    a, b, c, d = x
    p, q = 12 * (b - 2 * c) ** 2, 120 * (a - d) ** 2
    return np.array(
        [
            [2 + q, 20, 0, -q],
            [20, 200 + p, -2 * p, 0],
            [0, -2 * p, 10 + 4 * p, -10],
            [-q, 0, -10, 10 + q],
        ]
    )


# maximum entropy: the machine translation example of Berger et al. 1996 that SciPy's own tests minimise
_FEATURES = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0]], dtype=float)
_EXPECTED = np.array([1, 0.3, 0.5])


def max_entropy(x):
    return float(np.log(np.sum(np.exp(_FEATURES @ x))) - _EXPECTED @ x)


def max_entropy_jac(x):
    return _FEATURES.T @ _softmax(_FEATURES @ x) - _EXPECTED


def max_entropy_hess(x):
    p = _softmax(_FEATURES @ x)
    mean = _FEATURES.T @ p
    return _FEATURES.T @ (p[:, None] * _FEATURES) - np.outer(mean, mean)


def _softmax(a):
    return np.exp(a) / np.sum(np.exp(a))


def quadratic(size: int, condition: float) -> Problem:
    """Half x' A x, A with eigenvalues from 1 to ``condition`` along directions that mix all variables."""
    basis = np.linalg.qr(np.random.default_rng(size).normal(size=(size, size)))[0]
    matrix = (basis * np.geomspace(1, condition, size)) @ basis.T
    return FunctionProblem(
        lambda x: 0.5 * x @ matrix @ x, lambda x: matrix @ x, lambda x: matrix, lambda x, v: matrix @ v
    )


def rosenbrock(size: int) -> Animal:
    problem = FunctionProblem(rosen, rosen_der, rosen_hess, rosen_hess_prod)
    starts = {2: np.array([-1.2, 1.0]), 10: np.tile([1.3, 0.7, 0.8, 1.9, 1.2], 2)}
    start = starts.get(size, np.random.default_rng(1).normal(size=size))
    return Animal(f"rosenbrock-{size}", problem, start)


def _of(name: str, functions: tuple[Callable, Callable, Callable], start: list, **facts) -> Animal:
    return Animal(name, FunctionProblem(*functions), np.array(start, dtype=float), **facts)


ZOO = (
    rosenbrock(2),
    rosenbrock(10),
    rosenbrock(200),
    _of("beale", (beale, beale_jac, beale_hess), [1, 1]),
    _of("himmelblau", (himmelblau, himmelblau_jac, himmelblau_hess), [-0.27, -0.9]),
    _of("wood", (wood, wood_jac, wood_hess), [0.5, 0.5, 1.5, 2]),
    _of("powell-singular", (powell_singular, powell_singular_jac, powell_singular_hess), [3, -1, 0, 1]),
    _of(
        "max-entropy",
        (max_entropy, max_entropy_jac, max_entropy_hess),
        [0, 0, 0],
        minimum=max_entropy(np.array([0, -0.524869316, 0.487525860])),
    ),
    Animal("quadratic-5", quadratic(5, 10.0), np.arange(1.0, 6.0), convex=True),
    Animal("quadratic-30", quadratic(30, 1e4), np.linspace(-1, 1, 30), convex=True),
)


def _squares(name: str, residual: Callable, residual_jac: Callable, start: list) -> Animal:
    return Animal(f"{name}-squares", LeastSquares(residual, residual_jac), np.array(start, dtype=float))


def _rosen_residual(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def _beale_residual(x):
    y, powers = _beale_terms(x)
    return y - x[0] * (1 - x[1] ** powers)


def _beale_residual_jac(x):
    _, powers = _beale_terms(x)
    return np.stack([x[1] ** powers - 1, x[0] * powers * x[1] ** (powers - 1)], axis=1)


def _himmelblau_residual(x):
    return np.array([x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7])


#: The same as sums of squares, which offer no Hessian.
SQUARES = (
    _squares("rosenbrock", _rosen_residual, lambda x: np.array([[-20 * x[0], 10], [-1, 0]]), [-1.2, 1]),
    _squares("beale", _beale_residual, _beale_residual_jac, [1, 1]),
    _squares("himmelblau", _himmelblau_residual, lambda x: np.array([[2 * x[0], 1], [1, 2 * x[1]]]), [-0.27, -0.9]),
)


class Counted(Problem):
    """A problem that counts what is asked of it and keeps every value that it has given."""

    def __init__(self, problem: Problem, offers: set[str] | None = None) -> None:
        self._problem = problem
        self.offers = problem.offers if offers is None else frozenset(offers)
        self.calls = dict.fromkeys(("fun", "jac", "hess"), 0)
        self.values: list[float] = []

    def fun(self, theta):
        self.calls["fun"] += 1
        self.values.append(self._problem.fun(theta))
        return self.values[-1]

    def jac(self, theta):
        self.calls["jac"] += 1
        return self._problem.jac(theta)

    def hess(self, theta):
        self.calls["hess"] += 1
        return self._problem.hess(theta)

    def hessp(self, theta, v):
        self.calls["hess"] += 1
        return self._problem.hessp(theta, v)

    def gauss_newton_p(self, theta, v):
        self.calls["hess"] += 1
        return self._problem.gauss_newton_p(theta, v)

    def residual(self, theta):
        self.calls["fun"] += 1
        return self._problem.residual(theta)

    def residual_jac(self, theta):
        self.calls["jac"] += 1
        return self._problem.residual_jac(theta)


def log_barrier(size: int, error: type[Exception] | None = None) -> Problem:
    """Sum of x - log x, with its minimum at 1; not a number, or an error, where an x is not above 0."""

    def fun(x):
        if x.min() > 0:
            return float(np.sum(x - np.log(x)))
        if error is not None:
            raise error("outside")
        return np.nan

    def jac(x):
        return 1 - 1 / x

    return FunctionProblem(fun, jac, lambda x: np.diag(1 / x**2))
