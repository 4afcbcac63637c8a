"""Exact metrics on raw scores: arrays in, numbers out.

For each defective score s three counts are enough: the normal scores above s, the normal scores that reach s, and the
defective scores that reach s. So only the ranking matters, ties included, and no increasing transform of the scores
changes a metric, not even its last bit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DEFINITIONS = {
    "image_auroc": "probability that a defective image scores higher than a normal one; a tie counts half.",
    "image_average_precision": "mean over the defective images of the precision at a threshold of their score.",
    "oracle_image_f1": "the highest F1 of all thresholds, chosen on the test set: nobody can know that threshold "
    "beforehand.",
    "pixel_auroc": "AUROC over all pixels of the test images at their original size, normal images included.",
    "pixel_average_precision": "average precision over the same pixels as pixel AUROC.",
    "aupro": "area under the mean overlap of the defective regions (8-connected, all of equal weight) over the "
    "false-positive rate of pixels from 0 to 0.3, divided by 0.3.",
    "tpr_at_fpr_1": "the highest true positive rate of the thresholds at which at most 1 % of the normal test images "
    "raise an alarm. The threshold is taken from the test set's own normal images, so this is an oracle, as every "
    "point of a ROC curve is; in a category with fewer than 100 of them, 1 % means no false alarm at all.",
    "tpr_at_fpr_5": "the same at 5 %; in a category with fewer than 20 normal test images, that means no false alarm "
    "at all.",
}
"""What each metric means, for the foot of the report."""
MANY = 5_000_000
"""So many scores are sorted by other means than numpy's: of fewer, loading those takes as long as they save."""


class OneClassError(ValueError):
    """A metric needs both normal and defective scores; only one class, or none, was given."""


class NotFiniteError(ValueError):
    """A score is NaN or infinite; `index` says in which image."""

    def __init__(self, index: int):
        super().__init__(f"expected finite scores; those of image {index} (counted from 0) hold NaN or infinity")
        self.index = index


class PixelMetrics(NamedTuple):
    """Metrics over all pixels of all images."""

    auroc: float
    average_precision: float
    aupro: float


class Ranking(NamedTuple):
    """Where the defective scores stand, in increasing order, among all scores: what every metric follows from."""

    normal: int
    """Number of normal scores."""
    above: np.ndarray
    """For each defective score, the number of normal scores above it."""
    reaching: np.ndarray
    """For each defective score, the number of normal scores that reach it, ties included."""
    found: np.ndarray
    """For each defective score, the number of defective scores that reach it, itself included."""

    def auroc(self) -> float:
        """Area under the ROC curve."""
        # Exact integers up to the division: nothing is lost, however many pixels there are.
        misranked = int(self.above.sum()) + int(self.reaching.sum())
        return 1 - misranked / (2 * self.normal * self.found.size)

    def average_precision(self) -> float:
        """Mean over the defective scores of the precision at a threshold of that score; not interpolated."""
        return float((self.found / (self.found + self.reaching)).mean())

    def best_f1(self) -> float:
        """The highest F1 of all thresholds: an oracle, for it is chosen on the labels it is judged by."""
        return float((2 * self.found / (self.found + self.reaching + self.found.size)).max())

    def true_positive_rate_at(self, false_positive_rate: float) -> float:
        """The highest true positive rate of the thresholds whose false-positive rate is at most the one given."""
        return int((self.reaching / self.normal <= false_positive_rate).sum()) / self.found.size


def rank(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray) -> Ranking:
    """Rank scores whose labels are true for defective. Raises OneClassError, NotFiniteError."""
    scores, labels = np.asarray(scores), np.asarray(labels, dtype=bool)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(f"expected one row of scores and as many labels, not {scores.shape} and {labels.shape}")
    finite = np.isfinite(scores)
    if not finite.all():
        raise NotFiniteError(int(finite.argmin()))
    return compare(scores[~labels], scores[labels])


def compare(normal: np.ndarray, defective: np.ndarray) -> Ranking:
    """Rank finite scores of two classes. Raises OneClassError where one is empty."""
    return _rank(np.sort(normal), np.sort(defective))


def auroc(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray) -> float:
    """`Ranking.auroc` of these scores; as `rank` otherwise."""
    return rank(scores, labels).auroc()


def pixel_metrics(
    maps: Sequence[np.ndarray], masks: Sequence[np.ndarray | None], fpr_limit: float = 0.3
) -> PixelMetrics:
    """Metrics of (h, w) anomaly maps against (h, w) masks, true where defective; None: a normal image.

    Sizes may differ between images. `maps` is read twice, so it may be made on access. Memory beyond it: the scores of
    all pixels once, and about 60 bytes a defective pixel. Raises OneClassError, NotFiniteError, and ValueError where
    shapes disagree.
    """
    if not 0 < fpr_limit <= 1:
        raise ValueError(f"fpr_limit is a false-positive rate above 0 and up to 1, not {fpr_limit}")
    normal, regions = _by_region(maps, masks)
    defective = np.sort(np.concatenate([normal[:0], *regions]))
    ranking = _rank(normal, defective)
    area = _partial_area(ranking.above / normal.size, ranking.reaching / normal.size, fpr_limit)
    overlaps = [area[np.searchsorted(defective, region)].mean() for region in regions]
    return PixelMetrics(ranking.auroc(), ranking.average_precision(), float(np.mean(overlaps)) / fpr_limit)


def _rank(normal: np.ndarray, defective: np.ndarray) -> Ranking:
    """Both sorted."""
    missing = [name for name, scores in (("normal", normal), ("defective", defective)) if not scores.size]
    if missing:
        raise OneClassError(f"expected both normal and defective scores; there is no {' and no '.join(missing)} one")
    return Ranking(
        normal=normal.size,
        above=normal.size - normal.searchsorted(defective, side="right"),
        reaching=normal.size - normal.searchsorted(defective, side="left"),
        found=defective.size - defective.searchsorted(defective, side="left"),
    )


def _partial_area(above: np.ndarray, reaching: np.ndarray, limit: float) -> np.ndarray:
    """Area up to the limit under the curve that finds a pixel: 0 before `above`, 1 after `reaching`, straight between.

    All scores of one value pass the threshold together, hence the straight line through ties.
    """
    tied = np.maximum(reaching - above, np.finfo(float).tiny)
    cut_short = np.maximum(limit - above, 0) ** 2 / (2 * tied)
    return np.where(reaching <= limit, limit - (above + reaching) / 2, cut_short)


def _by_region(maps: Sequence[np.ndarray], masks: Sequence[np.ndarray | None]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Sorted scores of all normal pixels, and those of each defective region in some order."""
    sizes, kinds = zip(*((scores.size, scores.dtype) for scores in maps), strict=True) if len(maps) else ((), (float,))
    # One buffer filled image by image: concatenating a list would hold every score twice.
    normal, filled, regions = np.empty(sum(sizes), np.result_type(*set(kinds))), 0, []
    for index, (scores, mask) in enumerate(zip(maps, masks, strict=True)):
        mask = np.zeros(scores.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        _check_map(scores, mask, index)
        background = scores[~mask]
        normal[filled : filled + background.size] = background
        filled += background.size
        regions += _regions(scores, mask)
    normal = normal[:filled]
    _sort(normal)
    return normal, regions


def _sort(scores: np.ndarray) -> None:
    """In place."""
    if scores.dtype == np.float32 and scores.size >= MANY:
        from benchmarks.evaluation import radix_sort

        radix_sort.sort(scores)
    else:
        scores.sort()


def _check_map(scores: np.ndarray, mask: np.ndarray, index: int) -> None:
    if scores.ndim != 2 or scores.shape != mask.shape:
        raise ValueError(
            f"expected a 2-D map and a mask of its shape; map {index} is {scores.shape}, its mask {mask.shape}"
        )
    if not np.isfinite(scores).all():
        raise NotFiniteError(index)


def _regions(scores: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """Scores of each 8-connected region of a mask."""
    if not mask.any():
        return []
    from scipy.ndimage import label

    region = label(mask, np.ones((3, 3)))[0][mask]
    by_region = scores[mask][np.argsort(region, kind="stable")]
    return np.split(by_region, np.cumsum(np.bincount(region)[1:-1]))
