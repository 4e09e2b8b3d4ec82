"""scipy-ae: its solvers by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from descents import Course, Descent, Limits, Minimiser
from problems import Case, small_case
from settings import PAIRS

from scipy_ae import solvers
from scipy_ae.solvers.registry import OURS

#: Name, kind, setting, options; those that the installed version does not have are left out with a line.
_ENTRIES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("L-BFGS", "L-BFGS", f"{PAIRS} pairs", {"maxcor": PAIRS}),
    ("BFGS", "BFGS", "from the identity", {}),
    ("BFGS", "BFGS", "h0 100", {"h0": 100.0}),
    ("Levenberg-Marquardt", "Levenberg-Marquardt", "defaults", {}),
    ("Gauss-Newton", "second order", "defaults", {}),
    ("Newton-CG", "second order", "defaults", {}),
    ("trust-krylov", "second order", "defaults", {}),
    ("Rprop", "first order", "defaults", {}),
    ("Powell", "Powell", "defaults", {}),
]


def minimisers() -> list[Minimiser]:
    """Ours, their tolerances at 0."""
    known = {solver.name for solver in OURS}
    return [
        Minimiser(f"scipy-ae {name}", setting, kind, partial(_descend, name, options), ours=True, on_ours=True)
        for name, kind, setting, options in _ENTRIES
        if name in known
    ]


def missing() -> list[str]:
    """A line for each solver that is looked for and is not there yet."""
    known = {solver.name for solver in OURS}
    names = dict.fromkeys(name for name, *_ in _ENTRIES if name not in known)
    return [f"scipy-ae's {name} is left out: this version has no solver of that name of its own." for name in names]


def _solver(name: str, options: dict[str, Any]) -> solvers.Solver:
    taken = next(row.options for row in solvers.table() if row.name == name)
    # Powell's xtol ends its line searches and not the run
    tolerances = ("ftol",) if name == "Powell" else ("gtol", "ftol", "xtol")
    return solvers.get(name, **({key: 0.0 for key in tolerances if key in taken} | options))


def _descend(name: str, options: dict[str, Any], case: Case, limits: Limits) -> Descent:
    course, objective, solver = Course(limits), case.objective, _solver(name, options)
    # a small problem compiles, or loads, all that the method needs: a round of Powell's may take seconds on a large one
    small = small_case()
    solver.solve(small.objective, small.theta, maxiter=1)
    objective.fun_and_jac(case.theta)
    course.begin()
    result = solver.solve(
        objective, case.theta, maxiter=limits.steps, callback=_callback(course) if limits.watch else None
    )
    return course.end(result.nit, result.nfev, result.x, course.seconds)


def _callback(course: Course) -> Callable[[Any], None]:
    def look(state: Any) -> None:
        if course.see(state.fun):
            raise StopIteration

    return look
