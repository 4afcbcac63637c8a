"""From a stored result to one flat row of numbers, without the images and without the method."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks import decision, metrics
from reports.results import ImageScore, Result
from reports.rows import Row, identity

DEFINITIONS = metrics.DEFINITIONS | decision.DEFINITIONS


def rows(results: Iterable[Result]) -> list[Row]:
    """One row a result; None where a number does not exist, with the reason in a `why_no_...` column."""
    return [measure(result) for result in results]


def defect_rows(results: Iterable[Result]) -> list[Row]:
    """One row a result and defect type: its image AUROC against the normal test images, and the images missed."""
    return [row for result in results for row in _defects(result)]


def measure(result: Result) -> Row:
    """All numbers of one result."""
    normal = _scores([image for image in result.images if image.part == "test" and image.defect is None])
    defective = _scores([image for image in result.images if image.part == "test" and image.defect is not None])
    return {
        **identity(result.cell),
        "made": result.made,
        "trained_on": result.trained_on,
        "test_normal": normal.size,
        "test_defective": defective.size,
        **_image_metrics(normal, defective),
        **_pixel_metrics(result),
        **_decisions(result, normal, defective),
        **_oracle_epoch(result),
        **result.cost.model_dump(),
        "machine": result.machine,
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(result.versions.items())),
        "key": result.key,
        "remarks": "\n".join(result.remarks),
    }


def _scores(images: list[ImageScore]) -> np.ndarray:
    return np.array([image.score for image in images])


def _image_metrics(normal: np.ndarray, defective: np.ndarray) -> Row:
    absent = [name for name, scores in (("normal", normal), ("defective", defective)) if not scores.size]
    ranking = None if absent else metrics.compare(normal, defective)
    return {
        "image_auroc": ranking and ranking.auroc(),
        "image_average_precision": ranking and ranking.average_precision(),
        "tpr_at_fpr_1": ranking and ranking.true_positive_rate_at(0.01),
        "tpr_at_fpr_5": ranking and ranking.true_positive_rate_at(0.05),
        "oracle_image_f1": ranking and ranking.best_f1(),
        "why_no_image_metrics": f"no {' and no '.join(absent)} test image" if absent else None,
    }


def _pixel_metrics(result: Result) -> Row:
    pixels, reason = result.pixels, None
    if pixels is None:
        reason = result.why_no_pixels
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
    found, alarms = _share_above(defective, threshold), _share_above(normal, threshold)
    return {
        "calibration_images": len(calibration),
        "threshold": threshold,
        "promised_false_alarm_share": decision.promised_false_alarm_share(len(calibration)) if calibration else None,
        "true_positive_rate": found,
        "false_positive_rate": alarms,
        "balanced_accuracy": None if found is None or alarms is None else (found + 1 - alarms) / 2,
    }


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


def _defects(result: Result) -> Iterator[Row]:
    calibration = decision.calibration_scores(result.images)
    threshold = decision.threshold(calibration) if calibration else None
    by_defect = defaultdict(list)
    for image in result.images:
        if image.part == "test":
            by_defect[image.defect].append(image)
    job, normal = identity(result.cell), _scores(by_defect.pop(None, []))
    for defect, images in sorted(by_defect.items()):
        scores = _scores(images)
        yield {
            **job,
            "defect": defect,
            "images": scores.size,
            "image_auroc": metrics.compare(normal, scores).auroc() if normal.size else None,
            "missed": None if threshold is None else int((scores <= threshold).sum()),
        }
