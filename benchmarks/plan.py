"""methods x categories x seeds -> jobs, each with a key made of everything its result depends on."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict
from rich.filesize import decimal

from benchmarks import fingerprint, plugins, split
from benchmarks.errors import UsageError
from benchmarks.plugins import Choice
from datasets import DataError, Dataset, Sample
from reports.results import Cell, DamagedResultError, Failure, Result, read

PREPARING = ("benchmarks.split", "benchmarks.images")
"""The code of this package on which scores depend."""
DIGESTS = "digests.json"
LONGEST_NAME = 200
"""Characters of a folder's name: file systems take 255 bytes, and some programs add to it."""
RESULT_BYTES = 1_000_000
"""Room for a job's result and log."""


@dataclass(frozen=True)
class Request:
    """What a user asked to run."""

    choices: Sequence[Choice]
    dataset: str
    root: Path
    results: Path
    categories: Sequence[str] = ()
    """None named: all there are."""
    seeds: Sequence[int] = (0,)
    shots: int | None = None
    calibration: float = split.CALIBRATION
    device: str = "auto"
    track_epochs: bool = False
    keep_models: bool = True


class Job(BaseModel):
    """One cell to fill, and where its files lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell: Cell
    key: str
    code: str
    root: Path
    folder: Path
    device: str
    track_epochs: bool
    keep_model: bool

    @property
    def name(self) -> str:
        """How progress and errors call it."""
        return f"{self.cell.method} {self.cell.category} seed {self.cell.seed}"


def plan(request: Request, advance: Callable[[str], None] = lambda category: None) -> list[Job | Failure]:
    """Every job of a request, in the order of its report; a category whose data cannot be used is a Failure.

    Raises DataError where no category is usable at all, UsageError for an unknown category.
    """
    dataset = plugins.dataset(request.dataset)
    digests = fingerprint.Digests(request.results / DIGESTS)
    codes = {choice.name: code(choice) for choice in request.choices}
    planned: list[Job | Failure] = []
    reasons = []
    for category in chosen_categories(dataset, request.root, request.categories):
        advance(category)
        try:
            data = _usable_data(dataset, request, category, digests)
        except DataError as error:
            reasons.append(error)
            planned += [Failure(key="", cell=cell, reason=str(error), tail="") for cell in _cells(request, category)]
        else:
            planned += [_job(cell, request, data, codes[cell.method]) for cell in _cells(request, category)]
    digests.save()
    if not any(isinstance(job, Job) for job in planned):
        raise reasons[0]
    return planned


def chosen_categories(dataset: Dataset, root: Path, wanted: Sequence[str]) -> list[str]:
    """The categories asked for, or all. Raises DataError, or UsageError naming the nearest category."""
    known = dataset.categories(root)
    for category in wanted:
        if category not in known:
            raise plugins.nearest("category", category, known)
    return list(dict.fromkeys(wanted)) or known


def _usable_data(dataset: Dataset, request: Request, category: str, digests: fingerprint.Digests) -> str:
    """The fingerprint of a category's data. Raises DataError where a job on them could not begin."""
    samples: list[Sample] = list(dataset.samples(request.root, category))
    for seed in request.seeds:
        split.divide(samples, seed=seed, shots=request.shots, calibration=request.calibration)
    try:
        return data_digest(dataset, samples, request.root, digests)
    except OSError as error:
        raise DataError(f"category {category}: cannot read {error.filename}: {error.strerror}") from None


def data_digest(dataset: Dataset, samples: Iterable[Sample], root: Path, digests: fingerprint.Digests) -> str:
    """The fingerprint of a category's data. Raises OSError naming the file that cannot be read."""
    return fingerprint.of_json([fingerprint.of_data(samples, root, digests), dataset.mask_above])


def key(cell: Cell, data: str, code: str) -> str:
    """What tells a result from that of other settings, data or code."""
    return fingerprint.of_json([cell.model_dump(), data, code])


def code(choice: Choice) -> str:
    """Digest of a method's code, of what it depends on outside its settings, and of the code that feeds it."""
    digest = fingerprint.of_code([f"methods.{choice.name}", *PREPARING])
    return fingerprint.of_json([digest, choice.method.depends_on()])


def _cells(request: Request, category: str) -> Iterator[Cell]:
    for choice in request.choices:
        for seed in request.seeds:
            yield Cell(
                method=choice.name,
                settings=choice.settings,
                changed=choice.changed,
                dataset=request.dataset,
                category=category,
                seed=seed,
                shots=request.shots,
                calibration=request.calibration,
            )


def _job(cell: Cell, request: Request, data: str, code: str) -> Job:
    return Job(
        cell=cell,
        key=key(cell, data, code),
        code=code,
        root=request.root,
        folder=folder(request.results, cell),
        device=request.device,
        track_epochs=request.track_epochs,
        keep_model=request.keep_models,
    )


def folder(results: Path, cell: Cell) -> Path:
    """Where a cell's files lie: always inside `results`, whatever the category is called."""
    variant = fingerprint.of_json([cell.dataset, cell.settings, cell.shots, cell.calibration])[:8]
    return results / "jobs" / cell.method / folder_name(cell.category) / f"seed-{cell.seed}-{variant}"


def folder_name(category: str) -> str:
    """A name for the folder of a category, of what every file system takes; a long one ends with a digest."""
    name = quote(category, safe=" ").replace(".", "%2E")
    if len(name) <= LONGEST_NAME:
        return name
    whole = re.sub("%.?$", "", name[:LONGEST_NAME])  # no half of a quoted byte at the end
    return f"{whole}-{fingerprint.of_json(category)[:8]}"


def stored(job: Job) -> Result | None:
    """What is stored of the job's cell, of this or another key. Raises ResultError where another version wrote it."""
    try:
        return read(job.folder / "result.json", Result)
    except (FileNotFoundError, DamagedResultError):
        return None


def finished(job: Job) -> bool:
    """Whether the job's result is stored already. Raises ResultError where another version wrote it."""
    result = stored(job)
    return result is not None and result.key == job.key and (result.tracked or not job.track_epochs)


def require_same_data(jobs: Iterable[Job]) -> None:
    """Raises UsageError where a job would replace a result on images of another folder that is still there."""
    for job in jobs:
        result = stored(job)
        if result and result.data != str(job.root) and Path(result.data).is_dir():
            raise UsageError(
                f"{job.folder} holds the result of {job.name} on the images in {result.data}, not in {job.root}: "
                "name another folder with --results, or replace it with --force"
            )


def has_model(job: Job) -> bool:
    """Whether the model of the job's result is kept beside it."""
    key = job.folder / "model" / "key"
    return key.is_file() and key.read_text(encoding="utf-8", errors="replace") == job.key


def require_space(jobs: Sequence[Job], results: Path) -> int:
    """Bytes of disk that the jobs will take. Raises UsageError where there is not that much left."""
    sizes = {job.cell.method: plugins.choose(job.cell.method, job.cell.settings).method.model_bytes() for job in jobs}
    needed = sum(sizes[job.cell.method] * job.keep_model + RESULT_BYTES for job in jobs)
    free = shutil.disk_usage(results).free
    if needed > free:
        raise UsageError(
            f"--results {results}: {len(jobs)} jobs need about {decimal(needed)} and {decimal(free)} are free: "
            "use another folder, or --keep-models none"
        )
    return needed


def default_data(dataset: str) -> Path:
    """`$BENCHMARKS_DATA/DATASET`, or `data/DATASET` where the variable is not set."""
    return Path(os.environ.get("BENCHMARKS_DATA", "data")) / dataset
