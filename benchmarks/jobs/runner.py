"""Run jobs on this machine, several at once, each in a process of its own; record failures.

The standard input of a job's process is a pipe from the runner (its "leash"). When the runner ends for any reason, the
pipe closes and the job ends too. So no job outlives its runner, and no job is ever done twice at the same time.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from benchmarks import downloads
from benchmarks.errors import USER_ERRORS, UsageError
from benchmarks.fingerprint import ROOT
from benchmarks.jobs import determinism, failures, gpus, protocol, sessions, storage
from benchmarks.jobs.failures import REFUSED, TAIL_LINES
from benchmarks.jobs.gpus import Gpu, Slots
from benchmarks.jobs.layout import FAILURE, LOG, RESULT
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import LiveLines, Outcome, PlainLines, Progress
from reports import brief
from reports.printable import printable
from reports.results import Failure, Result, read, write

END_BYTES = 20_000
"""So much of the end of a log is looked at: a library may write gigabytes."""
WATCH_SECONDS = 0.2
"""Time between two checks of whether a job is late or no longer wanted."""
PIPE_SECONDS = 2.0
"""How long the rest of a job's progress is waited for: a process in a session of its own may still hold the pipe."""
PATHS = re.compile(r"BENCHMARKS_\w+|(TORCH|KERAS|XDG_CACHE)_HOME|NUMBA_CACHE_DIR|MPLCONFIGDIR|TMPDIR|SSL_CERT_FILE")
"""Variables that name a file or a folder."""
PROBE_SECONDS = 300.0
"""How long a method may take to find a device."""


class Runner:
    """Runs jobs on this machine, `at_once` at a time, each for at most `minutes`."""

    def __init__(self, at_once: int, minutes: float | None = None):
        self.at_once = at_once
        self.minutes = minutes
        self.slots = Slots([], at_once)
        self.stopping = False

    def prepare(self, jobs: list[Job]) -> list[Job]:
        """Return the jobs, and assign the GPUs. Raises UsageError if the named device is not there."""
        if problem := device_problem(jobs):
            raise UsageError(problem)
        if any(job.device in gpus.SHARED_OUT for job in jobs):
            self.slots = Slots(gpus.visible(), self.at_once)
        return jobs

    def run(self, jobs: list[Job], lines: LiveLines | PlainLines) -> list[Failure]:
        """Do all jobs and return the failures, which are also stored. KeyboardInterrupt stops all jobs."""
        pool = ThreadPoolExecutor(self.at_once)
        futures = [pool.submit(self._run_one, job, lines) for job in jobs]
        try:
            return [failure for future in futures if (failure := future.result())]
        except KeyboardInterrupt:
            self.stopping = True
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _run_one(self, job: Job, lines: LiveLines | PlainLines) -> Failure | None:
        if self.stopping:
            return None
        with self.slots.one() if job.device in gpus.SHARED_OUT else nullcontext() as gpu:
            lines.begin(job.name, gpu.label if gpu else "")
            environment = job_environment(job, at_once=self.at_once, gpu=gpu)
            process = JobProcess(job, environment, self.minutes, wanted=lambda: not self.stopping)
            failure = process.attend(partial(lines.update, job.name))
        if not self.stopping:
            lines.end(job.name, outcome(job, failure))
        return failure


class JobProcess:
    """The process of a job. It is killed when it takes longer than `minutes` or when `wanted` returns False."""

    def __init__(self, job: Job, environment: dict[str, str], minutes: float | None, wanted: Callable[[], bool]):
        self.job = job
        self.environment = environment
        self.minutes = minutes
        self.wanted = wanted
        self.late = False
        self.last = Progress("starting", 0, 1)
        self.over = False
        self.unread: Exception | None = None

    def attend(self, tell: Callable[[Progress], None]) -> Failure | None:
        """Do the job and pass its progress to `tell`. Store and return a failure, unless the job is not wanted."""
        try:
            status = self._do(tell)
            if not self.wanted() or (status == 0 and storage.finished(self.job)):
                return None
            why = self._lateness() if self.late else failures.reason(status, log(self.job), self.job.folder)
        except OSError as error:
            why = failures.refusal(error, self.job.folder)
        return record_failure(self.job, why)

    def _do(self, tell: Callable[[Progress], None]) -> int:
        """Run the job's process to its end, end what it started, and return its exit status."""
        process = self._start()
        gone = threading.Event()
        threading.Thread(target=self._watch, args=(process, gone), daemon=True).start()
        reader = threading.Thread(target=self._read, args=(process, tell), daemon=True)
        reader.start()
        try:
            # Standard input stays open meanwhile: if it closed, the job would end as if the runner were gone.
            status = process.wait()
        finally:
            gone.set()
            sessions.end(process.pid)
            process.stdin.close()
        reader.join(PIPE_SECONDS)
        self.over = True
        if self.unread:
            raise self.unread
        return status

    def _read(self, process: subprocess.Popen, tell: Callable[[Progress], None]) -> None:
        """Pass on what the process prints. The process ends if that fails, as nothing would read its progress."""
        try:
            with process.stdout:
                for line in process.stdout:
                    if self.over:
                        return
                    if progress := Progress.parse(line):
                        self.last = progress
                        tell(progress)
                    else:
                        self._note(line)
        except Exception as error:
            self.unread = error
            sessions.end(process.pid)

    def _start(self) -> subprocess.Popen:
        spec = storage.write_job(self.job)
        with open(self.job.folder / LOG, "wb"):
            pass
        with open(self.job.folder / LOG, "ab") as log:  # the runner may write into it, too
            return subprocess.Popen(
                [sys.executable, "-m", "benchmarks", "job", str(spec.resolve()), "--leash"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches only the runner, which then ends its jobs
                text=True,
            )

    def _note(self, line: str) -> None:
        """Keep in the log what the interpreter, or a library, printed among the job's progress."""
        with open(self.job.folder / LOG, "a", encoding="utf-8") as log:
            log.write(line)

    def _watch(self, process: subprocess.Popen, gone: threading.Event) -> None:
        begun = time.monotonic()
        while not gone.wait(WATCH_SECONDS):
            self.late = self.minutes is not None and time.monotonic() - begun > 60 * self.minutes
            if self.late or not self.wanted():
                sessions.end(process.pid)
                return

    def _lateness(self) -> str:
        return (
            f"it took longer than {self.minutes:g} minutes (--job-timeout) and was ended at {self.last.text} "
            f"{self.last.done}/{self.last.of}: if it did not hang, run again with a longer --job-timeout"
        )


def job_environment(
    job: Job, *, at_once: int | None, gpu: Gpu | None = None, given: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of a job's process: the user's, the variables of `determinism` not set there, and its GPU.

    A job works in another folder than the command: paths that are relative to that of the command become absolute.
    """
    given = {name: os.path.abspath(text) if text and PATHS.fullmatch(name) else text for name, text in given.items()}
    ours = determinism.variables(job.cell.settings, at_once=at_once) | {"PYTHONUNBUFFERED": "1"}
    return {**ours, **given, **({gpus.VISIBLE: gpu.visible} if gpu else {})}


def record_failure(job: Job, reason: str) -> Failure:
    """Return the failure of a job, with the end of its log. It is stored if the job's folder can be written."""
    failure = Failure(key=job.key, cell=job.cell, reason=reason, tail="\n".join(log(job)[-TAIL_LINES:]))
    with suppress(OSError):  # it is returned in any case
        write(job.folder / FAILURE, failure)
    return failure


def log(job: Job) -> list[str]:
    """The last lines of a job's log; empty if its process did not start."""
    try:
        with open(job.folder / LOG, "rb") as file:
            file.seek(-min(END_BYTES, os.fstat(file.fileno()).st_size), os.SEEK_END)
            return file.read().decode("utf-8", errors="replace").rstrip().splitlines()
    except OSError:
        return []


def outcome(job: Job, failure: Failure | None) -> Outcome:
    """How a job ended: its failure, or its first numbers and what they took."""
    if failure:
        return Outcome(f"{job.name}: failed: {failure.reason}", failed=True)
    from benchmarks.evaluation import result_rows

    result = read(job.folder / RESULT, Result)
    found, cost = brief.in_words(result_rows.measure(result).row), result.cost
    fit = f"fit {brief.seconds(cost.fit_seconds)} on {cost.device}"
    return Outcome(f"{job.name}: done, {found}, {fit}", failed=False)


def work(spec: Path, *, leash: bool) -> int:
    """Do the job described in the file `spec`, print its progress, store its result. Return the exit status.

    This runs inside the job's process.
    """
    if leash:
        threading.Thread(target=_end_with_runner, daemon=True).start()
    job = Job.model_validate_json(spec.read_text(encoding="utf-8"))
    unrepeatable = determinism.prefer_repeatable()
    tell = _progress_printer()
    downloads.show(lambda pace: tell(_of_download(pace)))
    try:
        result = protocol.run(job, tell)
    except USER_ERRORS as error:
        print(printable(" ".join(str(error).split())), file=sys.stderr)
        return REFUSED
    storage.store(_completed(result, unrepeatable), job)
    return 0


def _of_download(pace: downloads.Pace) -> Progress:
    done, of = (size // downloads.MEGABYTE for size in (pace.done_bytes, pace.of_bytes or pace.done_bytes))
    return Progress(f"fetching {pace.file}, MB", done, max(done, of), note=pace.speed)


def _completed(result: Result, unrepeatable: Collection[str]) -> Result:
    """Add to a result what this process knows: the model of its GPU, and remarks on numbers that may not repeat."""
    cost = result.cost.model_copy(update={"device": gpus.described(result.cost.device)})
    remarks = [*result.remarks, *determinism.remarks(unrepeatable)]
    return result.model_copy(update={"cost": cost, "remarks": remarks})


def _end_with_runner() -> NoReturn:
    """Wait until the runner is gone, then end this process and what it started.

    Reads the file descriptor directly: Python's own reader must not be in use while the interpreter shuts down.
    """
    while os.read(0, 1):
        pass
    sessions.end(os.getpid())
    os._exit(1)  # this process led no session


def _progress_printer() -> Callable[[Progress], None]:
    """A function that prints progress to standard output. Anything else printed there goes to standard error."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(progress: Progress) -> None:
        with suppress(BrokenPipeError):
            print(progress.line(), file=out)

    return tell


def device_problem(jobs: Iterable[Job]) -> str | None:
    """Why jobs cannot run on the named device; None if they can, or if no device was named."""
    for method, device in sorted({(job.cell.method, job.device) for job in jobs}):
        if device not in ("auto", "cpu") and (problem := _probe(method, device)):
            return f"--device {device}: {problem}"
    return None


def _probe(method: str, device: str) -> str | None:
    """Why a method cannot run on a device; None if it can. A process of its own finds out."""
    command = [sys.executable, "-m", "benchmarks", "probe", method, device]
    try:
        probe = sessions.run(command, seconds=PROBE_SECONDS, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return f"{method} did not find it within {PROBE_SECONDS:g} s: is its driver hanging?"
    return None if probe.returncode == 0 else probe.stderr.strip().splitlines()[-1].removeprefix("benchmarks: ")
