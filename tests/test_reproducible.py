"""The same numbers in the process that compiles the kernels and in the next, which finds them on disk."""

import os
import subprocess
import sys

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


def test_compiling_leaves_no_trace_in_the_result(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for script in (FUNCTION, NETWORK, TERMS):  # in one folder, so that no kernel is compiled for each of them anew
        known = set(tmp_path.rglob("*.nbc"))
        runs = []
        for _ in range(2):
            runs.append(subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True))
            assert runs[-1].returncode == 0, runs[-1].stderr
            compiled, known = set(tmp_path.rglob("*.nbc")) - known, set(tmp_path.rglob("*.nbc"))
            assert bool(compiled) == (len(runs) == 1)
        assert runs[0].stdout.count("\n") >= 2
        assert runs[0].stdout == runs[1].stdout
