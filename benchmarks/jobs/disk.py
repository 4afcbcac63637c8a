"""The disk that jobs take: models, results, and the maps of those that are at work."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.filesize import decimal

from benchmarks import answers, plugins
from benchmarks.errors import UsageError
from benchmarks.jobs.extent import Extent
from benchmarks.jobs.plan import Job
from methods import Method

RESULT_BYTES = 1_000_000
"""Room for a job's result and log."""
FILL_BYTES = 3
"""For each pixel of the largest image, where some do not count: the mean that methods see there."""
MAP_BYTES = 4
"""For each pixel of a map."""
MAP_PX = 256**2
"""A map is counted with so many pixels, or those of its image if these are more. Most maps are smaller."""


def require_space(jobs: Sequence[Job], results: Path, extents: Mapping[str, Extent], *, at_once: int) -> int:
    """Bytes of disk that the jobs will take. Raises UsageError where there is not that much left.

    Maps of test images lie there until they are measured, so only those of the jobs at work count.
    """
    methods = {job.cell.method: plugins.choose(job.cell.method, job.cell.settings).method for job in jobs}
    kept = sum(
        _model_bytes(methods[job.cell.method], job) + _fill_bytes(extents[job.cell.category])
        for job in jobs
        if job.keep_model
    )
    kept += RESULT_BYTES * len(jobs)
    maps = sum(sorted(_map_bytes(extents[job.cell.category]) for job in jobs)[-at_once:])
    free = shutil.disk_usage(results).free
    if kept + maps > free:
        of_maps = f", {decimal(maps)} of it for maps while they run," if maps else ""
        raise UsageError(
            f"--results {results}: {len(jobs)} jobs need about {decimal(kept + maps)}{of_maps} and {decimal(free)} are "
            "free: use another folder, or --keep-models none"
        )
    return kept + maps


def _model_bytes(method: Method, job: Job) -> int:
    places = job.places if method.learns_by_place else 1
    return places * answers.count(method.model_bytes(job.fit_images // places), "the bytes of its model", method)


def _fill_bytes(extent: Extent) -> int:
    return FILL_BYTES * extent.largest_px if extent.ignores else 0


def _map_bytes(extent: Extent) -> int:
    return MAP_BYTES * max(extent.measured_px, MAP_PX * extent.measured)
