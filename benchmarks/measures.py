"""From a stored result to one flat row of numbers, without the images and without the method."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from benchmarks import decision, metrics, rivals
from reports import statistics
from reports.results import ImageScore, OperatingPoint, Result
from reports.rows import Row, identity

Points = Mapping[str, OperatingPoint]
NONE: Points = {}
DEFINITIONS = metrics.DEFINITIONS | decision.DEFINITIONS | rivals.DEFINITIONS


def rows(results: Iterable[Result], points: Points = NONE) -> list[Row]:
    """One row a result; None where a number does not exist, with the reason in a `why_no_...` column.

    `points` holds, by the key of its result, each operating point to judge by in the place of the calibrated threshold.
    """
    results = list(results)
    measured = [measure(result, points.get(result.key)) for result in results]
    surely = rivals.p_values(
        [
            rivals.Entry(_contest(result), row["image_auroc"], _test_images(result, points.get(result.key)))
            for result, row in zip(results, measured, strict=True)
        ]
    )
    return [row | {"image_auroc_p_value": p_value} for row, p_value in zip(measured, surely, strict=True)]


def _contest(result: Result) -> tuple:
    """What jobs have in common that compete."""
    return result.cell.dataset, result.cell.category, result.cell.seed


def defect_rows(results: Iterable[Result], points: Points = NONE) -> list[Row]:
    """One row a result and defect type: its image AUROC against the normal test images, and the images missed."""
    return [row for result in results for row in _defects(result, points.get(result.key))]


def measure(result: Result, point: OperatingPoint | None = None) -> Row:
    """All numbers of one result; test images that an operating point was tuned on count in none of them."""
    normal, defective = _by_class(_test_images(result, point))
    return {
        **identity(result.cell),
        "made": result.made,
        "trained_on": result.trained_on,
        "test_normal": normal.size,
        "test_defective": defective.size,
        **_image_metrics(normal, defective),
        **_pixel_metrics(result, point),
        **(_decisions(result, normal, defective) if point is None else _decisions_at(point)),
        **_area_rule(point),
        **_oracle_epoch(result),
        **result.cost.model_dump(),
        "machine": result.machine,
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(result.versions.items())),
        "key": result.key,
        "remarks": "\n".join([*result.remarks, *_tuned_on(point)]),
    }


def _test_images(result: Result, point: OperatingPoint | None) -> list[ImageScore]:
    left_out = set(point.tuned_on) if point else set()
    return [image for image in result.images if image.part == "test" and image.path not in left_out]


def _by_class(images: Iterable[ImageScore]) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the normal and of the defective images."""
    images = list(images)
    return (
        _scores([image for image in images if image.defect is None]),
        _scores([image for image in images if image.defect is not None]),
    )


def _scores(images: list[ImageScore]) -> np.ndarray:
    return np.array([image.score for image in images])


def _image_metrics(normal: np.ndarray, defective: np.ndarray) -> Row:
    absent = [name for name, scores in (("normal", normal), ("defective", defective)) if not scores.size]
    ranking = None if absent else metrics.compare(normal, defective)
    interval = None if absent else statistics.auroc_interval(normal, defective)
    return {
        "image_auroc": ranking and ranking.auroc(),
        "image_auroc_low": interval and interval.low,
        "image_auroc_high": interval and interval.high,
        "image_average_precision": ranking and ranking.average_precision(),
        "tpr_at_fpr_1": ranking and ranking.true_positive_rate_at(0.01),
        "tpr_at_fpr_5": ranking and ranking.true_positive_rate_at(0.05),
        "oracle_image_f1": ranking and ranking.best_f1(),
        "why_no_image_metrics": f"no {' and no '.join(absent)} test image" if absent else None,
    }


def _pixel_metrics(result: Result, point: OperatingPoint | None) -> Row:
    pixels, reason = (point.pixels if point and point.tuned_on else result.pixels), None
    if pixels is None:
        reason = result.why_no_pixels or "no test image with a mask is left"
    elif None in (pixels.auroc, pixels.average_precision, pixels.aupro):
        reason = "the masks of the test images do not hold both normal and defective pixels"
    return {
        "pixel_auroc": pixels and pixels.auroc,
        "pixel_average_precision": pixels and pixels.average_precision,
        "aupro": pixels and pixels.aupro,
        "pixel_images": pixels and pixels.images,
        "why_no_pixel_metrics": reason,
    }


def _decisions(result: Result, normal: np.ndarray, defective: np.ndarray) -> Row:
    """What the calibrated threshold does to the test images; nothing without calibration images."""
    calibration = decision.calibration_scores(result.images)
    threshold = decision.threshold(calibration) if calibration else None
    promised = decision.promised_false_alarm_share(len(calibration)) if calibration else None
    return {
        "calibration_images": len(calibration),
        "threshold": threshold,
        "promised_false_alarm_share": promised,
        **_rates(normal, defective, threshold),
    }


def _decisions_at(point: OperatingPoint) -> Row:
    """What an operating point does to the test images that it was not tuned on."""
    return {
        "calibration_images": point.calibration_images,
        "threshold": point.threshold,
        "promised_false_alarm_share": point.promised_false_alarm_share,
        **_rates(*_by_class(point.images), point.threshold),
    }


def _rates(normal: np.ndarray, defective: np.ndarray, threshold: float | None) -> Row:
    found, alarms = _share_above(defective, threshold), _share_above(normal, threshold)
    return {
        "true_positive_rate": found,
        "false_positive_rate": alarms,
        "balanced_accuracy": None if found is None or alarms is None else (found + 1 - alarms) / 2,
    }


def _area_rule(point: OperatingPoint | None) -> Row:
    """The minimum defect area, where it came from, and how well the level that it gives an image ranks them."""
    normal, defective = _by_class(point.images if point else [])
    return {
        "min_area_px": point and point.area_px,
        "min_area_share": point and point.area_share,
        "area_chosen_on": point and point.chosen_on,
        "area_image_auroc": metrics.compare(normal, defective).auroc() if normal.size and defective.size else None,
    }


def _tuned_on(point: OperatingPoint | None) -> list[str]:
    if point is None or not point.tuned_on:
        return []
    return [f"the minimum defect area was chosen on {len(point.tuned_on)} test images, which count in no number here"]


def _share_above(scores: np.ndarray, threshold: float | None) -> float | None:
    return None if threshold is None or not scores.size else int((scores > threshold).sum()) / scores.size


def _oracle_epoch(result: Result) -> Row:
    """The best of all looks at the test set during training, the first of equals."""
    looks = [epoch for epoch in result.epochs if epoch.image_auroc is not None]
    best = max(looks, key=lambda epoch: epoch.image_auroc, default=None)
    return {
        "oracle_image_auroc_max": best and best.image_auroc,
        "oracle_epoch_of_max": best and best.number,
        "tracked_fit_seconds": result.epochs[-1].seconds if result.epochs else None,
    }


def _defects(result: Result, point: OperatingPoint | None) -> Iterator[Row]:
    calibration = decision.calibration_scores(result.images)
    threshold = point.threshold if point else decision.threshold(calibration) if calibration else None
    judged = {image.path: image.score for image in (point.images if point else result.images)}
    by_defect = defaultdict(list)
    for image in _test_images(result, point):
        by_defect[image.defect].append(image)
    job, normal = identity(result.cell), _scores(by_defect.pop(None, []))
    for defect, images in sorted(by_defect.items()):
        scores = _scores(images)
        missed = None if threshold is None else sum(judged[image.path] <= threshold for image in images)
        yield {
            **job,
            "defect": defect,
            "images": scores.size,
            "image_auroc": metrics.compare(normal, scores).auroc() if normal.size else None,
            "missed": missed,
        }
