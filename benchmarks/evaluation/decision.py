"""Thresholds and the minimum defect area: they decide whether an image is called defective, and where.

The rule for anomaly maps: an image is called defective if {map > t} has an 8-connected component of at least A pixels.
Let T_A(map) be the highest level at which such a component exists. Then the rule is exactly T_A(map) > t. So T_A is an
image score, and everything here about scores and thresholds applies to it. Areas are in pixels of the original image.

Two terms: a *false alarm* is a normal image that is called defective. The *false-positive rate* is the share of normal
images that are false alarms. `false_alarm_share` in names is this rate.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from benchmarks.evaluation.metrics import compare
from reports.results import ImageScore

DEFINITIONS = {
    "threshold": "an image that scores strictly above it is called defective. It is the highest calibration score or, "
    "if a minimum area is given, the level that `finetune` set for that area; no test image sets it.",
    "promised_false_alarm_share": "1 / (n + 1) for n calibration images (m / (n + 1) if the m-th highest score is the "
    "threshold). It holds on average over draws of them, for new normal images that are exchangeable with them.",
    "expected_false_alarm_share": "1 / (n + 1) for n training images that were left out one at a time (m / (n + 1) if "
    "the m-th highest score is the threshold). It is to be expected of a method that one image more or less hardly "
    "changes, and is no promise: new images are judged by one image more than the n are, and training images that are "
    "nearly alike, or overlap, make the threshold too low.",
    "true_positive_rate": "share of the defective test images that are called defective.",
    "false_positive_rate": "share of the normal test images that are called defective; each of them is a false alarm.",
    "balanced_accuracy": "mean of the true positive rate and 1 - the false-positive rate.",
    "missed": "number of defective test images that are not called defective, a mean over seeds if there are several.",
    "area_rule": "if `finetune --apply` stored an operating point, an image is called defective if its map has an "
    "8-connected region above the threshold of at least the minimum defect area.",
    "area_image_auroc": "image AUROC of the highest level at which a region of the minimum defect area exists.",
}
"""Meaning of each number at the threshold, for the foot of the report."""

AREAS = 120
"""Number of areas to try if the user names none."""
LARGEST_SHARE = 0.05
"""The largest of these areas, as a share of the image."""
THREADS = 8
AT_ONCE_PX = 40_000_000
"""The most pixels of maps whose components are found at once, as long as more than one map is: each takes 40 bytes."""


def calibration_images(images: Iterable[ImageScore]) -> list[ImageScore]:
    """The images whose scores may set a threshold: normal, and no test image."""
    return [image for image in images if image.part != "test" and image.defect is None]


def calibration_scores(images: Iterable[ImageScore]) -> list[float]:
    """The scores of the calibration images."""
    return [image.score for image in calibration_images(images)]


def threshold(calibration_scores: Sequence[float], false_alarm_share: float = 0.0) -> float:
    """The threshold: an image that scores strictly above it is called defective.

    By default it is the highest calibration score. It is as low as `promised_false_alarm_share` allows, ties included.
    Raises ValueError if there is no score.
    """
    if not len(calibration_scores):
        raise ValueError("expected calibration scores to set a threshold, got none: hold images out with --calibration")
    return float(thresholds(np.asarray(calibration_scores)[:, None], false_alarm_share)[0])


def thresholds(levels: np.ndarray, false_alarm_share: float = 0.0) -> np.ndarray:
    """The threshold of each column of (n, areas) calibration levels; see `threshold`."""
    return np.sort(levels, axis=0)[-_alarms(len(levels), false_alarm_share)]


class Setter(NamedTuple):
    """The calibration image whose score is the threshold."""

    index: int
    threshold_of_rest: float | None
    """The threshold that the other images would set, by the score of the same rank; None: there is none."""


def setter(calibration_scores: Sequence[float], false_alarm_share: float = 0.0) -> Setter:
    """The image that sets the `threshold`; among equal scores the last. Raises ValueError if there is no score."""
    if not len(calibration_scores):
        raise ValueError("expected calibration scores to find the one that sets the threshold, got none")
    order = np.argsort(calibration_scores, kind="stable")
    place = len(order) - _alarms(len(order), false_alarm_share)
    return Setter(int(order[place]), float(calibration_scores[order[place - 1]]) if place else None)


def promised_false_alarm_share(calibration_images: int, false_alarm_share: float = 0.0) -> float:
    """The false-positive rate that n held-out `calibration_images` can promise, if `false_alarm_share` is wanted.

    A new normal image exchangeable with n others takes each of the n + 1 ranks among them with equal probability. So it
    lies above the m-th highest of the n with a probability of at most m / (n + 1). This is promised, for the largest m
    that the wanted rate allows. Less than 1 / (n + 1) cannot be promised; without images, the promised rate is 1. The
    promise is an average over draws of the calibration images, not a bound for each draw (split conformal prediction;
    Vovk, Gammerman and Shafer, 2005).
    """
    return _alarms(calibration_images, false_alarm_share) / (calibration_images + 1)


class FalseAlarmShare(NamedTuple):
    """The false-positive rate of a threshold as it may be called, promised or only expected; the other is None."""

    promised_false_alarm_share: float | None
    expected_false_alarm_share: float | None


def false_alarm_share(calibration_images: int, wanted: float = 0.0, *, leaves_one_out: bool) -> FalseAlarmShare:
    """The rate of `promised_false_alarm_share`, which is no promise if training images were left out one at a time.

    A promise needs scores that treat the n images and a new one alike. Leave-one-out scores do not: each of the n is
    judged by n - 1 images, the new one by n. This is the jackknife. It has no guarantee for all methods, as the
    jackknife+ has; for those that one image hardly changes the rate is nearly that of held-out images (Barber, Candes,
    Ramdas, Tibshirani: Predictive inference with the jackknife+, Annals of Statistics 49 (1), 2021, arXiv 1905.02928).

    A distance to the nearest of all stored features errs on the safe side: judged beside the new image too, no one of
    the n would score higher, so the threshold is at least that of scores that treat all alike. But a standardisation
    by the stored features, or a selection of them, breaks this argument unless it is done again without each image.
    PatchCore's selection is not: how often it alarms was measured, in docs/measurements/leave-one-out.md.
    """
    share = promised_false_alarm_share(calibration_images, wanted)
    return FalseAlarmShare(None, share) if leaves_one_out else FalseAlarmShare(share, None)


def _alarms(calibration_images: int, false_alarm_share: float) -> int:
    """The rank m, counted from the highest, of the calibration score that is the threshold."""
    rounding = 1e-9  # a product such as 0.1 * 10 may come out just below the whole number
    return min(max(1, int(false_alarm_share * (calibration_images + 1) + rounding)), max(1, calibration_images))


def counts(
    normal: np.ndarray, defective: np.ndarray, threshold: float | None, suffix: str = ""
) -> dict[str, int | None]:
    """The numbers of defective images missed and of false alarms at a threshold; None without one."""
    if threshold is None:
        return {f"missed{suffix}": None, f"false_alarms{suffix}": None}
    missed, alarms = int((defective <= threshold).sum()), int((normal > threshold).sum())
    return {f"missed{suffix}": missed, f"false_alarms{suffix}": alarms}


def area_share(area_px: float, shape: tuple[int, int]) -> float:
    """An area as a share of an image of (height, width) pixels."""
    return area_px / (shape[0] * shape[1])


def default_areas(shape: tuple[int, int]) -> np.ndarray:
    """Areas to try on images of (height, width) pixels: integers from 1 on, in equal ratios, increasing."""
    largest = max(1.0, LARGEST_SHARE * shape[0] * shape[1])
    return np.unique(np.rint(np.geomspace(1, largest, AREAS)).astype(int))


def levels(maps: Sequence[np.ndarray], areas_px: Sequence[int]) -> np.ndarray:
    """T_A of each (h, w) map for each area A, as (maps, areas); minus infinity for areas larger than a map.

    Only a few maps are in memory at a time: fewer where they are large.
    """
    from benchmarks.evaluation.component_tree import ComponentTree  # loads numba, which a report does not need

    with ThreadPoolExecutor(_at_once(maps)) as pool:  # the tree is built without the interpreter's lock
        rows = list(pool.map(lambda index: ComponentTree(maps[index]).level_at_area(areas_px), range(len(maps))))
    return np.array(rows).reshape(len(rows), len(areas_px))


def _at_once(maps: Sequence[np.ndarray]) -> int:
    """How many maps are worked on at once."""
    largest = maps[0].size if len(maps) else 1
    return max(1, min(THREADS, AT_ONCE_PX // largest))


class Rates(NamedTuple):
    """Shares of tuning or test images that are judged correctly; arrays with one value an area."""

    true_positive: np.ndarray
    true_negative: np.ndarray

    @property
    def balanced_accuracy(self) -> np.ndarray:
        """Mean of true positive and true negative rate."""
        return (self.true_positive + self.true_negative) / 2


def judge(normal: np.ndarray, defective: np.ndarray, thresholds: np.ndarray) -> Rates:
    """The rates at one threshold an area, given (n, areas) and (m, areas) levels; NaN for a class without images."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (defective > thresholds).sum(axis=0) / np.float64(len(defective))
        passed = (normal <= thresholds).sum(axis=0) / np.float64(len(normal))
    return Rates(found, passed)


def aurocs_by_area(normal: np.ndarray, defective: np.ndarray) -> np.ndarray:
    """Image AUROC of T_A for each area, given (n, areas) and (m, areas) levels."""
    return np.array([compare(*classes).auroc() for classes in zip(normal.T, defective.T, strict=True)])


def best_area(aurocs: np.ndarray) -> int:
    """The index of the area with the highest AUROC. Among equal areas, the middle of the longest run.

    AUROC is used and not the rates at a threshold: few images set the threshold, and its noise would decide.
    """
    best = np.flatnonzero(aurocs == aurocs.max())
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    run = max(runs, key=len)
    return int(run[len(run) // 2])


class OraclePoint(NamedTuple):
    """The pair of area and threshold with the highest balanced accuracy on the images that it is judged by."""

    index: int
    threshold: float
    true_positive_rate: float
    true_negative_rate: float


def oracle(normal: np.ndarray, defective: np.ndarray) -> OraclePoint:
    """The pair with the highest balanced accuracy for (n, areas) and (m, areas) levels, chosen knowing all labels."""
    points = [_best_threshold(normal[:, index], defective[:, index], index) for index in range(normal.shape[1])]
    return max(points, key=lambda point: point.true_positive_rate + point.true_negative_rate)


def _best_threshold(normal: np.ndarray, defective: np.ndarray, index: int) -> OraclePoint:
    candidates = np.unique(normal)
    passed = np.searchsorted(np.sort(normal), candidates, side="right") / len(normal)
    found = 1 - np.searchsorted(np.sort(defective), candidates, side="right") / len(defective)
    best = int(np.argmax(passed + found))
    return OraclePoint(index, float(candidates[best]), float(found[best]), float(passed[best]))


def largest_area(map: np.ndarray, threshold: float) -> int:
    """Area in pixels of the largest 8-connected component of {map > threshold} in an (h, w) map; 0 for none."""
    from scipy.ndimage import label

    labels, _ = label(map > np.float64(threshold), np.ones((3, 3)))
    return int(np.bincount(labels.ravel())[1:].max(initial=0))


class Region(NamedTuple):
    """An 8-connected component of {map > threshold}."""

    box: tuple[int, int, int, int]
    """Top, left, bottom, right in pixels; bottom and right are the first row and column outside the region."""
    area_px: int
    peak: float
    """The highest value of the map in the region."""


class Segmentation(NamedTuple):
    """The pixels of a map above a threshold, divided by the size of their regions."""

    accepted: np.ndarray
    """(h, w) bool: pixels in regions of at least the minimum defect area."""
    rejected: np.ndarray
    """(h, w) bool: pixels in smaller regions."""
    regions: list[Region]
    """The accepted regions, highest peak first."""


def segment(map: np.ndarray, *, threshold: float, area_px: int) -> Segmentation:
    """Divide an (h, w) map at a threshold. The image is called defective if `regions` is not empty."""
    from skimage.measure import label, regionprops

    labels = label(map > np.float64(threshold), connectivity=2)  # the threshold must not be rounded to float32
    inside = np.where(labels > 0, map, 0)  # outside may be minus infinity
    large = [found for found in regionprops(labels, intensity_image=inside) if found.area >= area_px]
    accepted = np.isin(labels, [found.label for found in large])
    regions = [Region(found.bbox, int(found.area), float(found.intensity_max)) for found in large]
    regions.sort(key=lambda region: -region.peak)
    return Segmentation(accepted, (labels > 0) & ~accepted, regions)
