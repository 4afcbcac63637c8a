"""What the workers of a Dask cluster do for a run: say whether they can do its jobs, and do them.

A worker does a job as the runner does, in a process that ends with the worker. It also ends when Dask does not want its
task any more: when the driver, the process that plans the run, was stopped or is gone.
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

from benchmarks import fingerprint, plugins
from benchmarks.errors import USER_ERRORS
from benchmarks.jobs import machine, plan
from benchmarks.jobs.layout import LOG, RESULT, WORKING
from benchmarks.jobs.plan import Job, Request
from benchmarks.jobs.progress import Progress
from benchmarks.jobs.runner import JobProcess, device_problem, job_environment, record_failure
from datasets import DataError
from reports.results import Failure

TELL_SECONDS = 1.0
"""At least this long between two tellings of one stage of a job."""
LOG_CHARACTERS = 100_000
MARK = ".driver-"
"""How the file begins by which a worker recognises the results folder of the driver; the name of the run follows."""


class Errand(NamedTuple):
    """What a worker must know of a run besides the job."""

    run: str
    """A name that no other run has; the topic of its progress."""
    results: Path
    minutes: float | None

    def sees_results(self) -> bool:
        """Whether this machine sees the results folder of the driver."""
        return (self.results / f"{MARK}{self.run}").exists()


class Answer(NamedTuple):
    """What a worker hands back of a job: the texts of its files, and the folder where its model waits, if it does."""

    worker: str
    result: str | None
    failure: str | None
    log: str
    folder: Path | None


def asking() -> Callable[..., Any]:
    """`ask` in a function that travels whole and gives None on a worker that cannot import this program."""

    async def ask(specs: Sequence[str], errand: tuple) -> dict[str, Any] | None:
        try:
            from benchmarks.jobs import worker
        except ImportError:
            return None
        return await worker.ask(specs, worker.Errand(*errand))

    return ask


async def ask(specs: Sequence[str], errand: Errand) -> dict[str, Any]:
    """What `facts` says on this worker, whether it sees the driver's results, and what keeps it from doing the jobs."""
    jobs = [Job.model_validate_json(spec) for spec in specs]
    return await asyncio.to_thread(_answer, jobs, errand)


def _answer(jobs: Sequence[Job], errand: Errand) -> dict[str, Any]:
    said = {"code": code(jobs), "versions": versions(), "sees": errand.sees_results(), "problem": None}
    try:
        return said | facts(jobs) | {"problem": device_problem(jobs)}
    except USER_ERRORS as error:
        return said | {"problem": str(error)}


def code(jobs: Iterable[Job]) -> str:
    """Digest of all the code that takes part in jobs."""
    plugged = {name for job in jobs for name in (f"methods.{job.cell.method}", f"datasets.{job.cell.dataset}")}
    return fingerprint.of_code({"benchmarks.jobs.worker", "reports.results", *plugged})


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries, whichever device these were built for."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python} | {name: version.partition("+")[0] for name, version in machine.versions().items()}


def facts(jobs: Sequence[Job]) -> dict[str, Any]:
    """What else scores depend on: files that settings name, and each category's number of files and bytes.

    Raises MethodError or DataError where they are not there.
    """
    methods = {job.cell.method: job.cell.settings for job in jobs}
    return {
        "files": {name: dict(plugins.choose(name, methods[name]).method.depends_on()) for name in sorted(methods)},
        "data": dict(_extent(job) for job in {job.cell.category: job for job in jobs}.values()),
    }


def _extent(job: Job) -> tuple[str, list[int]]:
    if not job.root.exists():
        raise DataError(f"there is no {job.root}: copy the data there")
    samples = plugins.dataset(job.cell.dataset).samples(job.root, job.cell.category)
    files = {file for sample in samples for file in (sample.image, sample.mask) if file}
    return job.cell.category, [len(files), sum(file.stat().st_size for file in files)]


def difference(here: dict[str, Any], there: dict[str, Any]) -> str | None:
    """What keeps a worker from doing the jobs that the driver planned, by what both say; None where nothing does.

    Of the worker, its number of threads and what it calls a problem are said too.
    """
    if there["code"] != here["code"]:
        return "its code is another than here: bring its checkout to the same state and start it again"
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
    """Do a job on this worker, in a folder of its own. Raises Reschedule where the worker is about to end."""
    from distributed import Reschedule, get_worker

    worker, given = get_worker(), Job.model_validate_json(spec)
    scratch, shared = Path(worker.local_directory), errand.sees_results()
    folder = Path(tempfile.mkdtemp(prefix=WORKING, dir=given.folder if shared else scratch))
    job = given.model_copy(update={"folder": folder, "keep_model": given.keep_model and shared})
    task = worker.get_current_task()
    tell = Teller(worker, errand.run, job.name)
    environment = job_environment(job, at_once=None, given=own_environment())  # its host may have more workers
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
    """Whether Dask still waits for a task that runs on this worker."""
    state = worker.state.tasks.get(task)
    return state is not None and state.state == "executing" and worker.status.name in ("running", "paused")


def _doubt(job: Job, scratch: Path) -> Failure | None:
    """A stored failure where code or data on this worker are not those that the job's key was made of."""
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
    )
    try:
        (planned,) = plan.plan(request)
    except USER_ERRORS as error:
        return record_failure(job, str(error))
    if planned.key != job.key:
        return record_failure(job, f"its worker has other images in {job.root}, or other code, than the driver")
    return None


def own_environment() -> dict[str, str]:
    """The environment without the thread counts that Dask gives its workers: they are meant for tasks of one thread."""
    import dask
    import distributed  # which adds its settings to Dask's

    set_by_dask = dask.config.get(f"{distributed.__name__}.nanny.pre-spawn-environ")
    return {name: value for name, value in os.environ.items() if str(set_by_dask.get(name)) != value}


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else None


class Teller:
    """Sends a job's progress to the driver: that it begins, each stage and its end, and now and then between."""

    def __init__(self, worker: Any, topic: str, job: str):
        self.worker = worker
        self.topic = topic
        self.job = job
        self.stage = ""
        self.told = 0.0
        self._send(None)

    def __call__(self, progress: Progress) -> None:
        """Send it, if that is news."""
        now = time.monotonic()
        if progress.stage != self.stage or progress.done == progress.of or now - self.told >= TELL_SECONDS:
            self.stage, self.told = progress.stage, now
            self._send(progress.line())

    def _send(self, line: str | None) -> None:
        self.worker.log_event(self.topic, {"job": self.job, "worker": self.worker.address, "line": line})
