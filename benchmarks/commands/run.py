"""The main job: plan, skip what is finished, run what is missing, report."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout
from rich.filesize import decimal
from rich.text import Text

from benchmarks import data, plugins, results_folder
from benchmarks.commands import report
from benchmarks.console import err, say
from benchmarks.errors import STOPPED, UsageError
from benchmarks.jobs import cluster, layout, plan, progress, storage
from benchmarks.jobs.cluster import Cluster
from benchmarks.jobs.layout import FAILURE
from benchmarks.jobs.plan import Job, Request
from benchmarks.jobs.runner import Runner
from datasets import require_utf8
from reports.results import Failure, write


def run(
    request: Request, *, at_once: int, force: bool, minutes: float | None = None, scheduler: str | None = None
) -> int:
    """Do what a request asks; 0 where every job has a result, 1 where some failed, 130 where it was stopped.

    A job that takes longer than `minutes` is ended; with a `scheduler` the jobs run on the workers of its Dask cluster.
    Raises UsageError where another run is at work in the same results folder, or the cluster cannot do the jobs.
    """
    with _crew(request, at_once=at_once, minutes=minutes, scheduler=scheduler) as crew:
        data.obtain(plugins.dataset(request.dataset), request.root)
        _make_folder(request.results)
        try:
            with FileLock(request.results / ".lock", timeout=0):
                return _run_alone(request, crew, force=force)
        except Timeout:
            raise UsageError(f"--results {request.results}: another run is at work there; wait for it to end") from None


def _crew(
    request: Request, *, at_once: int, minutes: float | None, scheduler: str | None
) -> AbstractContextManager[Runner | Cluster]:
    """Who does the jobs: this machine, or the workers of a cluster."""
    if not scheduler:
        return nullcontext(Runner(at_once, minutes))
    if at_once > 1:
        say(f"--jobs {at_once} does not count with --dask: every worker does one job at a time")
    return cluster.connect(scheduler, results=request.results, minutes=minutes, say=say)


def _run_alone(request: Request, crew: Runner | Cluster, *, force: bool) -> int:
    results_folder.set_damaged_aside(request.results)  # before anything is trained
    planned = _plan(request)
    failures = [job for job in planned if isinstance(job, Failure)]
    for failure in failures:
        write(layout.of_cell(request.results, failure.cell) / FAILURE, failure)
        say(f"{failure.cell.method} {failure.cell.category}: failed: {failure.reason}")
    jobs = [job for job in planned if isinstance(job, Job)]
    done, missing = [], []
    for job in jobs:
        (missing if force or not storage.finished(job) else done).append(job)
    for job in done:
        (job.folder / FAILURE).unlink(missing_ok=True)  # its cause was mended
    if not force:
        storage.require_same_data(missing)
    todo = crew.prepare(missing)
    needed = plan.require_space(todo, request.results)
    say(
        f"{len(planned)} jobs: {len(done)} finished before, {len(missing)} to do, {len(failures)} failed"
        f"; about {decimal(needed)} of disk in {request.results}"
    )
    if request.keep_models and (bare := [job for job in done if not storage.has_model(job.folder, job.key)]):
        say(f"{len(bare)} finished results have no model kept: --force trains them again")
    try:
        with progress.display(err, len(todo)) as lines:
            failures += crew.run(todo, lines)
    except KeyboardInterrupt:
        say(STOPPED)
        return 130
    report.run(request.results)
    return 1 if failures else 0


def _make_folder(results: Path) -> None:
    try:
        require_utf8(results).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--results {results}: cannot make this folder: {error.strerror}") from None


def _plan(request: Request) -> list[Job | Failure]:
    with err.status("reading the data") as status:
        return plan.plan(request, lambda category: status.update(Text(f"reading the data: {category}")))
