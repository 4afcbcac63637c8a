"""How long many new images will take, said once the first ones are judged."""

import time
from collections.abc import Callable

from benchmarks.jobs.forecast import duration

TIMED = 2
"""Images that are timed, after the first: with that, libraries are loaded."""
LONG_SECONDS = 20
"""A shorter wait is not announced."""


class Pace:
    """Counts the images that are judged, `total` in all, and tells of the time that the others will take."""

    def __init__(self, total: int, tell: Callable[[str], None], clock: Callable[[], float] = time.perf_counter):
        self.total, self.tell, self.clock = total, tell, clock
        self.judged = 0
        self.begun = 0.0

    def step(self) -> None:
        """One more image is judged."""
        self.judged += 1
        if self.judged == 1:
            self.begun = self.clock()
        if self.judged == 1 + TIMED:
            seconds = (self.clock() - self.begun) / TIMED
            left = self.total - self.judged
            if left * seconds >= LONG_SECONDS:
                self.tell(f"{seconds:.2g} s an image: about {duration(left * seconds)} for the other {left:,} images")
