"""Runs jobs, several at once, each in a process of its own; skips finished ones; records failures.

A job's process is held on a leash: its standard input is a pipe from the runner. When the runner ends, however it
ends, the pipe closes and the job ends too, so no job outlives its runner and none is ever done twice at once.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from benchmarks import protocol
from benchmarks.errors import USER_ERRORS
from benchmarks.fingerprint import ROOT
from benchmarks.plan import Job, finished
from benchmarks.progress import LiveLines, PlainLines, Progress
from reports.results import Failure, Result, read, write, write_text

REFUSED = 2
"""Exit status of a job whose data, settings or machine do not allow it; its last line says why."""
TAIL_LINES = 12
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


class Runner:
    """Runs jobs as subprocesses, `at_once` at a time."""

    def __init__(self, lines: LiveLines | PlainLines, at_once: int):
        self.lines = lines
        self.at_once = at_once
        self.processes: set[subprocess.Popen] = set()
        self.stopping = False

    def run(self, jobs: list[Job]) -> list[Failure]:
        """Do every job; what failed is returned, and stored in the job's folder. KeyboardInterrupt stops them all."""
        pool = ThreadPoolExecutor(self.at_once)
        futures = [pool.submit(self._run_one, job) for job in jobs]
        try:
            return [failure for future in futures if (failure := future.result())]
        except KeyboardInterrupt:
            self.stopping = True
            for process in list(self.processes):
                process.kill()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _run_one(self, job: Job) -> Failure | None:
        if self.stopping:
            return None
        self.lines.begin(job.name)
        job.folder.mkdir(parents=True, exist_ok=True)
        write_text(job.folder / "job.json", job.model_dump_json(indent=1))
        status = self._follow(job)
        if self.stopping:
            return None
        failure = None if status == 0 and finished(job) else record_failure(job, status)
        self.lines.end(job.name, f"{job.name}: failed: {failure.reason}" if failure else _outcome(job))
        return failure

    def _follow(self, job: Job) -> int:
        """Start the job's process, show its progress, and wait for its exit status."""
        with open(job.folder / "log.txt", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks", "job", str((job.folder / "job.json").resolve()), "--leash"],
                cwd=ROOT,
                env=job_environment(self.at_once),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the runner alone, which then ends its jobs
                text=True,
            )
        self.processes.add(process)
        if self.stopping:
            process.kill()
        with process:
            for line in process.stdout:
                self.lines.update(job.name, Progress.parse(line))
            process.wait()  # before its standard input is closed: that would end it as if the runner were gone
        self.processes.discard(process)
        return process.returncode


def job_environment(at_once: int) -> dict[str, str]:
    """The environment of a job's process: the cores are divided between the jobs, unless the user divided them."""
    share = str(max(1, (os.cpu_count() or 1) // at_once))
    return {**dict.fromkeys(THREAD_VARIABLES, share), "PYTHONUNBUFFERED": "1", **os.environ}


def record_failure(job: Job, status: int) -> Failure:
    """Store why a job has no result."""
    log = (job.folder / "log.txt").read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    failure = Failure(key=job.key, cell=job.cell, reason=_reason(status, log), tail="\n".join(log[-TAIL_LINES:]))
    write(job.folder / "failure.json", failure)
    return failure


def _reason(status: int, log: list[str]) -> str:
    last = log[-1] if log else "it printed nothing"
    if status == -signal.SIGKILL:
        return "it was killed (signal 9): by hand, or by the system because memory ran out"
    if status < 0:
        return f"it ended by signal {-status} ({signal.strsignal(-status)})"
    return last if status == REFUSED else f"exit status {status}: {last}"


def _outcome(job: Job) -> str:
    cost = read(job.folder / "result.json", Result).cost
    speed = "nothing scored" if cost.images_per_second is None else f"{cost.images_per_second:.2g} images/s"
    return f"{job.name}: done, fit {cost.fit_seconds:.0f} s, {speed} on {cost.device}"


def work(spec: Path, *, leash: bool) -> int:
    """The inside of a job's process: do the job that `spec` holds, print its progress, store its result."""
    if leash:
        threading.Thread(target=_end_with_runner, daemon=True).start()
    job = Job.model_validate_json(spec.read_text(encoding="utf-8"))
    tell = _progress_printer()
    try:
        result = protocol.run(job, tell)
    except USER_ERRORS as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return REFUSED
    protocol.store(result, job)
    return 0


def _end_with_runner() -> NoReturn:
    """Wait until the runner is gone; by the descriptor, as Python's own reader may not be in use when Python ends."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _progress_printer() -> Callable[[Progress], None]:
    """Prints progress to standard output, and turns whatever libraries print there to standard error."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(progress: Progress) -> None:
        with suppress(BrokenPipeError):
            print(progress.line(), file=out)

    return tell


def device_problem(method: str, device: str) -> str | None:
    """Why a method cannot run on a device, asked in a process of its own; None where it can."""
    command = [sys.executable, "-m", "benchmarks", "probe", method, device]
    probe = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return None if probe.returncode == 0 else probe.stderr.strip().splitlines()[-1].removeprefix("benchmarks: ")
