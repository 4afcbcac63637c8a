"""Seconds of the processor, on which other programs weigh little."""

import time
from collections.abc import Callable
from typing import Any


def processor_seconds(function: Callable[[], Any], repetitions: int = 2) -> float:
    """The shortest of some runs, after one that warms up."""
    function()
    times = []
    for _ in range(repetitions):
        begun = time.process_time()
        function()
        times.append(time.process_time() - begun)
    return min(times)
