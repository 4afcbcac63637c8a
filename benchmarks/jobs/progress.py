"""What is seen of running jobs: one live line each, or plain lines where there is no terminal."""

import json
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from benchmarks.console import say

PLAIN_SECONDS = 15
"""At least this long between two plain lines about one stage of a job."""


class Progress(NamedTuple):
    """One line of a job's progress, as it travels from the job to the runner."""

    stage: str
    done: int
    of: int
    loss: float | None = None
    held_out_loss: float | None = None

    def line(self) -> str:
        """As a line of JSON."""
        return json.dumps(self._asdict())

    @classmethod
    def parse(cls, line: str) -> Self:
        """Out of a line of JSON."""
        return cls(**json.loads(line))

    @property
    def text(self) -> str:
        """The stage and, in training, the losses."""
        losses = {"loss": self.loss, "held-out loss": self.held_out_loss}
        return ", ".join([self.stage, *(f"{of} {loss:.4g}" for of, loss in losses.items() if loss is not None)])


class LiveLines:
    """A line for each running job: stage, bar, count, loss, time left."""

    def __init__(self, console: Console, total: int):
        self.console = console
        self.bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self.all = self.bars.add_task("all jobs", total=total, text="")
        self.stages: dict[str, str] = {}
        self.tasks: dict[str, int] = {}

    def begin(self, job: str, gpu: str = "") -> None:
        """Add the line of a job, which may see that GPU."""
        self.tasks[job] = self.bars.add_task(f"{job} ({gpu})" if gpu else job, total=None, text="starting")

    def update(self, job: str, progress: Progress) -> None:
        """Move a job's line; each stage counts, and estimates the time left, from its own beginning."""
        if self.stages.get(job) != progress.stage:
            self.stages[job] = progress.stage
            self.bars.reset(self.tasks[job], total=progress.of)
        self.bars.update(self.tasks[job], completed=progress.done, total=progress.of, text=progress.text)

    def end(self, job: str, outcome: str) -> None:
        """Take a job's line away and say how it ended."""
        self.bars.remove_task(self.tasks.pop(job))
        self.bars.advance(self.all)
        say(outcome, on=self.console)


class PlainLines:
    """A line when a job begins, ends, enters a stage, or has not been heard of for a while."""

    def __init__(self, console: Console, total: int):
        self.console = console
        self.total = total
        self.ended = 0
        self.stages: dict[str, tuple[str, float, float]] = {}
        self.lock = threading.Lock()

    def begin(self, job: str, gpu: str = "") -> None:
        """Say that a job begins, which may see that GPU."""
        self._print(f"{job}: starting, sees {gpu}" if gpu else f"{job}: starting")

    def update(self, job: str, progress: Progress) -> None:
        """Say where a job is, if that is news."""
        now = time.monotonic()
        stage, begun, said = self.stages.get(job, ("", now, 0.0))
        if progress.stage != stage:
            begun, said = now, 0.0
        if now - said >= PLAIN_SECONDS or progress.done == progress.of:
            said = now
            self._print(f"{job}: {progress.text} {progress.done}/{progress.of}{_time_left(progress, now - begun)}")
        self.stages[job] = (progress.stage, begun, said)

    def end(self, job: str, outcome: str) -> None:
        """Say how a job ended."""
        self.ended += 1
        self._print(f"[{self.ended}/{self.total}] {outcome}")

    def _print(self, line: str) -> None:
        with self.lock:
            say(line, on=self.console)


class Told:
    """Puts what workers tell of their jobs on the lines; it arrives in a thread of Dask's."""

    def __init__(self, lines: LiveLines | PlainLines):
        self.lines = lines
        self.lock = threading.Lock()
        self.workers: dict[str, str] = {}
        self.ended: set[str] = set()

    def hear(self, event: tuple[float, dict[str, str]]) -> None:
        """Show a job's beginning, or how far it is."""
        _, message = event
        job, worker, line = message["job"], message["worker"], message["line"]
        with self.lock:
            if job in self.ended:
                return
            if job not in self.workers:
                self.lines.begin(job)
            elif line is None:
                say(f"{job}: begins again on {worker}, as {self.workers[job]} was lost", on=self.lines.console)
            self.workers[job] = worker
            if line:
                self.lines.update(job, Progress.parse(line))

    def end(self, job: str, outcome: str) -> None:
        """Show how a job ended; what is told of it later is late."""
        with self.lock:
            if job not in self.workers:
                self.lines.begin(job)
            self.ended.add(job)
            self.lines.end(job, outcome)


def _time_left(progress: Progress, seconds: float) -> str:
    if not 0 < progress.done < progress.of or seconds < 1:
        return ""
    left = round(seconds / progress.done * (progress.of - progress.done))
    return f", {left // 60}:{left % 60:02d} left"


@contextmanager
def display(console: Console, total: int):
    """The lines that fit the console, for a run of `total` jobs."""
    if console.is_terminal:
        lines = LiveLines(console, total)
        with lines.bars:
            yield lines
    else:
        yield PlainLines(console, total)
