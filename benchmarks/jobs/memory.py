"""The memory that the images of a run will take, and what is there. A method's own needs come on top."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from rich.filesize import decimal

from benchmarks.evaluation import metrics
from benchmarks.images.examination import AT_ONCE_PX, THREADS
from benchmarks.jobs.extent import Extent

DECODING_BYTES = 14
"""For each pixel that is decoded at a time: the picture, its array, its digest, its mask."""
MEASURING_BYTES = 8
"""For each normal pixel whose scores are sorted at a time, where there are masks."""
DEFECT_BYTES = 32
"""For each defective pixel."""
DEFECT_SHARE = 0.1
"""The share of defective pixels among those of the test images that is assumed: headers do not tell it."""
CONTAINER = Path("/sys/fs/cgroup")


def warning(extents: Mapping[str, Extent], at_once: int) -> str | None:
    """A sentence if the images of jobs, so many at once, need more memory than there is; None otherwise."""
    needs = {category: needed_bytes(extent) for category, extent in extents.items()}
    worst = max(needs, key=needs.__getitem__, default=None)
    if worst is None or needs[worst] * at_once <= available_bytes():
        return None
    together = f", {at_once} jobs at once {decimal(needs[worst] * at_once)}" if at_once > 1 else ""
    return (
        f"the images of {worst} will take about {decimal(needs[worst])} of memory{together}, and "
        f"{decimal(available_bytes())} are free: use fewer jobs at once, fewer or smaller images, or more memory"
    )


def needed_bytes(extent: Extent) -> int:
    """The memory that reading the images of a job and measuring its maps take, bytes."""
    largest, measured = extent.largest_px, extent.measured_px
    decoded = max(largest, min(AT_ONCE_PX, THREADS * largest))
    sorted_px = min(measured, max(largest, metrics.BATCH))
    return round(DECODING_BYTES * decoded + MEASURING_BYTES * sorted_px + DEFECT_BYTES * DEFECT_SHARE * measured)


def available_bytes() -> int:
    """The memory that a new process can have: of this machine, or of the container that this runs in."""
    free = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limit, used = (int((CONTAINER / f"memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, limit - used)
    return max(0, free)
