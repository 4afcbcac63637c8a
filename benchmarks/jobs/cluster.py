"""Run jobs on the workers of a Dask cluster: check the workers, show their progress, store what they return."""

import logging
import queue
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UsageError
from benchmarks.jobs import exposure, storage, worker
from benchmarks.jobs.layout import FAILURE, FRESH_MODEL, LOG, MODEL, WORKING
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import LiveLines, PlainLines, Told
from benchmarks.jobs.runner import outcome
from benchmarks.jobs.worker import MARK, Answer, Errand
from datasets.making import extras
from reports.files import write_text
from reports.results import Failure, Result, write

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 5
"""Longest wait for the scheduler to answer."""
LOOK_SECONDS = 2.0
"""Time between two looks for workers, while no job ends."""
LONELY_SECONDS = 60.0
"""If there is no worker for this long, the remaining jobs fail."""


@contextmanager
def connect(address: str, *, results: Path, minutes: float | None, say: Callable[[str], None]) -> Iterator["Cluster"]:
    """Connect to the Dask scheduler at `address`.

    Raises DataError if Dask cannot be imported, UsageError if nothing answers.
    """
    distributed = extras.library("distributed", extra="dask", wanted_for="--dask")
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # failures are printed in our own words
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--dask {address}: no Dask scheduler answers there: {reason}") from None
    if exposed := exposure.warning(address, client.scheduler_info(n_workers=0).get("address", "")):
        say(exposed)
    cluster = Cluster(client, address, Errand(uuid.uuid4().hex, results, minutes), say)
    with client:
        try:
            yield cluster
        finally:
            cluster.mark.unlink(missing_ok=True)


class Cluster:
    """Runs jobs on the workers of a cluster, one at a time on each."""

    def __init__(self, client: "Client", address: str, errand: Errand, say: Callable[[str], None]):
        self.client = client
        self.address = address
        self.errand = errand
        self.say = say
        self.mark = errand.results / f"{MARK}{errand.run}"
        self.hosts: list[str] = []
        self.lonely = False
        self.lost = 0

    def prepare(self, jobs: list[Job]) -> list[Job]:
        """Return the jobs, without keeping models that no worker can store.

        Raises UsageError, which names each worker that cannot do the jobs, and why.
        """
        try:
            return self._agreed(jobs) if jobs else jobs
        except OSError as error:
            if error.filename:  # one of our files failed, not the connection
                raise
            raise UsageError(f"--dask {self.address}: the scheduler was lost: {error}") from None

    def _agreed(self, jobs: list[Job]) -> list[Job]:
        workers = self._workers()
        if self.client.status == "closed":
            raise UsageError(f"--dask {self.address}: the scheduler was lost while the run was planned")
        self._set_mark()
        answers = self._asked(jobs, list(workers)) if workers else {}
        if not answers:
            command = f"python -m dask worker {self.address} --nthreads 1"
            raise UsageError(f"--dask {self.address}: there are no workers; start one in each checkout: {command}")
        here = {"code": worker.code(jobs), "versions": worker.versions(), **worker.facts(jobs)}
        lacks = {name: _lack(here, answers[name], workers[name]["nthreads"]) for name in sorted(answers)}
        if sentences := [f"worker {name}: {lack}" for name, lack in lacks.items() if lack]:
            raise UsageError(f"--dask {self.address}: {'; '.join(sentences)}")
        self.hosts = sorted({workers[name]["host"] for name in answers})
        self.say(f"{len(answers)} Dask workers on {', '.join(self.hosts)}")
        return self._without_lost_models(jobs, [name for name in answers if not answers[name]["sees"]], len(answers))

    def _asked(self, jobs: list[Job], workers: list[str]) -> dict[str, Any]:
        """Each worker's answer on the jobs, or its error. A worker that left meanwhile does not count."""
        specs = [job.model_dump_json() for job in jobs]
        answers = self.client.run(worker.asking(), specs, tuple(self.errand), workers=workers, on_error="return")
        there = self._workers()
        return {name: found for name, found in answers.items() if name in there or not isinstance(found, Exception)}

    def _without_lost_models(self, jobs: list[Job], blind: list[str], workers: int) -> list[Job]:
        if not blind or not any(job.keep_model for job in jobs):
            return jobs
        self.say(
            f"{len(blind)} of {workers} workers do not see {self.errand.results}: the models of their jobs are not kept"
        )
        return [job.model_copy(update={"keep_model": len(blind) < workers and job.keep_model}) for job in jobs]

    def _set_mark(self) -> None:
        for left in self.errand.results.glob(f"{MARK}*"):
            left.unlink()
        write_text(self.mark, "")

    def _workers(self) -> dict[str, dict[str, Any]]:
        """Facts on each worker, by its address. Once workers were checked, only their hosts count."""
        info = self.client.scheduler_info(n_workers=-1)  # some versions list five workers unless asked for all
        workers = info.get("workers", {})  # empty once the scheduler is lost
        return {name: facts for name, facts in workers.items() if not self.hosts or facts["host"] in self.hosts}

    def run(self, jobs: list[Job], lines: LiveLines | PlainLines) -> list[Failure]:
        """Do all jobs and return the failures, which are also stored. KeyboardInterrupt stops all jobs."""
        told = Told(lines)
        self.client.subscribe_topic(self.errand.run, told.hear)
        ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        waiting = {self._submit(number, job, ended): job for number, job in enumerate(jobs)}
        failures = {}
        try:
            while waiting:
                for future in self._next(ended, waiting):
                    job = waiting.pop(future)
                    failure, done_on = self._conclude(job, future)
                    future.release()  # Dask would do a task that is still held again if its worker dies
                    failures[job.name] = failure
                    ended_so = outcome(job, failure)
                    told.end(job.name, ended_so._replace(text=f"{ended_so.text} [{done_on}]"))
        except KeyboardInterrupt:
            self.client.cancel(list(waiting))
            raise
        if self.lost:
            self.say(
                f"the Dask scheduler at {self.address} is gone; jobs left to do: {self.lost}; finished jobs are "
                "kept: start a scheduler and workers, then run the same command with its address"
            )
        return [failure for job in jobs if (failure := failures[job.name])]

    def _submit(self, number: int, job: Job, ended: queue.SimpleQueue) -> "Future":
        _clear(job)
        storage.write_job(job)
        future = self.client.submit(
            worker.work,
            job.model_dump_json(),
            self.errand,
            key=f"benchmarks-{self.errand.run}-{number}",
            workers=self.hosts,  # hosts, not addresses: a restarted worker has a new address
            pure=False,
        )
        future.add_done_callback(ended.put)
        return future

    def _next(self, ended: queue.SimpleQueue, waiting: dict["Future", Job]) -> list["Future"]:
        """The tasks that ended next. If there was no worker for too long, all remaining tasks, cancelled."""
        lonely_since = time.monotonic()
        while True:
            try:
                return [ended.get(timeout=LOOK_SECONDS)]
            except queue.Empty:
                if self._has_workers():
                    lonely_since = time.monotonic()
                elif time.monotonic() - lonely_since > LONELY_SECONDS:
                    self.lonely = True
                    self.client.cancel(list(waiting))
                    return list(waiting)

    def _has_workers(self) -> bool:
        try:
            return bool(self._workers())
        except OSError:
            return False

    def _conclude(self, job: Job, future: "Future") -> tuple[Failure | None, str]:
        """Store what a task returned. Return its failure, if any, and the worker that did it."""
        if future.cancelled() and self.lonely:
            return _fail(job, "no worker was left to do it: start workers and run the same command again")
        try:
            answer: Answer = future.result()
        except Exception as error:  # anything can end a task on its worker
            if future.status == "error":
                return _fail(job, _why(error))
            self.lost += 1  # the client cancels all tasks when its connection ends
            return _fail(job, "the Dask scheduler was lost before the job ended: run the same command again")
        return _store(job, answer), answer.worker


def _lack(here: dict[str, Any], answer: dict[str, Any] | Exception | None, threads: int) -> str | None:
    """Why a worker cannot do the jobs; None if it can."""
    if answer is None:
        return "it does not find this program: start it in the same checkout, with python -m dask worker"
    if isinstance(answer, Exception):
        return f"it failed when asked whether it can do the jobs: {' '.join(str(answer).split())}"
    return worker.difference(here, {**answer, "threads": threads})


def _fail(job: Job, reason: str) -> tuple[Failure, str]:
    failure = Failure(key=job.key, cell=job.cell, reason=reason, tail="")
    write(job.folder / FAILURE, failure)
    return failure, "no worker"


def _why(error: Exception) -> str:
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return "every worker that tried it died, so it was given up: the logs of their machines may say why"
    return f"its worker could not do it: {' '.join(f'{type(error).__name__}: {error}'.split())}"


def _store(job: Job, answer: Answer) -> Failure | None:
    write_text(job.folder / LOG, answer.log)
    if answer.failure:
        failure = Failure.model_validate_json(answer.failure)
        write(job.folder / FAILURE, failure)
        return failure
    if answer.folder:
        fresh = job.folder / FRESH_MODEL
        shutil.rmtree(fresh, ignore_errors=True)
        (answer.folder / MODEL).rename(fresh)
    result = Result.model_validate_json(answer.result)
    storage.store(result, job.model_copy(update={"keep_model": answer.folder is not None}))
    _clear(job)
    return None


def _clear(job: Job) -> None:
    """Remove what dead workers left in a job's folder."""
    for left in job.folder.glob(f"{WORKING}*"):
        shutil.rmtree(left, ignore_errors=True)
