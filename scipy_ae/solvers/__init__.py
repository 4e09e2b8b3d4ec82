"""Solvers: SciPy's methods by name, and our own, each usable as ``minimize(method=...)``.

>>> from scipy.optimize import minimize, rosen, rosen_der
>>> from scipy_ae import solvers
>>> minimize(rosen, [-1.2, 1.0], jac=rosen_der, method=solvers.bfgs).nit
32
>>> solvers.get("bfgs", gtol=1e-8)
<solver BFGS>
"""

from scipy_ae.solvers.base import (
    CONVERGED,
    MAXITER,
    NON_FINITE,
    RAISED,
    STOPPED,
    STUCK,
    Solver,
)
from scipy_ae.solvers.conjugate_gradient import CG
from scipy_ae.solvers.first_order import Adam, AdaptiveEta, GradientDescent, Momentum, Rprop
from scipy_ae.solvers.least_squares import GaussNewton, LevenbergMarquardt
from scipy_ae.solvers.methods import as_method
from scipy_ae.solvers.newton import NewtonCG, TrustKrylov
from scipy_ae.solvers.powell import Powell
from scipy_ae.solvers.quasi_newton import BFGS, LBFGS
from scipy_ae.solvers.registry import Row, get, names, table

bfgs = as_method(BFGS)
lbfgs = as_method(LBFGS)
cg = as_method(CG)
powell = as_method(Powell)
levenberg_marquardt = as_method(LevenbergMarquardt)
gauss_newton = as_method(GaussNewton)
newton_cg = as_method(NewtonCG)
trust_krylov = as_method(TrustKrylov)
adam = as_method(Adam)
rprop = as_method(Rprop)
gradient_descent = as_method(GradientDescent)
momentum = as_method(Momentum)
adaptive_eta = as_method(AdaptiveEta)

__all__ = [
    "BFGS",
    "CG",
    "CONVERGED",
    "LBFGS",
    "MAXITER",
    "NON_FINITE",
    "RAISED",
    "STOPPED",
    "STUCK",
    "AdaptiveEta",
    "Adam",
    "GaussNewton",
    "GradientDescent",
    "LevenbergMarquardt",
    "Momentum",
    "Powell",
    "NewtonCG",
    "Row",
    "Rprop",
    "Solver",
    "TrustKrylov",
    "adam",
    "adaptive_eta",
    "as_method",
    "bfgs",
    "cg",
    "gauss_newton",
    "get",
    "gradient_descent",
    "lbfgs",
    "levenberg_marquardt",
    "momentum",
    "names",
    "newton_cg",
    "powell",
    "rprop",
    "table",
    "trust_krylov",
]
