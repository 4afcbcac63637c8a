"""methods x categories x seeds -> jobs, each with a key of its settings, data and code; the device is not in it."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from benchmarks import fingerprint, images, split
from benchmarks.data_settings import UNTOLD, DataSettings
from benchmarks.jobs import layout
from benchmarks.marks import DIGESTS
from benchmarks.plugins import Choice
from benchmarks.source import Source
from benchmarks.tiling import counting
from datasets import DataError, Sample
from reports.results import Cell, Failure

PREPARING = ("benchmarks.split", "benchmarks.images", "benchmarks.judging")
"""The code of this package on which scores depend."""


@dataclass(frozen=True)
class Request:
    """What a user asked to run."""

    choices: Sequence[Choice]
    dataset: str
    root: Path
    results: Path
    data_settings: DataSettings = UNTOLD
    categories: Sequence[str] = ()
    """None named: all there are."""
    seeds: Sequence[int] = (0,)
    shots: int | None = None
    calibration: split.Calibration = split.CALIBRATION
    device: str = "auto"
    track_epochs: bool = False
    keep_models: bool = True

    @property
    def source(self) -> Source:
        """Where the images come from. Raises UsageError for an unknown dataset or setting."""
        return Source.named(self.dataset, self.root, self.data_settings)


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
    fit_images: int = 0
    """Number of images that the method trains on; with tiles, of tiles."""
    scored_images: int = 0
    """Number of images that it scores, of calibration, validation and test; with tiles, of tiles."""
    training_images: int = 0
    """Number of images to train on, each counted once, whatever its tiles."""
    setting_images: int = 0
    """Number of normal images that set the threshold, as planned; identical ones count once in the result."""
    whole_images: int = 0
    """Number of images to train on and to score, each counted once, whatever its tiles."""
    places: int = 1
    """Number of tiles of an image, which have a method each where it learns by place."""
    depends_on: dict[str, str] = {}
    """What the method depends on besides settings, data and code, such as the digest of a file of weights."""
    digests: Path = Path(DIGESTS)
    """Store of the digests of the files that were planned."""

    @property
    def name(self) -> str:
        """How progress and errors call it."""
        return f"{self.cell.method} {self.cell.category} seed {self.cell.seed}"


def plan(request: Request, advance: Callable[[str], None] = lambda category: None) -> list[Job | Failure]:
    """Every job of a request, in the order of its report; a category whose data cannot be used is a Failure.

    Raises DataError where no category is usable at all, UsageError for an unknown category.
    """
    source = request.source
    digests = fingerprint.Digests(request.results / DIGESTS)
    depended = {choice.name: dict(choice.method.depends_on()) for choice in request.choices}
    codes = {name: _code(name, files) for name, files in depended.items()}
    planned: list[Job | Failure] = []
    reasons = []
    for category in source.chosen(request.categories):
        advance(category)
        try:
            usable = _usable(source, request, category, digests)
        except DataError as error:
            reasons.append(error)
            planned += [Failure(key="", cell=cell, reason=str(error), tail="") for cell in _cells(request, category)]
        else:
            planned += [
                _job(cell, request, usable, codes[cell.method], depended[cell.method])
                for cell in _cells(request, category)
            ]
    digests.save()
    if not any(isinstance(job, Job) for job in planned):
        raise reasons[0]
    return planned


class Counts(NamedTuple):
    """The numbers of images of a job: see the fields of the same names in `Job`."""

    fit_images: int
    scored_images: int
    training_images: int
    setting_images: int
    whole_images: int
    places: int


class _Usable(NamedTuple):
    """The images of a category that jobs can begin on."""

    digest: str
    counts: dict[int, Counts]
    """By seed."""


def _usable(source: Source, request: Request, category: str, digests: fingerprint.Digests) -> _Usable:
    """Raises DataError where a job on the images of a category could not begin."""
    samples = source.samples(category)
    shapes = images.shapes_of(samples, source.reading) if source.reading.tile else {}
    counts = {}
    for seed in request.seeds:
        parts = split.divide(samples, seed=seed, shots=request.shots, calibration=request.calibration)
        counts[seed] = _counts(parts, shapes, source.reading)
    try:
        return _Usable(data_digest(source, samples, digests), counts)
    except OSError as error:
        raise DataError(f"category {category}: cannot read {error.filename}: {error.strerror}") from None


def _counts(parts: split.Parts, shapes: Mapping[Sample, tuple[int, int]], reading: images.Reading) -> Counts:
    """Without tiles an image counts as one, and no shape is needed."""
    scored = [*parts.calibration, *parts.validation, *parts.test]
    return Counts(
        fit_images=sum(counting.learned_of(shapes.get(sample), reading) for sample in parts.fit),
        scored_images=sum(counting.seen_of(shapes.get(sample), reading) for sample in scored),
        training_images=len(parts.fit),
        setting_images=len(parts.setting),
        whole_images=len(parts.fit) + len(scored),
        places=max(counting.seen_of(shapes.get(sample), reading) for sample in parts.fit),
    )


def data_digest(source: Source, samples: Iterable[Sample], digests: fingerprint.Digests) -> str:
    """The fingerprint of a category's data. Raises OSError naming the file that cannot be read."""
    return fingerprint.of_json([fingerprint.of_data(samples, source.base, digests), source.reading.mask_above])


def key(cell: Cell, data: str, code: str) -> str:
    """What tells a result from that of other settings, data or code."""
    return fingerprint.of_json([cell.model_dump(), data, code])


def code(choice: Choice) -> str:
    """Digest of a method's code, of what it depends on outside its settings, and of the code that feeds it."""
    return _code(choice.name, choice.method.depends_on())


def _code(method: str, depends_on: Mapping[str, str]) -> str:
    return fingerprint.of_json([fingerprint.of_code([f"methods.{method}", *PREPARING]), dict(depends_on)])


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
                data_settings=request.data_settings.changed,
            )


def _job(cell: Cell, request: Request, usable: _Usable, code: str, depends_on: dict[str, str]) -> Job:
    return Job(
        cell=cell,
        key=key(cell, usable.digest, code),
        code=code,
        root=request.root,
        folder=layout.of_cell(request.results, cell),
        device=request.device,
        track_epochs=request.track_epochs,
        keep_model=request.keep_models,
        **usable.counts[cell.seed]._asdict(),
        depends_on=depends_on,
        digests=request.results / DIGESTS,
    )


def default_data(dataset: str) -> Path:
    """`$BENCHMARKS_DATA/DATASET`, or `data/DATASET` where the variable is not set."""
    return Path(os.environ.get("BENCHMARKS_DATA", "data")) / dataset
