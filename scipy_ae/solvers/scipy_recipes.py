"""SciPy's local methods of ``minimize``: what each needs, takes and costs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """One method of ``scipy.optimize.minimize``.

    Attributes
    ----------
    method : str
        SciPy's spelling.
    needs : frozenset of str
        What it cannot do without.
    about : str
    options : tuple of str
        What is passed on. The list is written out, since SciPy has no public one: the texts of ``show_options`` leave
        some out (Nelder-Mead's ``maxfev``, trust-krylov's radii) and SciPy itself answers an unknown option with a
        warning, after which it runs without it. Not passed on is what has no effect here or only prints: ``disp``,
        ``return_all``, steps of finite differences, bounds and constraints; ``maxiter`` is an argument of ``solve``.
    uses : frozenset of str
        What it profits from, where offered, beyond what it needs.
    matrices : float
        Dense (n, n) matrices of float64 that it holds at once, rounded up from a measurement.
    matrices_alone : float
        Those it holds beyond that where what it ``uses`` is not offered.
    alternative : str
        What to use where these do not fit.
    bounded : bool
        Whether it has a ``maxiter`` of its own.
    """

    method: str
    needs: frozenset[str]
    about: str
    options: tuple[str, ...]
    uses: frozenset[str] = frozenset()
    matrices: float = 0.0
    matrices_alone: float = 0.0
    alternative: str = "L-BFGS"
    bounded: bool = True


def _of(*capabilities: str) -> frozenset[str]:
    return frozenset(capabilities)


_TRUST = ("initial_trust_radius", "max_trust_radius", "eta", "gtol")

RECIPES = (
    Recipe(
        "Nelder-Mead",
        _of("fun"),
        "no gradient: up to some ten weights",
        ("maxfev", "initial_simplex", "xatol", "fatol", "adaptive"),
        matrices=4,
        alternative="L-BFGS, which needs jac",
    ),
    Recipe(
        "Powell",
        _of("fun"),
        "no gradient: up to some hundred weights, 10 n evaluations an iteration",
        ("xtol", "ftol", "maxfev", "direc"),
        matrices=2,
        alternative="L-BFGS, which needs jac",
    ),
    Recipe(
        "CG",
        _of("fun", "jac"),
        "conjugate gradients: smooth problems of any size with little memory",
        ("gtol", "norm", "c1", "c2"),
    ),
    Recipe(
        "BFGS",
        _of("fun", "jac"),
        "SciPy's own BFGS, O(n^3) an iteration: the yardstick for ours",
        ("gtol", "norm", "xrtol", "c1", "c2", "hess_inv0"),
        matrices=7,
        alternative="BFGS",
    ),
    Recipe(
        "Newton-CG",
        _of("fun", "jac"),
        "Newton steps by conjugate gradients; uses hessp where offered",
        ("xtol", "eps", "c1", "c2"),
        uses=_of("hessp"),
    ),
    Recipe(
        "L-BFGS-B",
        _of("fun", "jac"),
        "limited-memory BFGS: smooth problems of any size; stops early unless ftol=0",
        ("maxcor", "ftol", "gtol", "maxfun", "maxls"),
    ),
    Recipe(
        "TNC",
        _of("fun", "jac"),
        "truncated Newton: strong on letters networks, and after Adam",
        (
            "scale",
            "offset",
            "maxCGit",
            "eta",
            "stepmx",
            "accuracy",
            "minfev",
            "ftol",
            "xtol",
            "gtol",
            "rescale",
            "maxfun",
        ),
        bounded=False,
    ),
    Recipe(
        "COBYLA",
        _of("fun"),
        "no gradient: up to some ten weights; maxiter counts evaluations, n + 2 at least",
        ("rhobeg", "tol", "f_target"),
        matrices=13,
        alternative="L-BFGS, which needs jac",
    ),
    Recipe(
        "COBYQA",
        _of("fun"),
        "no gradient, quadratic models: up to some fifty weights",
        ("maxfev", "f_target", "initial_tr_radius", "final_tr_radius"),
        matrices=65,
        alternative="L-BFGS, which needs jac",
    ),
    Recipe(
        "SLSQP",
        _of("fun", "jac"),
        "dense quadratic steps, O(n^3) an iteration: up to some hundred weights",
        ("ftol",),
        matrices=11,
        alternative="BFGS",
    ),
    Recipe(
        "trust-constr",
        _of("fun", "jac"),
        "trust region made for constraints; uses hessp where offered",
        ("gtol", "xtol", "initial_tr_radius"),
        uses=_of("hessp"),
        matrices_alone=3,
        alternative="L-BFGS",
    ),
    Recipe(
        "dogleg",
        _of("fun", "jac", "hess"),
        "trust region with the whole Hessian, which must be positive definite",
        _TRUST,
        matrices=4,
        alternative="trust-ncg",
    ),
    Recipe(
        "trust-ncg",
        _of("fun", "jac", "hessp"),
        "trust region by conjugate gradients on exact Hessian products",
        _TRUST,
        uses=_of("hessp"),
    ),
    Recipe(
        "trust-exact",
        _of("fun", "jac", "hess"),
        "trust region with the whole Hessian, solved nearly exactly",
        (*_TRUST, "subproblem_maxiter"),
        matrices=6,
        alternative="trust-ncg",
    ),
    Recipe(
        "trust-krylov",
        _of("fun", "jac", "hessp"),
        "trust region by Lanczos on exact Hessian products: few, good steps",
        (*_TRUST, "inexact"),
        uses=_of("hessp"),
        matrices=5,
        alternative="trust-ncg",
    ),
)

_TOLERANCES = ("ftol", "xtol", "gtol")

#: The methods of ``least_squares``, and that of ``root`` which will do with more residuals than weights; ``matrices``
#: counts those of (residuals, weights).
SQUARES = (
    Recipe(
        "trf",
        _of("fun", "residual", "residual_jac"),
        "SciPy's least_squares, trust region reflective: singular values of the whole derivative",
        (*_TOLERANCES, "x_scale", "tr_solver", "max_nfev"),
        matrices=8,
        alternative="Levenberg-Marquardt",
    ),
    Recipe(
        "dogbox",
        _of("fun", "residual", "residual_jac"),
        "SciPy's least_squares, dogleg in a box: slow where the derivative is rank-deficient, as a network's is",
        (*_TOLERANCES, "x_scale", "tr_solver", "max_nfev"),
        matrices=5,
        alternative="Levenberg-Marquardt",
    ),
    Recipe(
        "lm",
        _of("fun", "residual", "residual_jac"),
        "SciPy's least_squares, MINPACK's Levenberg-Marquardt: at least as many residuals as weights",
        (*_TOLERANCES, "x_scale", "max_nfev"),
        matrices=5,
        alternative="Levenberg-Marquardt",
    ),
    Recipe(
        "root-lm",
        _of("fun", "residual", "residual_jac"),
        "SciPy's root by MINPACK's Levenberg-Marquardt: at least as many residuals as weights",
        (*_TOLERANCES, "maxfev", "factor", "diag"),
        matrices=3,
        alternative="Levenberg-Marquardt",
    ),
)
