"""What the whole benchmark agrees on."""

import hashlib
from pathlib import Path

#: Threads and precision, set in the environment before any library is loaded.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NPROC": "1",  # what XLA sizes its pool of threads by
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
}

OURS = "scipy-ae"
#: Learning rates of Adam and first lengths of Rprop, of which the best is reported.
ADAM_RATES = (0.005, 0.01, 0.02)
RPROP_RATES = (0.003, 0.01, 0.03)
#: Most steps of a jitted method, which cannot look at the clock, and seconds after which the other peers give up.
JITTED_STEPS = 10_000
SECONDS = 3.0
#: Steps of Adam and Rprop between two looks at the pixels.
CHUNK = 10
#: Weight of the L2 term that ``scipy-ae train`` adds, and that is tried with SciPy's methods.
DECAY = 1e-4
#: Iterations of SciPy's methods between two looks; one of TNC holds many evaluations.
LOOK_EVERY = {"L-BFGS-B": 10, "TNC": 1}
#: Pairs of step and gradient that each L-BFGS keeps, where that can be set.
PAIRS = 10


def kernel_cache() -> Path:
    """A folder for compiled kernels, another one for each state of their sources.

    Numba's cache looks at the file of a kernel alone, not at those of the kernels that it calls: in a folder shared by
    two states the one would be timed under the other's name.
    """
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted((here.parent / "scipy_ae" / "kernels").glob("*.py")):
        digest.update(path.read_bytes())
    return here / ".kernels" / digest.hexdigest()[:16]
