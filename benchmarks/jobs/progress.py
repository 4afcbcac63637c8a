"""What is seen of running jobs: one live line each, or plain lines where there is no terminal."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from benchmarks.console import say
from benchmarks.jobs.time_left import TimeLeft
from reports.printable import printable

PLAIN_SECONDS = 15
"""At least this long between two plain lines about one stage of a job."""


class Progress(NamedTuple):
    """One line of a job's progress, as it travels from the job to the runner."""

    stage: str
    done: int
    of: int
    loss: float | None = None
    held_out_loss: float | None = None
    note: str = ""
    """More on where the stage is, such as the speed of a download."""

    def line(self) -> str:
        """As a line of JSON."""
        return json.dumps(self._asdict())

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """Out of a line of JSON; None for any other line, which something else printed."""
        try:
            return cls(**json.loads(line))
        except (ValueError, TypeError):
            return None

    @property
    def text(self) -> str:
        """The stage and, in training, the losses."""
        losses = {"loss": self.loss, "held-out loss": self.held_out_loss}
        told = [f"{of} {loss:.4g}" for of, loss in losses.items() if loss is not None]
        return ", ".join(filter(None, [self.stage, self.note, *told]))


class Outcome(NamedTuple):
    """How a job ended, in a line."""

    text: str
    failed: bool


class StageLeft(ProgressColumn):
    """The time left: of a job, that of its stage; of all jobs, what is known of them."""

    def __init__(self, time_left: TimeLeft):
        super().__init__(Column(no_wrap=True, justify="right"))
        self.time_left = time_left

    def render(self, task: Task) -> Text:
        if task.fields["of_all"]:
            return Text(self.time_left.sentence(), "bold")
        seconds = task.time_remaining
        return Text("" if seconds is None or task.finished else f"stage {_clock(seconds)} left")


class LiveLines:
    """A line for each running job: stage, bar, count, loss, time left of the stage. The first line is of all jobs."""

    def __init__(self, console: Console, time_left: TimeLeft):
        self.console = console
        self.time_left = time_left
        self.bars = Bars(
            TextColumn("{task.description}", markup=False, table_column=_shortened(ratio=3)),
            BarColumn(bar_width=8),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}", markup=False, table_column=_shortened(ratio=2)),
            StageLeft(time_left),
            console=console,
            expand=True,
        )
        self.all = self.bars.add_task("all jobs", total=time_left.total, text="", of_all=True)
        self.stages: dict[str, str] = {}
        self.tasks: dict[str, TaskID] = {}

    def begin(self, job: str, gpu: str = "") -> None:
        """Add the line of a job, which may see that GPU."""
        self.time_left.begin(job)
        name = printable(f"{job} ({gpu})" if gpu else job)
        self.tasks[job] = self.bars.add_task(name, total=None, text="starting", of_all=False)

    def update(self, job: str, progress: Progress) -> None:
        """Move a job's line; each stage counts, and estimates the time left, from its own beginning."""
        if self.stages.get(job) != progress.stage:
            self.stages[job] = progress.stage
            self.bars.reset(self.tasks[job], total=progress.of)
        self.bars.update(self.tasks[job], completed=progress.done, total=progress.of, text=progress.text)

    def end(self, job: str, outcome: Outcome) -> None:
        """Take a job's line away and say how it ended. A failure is not wrapped, so that paths in it can be copied."""
        self.time_left.end(job, failed=outcome.failed)
        self.bars.remove_task(self.tasks.pop(job))
        self.bars.update(self.all, completed=self.time_left.done)
        if outcome.failed:
            say(outcome.text, on=self.console, style="red")
            return
        for line in _wrapped(outcome.text, self.console.width):
            say(line, on=self.console)


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a text, broken behind commas."""
    line = ""
    for part in re.split(r"(?<=,) ", text):
        if line.strip() and len(line) + 1 + len(part) > width:
            yield line
            line = " "
        line = f"{line} {part}" if line else part
    yield line


def _shortened(*, ratio: int) -> Column:
    return Column(no_wrap=True, overflow="ellipsis", ratio=ratio)


class PlainLines:
    """A line when a job begins, ends, enters a stage, or has not been heard of for a while."""

    def __init__(self, console: Console, time_left: TimeLeft):
        self.console = console
        self.time_left = time_left
        self.stages: dict[str, tuple[str, float, float]] = {}
        self.lock = threading.Lock()

    def begin(self, job: str, gpu: str = "") -> None:
        """Say that a job begins, which may see that GPU."""
        self.time_left.begin(job)
        self._print(f"{job}: starting, sees {gpu}" if gpu else f"{job}: starting")

    def update(self, job: str, progress: Progress) -> None:
        """Say where a job is, if that is news."""
        now = time.monotonic()
        stage, begun, said = self.stages.get(job, ("", now, 0.0))
        if progress.stage != stage:
            begun, said = now, 0.0
        if now - said >= PLAIN_SECONDS or progress.done == progress.of:
            said = now
            self._print(f"{job}: {progress.text} {progress.done}/{progress.of}{_stage_left(progress, now - begun)}")
        self.stages[job] = (progress.stage, begun, said)

    def end(self, job: str, outcome: Outcome) -> None:
        """Say how a job ended, and how long the others will take."""
        self.time_left.end(job, failed=outcome.failed)
        so_far = f"{self.time_left.done}/{self.time_left.total}"
        self._print(f"[{', '.join(filter(None, [so_far, self.time_left.sentence()]))}] {outcome.text}")

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
            if line and (progress := Progress.parse(line)):
                self.lines.update(job, progress)

    def end(self, job: str, outcome: Outcome) -> None:
        """Show how a job ended; what is told of it later is late."""
        with self.lock:
            if job not in self.workers:
                self.lines.begin(job)
            self.ended.add(job)
            self.lines.end(job, outcome)


def _stage_left(progress: Progress, seconds: float) -> str:
    if not 0 < progress.done < progress.of or seconds < 1:
        return ""
    return f", stage {_clock(seconds / progress.done * (progress.of - progress.done))} left"


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes}:{left:02d}"


@contextmanager
def display(console: Console, time_left: TimeLeft):
    """The lines that fit the console, for a run of the jobs of `time_left`."""
    if console.is_terminal:
        lines = LiveLines(console, time_left)
        with lines.bars:
            yield lines
    else:
        yield PlainLines(console, time_left)
