"""Crews of processes: what a job comes to, and what becomes of the others when one dies."""

import os
import signal
import subprocess
import sys
import time

import pytest

from scipy_ae.errors import InputError, NonFiniteError
from scipy_ae.experiments.crew import DIED, Done, Job, crew
from scipy_ae.experiments.run import Interrupt


def square(k, asked):
    return k * k


def slow(k, asked):
    for _ in range(400):
        if asked():
            return None
        time.sleep(0.05)
    return k


def die(asked):
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark, asked):
    if not mark.exists():
        mark.touch()
        die(asked)
    return "alive"


def fail(error, asked):
    raise error


@pytest.mark.parametrize("size", [1, 2])
def test_every_job_is_done_and_a_failing_one_is_told(size):
    jobs = [Job("a", square, (3,)), Job("b", fail, (NonFiniteError("not finite"),)), Job("c", square, (4,))]
    jobs.append(Job("d", fail, (ValueError("of shape (3,)"),)))
    with crew(size, Interrupt()) as hands:
        done = dict(hands(jobs))
        assert done == {0: Done(9), 1: Done(why="not finite"), 2: Done(16), 3: Done(why="ValueError: of shape (3,)")}
        assert dict(hands(jobs[:1])) == {0: Done(9)}


def test_a_process_that_dies_takes_no_other_with_it(tmp_path):
    jobs = [Job("a", square, (2,)), Job("b", die), *(Job("c", square, (k,)) for k in range(4))]
    jobs.append(Job("d", die_once, (tmp_path / "mark",)))
    with crew(2, Interrupt()) as hands:
        done = dict(hands(jobs))
    assert done == {0: Done(4), 1: Done(why=DIED), 2: Done(0), 3: Done(1), 4: Done(4), 5: Done(9), 6: Done("alive")}


@pytest.mark.parametrize("size", [1, 2])
def test_whoever_asks_to_end_is_heard_by_the_jobs_at_work(size):
    interrupt = Interrupt()
    begun = time.monotonic()
    with crew(size, interrupt) as hands:
        found = {}
        for place, done in hands([Job("a", square, (2,)), *(Job("b", slow, (k,)) for k in range(4))]):
            found[place] = done
            interrupt.asked = True
    assert found == {0: Done(4), **{k: Done(left=True) for k in range(1, 5)}}
    assert time.monotonic() - begun < 15


def test_a_crew_of_nobody_is_refused():
    with pytest.raises(InputError, match="jobs: 0 is not accepted"), crew(0, Interrupt()):
        pass


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    words = ["sweep", "--vary", "every=1,2,3", "--iterations", "1500", "--gtol", "0", "--seeds", "2", "--jobs", "2"]
    code = "from scipy_ae.cli.app import main; main()"
    folder = tmp_path / "reports" / "sweep-every-1"

    def call(*more):
        return subprocess.Popen(
            [sys.executable, "-c", code, *words, "--letters", "3", "--layers", "35-8-2-8-35", *more],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    process = call()
    deadline = time.monotonic() + 120
    while not list(folder.glob("*/*/result.json")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[0]
    assert process.returncode == 130, told
    assert "runs are left; the same command goes on with them" in told
    done = list(folder.glob("*/*/result.json"))
    assert 1 <= len(done) < 6
    assert (folder / "index.html").exists()
    assert len(list(folder.glob("*/seed-*"))) == len(done)
    process = call()
    told = process.communicate(timeout=240)[0]
    assert process.returncode == 0, told
    assert f"{len(done)} of 6 runs are done already" in told
