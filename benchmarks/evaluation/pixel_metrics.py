"""Pixel metrics of a category: compare anomaly maps with masks, or say why that is not possible."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmarks import fingerprint, images
from benchmarks.evaluation import metrics
from benchmarks.naming import named
from datasets import Sample
from reports.results import PixelScores


def why_none(samples: Sequence[Sample], maps: Sequence[np.ndarray | None]) -> str | None:
    """Why there are no pixel metrics for the maps of test images; None if there are."""
    if not samples:
        return "there is no test image"
    if any(map is None for map in maps):
        return "the method gives no anomaly maps"
    return None if any(sample.masks for sample in samples) else "the data have no masks"


def measure(
    samples: Sequence[Sample], maps: Sequence[np.ndarray], reading: images.Reading
) -> tuple[PixelScores | None, list[str]]:
    """Pixel metrics of maps at the images' original sizes, and at most one remark, on images that are left out."""
    masks: dict[int, np.ndarray] = {}
    without = []
    for index, sample in enumerate(samples):
        size = images.image_size(sample.image, reading)
        mask = images.read_mask(sample.masks, size, reading).defect
        if mask is None or (sample.defect and not mask.any()):
            without.append(f"{sample.defect}/{sample.image.name}")
        else:
            masks[index] = mask
    resized = images.ResizedMaps([maps[index] for index in masks], [mask.shape for mask in masks.values()])
    return _scores(resized, list(masks.values())), [_remark(without)] if without else []


def _remark(without: list[str]) -> str:
    which = f"{len(without)} defective images ({named(without)})"
    return f"left out of the pixel metrics, as they have no mask, an empty one or one that does not fit: {which}"


def _scores(maps: images.ResizedMaps, masks: list[np.ndarray]) -> PixelScores:
    try:
        auroc, average_precision, aupro = metrics.pixel_metrics(maps, masks)
    except metrics.OneClassError:
        auroc = average_precision = aupro = None
    return PixelScores(
        auroc=auroc,
        average_precision=average_precision,
        aupro=aupro,
        images=len(maps),
        code=code(),
    )


@cache
def code() -> str:
    """Digest of the code that computes pixel metrics."""
    return fingerprint.of_code(["benchmarks.evaluation.pixel_metrics"])
