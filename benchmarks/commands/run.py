"""The main job: plan, skip what is finished, run what is missing, report."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout
from rich.filesize import decimal
from rich.text import Text

from benchmarks import data, data_settings, marks, plugins, results_folder
from benchmarks.commands import report
from benchmarks.console import err, say
from benchmarks.errors import STOPPED, UsageError
from benchmarks.evaluation import calibration
from benchmarks.jobs import agenda, cluster, disk, extent, forecast, layout, memory, plan, progress, storage
from benchmarks.jobs.cluster import Cluster
from benchmarks.jobs.extent import Extent
from benchmarks.jobs.layout import FAILURE
from benchmarks.jobs.plan import Job, Request
from benchmarks.jobs.runner import Runner
from benchmarks.jobs.time_left import TimeLeft, duration
from benchmarks.tiling import wording
from datasets import require_utf8
from methods import PACES
from reports.files import remove
from reports.forms import FORMS
from reports.results import Failure, write


def run(
    request: Request,
    *,
    at_once: int,
    force: bool,
    minutes: float | None = None,
    scheduler: str | None = None,
    forms: Sequence[str] = tuple(FORMS),
    command: str = "",
) -> int:
    """Do what a request asks; 0 where every job has a result, 1 where some, or a file of the report, failed.

    130 where it was stopped.

    A job that takes longer than `minutes` is ended; with a `scheduler` the jobs run on the workers of its Dask cluster.
    The report is written in some `forms`, and says that `command` goes on with what is left.
    Raises UsageError where another run is at work in the same results folder, or the cluster cannot do the jobs.
    """
    with _crew(request, at_once=at_once, minutes=minutes, scheduler=scheduler) as crew:
        data.obtain(request.source.dataset, request.root)
        _make_folder(request.results)
        try:
            with FileLock(request.results / marks.LOCK, timeout=0):
                return _run_alone(request, crew, force=force, forms=forms, command=command)
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


def _run_alone(request: Request, crew: Runner | Cluster, *, force: bool, forms: Sequence[str], command: str) -> int:
    results_folder.set_damaged_aside(request.results)  # before anything is trained
    planned = _plan(request)
    failures = [job for job in planned if isinstance(job, Failure)]
    _store(failures, request.results)
    jobs = [job for job in planned if isinstance(job, Job)]
    done, missing = _divide(jobs, force=force)
    todo = cheapest_first(crew.prepare(missing))
    at_once = crew.at_once if isinstance(crew, Runner) else 1  # workers of a cluster may have disks of their own
    extents = extent.of_categories(todo)
    disk_bytes = disk.require_space(todo, request.results, extents, at_once=at_once)
    _announce(request, done, todo, failed=len(failures), disk_bytes=disk_bytes)
    agenda.add(request.results, jobs, command)
    _say_few_calibration(todo)
    time_left = TimeLeft(todo)
    try:
        if isinstance(crew, Runner):  # nobody knows how fast the workers of a cluster are
            _say_what_memory(extents, at_once=min(crew.at_once, len(todo)))
            time_left = TimeLeft(todo, _say_how_long(todo, devices=crew.slots.devices))
        with progress.display(err, time_left) as lines:
            failures += crew.run(todo, lines)
    except KeyboardInterrupt:
        say(STOPPED)
        report.run_if_any(request.results, forms)
        return 130
    took = duration(time_left.seconds_so_far) if todo else None
    reported = report.run([request.results], wanted=forms, took=took)
    return 1 if failures or reported else 0


def _store(failures: Sequence[Failure], results: Path) -> None:
    """Store and say why the data of some categories cannot be used."""
    for failure in failures:
        write(layout.of_cell(results, failure.cell) / FAILURE, failure)
        say(f"{failure.cell.method} {failure.cell.category}: failed: {failure.reason}")


def _divide(jobs: Iterable[Job], *, force: bool) -> tuple[list[Job], list[Job]]:
    """The finished jobs and the missing ones; with `force` all are missing.

    Raises UsageError where a job would replace a result on images of another folder.
    """
    done, missing = [], []
    for job in jobs:
        (missing if force or not storage.finished(job) else done).append(job)
    for job in done:
        remove(job.folder / FAILURE)  # its cause was mended
    if not force:
        storage.require_same_data(missing)
    return done, missing


def cheapest_first(jobs: Iterable[Job]) -> list[Job]:
    """Jobs by the pace of their methods, otherwise as planned, so that the first results are there early."""
    return sorted(jobs, key=lambda job: PACES.index(plugins.method(job.cell.method).pace))


def _announce(request: Request, done: Sequence[Job], todo: Sequence[Job], *, failed: int, disk_bytes: int) -> None:
    """Say what is to do and how much disk it needs."""
    say(
        f"{len(done) + len(todo) + failed} jobs: {len(done)} finished before, {len(todo)} to do, {failed} failed"
        f"; about {decimal(disk_bytes)} of disk in {request.results}"
    )
    if todo and request.data_settings.tile:
        seen = sum(job.fit_images + job.scored_images for job in todo)
        say(wording.before_a_run(seen, sum(job.whole_images for job in todo), request.data_settings))
    if shortened := [choice.name for choice in request.choices if choice.method.is_shortened]:
        say(f"{', '.join(shortened)}: a preset that costs less than the paper; --preset paper is as published")
    if request.keep_models and (bare := [job for job in done if not storage.has_model(job.folder, job.key)]):
        say(f"{len(bare)} finished results have no model kept: --force trains them again")


def _say_few_calibration(todo: Sequence[Job]) -> None:
    """Say, before hours of training, where few images set the threshold: of the category with the fewest."""
    few = [job for job in todo if 0 < job.setting_images < calibration.ENOUGH]
    if not few:
        return
    least = min(few, key=lambda job: job.setting_images)
    cell, reading = least.cell, data_settings.read(least.cell.data_settings)
    total = least.training_images + (0 if cell.leaves_one_out else least.setting_images)
    way = calibration.Way(cell.leaves_one_out, not reading.why_no_leave_one_out, cell.shots)
    doubt = calibration.doubt(least.setting_images, total, way)
    places = len({job.cell.category for job in few})
    beside = f" (few also in {places - 1} more)" if places > 1 else ""
    say(f"{least.cell.category}{beside}: {doubt}", style="yellow")


def _say_what_memory(extents: Mapping[str, Extent], *, at_once: int) -> None:
    if sentence := memory.warning(extents, at_once):
        say(sentence)


def _say_how_long(todo: Sequence[Job], *, devices: int) -> dict[str, float]:
    """Say how long the jobs take, if that is long. Return the seconds of each method whose speed was measured."""
    with err.status("measuring how long it takes"):
        measured = forecast.speeds(todo)
    if sentence := forecast.sentence(measured, devices=devices):
        say(sentence)
    return forecast.as_set(measured)


def _make_folder(results: Path) -> None:
    """Raises UsageError where the folder cannot be made, or holds other things than results."""
    try:
        require_utf8(results).mkdir(parents=True, exist_ok=True)
        other = marks.other_than_results(results)
        if not other:
            (results / marks.JOBS).mkdir(exist_ok=True)  # so that it is known as results
    except OSError as error:
        raise UsageError(f"--results {results}: cannot make this folder: {error.strerror}") from None
    if other:
        raise UsageError(f"--results {results}: there is something else, such as {other}; name a new folder")


def _plan(request: Request) -> list[Job | Failure]:
    for folder in request.source.results_inside():
        say(f"left out: {folder} holds results, so it is no category; --results names another place", style="yellow")
    with err.status("reading the data") as status:
        return plan.plan(request, lambda category: status.update(Text(f"reading the data: {category}")))
