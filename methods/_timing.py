"""How long a piece of a method's work takes on this machine."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from methods import Image

BUDGET_SECONDS = 0.4


def seconds_a_call(work: Callable[[], Any]) -> float:
    """Mean seconds of a call, over as many as fit into the budget, one at least.

    The call before these is not counted: it loads kernels and fills caches. On a GPU `work` must wait for its result.
    """
    work()
    begun, calls = time.perf_counter(), 0
    while not calls or time.perf_counter() - begun < BUDGET_SECONDS:
        work()
        calls += 1
    return (time.perf_counter() - begun) / calls


def noise() -> Image:
    """An image to measure speed on."""
    return np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
