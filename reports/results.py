"""The stored result of one job: its fields, read and written atomically."""

import json
import operator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reports.files import write_text

FORMAT = 2
"""Increased whenever stored results of an older version can no longer be read."""


class ResultError(ValueError):
    """A stored result cannot be used; the message is one sentence naming the file."""


class DamagedResultError(ResultError):
    """A stored result is incomplete or was edited: it counts as missing."""


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Cell(Record):
    """The cell of the comparison that a job fills. Two jobs of one cell replace each other."""

    method: str
    settings: dict[str, Any]
    """Every setting of the method."""
    changed: dict[str, Any]
    """The settings that differ from the method's defaults."""
    dataset: str
    category: str
    seed: int
    shots: int | None
    """Number of normal images trained on; None: all of the fit part."""
    calibration: float | Literal["loo"]
    """Share of the normal training images held out for the threshold; `loo`: none, see `leaves_one_out`."""
    data_settings: dict[str, Any] = {}
    """How files are listed, grouped and read, where that differs from the defaults."""

    @property
    def changes(self) -> str:
        """What was set, as "name=value ..."; the settings of the data are named data.NAME."""
        told = {f"data.{name}": value for name, value in self.data_settings.items()}
        return " ".join(f"{name}={value}" for name, value in (*sorted(self.changed.items()), *sorted(told.items())))

    @property
    def leaves_one_out(self) -> bool:
        """Whether the training images set the threshold, each judged by what was learned from the others alone."""
        return self.calibration == "loo"


class ImageScore(Record):
    """The score of one image, judged by what was learned from others: it was not trained on, or it was left out."""

    path: str
    """Relative to the folder of the dataset, with forward slashes; the whole path if the file lies elsewhere."""
    part: Literal["calibration", "validation", "test"]
    """Calibration: held out from training; with leave-one-out, trained on."""
    defect: str | None
    score: float
    kinds: tuple[str, ...] = Field((), exclude_if=operator.not_)
    """The defect types, if there are several; the file has the field only then."""
    group: str | None = Field(None, exclude_if=operator.not_)
    """Its group, such as the part that it shows, if the data name one; the file has the field only then."""

    @property
    def defect_types(self) -> tuple[str, ...]:
        """The defect types that the image counts under; none for a normal image."""
        return self.kinds or ((self.defect,) if self.defect else ())


class UnlikeImage(Record):
    """A training image that scores far above the others."""

    path: str
    score: float
    deviations: float
    """Robust standard deviations above the median of all images that were ranked."""


class Ranking(Record):
    """The training images that look unlike the others, most unlike first."""

    judged: Literal["held out", "left out", "cross-fitted"]
    """How each was judged without having been learned from."""
    ranked: int
    """Number of training images that were ranked."""
    images: list[UnlikeImage]


class Range(Record):
    """The lowest and the highest of some values."""

    lowest: float
    highest: float


class Appearances(Record):
    """How the normal training images look; sides in pixels, brightness as the mean of all values (0 to 255)."""

    images: int
    height: Range
    width: Range
    aspect: Range
    """Width divided by height."""
    gray: int
    """Number of images whose three colours are equal in every pixel."""
    brightness: Range
    brightness_deviation: float
    """Standard deviation of the brightness between images."""
    pages: int = 1
    """Number of pages of each that are seen."""


class MapScale(Record):
    """The values of the anomaly maps of normal images that were not learned from."""

    middle: float
    """Median over images of the median pixel."""
    highest: float
    """Median over images of the highest pixel: one odd image does not change it."""


class PixelScores(Record):
    """Exact pixel metrics over `images` test images at their original size; None where a class has no pixels."""

    auroc: float | None
    average_precision: float | None
    aupro: float | None
    images: int
    code: str
    """Fingerprint of the code that computed them."""


class StoredEpoch(Record):
    """The end of one epoch of a fit."""

    number: int
    loss: float
    held_out_loss: float | None = None
    """Loss on images that were held out of the fit; None: there are none."""
    kept: int | None = None
    """Number of the epoch whose weights would have been kept if the fit had ended here; None: of this one."""
    image_auroc: float | None
    """Measured on the test set after this epoch (`--track-epochs`)."""
    seconds: float
    """Time since the fit began, without the evaluation on the test set."""


class Curve(Record):
    """A curve that a fit measured besides the losses of its epochs."""

    title: str
    x: str
    y: str
    """Labels of the axes."""
    points: list[tuple[float, float]]
    """(x, y) pairs, x ascending."""
    chosen: float | None
    """The x that was chosen."""


class Cost(Record):
    """Time, memory and size of a job."""

    fit_seconds: float = Field(ge=0)
    score_seconds: float = Field(ge=0)
    images_per_second: float | None = Field(gt=0)
    """None: nothing was scored."""
    why_no_seconds: str | None = None
    """Why the measured seconds above are not the cost of the method."""
    peak_memory_mb: float
    parameters: int
    device: str
    threads: int
    """Number of threads of the numeric libraries."""
    finished: str
    """Date and time, ISO 8601, UTC."""


class Result(Record):
    """The stored record of a finished job."""

    format: Literal[2] = FORMAT
    key: str
    """Digest of everything that the scores depend on, except the device."""
    code: str
    """Digest of the code that split, decoded, trained and scored."""
    cell: Cell
    data: str
    """Folder or manifest of the dataset."""
    contents: str | None = Field(None, exclude_if=operator.not_)
    """Digest of the images, their masks and labels; None: a result of before it was stored."""
    ignored: str | None = Field(None, exclude_if=operator.not_)
    """Digest of the regions that do not count; None: a result of before it was stored."""
    made: bool
    """Whether the data are synthetic."""
    trained_on: int
    """Number of training images."""
    fit: list[str] = []
    """Paths of the training images, as in `ImageScore`; empty: a result of before they were stored."""
    copies: int = 0
    """Number of held-out images that were left aside, as they are identical to a calibration image."""
    images: list[ImageScore]
    ranking: Ranking | None = None
    """None: too few training images were judged without having been learned from."""
    appearances: Appearances | None = None
    """How the training images look; None: an older version of the program did not look."""
    map_scale: MapScale | None = None
    """None: no normal image was held out, or the method gives no maps."""
    pixels: PixelScores | None
    why_no_pixels: str | None = None
    tracked: bool
    """Whether the model was evaluated on the test set after every epoch."""
    epochs: list[StoredEpoch]
    curves: list[Curve] = []
    remarks: list[str]
    versions: dict[str, str]
    machine: str
    cost: Cost


class OperatingPoint(Record):
    """A minimum defect area and a threshold for the maps of a result; they replace its calibrated threshold."""

    format: Literal[2] = FORMAT
    key: str
    """Key of the result."""
    area_px: int = Field(ge=1, lt=2**31)
    """Minimum defect area in pixels of the original image; areas are counted in 32 bits."""
    area_share: float = Field(gt=0, le=1)
    """The same as a share of the image."""
    threshold: float
    """Level of the map above which (strictly) a region of that area is a defect."""
    chosen_on: str
    """The data that the area was chosen on, as a phrase."""
    calibration_images: int = Field(ge=0)
    """Normal images that set the threshold; 0: the user gave it."""
    set_by: str | None = None
    """Path of the image whose level is the threshold; None: the user gave it."""
    threshold_of_rest: float | None = None
    """The threshold that the others of these images would set; None: there are no others."""
    promised_false_alarm_share: float | None = Field(gt=0, le=1)
    """None: leave-one-out levels set the threshold, or the user did, which promises nothing."""
    expected_false_alarm_share: float | None = Field(None, gt=0, le=1)
    """The rate to expect where none is promised."""
    images: list[ImageScore]
    """The level T_A of every test image that was not used for choosing."""
    largest_areas_px: list[int] = Field([], exclude_if=operator.not_)
    """Area of the largest region above the threshold in each of `images`, 0 for none, in pixels of the original image;
    empty: a point of before they were stored."""
    tuned_on: list[str]
    """Paths of the test images used for choosing; they no longer belong to the test set."""
    pixels: PixelScores | None
    """Pixel metrics of the remaining test images; None: all remain, and those of the result are valid."""


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
    """A stored record. Raises DamagedResultError, or ResultError where another version wrote it.

    FileNotFoundError where there is none.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:  # a folder, or a disk that fails
        raise DamagedResultError(f"{path} is damaged ({error.strerror}): delete it and run again") from None
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
    """The operating point beside a result; its key says whether it belongs to this result or an earlier one.

    Raises the errors of `read`. A point whose images are not the test images of its result is damaged.
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
    measured = len(point.largest_areas_px) in (0, len(point.images))
    return measured and left == [_labelled(image) for image in point.images] and chose == point.tuned_on


def _labelled(image: ImageScore) -> tuple:
    return image.path, image.part, image.defect, image.kinds


def _version(data: bytes) -> Any:
    """The format that a file states; NO_RECORD where it is not a JSON object."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):  # ValueError also for a number with too many digits
        return NO_RECORD
    return read.get("format") if isinstance(read, dict) else NO_RECORD
