"""The memory that the images of a run will take, and what is there. A method's own needs come on top."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
from rich.filesize import decimal

from benchmarks.images.examination import AT_ONCE_PX, THREADS, pixels_of
from benchmarks.jobs.plan import Job
from benchmarks.source import Source

DECODING_BYTES = 14
"""For each pixel that is decoded at a time: the picture, its array, its digest, its mask."""
MEASURING_BYTES = 9
"""For each pixel of the test images, where there are masks: their maps and masks are compared all at once.

Both were measured with images of 16 and 64 million pixels, by the peak memory of jobs of `mean_image`.
"""
JOINED_BYTES = 4
"""For each pixel of the test images in tiles: their maps are as fine as the image where the method's are."""
CONTAINER = Path("/sys/fs/cgroup")


def warning(jobs: Iterable[Job], at_once: int) -> str | None:
    """A sentence if the images of jobs, so many at once, need more memory than there is; None otherwise."""
    categories = {job.cell.category: job for job in jobs}
    needs = {category: needed_bytes(job) for category, job in categories.items()}
    worst = max(needs, key=needs.__getitem__, default=None)
    if worst is None or needs[worst] * at_once <= available_bytes():
        return None
    together = f", {at_once} jobs at once {decimal(needs[worst] * at_once)}" if at_once > 1 else ""
    return (
        f"the images of {worst} will take about {decimal(needs[worst])} of memory{together}, and "
        f"{decimal(available_bytes())} are free: use fewer jobs at once, fewer or smaller images, or more memory"
    )


def needed_bytes(job: Job) -> int:
    """The memory that reading the images of a job and measuring its maps take, bytes."""
    source = Source.of(job.cell, job.root)
    samples = source.samples(job.cell.category)
    with ThreadPoolExecutor(THREADS) as pool:
        pixels = list(pool.map(lambda sample: pixels_of(sample, source.reading), samples))
    largest = max(pixels, default=0)
    decoded = max(largest, min(AT_ONCE_PX, THREADS * largest))
    has_masks = any(sample.masks for sample in samples)
    tested = sum(count for count, sample in zip(pixels, samples, strict=True) if sample.split == "test")
    measuring = (MEASURING_BYTES if has_masks else 0) + (JOINED_BYTES if source.reading.tile else 0)
    return DECODING_BYTES * decoded + measuring * tested


def available_bytes() -> int:
    """The memory that a new process can have: of this machine, or of the container that this runs in."""
    free = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limit, used = (int((CONTAINER / f"memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, limit - used)
    return max(0, free)
