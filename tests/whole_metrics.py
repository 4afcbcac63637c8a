"""Pixel metrics with all scores in memory at once: those computed in batches must be equal to the last bit."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import label

from benchmarks.evaluation.metrics import MANY, PixelMetrics


def pixel_metrics(
    maps: Sequence[np.ndarray], masks: Sequence[np.ndarray | None], fpr_limit: float = 0.3
) -> PixelMetrics:
    """Sort all normal scores, and find each defective one among them."""
    normal, regions = _by_region(maps, masks)
    defective = np.sort(np.concatenate([normal[:0], *regions]))
    above = normal.size - normal.searchsorted(defective, side="right")
    reaching = normal.size - normal.searchsorted(defective, side="left")
    found = defective.size - defective.searchsorted(defective, side="left")
    auroc = 1 - (int(above.sum()) + int(reaching.sum())) / (2 * normal.size * found.size)
    average_precision = float((found / (found + reaching)).mean())
    area = _partial_area(above / normal.size, reaching / normal.size, fpr_limit)
    overlaps = [area[np.searchsorted(defective, region)].mean() for region in regions]
    return PixelMetrics(auroc, average_precision, float(np.mean(overlaps)) / fpr_limit)


def _partial_area(above: np.ndarray, reaching: np.ndarray, limit: float) -> np.ndarray:
    tied = np.maximum(reaching - above, np.finfo(float).tiny)
    cut_short = np.maximum(limit - above, 0) ** 2 / (2 * tied)
    return np.where(reaching <= limit, limit - (above + reaching) / 2, cut_short)


def _by_region(maps: Sequence[np.ndarray], masks: Sequence[np.ndarray | None]) -> tuple[np.ndarray, list[np.ndarray]]:
    sizes, kinds = zip(*((scores.size, scores.dtype) for scores in maps), strict=True)
    normal, filled, regions = np.empty(sum(sizes), np.result_type(*set(kinds))), 0, []
    for scores, mask in zip(maps, masks, strict=True):
        mask = np.zeros(scores.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        assert np.isfinite(scores).all()
        background = scores[~mask]
        normal[filled : filled + background.size] = background
        filled += background.size
        regions += _regions(scores, mask)
    normal = normal[:filled]
    if normal.dtype == np.float32 and normal.size >= MANY:
        from benchmarks.evaluation import radix_sort

        radix_sort.sort(normal)
    else:
        normal.sort()
    return normal, regions


def _regions(scores: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    if not mask.any():
        return []
    region = label(mask, np.ones((3, 3)))[0][mask]
    by_region = scores[mask][np.argsort(region, kind="stable")]
    return np.split(by_region, np.cumsum(np.bincount(region)[1:-1]))
