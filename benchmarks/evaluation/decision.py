"""When an image is called defective, and where: the only home of thresholds and of the minimum defect area.

The rule of anomaly maps: an image is defective where {map > t} has an 8-connected component of at least A pixels. With
T_A(map), the highest level at which such a component exists, the rule is exactly T_A(map) > t. So T_A is an image
score, and what holds of scores and thresholds holds of it. All areas are in pixels of the original image.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from benchmarks.evaluation.metrics import compare
from reports.results import ImageScore

DEFINITIONS = {
    "threshold": "the highest calibration score, or where a minimum area is named the level that `finetune` set for "
    "it. An image that scores strictly above it is called defective. Calibration scores are those of the normal "
    "training images held out from training and, where the data have a labelled validation split, of its normal "
    "images; never of test images.",
    "promised_false_alarm_share": "1 / (n + 1) for n calibration images and their highest score, m / (n + 1) for "
    "the m-th highest: the chance that one more normal image, exchangeable with them, is called defective is at most "
    "that, on average over draws of the calibration images.",
    "true_positive_rate": "share of the defective test images called defective.",
    "false_positive_rate": "share of the normal test images called defective.",
    "balanced_accuracy": "mean of the true positive rate and 1 - the false-positive rate.",
    "missed": "defective test images not called defective.",
    "area_rule": "where `finetune --apply` stored an operating point, an image is called defective where its map has, "
    "above the threshold, an 8-connected region of at least the minimum defect area.",
    "area_image_auroc": "image AUROC of the highest level at which a region of the minimum defect area exists.",
}
"""What each number at the threshold means, for the foot of the report."""

FAR = 10
"""So many times the next highest calibration score, and the highest is that of an image unlike the others."""
AREAS = 120
"""Areas tried where the user names none."""
LARGEST_SHARE = 0.05
"""The largest of them, as a share of the image."""


def calibration_images(images: Iterable[ImageScore]) -> list[ImageScore]:
    """Those whose scores may set a threshold: normal ones, held out from training or of a validation split."""
    return [image for image in images if image.part != "test" and image.defect is None]


def calibration_scores(images: Iterable[ImageScore]) -> list[float]:
    """The scores of `calibration_images`."""
    return [image.score for image in calibration_images(images)]


def far_off(images: Iterable[ImageScore]) -> ImageScore | None:
    """The calibration image that scores more than `FAR` times the next highest one, so that the threshold is its."""
    *_, second, highest = [None, None, *sorted(calibration_images(images), key=lambda image: image.score)]
    return highest if second and highest.score > FAR * second.score > 0 else None


def threshold(calibration_scores: Sequence[float], false_alarm_share: float = 0.0) -> float:
    """The level above which (strictly) an image is called defective; by default the highest calibration score.

    As low as `promised_false_alarm_share` allows, ties included. Raises ValueError where there is no score.
    """
    if not len(calibration_scores):
        raise ValueError("expected calibration scores to set a threshold, got none: hold images out with --calibration")
    return float(thresholds(np.asarray(calibration_scores)[:, None], false_alarm_share)[0])


def thresholds(levels: np.ndarray, false_alarm_share: float = 0.0) -> np.ndarray:
    """`threshold` of each column of (n, areas) calibration levels."""
    return np.sort(levels, axis=0)[-_alarms(len(levels), false_alarm_share)]


def promised_false_alarm_share(calibration_images: int, false_alarm_share: float = 0.0) -> float:
    """The false-alarm share that `calibration_images` normal images promise where `false_alarm_share` is wanted.

    A new normal image exchangeable with n others takes each of the n + 1 places in their order with equal chance, so it
    lies above the m-th highest of the n with a chance of at most m / (n + 1): that is promised, for the largest m that
    the wanted share allows. Nothing below 1 / (n + 1) can be promised; no image promises nothing: 1. The promise is an
    average over draws of the calibration images (split conformal prediction; Vovk, Gammerman and Shafer, 2005), not a
    bound for each draw.
    """
    return _alarms(calibration_images, false_alarm_share) / (calibration_images + 1)


def _alarms(calibration_images: int, false_alarm_share: float) -> int:
    """Which of the calibration scores, counted from the highest, is the threshold."""
    rounding = 1e-9  # 0.1 * 10 is 1
    return min(max(1, int(false_alarm_share * (calibration_images + 1) + rounding)), max(1, calibration_images))


def area_share(area_px: float, shape: tuple[int, int]) -> float:
    """An area as a share of an image of (height, width) pixels."""
    return area_px / (shape[0] * shape[1])


def default_areas(shape: tuple[int, int]) -> np.ndarray:
    """Areas to try on images of (height, width) pixels: from one pixel on in equal ratios, int, rising."""
    largest = max(1.0, LARGEST_SHARE * shape[0] * shape[1])
    return np.unique(np.rint(np.geomspace(1, largest, AREAS)).astype(int))


def levels(maps: Sequence[np.ndarray], areas_px: Sequence[int]) -> np.ndarray:
    """T_A of each (h, w) map for each area A: (maps, areas), minus infinity for areas larger than a map.

    Several maps are read at a time, and no more.
    """
    from benchmarks.evaluation.component_tree import ComponentTree  # its compiler is not loaded to report

    with ThreadPoolExecutor() as pool:  # the tree is built outside the interpreter's lock
        rows = list(pool.map(lambda index: ComponentTree(maps[index]).level_at_area(areas_px), range(len(maps))))
    return np.array(rows).reshape(len(rows), len(areas_px))


class Rates(NamedTuple):
    """What thresholds do to tuning or test images; arrays, one value an area."""

    true_positive: np.ndarray
    true_negative: np.ndarray

    @property
    def balanced_accuracy(self) -> np.ndarray:
        """Mean of both rates."""
        return (self.true_positive + self.true_negative) / 2


def judge(normal: np.ndarray, defective: np.ndarray, thresholds: np.ndarray) -> Rates:
    """The rates of (n, areas) and (m, areas) levels at a threshold for each area; NaN for a class without images."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (defective > thresholds).sum(axis=0) / np.float64(len(defective))
        passed = (normal <= thresholds).sum(axis=0) / np.float64(len(normal))
    return Rates(found, passed)


def aurocs_by_area(normal: np.ndarray, defective: np.ndarray) -> np.ndarray:
    """Image AUROC of T_A for each area, of (n, areas) and (m, areas) levels."""
    return np.array([compare(*classes).auroc() for classes in zip(normal.T, defective.T, strict=True)])


def best_area(aurocs: np.ndarray) -> int:
    """The index of the area with the highest AUROC: the middle of the longest run of equals.

    By AUROC and not by the rates at a threshold, because few images set a threshold and its noise would choose.
    """
    best = np.flatnonzero(aurocs == aurocs.max())
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    run = max(runs, key=len)
    return int(run[len(run) // 2])


class OraclePoint(NamedTuple):
    """The pair of area and threshold that no other excels on the images it is judged by."""

    index: int
    threshold: float
    true_positive_rate: float
    true_negative_rate: float


def oracle(normal: np.ndarray, defective: np.ndarray) -> OraclePoint:
    """The best pair for (n, areas) and (m, areas) levels by balanced accuracy, knowing all labels."""
    points = [_best_threshold(normal[:, index], defective[:, index], index) for index in range(normal.shape[1])]
    return max(points, key=lambda point: point.true_positive_rate + point.true_negative_rate)


def _best_threshold(normal: np.ndarray, defective: np.ndarray, index: int) -> OraclePoint:
    candidates = np.unique(normal)
    passed = np.searchsorted(np.sort(normal), candidates, side="right") / len(normal)
    found = 1 - np.searchsorted(np.sort(defective), candidates, side="right") / len(defective)
    best = int(np.argmax(passed + found))
    return OraclePoint(index, float(candidates[best]), float(found[best]), float(passed[best]))


class Region(NamedTuple):
    """An 8-connected component of {map > threshold}."""

    box: tuple[int, int, int, int]
    """Top, left, bottom, right in pixels; bottom and right are the first row and column outside."""
    area_px: int
    peak: float
    """The highest level of the map in it."""


class Segmentation(NamedTuple):
    """Where a map lies above a threshold, divided by the size of the regions."""

    accepted: np.ndarray
    """(h, w) bool: regions of at least the minimum defect area."""
    rejected: np.ndarray
    """(h, w) bool: smaller ones."""
    regions: list[Region]
    """The accepted ones, the highest peak first."""


def segment(map: np.ndarray, *, threshold: float, area_px: int) -> Segmentation:
    """The components of an (h, w) map above a threshold; the image is defective where `regions` is not empty."""
    from skimage.measure import label, regionprops

    labels = label(map > np.float64(threshold), connectivity=2)  # not rounded to the map's precision
    large = [found for found in regionprops(labels, intensity_image=map) if found.area >= area_px]
    accepted = np.isin(labels, [found.label for found in large])
    regions = [Region(found.bbox, int(found.area), float(found.intensity_max)) for found in large]
    regions.sort(key=lambda region: -region.peak)
    return Segmentation(accepted, (labels > 0) & ~accepted, regions)
