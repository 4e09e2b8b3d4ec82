"""Every method of ours stays in compiled code between evaluations, whatever the objective of ours."""

import numpy as np
import pytest

import scipy_ae
from scipy_ae import solvers
from scipy_ae.bottlenecks import Variational
from scipy_ae.errors import UnsupportedError
from scipy_ae.objective import Objective
from scipy_ae.penalties import L2, Contractive, KLSparsity, L1Sparsity
from scipy_ae.solvers import base, modelled, operators
from scipy_ae.solvers.machine import Machine

#: Method, options; those that need second derivatives last.
METHODS = [
    *((name, {}) for name in ("gradient-descent", "momentum", "adaptive-eta", "Adam", "Rprop", "BFGS", "L-BFGS", "CG")),
    ("CG", {"beta": "polak-ribiere"}),
    *((name, {"form": form}) for name in ("Levenberg-Marquardt", "Gauss-Newton") for form in ("auto", "products")),
    ("Levenberg-Marquardt", {"scaling": "marquardt"}),
    ("Levenberg-Marquardt", {"update": "nielsen", "form": "products"}),
    ("Newton-CG", {}),
    ("Newton-CG", {"curvature": "hessian", "stop": "forcing", "precondition": "none"}),
    ("trust-krylov", {}),
]
OF_SECOND_ORDER = ("Levenberg-Marquardt", "Gauss-Newton", "Newton-CG", "trust-krylov")
KINDS = {
    "plain": ((), None, np.float64),
    "decay": ((L2(1e-3),), None, np.float64),
    "single": ((L2(1e-3),), None, np.float32),
    "l1": ((L1Sparsity(1e-2, "all"),), None, np.float64),
    "kl": ((KLSparsity(0.1, 0.2, "encoder.0"), L2(1e-3)), None, np.float64),
    "contractive": ((Contractive(0.05),), None, np.float64),
    "variational": ((), Variational(0.5), np.float64),
    "sparse variational": ((KLSparsity(0.1, 0.2, "encoder.0"),), Variational(0.5), np.float64),
}
#: What a Python call could ask of an objective.
ASKED = (
    "fun", "jac", "fun_and_jac", "hess", "hessp", "gauss_newton", "gauss_newton_p", "gauss_newton_diagonal",
    "gauss_newton_root", "residual", "residual_jac",
)  # fmt: skip


def objective(kind):
    penalties, bottleneck, dtype = KINDS[kind]
    rng = np.random.default_rng(3)
    ends = 3 if bottleneck is None else bottleneck.outputs(3)
    layers = [
        scipy_ae.Dense(9, 6, "logistic"),
        scipy_ae.Dense(6, ends, "logistic" if bottleneck is None else "identity"),
    ]
    net = scipy_ae.Network(layers, [scipy_ae.Dense(3, 6, "tanh"), scipy_ae.Dense(6, 9, "logistic")], bottleneck)
    batch = scipy_ae.Batch((rng.random((12, 9)) > 0.5) * 1.0, weight=rng.uniform(0.5, 2.0, size=12))
    if bottleneck is not None:
        batch = batch.with_eps(rng, 3, 2)
    return Objective(net, batch, penalties=penalties, dtype=dtype), net.initialize(rng, init="fan-in")


def watch(monkeypatch):
    """Lists that grow with each question to an objective in Python, and with each entry into a kernel."""
    asked, entered = [], []
    for name in ASKED:
        whole = getattr(Objective, name)
        monkeypatch.setattr(Objective, name, lambda *given, name=name, whole=whole: asked.append(name) or whole(*given))
    run = Machine.run
    monkeypatch.setattr(Machine, "run", lambda *given: entered.append(1) or run(*given))
    return asked, entered


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "options"), METHODS, ids=str)
def test_no_step_goes_back_to_python(name, options, kind, monkeypatch):
    problem, theta = objective(kind)
    solver = solvers.get(name, **options)
    if kind == "contractive" and name in OF_SECOND_ORDER:
        with pytest.raises(UnsupportedError, match=f"{name} needs hessp; this objective offers fun, jac"):
            solver.solve(problem, theta)
        return
    for room in (base, "_HEARD"), (modelled, "HEARD"), (operators, "HEARD"):
        monkeypatch.setattr(*room, 1e9)  # nobody looks up
    asked, entered = watch(monkeypatch)
    result = solver.solve(problem, theta, maxiter=16)
    assert asked in (["fun_and_jac"], ["fun_and_jac", "jac"])
    assert result.nfev > result.nit > 0
    assert len(entered) <= 7
