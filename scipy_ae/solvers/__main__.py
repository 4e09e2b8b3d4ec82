"""``python -m scipy_ae.solvers SIZE NAME...``: compile the kernels of those solvers, for so many weights, to disk."""

import sys
from contextlib import suppress

import numpy as np

from scipy_ae import solvers
from scipy_ae.errors import ScipyAEError
from scipy_ae.problem import FunctionProblem


def main() -> None:
    size = int(sys.argv[1])
    steep = 1.0 + np.arange(size) % 7
    bowl = FunctionProblem(lambda x: float(steep @ x**2), lambda x: 2 * steep * x, hessp=lambda x, v: 2 * steep * v)
    for name in sys.argv[2:]:
        with suppress(ScipyAEError):  # who needs them will compile them
            solvers.get(name).solve(bowl, np.ones(size), maxiter=3)


if __name__ == "__main__":
    main()
