"""When an image is called defective: the only home of thresholds."""

from collections.abc import Iterable, Sequence

from reports.results import ImageScore

DEFINITIONS = {
    "threshold": "the highest calibration score. An image that scores strictly above it is called defective. "
    "Calibration scores are those of the normal training images held out from training and, where the data have a "
    "labelled validation split, of its normal images; never of test images.",
    "promised_false_alarm_share": "1 / (n + 1) for n calibration images: the chance that one more normal image, "
    "exchangeable with them, is called defective is at most that, on average over draws of the calibration images.",
    "true_positive_rate": "share of the defective test images called defective.",
    "false_positive_rate": "share of the normal test images called defective.",
    "balanced_accuracy": "mean of the true positive rate and 1 - the false-positive rate.",
    "missed": "defective test images not called defective.",
}
"""What each number at the threshold means, for the foot of the report."""


def calibration_scores(images: Iterable[ImageScore]) -> list[float]:
    """Scores that may set a threshold: of normal images, held out from training or of a validation split."""
    return [image.score for image in images if image.part != "test" and image.defect is None]


def threshold(calibration_scores: Sequence[float]) -> float:
    """The level above which (strictly) an image is called defective: the highest calibration score.

    It keeps the promise of `promised_false_alarm_share`, ties included. Raises ValueError where there is no score.
    """
    if not calibration_scores:
        raise ValueError("expected calibration scores to set a threshold, got none: hold images out with --calibration")
    return max(calibration_scores)


def promised_false_alarm_share(calibration_images: int) -> float:
    """The smallest false-alarm share that `calibration_images` normal images can promise: 1 / (n + 1).

    A new normal image exchangeable with n others is as likely as each of them to be the highest of all n + 1, and only
    then it lies above their maximum. No image promises nothing: 1. The promise is an average over draws of the
    calibration images (split conformal prediction; Vovk, Gammerman and Shafer, 2005), not a bound for each draw.
    """
    return 1 / (calibration_images + 1)
