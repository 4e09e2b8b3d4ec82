"""Solvers by name."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from scipy_ae.errors import InputError, unknown
from scipy_ae.solvers.base import Solver
from scipy_ae.solvers.conjugate_gradient import CG
from scipy_ae.solvers.first_order import Adam, AdaptiveEta, GradientDescent, Momentum, Rprop
from scipy_ae.solvers.least_squares import GaussNewton, LevenbergMarquardt
from scipy_ae.solvers.newton import NewtonCG, TrustKrylov
from scipy_ae.solvers.powell import Powell
from scipy_ae.solvers.quasi_newton import BFGS, LBFGS
from scipy_ae.solvers.scipy_recipes import RECIPES, SQUARES, Recipe

OURS: tuple[type[Solver], ...] = (BFGS, LBFGS, CG, LevenbergMarquardt, GaussNewton, NewtonCG, TrustKrylov, Powell)
OURS += (Adam, Rprop, GradientDescent, Momentum, AdaptiveEta)
_SHORT = {"gd": "gradient-descent", "adaptive": "adaptive-eta", "lbfgs": "l-bfgs", "lm": "levenberg-marquardt"}
_PREFIX = "scipy."


@dataclass(frozen=True)
class Row:
    """A solver as a table shows it."""

    name: str
    needs: frozenset[str]
    about: str
    options: tuple[str, ...]


def get(name: str, **options: Any) -> Solver:
    """The solver of that name, case aside.

    Parameters
    ----------
    name : str
        One of :func:`names`. ``"BFGS"`` is ours and ``"scipy.BFGS"`` SciPy's; the prefix works for every method of
        SciPy. ``"gd"``, ``"adaptive"``, ``"lbfgs"`` and ``"lm"`` are short for four of ours.
    **options
        Of that solver, spelled as in SciPy where SciPy has them; :func:`table` lists them.
    """
    if not isinstance(name, str):
        raise InputError(f"solver: got {name!r}; accepted is a name: {', '.join(names())}")
    key = name.lower().replace("_", "-")
    key = _SHORT.get(key, key)
    ours = {solver.name.lower(): solver for solver in OURS}
    if key in ours:
        return build(ours[key], options)
    from scipy_ae.solvers.scipy_methods import ScipyMethod  # brings scipy.optimize, which ours do without

    for recipe in _recipes():
        if key in (recipe.method.lower(), _PREFIX + recipe.method.lower()):
            return ScipyMethod(recipe, _name(recipe), **options)
    from scipy_ae.solvers.scipy_squares import ScipySquares

    for recipe in SQUARES:
        if key == _PREFIX + recipe.method:
            return ScipySquares(recipe, _PREFIX + recipe.method, **options)
    raise unknown("solver", name, names())


def names() -> list[str]:
    """All solvers: ours, then SciPy's."""
    return [row.name for row in table()]


def table() -> Iterator[Row]:
    """All solvers with what they need, what they are good for and which options they take."""
    for solver in OURS:
        yield Row(solver.name, solver.needs, solver.about, tuple(options_of(solver)))
    for recipe in _recipes():
        yield Row(_name(recipe), recipe.needs, recipe.about, recipe.options)
    for recipe in SQUARES:
        yield Row(_PREFIX + recipe.method, recipe.needs, recipe.about, recipe.options)


def build(solver: type[Solver], options: dict[str, Any]) -> Solver:
    """An instance of one of ours, unknown options refused by name."""
    for option in options:
        if option not in options_of(solver):
            raise unknown(f"option of {solver.name}", option, options_of(solver))
    return solver(**options)


def options_of(solver: type[Solver]) -> list[str]:
    return list(inspect.signature(solver).parameters)


def _name(recipe: Recipe) -> str:
    taken = any(recipe.method == solver.name for solver in OURS)
    return _PREFIX + recipe.method if taken else recipe.method


@cache
def _recipes() -> tuple[Recipe, ...]:
    """The recipes that the installed SciPy knows: COBYQA came with 1.14."""
    from scipy.optimize import show_options

    known = []
    for recipe in RECIPES:
        try:
            show_options("minimize", recipe.method, disp=False)
        except ValueError:
            continue
        known.append(recipe)
    return tuple(known)
