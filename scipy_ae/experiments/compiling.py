"""The kernels of a training, compiled before its clock starts; on a new machine by two processes at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from scipy_ae.errors import NonFiniteError
from scipy_ae.experiments.setup import Setup
from scipy_ae.objective import passes_of
from scipy_ae.solvers.registry import OURS
from scipy_ae.solvers.stepping import FirstOrder


def is_compiled(setup: Setup) -> bool:
    """False where a training of this setup has yet to compile its kernels on this machine."""
    return setup.network.is_compiled(single=setup.spec.precision == "float32")


def compile_kernels(setup: Setup) -> None:
    """Evaluate once, and where kernels have yet to compile take two steps of each solver, and throw it all away.

    So neither the compiler nor what is loaded on first use is on the training's clock.
    """
    there = is_compiled(setup)
    with suppress(NonFiniteError), np.errstate(all="ignore"):  # the training will say it better
        _step_on_a_mini_batch(setup)
        if setup.validation is not None:
            setup.objective.without_penalties(setup.validation.one()).fun(setup.theta)
        if there:
            batch = setup.objective.batch
            one = setup.objective.on(batch.one()) if batch.is_stored else setup.objective
            one.fun_and_jac(setup.theta)
            return
        # SciPy's own are compiled already, and some have long steps
        ours = [solver for solver in setup.schedule.solvers if isinstance(solver, OURS)]
        with _compiling(setup.theta.size, [solver.name for solver in ours]):
            setup.objective.fun_and_jac(setup.theta)
        for solver in ours:
            solver.solve(setup.objective, setup.theta, maxiter=2)


def _step_on_a_mini_batch(setup: Setup) -> None:
    """A pass over one row, where there will be passes."""
    stepping = [solver for solver in setup.schedule.stepping if isinstance(solver, FirstOrder)]
    if setup.spec.batch_size is None or not stepping:
        return
    row = (setup.pool or setup.objective.batch).one()
    if (passes := passes_of(setup.objective.on(row), row, 1)) is not None:
        stepping[0].along(passes.shuffled(np.random.default_rng(0)), setup.theta)


@contextmanager
def _compiling(size: int, names: list[str]) -> Iterator[None]:
    """Have another process compile those solvers to disk; on leaving, wait until they are there."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scipy_ae.solvers", str(size), *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # then the training compiles them itself
        yield
        return
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.wait()
