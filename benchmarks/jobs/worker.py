"""The part of a run that the workers of a Dask cluster execute: say whether they can do its jobs, and do them.

Like the runner, a worker does a job in a process that ends with the worker. The process also ends when Dask no longer
wants the task, because the driver (the process that planned the run) was stopped or is gone.
"""

import asyncio
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import data_settings, fingerprint, marks, plugins
from benchmarks.errors import USER_ERRORS
from benchmarks.jobs import machine, plan
from benchmarks.jobs.layout import LOG, RESULT, WORKING
from benchmarks.jobs.plan import Job, Request
from benchmarks.jobs.progress import Progress
from benchmarks.jobs.runner import JobProcess, device_problem, job_environment, record_failure
from benchmarks.source import Source
from datasets import DataError
from reports.results import Failure

ASK_SECONDS = 900.0
"""How long a worker may take to look at its data and devices."""
TELL_SECONDS = 1.0
"""Shortest time between two progress messages of one stage of a job."""
LOG_CHARACTERS = 100_000
"""Most characters of a job's log that a worker returns; the end is kept."""
MARK = ".driver-"
"""Start of the name of a file by which a worker recognises the driver's results folder; the run's name follows."""


class Errand(NamedTuple):
    """What a worker must know about a run besides the job."""

    run: str
    """The unique name of the run, which is also the Dask topic of its progress."""
    results: Path
    """The driver's results folder."""
    minutes: float | None
    """Longest time of a job; None: no limit."""

    def sees_results(self) -> bool:
        """Whether this machine can see the driver's results folder."""
        return (self.results / f"{MARK}{self.run}").exists()


class Answer(NamedTuple):
    """What a worker returns for a job: the texts of its files, and the folder that holds its model."""

    worker: str
    """Address of the worker."""
    result: str | None
    failure: str | None
    log: str
    folder: Path | None
    """Folder in the driver's results that holds the model; None: no model is kept."""


def asking() -> Callable[..., Any]:
    """A function that calls `ask` on a worker. It returns None if the worker cannot import this program.

    It is nested, so that it is sent to the worker as code and not as a reference to this module.
    """

    async def ask(specs: Sequence[str], errand: tuple) -> dict[str, Any] | None:
        try:
            from benchmarks.jobs import worker
        except ImportError:
            return None
        return await worker.ask(specs, worker.Errand(*errand))

    return ask


async def ask(specs: Sequence[str], errand: Errand) -> dict[str, Any]:
    """What this worker has (code digest, versions, `facts`), whether it sees the driver's results, and its problem."""
    jobs = [Job.model_validate_json(spec) for spec in specs]
    try:
        return await asyncio.wait_for(asyncio.to_thread(_answer, jobs, errand), ASK_SECONDS)
    except TimeoutError:
        raise TimeoutError(f"no answer within {ASK_SECONDS:g} s: is a disk or a device that it needs gone?") from None


def _answer(jobs: Sequence[Job], errand: Errand) -> dict[str, Any]:
    said = {"code": code(jobs), "versions": versions(), "sees": errand.sees_results(), "problem": None}
    try:
        return said | facts(jobs) | {"problem": device_problem(jobs)}
    except USER_ERRORS as error:
        return said | {"problem": str(error)}


def code(jobs: Iterable[Job]) -> str:
    """Digest of all code that takes part in the jobs."""
    plugged = {name for job in jobs for name in (f"methods.{job.cell.method}", f"datasets.{job.cell.dataset}")}
    return fingerprint.of_code({"benchmarks.jobs.worker", "reports.results", *plugged})


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries, without the suffix for the device that a library was built for."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python} | {name: version.partition("+")[0] for name, version in machine.versions().items()}


def facts(jobs: Sequence[Job]) -> dict[str, Any]:
    """What else scores depend on: the files that settings name, and the number of files and bytes of each category.

    Raises MethodError or DataError if they are not there.
    """
    methods = {job.cell.method: job.cell.settings for job in jobs}
    return {
        "files": {name: dict(plugins.choose(name, methods[name]).method.depends_on()) for name in sorted(methods)},
        "data": dict(_extent(job) for job in {job.cell.category: job for job in jobs}.values()),
    }


def _extent(job: Job) -> tuple[str, list[int]]:
    if not job.root.exists():
        raise DataError(f"there is no {job.root}: copy the data there")
    samples = Source.of(job.cell, job.root).samples(job.cell.category)
    files = {file for sample in samples for file in sample.files}
    return job.cell.category, [len(files), sum(file.stat().st_size for file in files)]


def difference(here: dict[str, Any], there: dict[str, Any]) -> str | None:
    """Why a worker cannot do the jobs that the driver planned; None if it can.

    `here` are the facts of the driver, `there` those of the worker, with its number of threads and its problem.
    """
    if there["code"] != here["code"]:
        return "its code differs from the code here: bring its checkout to the same state and start it again"
    names = sorted({*here["versions"].items()} ^ {*there["versions"].items()})
    if other := dict.fromkeys(name for name, _ in names):
        pairs = [f"{name} {there['versions'].get(name)} (here {here['versions'].get(name)})" for name in other]
        return f"it has {', '.join(pairs)}: install the same versions"
    if there["threads"] != 1:
        return f"it would do {there['threads']} jobs at once: start it with --nthreads 1"
    if there["problem"]:
        return there["problem"]
    for name, files in here["files"].items():
        if there["files"][name] != files:
            return f"{name} depends on {there['files'][name]} there and on {files} here: make them the same"
    for category, extent in here["data"].items():
        if there["data"][category] != extent:
            return f"{category} is {_size(there['data'][category])} there and {_size(extent)} here: copy the data again"
    return None


def _size(extent: Sequence[int]) -> str:
    files, size = extent
    return f"{files} files of {size} bytes"


def work(spec: str, errand: Errand) -> Answer:
    """Do a job on this worker, in a folder of its own. Raises Reschedule if the worker is about to end."""
    from distributed import Reschedule, get_worker

    worker, given = get_worker(), Job.model_validate_json(spec)
    scratch, shared = Path(worker.local_directory), errand.sees_results()
    folder = Path(tempfile.mkdtemp(prefix=WORKING, dir=given.folder if shared else scratch))
    own = {"folder": folder, "keep_model": given.keep_model and shared, "digests": scratch / marks.DIGESTS}
    job = given.model_copy(update=own)
    task = worker.get_current_task()
    tell = Teller(worker, errand.run, job.name)
    environment = job_environment(job, at_once=None, given=own_environment())  # other workers may share its host
    process = JobProcess(job, environment, errand.minutes, wanted=lambda: _wanted(worker, task))
    failure = _doubt(job, scratch) or process.attend(tell)
    result = _text(folder / RESULT)
    waits = job.keep_model and result is not None
    answer = Answer(
        worker=worker.address,
        result=result,
        failure=failure.model_dump_json() if failure else None,
        log=(_text(folder / LOG) or "")[-LOG_CHARACTERS:],
        folder=folder if waits else None,
    )
    if not waits:
        shutil.rmtree(folder)
    if not result and not failure:
        raise Reschedule
    return answer


def _wanted(worker: Any, task: str) -> bool:
    """Whether Dask still wants a task that runs on this worker."""
    state = worker.state.tasks.get(task)
    return state is not None and state.state == "executing" and worker.status.name in ("running", "paused")


def _doubt(job: Job, scratch: Path) -> Failure | None:
    """A failure, also stored, if code or data on this worker differ from those in the job's key; None otherwise."""
    cell = job.cell
    request = Request(
        choices=[plugins.choose(cell.method, cell.settings)],
        dataset=cell.dataset,
        root=job.root,
        results=scratch,
        categories=[cell.category],
        seeds=[cell.seed],
        shots=cell.shots,
        calibration=cell.calibration,
        data_settings=data_settings.read(cell.data_settings),
    )
    try:
        (planned,) = plan.plan(request)
    except USER_ERRORS as error:
        return record_failure(job, str(error))
    if planned.key != job.key:
        return record_failure(
            job,
            f"its worker has other images in {job.root}, or other code, than the driver: make both the same and run "
            "again",
        )
    return None


def own_environment() -> dict[str, str]:
    """The environment without the numbers of threads that Dask sets for its workers: those suit one-thread tasks."""
    import dask
    import distributed  # the import adds its settings to Dask's

    set_by_dask = dask.config.get(f"{distributed.__name__}.nanny.pre-spawn-environ")
    return {name: value for name, value in os.environ.items() if str(set_by_dask.get(name)) != value}


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else None


class Teller:
    """Sends a job's progress to the driver: the start, the begin and end of each stage, and at intervals between."""

    def __init__(self, worker: Any, topic: str, job: str):
        self.worker = worker
        self.topic = topic
        self.job = job
        self.stage = ""
        self.told = 0.0
        self._send(None)

    def __call__(self, progress: Progress) -> None:
        """Send the progress, if the stage is new or ended, or if the last message is old enough."""
        now = time.monotonic()
        if progress.stage != self.stage or progress.done == progress.of or now - self.told >= TELL_SECONDS:
            self.stage, self.told = progress.stage, now
            self._send(progress.line())

    def _send(self, line: str | None) -> None:
        self.worker.log_event(self.topic, {"job": self.job, "worker": self.worker.address, "line": line})
