"""How far a download of weights is: methods log it, and here it is shown."""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.console import say

LOG = logging.getLogger("methods.download")
SAY_SECONDS = 15.0
"""At least this long between two lines about one file."""
MEGABYTE = 10**6


class Pace(NamedTuple):
    """How far a download is."""

    file: str
    done_bytes: int
    of_bytes: int
    """0: the server does not say."""
    speed: str
    sentence: str


class Shown(logging.Handler):
    """Hands on how far each download is."""

    def __init__(self, show: Callable[[Pace], None]):
        super().__init__(logging.INFO)
        self.show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a record tells."""
        self.show(Pace(record.file, record.done_bytes, record.of_bytes, record.speed, record.getMessage()))


class Said:
    """Prints a line when a download begins to take time, at intervals, and at its end."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}

    def __call__(self, pace: Pace) -> None:
        """Print it, if the last line about this file is old enough or the file is complete."""
        now = time.monotonic()
        if pace.done_bytes == pace.of_bytes or now - self.told.get(pace.file, -SAY_SECONDS) >= SAY_SECONDS:
            self.told[pace.file] = now
            say(pace.sentence)


def show(how: Callable[[Pace], None]) -> None:
    """From now on downloads of this process are shown so, and in no other way."""
    for handler in [each for each in LOG.handlers if isinstance(each, Shown)]:
        LOG.removeHandler(handler)
    LOG.addHandler(Shown(how))
    LOG.setLevel(logging.INFO)
