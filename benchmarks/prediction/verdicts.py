"""Verdicts of a finished job on new images. Images are judged one at a time, so other images change no verdict."""

import os
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import tee
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from benchmarks.answers import One
from benchmarks.errors import UsageError
from benchmarks.evaluation import decision
from benchmarks.evaluation.decision import Region, Segmentation
from benchmarks.images import AS_STORED, ImageError, Reading, decode, resize_map
from benchmarks.images.losses import said_of_images
from benchmarks.jobs.layout import POINT
from benchmarks.judging import Judge
from benchmarks.likeness import appearance, novelty
from benchmarks.likeness.novelty import Novelties, Unseen
from benchmarks.pages import Part, first
from benchmarks.prediction.regions import Regions
from benchmarks.trained import Trained
from benchmarks.wording import in_python
from datasets import is_image_name
from methods import Image, MethodError
from reports.results import Appearances

Source = Path | np.ndarray
"""An image file, or an image as (height, width, 3) uint8 RGB array."""
NOT_COMPARED = (
    "this result does not tell how its training images look, so new images are not compared with them: do the same run "
    "again with --force"
)


class Rule(NamedTuple):
    """The rule by which an image is called defective."""

    threshold: float
    area_px: int | None
    """The minimum defect area, pixels; None: no operating point was applied, so the image score decides."""
    remark: str | None = None
    """What a user must know about the rule."""


class Verdict(NamedTuple):
    """The verdict on one image. Its fields make the columns of a table, as in `pandas.DataFrame(verdicts)`."""

    path: Path | None
    """The image file; None for an image given as an array."""
    score: float | None
    """Without an operating point, the method's image score. With one, the highest level of the map at which a region
    of the minimum defect area exists, or minus infinity if less than that area of the image counts. None: the image
    cannot be read."""
    threshold: float
    defective: bool | None
    """Whether the score is strictly above the threshold. With an operating point: whether there are regions. None: the
    image cannot be read."""
    regions: list[Region] | None = None
    """The regions that make the image defective, highest peak first; None: no operating point was applied."""
    largest_area_px: int | None = None
    """Area of the largest region, pixels; 0 if there is no region, None if no operating point was applied."""
    unseen: tuple[Unseen, ...] = ()
    """What in the image training never saw, such as its size: then the score may mean nothing."""
    anomaly_map: np.ndarray | None = None
    """(h, w) float32 at the size of the image, minus infinity where nothing counts; None: it was not asked for, or the
    method gives none."""
    unreadable: str | None = None
    """Why the image cannot be read; None: it was read."""

    @classmethod
    def of(cls, path: Path | None, score: float, threshold: float, regions: list[Region] | None = None) -> Self:
        """The verdict that a score, or regions, give."""
        largest = None if regions is None else max((region.area_px for region in regions), default=0)
        return cls(path, score, threshold, score > threshold, regions, largest)


class Inspection(NamedTuple):
    """A verdict with the image, its anomaly map and its segmentation."""

    verdict: Verdict
    image: Image
    map: np.ndarray | None = None
    """(h, w) at the size of the image; None: it was not needed, or the method gives none."""
    segmentation: Segmentation | None = None
    """None: no operating point was applied."""
    ignored: np.ndarray | None = None
    """Which pixels do not count, (h, w) bool; None: all count."""
    losses: frozenset[str] = frozenset()
    """See `Decoded.losses`."""


def rule(trained: Trained, threshold: float | None = None) -> Rule:
    """The rule of the applied operating point; without one, the calibrated threshold of the image score.

    A `threshold` of the user's own takes the place of either. Raises UsageError if there is none, ResultError if the
    operating point is damaged.
    """
    point = trained.operating_point()
    if threshold is not None:
        return Rule(threshold, point and point.area_px, f"judged by the given threshold {threshold:.5g}")
    if point:
        return Rule(point.threshold, point.area_px)
    calibration = decision.calibration_scores(trained.result.images)
    if not calibration:
        raise UsageError(
            f"{trained.folder}: no normal image was held out to set a threshold; train it again with: run --calibration"
        )
    stale = f"{trained.folder / POINT} belongs to an earlier result and is not used: run finetune again"
    return Rule(decision.threshold(calibration), None, stale if trained.has_stale_point() else None)


def predict(
    trained: Trained,
    images: Iterable[str | Path | np.ndarray],
    *,
    device: str,
    threshold: float | None = None,
    ignore: Path | None = None,
    with_maps: bool = False,
    keep_unreadable: bool = False,
) -> Iterator[Verdict]:
    """Load the model and return an iterator over verdicts, in the order of the images, each computed when asked for.

    Raises what `rule` and `Trained.method` raise. Asking for the verdict of an unreadable image raises ImageError; the
    verdicts after it can still be asked for. With `keep_unreadable` its verdict says why instead. After the last image,
    or when no more are asked for, it warns of what was lost between files and pixels, and of what training never saw.
    """
    judged_by, appearances = rule(trained, threshold), trained.result.appearances
    for remark in (judged_by.remark, None if appearances else NOT_COMPARED):
        if remark:
            warnings.warn(in_python(remark), stacklevel=3)
    judged, told_of = tee(sources(images))
    judge = trained.judge(device)
    regions = Regions(trained, judge.fill, ignore)
    answers = inspect(
        judge,
        judged_by,
        judged,
        reading=trained.reading,
        regions=regions,
        appearances=appearances,
        with_maps=with_maps,
    )
    answers = _warning_afterwards(answers, regions)
    if keep_unreadable:
        answers = map(partial(_unreadable_as_verdict, threshold=judged_by.threshold), answers, told_of)
    return map(partial(_verdict, with_map=with_maps), answers)


def _warning_afterwards(
    answers: Iterator[Inspection | ImageError], regions: Regions
) -> Iterator[Inspection | ImageError]:
    losses, novelties = [], Novelties()
    try:
        for answer in answers:
            if isinstance(answer, Inspection):
                path = answer.verdict.path
                losses.append((path.name if path else "an array", answer.losses))
                novelties.add(path.name if path else "an array", answer.verdict.unseen)
            yield answer
    finally:
        lost = [sentence for _, sentence in said_of_images(losses)]
        for sentence in [*lost, *regions.remarks(), *novelties.sentences()]:
            warnings.warn(in_python(sentence), stacklevel=3)


def inspect(
    method: Judge,
    rule: Rule,
    sources: Iterable[Source],
    *,
    reading: Reading = AS_STORED,
    regions: Regions | None = None,
    appearances: Appearances | None = None,
    with_maps: bool = False,
) -> Iterator[Inspection | ImageError]:
    """Judge one image after the other: for each source, in order, an inspection or the error of an unreadable image.

    Images are compared with `appearances`, those of the training images; `regions` say what does not count in each,
    None that everything does. With maps, the map is there also where the rule does not need it, if the method gives
    one. Raises MethodError if the method gives no map where the rule needs it, or a score or map that is not finite.
    """
    if rule.area_px is not None:
        judge = _by_area
    else:
        judge = _by_score_with_map if with_maps else _by_score
    for source in sources:
        path = source if isinstance(source, Path) else None
        try:
            image, losses = _pixels(source, reading)
            ignored = regions.of(path, image.shape[-3:-1]) if regions else None
        except ImageError as error:
            yield error
            continue
        found = judge(method, rule, One(image, str(path or "an array"), ignored), path)
        unseen = novelty.unseen(appearance.of(image), appearances) if appearances else ()
        yield found._replace(verdict=found.verdict._replace(unseen=tuple(unseen)), ignored=ignored, losses=losses)


def sources(images: Iterable[str | Path | np.ndarray]) -> Iterator[Source]:
    """Yield each image; for a folder, all images at any depth in it, sorted.

    Hidden files and folders are left out, and links to folders are not followed. A folder that has no images, or cannot
    be listed, is yielded itself, so that it is reported as unreadable.
    """
    for each in [images] if isinstance(images, str | Path) else images:
        yield from [each] if isinstance(each, np.ndarray) else _files(Path(each))


def _files(path: Path) -> list[Path]:
    """The images at any depth in a folder; for a file, or a path that does not exist, the path itself."""
    found: list[Path] = []
    unlisted: list[OSError] = []
    for folder, subfolders, names in os.walk(path, onerror=unlisted.append):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if is_image_name(name)]
    return sorted([*found, *(Path(error.filename) for error in unlisted)]) or [path]


def _pixels(source: Source, reading: Reading) -> tuple[Image | Part, frozenset[str]]:
    """The pixels of an image, and what was lost between its file and them."""
    if isinstance(source, Path):
        if os.path.isdir(source):
            raise ImageError(f"{source} is a folder in which no image was found")
        decoded = decode(source, reading)
        return decoded.pixels, decoded.losses
    sides, expected = (4, "pages, height, width") if reading.every_page else (3, "height, width")
    if source.dtype != np.uint8 or source.ndim != sides or source.shape[-1] != 3 or not source.size:
        raise ImageError(f"expected a ({expected}, 3) uint8 RGB array, got {source.shape} {source.dtype}")
    return source, frozenset()


def _require_map(map: np.ndarray | None, path: Path | None) -> None:
    if map is None:
        raise MethodError(f"the method gave no anomaly map for {path or 'an array'}, which its operating point needs")


def _by_score(method: Judge, rule: Rule, image: One, path: Path | None) -> Inspection:
    (score,) = method.image_scores(image)
    return Inspection(Verdict.of(path, float(score), rule.threshold), first(image[0]))


def _by_score_with_map(method: Judge, rule: Rule, image: One, path: Path | None) -> Inspection:
    (score,) = method.score(image)
    verdict, shown = Verdict.of(path, float(score.image), rule.threshold), first(image[0])
    if score.map is None:
        return Inspection(verdict, shown)
    return Inspection(verdict, shown, resize_map(score.map, shown.shape[:2]))


def _by_area(method: Judge, rule: Rule, image: One, path: Path | None) -> Inspection:
    """Judge an image by the minimum defect area. Verdict and regions come from the same map, so they agree."""
    (map,) = method.anomaly_maps(image)
    _require_map(map, path)
    shown = first(image[0])
    map = resize_map(map, shown.shape[:2]).astype(np.float64)  # in float32 the threshold would be rounded
    ((level,),) = decision.levels([map], [rule.area_px])
    found = decision.segment(map, threshold=rule.threshold, area_px=rule.area_px)
    return Inspection(Verdict.of(path, float(level), rule.threshold, found.regions), shown, map, found)


def _unreadable_as_verdict(answer: Inspection | ImageError, source: Source, threshold: float) -> Inspection | Verdict:
    if isinstance(answer, Inspection):
        return answer
    path = source if isinstance(source, Path) else None
    return Verdict(path, None, threshold, None, unreadable=in_python(str(answer)))


def _verdict(answer: Inspection | ImageError | Verdict, *, with_map: bool) -> Verdict:
    """The verdict alone. Raises the error of an unreadable image."""
    if isinstance(answer, ImageError):
        raise answer
    if isinstance(answer, Verdict):
        return answer
    map = None if answer.map is None or not with_map else np.asarray(answer.map, np.float32)
    return answer.verdict._replace(anomaly_map=map)
