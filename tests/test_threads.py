"""Threads of linear algebra: one where products are small, and those of before given back, whoever asks."""

import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from scipy_ae import solvers
from scipy_ae.batches import Batch
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.threads import ONE_THREAD, suited


def counts() -> set[int]:
    return {library.get_num_threads() for library in ThreadpoolController().select(user_api="blas").lib_controllers}


@pytest.fixture
def two():
    with suited(0, True):  # loads SciPy's
        pass
    with threadpool_limits(2, user_api="blas"):
        yield


def test_small_products_have_one_thread_and_large_ones_all(two):
    with suited(ONE_THREAD, True) as _:
        assert counts() == {1}
    assert counts() == {2}
    with suited(ONE_THREAD + 1, True):
        assert counts() == {2}


def test_a_limit_within_a_limit_gives_back_what_each_found(two):
    limit = suited(100, False)
    with limit:
        with limit:
            assert counts() == {1}
        assert counts() == {1}
    assert counts() == {2}
    with pytest.raises(ZeroDivisionError), limit:
        raise ZeroDivisionError
    assert counts() == {2}


@pytest.mark.parametrize(("rows", "threads"), [(40, 1), (4000, 1), (2_000_000, 2)])
def test_an_objective_asks_for_what_its_largest_product_pays_for(two, rows, threads):
    objective = Objective(Network.parse("8-4-1-8", output="identity"), Batch(np.zeros((rows, 8))))
    with objective.threads():
        assert counts() == {threads}


def test_a_run_of_a_solver_has_one_thread(two):
    rng, seen = np.random.default_rng(0), []
    objective = Objective(Network.parse("8-4-1-8", output="identity"), Batch(rng.normal(size=(40, 8))))
    theta = objective.network.initialize(rng, init="fan-in")
    solvers.get("L-BFGS").solve(objective, theta, maxiter=3, callback=lambda state: seen.append(counts()))
    assert seen == [{1}] * 3
    assert counts() == {2}


def test_compiled_products_are_limited_from_the_first_on():
    code = """if True:
        import numpy as np, sys
        from scipy_ae.batches import Batch
        from scipy_ae.network import Network
        from scipy_ae.objective import Objective
        assert "scipy.linalg" not in sys.modules
        objective = Objective(Network.parse("64-32-8-64"), Batch(np.zeros((1000, 64))))
        with objective.threads():
            from threadpoolctl import threadpool_info
            pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
            print("scipy.linalg" in sys.modules, {pool["num_threads"] for pool in pools})
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "True {1}"
