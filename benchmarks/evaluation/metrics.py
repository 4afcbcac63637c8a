"""Exact metrics on raw scores: arrays in, numbers out.

All metrics follow from three counts for each defective score s: the normal scores above s, the normal scores of at
least s, and the defective scores of at least s. So only the ranking matters, ties included. A strictly increasing
transform of the scores changes no metric, not even in the last bit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.images.regions import counted

DEFINITIONS = {
    "image_auroc": "probability that a defective image scores higher than a normal one; a tie counts half.",
    "image_average_precision": "mean, over the defective images, of the precision with their score as threshold.",
    "oracle_image_f1": "the highest F1 of all thresholds.",
    "oracle_balanced_accuracy": "the highest balanced accuracy of all thresholds.",
    "pixel_auroc": "AUROC over all pixels of the test images at their original size, normal images included.",
    "pixel_average_precision": "average precision over the same pixels as pixel AUROC.",
    "aupro": "area under the mean overlap of the defective regions (8-connected, all of equal weight) over the "
    "false-positive rate of pixels from 0 to 0.3, divided by 0.3.",
    "oracle_tpr_at_fpr_1": "the highest true positive rate of all thresholds with a false-positive rate of at most 1 % "
    "on the test images. With fewer than 100 normal ones, that means no false alarm.",
    "oracle_tpr_at_fpr_5": "the same at 5 %. With fewer than 20 normal test images, that means no false alarm.",
}
"""Meaning of each metric, for the foot of the report."""
MANY = 5_000_000
"""From this many scores on, compiled code sorts and counts. For fewer, loading it takes as long as it saves."""
BATCH = 2**26
"""About so many normal scores are sorted at a time, in 8 bytes each. Their counts are added, so the size is free."""
MOST_IN_32_BITS = 2**31
"""Up to this many scores, counts take 32 bits each: the sum of two of them fits, too."""


class OneClassError(ValueError):
    """A metric needs both normal and defective scores, but one class or both are empty."""


class NotFiniteError(ValueError):
    """A score is NaN or infinite; `index` is the number of its image, from 0.

    A pixel of minus infinity is no error: it does not count.
    """

    def __init__(self, index: int):
        super().__init__(f"expected finite scores; those of image {index} (counted from 0) hold NaN or infinity")
        self.index = index


class PixelMetrics(NamedTuple):
    """Metrics over all pixels of all images."""

    auroc: float
    average_precision: float
    aupro: float


class Ranking(NamedTuple):
    """The ranks of the defective scores, in increasing order, among all scores. Every metric follows from them."""

    normal: int
    """Number of normal scores."""
    above: np.ndarray
    """For each defective score, the number of normal scores above it."""
    reaching: np.ndarray
    """For each defective score, the number of normal scores of at least that value, ties included."""
    found: np.ndarray
    """For each defective score, the number of defective scores of at least that value, itself included."""

    def auroc(self) -> float:
        """Area under the ROC curve."""
        # The sums are exact integers up to the division, so no precision is lost for any number of pixels.
        misranked = int(self.above.sum()) + int(self.reaching.sum())
        return 1 - misranked / (2 * self.normal * self.found.size)

    def average_precision(self) -> float:
        """Mean, over the defective scores, of the precision with that score as threshold; not interpolated."""
        return float((self.found / (self.found + self.reaching)).mean())

    def best_f1(self) -> float:
        """The highest F1 of all thresholds. An oracle: the threshold is chosen on the labels that it is judged by."""
        return float((2 * self.found / (self.found + self.reaching + self.found.size)).max())

    def best_balanced_accuracy(self) -> float:
        """The highest balanced accuracy of all thresholds; an oracle, too."""
        return float(max(0.5, ((self.found / self.found.size - self.reaching / self.normal).max() + 1) / 2))

    def true_positive_rate_at(self, false_positive_rate: float) -> float:
        """The highest true positive rate of all thresholds with at most the given false-positive rate."""
        return int((self.reaching / self.normal <= false_positive_rate).sum()) / self.found.size


def rank(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray) -> Ranking:
    """Rank scores, given labels that are true for defective. Raises OneClassError, NotFiniteError."""
    scores, labels = np.asarray(scores), np.asarray(labels, dtype=bool)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(f"expected one row of scores and as many labels, got {scores.shape} and {labels.shape}")
    finite = np.isfinite(scores)
    if not finite.all():
        raise NotFiniteError(int(finite.argmin()))
    return compare(scores[~labels], scores[labels])


def compare(normal: np.ndarray, defective: np.ndarray) -> Ranking:
    """Rank finite scores of two classes. Raises OneClassError if a class is empty."""
    return _rank([np.sort(normal)], np.sort(defective))


def auroc(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray) -> float:
    """The AUROC of scores, given labels that are true for defective. Raises OneClassError, NotFiniteError."""
    return rank(scores, labels).auroc()


def pixel_metrics(
    maps: Sequence[np.ndarray],
    masks: Sequence[np.ndarray | None],
    fpr_limit: float = 0.3,
    *,
    advance: Callable[[int, int], None] = lambda done, of: None,
) -> PixelMetrics:
    """Metrics of (h, w) anomaly maps against (h, w) masks that are true where defective; None: a normal image.

    A pixel of minus infinity does not count; see `images.regions`. A defective region of which nothing counts is none.
    Sizes may differ between images. The items of `maps` and `masks` may be computed on access: those of images with a
    mask are read twice, the others once, and none is kept. `advance` gets how many were read, and how often in all.
    Memory: 8 bytes for each of `BATCH` normal pixels, or for those of a larger image, and 32 bytes a defective pixel.
    Raises OneClassError, NotFiniteError, and ValueError if shapes differ.
    """
    if not 0 < fpr_limit <= 1:
        raise ValueError(f"expected fpr_limit, a false-positive rate, above 0 and up to 1, got {fpr_limit}")
    images = _Images(maps, masks, advance)
    regions = [region for index in images.masked for region in _regions(*images.read(index))]
    defective = _sorted(np.concatenate(regions)) if regions else np.empty(0, np.float32)
    ranking = _rank(_normal_batches(images), defective)
    overlaps = [_overlap(ranking, defective.searchsorted(region), fpr_limit) for region in regions]
    return PixelMetrics(ranking.auroc(), ranking.average_precision(), float(np.mean(overlaps)) / fpr_limit)


class _Images:
    """Maps with their masks, checked as they are read."""

    def __init__(
        self,
        maps: Sequence[np.ndarray],
        masks: Sequence[np.ndarray | None],
        advance: Callable[[int, int], None],
    ):
        if len(maps) != len(masks):
            raise ValueError(f"expected as many masks as maps, got {len(masks)} masks and {len(maps)} maps")
        self.maps, self.masks, self.advance = maps, masks, advance
        self.masked = [index for index, mask in enumerate(masks) if mask is not None]
        self.done = 0

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        return map(self.read, range(len(self.maps)))

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray | None]:
        """The map and the mask of an image. Raises NotFiniteError, and ValueError if their shapes differ."""
        scores, mask = self.maps[index], self.masks[index]
        mask = None if mask is None else np.asarray(mask, dtype=bool)
        _check_map(scores, mask, index)
        self.done += 1
        self.advance(self.done, len(self.masked) + len(self.maps))
        return scores, mask


def _rank(batches: Iterable[np.ndarray], defective: np.ndarray) -> Ranking:
    """Rank sorted defective scores among batches of normal ones, each sorted.

    Raises OneClassError if a class is empty.
    """
    normal, above, reaching = 0, *np.zeros((2, defective.size), np.uint32)
    for scores in batches:
        normal += scores.size
        if normal + defective.size > MOST_IN_32_BITS:
            above, reaching = above.astype(np.int64, copy=False), reaching.astype(np.int64, copy=False)
        _count(scores, defective, above, reaching)
    missing = [name for name, size in (("normal", normal), ("defective", defective.size)) if not size]
    if missing:
        raise OneClassError(f"expected both normal and defective scores; there is no {' and no '.join(missing)} one")
    found = np.zeros_like(reaching)
    _count(defective, defective, np.zeros_like(found), found)
    return Ranking(normal, above, reaching, found)


def _count(scores: np.ndarray, levels: np.ndarray, above: np.ndarray, reaching: np.ndarray) -> None:
    """For each sorted level, add the numbers of sorted scores above it, and of at least its value."""
    if _are_many(scores, levels):
        from benchmarks.evaluation import counting

        counting.add(scores, levels, above, reaching)
    else:
        above += (scores.size - scores.searchsorted(levels, side="right")).astype(above.dtype)
        reaching += (scores.size - scores.searchsorted(levels, side="left")).astype(reaching.dtype)


def _overlap(ranking: Ranking, places: np.ndarray, limit: float) -> float:
    """The mean area of a region's pixels, which have these places in the ranking: see `_partial_area`."""
    above, reaching = ranking.above[places] / ranking.normal, ranking.reaching[places] / ranking.normal
    return _partial_area(above, reaching, limit).mean()


def _partial_area(above: np.ndarray, reaching: np.ndarray, limit: float) -> np.ndarray:
    """Area, up to a false-positive rate of `limit`, under the curve of each defective pixel.

    The curve says whether the pixel is found: 0 up to the rate `above`, 1 from the rate `reaching` on, and a straight
    line between. The line is due to ties: scores of one value pass the threshold together.
    """
    tied = np.maximum(reaching - above, np.finfo(float).tiny)
    cut_short = np.maximum(limit - above, 0) ** 2 / (2 * tied)
    return np.where(reaching <= limit, limit - (above + reaching) / 2, cut_short)


def _normal_batches(images: _Images) -> Iterator[np.ndarray]:
    """The scores of all normal pixels, sorted within each batch."""
    parts, size = [], 0
    for scores, mask in images:
        parts.append(counted(scores if mask is None else scores[~mask]))
        size += parts[-1].size
        if size >= BATCH:
            yield _sorted(_joined(parts))
            size = 0
    if parts:
        yield _sorted(_joined(parts))


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """The parts as one row. The list is emptied, so that their memory is free."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _sorted(scores: np.ndarray) -> np.ndarray:
    """The scores, sorted in place."""
    if _are_many(scores):
        from benchmarks.evaluation import radix_sort

        radix_sort.sort(scores)
    else:
        scores.sort()
    return scores


def _are_many(*rows: np.ndarray) -> bool:
    """Whether compiled code is worth loading for these scores; it knows float32 alone."""
    return all(row.dtype == np.float32 for row in rows) and sum(row.size for row in rows) >= MANY


def _check_map(scores: np.ndarray, mask: np.ndarray | None, index: int) -> None:
    shape = scores.shape if mask is None else mask.shape
    if scores.ndim != 2 or scores.shape != shape:
        raise ValueError(
            f"expected a 2-D map and a mask of its shape, got map {index} of {scores.shape} with mask {shape}"
        )
    if not np.isfinite(scores).all() and not np.isfinite(counted(scores)).all():
        raise NotFiniteError(index)


def _regions(scores: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """The scores that count in each 8-connected region of a mask. A region of which a part is ignored is still one."""
    if not mask.any():
        return []
    from scipy.ndimage import label

    region = label(mask, np.ones((3, 3)))[0][mask]
    by_region = scores[mask][np.argsort(region, kind="stable")]
    regions = np.split(by_region, np.cumsum(np.bincount(region)[1:-1]))
    return [values for each in regions if (values := counted(each)).size]
