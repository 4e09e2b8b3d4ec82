"""The same numbers in the process that compiles the kernels and in the next, which finds them on disk."""

import os
import subprocess
import sys

SCRIPT = """
import hashlib
import numpy as np
from scipy.optimize import rosen, rosen_der
from scipy_ae import solvers
from scipy_ae.problem import FunctionProblem

for size in (10, 200):  # kept as terms, and long enough for the matrix at size 10
    result = solvers.get("BFGS").solve(FunctionProblem(rosen, rosen_der), np.tile([-1.2, 1.0], size // 2), maxiter=60)
    print(size, result.nfev, hashlib.sha256(result.x.tobytes()).hexdigest())
"""


def test_compiling_leaves_no_trace_in_the_result(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert any(tmp_path.rglob("*.nbi"))
    assert runs[0].stdout.count("\n") == 2
    assert runs[0].stdout == runs[1].stdout
