"""What SciPy's methods have in common: a recipe, options checked against it, and matrices that must fit."""

from typing import Any

from scipy_ae.errors import UnsupportedError, unknown
from scipy_ae.solvers.base import Solver
from scipy_ae.solvers.free_memory import free_bytes
from scipy_ae.solvers.scipy_recipes import Recipe


class ByRecipe(Solver):
    """A method that SciPy runs.

    Parameters
    ----------
    recipe : Recipe
    name : str
        The name it goes by.
    **options
        Those of the recipe.
    """

    def __init__(self, recipe: Recipe, name: str, **options: Any) -> None:
        for option in options:
            if option not in recipe.options:
                raise unknown(f"option of {name}", option, recipe.options)
        self._recipe, self._options = recipe, options
        self.name, self.about, self.needs = name, recipe.about, recipe.needs

    def _refuse_large(self, matrices: float, m: int, n: int) -> None:
        """Refuse what so many matrices (m, n) of float64 leave no room for."""
        needed, free = int(8 * matrices * m * n), free_bytes()
        if free is not None and needed > free:
            raise UnsupportedError(
                f"{self.name} would need {needed / 1e9:.1f} GB for its matrices of {m} x {n}, "
                f"{free / 1e9:.1f} GB are free; use {self._recipe.alternative}"
            )


def worse(worst: float) -> float:
    """A finite value to show a method in place of one that is not finite: above the worst that it has seen."""
    return worst + max(1.0, abs(worst))
