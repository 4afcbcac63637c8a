"""The stored result of one job: its fields, read and written atomically."""

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reports.files import write_text

FORMAT = 2
"""Rises whenever a stored result of an older version can no longer be read."""


class ResultError(ValueError):
    """A stored result cannot be used; the message is one sentence naming the file."""


class DamagedResultError(ResultError):
    """A stored result is torn or was edited: it counts as missing."""


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Cell(Record):
    """Which cell of the comparison a job fills. Two jobs of one cell replace each other."""

    method: str
    settings: dict[str, Any]
    """Every setting of the method."""
    changed: dict[str, Any]
    """Those that differ from the method's defaults."""
    dataset: str
    category: str
    seed: int
    shots: int | None
    """Number of normal images trained on; None: all of the fit part."""
    calibration: float
    """Share of the normal training images held out for the threshold."""


class ImageScore(Record):
    """The score of one image that was not trained on."""

    path: str
    """Relative to the dataset's root, with forward slashes."""
    part: Literal["calibration", "validation", "test"]
    defect: str | None
    score: float


class PixelScores(Record):
    """Exact pixel metrics over `images` test images at their original size; a metric without its classes is None."""

    auroc: float | None
    average_precision: float | None
    aupro: float | None
    images: int
    code: str
    """Fingerprint of the code that measured."""


class StoredEpoch(Record):
    """The end of one epoch of a fit."""

    number: int
    loss: float
    held_out_loss: float | None = None
    """On images held out, by which the weights of the best epoch are kept; None: those of the last one are."""
    image_auroc: float | None
    """Of a look at the test set (`--track-epochs`)."""
    seconds: float
    """Since the fit began, without looking at the test set."""


class Curve(Record):
    """What a fit measured besides the losses of its epochs."""

    title: str
    x: str
    y: str
    """What stands at the axes."""
    points: list[tuple[float, float]]
    """(x, y), by rising x."""
    chosen: float | None
    """The x that was taken."""


class Cost(Record):
    """What a job took."""

    fit_seconds: float
    score_seconds: float
    images_per_second: float | None
    """None: nothing was scored."""
    why_no_seconds: str | None = None
    """Why the seconds above, which were measured, are not what the method costs."""
    peak_memory_mb: float
    parameters: int
    device: str
    threads: int
    """Threads that the numeric libraries were given."""
    finished: str
    """Date and time, ISO 8601, UTC."""


class Result(Record):
    """All that is kept of a finished job."""

    format: Literal[2] = FORMAT
    key: str
    """Digest of what the scores depend on, but for the device."""
    code: str
    """Digest of the code that split, decoded, learned and scored."""
    cell: Cell
    data: str
    """Folder of the dataset."""
    made: bool
    trained_on: int
    """Number of images fitted on."""
    images: list[ImageScore]
    pixels: PixelScores | None
    why_no_pixels: str | None = None
    tracked: bool
    """Whether the test set was looked at after every epoch."""
    epochs: list[StoredEpoch]
    curves: list[Curve] = []
    remarks: list[str]
    versions: dict[str, str]
    machine: str
    cost: Cost


class OperatingPoint(Record):
    """A minimum defect area and a threshold for the maps of a result, in whose place the report judges by them."""

    format: Literal[2] = FORMAT
    key: str
    """Of the result."""
    area_px: int = Field(ge=1, lt=2**31)
    """Minimum defect area in pixels of the original image; areas are counted in 32 bits."""
    area_share: float = Field(gt=0, le=1)
    """The same as a share of the image."""
    threshold: float
    """Level of the map above which (strictly) a region of that area is a defect."""
    chosen_on: str
    """What the area was chosen on, as a phrase."""
    calibration_images: int = Field(ge=1)
    """Normal images that set the threshold."""
    promised_false_alarm_share: float = Field(gt=0, le=1)
    images: list[ImageScore]
    """The level T_A of every test image that nothing was chosen on."""
    tuned_on: list[str]
    """Paths of the test images that chose; they have left the test set."""
    pixels: PixelScores | None
    """Pixel metrics of the test images that are left, where some have left; None: those of the result hold."""


class Failure(Record):
    """Why a job has no result."""

    format: Literal[2] = FORMAT
    key: str
    cell: Cell
    reason: str
    """One sentence."""
    tail: str
    """The end of the job's error output."""


NO_RECORD = object()
Stored = TypeVar("Stored", Result, Failure, OperatingPoint)


def write(path: Path, record: Result | Failure | OperatingPoint) -> None:
    """Store a record atomically."""
    write_text(path, record.model_dump_json(indent=1) + "\n")


def read(path: Path, kind: type[Stored]) -> Stored:
    """A stored record. Raises DamagedResultError, or ResultError where another version wrote it."""
    data = path.read_bytes()
    try:
        record = kind.model_validate_json(data)
    except ValidationError as error:
        record, reason = None, str(error).splitlines()[0]
    if record is not None and "format" in record.model_fields_set:
        return record
    version = _version(data)
    if version is NO_RECORD or version == FORMAT:
        raise DamagedResultError(f"{path} is damaged ({reason}): delete it and run again")
    raise ResultError(
        f"{path} was written by another version (format {version}, this one reads {FORMAT}): "
        "choose another --results folder"
    )


def read_point(path: Path, result: Result) -> OperatingPoint:
    """The operating point of a result, or, as its key tells, of an earlier one.

    Raises what `read` does; a point whose images are not the test images of its result is damaged.
    """
    point = read(path, OperatingPoint)
    if point.key == result.key and not _has_images_of(point, result):
        raise DamagedResultError(
            f"{path} is damaged (its images are not the test images of the result beside it): delete it and run again"
        )
    return point


def _has_images_of(point: OperatingPoint, result: Result) -> bool:
    test, tuned_on = [image for image in result.images if image.part == "test"], set(point.tuned_on)
    left = [_labelled(image) for image in test if image.path not in tuned_on]
    chose = [image.path for image in test if image.path in tuned_on]
    return left == [_labelled(image) for image in point.images] and chose == point.tuned_on


def _labelled(image: ImageScore) -> tuple[str, str, str | None]:
    return image.path, image.part, image.defect


def _version(data: bytes) -> Any:
    """The format that a file names; NO_RECORD where it is no JSON object."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):  # a number may have too many digits, too
        return NO_RECORD
    return read.get("format") if isinstance(read, dict) else NO_RECORD
