"""When a host may be asked again."""

import time
from collections.abc import Callable
from typing import Final

from datasets.making.web import UnavailableError

LONGEST_SECONDS: Final = 300
"""What is waited for at most, for one link."""


class Pace:
    """Keeps a pause between two requests to a host, and longer ones where it asks for them."""

    def __init__(
        self,
        pause_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.pause_seconds, self._clock, self._sleep = pause_seconds, clock, sleep
        self._ready: dict[str, float] = {}

    def wait(self, host: str, at_least: float = 0.0) -> None:
        """Wait until a host may be asked, and count this as asking it. `at_least`: the pause that the host wants.

        Raises UnavailableError where that would take too long.
        """
        ahead = self._ready.get(host, 0.0) - self._clock()
        if ahead > LONGEST_SECONDS:
            raise UnavailableError(f"{host} wants to be asked again in {ahead:.0f} s, not sooner")
        if ahead > 0:
            self._sleep(ahead)
        self._ready[host] = self._clock() + max(self.pause_seconds, at_least)

    def hold(self, host: str, seconds: float) -> None:
        """Do not ask a host for so long."""
        self._ready[host] = max(self._ready.get(host, 0.0), self._clock() + seconds)
