"""What changed in the data of a job, and in the files that its method depends on, since the job was planned.

A result is stored under the key of what was planned. So a job whose images are replaced meanwhile has no result.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import fingerprint
from benchmarks.jobs import plan
from benchmarks.jobs.plan import Job
from benchmarks.naming import counted
from benchmarks.source import Source
from datasets import DataError, Sample, readable, relative_name
from methods import Method, MethodError

THEN = "do the same run again, and leave them alone until it ends"


class DataDigests(NamedTuple):
    """What a job was made from: see the fields of the same names in `reports.results.Result`.

    What is ignored stands apart: whatever results ignore, they are on the same images, masks and labels.
    """

    contents: str
    ignored: str


def require_same_data(job: Job, source: Source) -> DataDigests:
    """Return the digests of the job's data. Raise DataError, naming the files, if they are not those planned."""
    digests = fingerprint.Digests(job.digests)
    planned = {file: entry[-1] for file, entry in digests.known.items()}
    samples = source.samples(job.cell.category)
    try:
        digest = plan.data_digest(source, samples, digests)
    except OSError as error:
        raise DataError(f"{error.filename} can no longer be read ({error.strerror}): {THEN}") from None
    if plan.key(job.cell, digest, job.code) == job.key:
        counting_all = [replace(sample, ignored=None) for sample in samples]
        return DataDigests(
            contents=plan.data_digest(source, counting_all, digests),
            ignored=fingerprint.of_ignored(samples, source.base, digests),
        )
    found = list(_changes(planned, digests.known, source, samples)) or ["the list of images, their labels or masks"]
    raise DataError(f"the data of {job.cell.category} changed after the run was planned: {'; '.join(found)}: {THEN}")


def require_same_files(job: Job, method: Method) -> None:
    """Raise MethodError if the files that a method depends on are not those planned, such as one of weights."""
    now = method.depends_on()
    if changed := sorted({name for name, _ in {*now.items()} ^ {*job.depends_on.items()}}):
        told = [f"{name} {job.cell.settings.get(name) or ''}".rstrip() for name in changed]
        raise MethodError(f"{job.cell.method}: {', '.join(told)} changed after the run was planned: {THEN}")


def _changes(
    planned: Mapping[str, str], known: Mapping[str, Sequence], source: Source, samples: Sequence[Sample]
) -> Iterator[str]:
    """Which files have other contents, are new or are gone, a phrase for each kind."""
    files = list(dict.fromkeys(str(file) for sample in samples for file in sample.files))
    folder = source.folder(samples[0].category) if samples else None
    kinds = {
        "other contents": [file for file in files if planned.get(file, known[file][-1]) != known[file][-1]],
        "added": [file for file in files if file not in planned],
        "removed": sorted(file for file in planned if _is_below(file, folder) and not os.path.exists(file)),
    }
    for kind, changed in kinds.items():
        if changed:
            yield f"{kind} {counted([readable(relative_name(Path(file), source.base)) for file in changed])}"


def _is_below(file: str, folder: Path | None) -> bool:
    return folder is None or Path(file).is_relative_to(folder)
