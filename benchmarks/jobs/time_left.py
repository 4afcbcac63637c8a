"""How long the jobs of a run will still take: by those that ended, and by the speed that methods measured."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from benchmarks.jobs.plan import Job

NOT_KNOWN = "time left not known yet"


class TimeLeft:
    """Estimates of the time left. A job counts by its images, because the jobs of a method differ in their number.

    `forecast` gives the seconds of all jobs of a method together, where they are known beforehand. Once a job of a
    method has ended, what its ended jobs took counts instead.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        forecast: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.waiting = {job.name: job for job in jobs}
        self.total = len(jobs)
        self.running: dict[str, tuple[Job, float]] = {}
        self.forecast = forecast or {}
        self.clock = clock
        self.begun = clock()
        self.lock = threading.RLock()  # several jobs run at once
        self.images = _images_by_method(jobs)
        self.ended: dict[str, list[tuple[int, float]]] = defaultdict(list)

    @property
    def done(self) -> int:
        """Number of jobs that ended."""
        return self.total - len(self.waiting) - len(self.running)

    @property
    def seconds_so_far(self) -> float:
        """Since the first job could begin."""
        return self.clock() - self.begun

    def begin(self, name: str) -> None:
        """A job begins."""
        with self.lock:
            if job := self.waiting.pop(name, None):
                self.running[name] = job, self.clock()

    def end(self, name: str, *, failed: bool) -> None:
        """A job ended. The time of a failed one says nothing about the others."""
        self.begin(name)
        with self.lock:
            job, begun = self.running.pop(name)
            if not failed:
                self.ended[job.cell.method].append((_images(job), self.clock() - begun))

    def sentence(self) -> str:
        """`about 11 min left`; `at least` where the time of some jobs is not known, or was longer than expected."""
        with self.lock:
            expected, at_once = self._expected(), max(1, len(self.running))
        if not expected:
            return ""
        surely = all(seconds is not None and seconds >= gone for seconds, gone in expected)
        left = sum(max(0.0, (seconds or 0.0) - gone) for seconds, gone in expected)
        if not surely and left < 1:
            return NOT_KNOWN
        return f"{'about' if surely else 'at least'} {duration(left / at_once)} left"

    def _expected(self) -> list[tuple[float | None, float]]:
        """What each job that has not ended takes as a whole, and the seconds that it has run."""
        now = self.clock()
        waiting = [(self._seconds(job), 0.0) for job in self.waiting.values()]
        return waiting + [(self._seconds(job), now - begun) for job, begun in self.running.values()]

    def _seconds(self, job: Job) -> float | None:
        """What a job takes as a whole; None: nobody knows."""
        method = job.cell.method
        if ended := self.ended.get(method):
            images, seconds = map(sum, zip(*ended, strict=True))
        elif method in self.forecast:
            images, seconds = self.images[method], self.forecast[method]
        else:
            return None
        return seconds * _images(job) / images


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min` or `2 days 5 h`: two units at most."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} {'day' if days == 1 else 'days'} {hours_left} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _images(job: Job) -> int:
    return max(1, job.fit_images + job.scored_images)


def _images_by_method(jobs: Sequence[Job]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for job in jobs:
        found[job.cell.method] += _images(job)
    return found
