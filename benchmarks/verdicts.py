"""Verdicts of a finished job on new images: one image at a time, each whatever its company, nothing random."""

import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.errors import UsageError
from benchmarks.evaluation import decision
from benchmarks.evaluation.decision import Region, Segmentation
from benchmarks.images import ImageError, read_image, resize_map
from benchmarks.jobs.layout import POINT
from benchmarks.trained import Trained
from datasets import is_image_name
from methods import Image, Method, MethodError

Source = Path | np.ndarray
"""A file, or an image as (height, width, 3) uint8, RGB."""


class Rule(NamedTuple):
    """What makes an image defective."""

    threshold: float
    area_px: int | None
    """The minimum defect area; None: the image score decides, as no operating point was applied."""
    remark: str | None = None
    """What a user must know of it."""


class Verdict(NamedTuple):
    """What is said of one image."""

    path: Path | None
    """None: it was given as an array."""
    score: float
    """With an operating point the highest level of the map at which a region of the minimum defect area exists, minus
    infinity where the whole image is smaller than that; without one the method's image score."""
    threshold: float
    regions: list[Region] | None
    """The regions that make it defective, the highest peak first; None: no operating point was applied."""

    @property
    def defective(self) -> bool:
        """Whether it scores strictly above the threshold, which is to say, whether there are regions."""
        return self.score > self.threshold

    @property
    def largest_area_px(self) -> int | None:
        """Of the regions; 0 where there is none."""
        return None if self.regions is None else max((region.area_px for region in self.regions), default=0)


class Inspection(NamedTuple):
    """A verdict, and the pixels that it speaks of."""

    verdict: Verdict
    image: Image
    segmentation: Segmentation | None


def rule(trained: Trained) -> Rule:
    """The applied operating point, or else the calibrated threshold of the image score.

    Raises UsageError where there is neither, ResultError where the operating point is damaged.
    """
    if point := trained.operating_point():
        return Rule(point.threshold, point.area_px)
    calibration = decision.calibration_scores(trained.result.images)
    if not calibration:
        raise UsageError(
            f"{trained.folder}: no normal image was held out to set a threshold; train it again with: run --calibration"
        )
    stale = f"{trained.folder / POINT} belongs to an earlier result and is left out: finetune again"
    return Rule(decision.threshold(calibration), None, stale if trained.has_stale_point() else None)


def predict(trained: Trained, images: Iterable[str | Path | np.ndarray], *, device: str) -> Iterator[Verdict]:
    """A verdict an image, in order, each when it is asked for; the model is loaded now.

    Raises what `rule` and `Trained.method` raise; asked for the verdict of an unreadable image, ImageError: those of
    the images after it can still be asked for.
    """
    judged_by = rule(trained)
    if judged_by.remark:
        warnings.warn(judged_by.remark, stacklevel=3)
    return map(_verdict, inspect(trained.method(device), judged_by, sources(images)))


def inspect(method: Method, rule: Rule, sources: Iterable[Source]) -> Iterator[Inspection | ImageError]:
    """Look at one image after the other; an answer a source, in order. Raises MethodError for a score that is none."""
    for source in sources:
        path = source if isinstance(source, Path) else None
        try:
            image = _pixels(source)
        except ImageError as error:
            yield error
            continue
        if rule.area_px is None:
            (score,) = method.image_scores([image])
            _require_finite(score, method, path)
            yield Inspection(Verdict(path, float(score), rule.threshold, None), image, None)
        else:
            (map,) = method.anomaly_maps([image])
            _require_map(map, path)
            _require_finite(map, method, path)
            yield _by_area(map, rule, image, path)


def sources(images: Iterable[str | Path | np.ndarray]) -> Iterator[Source]:
    """What is given, one by one, with the images of a folder, and of those in it, in its place.

    A folder's are sorted; hidden ones are left out, and links to folders are not followed. A folder without images, or
    one that cannot be listed, stays itself: it is what cannot be read.
    """
    for each in [images] if isinstance(images, str | Path) else images:
        yield from [each] if isinstance(each, np.ndarray) else _files(Path(each))


def _files(path: Path) -> list[Path]:
    """The images in a folder and below; of a file, or of what is not there, itself."""
    found: list[Path] = []
    unlisted: list[OSError] = []
    for folder, subfolders, names in os.walk(path, onerror=unlisted.append):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if is_image_name(name)]
    return sorted([*found, *(Path(error.filename) for error in unlisted)]) or [path]


def _pixels(source: Source) -> Image:
    if isinstance(source, Path):
        if os.path.isdir(source):
            raise ImageError(f"{source} is a folder in which no image was found")
        return read_image(source)
    if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
        raise ImageError(f"expected (height, width, 3) uint8, RGB, got an array of {source.shape} {source.dtype}")
    return source


def _require_map(map: np.ndarray | None, path: Path | None) -> None:
    if map is None:
        raise MethodError(f"it gave no map of {path or 'an array'}, and its operating point is one of maps")


def _require_finite(score: float | np.ndarray, method: Method, path: Path | None) -> None:
    if not np.isfinite(score).all():
        raise MethodError(f"{type(method).__name__} gave a score that is not finite for {path or 'an array'}")


def _by_area(map: np.ndarray, rule: Rule, image: Image, path: Path | None) -> Inspection:
    """The decision and the regions come from the same map, so they agree."""
    map = resize_map(map, image.shape[:2]).astype(np.float64)  # or the threshold would be rounded to float32
    ((level,),) = decision.levels([map], [rule.area_px])
    found = decision.segment(map, threshold=rule.threshold, area_px=rule.area_px)
    return Inspection(Verdict(path, float(level), rule.threshold, found.regions), image, found)


def _verdict(answer: Inspection | ImageError) -> Verdict:
    if isinstance(answer, ImageError):
        raise answer
    return answer.verdict
