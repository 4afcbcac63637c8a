"""How large the images of a category are, by their headers."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks.images.examination import THREADS, pixels_of
from benchmarks.jobs.plan import Job
from benchmarks.source import Source


class Extent(NamedTuple):
    """What decoding the images of a category, and measuring their maps, depends on."""

    largest_px: int
    """Pixels of the largest image."""
    measured: int
    """Number of test images, if their maps are compared with masks; 0: there are no masks."""
    measured_px: int
    """Pixels of these."""
    ignores: bool = False
    """Whether some pixels do not count, so that the mean of the images is stored with a model."""


def of_categories(jobs: Iterable[Job]) -> dict[str, Extent]:
    """The extent of each category of some jobs."""
    return {category: _of(job) for category, job in {job.cell.category: job for job in jobs}.items()}


def _of(job: Job) -> Extent:
    source = Source.of(job.cell, job.root)
    samples = source.samples(job.cell.category)
    with ThreadPoolExecutor(THREADS) as pool:
        pixels = list(pool.map(lambda sample: pixels_of(sample, source.reading), samples))
    test = {sample: count for sample, count in zip(samples, pixels, strict=True) if sample.split == "test"}
    if not any(sample.masks for sample in test):
        test = {}
    ignores = any(sample.ignored for sample in samples)
    return Extent(max(pixels, default=0), len(test), sum(test.values()), ignores)
