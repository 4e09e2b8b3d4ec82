"""The same numbers in the process that compiles the kernels and in the next, which finds them on disk."""

import os
import subprocess
import sys

import pytest

FUNCTION = """
import hashlib
import numpy as np
from scipy.optimize import rosen, rosen_der
from scipy_ae import solvers
from scipy_ae.problem import FunctionProblem

for size in (10, 200):  # kept as terms, and long enough for the matrix at size 10
    result = solvers.get("BFGS").solve(FunctionProblem(rosen, rosen_der), np.tile([-1.2, 1.0], size // 2), maxiter=60)
    print(size, result.nfev, hashlib.sha256(result.x.tobytes()).hexdigest())
"""

NETWORK = """
import hashlib
import numpy as np
from scipy_ae import solvers
from scipy_ae.batches import Batch
from scipy_ae.network import Network
from scipy_ae.objective import Objective

rng = np.random.default_rng(0)
network = Network.parse("35-9-2-9-35")
objective = Objective(network, Batch(rng.random((10, 35)) > 0.5))
theta = network.initialize(rng)
for name in ("Adam", "Rprop", "momentum", "BFGS", "L-BFGS", "CG"):
    result = solvers.get(name).solve(objective, theta, maxiter=30)
    print(name, result.nfev, hashlib.sha256(result.x.tobytes()).hexdigest())
"""

TERMS = """
import hashlib
import numpy as np
from scipy_ae.batches import Batch
from scipy_ae.bottlenecks import Variational
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.penalties import Contractive, KLSparsity

rng = np.random.default_rng(0)
network = Network.parse("16-9-3-9-16", activation="logistic", bottleneck=Variational(0.5))
batch = Batch(rng.random((10, 16))).with_eps(rng, 3, 2)
objective = Objective(network, batch, penalties=[KLSparsity(0.1, 0.2, "encoder.0"), Contractive(0.1)])
theta = network.initialize(rng)
for k in range(5):
    value, gradient = objective.fun_and_jac(theta)
    print(value.hex(), hashlib.sha256(gradient.tobytes()).hexdigest())
    theta = theta - 0.1 * gradient
"""


@pytest.mark.parametrize("script", [FUNCTION, NETWORK, TERMS], ids=["a function", "a network", "terms"])
def test_compiling_leaves_no_trace_in_the_result(tmp_path, script):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert any(tmp_path.rglob("*.nbi"))
    assert runs[0].stdout.count("\n") >= 2
    assert runs[0].stdout.splitlines() == runs[1].stdout.splitlines()
