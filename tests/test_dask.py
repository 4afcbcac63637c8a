"""`run --dask` with a real scheduler and real workers on this machine, in a checkout with the toy method."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client

from benchmarks.jobs import exposure, worker
from benchmarks.jobs.plan import Job
from benchmarks.jobs.worker import Errand
from datasets import DataError
from datasets.making import extras
from reports.results import Failure, read
from tests.checkout.program import CATEGORIES, Checkout
from tests.processes import wait_for

LONELY = "LONELY_SECONDS = 60.0"
LOOK = "LOOK_SECONDS = 2.0"
CONNECT = "CONNECT_SECONDS = 5"
ROUNDS, SECONDS = 30, 3.0
"""Number of rounds in which a worker is killed, and the longest time before that in a round."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def dask(folder: Path, *arguments: str) -> subprocess.Popen:
    """A process of Dask in a session of its own, so that it can be killed with its children."""
    command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=folder, start_new_session=True, **quiet)


def kill(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Cluster:
    """A Dask scheduler at `address`, and its workers."""

    def __init__(self):
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = dask(Path.cwd(), "scheduler", "--port", str(port), "--idle-timeout", "120 seconds")
        self.workers: dict[subprocess.Popen, Path] = {}

    def add_worker(self, folder: Path) -> subprocess.Popen:
        started = dask(folder, "worker", self.address, "--nthreads", "1")
        self.workers[started] = folder
        return started

    def kill_worker(self, worker: subprocess.Popen) -> None:
        del self.workers[worker]
        kill(worker)

    def connected(self) -> int:
        return len(self.client.scheduler_info()["workers"])

    def do(self, job: Job, errand: Errand) -> worker.Answer:
        return self.client.submit(worker.work, job.model_dump_json(), errand, pure=False).result(timeout=30)

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def settle(self) -> None:
        """Wait until exactly those workers are connected that were started and not killed."""
        wait_for(lambda: self.connected() == len(self.workers))


@contextmanager
def started(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster with a number of workers, which run in a checkout."""
    cluster = Cluster()
    for _ in range(workers):
        cluster.add_worker(folder)
    try:
        with Client(cluster.address, timeout=20, set_as_default=False) as cluster.client:
            yield cluster
    finally:
        for process in (*cluster.workers, cluster.scheduler):
            kill(process)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    made = Checkout(tmp_path_factory.mktemp("dask") / "checkout")
    change(made.folder / "benchmarks/jobs/cluster.py", LONELY, "LONELY_SECONDS = 0.5")
    change(made.folder / "benchmarks/jobs/cluster.py", LOOK, "LOOK_SECONDS = 0.3")
    for category in CATEGORIES:
        shutil.rmtree(made.data / category / "ground_truth")  # pixel metrics would compile code in every new checkout
    text = (made.folder / "methods/toy.py").read_text()
    (made.folder / "methods/slow.py").write_text(text.replace("class Toy", "class Slow"))
    return made


@pytest.fixture(scope="module")
def job(program, tmp_path_factory) -> Job:
    """A job that the driver planned."""
    program.results = tmp_path_factory.mktemp("planned")
    program.compare("--categories", "bolt")
    return Job.model_validate_json(next(program.results.glob("jobs/*/*/*/job.json")).read_text())


@pytest.fixture(scope="module")
def running(program):
    with started(program.folder, workers=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(running, program, tmp_path):
    """The cluster with two living workers; killed ones are replaced. Results go into a folder of this test."""
    program.results = tmp_path / "kept"
    while len(running.workers) < 2:
        running.add_worker(program.folder)
    running.settle()
    return running


def jobs_at_work(results: Path) -> list[int]:
    """The processes that do jobs of a results folder."""
    return [int(file.parent.name) for file in Path("/proc").glob("[0-9]*/cmdline") if _does_job(file, results)]


def _does_job(file: Path, results: Path) -> bool:
    try:
        words = file.read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "job" in words and any(word.startswith(str(results)) for word in words)


def test_the_report_is_that_of_this_machine_though_a_worker_was_killed_in_the_middle(cluster, program, tmp_path):
    pause = ["--set", "toy.pause=0.2"]
    run = program.start(*program.options, *pause, "--dask", cluster.address)
    wait_for(lambda: len(jobs_at_work(program.results)) == 2)
    cluster.kill_worker(next(iter(cluster.workers)))
    _, error = run.communicate(timeout=60)
    assert run.returncode == 0 and error.count("begins again on") == 1 and error.count(": done") == 2
    files = sorted(file.name for file in next(program.results.glob("jobs/toy/bolt/*")).iterdir())
    assert files == ["job.json", "log.txt", "model", "result.json"]
    remotely = program.csv_without_costs()
    program.results = tmp_path / "here"
    program.compare(*pause, "--jobs", "2")
    assert program.csv_without_costs() == remotely


@pytest.mark.slow
def test_workers_killed_at_random_moments_cost_no_result_and_change_none(cluster, program):
    """One of two workers is killed after a random time, and another takes its place."""
    options = (*program.options, "--seeds", "0,1", "--set", "toy.pause=0.5", "--dask", cluster.address)
    assert program.run(*options).returncode == 0
    undisturbed, generator, begun_again = program.csv_without_costs(), random.Random(0), 0
    for _ in range(ROUNDS):
        kept = program.lose_two_results(generator)
        run = program.start(*options)
        time.sleep(generator.uniform(0, SECONDS))
        cluster.kill_worker(generator.choice(list(cluster.workers)))
        cluster.add_worker(program.folder)
        _, error = run.communicate(timeout=90)
        assert run.returncode == 0 and "Traceback" not in error, error
        assert kept.items() <= program.finish_times().items()
        assert program.csv_without_costs() == undisturbed
        begun_again += error.count("begins again on")
        cluster.settle()
    assert begun_again >= ROUNDS // 10


def test_failures_come_back_with_their_reason_and_the_end_of_the_log(cluster, program):
    faults = ["--set", "toy.fault=crash", "--set", "slow.pause=60", "--job-timeout", "0.1", "--jobs", "2"]
    done = program.compare("--methods", "toy,slow", "--categories", "bolt", *faults, "--dask", cluster.address)
    assert done.returncode == 1 and "--jobs 2 does not count" in done.stderr
    crashed, hanging = (
        read(next(program.results.glob(f"jobs/{name}/*/*/failure.json")), Failure) for name in ("toy", "slow")
    )
    assert "the toy broke" in crashed.reason and "in fit" in crashed.tail
    assert "longer than 0.1 minutes" in hanging.reason and not jobs_at_work(program.results)


@pytest.mark.parametrize(("way", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stopped_driver_ends_the_jobs_on_its_workers(cluster, program, way, status):
    run = program.start(*program.options, "--set", "toy.pause=60", "--dask", cluster.address)
    wait_for(lambda: len(jobs_at_work(program.results)) == 2)
    run.send_signal(way)
    _, error = run.communicate(timeout=20)
    assert run.returncode == status and "Traceback" not in error
    wait_for(lambda: not jobs_at_work(program.results), seconds=5)


def test_workers_that_cannot_do_the_jobs_are_named_before_any_is_submitted(cluster, program, tmp_path):
    other = Checkout(tmp_path / "other")
    change(other.folder / "methods/toy.py", "max(axis=2)", "mean(axis=2)")
    wrong = [cluster.add_worker(tmp_path), cluster.add_worker(other.folder)]
    cluster.settle()
    done = program.compare("--dask", cluster.address)
    for process in wrong:
        cluster.kill_worker(process)
    assert done.returncode == 2 and done.stderr.count("worker tcp://") == 2
    assert "does not find this program" in done.stderr and "its code differs" in done.stderr
    assert not list(program.results.glob("jobs/*"))


def test_a_worker_that_does_not_see_the_results_keeps_no_model(cluster, job, tmp_path):
    answer = cluster.do(job, Errand("a-run", tmp_path, None))
    assert json.loads(answer.result)["key"] == job.key and answer.folder is None


def test_a_worker_with_other_images_refuses_the_job(cluster, job, tmp_path):
    answer = cluster.do(job.model_copy(update={"key": "of other images"}), Errand("a-run", tmp_path, None))
    assert "its worker has other images" in answer.failure and answer.result is None


def test_when_all_workers_die_what_is_finished_stays_and_the_rest_fails(cluster, program):
    jobs = ["--methods", "toy,slow", "--categories", "bolt", "--set", "slow.pause=60"]
    run = program.start(*program.options, *jobs, "--dask", cluster.address)
    wait_for(program.finish_times)
    wait_for(lambda: cluster.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 1)
    for process in list(cluster.workers):
        cluster.kill_worker(process)
    _, error = run.communicate(timeout=20)
    assert run.returncode == 1 and error.count("no worker was left") == 1
    assert [file.split("/")[1] for file in program.finish_times()] == ["toy"]


def test_a_scheduler_killed_in_the_middle_costs_only_what_is_missing(cluster, program):
    jobs = ["--methods", "toy,slow", "--categories", "bolt", "--set", "slow.pause=2"]
    with started(program.folder, workers=1) as other:
        wait_for(other.connected)
        run = program.start(*program.options, *jobs, "--dask", other.address)
        wait_for(lambda: program.finish_times() and jobs_at_work(program.results))
        other.kill_scheduler()
        _, error = run.communicate(timeout=30)
    assert run.returncode == 1 and "Traceback" not in error
    assert f"the Dask scheduler at {other.address} is gone; jobs left to do: 1; finished jobs are kept" in error
    kept = program.finish_times()
    assert [file.split("/")[1] for file in kept] == ["toy"]
    wait_for(lambda: not jobs_at_work(program.results))
    again = program.compare(*jobs, "--dask", cluster.address)
    assert again.returncode == 0 and "1 finished before, 1 to do" in again.stderr
    assert kept.items() <= program.finish_times().items() and len(program.finish_times()) == 2


def test_without_a_scheduler_it_says_so(checkout):
    change(checkout.folder / "benchmarks/jobs/cluster.py", CONNECT, "CONNECT_SECONDS = 1")
    done = checkout.compare("--dask", f"tcp://127.0.0.1:{free_port()}")
    assert done.returncode == 2 and "no Dask scheduler answers there" in done.stderr


def test_a_package_that_is_broken_is_not_called_missing(checkout):
    (checkout.folder / "distributed.py").write_text("raise TypeError('made for another Python')")
    done = checkout.compare("--dask", "tcp://127.0.0.1:1")
    expected = (
        "--dask needs distributed, which is installed but cannot be imported (TypeError: made for another Python)"
    )
    assert done.returncode == 2 and expected in done.stderr


def test_without_a_package_the_command_that_installs_it_is_named():
    with pytest.raises(DataError, match=r"^--dask needs distributted: pip install -e '\.\[dask\]'$"):
        extras.library("distributted.client", extra="dask", wanted_for="--dask")


OPEN = ["tcp://10.0.0.5:8786", "node7:8786", "tcp://[::]:8786", "tcp://0.0.0.0:8786", "ucx://10.0.0.5:8786"]
CLOSED = ["tls://node7:8786", "tcp://127.0.0.1:8786", "localhost:8786", "tcp://[::1]:8786", "wss://node7"]


def test_a_scheduler_that_others_can_reach_without_a_key_is_warned_of():
    assert all("docs/safe-cluster.md" in exposure.warning(address) for address in OPEN)
    assert not any(exposure.warning(address) for address in CLOSED)
    assert OPEN[0] in exposure.warning("tcp://127.0.0.1:8786", OPEN[0]), "it also listens elsewhere"


def test_threads_that_dask_set_for_its_workers_do_not_count_for_a_job(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    assert "OMP_NUM_THREADS" not in worker.own_environment()
    assert worker.own_environment()["NUMBA_NUM_THREADS"] == "3"


HERE = {"code": "a", "versions": {"torch": "2.12"}, "files": {"toy": {}}, "data": {"bolt": [6, 600]}}
THERE = {**HERE, "threads": 1, "problem": None}
OTHER = {
    "code": ({"code": "b"}, "its code differs"),
    "a version": ({"versions": {"torch": "2.11"}}, "torch 2.11 (here 2.12)"),
    "a library that is missing": ({"versions": {}}, "torch None (here 2.12)"),
    "threads": ({"threads": 4}, "it would do 4 jobs at once"),
    "no data": ({"problem": "there is no /data/parts"}, "there is no /data/parts"),
    "a file of weights": ({"files": {"toy": {"weights": "c"}}}, "toy depends on {'weights': 'c'} there"),
    "half of the images": ({"data": {"bolt": [3, 300]}}, "bolt is 3 files of 300 bytes there and 6 files of 600"),
}


@pytest.mark.parametrize(("change", "sentence"), OTHER.values(), ids=OTHER)
def test_what_a_worker_lacks_is_said(change, sentence):
    assert worker.difference(HERE, THERE) is None
    assert sentence in worker.difference(HERE, {**THERE, **change})
