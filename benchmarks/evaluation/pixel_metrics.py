"""Pixel metrics of a category: compare anomaly maps with masks, or say why that is not possible."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import fingerprint, images
from benchmarks.evaluation import metrics
from benchmarks.naming import named
from datasets import Sample
from reports.results import PixelScores

NO_MAPS = "the method gives no anomaly maps"
"""Why there are no pixel metrics of a method that scores whole images alone."""
Advance = Callable[[str, int, int], None]
"""Gets a stage, how much of it is done, and of how much."""


def why_none(samples: Sequence[Sample], *, has_maps: bool) -> str | None:
    """Why there are no pixel metrics for the maps of test images; None if there are."""
    if not samples:
        return "there is no test image"
    if not has_maps:
        return NO_MAPS
    return None if any(sample.masks for sample in samples) else "the data have no masks"


def measure(
    samples: Sequence[Sample],
    maps: Sequence[np.ndarray],
    reading: images.Reading,
    advance: Advance = lambda stage, done, of: None,
) -> tuple[PixelScores | None, list[str]]:
    """Pixel metrics of maps at the images' original sizes, and at most one remark, on images that are left out.

    The items of `maps` may be read on access: none is kept. Of masks, a bit for each pixel is kept where there is a
    defect. Pixels of maps that do not count (see `images.regions`) are left out. `advance` gets the stage, how much of
    it is done, and of how much.
    """
    masks, measured, without = _Masks(), [], []
    for index, sample in enumerate(samples):
        size = images.image_size(sample.image, reading)
        mask = images.read_mask(sample.masks, size, reading).defect
        if mask is None or (sample.defect and not mask.any()):
            without.append(f"{sample.defect}/{sample.image.name}")
        else:
            masks.add(mask)
            measured.append(index)
        advance("reading masks", index + 1, len(samples))
    resized = images.ResizedMaps(Some(maps, measured), masks.shapes)
    scores = _scores(resized, masks, partial(advance, "measuring maps"))
    return scores, [_remark(without)] if without else []


class _Masks(Sequence):
    """Masks, each (h, w) bool; None: no pixel is defective."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, int]] = []
        self._bits: list[np.ndarray | None] = []

    def add(self, mask: np.ndarray) -> None:
        self.shapes.append(mask.shape)
        self._bits.append(np.packbits(mask) if mask.any() else None)

    def __len__(self) -> int:
        return len(self._bits)

    def __getitem__(self, index: int) -> np.ndarray | None:
        bits, (height, width) = self._bits[index], self.shapes[index]
        return None if bits is None else np.unpackbits(bits, count=height * width).reshape(height, width).view(bool)


class Some(Sequence):
    """Some items of a sequence, taken from it on access."""

    def __init__(self, items: Sequence, indices: Sequence[int]):
        self._items, self._indices = items, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Any:
        return self._items[self._indices[index]]


def _remark(without: list[str]) -> str:
    which = f"{len(without)} defective images ({named(without)})"
    return f"left out of the pixel metrics, as they have no mask, an empty one or one that does not fit: {which}"


def _scores(maps: images.ResizedMaps, masks: _Masks, advance: Callable[[int, int], None]) -> PixelScores:
    try:
        auroc, average_precision, aupro = metrics.pixel_metrics(maps, masks, advance=advance)
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
